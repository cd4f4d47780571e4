"""``torch.masked``: reductions and normalisations that see only the elements where ``mask`` is True; without a mask, all of them.

Each fills the other elements with what changes nothing (0 in a sum, 1 in a product, −∞ under a maximum) and runs the plain function. The mask is
stretched to the input's shape. Filled elements get the gradient 0.
"""

import math

from ..core import dtypes
from ..core.errors import error
from . import product, quantiles, reduce, scan, statistics, transcend
from . import softmax as plain_softmax
from .conjugate import conj
from .create import full_like, ones_like
from .power import sqrt as square_root
from .select import maximum, where_else
from .truth import any
from .view import broadcast_to


def _shown(input, mask, fill):
    """The input with ``fill`` where the mask is False."""
    if mask is None:
        return input
    return where_else.op.raw(_mask_for(input, mask), input, fill)


def _mask_for(input, mask):
    """The mask as bools in the input's shape."""
    if mask.ndim > input.ndim:
        raise error("mask_dims")
    if mask.shape != input.shape:
        mask = broadcast_to(mask, input.shape)
    return mask.bool()


def _lowest(name, input, mask):
    """What no maximum takes: −∞, or the smallest integer."""
    return _extreme(name, input, mask, -math.inf, "min")


def _highest(name, input, mask):
    """What no minimum takes: ∞, or the largest integer."""
    return _extreme(name, input, mask, math.inf, "max")


def _extreme(name, input, mask, infinite, end):
    if input.dtype.category == dtypes.INTEGER:
        return getattr(dtypes.iinfo(input.dtype), end)
    if input.dtype.category == dtypes.BOOL and mask is not None:
        raise error("mask_identity", name=name, dtype=input.dtype)
    return infinite


def _count(input, dim, keepdim, mask):
    """How many elements are seen."""
    return sum(ones_like(input, dtype=dtypes.int64).detach(), dim, keepdim=keepdim, mask=mask)


def _sum_dtype(input, dtype):
    return dtype or (dtypes.int64 if input.dtype.category < dtypes.FLOATING else input.dtype)


# --- reductions ----------------------------------------------------------------------------------------------------------------


