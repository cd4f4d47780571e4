"""Elements by their rank or frequency, and running extremes: medians, modes, k-th values, largest so far."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Op, method, numpy_spelling, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .order import OnePicked, Ordered, bad_scans_of_k, itself, needs_some, order_of, picked
from .reduce import tied_share
from .scan import bad_scans, one_dim, scans


@op
class kthvalue(OnePicked):
    """The k-th smallest element along ``dim`` (k counts from 1) and its index, y = x₍ₖ₎.   ∂y/∂x = 1 there.

    >>> import lesson_lib as torch
    >>> torch.kthvalue(torch.tensor([3, 1, 2]), 2).values
    tensor(2)

    Source: https://pytorch.org/docs/stable/generated/torch.kthvalue.html
    """

    returns, kinds = return_types.kthvalue, "iuf"

    def signature(input, k, dim=-1, keepdim=False):
        dim = one_dim("kthvalue", input, dim)
        needs_some("kthvalue", input, dim)
        if not 1 <= k <= (1 if dim is None else input.shape[dim]):
            raise error("kth_range", dim=dim or 0)
        return input, {"k": k, "dim": dim, "keepdim": keepdim}

    def forward(xp, x, *, k, dim, keepdim):
        if dim is None:
            return itself(xp, x)
        rank = (slice(None),) * dim + (slice(k - 1, k),)
        return picked(xp, x, order_of(xp, x, dim, descending=False)[rank], dim, keepdim)

    def samples(t):
        yield case(t(2, 4), 2)
        yield case(t(4, 2), 3, 0, True)

    def errors(t):
        yield case(t(2, 3), 4), RuntimeError, "kthvalue(): selected number k out of range for dimension 1"
        yield from bad_scans_of_k(t)


def check_median(x, kernel):
    """PyTorch's error for what has no middle."""
    if x.dtype.kind in "bc":
        raise error("not_implemented_for", kernel=kernel, dtype=from_numpy_dtype(x.dtype).title)


