"""Slices along one dimension by a vector of indexes: picked, added, copied, filled. And elements counted through the whole tensor."""

from math import prod

from ..core.blocks import copy_of
from ..core.errors import error
from ..core.op import Op, op
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .cast import zeros_as
from .gather import check_index, check_range, lifted
from .overwrite import held
from .positions import index_sum, write_at
from .view import reshape, unsqueeze


def in_dim(dim, at):
    """The key with which ``x[key]`` reads x at the vector ``at`` along ``dim``."""
    return (slice(None),) * dim + (at,)


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
        check_index("index_select", index)
        if input.ndim == 0 and index.shape[0] != 1:
            raise error("index_select_0d", count=index.shape[0])
        return input, index, {"dim": dim}

    def forward(xp, x, index, *, dim):
        check_range(xp, index, x.shape[dim] if x.ndim else 1, kind="index_self")
        return xp.take(x, index, axis=dim) if x.ndim else x.copy()  # x[:, index] would leave the result's memory in another order

    def grad_x(g, index, x_shape, dim):
        return index_sum.op.raw(g, index[None], shape=x_shape, dims=(dim,)) if x_shape else g

    def samples(t):
        yield case(t(3, 4), 0, t(5, low=0, high=3, dtype="int64"))
        yield case(t(3, 4), 1, t(2, low=0, high=3, dtype="int64"))

    def errors(t):
        yield case(t(3), 0, t(1, low=7, high=8, dtype="int64")), IndexError, "index out of range in self"


def _index_of(name, input, dim, index, kinds=("int32", "int64")):
    """(dim, index as a vector) after the checks that index_add, index_copy and index_reduce have in common."""
    dim = wrap_dim(dim, input.ndim)
    if index.ndim > 1:
        raise error(name + "_vector", ndim=index.ndim, type=index.dtype.title, size=list(index.shape))
    if index._a.dtype.name not in kinds:
        raise error(name + "_index", type=index.dtype.title)
    return dim, index if index.ndim else unsqueeze(index, 0)


def _check_dtype_and_count(name, input, dim, index, source):
    if source._a.dtype != input._a.dtype:
        raise error(name + "_dtype", a=input.dtype.title, b=source.dtype.title)
    count = source.shape[dim] if source.ndim else 1
    if index.shape[0] != count:
        raise error(name + "_count", index=index.shape[0], source=count, dim=dim)


def slices_to_add(name, input, dim, index, source):
    """(dim, index) after the checks of index_add and index_reduce."""
    dim, index = _index_of(name, input, dim, index)
    _check_dtype_and_count(name, input, dim, index, source)
    own, given = (tuple(tensor.shape) for tensor in (input, source))
    if len(own) != len(given) or own[:dim] + own[dim + 1 :] != given[:dim] + given[dim + 1 :]:
        raise error("index_source", a=list(own), b=list(given))
    return dim, index


def _written(xp, x, index, source, dim, write):
    """A copy of x in which ``write(array, key, values)`` has put ``source`` into the slices that ``index`` names."""
    y = copy_of(xp, x)
    write(lifted(y), in_dim(dim, index), source)
    return y