def sum(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The sum of the seen elements over ``dim``, y = Σ mᵢ·xᵢ.

    >>> import lesson_lib as torch
    >>> torch.masked.sum(torch.tensor([1., 2., 4.]), mask=torch.tensor([True, False, True]))
    tensor(5.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return reduce.sum(_shown(input, mask, 0), dim, keepdim, dtype=_sum_dtype(input, dtype))


def prod(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The product of the seen elements over ``dim``; 1 if there is none.

    >>> import lesson_lib as torch
    >>> torch.masked.prod(torch.tensor([3., 2., 4.]), mask=torch.tensor([True, False, True]))
    tensor(12.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    result, dtype = _shown(input, mask, 1), _sum_dtype(input, dtype)
    dims = reduce.canonical_dims("prod", input.ndim, dim) or tuple(range(input.ndim))
    for d in sorted(dims, reverse=True):  # one after the other: prod itself takes one dimension
        result = product.prod(result, d, keepdim, dtype=dtype)
    return result.to(dtype)


def amax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The largest seen element over ``dim``; −∞ if there is none.

    >>> import lesson_lib as torch
    >>> torch.masked.amax(torch.tensor([1., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(4.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    dims = reduce.canonical_dims("amax", input.ndim, dim) or tuple(range(input.ndim))
    return reduce.amax(_shown(input, mask, _lowest("amax", input, mask)), dims, keepdim).to(dtype or input.dtype)


def amin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The smallest seen element over ``dim``; ∞ if there is none.

    >>> import lesson_lib as torch
    >>> torch.masked.amin(torch.tensor([1., 0., 4.]), mask=torch.tensor([True, False, True]))
    tensor(1.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    dims = reduce.canonical_dims("amin", input.ndim, dim) or tuple(range(input.ndim))
    return reduce.amin(_shown(input, mask, _highest("amin", input, mask)), dims, keepdim).to(dtype or input.dtype)


def argmax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The index of the largest seen element along ``dim``, as a number of the input's dtype (PyTorch casts it so).

    >>> import lesson_lib as torch
    >>> torch.masked.argmax(torch.tensor([1., 9., 4.]), mask=torch.tensor([True, False, True]), dtype=torch.int64)
    tensor(2)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return reduce.argmax(_shown(input, mask, _lowest("argmax", input, mask)), dim, keepdim).to(dtype or input.dtype)


def argmin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The index of the smallest seen element along ``dim``, as a number of the input's dtype (PyTorch casts it so).

    >>> import lesson_lib as torch
    >>> torch.masked.argmin(torch.tensor([7., 0., 4.]), mask=torch.tensor([True, False, True]), dtype=torch.int64)
    tensor(2)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return reduce.argmin(_shown(input, mask, _highest("argmin", input, mask)), dim, keepdim).to(dtype or input.dtype)


def mean(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The average of the seen elements over ``dim``, y = Σ mᵢ·xᵢ / Σ mᵢ; nan if there is none.

    >>> import lesson_lib as torch
    >>> torch.masked.mean(torch.tensor([1., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(2.5000)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    if dtype is None and input.dtype.category < dtypes.FLOATING:
        raise error("mask_mean", dtype=input.dtype)
    return sum(input, dim, keepdim=keepdim, dtype=dtype, mask=mask) / _count(input, dim, keepdim, mask)


def median(input, dim=-1, *, keepdim=False, dtype=None, mask=None):
    """The middle one of the seen elements along ``dim`` (the lower of two); nan if there is none. An element that is nan is not seen.

    >>> import lesson_lib as torch
    >>> torch.masked.median(torch.tensor([1., 9., 4., 5.]), mask=torch.tensor([True, False, True, True]))
    tensor(4.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    floats = input if input.is_floating_point() else input.float()
    result = quantiles.nanmedian(_shown(floats, mask, math.nan), dim, keepdim).values
    if floats is input:
        return result
    if any(result != result):
        raise error("mask_median")
    return result.to(dtype or input.dtype)


def norm(input, ord=2.0, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The ``ord``-norm of the seen elements over ``dim``.

    >>> import lesson_lib as torch
    >>> torch.masked.norm(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(5.)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return statistics.vector_norm(_shown(input, mask, math.inf if ord == -math.inf else 0), ord, dim, keepdim, dtype=dtype)


def _spread(input, dim, unbiased, correction, keepdim, dtype, mask):
    """The variance of the seen elements, from their mean and their count."""
    if unbiased is not None and correction is not None:
        raise error("mask_correction")
    if correction is None:
        correction = 0 if unbiased is False else 1
    dtype = dtype or (input.dtype if input.dtype.category >= dtypes.FLOATING else dtypes.float32)
    centre = sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / _count(input, dim, True, mask)
    deviation = input - centre
    total = sum(deviation * conj(deviation), dim, keepdim=keepdim, dtype=dtype, mask=mask)
    count = _count(input, dim, keepdim, mask)
    return (total / maximum(count - correction, count * 0)).to(dtype)


def var(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The variance of the seen elements over ``dim``, y = Σ mᵢ·(xᵢ − x̄)² / (Σ mᵢ − c) with c = ``correction`` = 1.

    >>> import lesson_lib as torch
    >>> torch.masked.var(torch.tensor([1., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(4.5000)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The standard deviation of the seen elements over ``dim``, y = √var.

    >>> import lesson_lib as torch
    >>> torch.masked.std(torch.tensor([1., 9., 4.]), correction=0, mask=torch.tensor([True, False, True]))
    tensor(1.5000)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return square_root(_spread(input, dim, unbiased, correction, keepdim, dtype, mask))


def logsumexp(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """ln Σ mᵢ·e^xᵢ over ``dim``; −∞ if nothing is seen.

    >>> import lesson_lib as torch
    >>> torch.masked.logsumexp(torch.tensor([1., 9., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor(1.6931)

    Source: https://pytorch.org/docs/stable/masked.html
    """
    dims = reduce.canonical_dims("logsumexp", input.ndim, dim) or tuple(range(input.ndim))
    return statistics.logsumexp(_shown(input, mask, _lowest("logsumexp", input, mask)), dims, keepdim).to(dtype or input.dtype)


# --- element by element ----------------------------------------------------------------------------------------------------------


def softmax(input, dim, *, dtype=None, mask=None):
    """Probabilities of the seen elements along ``dim``; 0 for the others, nan where nothing is seen.

    >>> import lesson_lib as torch
    >>> torch.masked.softmax(torch.tensor([1., 9., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return plain_softmax.softmax(_shown(input, mask, _lowest("amax", input, mask)), dim, dtype=dtype)


def log_softmax(input, dim, *, dtype=None, mask=None):
    """The logarithms of ``softmax``.

    >>> import lesson_lib as torch
    >>> torch.masked.log_softmax(torch.tensor([1., 9., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([-0.6931,    -inf, -0.6931])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return plain_softmax.log_softmax(_shown(input, mask, _lowest("amax", input, mask)), dim, dtype=dtype)


def softmin(input, dim, *, dtype=None, mask=None):
    """``softmax`` of −x.

    >>> import lesson_lib as torch
    >>> torch.masked.softmin(torch.tensor([1., 0., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return plain_softmax.softmax(-_shown(input, mask, _highest("amin", input, mask)), dim, dtype=dtype)


def normalize(input, ord, dim, *, eps=1e-12, dtype=None, mask=None):
    """The seen elements divided by their norm along ``dim`` (by ``eps``, if that is larger); 0 for the others.

    >>> import lesson_lib as torch
    >>> torch.masked.normalize(torch.tensor([3., 9., 4.]), 2.0, 0, mask=torch.tensor([True, False, True]))
    tensor([0.6000, 0.0000, 0.8000])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _shown(input, mask, 0) / maximum(size, full_like(size.detach(), eps))


def cumsum(input, dim, *, dtype=None, mask=None):
    """The running sum of the seen elements along ``dim``.

    >>> import lesson_lib as torch
    >>> torch.masked.cumsum(torch.tensor([1., 9., 4.]), 0, mask=torch.tensor([True, False, True]))
    tensor([1., 1., 5.])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return scan.cumsum(_shown(input, mask, 0), dim, dtype=dtype or input.dtype)


def cumprod(input, dim, *, dtype=None, mask=None):
    """The running product of the seen elements along ``dim``.

    >>> import lesson_lib as torch
    >>> torch.masked.cumprod(torch.tensor([2., 9., 4.]), 0, mask=torch.tensor([True, False, True]))
    tensor([2., 2., 8.])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    return product.cumprod(_shown(input, mask, 1), dim, dtype=dtype or input.dtype)


def logaddexp(input, other, *, dtype=None, input_mask=None, other_mask=None):
    """ln(eᵃ + eᵇ) of the elements that are seen; −∞ where neither is.

    >>> import lesson_lib as torch
    >>> torch.masked.logaddexp(torch.tensor([1., 1.]), torch.tensor([1., 1.]), other_mask=torch.tensor([True, False]))
    tensor([1.6931, 1.0000])

    Source: https://pytorch.org/docs/stable/masked.html
    """
    a = _shown(input, input_mask, _lowest("logaddexp", input, input_mask))
    b = _shown(other, other_mask, _lowest("logaddexp", other, other_mask))
    return transcend.logaddexp(a, b).to(dtype or input.dtype)