@op
class median_dim(OnePicked):
    """The middle element along ``dim`` (the lower of two) and its index, y = x₍⌈n/2⌉₎; nan if there is one.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MedianBackward1", "median", return_types.median

    def forward(xp, x, *, dim, keepdim):
        needs_some("median", x, dim)
        check_median(x, "median_out")
        if dim is None:
            return itself(xp, x)
        middle = (x.shape[dim] - 1) // 2
        indices = order_of(xp, x, dim, descending=False)[(slice(None),) * dim + (slice(middle, middle + 1),)]
        missing = x != x
        first_missing = xp.argmax(missing, axis=dim, keepdims=True)
        return picked(xp, x, xp.where(xp.any(missing, axis=dim, keepdims=True), first_missing, indices), dim, keepdim)


@op
class median_all(Op):
    """The middle one of all elements (the lower of two), y = x₍⌈n/2⌉₎; nan if there is one.   ∂y/∂xᵢ = 1/k for the k elements that equal y."""

    public, title, label = False, "Median", "median"

    def forward(xp, x):
        if x.size == 0:
            return xp.full((), xp.nan, x.dtype)
        check_median(x, "median_cpu")
        middle = xp.sort(x.reshape(-1))[(x.size - 1) // 2]
        return xp.where(xp.any(x != x), xp.asarray(xp.nan, dtype=x.dtype), middle) if x.dtype.kind == "f" else middle

    def grad_x(g, x, y):
        return tied_share(g, x, y, None, False, equal_nan=True)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 2))


@method()
@numpy_spelling
def median(input, dim=None, keepdim=False, *, out=None):
    """The middle element (the lower of two), y = x₍⌈n/2⌉₎; with ``dim`` the middle one along it and its index.

    >>> import lesson_lib as torch
    >>> torch.median(torch.tensor([4, 1, 3, 2]))
    tensor(2)

    Source: https://pytorch.org/docs/stable/generated/torch.median.html
    """
    result = median_all(input) if dim is None else median_dim.op.raw(input, dim=one_dim("median", input, dim), keepdim=keepdim)
    return result if out is None else Tensor._write_out(out, result, "median")


@op
class mode(OnePicked):
    """The commonest element along ``dim`` (the smallest of equally common ones) and its last index, y = mode x.   ∂y/∂x = 1 there.

    >>> import lesson_lib as torch
    >>> torch.mode(torch.tensor([3, 1, 3, 2])).values
    tensor(3)

    Source: https://pytorch.org/docs/stable/generated/torch.mode.html
    """

    returns, kinds = return_types.mode, "biuf"
    signature = lambda input, dim=-1, keepdim=False: (input, {"dim": one_dim("mode", input, dim), "keepdim": keepdim})  # noqa: E731

    def forward(xp, x, *, dim, keepdim):
        needs_some("mode", x, dim)
        if dim is None:
            return itself(xp, x)
        ranked = xp.sort(xp.swapaxes(x, dim, -1), axis=-1)
        counts = xp.sum(ranked[..., :, None] == ranked[..., None, :], axis=-1)  # of each pair: is it the same number?
        commonest = xp.take_along_axis(ranked, xp.argmax(counts, axis=-1, keepdims=True), axis=-1)
        hits = xp.flip(x == xp.swapaxes(commonest, dim, -1), dim)
        return picked(xp, x, x.shape[dim] - 1 - xp.argmax(hits, axis=dim, keepdims=True), dim, keepdim)

    def samples(t):
        yield case(t(2, 5, low=0, high=3))
        yield case(t(5, 2), 0, True)


# --- running extremes --------------------------------------------------------------------------------------------------


def _running_signature(name):
    """The signature of cummax and cummin, which look at ``dim`` only where there is something to compare."""

    def signature(input, dim):
        if input.ndim == 0 and dim not in (0, -1):
            raise error("running_0d", name=name, dim=dim)
        return input, {"dim": one_dim(name, input, dim) if input.numel() else 0}

    return signature


def _running(xp, x, dim, later_wins):
    """Running winners by doubling: after the k-th round each element has met the 2ᵏ before it. Every library can do this in parallel."""
    if dim is None:
        return itself(xp, x)
    values = xp.swapaxes(x, dim, 0).copy()
    indices = xp.zeros(values.shape, "int64") + xp.arange(values.shape[0]).reshape((-1,) + (1,) * (x.ndim - 1))
    step = 1
    while step < values.shape[0]:
        early, late = values[:-step], values[step:]
        wins = later_wins(late, early) | (late != late)
        values = xp.concatenate([values[:step], xp.where(wins, late, early)])
        indices = xp.concatenate([indices[:step], xp.where(wins, indices[step:], indices[:-step])])
        step *= 2
    return xp.swapaxes(values, 0, dim), xp.swapaxes(indices, 0, dim)


@op
class cummax(Ordered):
    """The largest element so far along ``dim`` and its index, yᵢ = max(x₁, …, xᵢ); the last of equal ones.   ∂yᵢ/∂x = 1 there.

    >>> import lesson_lib as torch
    >>> torch.cummax(torch.tensor([1, 3, 2]), dim=0).values
    tensor([1, 3, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.cummax.html
    """

    returns, samples, errors = return_types.cummax, scans, bad_scans
    kinds, signature = "biuf", _running_signature("cummax")

    def forward(xp, x, *, dim):
        return _running(xp, x, dim, lambda late, early: late >= early)


@op
class cummin(Ordered):
    """The smallest element so far along ``dim`` and its index, yᵢ = min(x₁, …, xᵢ); the last of equal ones.   ∂yᵢ/∂x = 1 there.

    >>> import lesson_lib as torch
    >>> torch.cummin(torch.tensor([3, 1, 2]), dim=0).values
    tensor([3, 1, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.cummin.html
    """

    returns, samples, errors = return_types.cummin, scans, bad_scans
    kinds, signature = "biuf", _running_signature("cummin")

    def forward(xp, x, *, dim):
        return _running(xp, x, dim, lambda late, early: late <= early)
