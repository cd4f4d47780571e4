"""Running sums: each element the fold of all before it."""

from ..core.errors import error
from ..core.op import Op, op
from ..core.tensor import wrap_dim
from .case import case
from .cast import asked_dtype
from .reduce import wide


def one_dim(name, input, dim):
    """A single dimension as a number from 0; None for a 0-d tensor."""
    if not hasattr(dim, "__index__"):
        raise error("dim_type", name=name, argument="dim", position=2, type=type(dim).__name__)
    dim = wrap_dim(int(dim), input.ndim)
    return dim if input.ndim else None


def scans(t):
    """Along each dimension, of a 0-d and of an empty tensor."""
    yield case(t(2, 3), 0)
    yield case(t(2, 3), -1)
    yield case(t(), 0)
    yield case(t(0, 2), 0)


def bad_scans(t):
    """A dimension that does not exist, or is no number."""
    yield case(t(2, 3), 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"


@op
class cumsum(Op):
    r"""Running sum along ``dim``, $y_i = \sum_{j \le i} x_j$.   ∂yᵢ/∂xⱼ = 1 for j ≤ i: the gradient is summed from the other end.

    >>> import lesson_lib as torch
    >>> torch.cumsum(torch.tensor([1, 2, 3]), dim=0)
    tensor([1, 3, 6])

    Source: https://pytorch.org/docs/stable/generated/torch.cumsum.html
    """

    label, inplace, samples = "Σ…", True, scans

    def signature(input, dim, *, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "cumsum")
        return input, {"dim": one_dim("cumsum", input, dim), "dtype": dtype, "backward": False}

    def forward(xp, x, *, dim, dtype, backward):
        if dim is None:
            return x.astype(wide(x, dtype))
        if not backward:
            return xp.cumsum(x, axis=dim, dtype=wide(x, dtype))
        return xp.flip(xp.cumsum(xp.flip(x, dim), axis=dim, dtype=wide(x, dtype)), dim)

    def grad_x(g, dim, backward):
        return cumsum.op.raw(g, dim=dim, dtype=None, backward=not backward)

    def errors(t):
        yield from bad_scans(t)
        yield case(t(2), (0,)), TypeError, "cumsum(): argument 'dim' (position 2) must be int, not tuple"
