"""How many numbers are spread: quantiles, and medians that step over nan."""

from ..core.errors import error
from ..core.op import Op, method, numpy_spelling, op
from ..core.tensor import Tensor, wrap_dim
from . import return_types
from .case import case
from .data import scalar_tensor
from .gather import gather
from .order import OnePicked, itself, needs_some, order_of, picked, sort
from .rank import check_median
from .reduce import sum, tied_share
from .rounding import ceil, floor
from .scan import one_dim
from .select import clamp, where_else
from .truth import any

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _checked(name, input, q, interpolation):
    """q as a tensor, or PyTorch's error."""
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise error("quantile", name=name, message=f"q must be in the range [0, 1] but got {q:g}")
        q = scalar_tensor(q, dtype=input.dtype).to(input.device)
    messages = [
        (input.numel() == 0, "input tensor must be non-empty"),
        (q.ndim > 1, "q must be a scalar or 1D tensor"),
        (input.dtype.name not in ("float32", "float64"), "input tensor must be either float or double dtype"),
        (q.dtype is not input.dtype, "q tensor must be same dtype as the input tensor"),
        (interpolation not in INTERPOLATIONS, f"interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"),
    ]
    for wrong, message in messages:
        if wrong:
            raise error("quantile", name=name, message=message)
    return q


def _quantile(name, input, q, dim, keepdim, interpolation, skip):
    """The elements at rank q·(n − 1) of the sorted lines, mixed from the two neighbours of a rank between two elements."""
    q = _checked(name, input, q, interpolation)
    whole = dim is None
    axis = 0 if whole else wrap_dim(dim, input.ndim)
    lines = input.reshape(-1) if whole else input.movedim(axis, -1) if input.ndim else input.reshape(1)
    ordered, missing = sort(lines, -1)[0], lines.detach() != lines.detach()
    counts = sum(~missing, -1, keepdim=True)  # (…, 1)
    last = clamp(counts - 1, min=0) if skip else counts * 0 + (lines.shape[-1] - 1)
    ranks = q.reshape(-1) * last  # (…, k)
    if not skip:  # a nan in the line makes every quantile nan: sorting puts it last
        ranks = where_else.op.raw(any(missing, -1, keepdim=True), last.to(ranks.dtype), ranks)
    result = _at_ranks(ordered, ranks, interpolation)
    result = result.movedim(-1, 0)  # the quantiles first, as PyTorch has them
    if keepdim:
        result = result.reshape([-1] + [1] * input.ndim) if whole else result.unsqueeze(axis + 1)
    return result.squeeze(0) if q.ndim == 0 else result


def _at_ranks(ordered, ranks, interpolation):
    if interpolation in ("lower", "higher", "nearest"):
        part = {"lower": floor, "higher": ceil, "nearest": lambda x: x.round()}[interpolation]
        return gather(ordered, -1, part(ranks).long())
    below = floor(ranks)
    share = ranks * 0 + 0.5 if interpolation == "midpoint" else ranks - below
    low, high = gather(ordered, -1, below.long()), gather(ordered, -1, ceil(ranks).long())
    return low + share * (high - low)


@method()
@numpy_spelling
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """The value below which the fraction ``q`` of the elements lies, over ``dim`` or all; with several q they come first.

    >>> import lesson_lib as torch
    >>> torch.quantile(torch.tensor([0., 1., 2., 3.]), 0.5)
    tensor(1.5000)

    Source: https://pytorch.org/docs/stable/generated/torch.quantile.html
    """
    result = _quantile("quantile", input, q, dim, keepdim, interpolation, skip=False)
    return result if out is None else Tensor._write_out(out, result, "quantile")


@method()
@numpy_spelling
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """``quantile`` of what is not nan. Source: https://pytorch.org/docs/stable/generated/torch.nanquantile.html"""
    result = _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip=True)
    return result if out is None else Tensor._write_out(out, result, "nanquantile")


# --- medians ---------------------------------------------------------------------------------------------------------------------------


@op
class nanmedian_dim(OnePicked):
    """The middle element along ``dim`` of what is not nan (the lower of two), y = x₍⌈n/2⌉₎, and its index.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "NanmedianBackward1", "median", return_types.nanmedian

    def forward(xp, x, *, dim, keepdim):
        needs_some("median", x, dim)  # PyTorch names it so
        check_median(x, "median_out")
        if dim is None:
            return itself(xp, x)
        middle = xp.maximum(xp.sum(x == x, axis=dim, keepdims=True) - 1, 0) // 2
        return picked(xp, x, xp.take_along_axis(order_of(xp, x, dim, descending=False), middle, axis=dim), dim, keepdim)


@op
class nanmedian_all(Op):
    """The middle one of all elements that are not nan (the lower of two), y = x₍⌈n/2⌉₎.   ∂y/∂xᵢ = 1/k for the k elements that equal y."""

    public, title, label = False, "Nanmedian", "median"

    def forward(xp, x):
        if x.size == 0:
            return xp.full((), xp.nan, x.dtype)
        check_median(x, "median_cpu")
        middle = xp.maximum(xp.sum(x == x) - 1, 0) // 2
        return xp.sort(x.reshape(-1))[middle]

    def grad_x(g, x, y):
        return tied_share(g, x, y, None, False)

    def samples(t):
        yield case(t(2, 3))


@method()
@numpy_spelling
def nanmedian(input, dim=None, keepdim=False, *, out=None):
    """The middle element of what is not nan (the lower of two); with ``dim`` the middle one along it and its index.

    Source: https://pytorch.org/docs/stable/generated/torch.nanmedian.html
    """
    result = nanmedian_all(input) if dim is None else nanmedian_dim.op.raw(input, dim=one_dim("nanmedian", input, dim), keepdim=keepdim)
    return result if out is None else Tensor._write_out(out, result, "nanmedian")
