"""Views of a part: one index, a slice, a diagonal, sliding windows. Their gradient is 0 wherever they did not look."""

from math import prod

from ..core.blocks import write, zeros
from ..core.dtypes import INTEGER, int64
from ..core.errors import error
from ..core.memory import flat, offset_of, reach, restrided, row_major, spanning, steps_of
from ..core.op import Op, View, method, op
from ..core.tensor import wrap_dim
from .case import case
from .cast import clone
from .view import reshape, sizes_of


@op
class scatter_view(Op):
    """Zeros of ``shape`` with ``g`` written through a view: the gradient of the view, whose own gradient is the view again."""

    public = False

    def forward(xp, g, *, shape, view, params):
        whole = zeros(xp, shape, g.dtype)
        write(view.forward(xp, whole, **params), g)
        return whole

    def grad_g(g, view, params):
        return view.raw(g, **params)

    def samples(t):
        yield case(t(3), shape=(2, 3), view=select.op, params={"dim": 0, "index": 1})


@op
class select(View):
    """One index along ``dim``, which disappears: $y = x_{…,i,…}$.   ∂y/∂x = 1 there, 0 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.select.html
    """

    def signature(input, dim, index):
        if input.ndim == 0:
            raise error("select_0d")
        dim = wrap_dim(dim, input.ndim)
        size = input.shape[dim]
        if not -size <= index < size:
            raise error("select_range", index=index, sizes=list(input.shape), dim=dim)
        return input, {"dim": dim, "index": index % size}

    def forward(xp, x, *, dim, index):
        return x[(slice(None),) * dim + (index, ...)] if dim else x[index, ...]

    def grad_x(g, x_shape, dim, index):
        return scatter_view.op.raw(g, shape=x_shape, view=select.op, params={"dim": dim, "index": index})

    def samples(t):
        yield case(t(2, 3), 0, 1)
        yield case(t(2, 3), -1, -1)
        yield case(t(3), 0, 0)

    def errors(t):
        yield case(t(2, 3), 0, 2), IndexError, "select(): index 2 out of range for tensor of size [2, 3] at dimension 0"
        yield case(t(), 0, 0), IndexError, "select() cannot be applied to a 0-dim tensor."


@op
class slice_(View):
    """Every ``step``-th index from ``start`` up to ``end`` along ``dim``, as ``x[start:end:step]``.   ∂y/∂x = 1 there, 0 elsewhere."""

    public, title, label = False, "Slice", "slice"

    def signature(input, dim=0, start=None, end=None, step=1):
        dim = wrap_dim(dim, input.ndim)
        start, end, step = slice(start, end, step).indices(input.shape[dim])
        return input, {"dim": dim, "start": start, "end": max(start, end), "step": step}

    def forward(xp, x, *, dim, start, end, step):
        return x[(slice(None),) * dim + (slice(start, end, step),)] if dim else x[start:end:step]

    def grad_x(g, x_shape, dim, start, end, step):
        return scatter_view.op.raw(g, shape=x_shape, view=slice_.op, params={"dim": dim, "start": start, "end": end, "step": step})

    def samples(t):
        yield case(t(5), 0, 1, 4)
        yield case(t(2, 5), 1, 0, 5, 2)
        yield case(t(2, 3), 0, 2, 1)


@method()
def narrow(input, dim, start, length):
    """``length`` indexes from ``start`` on, along ``dim``.   ∂y/∂x = 1 there, 0 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.narrow.html
    """
    if input.ndim == 0:
        raise error("narrow_0d")
    if length < 0:
        raise error("narrow_length")
    if getattr(start, "ndim", 0) or getattr(start, "dtype", int64).category != INTEGER:
        raise error("narrow_start_tensor")
    dim, start = wrap_dim(dim, input.ndim), int(start)
    size = input.shape[dim]
    if not -size <= start <= size:
        raise error("narrow_start", low=-size, high=size, start=start)
    start += size if start < 0 else 0
    if start + length > size:
        raise error("narrow_end", start=start, length=length, size=size)
    return slice_.op.raw(input, dim=dim, start=start, end=start + length, step=1)


