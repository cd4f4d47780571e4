"""Picking and placing by index along one dimension. Each way of picking is the gradient of a way of placing."""

from math import prod

from ..core.errors import error
from ..core.op import Op, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .positions import index_sum, write_at
from .slicing import slice_
from .view import reshape, unsqueeze


def along(xp, at, dim):
    """The key with which ``x[key]`` reads x at ``at`` along ``dim`` and at the same place along the other dimensions."""
    key = []
    for axis, size in enumerate(at.shape):
        key.append(at if axis == dim else xp.arange(size).reshape((-1,) + (1,) * (at.ndim - 1 - axis)))
    return tuple(key)


def in_dim(dim, at):
    """The key with which ``x[key]`` reads x at the vector ``at`` along ``dim``."""
    return (slice(None),) * dim + (at,)


def check_range(xp, at, size, **names):
    """PyTorch's error for an index outside 0 … size−1. (NumPy counts negative ones from the end; a GPU would have to be waited for.)"""
    if xp.name == "numpy" and at.size and not (at.min() >= 0 and at.max() < size):
        kind = names.pop("kind", "index_range")
        raise error(kind, index=int(at[(at < 0) | (at >= size)][0]), size=size, low=0, high=size - 1, **names)


def _check_index(name, index, kinds=("int32", "int64")):
    if index._a.dtype.name not in kinds:
        raise error("index_dtype", name=name, kinds="int32 or int64" if name == "index_select" else "int32/int64")


# --- gather and scatter: one index for each element -------------------------------------------------------------------


@op
class gather(Op):
    """$y_{ij} = x_{i,at_{ij}}$ for dim = 1: each element of ``index`` says which element along ``dim`` to take.   ∂y/∂x = 1 for each taking.

    >>> import lesson_lib as torch
    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])

    Source: https://pytorch.org/docs/stable/generated/torch.gather.html
    """

    def signature(input, dim, index, *, sparse_grad=False):
        dim = wrap_dim(dim, input.ndim)
        _check_index("gather", index)
        if index.ndim != input.ndim:
            raise error("gather_dims", other="input")
        for axis, (size, own) in enumerate(zip(index.shape, input.shape, strict=True)):
            if axis != dim and size > own:
                raise error("gather_size", axis=axis, index=list(index.shape), sizes=list(input.shape), dim=dim)
        return input, index, {"dim": dim}

    def forward(xp, x, index, *, dim):
        if x.ndim == 0:
            return x.copy()
        check_range(xp, index, x.shape[dim], dim=dim, kind="gather_range")
        return x[along(xp, index, dim)]

    def grad_x(g, index, x_shape, dim):
        return gather_sum.op.raw(g, index, shape=x_shape, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1, t(2, 5, low=0, high=3, dtype="int64"))
        yield case(t(4, 3), 0, t(2, 2, low=0, high=4, dtype="int64"))

    def errors(t):
        at = t(2, 1, low=5, high=6, dtype="int64")
        yield case(t(2, 3), 1, at), RuntimeError, "index 5 is out of bounds for dimension 1 with size 3"
        yield case(t(2, 3, 1), 1, at), RuntimeError, "Index tensor must have the same number of dimensions as input tensor"


@op
class gather_sum(Op):
    """Zeros of ``shape`` to which every x is added at its index along ``dim``: the gradient of ``gather``."""

    public = False

    def forward(xp, x, index, *, shape, dim):
        return xp.scatter_add(shape, along(xp, index, dim) if shape else (), x)

    def grad_x(g, index, dim):
        return gather.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(2, 5), t(2, 5, low=0, high=3, dtype="int64"), shape=(2, 3), dim=1)


def _scatter_arguments(name, input, dim, index, src):
    """The checked arguments of scatter and scatter_add, ``src`` cut to the size of ``index``."""
    dim = wrap_dim(dim, input.ndim)
    _check_index("scatter", index)
    if index.ndim != input.ndim:
        raise error("gather_dims", other="self")
    bounds = [axis == dim or size <= own for axis, (size, own) in enumerate(zip(index.shape, input.shape, strict=True))]
    if not isinstance(src, Tensor):
        if not isinstance(src, NUMBERS) or name == "scatter_add":
            raise error("operand_type", name=name, argument="src", position=3, type=type(src).__name__)
        return input, index, src, {"dim": dim}
    if src._a.dtype != input._a.dtype:
        raise error("scatter_dtype")
    if index.ndim != src.ndim:
        raise error("gather_dims", other="src")
    if not all(bounds) or any(size > own for size, own in zip(index.shape, src.shape, strict=True)):
        raise error("scatter_size", index=list(index.shape), sizes=list(input.shape), dim=dim, src=list(src.shape))
    for axis, size in enumerate(index.shape):
        if size < src.shape[axis]:
            src = slice_(src, axis, 0, size)
    return input, index, src, {"dim": dim}


