"""Reading and writing at index tensors: the ops behind ``x[index]``, and what ``gather`` and the masks are made of.

All index tensors of one ``x[i, :, j]`` are brought to one shape and stacked: the ops have one index tensor ``at`` of
shape (k, *shape) for the k dimensions ``dims``. What a mask of k dimensions takes is one row, which counts through all of them.
"""

from math import prod

from ..core.blocks import zeros
from ..core.errors import error
from ..core.op import Op, op
from .case import case
from .overwrite import held


def key_of(at, dims):
    """The (k, *shape) index tensor as what stands between NumPy's square brackets."""
    key = [slice(None)] * (dims[-1] + 1)
    for row, dim in enumerate(dims):
        key[dim] = at[row]
    return tuple(key)


def placed(xp, x, at, dims):
    """(view of x, key): ``view[key]`` is what x has at ``at``."""
    if len(at) == len(dims):
        return x, key_of(at, dims)
    first, end = dims[0], dims[-1] + 1
    if x.flags.c_contiguous:  # then the dimensions that a mask covers are one
        return x.reshape((*x.shape[:first], prod(x.shape[first:end]), *x.shape[end:])), key_of(at, dims[:1])
    return x, key_of(xp.unravel_index(at[0], x.shape[first:end]), dims)


def _out_of_range(exc, arrays, params):
    """PyTorch's message for the first index that NumPy refused; a mask gives none."""
    x, at = arrays[:2]
    if len(at) < len(params["dims"]):
        return None
    for row, dim in enumerate(params["dims"]):
        size = x.shape[dim]
        wrong = at[row][(at[row] < -size) | (at[row] >= size)]
        if wrong.size:
            return error("index_empty") if size == 0 else error("index_range", index=int(wrong[0]), dim=row, size=size, low=-size, high=size - 1)


@op
class index(Op):
    """The elements of x at the positions ``at`` of the dimensions ``dims``.   ∂y/∂x = 1 for each time that an element was taken."""

    public, label = False, "[ ]"
    explain = _out_of_range

    def forward(xp, x, at, *, dims):
        return xp.read_at(*placed(xp, x, at, dims))

    def grad_x(g, at, x_shape, dims):
        return index_sum.op.raw(g, at, shape=x_shape, dims=dims)

    def samples(t):
        yield case(t(3, 4), t(1, 2, low=0, high=3, dtype="int64"), dims=(0,))
        yield case(t(3, 4), t(2, 5, low=0, high=3, dtype="int64"), dims=(0, 1))
        yield case(t(2, 3, 4), t(2, 5, low=0, high=2, dtype="int64"), dims=(0, 2))

    def errors(t):
        yield case(t(3), t(1, 2, low=7, high=8, dtype="int64"), dims=(0,)), IndexError, "index 7 is out of bounds for dimension 0 with size 3"


@op
class index_sum(Op):
    """Zeros of ``shape`` to which x is added at the positions ``at`` of the dimensions ``dims``: the gradient of ``index``."""

    public = False

    def forward(xp, x, at, *, shape, dims):
        y = zeros(xp, shape, x.dtype)
        xp.add_at(*placed(xp, y, at, dims), x)
        return y

    def grad_x(g, at, dims):
        return index.op.raw(g, at, dims=dims)

    def samples(t):
        yield case(t(2, 4), t(1, 2, low=0, high=3, dtype="int64"), shape=(3, 4), dims=(0,))


@op
class index_put_at(Op):
    """x with ``values`` written (or added) at ``at`` in the dimensions ``dims``.   ∂y/∂x = 1 where nothing was written, ∂y/∂values = 1."""

    public, title, label = False, "IndexPut", "[ ] ="

    def forward(xp, x, at, values, *, dims, accumulate):
        y = x.copy()
        (xp.add_at if accumulate else write_at)(*placed(xp, y, at, dims), values if hasattr(values, "dtype") else held(values, x.dtype))
        return y

    def explain(exc, arrays, params):
        x, at, values = arrays
        if "\n  Try: " in str(exc):
            return None  # it explains itself
        result = shape_at(x.shape, at.shape[1:], params["dims"])
        return _out_of_range(exc, arrays, params) or error("index_value", value=list(getattr(values, "shape", ())), result=result)

    def grad_x(g, at, dims, accumulate):
        return g if accumulate else index_put_at.op.raw(g, at, 0, dims=dims, accumulate=False)

    def grad_values(g, at, dims):
        return index.op.raw(g, at, dims=dims)  # the engine sums what was stretched

    def samples(t):
        at = t(1, 2, low=0, high=1, dtype="int64")
        yield case(t(3, 4), at, t(4), dims=(0,), accumulate=True)
        yield case(t(3, 4), at, 2.5, dims=(1,), accumulate=False)

    def errors(t):
        at = t(1, 2, low=0, high=1, dtype="int64")
        message = "shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape [2, 4]"
        yield case(t(3, 4), at, t(3), dims=(0,), accumulate=False), RuntimeError, message


def write_at(array, key, values):
    """``array[key] = values``, as a function."""
    array[key] = values


def shape_at(shape, at_shape, dims):
    """The shape of ``x[at]``: the index's shape stands where its dimensions were, in front if they were not neighbours."""
    first = dims[0] if dims == tuple(range(dims[0], dims[-1] + 1)) else 0
    rest = [size for dim, size in enumerate(shape) if dim not in dims]
    return [*rest[:first], *at_shape, *rest[first:]]


@op
class places(Op):
    """Where x is not 0: one column of indexes for each such element, shape (ndim, n).   No gradient."""

    public = False

    def forward(xp, x):
        return xp.stack(xp.nonzero(x)) if x.ndim else xp.zeros((0, int(x != 0)), "int64")

    def samples(t):
        yield case(t(2, 3))


def check_same_dtype(x, values):
    """PyTorch converts a written value for a view, but not for an index."""
    if values._a.dtype != x._a.dtype:
        raise error("index_put_dtype", wanted=x.dtype.title, found=values.dtype.title)
