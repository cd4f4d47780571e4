"""Reductions: dimensions folded into one number each."""

from math import prod as product_of

from ..core.dtypes import COMPLEX, from_numpy_dtype
from ..core.errors import error, typename
from ..core.op import Reduction, op
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .cast import asked_dtype
from .view import expand, reshape


def canonical_dims(name, ndim, dim):
    """``dim`` as None (all) or a tuple of numbers from 0 to ndim−1; an empty tuple means all, as in PyTorch."""
    if dim is None:
        return None
    if hasattr(dim, "__index__") and not isinstance(dim, Tensor):
        dim = wrap_dim(int(dim), ndim)
        return (dim,) if ndim else ()
    if not isinstance(dim, tuple | list):
        raise error("arguments", name=name, types=f"Tensor, {typename(dim)}")
    dims = tuple(wrap_dim(d, ndim) for d in dim) or tuple(range(ndim))
    if len(set(dims)) < len(dims):
        raise error("dim_repeated", dim=next(d for d in dims if dims.count(d) > 1))
    return dims if ndim else ()


def _dims_with_elements(name, shape, dim):
    """``canonical_dims``, or PyTorch's error for one that has no elements to choose from."""
    whole = dim is None or (isinstance(dim, tuple | list) and not dim)
    dims = canonical_dims(name, len(shape), None if whole else dim)
    if 0 in shape and whole:
        raise error("empty_reduce_all", name=name)
    if 0 in shape:
        for d in dim if isinstance(dim, tuple | list) else (dim,):
            if shape[d] == 0:
                raise error("empty_reduce", name=name, dim=d)
    return dims


def count_of(shape, dim):
    """How many elements are folded into one."""
    return product_of(shape if dim is None else [shape[d] for d in dim])


def restored(y, shape, dim, keepdim):
    """A result (or its gradient) with the reduced dimensions back, of size 1, so that it broadcasts against the input."""
    if keepdim or not shape:
        return y
    return reshape(y, tuple(1 if dim is None or d in dim else size for d, size in enumerate(shape)))


def spread(g, shape, dim, keepdim):
    """The gradient handed to every element that was folded."""
    return expand.op.raw(restored(g, shape, dim, keepdim), size=shape)


def reductions(t):
    """All dimensions, one, several, kept or not; 0-d and empty inputs."""
    yield case(t(2, 3))
    yield case(t(2, 3), 1)
    yield case(t(2, 3, 2), (0, -1), True)
    yield case(t(), 0)
    yield case(t(0, 3), dim=1)


