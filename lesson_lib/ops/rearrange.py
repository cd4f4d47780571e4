"""Copies in another arrangement: reversed, rotated, repeated."""

from operator import index as as_index

from ..core.device import namespace
from ..core.errors import error
from ..core.op import Op, method, op
from ..core.tensor import Tensor, wrap, wrap_dim
from .case import case
from .cast import clone
from .index_vector import index_select
from .reduce import sum
from .view import expand, given_sizes, reshape, sizes_of, unsqueeze, view


@op
class flip(Op):
    """The elements along ``dims`` in reverse order, as a copy: $y_i = x_{n-1-i}$.   ∂y/∂x: the gradient is flipped back.

    Source: https://pytorch.org/docs/stable/generated/torch.flip.html
    """

    def signature(input, *args, dims=None):
        dims = tuple(wrap_dim(dim, input.ndim) for dim in given_sizes("flip", args, dims, "dims"))
        if len(set(dims)) < len(dims):
            raise error("dim_repeated", dim=next(dim for dim in dims if dims.count(dim) > 1))
        return input, {"dims": dims}

    def forward(xp, x, *, dims):
        return xp.flip(x, dims if x.ndim else ()).copy()

    def grad_x(g, dims):
        return flip.op.raw(g, dims=dims)

    def samples(t):
        yield case(t(2, 3), 0)
        yield case(t(2, 3), (0, -1))

    def errors(t):
        yield case(t(2, 3), (0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims"


@method()
def fliplr(input):
    """The columns in reverse order. Source: https://pytorch.org/docs/stable/generated/torch.fliplr.html"""
    if input.ndim < 2:
        raise error("flip_dims", least=2)
    return flip(input, 1)


@method()
def flipud(input):
    """The rows in reverse order. Source: https://pytorch.org/docs/stable/generated/torch.flipud.html"""
    if input.ndim < 1:
        raise error("flip_dims", least=1)
    return flip(input, 0)


@op
class roll(Op):
    """The elements moved along by ``shifts``, those pushed out coming in again at the other end.   ∂y/∂x: the gradient is rolled back.

    Source: https://pytorch.org/docs/stable/generated/torch.roll.html
    """

    def signature(input, shifts, dims=None):
        shifts = sizes_of("roll", (shifts,), "shifts")
        dims = () if dims is None else sizes_of("roll", (dims,), "dims")
        if not shifts:
            raise error("roll_shifts")
        if (not dims and len(shifts) == 1) or not input.numel():
            return input, {"shifts": shifts[:1], "dims": None}
        if dims and not input.ndim:
            raise error("unbind_0d", dim=dims[0])
        if len(shifts) != len(dims):
            raise error("roll_dims", shifts=len(shifts), dims=len(dims))
        return input, {"shifts": shifts, "dims": tuple(wrap_dim(dim, input.ndim) for dim in dims)}

    def forward(xp, x, *, shifts, dims):
        return xp.roll(x, shifts if dims is not None else shifts[0], dims)

    def grad_x(g, shifts, dims):
        return roll.op.raw(g, shifts=tuple(-shift for shift in shifts), dims=dims)

    def samples(t):
        yield case(t(2, 3), 1)
        yield case(t(2, 3), (1, -1), (0, 1))

    def errors(t):
        yield case(t(2, 3), (1, 2), 0), RuntimeError, "shifts and dimensions must align. shifts: 2, dims:1"


@op
class rot90(Op):
    """The plane of two dimensions turned by k·90° from the first towards the second.   ∂y/∂x: the gradient is turned back.

    Source: https://pytorch.org/docs/stable/generated/torch.rot90.html
    """

    def signature(input, k=1, dims=(0, 1)):
        if len(dims) != 2:
            raise error("rot90_count", count=len(dims))
        if input.ndim < 2:
            raise error("rot90_ndim", ndim=input.ndim)
        first, second = (wrap_dim(dim, input.ndim) for dim in dims)
        if first == second:
            raise error("rot90_dims", first=dims[0], second=dims[1])
        return input, {"k": k, "dims": (first, second)}

    def forward(xp, x, *, k, dims):
        return xp.rot90(x, k, dims).copy()

    def grad_x(g, k, dims):
        return rot90.op.raw(g, k=-k, dims=dims)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3, 2), 3, (1, 2))


@op
class repeat(Op):
    """The whole tensor side by side with itself, ``repeats`` times along each dimension (new ones come first).   ∂y/∂x: the copies' sum.

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
    """

    def signature(input, *args, repeats=None):
        repeats = given_sizes("repeat", args, repeats, "repeats")
        if len(repeats) < input.ndim:
            raise error("repeat_few")
        if min(repeats, default=0) < 0:
            shape = [n * size for n, size in zip(repeats, (1,) * (len(repeats) - input.ndim) + tuple(input.shape), strict=True)]
            raise error("negative_dim", size=min(shape), shape=shape)
        return input, {"repeats": repeats}

    def forward(xp, x, *, repeats):
        return xp.tile(x, repeats)

    def grad_x(g, x_shape, repeats):
        sizes = (1,) * (len(repeats) - len(x_shape)) + tuple(x_shape)
        pairs = reshape(g, tuple(n for pair in zip(repeats, sizes, strict=True) for n in pair))  # (copies, size, copies, size, …)
        return reshape(sum(pairs, dim=tuple(range(0, 2 * len(sizes), 2))), x_shape) if sizes else g

    def samples(t):
        yield case(t(2, 3), 2, 1)
        yield case(t(3), 2, 3)
        yield case(t(), 2)

    def errors(t):
        yield case(t(2, 3), 2), RuntimeError, "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"


@method()
def tile(input, *args, dims=None):
    """``repeat`` that fills up missing leading counts with 1. Source: https://pytorch.org/docs/stable/generated/torch.tile.html"""
    dims = given_sizes("tile", args, dims, "dims")
    return repeat(input, (1,) * (input.ndim - len(dims)) + dims)


@method()
def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each element (or slice along ``dim``) ``repeats`` times in a row; ``repeats`` is a number or a tensor with one for each.   ∂y/∂x: the sum.

    >>> import lesson_lib as torch
    >>> torch.repeat_interleave(torch.tensor([1, 2]), torch.tensor([1, 3]))
    tensor([1, 2, 2, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
    """
    if dim is None:
        input, dim = reshape(input, -1), 0
    dim = wrap_dim(dim, input.ndim)
    if isinstance(repeats, Tensor) and repeats.numel() != 1:
        return index_select(input, dim, _interleaved(repeats, dim, input.shape[dim]))
    count = as_index(repeats)
    if count < 0:
        raise error("repeats_negative", message="Repeats must be non-negative")
    shape = tuple(input.shape)
    wide = expand(unsqueeze(input, dim + 1), (*shape[: dim + 1], count, *shape[dim + 1 :]))
    return view(clone.op.raw(wide, order="C"), (*shape[:dim], shape[dim] * count, *shape[dim + 1 :]))


def _interleaved(repeats, dim, size):
    """The index that takes number i ``repeats[i]`` times."""
    if repeats.shape[0] != size:
        raise error("repeats_size", found=repeats.shape[0], dim=dim, size=size)
    if (repeats._a < 0).any():
        raise error("repeats_negative", message="repeats can not be negative")
    xp = namespace(repeats._a)
    ends = xp.cumsum(repeats._a)
    return wrap(xp.searchsorted(ends, xp.arange(int(repeats._a.sum())), side="right"))
