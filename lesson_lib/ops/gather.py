"""Picking and placing with an index for each element. Each way of picking is the gradient of a way of placing."""

from ..core.errors import error
from ..core.op import Op, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .overwrite import held
from .positions import write_at
from .slicing import slice_
from .view import reshape


def along(xp, at, dim):
    """The key with which ``x[key]`` reads x at ``at`` along ``dim`` and at the same place along the other dimensions."""
    key = []
    for axis, size in enumerate(at.shape):
        key.append(at if axis == dim else xp.arange(size).reshape((-1,) + (1,) * (at.ndim - 1 - axis)))
    return tuple(key)


def lifted(array):
    """A 0-d array as a vector of one element, which is how PyTorch indexes it."""
    return array.reshape(1) if array.ndim == 0 else array


def check_range(xp, at, size, **names):
    """PyTorch's error for an index outside 0 … size−1. (NumPy counts negative ones from the end; a GPU would have to be waited for.)"""
    if xp.name == "numpy" and at.size and not (at.min() >= 0 and at.max() < size):
        kind = names.pop("kind", "index_range")
        raise error(kind, index=int(at[(at < 0) | (at >= size)][0]), size=size, low=0, high=size - 1, **names)


def check_index(name, index, kinds=("int32", "int64")):
    """PyTorch's error for an index of another dtype."""
    if index._a.dtype.name not in kinds:
        raise error("index_dtype", name=name, kinds="int32 or int64" if name == "index_select" else "int32/int64")


def _check_ndim(one, other, name):
    """As many dimensions as ``other`` has; a 0-d tensor counts as a vector."""
    if (one.ndim or 1) != (other.ndim or 1):
        raise error("gather_dims", other=name)


def _sizes(tensor):
    """The sizes of a tensor, (1,) for a 0-d one."""
    return tuple(tensor.shape) or (1,)


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
        if not index.numel():
            return input, index, {"dim": dim}
        check_index("gather", index)
        _check_ndim(index, input, "input")
        for axis, (size, own) in enumerate(zip(_sizes(index), _sizes(input), strict=True)):
            if axis != dim and size > own:
                raise error("gather_size", axis=axis, index=list(index.shape), sizes=list(input.shape), dim=dim)
        return input, index, {"dim": dim}

    def forward(xp, x, index, *, dim):
        if not index.size:
            return xp.zeros(index.shape, x.dtype)
        check_range(xp, index, lifted(x).shape[dim], dim=dim, kind="gather_range")
        return xp.read_at(lifted(x), along(xp, lifted(index), dim)).reshape(index.shape)

    def grad_x(g, index, x_shape, dim):
        return gather_sum.op.raw(g, index, shape=x_shape, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1, t(2, 5, low=0, high=3, dtype="int64"))
        yield case(t(4, 3), 0, t(2, 2, low=0, high=4, dtype="int64"))
        yield case(t(), 0, t(2, low=0, high=1, dtype="int64"))

    def errors(t):
        at = t(2, 1, low=5, high=6, dtype="int64")
        yield case(t(2, 3), 1, at), RuntimeError, "index 5 is out of bounds for dimension 1 with size 3"
        yield case(t(2, 3, 1), 1, at), RuntimeError, "Index tensor must have the same number of dimensions as input tensor"


@op
class gather_sum(Op):
    """Zeros of ``shape`` to which every x is added at its index along ``dim``: the gradient of ``gather``."""

    public = False

    def forward(xp, x, index, *, shape, dim):
        if not index.size:
            return xp.zeros(shape, x.dtype)
        return xp.scatter_add(shape or (1,), along(xp, lifted(index), dim), lifted(x)).reshape(shape)

    def grad_x(g, index, dim):
        return gather.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(2, 5), t(2, 5, low=0, high=3, dtype="int64"), shape=(2, 3), dim=1)


