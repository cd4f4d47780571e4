"""Softmax and its logarithm: scores into probabilities."""

from math import prod

from ..core.blocks import row_blocks
from ..core.device import namespace
from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Op, op
from .case import case
from .cast import asked_dtype
from .reduce import sum
from .scan import bad_scans, one_dim
from .transcend import exp, log


def _check_floats(x, dim, name):
    if x.size and x.dtype.kind != "f":  # PyTorch does not look at an empty tensor
        last = "_lastdim" if dim in (None, x.ndim - 1) else ""
        raise error("not_implemented_for", kernel=f"{name}{last}_kernel_impl", dtype=from_numpy_dtype(x.dtype).title)


def around(x, dim):
    """x as (…, C) or (…, C, …): what ``dim`` counts is in the middle, with one dimension before and at most one after it."""
    if not x.ndim:
        return x.reshape(1, 1)
    before, after = prod(x.shape[:dim]), prod(x.shape[dim + 1 :])
    return x.reshape(before, x.shape[dim]) if after == 1 else x.reshape(before, x.shape[dim], after)


def blocks_of(xp, x):
    """Slices of a few rows each of what ``around`` gives, to be taken from start to end while they are in the cache."""
    return row_blocks(xp, x.reshape(len(x), -1))


def filled(xp, like, dim, fill, *arrays):
    """A new array like ``like``. ``fill(part, *parts)`` writes a few rows of it at a time, out of the same rows of the arrays."""
    result = xp.empty(like.shape, like.dtype)
    if result.size:
        out, *arrays = (around(array, dim) for array in (result, *arrays))
        for at in blocks_of(xp, out):
            fill(out[at], *(array[at] for array in arrays))
    return result


def shifted(x, dim):
    """x minus its largest element along ``dim``, for Tensors: softmax does not change and ``exp`` cannot overflow."""
    return x - x.amax(dim, keepdim=True).detach()


def _signature(name):
    def signature(input, dim, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, name)
        return input, {"dim": one_dim(name, input, dim), "dtype": dtype}

    return signature


class Normalised(Op):
    """Scores along one dimension turned into a distribution."""

    errors = bad_scans

    def samples(t):
        yield case(t(2, 3), 1)
        yield case(t(2, 3, 2), -2)
        yield case(t(), 0)
        yield case(t(0, 3, dtype="float32"), 1)


@op
class softmax(Normalised):
    r"""Probabilities along ``dim``, $y_i = e^{x_i} / \sum_j e^{x_j}$.   ∂yᵢ/∂xⱼ = yᵢ([i=j] − yⱼ), so x's gradient is y·(g − Σ g·y).

    >>> import lesson_lib as torch
    >>> torch.softmax(torch.tensor([1., 1.]), dim=0)
    tensor([0.5000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """

    signature = _signature("softmax")

    def forward(xp, x, *, dim, dtype):
        x = x if dtype is None else x.astype(dtype)
        _check_floats(x, dim, "softmax")

        def fill(y, x):
            xp.subtract(x, xp.max(x, axis=1, keepdims=True), out=y)
            xp.exp(y, out=y)
            y /= xp.sum(y, axis=1, keepdims=True)

        return filled(xp, x, dim, fill, x)

    def composite(x, *, dim, dtype):
        e = exp(shifted(x if dtype is None else x.to(dtype), dim))
        return e / sum(e, dim, keepdim=True)

    def grad_x(g, y, dim):
        return y * (g - sum(g * y, dim, keepdim=True))

    def fast_grad_x(g, y, dim):
        xp = namespace(g)

        def fill(dx, g, y):
            mean = xp.row_dots(g, y) if y.ndim == 2 else xp.sum(g * y, axis=1, keepdims=True)
            xp.subtract(g, mean, out=dx)
            dx *= y

        return filled(xp, y, dim, fill, g, y)


@op
class log_softmax(Normalised):
    r"""Logarithms of probabilities, $y_i = x_i - \ln\sum_j e^{x_j}$.   ∂yᵢ/∂xⱼ = [i=j] − e^{yⱼ}, so x's gradient is g − e^y·Σ g.

    >>> import lesson_lib as torch
    >>> torch.log_softmax(torch.tensor([1., 1.]), dim=0)
    tensor([-0.6931, -0.6931])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    """

    signature = _signature("log_softmax")

    def forward(xp, x, *, dim, dtype):
        x = x if dtype is None else x.astype(dtype)
        _check_floats(x, dim, "log_softmax")

        def fill(y, x):
            xp.subtract(x, xp.max(x, axis=1, keepdims=True), out=y)
            y -= xp.log(xp.sum(xp.exp(y), axis=1, keepdims=True))

        return filled(xp, x, dim, fill, x)

    def composite(x, *, dim, dtype):
        z = shifted(x if dtype is None else x.to(dtype), dim)
        return z - log(sum(exp(z), dim, keepdim=True))

    def grad_x(g, y, dim):
        return g - exp(y) * sum(g, dim, keepdim=True)

    def fast_grad_x(g, y, dim):
        xp = namespace(g)

        def fill(dx, g, y):
            xp.exp(y, out=dx)
            dx *= xp.sum(g, axis=1, keepdims=True)
            xp.subtract(g, dx, out=dx)

        return filled(xp, y, dim, fill, g, y)