def bad_dims(t):
    """Dimensions that do not exist, or come twice."""
    yield case(t(2, 3), dim=5), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 5)"
    yield case(t(2, 3), dim=(0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims"


def by_dim(inputs, params):
    """PyTorch's overloads: 0 for the whole tensor, 1 with ``dim``."""
    return int(params["dim"] is not None or params["keepdim"])


def wide(x, dtype):
    """The dtype in which sums and products are taken: the wanted one; int64 for bools and integers."""
    return dtype or ("int64" if x.dtype.kind in "biu" else x.dtype)


@op
class sum(Reduction):
    r"""Sum over ``dim`` (all dimensions if it is not given), $y=\sum_i x_i$.   ∂y/∂xᵢ = 1.

    >>> import lesson_lib as torch
    >>> torch.sum(torch.tensor([[1, 2], [3, 4]]), dim=0)
    tensor([4, 6])

    Source: https://pytorch.org/docs/stable/generated/torch.sum.html
    """

    label, overload, errors = "Σ", by_dim, bad_dims

    def signature(input, dim=None, keepdim=False, *, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "sum")
        return input, {"dim": canonical_dims("sum", input.ndim, dim), "keepdim": keepdim, "dtype": dtype}

    def forward(xp, x, *, dim, keepdim, dtype):
        return xp.sum(x, axis=dim, dtype=wide(x, dtype), keepdims=keepdim)

    def grad_x(g, x_shape, dim, keepdim):
        return spread(g, x_shape, dim, keepdim)

    samples = reductions


@op
class mean(Reduction):
    r"""Average over ``dim``, $y=\frac1n\sum_i x_i$.   ∂y/∂xᵢ = 1/n.

    >>> import lesson_lib as torch
    >>> torch.mean(torch.tensor([1., 2., 6.]))
    tensor(3.)

    Source: https://pytorch.org/docs/stable/generated/torch.mean.html
    """

    label, overload = "x̄", by_dim

    def signature(input, dim=None, keepdim=False, *, dtype=None):
        if dtype is not None and dtype.category < 2:
            raise error("mean_dtype_asked", dtype=dtype.title)
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "mean")
        return input, {"dim": canonical_dims("mean", input.ndim, dim), "keepdim": keepdim, "dtype": dtype}

    def forward(xp, x, *, dim, keepdim, dtype):
        if dtype is None and x.dtype.kind not in "fc":
            raise error("mean_dtype", dtype=from_numpy_dtype(x.dtype).title)
        return xp.true_divide(xp.sum(x, axis=dim, dtype=dtype, keepdims=keepdim), count_of(x.shape, dim))

    def grad_x(g, x_shape, dim, keepdim):
        return spread(g / count_of(x_shape, dim), x_shape, dim, keepdim)

    def samples(t):
        yield from reductions(t)

    def errors(t):
        yield from bad_dims(t)
        yield case(t(2, dtype="int64")), RuntimeError, "mean(): could not infer output dtype. Input dtype must be either a floating point or complex"


@op
class sum_to_size(Reduction):
    """Undo broadcasting: add up whatever was stretched, until the shape is ``size``.   ∂y/∂x = 1.

    The engine uses it for every gradient of a tensor that was broadcast.

    >>> import lesson_lib as torch
    >>> torch.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html
    """

    title, method = "SumBackward1", False

    def signature(input, *size):
        size = tuple(size[0]) if len(size) == 1 and not hasattr(size[0], "__index__") else size
        lead = input.ndim - len(size)
        if lead < 0 or [have for have, want in zip(input.shape[lead:], size) if want not in (1, have)]:
            raise error("sum_to_size", size=list(size), shape=list(input.shape))
        return input, {"size": size}

    def forward(xp, x, *, size):
        lead = x.ndim - len(size)
        dims = tuple(range(lead)) + tuple(d for d in range(lead, x.ndim) if size[d - lead] == 1 and x.shape[d] != 1)
        return xp.sum(x, axis=dims, dtype=wide(x, None), keepdims=True).reshape(size)

    def grad_x(g, x_shape):
        return expand.op.raw(g, size=x_shape)

    def samples(t):
        yield case(t(2, 3), (1, 3))
        yield case(t(2, 3), 2, 1)

    def errors(t):
        yield case(t(2, 3), 2), RuntimeError, "size {[2]} is not expandable to size {[2, 3]}."


def _sum_to_size(self, *size):
    """Sums of what broadcasting would stretch: the tensor added up to the shape ``size``; the tensor itself if it has that shape.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html
    """
    _, params = sum_to_size.op.signature(self, *size)
    size = params["size"]
    if not size:
        return sum(self)
    if size == tuple(self.shape):
        return self
    total = sum_to_size.op.raw(self, size=(1,) * (self.ndim - len(size)) + size)
    return total if len(size) == self.ndim else reshape(total, size)


_sum_to_size.__name__ = "sum_to_size"
Tensor.sum_to_size = _sum_to_size


# --- the largest, the smallest -----------------------------------------------------------------------------------------


def tied_share(g, x, y, dim, keepdim, equal_nan=False):
    """The gradient in equal parts to all elements that equal the extreme."""
    y = restored(y, x.shape, dim, keepdim)
    tied = (x == y) | ((x != x) & (y != y)) if equal_nan else x == y
    return restored(g, x.shape, dim, keepdim) * tied / sum(tied, dim, keepdim=True)


class Extreme(Reduction):
    """The largest or smallest element over any dimensions; equal ones share the gradient."""

    kinds = "biuf"

    def grad_x(g, x, y, dim, keepdim):
        return tied_share(g, x, y, dim, keepdim)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1)
        yield case(t(2, 3, 2), (0, -1), True)
        yield case(t(), 0)


@op
class amax(Extreme):
    """The largest element over ``dim``, y = max x.   ∂y/∂xᵢ = 1/k for the k elements that equal y.

    >>> import lesson_lib as torch
    >>> torch.amax(torch.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([5., 7.])

    Source: https://pytorch.org/docs/stable/generated/torch.amax.html
    """

    kernel = "max_values_cpu"

    def signature(input, dim=(), keepdim=False):
        return input, {"dim": _dims_with_elements("amax", input.shape, dim), "keepdim": keepdim}

    def forward(xp, x, *, dim, keepdim):
        return xp.max(x, axis=dim, keepdims=keepdim)

    def errors(t):
        yield from bad_dims(t)
        yield case(t(0, 2)), RuntimeError, "amax(): Expected reduction dim to be specified for input.numel() == 0."
        yield case(t(0, 2), 0), IndexError, "amax(): Expected reduction dim 0 to have non-zero size."


