"""How a rule is run where the numbers are neither float32 nor float64, complex ones and those of 16 bits; outputs that nobody used."""

import numpy as np

from .device import namespace
from .half import half_of, widened
from .op import registry
from .state import thread
from .tensor import Tensor, wrap

COMPLEX64, COMPLEX128 = np.dtype(np.complex64), np.dtype(np.complex128)


def special_contributions(node, g, saved, taped):
    """What ``node`` sends along its edges when ``g`` arrives, for any dtype."""
    if node.dtype is COMPLEX64 or node.dtype is COMPLEX128:
        return _conjugated(node, g, saved)
    if taped or node.op is None or half_of(g if node.several else (g,)) is None:
        return node.contributions(g, saved)
    # A rule of 16-bit tensors runs in float32, and the engine rounds what it gives once. A recorded one is made of ops that do that themselves.
    return node.contributions(widened(g), tuple(map(widened, saved)))


def _conjugated(node, g, saved):
    """The rules of a complex op: for y = f(x) PyTorch's gradient is g times the conjugate of f′(x), and the rules say f′(x).

    Conjugating what goes in and what comes out is the same. An op that is not holomorphic has its conjugates in its own rules.
    Source: https://pytorch.org/docs/stable/notes/autograd.html#autograd-for-complex-numbers
    """
    if node.op is None or not node.op.holomorphic:
        return node.contributions(g, saved)
    conj = registry["conjugate"].raw
    return tuple(part if part is None else conj(part) for part in node.contributions(conj(g), saved))


def without_holes(node, g):
    """Outputs that nobody used have a gradient of zeros."""
    if node.op is None:
        return g  # a user's Function decides for itself
    example = next(part for part in g if part is not None)
    taped = isinstance(example, Tensor)
    xp = namespace(example._a if taped else example)
    zeros = [None if part is not None else xp.zeros(s, d) for part, s, d in zip(g, node.shape, node.dtype, strict=True)]
    return tuple(part if part is not None else wrap(zero) if taped else zero for part, zero in zip(g, zeros, strict=True))


def sent_by(node, g, saved):
    """What one node sends along its edges when ``g`` arrives; of several outputs, a list with None for those that nobody used.

    For the visualizer, which asks what another order of visits would do.
    """
    before, thread.grad_enabled = thread.grad_enabled, False
    try:
        g = without_holes(node, g) if node.several else g
        return special_contributions(node, g, saved, False)
    finally:
        thread.grad_enabled = before