def scatter_arguments(name, input, dim, index, src):
    """The checked arguments of scatter and its relatives, ``src`` cut to the size of ``index``."""
    if not isinstance(src, Tensor) and (not isinstance(src, NUMBERS) or name != "scatter"):
        raise error("operand_type", name=name, argument="src", position=3, type=type(src).__name__)
    dim = wrap_dim(dim, input.ndim)
    if isinstance(src, Tensor) and src._a.dtype != input._a.dtype:
        raise error("scatter_dtype")
    if not index.numel():
        return input, index, src, {"dim": dim}
    check_index("scatter", index)
    _check_ndim(index, input, "self")
    small = all(axis == dim or size <= own for axis, (size, own) in enumerate(zip(_sizes(index), _sizes(input), strict=True)))
    if not isinstance(src, Tensor):
        if not small:
            raise error("scatter_size_value", index=list(index.shape), sizes=list(input.shape), dim=dim)
        return input, index, src, {"dim": dim}
    _check_ndim(index, src, "src")
    if not small or any(size > own for size, own in zip(_sizes(index), _sizes(src), strict=True)):
        raise error("scatter_size", index=list(index.shape), sizes=list(input.shape), dim=dim, src=list(src.shape))
    for axis, size in enumerate(index.shape):
        if src.ndim and size < src.shape[axis]:
            src = slice_(src, axis, 0, size)
    return input, index, src if src.shape == index.shape else reshape(src, index.shape), {"dim": dim}


def place(xp, x, index, src, dim, write):
    """A copy of x in which ``write(array, key, values)`` has put ``src`` where ``index`` says."""
    y = xp.array(x)  # (x.copy() of a number would not be an array)
    if index.size:
        check_range(xp, index, lifted(x).shape[dim], dim=dim, kind="gather_range")
        write(lifted(y), along(xp, lifted(index), dim), lifted(src) if hasattr(src, "ndim") else held(src, x.dtype))
    return y


@op
class scatter(Op):
    """A copy of x in which $y_{i,at_{ij}} = src_{ij}$ for dim = 1.   ∂y/∂x = 1 where nothing was written, ∂y/∂src = 1.

    With ``reduce`` "add" or "multiply" src is added or multiplied instead; PyTorch defines no gradient for that.

    Source: https://pytorch.org/docs/stable/generated/torch.scatter.html
    """

    inplace = True
    overload = lambda inputs, params: int(not isinstance(inputs[2], Tensor))  # noqa: E731

    def signature(input, dim, index, src=None, *, value=None, reduce=None):
        if reduce not in (None, "add", "multiply"):
            raise error("scatter_reduce_two")
        input, index, src, params = scatter_arguments("scatter", input, dim, index, value if src is None else src)
        return input, index, src, {**params, "reduce": reduce}

    def forward(xp, x, index, src, *, dim, reduce):
        write = {None: write_at, "add": xp.add_at, "multiply": xp.multiply.at}[reduce]
        return place(xp, x, index, src, dim, write)

    def grad_x(g, index, dim, reduce):
        if reduce is not None:
            raise error("no_derivative", name="scatter")
        return scatter.op.raw(g, index, 0, dim=dim, reduce=None)

    def grad_src(g, index, dim, reduce):
        if reduce is not None:
            raise error("no_derivative", name="scatter")
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
        return scatter_arguments("scatter_add", input, dim, index, src)

    def forward(xp, x, index, src, *, dim):
        return place(xp, x, index, src, dim, xp.add_at)

    def grad_x(g):
        return g

    def grad_src(g, index, dim):
        return gather.op.raw(g, index, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1, t(2, 5, low=0, high=3, dtype="int64"), t(2, 5))

    def errors(t):
        at = t(2, 1, low=0, high=1, dtype="int64")
        yield case(t(2, 3), 1, at, 1.0), TypeError, "scatter_add(): argument 'src' (position 3) must be Tensor, not float"


def take_along_dim(input, indices, dim=None, *, out=None):
    """``gather`` with broadcasting; without ``dim``, from the flattened input.   ∂y/∂x = 1 for each taking.

    With ``dim`` an index outside counts round and round: -1 is the last one.

    Source: https://pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1), out=out)
    if input.ndim != indices.ndim:
        raise error("take_along_dims", input=input.ndim, indices=indices.ndim)
    dim = wrap_dim(dim, input.ndim)
    own = [1 if axis == dim else size for axis, size in enumerate(input.shape)]
    wanted = [1 if axis == dim else size for axis, size in enumerate(indices.shape)]
    joint = [max(a, b) for a, b in zip(own, wanted, strict=True)]
    full = lambda tensor: tensor.expand([-1 if axis == dim else size for axis, size in enumerate(joint)])  # noqa: E731
    size = input.shape[dim] if input.ndim else 1
    return gather(full(input), dim, full(indices % size if size else indices), out=out)


Tensor.take_along_dim = take_along_dim