@op
class scatter(Op):
    """A copy of x in which $y_{i,at_{ij}} = src_{ij}$ for dim = 1.   ∂y/∂x = 1 where nothing was written, ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.scatter.html
    """

    inplace = True
    overload = lambda inputs, params: int(not isinstance(inputs[2], Tensor))  # noqa: E731

    def signature(input, dim, index, src=None, *, value=None):
        return _scatter_arguments("scatter", input, dim, index, value if src is None else src)

    def forward(xp, x, index, src, *, dim):
        check_range(xp, index, x.shape[dim], dim=dim, kind="gather_range")
        y = x.copy()
        write_at(y, along(xp, index, dim), src)
        return y

    def grad_x(g, index, dim):
        return scatter.op.raw(g, index, 0, dim=dim)

    def grad_src(g, index, dim):
        return gather.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1, t(2, 1, low=0, high=3, dtype="int64"), t(2, 1))
        yield case(t(2, 3), 1, t(2, 1, low=0, high=3, dtype="int64"), t(2, 4))
        yield case(t(2, 3), 0, t(1, 3, low=0, high=2, dtype="int64"), 5.0)

    def errors(t):
        yield case(t(2, 3), 1, t(2, 1, low=5, high=6, dtype="int64"), 1.0), RuntimeError, "index 5 is out of bounds for dimension 1 with size 3"


@op
class scatter_add(Op):
    """A copy of x to which every ``src`` was added: $y_{i,at_{ij}}$ += $src_{ij}$ for dim = 1.   ∂y/∂x = 1, ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.scatter_add.html
    """

    inplace = True

    def signature(input, dim, index, src):
        return _scatter_arguments("scatter_add", input, dim, index, src)

    def forward(xp, x, index, src, *, dim):
        check_range(xp, index, x.shape[dim], dim=dim, kind="gather_range")
        y = x.copy()
        xp.add.at(y, along(xp, index, dim), src)
        return y

    def grad_x(g):
        return g

    def grad_src(g, index, dim):
        return gather.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1, t(2, 5, low=0, high=3, dtype="int64"), t(2, 5))

    def errors(t):
        at = t(2, 1, low=0, high=1, dtype="int64")
        yield case(t(2, 3), 1, at, 1.0), TypeError, "scatter_add(): argument 'src' (position 3) must be Tensor, not float"


