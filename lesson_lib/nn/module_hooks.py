"""Hooks: functions that a Module calls before and after its ``forward``, and during ``backward``.

A hook observes, or replaces what passes through. It is how one reads a layer's output or its gradient without
touching the layer.
"""

import warnings

from ..core.errors import error
from ..core.function import Function
from ..core.node import Handle
from ..core.state import thread
from ..core.tensor import Tensor


class Hook:
    """A registered function and how it wants to be called."""

    __slots__ = ("always", "function", "with_kwargs")

    def __init__(self, function, with_kwargs=False, always=False):
        self.function, self.with_kwargs, self.always = function, with_kwargs, always


class ModuleHooks:
    """Registering hooks, and the call that runs them. Part of ``Module``."""

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call ``hook(module, args)`` before every ``forward``; what it returns (if not None) replaces the arguments.

        ``with_kwargs=True`` calls ``hook(module, args, kwargs)``, which returns None or ``(args, kwargs)``.

        >>> import lesson_lib as torch
        >>> layer = torch.nn.Identity()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: (args[0] * 10,))
        >>> layer(torch.ones(2))
        tensor([10., 10.])
        >>> handle.remove()

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call ``hook(module, args, output)`` after every ``forward``; what it returns (if not None) replaces the output.

        ``with_kwargs=True`` calls ``hook(module, args, kwargs, output)``; ``always_call=True`` also when ``forward`` raised.

        >>> import lesson_lib as torch
        >>> layer = torch.nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, output: print("out:", output))
        >>> _ = layer(torch.ones(2))
        out: tensor([1., 1.])

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._forward_hooks, Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known; it may return new ones.

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_input, grad_output)`` when both are known; it may return a new ``grad_input``.

        >>> import lesson_lib as torch
        >>> layer = torch.nn.Identity()
        >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_input))
        >>> layer(torch.ones(2, requires_grad=True)).sum().backward()
        (tensor([1., 1.]),)

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._backward_hooks, hook, prepend)

    def __call__(self, *args, **kwargs):
        if not (self._forward_pre_hooks or self._forward_hooks or self._backward_hooks or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args, kwargs):
        called = set()
        try:
            args, kwargs = self._run_pre_hooks(args, kwargs)
            crossing = None
            if self._backward_hooks or self._backward_pre_hooks:
                crossing = BackwardCrossing(self, tuple(self._backward_hooks), tuple(self._backward_pre_hooks))
                args = crossing.enter(args)
            result = self.forward(*args, **kwargs)
            for hook in tuple(self._forward_hooks):
                called.add(hook)
                result = _replaced(_call_forward_hook(self, hook, args, kwargs, result), result)
            return result if crossing is None else crossing.leave(result)
        except Exception:
            self._run_remaining_hooks(args, kwargs, called)
            raise

    def _run_pre_hooks(self, args, kwargs):
        for hook in tuple(self._forward_pre_hooks):
            if hook.with_kwargs:
                changed = hook.function(self, args, kwargs)
                if changed is None:
                    continue
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise error("forward_pre_hook", got=changed)
                args, kwargs = changed
            else:
                changed = hook.function(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _run_remaining_hooks(self, args, kwargs, called):
        """After an exception: the hooks that asked to be called always, and were not yet."""
        for hook in tuple(self._forward_hooks):
            if not hook.always or hook in called:
                continue
            try:
                _call_forward_hook(self, hook, args, kwargs, None)
            except Exception as exc:
                warnings.warn(
                    f"module forward hook with ``always_call=True`` raised an exception that was silenced as another error was raised in forward: {exc}",
                    stacklevel=2,
                )


def _call_forward_hook(module, hook, args, kwargs, result):
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, result)
    return hook.function(module, args, result)


def _replaced(new, old):
    return old if new is None else new


def add_hook(hooks, hook, prepend):
    """Add to the end of the list, or (``prepend``) to its start; the handle removes it again."""
    hooks.insert(0 if prepend else len(hooks), hook)
    return Handle(hooks, hook)


class BackwardHookFunction(Function):
    """The identity: a node in the graph at which a gradient can be stopped and looked at."""

    @staticmethod
    def forward(ctx, *tensors):
        """The same tensors."""
        return tensors

    @staticmethod
    def backward(ctx, *grads):
        """The same gradients."""
        return grads


class BackwardCrossing:
    """One call of a module with backward hooks: an identity node before the module and one behind it.

    Backward meets the node behind the module first: the gradients of the outputs are known. When it arrives at the
    node before the module, the gradients of the inputs are known too, and the hooks can be called.
    """

    def __init__(self, module, hooks, pre_hooks):
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs = None
        self.inputs = None  # positions of the arguments that carry gradients, None if there are none

    def enter(self, args):
        """Pass the arguments through the first node."""
        self.count = len(args)
        args, self.inputs = _through_node(args, self._at_inputs)
        return args

    def leave(self, result):
        """Pass the outputs through the second node."""
        if not isinstance(result, Tensor | tuple):
            warnings.warn(
                f"For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received {type(result)}", stacklevel=4
            )
        outputs = result if isinstance(result, tuple) else (result,)
        self.width = len(outputs)
        outputs, self.outputs = _through_node(outputs, self._at_outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _at_outputs(self, grads, _):
        self.grad_outputs = _spread(self.outputs, grads, self.width)
        for hook in self.pre_hooks:
            changed = hook(self.module, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != self.width:
                raise error("backward_hook_count", hook="pre hook", what="grad_output", got=len(changed), expected=self.width)
            self.grad_outputs = changed
        passed_on = tuple(self.grad_outputs[i] for i in self.outputs)
        if self.inputs is None:
            self._without_inputs()
        return passed_on

    def _without_inputs(self):
        """No argument carries a gradient, so the hooks are called here, with None for every one."""
        for hook in self.hooks:
            changed = hook(self.module, (None,) * self.count, self.grad_outputs)
            if changed is not None and any(grad is not None for grad in changed):
                raise error("backward_hook_none")
        self.grad_outputs = None

    def _at_inputs(self, grads, _):
        if self.grad_outputs is None:  # the gradient came past the module's output, as in double backward
            return None
        grads = _spread(self.inputs, grads, self.count)
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != self.count:
                raise error("backward_hook_count", hook="hook", what="grad_input", got=len(changed), expected=self.count)
            grads = changed
        self.grad_outputs = None
        return tuple(grads[i] for i in self.inputs)


def _through_node(values, hook):
    """(values with the tensors that require grad passed through one identity node that calls ``hook``, their positions)."""
    positions = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not positions or not thread.grad_enabled:
        return values, None
    passed = BackwardHookFunction.apply(*(values[i] for i in positions))
    passed[0].grad_fn.register_hook(hook)
    new = dict(zip(positions, passed, strict=True))
    values = [new.get(i, value) for i, value in enumerate(values)]
    return tuple(values), positions


def _spread(positions, grads, count):
    """The gradients at their positions among ``count``, None elsewhere."""
    at = dict(zip(positions, grads, strict=True))
    return tuple(at.get(i) for i in range(count))
