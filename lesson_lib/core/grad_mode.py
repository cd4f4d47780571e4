"""Switches for gradient recording: contexts and decorators, one setting per thread."""

import functools

from .state import thread


class _Switch:
    """A context manager that sets the mode and puts the old one back; used on a function it wraps every call."""

    def __enter__(self):
        self.before = thread.grad_enabled
        thread.grad_enabled = self.mode
        return self

    def __exit__(self, *exc):
        thread.grad_enabled = self.before

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return wrapped

    def clone(self):
        """A fresh switch of the same kind, so that a decorated function may call itself."""
        return type(self)()


class no_grad(_Switch):
    """Record nothing inside: results have ``requires_grad=False``.

    >>> import lesson_lib as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     (x * 2).requires_grad
    False

    Source: https://pytorch.org/docs/stable/generated/torch.no_grad.html
    """

    mode = False

    def __new__(cls, function=None):
        # ``@no_grad`` without parentheses hands the function straight in.
        self = super().__new__(cls)
        return self if function is None else self(function)


class enable_grad(no_grad):
    """Record inside, also within ``no_grad``. Source: https://pytorch.org/docs/stable/generated/torch.enable_grad.html"""

    mode = True


class inference_mode(_Switch):
    """Like ``no_grad`` (PyTorch also drops version counting). Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html"""

    def __init__(self, mode=True):
        self.inference = mode

    def __enter__(self):
        self.before = thread.grad_enabled, thread.inference
        thread.inference = self.inference
        if self.inference:
            thread.grad_enabled = False
        return self

    def __exit__(self, *exc):
        thread.grad_enabled, thread.inference = self.before

    def clone(self):
        """A fresh switch with the same mode."""
        return type(self)(self.inference)


class set_grad_enabled(_Switch):
    """Switch recording on or off at once; as a context, only inside.

    >>> import lesson_lib as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html
    """

    def __init__(self, mode):
        self.mode, self.before = bool(mode), thread.grad_enabled
        thread.grad_enabled = self.mode

    def __enter__(self):
        thread.grad_enabled = self.mode  # self.before is from __init__: that is what __exit__ restores
        return self

    def __call__(self, function):
        thread.grad_enabled = self.before  # used as a decorator: only the calls change the mode
        return super().__call__(function)

    def clone(self):
        """A fresh switch with the same mode."""
        return type(self)(self.mode)


def is_grad_enabled():
    """True if operations are being recorded on this thread."""
    return thread.grad_enabled


def is_inference_mode_enabled():
    """True inside ``inference_mode()``."""
    return thread.inference