@op
class diagonal(View):
    """The diagonal $y_{…i} = x_{…,i,i+offset}$ of two dimensions, moved to the end.   ∂y/∂x = 1 there, 0 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.diagonal.html
    """

    def signature(input, offset=0, dim1=0, dim2=1):
        first, second = wrap_dim(dim1, input.ndim), wrap_dim(dim2, input.ndim)
        if first == second:
            raise error("diagonal_dims", dim1=dim1, dim2=dim2)
        return input, {"offset": offset, "dim1": first, "dim2": second}

    def forward(xp, x, *, offset, dim1, dim2):
        x = xp.moveaxis(x, (dim1, dim2), (-2, -1))
        x = x[..., max(-offset, 0) :, max(offset, 0) :]
        *lead, rows, columns = x.shape
        *steps, down, right = x.strides
        # One step along the diagonal is one down and one right. (NumPy's own diagonal cannot be written to.)
        return xp.lib.stride_tricks.as_strided(x, (*lead, min(rows, columns)), (*steps, down + right))

    def grad_x(g, x_shape, offset, dim1, dim2):
        return scatter_view.op.raw(g, shape=x_shape, view=diagonal.op, params={"offset": offset, "dim1": dim1, "dim2": dim2})

    def samples(t):
        yield case(t(3, 3))
        yield case(t(3, 4), 1)
        yield case(t(2, 3, 4), -1, 2, 0)
        yield case(t(2, 2), 5)

    def errors(t):
        yield case(t(2, 3), 0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical 1, 1"


# --- windows that may overlap -----------------------------------------------------------------------------------------


@op
class sum_strided(Op):
    """A vector of ``length`` zeros, to whose element ``offset`` + Σ i·step every ``x_i`` is added: the gradient of ``as_strided``."""

    public = False

    def forward(xp, x, *, length, steps, offset):
        places = xp.full(x.shape, offset)
        for dim, step in enumerate(steps):
            places += (xp.arange(x.shape[dim]) * step).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
        return xp.scatter_add((length,), places, x)

    def grad_x(g, x_shape, steps, offset):
        in_order = clone.op.raw(g, order="C")  # the places are counted in memory
        return strided.op.raw(in_order, size=x_shape, steps=steps, offset=offset, layout=(1,))

    def samples(t):
        yield case(t(2, 3), length=7, steps=(1, 2), offset=1)


@op
class strided(View):
    """The elements ``offset`` + Σ i·step of the memory, counted from x's first.   ∂y/∂x sums over the places that show the same element.

    ``layout`` holds x's own steps.
    """

    public, title, label = False, "AsStrided", "as_strided"

    def forward(xp, x, *, size, steps, offset, layout):
        return restrided(x, size, steps, offset)

    def grad_x(g, x_shape, size, steps, offset, layout):
        low = min(offset, 0)  # the view may begin before x does
        length = max(reach(size, steps) + offset, reach(x_shape, layout), 0) - low + 1
        memory = sum_strided.op.raw(g, length=length, steps=steps, offset=offset - low)
        return strided.op.raw(memory, size=x_shape, steps=layout, offset=-low, layout=(1,))

    def samples(t):
        yield case(t(6), size=(2, 3), steps=(1, 2), offset=0, layout=(1,))
        yield case(t(2, 3), size=(2, 2), steps=(1, 1), offset=1, layout=(3, 1))


def strided_params(input, size, stride, storage_offset=None):
    """The parameters of ``strided`` for a view of ``input``'s memory, or PyTorch's error if it reaches beyond."""
    size, steps = sizes_of("as_strided", (size,)), sizes_of("as_strided", (stride,), "stride")
    if len(size) != len(steps):
        raise error("strided_length")
    if min(steps, default=0) < 0:
        raise error("strided_negative", strides=list(steps))
    begin, itemsize = offset_of(input), input._a.itemsize
    offset = begin if storage_offset is None else storage_offset
    held = flat(spanning(input)).nbytes
    needed = (reach(size, steps) + offset + 1) * itemsize if prod(size) else 0
    if offset < 0:
        raise error("strided_offset", offset=offset)
    if needed > held:
        raise error("strided_bounds", sizes=list(size), strides=list(steps), offset=offset, itemsize=itemsize, needed=needed, held=held)
    return {"size": size, "steps": steps, "offset": offset - begin, "layout": steps_of(input._a)}


@method()
def as_strided(input, size, stride, storage_offset=None):
    """A view with the given strides into the memory that ``input`` looks into.   ∂y/∂x sums over the places that show the same element.

    >>> import lesson_lib as torch
    >>> torch.as_strided(torch.arange(5), (3, 3), (1, 1))
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])

    Source: https://pytorch.org/docs/stable/generated/torch.as_strided.html
    """
    return strided.op.raw(input, **strided_params(input, size, stride, storage_offset))


@op
class unfold(View):
    """Windows of ``size`` elements, one every ``step``, along ``dimension``: $y_{…w…s} = x_{…,w·step+s,…}$.   ∂y/∂x sums over the windows.

    >>> import lesson_lib as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """

    def signature(input, dimension, size, step):
        dimension = wrap_dim(dimension, input.ndim)
        length = input.shape[dimension] if input.ndim else 1
        if size < 0:
            raise error("unfold_negative", size=size)
        if size > length:
            raise error("window_size", dim=dimension, length=length, size=size)
        if step <= 0:
            raise error("unfold_step", step=step)
        return input, {"dimension": dimension, "size": size, "step": step}

    def forward(xp, x, *, dimension, size, step):
        if x.ndim == 0:
            return x[None][:size]
        return restrided(x, *_windows(x.shape, steps_of(x), dimension, size, step))

    def grad_x(g, x_shape, dimension, size, step):
        _, steps = _windows(x_shape or (1,), row_major(x_shape or (1,)), dimension, size, step)
        return reshape(sum_strided.op.raw(g, length=prod(x_shape), steps=steps if x_shape else (1,), offset=0), x_shape)

    def samples(t):
        yield case(t(5), 0, 2, 1)
        yield case(t(2, 5), 1, 3, 2)
        yield case(t(4, 2), 0, 2, 2)

    def errors(t):
        yield case(t(2, 3), 1, 4, 1), RuntimeError, "maximum size for tensor at dimension 1 is 3 but size is 4"
        yield case(t(2, 3), 1, 2, 0), RuntimeError, "step is 0 but must be > 0"


def _windows(shape, steps, dimension, size, step):
    """Shape and steps of the windows: their number takes the dimension's place, their elements come last."""
    count = (shape[dimension] - size) // step + 1
    shape = (*shape[:dimension], count, *shape[dimension + 1 :], size)
    return shape, (*steps[:dimension], steps[dimension] * step, *steps[dimension + 1 :], steps[dimension])
