"""``Variable``, the tensor's old other half, and switches of the engine that mean nothing here."""

import warnings
from contextlib import ContextDecorator

from ..core.tensor import Tensor

_state = {"multithreading": True}


class _VariableMeta(type):
    """Every tensor is a Variable."""

    def __instancecheck__(cls, value):
        return isinstance(value, Tensor)

    def __call__(cls, data, requires_grad=False, volatile=None):
        if volatile is not None:
            warnings.warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=2)
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=_VariableMeta):
    """Old: ``Variable(x, requires_grad=True)`` is a tensor over x's memory. Tensors have long had gradients themselves.

    >>> import lesson_lib as torch
    >>> torch.autograd.Variable(torch.zeros(2), requires_grad=True)
    tensor([0., 0.], requires_grad=True)

    Source: https://pytorch.org/docs/stable/autograd.html#variable-deprecated
    """


class set_multithreading_enabled(ContextDecorator):
    """Kept, without effect: the engine runs in the thread that calls ``backward``. As a function, or for the lines of a ``with``.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_multithreading_enabled.html
    """

    def __init__(self, mode):
        self._before = _state["multithreading"]
        _state["multithreading"] = bool(mode)

    def __enter__(self):
        return None

    def __exit__(self, *exc):
        _state["multithreading"] = self._before


def is_multithreading_enabled():
    """What was set."""
    return _state["multithreading"]


def is_view_replay_enabled():
    """True: a view of a base that was written to is always replayed here."""
    return True


def kineto_available():
    """False: the profiler is Python's."""
    return False
