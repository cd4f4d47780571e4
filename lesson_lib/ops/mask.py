"""Picking and placing by mask: the elements where a bool tensor is True."""

from math import prod

from ..core.blocks import zeros
from ..core.errors import error
from ..core.op import Op, method, op
from ..core.tensor import Tensor
from .case import case
from .join import cat, unbind
from .positions import places, write_at
from .select import masked_fill
from .slicing import scatter_view, slice_
from .view import broadcast_shapes, reshape, t, unsqueeze


@op
class masked_select(Op):
    """The elements of x where ``mask`` is True, in one dimension; both are stretched to one shape.   ∂y/∂x = 1 there, 0 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.masked_select.html
    """

    def signature(input, mask):
        if mask._a.dtype.kind != "b":
            raise error("masked_select_mask")
        return input, mask, {"shape": tuple(broadcast_shapes(input.shape, mask.shape))}

    def forward(xp, x, mask, *, shape):
        # Two more dimensions of size 1, because NumPy's masks do not like numbers.
        return xp.broadcast_to(x, shape)[None][xp.broadcast_to(mask, shape)[None]]

    def grad_x(g, mask, shape):
        return masked_place.op.raw(g, mask, shape=shape)  # the engine sums what was stretched

    def samples(t):
        yield case(t(2, 3), t(2, 3, dtype="bool"))
        yield case(t(2, 1), t(3, dtype="bool"))
        yield case(t(), t(2, dtype="bool"))

    def errors(t):
        yield case(t(2, 3), t(2, 3)), RuntimeError, "masked_select: expected BoolTensor for mask"


@op
class masked_place(Op):
    """Zeros of ``shape`` with the elements of x in the places where ``mask`` is True: the gradient of ``masked_select``."""

    public = False

    def forward(xp, x, mask, *, shape):
        y = zeros(xp, shape, x.dtype)
        write_at(y[None], xp.broadcast_to(mask, shape)[None], x)
        return y

    def grad_x(g, mask, shape):
        return masked_select.op.raw(g, mask, shape=shape)

    def samples(t):
        yield case(t(4), t(2, 2, low=1, high=2, dtype="bool"), shape=(2, 2))


@op
class masked_scatter(Op):
    """A copy of x whose elements where ``mask`` is True are, in order, those of ``source``.   ∂y/∂x = 1 elsewhere, ∂y/∂source = 1 for those used.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """

    inplace = True

    def signature(input, mask, source):
        if mask._a.dtype.kind != "b":
            raise error("masked_scatter_mask", dtype=mask.dtype.title)
        if source._a.dtype != input._a.dtype:
            raise error("masked_scatter_dtype", a=input.dtype.title, b=source.dtype.title)
        return input, mask, source, {"shape": tuple(broadcast_shapes(input.shape, mask.shape))}

    def forward(xp, x, mask, source, *, shape):
        y, mask = xp.broadcast_to(x, shape).copy(), xp.broadcast_to(mask, shape)
        count = int(mask.sum())
        if count > source.size:
            raise error("masked_scatter_count")
        write_at(y[None], mask[None], source.reshape(-1)[:count])
        return y

    def grad_x(g, mask):
        return masked_fill.op.raw(g, mask, 0)

    def grad_source(g, mask, source_shape, shape):
        used = masked_select.op.raw(g, mask, shape=shape)
        first = {"dim": 0, "start": 0, "end": used.shape[0], "step": 1}
        return reshape(scatter_view.op.raw(used, shape=(prod(source_shape),), view=slice_.op, params=first), source_shape)

    def samples(t):
        yield case(t(2, 3), t(2, 3, dtype="bool"), t(7))

    def errors(t):
        yield case(t(2, 3), t(2, 3), t(6)), RuntimeError, "masked_scatter_ only supports boolean masks, but got mask with dtype"


@method()
def nonzero(input, *, as_tuple=False, out=None):
    """Where the input is not 0: a row of indexes for each such element, or (``as_tuple``) a vector for each dimension.   No gradient.

    >>> import lesson_lib as torch
    >>> torch.nonzero(torch.tensor([0, 5, 7]))
    tensor([[1],
            [2]])

    Source: https://pytorch.org/docs/stable/generated/torch.nonzero.html
    """
    if not as_tuple:
        result = t(places(input))
        return result if out is None else Tensor._write_out(out, result, "nonzero", (input,))
    return unbind(places(input if input.ndim else unsqueeze(input, 0)), 0)


@method()
def nonzero_static(input, *, size, fill_value=-1, out=None):
    """The first ``size`` rows of ``nonzero(input)``; rows of ``fill_value`` where there are fewer, so that the shape is known beforehand.   No gradient.

    Source: https://pytorch.org/docs/stable/generated/torch.nonzero_static.html
    """
    if size < 0:
        raise error("nonzero_size")
    found = nonzero(input)[:size]
    result = cat([found, found.new_full((size - found.shape[0], input.ndim), fill_value)])
    return result if out is None else Tensor._write_out(out, result, "nonzero_static", (input,))


@method()
def argwhere(input):
    """``nonzero(input)``. Source: https://pytorch.org/docs/stable/generated/torch.argwhere.html"""
    return nonzero(input)