@op
class amin(Extreme):
    """The smallest element over ``dim``, y = min x.   ∂y/∂xᵢ = 1/k for the k elements that equal y.

    >>> import lesson_lib as torch
    >>> torch.amin(torch.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([1., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.amin.html
    """

    kernel = "min_values_cpu"

    def signature(input, dim=(), keepdim=False):
        return input, {"dim": _dims_with_elements("amin", input.shape, dim), "keepdim": keepdim}

    def forward(xp, x, *, dim, keepdim):
        return xp.min(x, axis=dim, keepdims=keepdim)


def _none_of_all(name):
    """NumPy's error for an empty maximum, as PyTorch words it."""
    return lambda exc, arrays, params: None if arrays[0].size else error("empty_reduce_all", name=name)


class WholeExtreme(Extreme):
    """The largest or smallest of all elements; if that is nan, the nan share the gradient."""

    public = False
    samples = lambda t: (case(t(2, 3), dim=None, keepdim=False), case(t(), dim=None, keepdim=False))  # noqa: E731

    def grad_x(g, x, y, dim, keepdim):
        return tied_share(g, x, y, dim, keepdim, equal_nan=True)


@op
class max_all(WholeExtreme):
    """The largest of all elements, y = max x: what ``max(x)`` is without ``dim``.   ∂y/∂xᵢ = 1/k for the k elements that equal y."""

    title, label, kernel, explain = "MaxBackward1", "max", "max_all", _none_of_all("max")
    forward = amax.op.forward


@op
class min_all(WholeExtreme):
    """The smallest of all elements, y = min x: what ``min(x)`` is without ``dim``.   ∂y/∂xᵢ = 1/k for the k elements that equal y."""

    title, label, kernel, explain = "MinBackward1", "min", "min_all", _none_of_all("min")
    forward = amin.op.forward


class Position(Reduction):
    """The position of an extreme element: an index, so no gradient. Of equal elements it is the first."""

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1)
        yield case(t(2, 3), 0, True)
        yield case(t(), 0)


def _signature(name):
    """The signature of argmax and argmin, with PyTorch's errors."""

    def signature(input, dim=None, keepdim=False):
        if dim is not None and not hasattr(dim, "__index__"):
            raise error("dim_type", name=name, argument="dim", position=2, type=type(dim).__name__)
        if input.dtype.category == 0:
            raise error("no_bool", name=name)
        if input.dtype.category == COMPLEX:
            raise error("complex_input", name=name)
        dims = canonical_dims(name, input.ndim, dim)
        if input.shape.numel() == 0 and (dims is None or input.shape[dims[0]] == 0):
            raise error("empty_position_all", name=name) if dims is None else error("empty_reduce", name=name, dim=dims[0])
        return input, {"dim": dims[0] if dims else None, "keepdim": keepdim}

    return signature


@op
class argmax(Position):
    """The index of the largest element along ``dim`` (in the flattened tensor without it), y = argmax x; the first of equal ones.

    >>> import lesson_lib as torch
    >>> torch.argmax(torch.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([1, 0])

    Source: https://pytorch.org/docs/stable/generated/torch.argmax.html
    """

    signature = _signature("argmax")

    def forward(xp, x, *, dim, keepdim):
        return xp.argmax(x, axis=dim, keepdims=keepdim)

    def errors(t):
        yield case(t(2, 3), 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"
        yield case(t(0, 2)), IndexError, "argmax(): Expected reduction dim to be specified for input.numel() == 0."
        yield case(t(0, 2), 0), IndexError, "argmax(): Expected reduction dim 0 to have non-zero size."
        yield case(t(2), (0,)), TypeError, "argmax(): argument 'dim' (position 2) must be int, not tuple"
        yield case(t(2, dtype="bool")), RuntimeError, "argmax(): does not support bool input"


@op
class argmin(Position):
    """The index of the smallest element along ``dim`` (in the flattened tensor without it), y = argmin x; the first of equal ones.

    >>> import lesson_lib as torch
    >>> torch.argmin(torch.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([0, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.argmin.html
    """

    signature = _signature("argmin")

    def forward(xp, x, *, dim, keepdim):
        return xp.argmin(x, axis=dim, keepdims=keepdim)
