"""Along a dimension: running logarithms of sums, differences of neighbours, areas under curves, both extremes at once."""

from ..core.dtypes import FLOATING
from ..core.errors import error
from ..core.op import Op, Reduction, method, op
from ..core.tensor import Tensor, wrap_dim
from . import return_types
from .arithmetic import abs
from .case import case
from .compare import logical_xor
from .conjugate import is_complex_valued
from .join import cat
from .reduce import canonical_dims, count_of, sum, tied_share
from .scan import bad_scans, cumsum, one_dim, scans
from .select import where_else
from .slicing import narrow
from .statistics import vector_norm
from .transcend import exp, log, log_of_sum

LOWEST = -1e30  # stands for the logarithm of 0: a number, so that differences of two stay numbers


@op
class logcumsumexp(Op):
    r"""Running logarithm of a sum along ``dim``, $y_i = \ln\sum_{j\le i}e^{x_j}$, without overflow.   ∂yᵢ/∂xⱼ = e^(xⱼ − yᵢ) for j ≤ i.

    Source: https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html
    """

    label, samples, errors = "ln Σ… e", scans, bad_scans
    kinds, kernel = "fc", "logcumsumexp_out_cpu"

    def signature(input, dim):
        return input, {"dim": one_dim("logcumsumexp", input, dim), "backward": False}

    def forward(xp, x, *, dim, backward):
        if dim is None:
            return x.copy()
        y = xp.swapaxes(x, dim, 0)
        y = xp.flip(y, 0).copy() if backward else y.copy()
        if x.dtype.kind == "c":  # one after the other: the order decides on the multiple of 2πi
            for i in range(1, y.shape[0]):
                y[i] = log_of_sum(xp, y[i], y[i - 1])
        else:
            step = 1
            while step < y.shape[0]:  # by doubling: after the k-th round each element has met the 2ᵏ before it
                y = xp.concatenate([y[:step], log_of_sum(xp, y[step:], y[:-step])])
                step *= 2
        return xp.swapaxes(xp.flip(y, 0) if backward else y, 0, dim)

    def grad_x(g, x, y, dim, backward):
        if dim is None:
            return g
        # Σ gᵢ·e^(xⱼ − yᵢ) as a running logarithm from the other end, the positive gᵢ and the negative ones apart.
        if is_complex_valued(g):
            return _weighted_sum(g != 0, g, x, y, dim, backward)
        size = abs(g)
        return _weighted_sum(g > 0, size, x, y, dim, backward) - _weighted_sum(g < 0, size, x, y, dim, backward)


def _weighted_sum(chosen, g, x, y, dim, backward):
    """Σ gᵢ·e^(xⱼ − yᵢ) over the chosen i, as the exponential of one running logarithm."""
    logarithm = where_else.op.raw(chosen, log(where_else.op.raw(chosen, g, 1)), LOWEST)
    return exp(logcumsumexp.op.raw(logarithm - y, dim=dim, backward=not backward) + x)


# --- neighbours ---------------------------------------------------------------------------------------------------------------------


@method()
def diff(input, n=1, dim=-1, prepend=None, append=None, *, out=None):
    """Differences of neighbours along ``dim``, yᵢ = xᵢ₊₁ − xᵢ, ``n`` times over.

    >>> import lesson_lib as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])

    Source: https://pytorch.org/docs/stable/generated/torch.diff.html
    """
    if input.ndim == 0:
        raise error("diff_0d")
    if n < 0:
        raise error("diff_order", n=n)
    dim = wrap_dim(dim, input.ndim)
    for end in (prepend, append):
        if end is not None:
            _check_end(input, end, dim)
    ends = [part for part in (prepend, input, append) if part is not None]
    x = cat(ends, dim) if len(ends) > 1 and n else input
    for _ in range(min(n, x.shape[dim])):
        size = max(x.shape[dim] - 1, 0)
        late, early = narrow(x, dim, x.shape[dim] - size, size), narrow(x, dim, 0, size)
        x = logical_xor(late, early) if x.dtype.category == 0 else late - early
    x = x.clone() if x is input else x
    return x if out is None else Tensor._write_out(out, x, "diff")


def _check_end(input, end, dim):
    """PyTorch's error for what cannot stand before or after the input."""
    if end.ndim != input.ndim:
        raise error("diff_ndim")
    for axis, (wanted, found) in enumerate(zip(input.shape, end.shape, strict=True)):
        if axis != dim and wanted != found:
            raise error("diff_shape", axis=axis, wanted=wanted, found=found)


