"""Hooks: functions that a Module calls before and after its ``forward``, and during ``backward``.

A hook observes, or replaces what passes through. It is how one reads a layer's output or its gradient without
touching the layer.
"""

import warnings

from ..core.errors import error
from .backward_crossing import BackwardCrossing, watch_last_node
from .global_hooks import Hook, add_hook, around_call, around_calls


class ModuleHooks:
    """Registering hooks, and the call that runs them. Part of ``Module``."""

    _is_full_backward_hook = None  # which kind of backward hooks the module has; None before the first

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
        self._choose_backward_hooks(full=True)
        return add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook):
        """The older way: ``hook(module, grad_input, grad_output)`` sees the gradients at the last node that ``forward`` made.

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        self._choose_backward_hooks(full=False)
        return add_hook(self._backward_hooks, hook)

    def _choose_backward_hooks(self, full):
        """A module has backward hooks of one kind only."""
        if self._is_full_backward_hook is (not full):
            raise error("backward_hook_kinds", where="on a single Module")
        self._is_full_backward_hook = full

    def __call__(self, *args, **kwargs):
        if not (self._forward_pre_hooks or self._forward_hooks or self._backward_hooks or self._backward_pre_hooks or around_calls):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args, kwargs):
        called, result = set(), None
        try:
            args, kwargs = self._run_pre_hooks(args, kwargs)
            own, full = self._backward_hooks, self._is_full_backward_hook
            hooks, pre_hooks = around_call("backward") + (own if full else []), around_call("backward_pre") + self._backward_pre_hooks
            crossing = BackwardCrossing(self, tuple(hooks), tuple(pre_hooks)) if hooks or pre_hooks else None
            if crossing is not None:
                args = crossing.enter(args)
            result = self.forward(*args, **kwargs)
            for hook in around_call("forward") + self._forward_hooks:
                called.add(hook)
                result = _replaced(_call_forward_hook(self, hook, args, kwargs, result), result)
            if crossing is not None:
                result = crossing.leave(result)
            at_last_node = around_call("last_node") + ([] if full else own)
            if at_last_node:
                watch_last_node(self, at_last_node, args, result)
            return result
        except Exception:
            self._run_remaining_hooks(args, kwargs, result, called)
            raise

    def _run_pre_hooks(self, args, kwargs):
        for hook in around_call("forward_pre") + self._forward_pre_hooks:
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

    def _run_remaining_hooks(self, args, kwargs, result, called):
        """After an exception: the hooks that asked to be called always, and were not yet."""
        for hook in around_call("forward") + self._forward_hooks:
            if not hook.always or hook in called:
                continue
            try:
                _call_forward_hook(self, hook, args, kwargs, result)
            except Exception as exc:
                warnings.warn(
                    f"{'global ' if hook.everywhere else ''}module forward hook with ``always_call=True`` raised an exception that was silenced "
                    f"as another error was raised in forward: {exc}",
                    stacklevel=2,
                )


def _call_forward_hook(module, hook, args, kwargs, result):
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, result)
    return hook.function(module, args, result)


def _replaced(new, old):
    return old if new is None else new
