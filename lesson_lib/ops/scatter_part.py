"""A part of a tensor replaced: what writing through a view gives, as a new tensor."""

from ..core.errors import error
from ..core.memory import reach, restrided
from ..core.op import Op, op
from .case import case
from .cast import zeros_as
from .slicing import diagonal, scatter_view, select, slice_, strided, strided_params, sum_strided


class Replaced(Op):
    """A copy of x with ``src`` where a view looks.   ∂y/∂x = 1 elsewhere and 0 there, ∂y/∂src = 1."""


def _replaced(xp, x, src, view, params):
    y = x.copy()
    part = view.forward(xp, y, **params)
    if part.shape != src.shape:
        raise error("scatter_part", found=list(src.shape), wanted=list(part.shape))
    part[...] = src
    return y


def _rest(g, view, params):
    """The gradient without the part that was replaced."""
    return g - scatter_view.op.raw(view.raw(g, **params), shape=tuple(g.shape), view=view, params=params)


@op
class select_scatter(Replaced):
    """x with ``src`` at one index along ``dim``: $y_{…i…} = src$.   ∂y/∂x = 1 elsewhere,  ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.select_scatter.html
    """

    def signature(input, src, dim, index):
        _, params = select.op.signature(input, dim, index)
        return input, src, params

    def forward(xp, x, src, *, dim, index):
        return _replaced(xp, x, src, select.op, {"dim": dim, "index": index})

    def grad_x(g, dim, index):
        return _rest(g, select.op, {"dim": dim, "index": index})

    def grad_src(g, dim, index):
        return select.op.raw(g, dim=dim, index=index)

    def samples(t):
        yield case(t(2, 3), t(3), 0, 1)
        yield case(t(2, 3), t(2), -1, -1)

    def errors(t):
        yield (
            case(t(2, 3), t(2, 3), 0, 1),
            RuntimeError,
            "expected src to have a size equal to the slice of self. src size = [2, 3], slice size = [3]",
        )


@op
class slice_scatter(Replaced):
    """x with ``src`` in a slice along ``dim``: y[start:end:step] = src.   ∂y/∂x = 1 elsewhere,  ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.slice_scatter.html
    """

    def signature(input, src, dim=0, start=None, end=None, step=1):
        _, params = slice_.op.signature(input, dim, start, end, step)
        return input, src, params

    def forward(xp, x, src, *, dim, start, end, step):
        return _replaced(xp, x, src, slice_.op, {"dim": dim, "start": start, "end": end, "step": step})

    def grad_x(g, dim, start, end, step):
        return _rest(g, slice_.op, {"dim": dim, "start": start, "end": end, "step": step})

    def grad_src(g, dim, start, end, step):
        return slice_.op.raw(g, dim=dim, start=start, end=end, step=step)

    def samples(t):
        yield case(t(4, 3), t(2, 3), 0, 1, 3)
        yield case(t(2, 4), t(2, 2), dim=1, step=2)

    def errors(t):
        message = "expected src to have a size equal to the slice of self. src size = [2, 3], slice size = [2, 2]"
        yield case(t(2, 3), t(2, 3), 1, 0, 2), RuntimeError, message


@op
class diagonal_scatter(Replaced):
    """x with ``src`` on the diagonal of two dimensions: $y_{ii} = src_i$.   ∂y/∂x = 1 elsewhere,  ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html
    """

    def signature(input, src, offset=0, dim1=0, dim2=1):
        _, params = diagonal.op.signature(input, offset, dim1, dim2)
        return input, src, params

    def forward(xp, x, src, *, offset, dim1, dim2):
        return _replaced(xp, x, src, diagonal.op, {"offset": offset, "dim1": dim1, "dim2": dim2})

    def grad_x(g, offset, dim1, dim2):
        return _rest(g, diagonal.op, {"offset": offset, "dim1": dim1, "dim2": dim2})

    def grad_src(g, offset, dim1, dim2):
        return diagonal.op.raw(g, offset=offset, dim1=dim1, dim2=dim2)

    def samples(t):
        yield case(t(3, 3), t(3))
        yield case(t(2, 3, 4), t(2, 3), 1, 1, 2)

    def errors(t):
        yield case(t(2, 3), t(3)), RuntimeError, "expected src to have a size equal to the slice of self. src size = [3], slice size = [2]"


@op
class as_strided_scatter(Replaced):
    """x with ``src`` where ``as_strided`` looks; the result lies in memory as x does.   ∂y/∂x = 1 elsewhere,  ∂y/∂src = 1.

    PyTorch's ∂y/∂x is 1 where ``src`` was written and 0 elsewhere, which its own ``gradcheck`` refuses.

    Source: https://pytorch.org/docs/stable/generated/torch.as_strided_scatter.html
    """

    def signature(input, src, size, stride, storage_offset=None):
        return input, src, strided_params(input, size, stride, storage_offset)

    def forward(xp, x, src, *, size, steps, offset, layout):
        if src.shape != size:
            raise error("scatter_part", found=list(src.shape), wanted=list(size))
        low, length = _extent(x.shape, size, steps, offset, layout)
        memory = restrided(x, (length,), (1,), low).copy()
        restrided(memory[offset - low :], size, steps)[...] = src
        return restrided(memory[-low:], x.shape, layout)

    def grad_x(g, x_shape, size, steps, offset, layout):
        low, memory = _in_memory(g, x_shape, size, steps, offset, layout)
        hole = zeros_as.op.raw(strided.op.raw(memory, size=size, steps=steps, offset=offset - low, layout=(1,)))
        rest = as_strided_scatter.op.raw(memory, hole, size=size, steps=steps, offset=offset - low, layout=(1,))
        return strided.op.raw(rest, size=x_shape, steps=layout, offset=-low, layout=(1,))

    def grad_src(g, x_shape, size, steps, offset, layout):
        low, memory = _in_memory(g, x_shape, size, steps, offset, layout)
        return strided.op.raw(memory, size=size, steps=steps, offset=offset - low, layout=(1,))

    def samples(t):
        yield case(t(2, 3), t(2, 2), (2, 2), (3, 1))
        yield case(t(6), t(2), (2,), (2,), 1)

    def errors(t):
        yield case(t(2, 3), t(3), (2,), (1,)), RuntimeError, "expected src to have a size equal to the slice of self. src size = [3], slice size = [2]"


def _extent(shape, size, steps, offset, layout):
    """(first, count) of the places in memory that x and the part look at, counted from x's first element."""
    low = min(offset, 0)
    return low, max(reach(size, steps) + offset, reach(shape, layout), 0) - low + 1


def _in_memory(g, shape, size, steps, offset, layout):
    """(first place, g laid out in memory as x is)."""
    low, length = _extent(shape, size, steps, offset, layout)
    return low, sum_strided.op.raw(g, length=length, steps=layout, offset=-low)
