"""Spread and size of many elements: variance, standard deviation, norms, logsumexp."""

import math
import warnings

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Reduction, method, op
from .arithmetic import abs
from .case import case
from .conjugate import sgn
from .power import pow
from .reduce import bad_dims, canonical_dims, count_of, mean, restored, sum
from .select import where_else
from .transcend import exp


def _spread_arguments(name, input, dim, unbiased, keepdim, correction):
    """The arguments of var and std, whose second one may be ``dim`` or ``unbiased``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    dims = canonical_dims(name, input.ndim, dim)
    if count_of(input.shape, dims) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel).",
            UserWarning,
            stacklevel=4,
        )
    return input, {"dim": dims, "correction": correction, "keepdim": keepdim}


def _variance(xp, x, dim, correction, keepdim):
    """Σ(x − mean)²/(n − correction)."""
    if x.dtype.kind not in "fc":
        raise error("var_dtype")
    n = count_of(x.shape, dim)
    deviation = x - xp.sum(x, axis=dim, keepdims=True) / n
    return xp.true_divide(xp.sum(_squared(xp, deviation), axis=dim, keepdims=keepdim), max(n - correction, 0))


def _squared(xp, x):
    """|x|², a real number."""
    return xp.absolute(x) ** 2 if x.dtype.kind == "c" else x * x


def _pull(g, x, dim, correction, keepdim):
    """g·2(x − mean)/(n − c): how the variance pulls at each element."""
    freedom = max(count_of(x.shape, dim) - correction, 0)
    scale = 2 / freedom if freedom else math.inf
    return restored(g, x.shape, dim, keepdim) * (x - mean(x, dim, keepdim=True)) * scale


class Spread(Reduction):
    """A measure of how far elements lie apart."""

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1)
        yield case(t(2, 3, 2), (0, -1), correction=0, keepdim=True)
        yield case(t(2, 3), False)

    def errors(t):
        yield from bad_dims(t)
        yield case(t(3, dtype="int64")), RuntimeError, "std and var only support floating point and complex dtypes"


@op
class var(Spread):
    r"""Variance over ``dim``, $y=\frac{1}{n-c}\sum_i (x_i-\bar x)^2$ with c = ``correction`` = 1.   ∂y/∂xᵢ = 2(xᵢ − x̄)/(n − c).

    >>> import lesson_lib as torch
    >>> torch.var(torch.tensor([1., 2., 3.]))
    tensor(1.)

    Source: https://pytorch.org/docs/stable/generated/torch.var.html
    """

    label = "var"

    def signature(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
        return _spread_arguments("var", input, dim, unbiased, keepdim, correction)

    def forward(xp, x, *, dim, correction, keepdim):
        return _variance(xp, x, dim, correction, keepdim)

    def grad_x(g, x, dim, correction, keepdim):
        return _pull(g, x, dim, correction, keepdim)


@op
class std(Spread):
    """Standard deviation over ``dim``, y = √var(x).   ∂y/∂xᵢ = (xᵢ − x̄)/((n − c)·y), and 0 where y = 0.

    >>> import lesson_lib as torch
    >>> torch.std(torch.tensor([1., 2., 3.]))
    tensor(1.)

    Source: https://pytorch.org/docs/stable/generated/torch.std.html
    """

    label = "std"

    def signature(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
        return _spread_arguments("std", input, dim, unbiased, keepdim, correction)

    def forward(xp, x, *, dim, correction, keepdim):
        return xp.sqrt(_variance(xp, x, dim, correction, keepdim))

    def grad_x(g, x, y, dim, correction, keepdim):
        return _pull(where_else.op.raw(y == 0, 0, g / (2 * y)), x, dim, correction, keepdim)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """``(var, mean)`` over ``dim``, y = (var(x), mean(x)).

    >>> import lesson_lib as torch
    >>> torch.var_mean(torch.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))

    Source: https://pytorch.org/docs/stable/generated/torch.var_mean.html
    """
    spread = var(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """``(std, mean)`` over ``dim``, y = (std(x), mean(x)).

    >>> import lesson_lib as torch
    >>> torch.std_mean(torch.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))

    Source: https://pytorch.org/docs/stable/generated/torch.std_mean.html
    """
    spread = std(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


# --- norms ---------------------------------------------------------------------------------------------------------------


def _norm(xp, x, p, dim, keepdim):
    """The p-norm of an array."""
    size = xp.absolute(x)
    fold = {"axis": dim, "keepdims": keepdim}
    if p == 2:
        return xp.sqrt(xp.sum(_squared(xp, x), **fold))
    if p == 1:
        return xp.sum(size, **fold)
    if p == 0:
        return xp.sum(size != 0, dtype=size.dtype, **fold)
    if math.isinf(p):
        return (xp.max if p > 0 else xp.min)(size, **fold)
    return xp.power(xp.sum(xp.power(size, p), **fold), 1 / p)


@op
class vector_norm(Reduction):
    r"""Size of the elements over ``dim`` as one vector, $y = (\sum_i |x_i|^p)^{1/p}$.   ∂y/∂xᵢ = sign(xᵢ)·(|xᵢ|/y)^{p−1}, and 0 at 0.

    p = 2 is the length, 1 the sum of |x|, ∞ the largest |x|, 0 the count of elements other than 0.

    >>> import lesson_lib as torch
    >>> torch.linalg.vector_norm(torch.tensor([3., -4.]), ord=1)
    tensor(7.)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
    """

    title, label, method = "LinalgVectorNorm", "‖x‖", False

    def signature(x, ord=2, dim=None, keepdim=False, *, dtype=None):
        return x, {"p": ord, "dim": canonical_dims("linalg_vector_norm", x.ndim, dim), "keepdim": keepdim, "dtype": dtype and dtype.np}

    def forward(xp, x, *, p, dim, keepdim, dtype):
        if x.dtype.kind not in "fc":
            raise error("norm_dtype", dtype=from_numpy_dtype(x.dtype).title)
        if math.isinf(p) and count_of(x.shape, dim) == 0:
            raise error("norm_empty", p="inf" if p > 0 else "-inf")
        return _norm(xp, x if dtype is None else x.astype(dtype), p, dim, keepdim)

    def grad_x(g, x, y, p, dim, keepdim):
        g, y = restored(g, x.shape, dim, keepdim), restored(y, x.shape, dim, keepdim)
        if p == 0:
            return None  # a count does not change with its elements
        if p == 1:
            return g * sgn(x)
        if p == 2:
            return g * where_else.op.raw(y == 0, 0, x / y)
        if math.isinf(p):
            largest = (abs(x) == y) | ((x != x) & (y != y))
            return g * sgn(x) * largest / sum(largest, dim, keepdim=True)
        return sgn(x) * where_else.op.raw(x == 0, 0, pow(abs(x), p - 1)) * where_else.op.raw(y == 0, 0, g / pow(y, p - 1))

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1, 1)
        yield case(t(2, 3), 3, (0, 1), True)
        yield case(t(2, 3), math.inf, 0)
        yield case(t(2, 3), 1.5)
        yield case(t(2, 3), 0)

    def errors(t):
        yield from bad_dims(t)
        yield case(t(2, dtype="int64")), RuntimeError, "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long"


@method()
def dist(input, other, p=2):
    r"""Norm of the difference, $y = (\sum_i |a_i-b_i|^p)^{1/p}$.

    >>> import lesson_lib as torch
    >>> torch.dist(torch.tensor([0., 0.]), torch.tensor([3., 4.]))
    tensor(5.)

    Source: https://pytorch.org/docs/stable/generated/torch.dist.html
    """
    return vector_norm(input - other, p)


@op
class logsumexp(Reduction):
    r"""$y=\ln\sum_i e^{x_i}$ over ``dim``, without overflow: the largest element is taken out first.   ∂y/∂xᵢ = e^(xᵢ − y), a softmax.

    >>> import lesson_lib as torch
    >>> torch.logsumexp(torch.tensor([1000., 1000.]), dim=0)
    tensor(1000.6932)

    Source: https://pytorch.org/docs/stable/generated/torch.logsumexp.html
    """

    signature = lambda input, dim, keepdim=False: (input, {"dim": canonical_dims("logsumexp", input.ndim, dim), "keepdim": keepdim})  # noqa: E731

    def forward(xp, x, *, dim, keepdim):
        if x.dtype.kind not in "fc":
            x = x.astype("float32")
        largest = xp.max(x.real, axis=dim, keepdims=True) if x.size else xp.zeros((1,) * x.ndim, x.dtype)
        largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))
        y = xp.log(xp.sum(xp.exp(x - largest), axis=dim, keepdims=True)) + largest
        return y if keepdim else xp.squeeze(y, axis=dim)

    def grad_x(g, x, y, dim, keepdim):
        return restored(g, x.shape, dim, keepdim) * exp(x - restored(y, x.shape, dim, keepdim))

    def samples(t):
        yield case(t(2, 3), 1)
        yield case(t(2, 3), (0, 1), True)
        yield case(t(), 0)

    def errors(t):
        yield case(t(2), 1), IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)"
