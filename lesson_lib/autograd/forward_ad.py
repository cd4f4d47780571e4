"""Forward mode: a dual tensor carries a tangent, and what is computed from it has one too.

PyTorch pushes tangents forward operation by operation, with a second rule for each. Here a dual tensor is an ordinary
tensor that requires a gradient, and ``unpack_dual`` finds the tangent of a result by differentiating its backward pass
(see ``directions``). The tangents are the same; the differences are that dual tensors say ``requires_grad=True``, that
``no_grad`` cuts a tangent off, that a dual tensor itself may not be written to in place, and that each ``unpack_dual``
costs two backward passes.

Source: https://pytorch.org/docs/stable/autograd.html#forward-mode-automatic-differentiation
"""

import threading
from functools import wraps
from typing import NamedTuple

from ..core.errors import error
from ..core.grad_mode import enable_grad
from ..core.tensor import Tensor
from ..ops.create import zeros_like
from .directions import alias, depends_on_others, pulled_back

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class _State(threading.local):
    duals = None  # [(dual tensor, tangent)] of the level that is open


_state = _State()


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent (None if it has none)."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level():
    """Open the level on which dual tensors live; returns its number, 0."""
    if _state.duals is not None:
        raise error("dual_nested")
    _state.duals = []
    return 0


def exit_dual_level(*, level=None):
    """Close the level: its tangents are gone."""
    if _state.duals is None or level not in (None, 0):
        raise error("dual_exit")
    _state.duals = None


class dual_level:
    """A context (or decorator) with a dual level open inside.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.dual_level.html
    """

    def __enter__(self):
        return enter_dual_level()

    def __exit__(self, *exc):
        exit_dual_level()

    def __call__(self, function):
        @wraps(function)
        def wrapped(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return wrapped


def make_dual(tensor, tangent, *, level=None):
    """A dual tensor: the memory of ``tensor``, moving along ``tangent``.

    >>> import lesson_lib as torch
    >>> from lesson_lib.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(torch.tensor(3.), torch.tensor(1.))
    ...     forward_ad.unpack_dual(x * x).tangent
    tensor(6.)

    Errors: RuntimeError without a level, for a tangent of another size, for a tensor that is dual already.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.make_dual.html
    """
    if _state.duals is None:
        raise error("dual_no_level")
    for value, kind in ((tensor, "dual_primal"), (tangent, "dual_tangent")):
        if not (value.is_floating_point() or value.is_complex()):
            raise error(kind, dtype=value.dtype)
    if any(dual is tensor for dual, _ in _state.duals):
        raise error("dual_twice", level=0)
    if tensor.shape != tangent.shape:
        raise error("tangent_size", expected=list(tensor.shape), found=list(tangent.shape))
    with enable_grad():
        dual = alias(tensor, connected=True)
    _state.duals.append((dual, tangent))
    return dual


def unpack_dual(tensor, *, level=None):
    """``(primal, tangent)`` of a dual tensor, or of what was computed from one; the tangent of anything else is None.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.unpack_dual.html
    """
    duals = _state.duals
    if not duals or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    own = [dual for dual, _ in duals]
    outer = depends_on_others([tensor], own) or any(tangent.requires_grad for _, tangent in duals)
    tangent = _tangent_of(tensor, own, [tangent for _, tangent in duals], outer)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    primal = tensor.view_as(tensor) if depends_on_others([tensor], own) else tensor.detach()
    return UnpackedDualTensor(primal, tangent)


def _tangent_of(tensor, duals, tangents, outer):
    """J·t with respect to all dual tensors; None if the tensor depends on none of them."""
    for dual, tangent in zip(duals, tangents, strict=True):
        if dual is tensor:
            return tangent
    with enable_grad():
        dummy = zeros_like(tensor, requires_grad=True)
        pulled = pulled_back((tensor,), duals, (dummy,), create_graph=True)
        if all(part is None for part in pulled):
            return None
        (found,) = pulled_back(pulled, (dummy,), tangents, create_graph=outer, retain_graph=True)
    return zeros_like(tensor).detach() if found is None else found