@op
class index_add(Op):
    """A copy of x with α times the slices of ``source`` added to those that ``index`` names.   ∂y/∂x = 1, ∂y/∂source = α.

    Source: https://pytorch.org/docs/stable/generated/torch.index_add.html
    """

    inplace = True

    def signature(input, dim, index, source, *, alpha=1):
        dim, index = slices_to_add("index_add", input, dim, index, source)
        return input, index, source, {"dim": dim, "alpha": alpha}

    def forward(xp, x, index, source, *, dim, alpha):
        check_range(xp, index, lifted(x).shape[dim], dim=dim, kind="gather_range" if x.ndim > 1 else "index_self")
        return _written(xp, x, index, source if alpha == 1 else source * held(alpha, x.dtype), dim, xp.add_at)

    def grad_x(g):
        return g

    def grad_source(g, index, source_shape, dim, alpha):
        slices = index_select.op.raw(g, index, dim=dim)
        return reshape(slices if alpha == 1 else slices * alpha, source_shape)

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
        dim, index = _index_of("index_copy", input, dim, index, ("int64",))
        if input.ndim and source.ndim and input.ndim != source.ndim:
            raise error("index_copy_ndim", a=source.ndim, b=input.ndim)
        _check_dtype_and_count("index_copy", input, dim, index, source)
        own, given = (tuple(tensor.shape)[:dim] + tuple(tensor.shape)[dim + 1 :] for tensor in (input, source))
        if own != given:
            raise error("index_copy_slices", own=" ".join(map(str, own)), given=" ".join(map(str, given)), dim=dim)
        return input, index, source, {"dim": dim}

    def forward(xp, x, index, source, *, dim):
        check_range(xp, index, lifted(x).shape[dim], dim=dim, kind="index_copy_range")
        return _written(xp, x, index, source, dim, write_at)

    def grad_x(g, index, dim):
        return index_fill.op.raw(g, index, 0, dim=dim)

    def grad_source(g, index, source_shape, dim):
        return reshape(index_select.op.raw(g, index, dim=dim), source_shape)

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
        if index.ndim > 1:
            raise error("index_fill_vector")
        dim, index = _vector("index_fill_", input, dim, index)
        if index._a.dtype.name != "int64":
            raise error("index_fill_index")
        if getattr(value, "ndim", 0):
            raise error("index_fill_value", ndim=value.ndim)
        if isinstance(value, complex) and not input.is_complex():
            raise error("index_fill_complex")
        return input, index, value, {"dim": dim}

    def forward(xp, x, index, value, *, dim):
        size = lifted(x).shape[dim]
        check_range(xp, xp.where(index < 0, index + size, index), size, dim=dim)  # here negative indexes count from the end
        return _written(xp, x, index, value if hasattr(value, "ndim") else held(value, x.dtype), dim, write_at)

    def grad_x(g, index, dim):
        return index_fill.op.raw(g, index, 0, dim=dim)

    def grad_value(g, index, dim):
        return g - index_fill.op.raw(g, index, 0, dim=dim)  # the engine sums; an index that comes up twice counts once

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


@op
class put(Op):
    """x with ``source`` written (or added) at the places ``index`` of the flattened x.   ∂y/∂x = 1 where nothing was written,  ∂y/∂source = 1.

    >>> import lesson_lib as torch
    >>> torch.zeros(2, 2).put(torch.tensor([0, -1]), torch.tensor([5.0, 7.0]))
    tensor([[5., 0.],
            [0., 7.]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.put.html
    """

    inplace, half = True, "exact"

    def signature(input, index, source, accumulate=False):
        for argument, position, value in (("index", 1, index), ("source", 2, source)):
            if not hasattr(value, "_a"):
                raise error("operand_type", name="put_", argument=argument, position=position, type=type(value).__name__)
        if index._a.dtype.name != "int64":
            raise error("put_index", dtype=index.dtype.title)
        if source._a.dtype != input._a.dtype:
            raise error("put_dtype", mine=input.dtype.title, other=source.dtype.title)
        if source._a.size != index._a.size:
            raise error("put_count", source=source._a.size, index=index._a.size)
        if index._a.size and not input._a.size:
            raise error("put_empty")
        return input, index, source, {"accumulate": bool(accumulate)}

    def forward(xp, x, index, source, *, accumulate):
        y = x.reshape(-1).copy()
        (xp.add_at if accumulate else write_at)(y, index.reshape(-1), source.reshape(-1))
        return y.reshape(x.shape)

    def explain(exc, arrays, params):
        return take.op.explain(exc, arrays[:2], params)

    def grad_x(g, index, accumulate):
        return g if accumulate else put.op.raw(g, index, zeros_as.op.raw(take.op.raw(g, index)), accumulate=False)

    def grad_source(g, index, source_shape):
        return reshape(take.op.raw(g, index), source_shape)

    def samples(t):
        at = t(2, low=0, high=3, dtype="int64")
        yield case(t(2, 3), at, t(2), True)
        yield case(t(2, 3), t(1, low=0, high=3, dtype="int64"), t(1))

    def errors(t):
        message = "put_(): Expected source and index to have the same number of elements, but got source.numel() = 2, index.numel() = 1"
        yield case(t(2, 3), t(1, low=0, high=3, dtype="int64"), t(2)), IndexError, message
