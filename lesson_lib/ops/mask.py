"""Picking and placing by mask: the elements where a bool tensor is True."""

from ..core.errors import error
from ..core.op import Op, method, op
from .case import case
from .join import unbind
from .positions import index_put_at, places, write_at
from .shapes import broadcast_tensors
from .slicing import slice_
from .view import reshape, t, unsqueeze


@op
class masked_select(Op):
    """The elements of x where ``mask`` is True, in one dimension.   ∂y/∂x = 1 there, 0 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.masked_select.html
    """

    def signature(input, mask):
        if mask._a.dtype.kind != "b":
            raise error("masked_select_mask")
        if tuple(input.shape) != tuple(mask.shape):
            input, mask = broadcast_tensors(input, mask)
        return input, mask, {}

    def forward(xp, x, mask):
        return x[mask] if x.ndim else x.reshape(1)[mask.reshape(1)]

    def grad_x(g, mask):
        return masked_place.op.raw(g, mask)

    def samples(t):
        yield case(t(2, 3), t(2, 3, dtype="bool"))
        yield case(t(2, 1), t(3, dtype="bool"))

    def errors(t):
        yield case(t(2, 3), t(2, 3)), RuntimeError, "masked_select: expected BoolTensor for mask"


@op
class masked_place(Op):
    """Zeros with the elements of x in the places where ``mask`` is True: the gradient of ``masked_select``."""

    public = False

    def forward(xp, x, mask):
        y = xp.zeros(mask.shape, x.dtype)
        write_at(y, mask, x)
        return y

    def grad_x(g, mask):
        return masked_select.op.raw(g, mask)

    def samples(t):
        yield case(t(4), t(2, 2, low=1, high=2, dtype="bool"))


@method()
def masked_scatter(input, mask, source):
    """A copy of ``input`` whose elements where ``mask`` is True are, in order, those of ``source``.   ∂y/∂source = 1 for those used.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """
    if mask._a.dtype.kind != "b":
        raise error("masked_scatter_mask", dtype=mask.dtype.title)
    if source._a.dtype != input._a.dtype:
        raise error("masked_scatter_dtype", a=input.dtype.title, b=source.dtype.title)
    input, mask = broadcast_tensors(input, mask)
    at = places(mask)
    count = at._a.shape[1]
    if count > source._a.size:
        raise error("masked_scatter_count")
    values = slice_(reshape(source, -1), 0, 0, count)
    if input._a.ndim == 0:
        return reshape(masked_scatter(reshape(input, 1), reshape(mask, 1), source), ())
    return index_put_at.op.raw(input, at, values, dims=tuple(range(input._a.ndim)), accumulate=False)


@method()
def nonzero(input, *, as_tuple=False):
    """Where the input is not 0: a row of indexes for each such element, or (``as_tuple``) a vector for each dimension.   No gradient.

    >>> import lesson_lib as torch
    >>> torch.nonzero(torch.tensor([0, 5, 7]))
    tensor([[1],
            [2]])

    Source: https://pytorch.org/docs/stable/generated/torch.nonzero.html
    """
    if not as_tuple:
        return t(places(input))
    return unbind(places(input if input.ndim else unsqueeze(input, 0)), 0)


@method()
def argwhere(input):
    """``nonzero(input)``. Source: https://pytorch.org/docs/stable/generated/torch.argwhere.html"""
    return nonzero(input)