def _strips(name, y, x, dim):
    """The areas of the strips between neighbours: the mean of two heights times their distance; and ``dim`` as a positive number."""
    if y.ndim == 0:
        raise error("slice_0d") if name == "cumulative_trapezoid" else error("dim_of_0d", dim=dim)
    dim = wrap_dim(dim, y.ndim)
    for argument, values in (("y", y), ("x", x)):
        if values is not None and values.dtype.category == 0:
            raise error("trapezoid_bool", name=name, argument=argument)
    size = max(y.shape[dim] - 1, 0)
    heights = narrow(y, dim, 1, size) + narrow(y, dim, 0, size) if size else narrow(y, dim, 0, 0)
    if x is None:
        return heights, dim
    if x.ndim == 0:
        raise error("broadcast", a=size, b=0, dim=dim)
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise error("trapezoid_points", name=name)
        x = x.reshape([-1 if d == dim else 1 for d in range(y.ndim)])
    return heights * diff(x, dim=dim - y.ndim), dim


def trapezoid(y, x=None, *, dx=1, dim=-1):
    r"""The area under a curve by the trapezoidal rule, $\sum_i \frac{y_i+y_{i+1}}2(x_{i+1}-x_i)$, ``dx`` apart without ``x``.

    Source: https://pytorch.org/docs/stable/generated/torch.trapezoid.html
    """
    strips, dim = _strips("trapezoid", y, x, dim)
    if not y.shape[dim]:
        return sum(y.detach(), dim, dtype=y.dtype)
    return sum(strips, dim) * (dx / 2) if x is None else sum(strips, dim) / 2


def cumulative_trapezoid(y, x=None, *, dx=1, dim=-1):
    """The areas up to each point, by the trapezoidal rule. Source: https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html"""
    strips, dim = _strips("cumulative_trapezoid", y, x, dim)
    return cumsum(strips * (dx / 2) if x is None else strips / 2, dim)


trapz = trapezoid


# --- extremes and sizes ----------------------------------------------------------------------------------------------------------------


@op
class aminmax(Reduction):
    """The smallest and the largest element over ``dim``, (min x, max x).   ∂y/∂xᵢ = 1/k for the k elements that equal y.

    Source: https://pytorch.org/docs/stable/generated/torch.aminmax.html
    """

    outputs, n_diff, returns, kinds = ("smallest", "largest"), 2, return_types.aminmax, "biuf"

    def signature(input, *, dim=None, keepdim=False):
        if dim is not None and not hasattr(dim, "__index__"):
            raise error("dim_must_be_int", name="aminmax", argument="dim", type=type(dim).__name__)
        return input, {"dim": canonical_dims("aminmax", input.ndim, dim), "keepdim": keepdim}

    def forward(xp, x, *, dim, keepdim):
        if count_of(x.shape, dim) == 0:
            raise error("aminmax_empty") if dim is None else error("aminmax_empty_dim", dim=dim[0])
        return xp.min(x, axis=dim, keepdims=keepdim), xp.max(x, axis=dim, keepdims=keepdim)

    def grad_x(g, x, smallest, largest, dim, keepdim):
        return tied_share(g[0], x, smallest, dim, keepdim) + tied_share(g[1], x, largest, dim, keepdim)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), dim=1, keepdim=True)

    def errors(t):
        yield case(t(0)), RuntimeError, "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."


@method(inplace=True)
def renorm(input, p, dim, maxnorm, *, out=None):
    """Each slice along ``dim`` shortened to the norm ``maxnorm``, if its p-norm is larger. Source: https://pytorch.org/docs/stable/generated/torch.renorm.html"""
    if input.ndim < 2:
        raise error("renorm_ndim", ndim=input.ndim)
    dim = wrap_dim(dim, input.ndim)
    if p <= 0:
        raise error("renorm_p")
    if maxnorm < 0:
        raise error("renorm_max", maxnorm=maxnorm)
    size = vector_norm(input, p, tuple(d for d in range(input.ndim) if d != dim), True)
    result = input * where_else.op.raw(size > maxnorm, maxnorm / (size + 1e-7), 1)
    return result if out is None else Tensor._write_out(out, result, "renorm")


def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    r"""The distances of all pairs of points, $y_{ij} = (\sum_k|a_{ik}-b_{jk}|^p)^{1/p}$: (…, n, d), (…, m, d) → (…, n, m).

    >>> import lesson_lib as torch
    >>> torch.cdist(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.cdist.html
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dtype.category != FLOATING:
            raise error("cdist_dtype", name=name, dtype=x.dtype.title)
        if x.ndim < 2:
            raise error("cdist_ndim", name=name, ndim=x.ndim)
    if x1.dtype != x2.dtype:
        raise error("dtype_expected", expected=x1.dtype.title, found=x2.dtype.title)
    if p < 0:
        raise error("cdist_p")
    if x1.shape[-1] != x2.shape[-1]:
        raise error("cdist_columns", a=x1.shape[-1], b=x2.shape[-1])
    if compute_mode not in ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"):
        raise error("cdist_mode", found=compute_mode)
    if x1.element_size() == 2:
        raise error("not_implemented_for", kernel="cdist", dtype=x1.dtype.title)
    return vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)