def take_along_dim(input, indices, dim=None):
    """``gather`` with broadcasting; without ``dim``, from the flattened input.   ∂y/∂x = 1 for each taking.

    Source: https://pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    if input.ndim != indices.ndim:
        raise error("take_along_dims", input=input.ndim, indices=indices.ndim)
    dim = wrap_dim(dim, input.ndim)
    own = [1 if axis == dim else size for axis, size in enumerate(input.shape)]
    wanted = [1 if axis == dim else size for axis, size in enumerate(indices.shape)]
    joint = [max(a, b) for a, b in zip(own, wanted, strict=True)]
    full = lambda tensor: tensor.expand(*(-1 if axis == dim else size for axis, size in enumerate(joint)))  # noqa: E731
    return gather(full(input), dim, full(indices))


Tensor.take_along_dim = take_along_dim


# --- a vector of indexes along one dimension ---------------------------------------------------------------------------


def _vector(name, input, dim, index):
    """(dim, index as a vector) of the ``index_*`` functions."""
    dim = wrap_dim(dim, input.ndim)
    if index.ndim > 1:
        raise error("index_vector", name=name)
    return dim, index if index.ndim else unsqueeze(index, 0)


@op
class index_select(Op):
    """The slices of x along ``dim`` that ``index`` names, as a copy.   ∂y/∂x = 1 for each time that a slice was taken.

    Source: https://pytorch.org/docs/stable/generated/torch.index_select.html
    """

    def signature(input, dim, index):
        dim, index = _vector("index_select", input, dim, index)
        _check_index("index_select", index)
        return input, index, {"dim": dim}

    def forward(xp, x, index, *, dim):
        check_range(xp, index, x.shape[dim] if x.ndim else 1, kind="index_self")
        return x[in_dim(dim, index)] if x.ndim else x.copy()

    def grad_x(g, index, x_shape, dim):
        return index_sum.op.raw(g, index[None], shape=x_shape, dims=(dim,)) if x_shape else g

    def samples(t):
        yield case(t(3, 4), 0, t(5, low=0, high=3, dtype="int64"))
        yield case(t(3, 4), 1, t(2, low=0, high=3, dtype="int64"))

    def errors(t):
        yield case(t(3), 0, t(1, low=7, high=8, dtype="int64")), IndexError, "index out of range in self"


def _checked_source(name, input, dim, index, source):
    """The common checks of index_add and index_copy."""
    dim, index = _vector(name + "_", input, dim, index)
    _check_index(name + "_", index)
    if source._a.dtype != input._a.dtype:
        raise error(name + "_dtype", a=input.dtype.title, b=source.dtype.title)
    count = source.shape[dim] if source.ndim else 1
    if index.shape[0] != count:
        raise error(name + "_count", index=index.shape[0], source=count, dim=dim)
    others = [shape[:dim] + shape[dim + 1 :] for shape in (tuple(input.shape), tuple(source.shape))]
    if others[0] != others[1]:
        raise error("index_source", name=name, a=list(input.shape), b=list(source.shape))
    return dim, index


@op
class index_add(Op):
    """A copy of x with α times the slices of ``source`` added to those that ``index`` names.   ∂y/∂x = 1, ∂y/∂source = α.

    Source: https://pytorch.org/docs/stable/generated/torch.index_add.html
    """

    inplace = True

    def signature(input, dim, index, source, *, alpha=1):
        dim, index = _checked_source("index_add", input, dim, index, source)
        return input, index, source, {"dim": dim, "alpha": alpha}

    def forward(xp, x, index, source, *, dim, alpha):
        check_range(xp, index, x.shape[dim], dim=dim, kind="gather_range")
        y = x.copy()
        xp.add.at(y, in_dim(dim, index), source if alpha == 1 else source * alpha)
        return y

    def grad_x(g):
        return g

    def grad_source(g, index, dim, alpha):
        return index_select.op.raw(g, index, dim=dim) * alpha

    def samples(t):
        yield case(t(3, 4), 0, t(2, low=0, high=3, dtype="int64"), t(2, 4))
        yield case(t(3, 4), 1, t(3, low=0, high=3, dtype="int64"), t(3, 3), alpha=2)


@op
class index_copy(Op):
    """A copy of x with the slices that ``index`` names replaced by those of ``source``.   ∂y/∂x = 1 elsewhere, ∂y/∂source = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html
    """

    inplace = True

    def signature(input, dim, index, source):
        dim, index = _checked_source("index_copy", input, dim, index, source)
        return input, index, source, {"dim": dim}

    def forward(xp, x, index, source, *, dim):
        check_range(xp, index, x.shape[dim], dim=dim, kind="index_copy_range")
        y = x.copy()
        write_at(y, in_dim(dim, index), source)
        return y

    def grad_x(g, index, dim):
        return index_fill.op.raw(g, index, 0, dim=dim)

    def grad_source(g, index, dim):
        return index_select.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(3, 4), 0, t(1, low=0, high=3, dtype="int64"), t(1, 4))


@op
class index_fill(Op):
    """A copy of x with ``value`` in the slices along ``dim`` that ``index`` names.   ∂y/∂x = 1 elsewhere, ∂y/∂value = 1 there, summed.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html
    """

    inplace = True
    overload = lambda inputs, params: int(isinstance(inputs[2], Tensor))  # noqa: E731

    def signature(input, dim, index, value):
        dim, index = _vector("index_fill_", input, dim, index)
        if getattr(value, "ndim", 0):
            raise error("index_fill_value", ndim=value.ndim)
        return input, index, value, {"dim": dim}

    def forward(xp, x, index, value, *, dim):
        size = x.shape[dim]
        check_range(xp, xp.where(index < 0, index + size, index), size, dim=dim)  # here negative indexes count from the end
        y = x.copy()
        write_at(y, in_dim(dim, index), value)
        return y

    def grad_x(g, index, dim):
        return index_fill.op.raw(g, index, 0, dim=dim)

    def grad_value(g, index, dim):
        return index_select.op.raw(g, index, dim=dim)  # the engine sums

    def samples(t):
        yield case(t(3, 4), 0, t(1, low=0, high=3, dtype="int64"), 2.5)
        yield case(t(3, 4), 1, t(1, low=0, high=3, dtype="int64"), t())


@op
class take(Op):
    """The elements of the flattened x that ``index`` names, in the shape of ``index``.   ∂y/∂x = 1 for each taking.

    Source: https://pytorch.org/docs/stable/generated/torch.take.html
    """

    def signature(input, index):
        if index._a.dtype.name != "int64":
            raise error("take_dtype", dtype=index.dtype.title)
        return input, index, {}

    def forward(xp, x, index):
        return x.reshape(-1)[index]

    def explain(exc, arrays, params):
        x, index = arrays
        wrong = index[(index < -x.size) | (index >= x.size)]
        return error("take_range", index=int(wrong.flat[0]), size=x.size) if wrong.size else None

    def grad_x(g, index, x_shape):
        return reshape(index_sum.op.raw(g, index[None], shape=(prod(x_shape),), dims=(0,)), x_shape)

    def samples(t):
        yield case(t(2, 3), t(4, low=0, high=6, dtype="int64"))

    def errors(t):
        message = "out of range: tried to access index 9 on a tensor of 6 elements."
        yield case(t(2, 3), t(1, low=9, high=10, dtype="int64")), IndexError, message
