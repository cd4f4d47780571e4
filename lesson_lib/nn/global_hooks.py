"""Hooks: what is kept of one, and those that are registered for all modules at once.

A hook on one module is registered with its ``register_*_hook``; ``module_hooks`` calls it. The functions here register for every
module of the program, which helps to look into a network that one did not write. Such hooks run before the module's own.

Source: https://pytorch.org/docs/stable/nn.html#module-hooks
"""

from ..core.errors import error
from ..core.node import Handle


class Hook:
    """A registered function and how it wants to be called."""

    __slots__ = ("always", "everywhere", "function", "with_kwargs")

    def __init__(self, function, with_kwargs=False, always=False, everywhere=False):
        self.function, self.with_kwargs, self.always, self.everywhere = function, with_kwargs, always, everywhere


def add_hook(hooks, hook, prepend=False):
    """Add to the end of the list, or (``prepend``) to its start; the handle removes it again."""
    hooks.insert(0 if prepend else len(hooks), hook)
    return Handle(hooks, hook)


#: (kind, hook) of the hooks that run around every module's forward and backward; empty in nearly every program
around_calls = []

#: functions ``hook(module, name, member)`` that are told of a new member and may return another one in its place
at_registration = {"parameter": [], "buffer": [], "module": []}


def around_call(kind):
    """The hooks of one kind that run for every module."""
    return [hook for its_kind, hook in around_calls if its_kind == kind]


def registered(kind, module, name, member):
    """What is registered under ``name`` after the hooks were asked."""
    for hook in tuple(at_registration[kind]):
        other = hook(module, name, member)
        if other is not None:
            member = other
    return member


def register_module_forward_pre_hook(hook):
    """Call ``hook(module, args)`` before the ``forward`` of every module; what it returns (if not None) replaces the arguments.

    >>> import lesson_lib as torch
    >>> handle = torch.nn.modules.module.register_module_forward_pre_hook(lambda module, args: print(type(module).__name__))
    >>> _ = torch.nn.Sequential(torch.nn.ReLU())(torch.ones(1))
    Sequential
    ReLU
    >>> handle.remove()

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_pre_hook.html
    """
    return add_hook(around_calls, ("forward_pre", Hook(hook, everywhere=True)))


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Call ``hook(module, args, output)`` after the ``forward`` of every module; what it returns (if not None) replaces the output.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_hook.html
    """
    return add_hook(around_calls, ("forward", Hook(hook, with_kwargs, always_call, everywhere=True)))


def register_module_full_backward_pre_hook(hook):
    """Call ``hook(module, grad_output)`` when the gradients of a module's outputs are known; it may return new ones.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_pre_hook.html
    """
    return add_hook(around_calls, ("backward_pre", hook))


def register_module_full_backward_hook(hook):
    """Call ``hook(module, grad_input, grad_output)`` when both are known, for every module; it may return a new ``grad_input``.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_hook.html
    """
    if around_call("last_node"):
        raise error("backward_hook_kinds", where="as a global Module hook")
    return add_hook(around_calls, ("backward", hook))


def register_module_backward_hook(hook):
    """The older way: ``hook(module, grad_input, grad_output)`` sees the gradients at the last node that a module's forward made.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_backward_hook.html
    """
    if around_call("backward"):
        raise error("backward_hook_kinds", where="as a global Module hook")
    return add_hook(around_calls, ("last_node", hook))


def register_module_parameter_registration_hook(hook):
    """Call ``hook(module, name, parameter)`` whenever a module gets a parameter; what it returns (if not None) is registered instead.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_parameter_registration_hook.html
    """
    return add_hook(at_registration["parameter"], hook)


def register_module_buffer_registration_hook(hook):
    """Call ``hook(module, name, buffer)`` whenever a module gets a buffer; what it returns (if not None) is registered instead.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_buffer_registration_hook.html
    """
    return add_hook(at_registration["buffer"], hook)


def register_module_module_registration_hook(hook):
    """Call ``hook(module, name, child)`` whenever a module gets a child; what it returns (if not None) is registered instead.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_module_registration_hook.html
    """
    return add_hook(at_registration["module"], hook)
