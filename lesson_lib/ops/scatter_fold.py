"""Scatter that folds: products, means and extremes of all that lands on the same place."""

from ..core.errors import error
from ..core.op import Op, method, op
from ..core.tensor import Tensor
from .case import case
from .gather import gather, gather_sum, place, scatter, scatter_arguments
from .index_vector import slices_to_add
from .positions import write_at
from .select import where_else

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@op
class scatter_reduce(Op):
    """A copy of x in which each element is folded with every ``src`` that ``index`` sends there, by "sum", "prod", "mean", "amax" or "amin".

    Sum: ∂y/∂src = 1.  Mean: 1/n.  Product: the product of the others.  Extremes: 1/k for the k values that equal y. With
    ``include_self=False`` x itself counts only where nothing lands.

    >>> import lesson_lib as torch
    >>> torch.zeros(2).scatter_reduce(0, torch.tensor([0, 0, 1]), torch.tensor([1., 5., 3.]), "amax")
    tensor([5., 3.])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html
    """

    inplace = True

    def signature(input, dim, index, src, reduce, *, include_self=True):
        if reduce not in REDUCTIONS:
            raise error("scatter_reduce", reduce=reduce)
        x, index, src, params = scatter_arguments("scatter_add", input, dim, index, src)
        return x, index, src, {**params, "reduce": reduce, "include_self": include_self}

    def forward(xp, x, index, src, *, dim, reduce, include_self):
        y = x if include_self else place(xp, x, index, _neutral(xp, reduce, x.dtype), dim, write_at)
        fold = {"prod": xp.multiply, "amax": xp.maximum, "amin": xp.minimum}.get(reduce, xp.add)
        y = place(xp, y, index, src, dim, fold.at)
        if reduce == "mean":
            counts = place(xp, xp.zeros(x.shape, "int64"), index, 1, dim, xp.add_at)
            counts = xp.maximum(counts + int(include_self), 1)
            y = xp.floor_divide(y, counts).astype(x.dtype) if x.dtype.kind in "iu" else (y / counts).astype(x.dtype)
        return y

    def grad_x(g, x, index, src, y, dim, reduce, include_self):
        if reduce == "sum":
            whole = g
        elif reduce == "mean":
            whole = g / _landed(x, index, src, dim, include_self)
        elif reduce == "prod":
            whole = g * scatter_reduce.op.raw(x * 0 + 1, index, src, dim=dim, reduce="prod", include_self=True)
        else:
            whole = g * (x == y) / _winners(x, index, src, y, dim, include_self)
        return whole if include_self else scatter.op.raw(whole, index, 0, dim=dim, reduce=None)

    def grad_src(g, x, index, src, y, dim, reduce, include_self):
        if reduce == "sum":
            return gather.op.raw(g, index, dim=dim)
        if reduce == "mean":
            return gather.op.raw(g / _landed(x, index, src, dim, include_self), index, dim=dim)
        if reduce == "prod":
            return _product_of_others(g, x, index, src, y, dim, include_self)
        return gather.op.raw(g / _winners(x, index, src, y, dim, include_self), index, dim=dim) * (src == gather.op.raw(y, index, dim=dim))

    def samples(t):
        at = t(3, 2, low=0, high=2, dtype="int64")
        for reduce in REDUCTIONS:
            yield case(t(2, 2), 0, at, t(3, 2), reduce)
            yield case(t(2, 3), 0, at, t(3, 2), reduce, include_self=False)

    def errors(t):
        at = t(2, 1, low=0, high=1, dtype="int64")
        yield case(t(2, 3), 1, at, t(2, 1), "foo"), RuntimeError, "reduce argument must be either sum, prod, mean, amax or amin, got foo"


def _neutral(xp, reduce, np_dtype):
    """What changes nothing: 0 for sums, 1 for products, the other end of the number line for extremes."""
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    if np_dtype.kind == "b":
        return reduce == "amin"
    if np_dtype.kind == "f":
        return -xp.inf if reduce == "amax" else xp.inf
    limits = xp.iinfo(np_dtype)
    return limits.min if reduce == "amax" else limits.max


def _landed(x, index, src, dim, include_self):
    """How many values were folded into each place (1 where nothing landed)."""
    ones = x * 0 + 1 if include_self else scatter.op.raw(x * 0 + 1, index, 0, dim=dim, reduce=None)
    return ones + gather_sum.op.raw(src * 0 + 1, index, shape=tuple(x.shape), dim=dim)


def _winners(x, index, src, y, dim, include_self):
    """How many values equal the extreme of each place."""
    own = x == y
    if not include_self:
        own = scatter.op.raw(own, index, False, dim=dim, reduce=None)
    equal = src == gather.op.raw(y, index, dim=dim)
    count = own * (x * 0 + 1) + gather_sum.op.raw(equal * (src * 0 + 1), index, shape=tuple(x.shape), dim=dim)
    return where_else.op.raw(count == 0, 1, count)


def _product_of_others(g, x, index, src, y, dim, include_self):
    """g times the product of all other values of the same place: y/src, and where src alone is 0 the product without it."""
    zero = src == 0
    zeros = gather.op.raw(gather_sum.op.raw(zero * (src * 0 + 1), index, shape=tuple(x.shape), dim=dim), index, dim=dim)
    alone = zero & (zeros == 1)
    without = where_else.op.raw(alone, 1, src)
    rest = scatter_reduce.op.raw(x, index, without, dim=dim, reduce="prod", include_self=include_self)
    by_rest = gather.op.raw(g * rest, index, dim=dim)
    by_quotient = gather.op.raw(g * y, index, dim=dim) / where_else.op.raw(zero, 1, src)
    return where_else.op.raw(alone, by_rest, by_quotient)


@method(inplace=True)
def index_reduce(input, dim, index, source, reduce, *, include_self=True, out=None):
    """Slices of x folded with those slices of ``source`` that ``index`` sends there, by "prod", "mean", "amax" or "amin".

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html
    """
    if reduce not in REDUCTIONS[1:]:
        raise error("index_reduce", reduce=reduce)
    dim, index = slices_to_add("index_reduce", input, dim, index, source)
    source = source.reshape(1) if source.ndim == 0 else source
    places = index.reshape([-1 if d == dim else 1 for d in range(source.ndim)]).expand(source.shape)
    x = input.reshape(1) if input.ndim == 0 else input
    result = scatter_reduce(x, dim, places, source, reduce, include_self=include_self).reshape(input.shape)
    return result if out is None else Tensor._write_out(out, result, "index_reduce", (input, source))
