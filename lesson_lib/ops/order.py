"""Order: largest and smallest along a dimension, sorting, medians. Each picks elements, so the gradient goes to those it picked."""

from ..core.errors import error, typename
from ..core.op import Op, method, numpy_spelling, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .gather import gather_sum
from .reduce import max_all, min_all, restored, tied_share
from .scan import bad_scans, one_dim, scans
from .select import maximum, minimum


class Picked(Op):
    """Elements picked along one dimension, with their indices.   ∂y/∂x = 1 for a picked element, else 0."""

    outputs = ("values", "indices")


class OnePicked(Picked):
    """One element of each line along ``dim``."""

    def grad_x(g, indices, x_shape, dim, keepdim):
        if dim is None:  # a 0-d tensor
            return g
        g, indices = restored(g, x_shape, (dim,), keepdim), restored(indices, x_shape, (dim,), keepdim)
        return gather_sum.op.raw(g, indices, shape=x_shape, dim=dim)

    def samples(t):
        yield case(t(2, 3), dim=1, keepdim=False)
        yield case(t(2, 3), dim=0, keepdim=True)
        yield case(t(), dim=None, keepdim=False)


def _picked(xp, x, indices, dim, keepdim):
    """The elements at ``indices`` (which have size 1 along ``dim``), and the indices."""
    values = xp.take_along_axis(x, indices, axis=dim)
    return (values, indices) if keepdim else (xp.squeeze(values, axis=dim), xp.squeeze(indices, axis=dim))


def _itself(xp, x):
    """A 0-d tensor's only element, at index 0."""
    return x.copy(), xp.zeros((), "int64")


def _check_some(name, x, dim):
    """An empty dimension has nothing to pick."""
    if dim is not None and x.shape[dim] == 0:
        raise error("empty_reduce", name=name, dim=dim)


# --- largest, smallest ------------------------------------------------------------------------------------------------------


@op
class max_dim(OnePicked):
    """The largest element along ``dim`` and its index, y = max x; the first of equal ones.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MaxBackward0", "max", return_types.max

    def forward(xp, x, *, dim, keepdim):
        _check_some("max", x, dim)
        return _itself(xp, x) if dim is None else _picked(xp, x, xp.argmax(x, axis=dim, keepdims=True), dim, keepdim)


@op
class min_dim(OnePicked):
    """The smallest element along ``dim`` and its index, y = min x; the first of equal ones.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MinBackward0", "min", return_types.min

    def forward(xp, x, *, dim, keepdim):
        _check_some("min", x, dim)
        return _itself(xp, x) if dim is None else _picked(xp, x, xp.argmin(x, axis=dim, keepdims=True), dim, keepdim)


def _extreme(name, input, dim, keepdim, other, whole, along, pairwise):
    """The three functions that PyTorch calls ``max`` (or ``min``)."""
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return pairwise(input, other)
    if dim is None:
        return whole.op.raw(input, dim=None, keepdim=False)
    if not hasattr(dim, "__index__"):
        raise error("arguments", name=name, types=f"Tensor, {typename(dim)}")
    return along.op.raw(input, dim=one_dim(name, input, dim), keepdim=keepdim)


@method()
@numpy_spelling
def max(input, dim=None, keepdim=False, *, other=None, out=None):
    """The largest element, y = max x; with ``dim`` the largest along it and its index; with a second tensor the larger of each two.

    Without ``dim`` equal elements share the gradient; with it the first of them gets it all.

    >>> import lesson_lib as torch
    >>> torch.max(torch.tensor([[1., 5.], [7., 2.]]), dim=1).indices
    tensor([1, 0])

    Source: https://pytorch.org/docs/stable/generated/torch.max.html
    """
    result = _extreme("max", input, dim, keepdim, other, max_all, max_dim, maximum)
    return result if out is None else Tensor._write_out(out, result, "max")


@method()
@numpy_spelling
def min(input, dim=None, keepdim=False, *, other=None, out=None):
    """The smallest element, y = min x; with ``dim`` the smallest along it and its index; with a second tensor the smaller of each two.

    Source: https://pytorch.org/docs/stable/generated/torch.min.html
    """
    result = _extreme("min", input, dim, keepdim, other, min_all, min_dim, minimum)
    return result if out is None else Tensor._write_out(out, result, "min")


# --- sorting ------------------------------------------------------------------------------------------------------------------


def _order(xp, x, dim, descending):
    """The indices that sort ``x`` along ``dim``; equal elements keep their order, nan counts as the largest."""
    if not descending:
        return xp.argsort(x, axis=dim, kind="stable")
    backward = xp.argsort(xp.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - xp.flip(backward, dim)


class Ordered(Picked):
    """Many elements of each line along ``dim``, in order."""

    def grad_x(g, indices, x_shape, dim):
        return g if dim is None else gather_sum.op.raw(g, indices, shape=x_shape, dim=dim)


@op
class sort(Ordered):
    """The elements along ``dim`` in ascending (or descending) order, y₁ ≤ y₂ ≤ …, and where each came from.   ∂y/∂x = 1 from where it came.

    >>> import lesson_lib as torch
    >>> torch.sort(torch.tensor([3, 1, 2])).indices
    tensor([1, 2, 0])

    Source: https://pytorch.org/docs/stable/generated/torch.sort.html
    """

    returns, errors = return_types.sort, bad_scans
    overload = lambda inputs, params: int(params["stable"] is not None)  # noqa: E731

    def signature(input, dim=-1, descending=False, *, stable=None):
        return input, {"dim": one_dim("sort", input, dim), "descending": descending, "stable": stable}

    def forward(xp, x, *, dim, descending, stable):
        if dim is None:
            return _itself(xp, x)
        indices = _order(xp, x, dim, descending)
        return xp.take_along_axis(x, indices, axis=dim), indices

    def samples(t):
        yield from scans(t)
        yield case(t(2, 4), descending=True, stable=True)


@method()
@numpy_spelling
def argsort(input, dim=-1, descending=False, *, stable=False):
    """The indices that sort the elements along ``dim``, x[y₁] ≤ x[y₂] ≤ …

    Source: https://pytorch.org/docs/stable/generated/torch.argsort.html
    """
    return sort(input, dim, descending, stable=stable)[1]


@method()
def msort(input):
    """The elements along the first dimension in ascending order, y₁ ≤ y₂ ≤ … Source: https://pytorch.org/docs/stable/generated/torch.msort.html"""
    return sort(input, 0)[0]


@op
class topk(Ordered):
    """The k largest (or smallest) elements along ``dim``, y₁ ≥ … ≥ yₖ, and their indices.   ∂y/∂x = 1 from where each came.

    >>> import lesson_lib as torch
    >>> torch.topk(torch.tensor([3, 1, 2]), 2).values
    tensor([3, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.topk.html
    """

    returns = return_types.topk

    def signature(input, k, dim=-1, largest=True, sorted=True):
        dim = one_dim("topk", input, dim)
        if not 0 <= k <= (1 if dim is None else input.shape[dim]):
            raise error("topk_range")
        return input, {"k": k, "dim": dim, "largest": largest}

    def forward(xp, x, *, k, dim, largest):
        if dim is None:
            return _itself(xp, x)
        indices = _order(xp, x, dim, descending=largest)[(slice(None),) * dim + (slice(k),)]
        return xp.take_along_axis(x, indices, axis=dim), indices.copy()

    def samples(t):
        yield case(t(2, 4), 2)
        yield case(t(4, 2), 3, 0, False)
        yield case(t(), 1)

    def errors(t):
        yield case(t(2, 3), 4), RuntimeError, "selected index k out of range"
        yield from bad_scans_of_k(t)


def bad_scans_of_k(t):
    """A dimension that does not exist."""
    yield case(t(2, 3), 1, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"


# --- by rank ---------------------------------------------------------------------------------------------------------------------


@op
class kthvalue(OnePicked):
    """The k-th smallest element along ``dim`` (k counts from 1) and its index, y = x₍ₖ₎.   ∂y/∂x = 1 there.

    Source: https://pytorch.org/docs/stable/generated/torch.kthvalue.html
    """

    returns = return_types.kthvalue

    def signature(input, k, dim=-1, keepdim=False):
        dim = one_dim("kthvalue", input, dim)
        if not 1 <= k <= (1 if dim is None else input.shape[dim]):
            raise error("kth_range", dim=dim or 0)
        return input, {"k": k, "dim": dim, "keepdim": keepdim}

    def forward(xp, x, *, k, dim, keepdim):
        if dim is None:
            return _itself(xp, x)
        rank = (slice(None),) * dim + (slice(k - 1, k),)
        return _picked(xp, x, _order(xp, x, dim, descending=False)[rank], dim, keepdim)

    def samples(t):
        yield case(t(2, 4), 2)
        yield case(t(4, 2), 3, 0, True)

    def errors(t):
        yield case(t(2, 3), 4), RuntimeError, "kthvalue(): selected number k out of range for dimension 1"
        yield from bad_scans_of_k(t)


@op
class median_dim(OnePicked):
    """The middle element along ``dim`` (the lower of two) and its index, y = x₍⌈n/2⌉₎; nan if there is one.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MedianBackward1", "median", return_types.median

    def forward(xp, x, *, dim, keepdim):
        _check_some("median", x, dim)
        if dim is None:
            return _itself(xp, x)
        middle = (x.shape[dim] - 1) // 2
        indices = _order(xp, x, dim, descending=False)[(slice(None),) * dim + (slice(middle, middle + 1),)]
        missing = x != x
        first_missing = xp.argmax(missing, axis=dim, keepdims=True)
        return _picked(xp, x, xp.where(xp.any(missing, axis=dim, keepdims=True), first_missing, indices), dim, keepdim)


@op
class median_all(Op):
    """The middle one of all elements (the lower of two), y = x₍⌈n/2⌉₎; nan if there is one.   ∂y/∂xᵢ = 1/k for the k elements that equal y."""

    public, title, label = False, "Median", "median"

    def forward(xp, x):
        if x.size == 0:
            return xp.full((), xp.nan, x.dtype)
        middle = xp.sort(x.reshape(-1))[(x.size - 1) // 2]
        return xp.where(xp.any(x != x), xp.asarray(xp.nan, dtype=x.dtype), middle) if x.dtype.kind == "f" else middle

    def grad_x(g, x, y):
        return tied_share(g, x, y, None, False)

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

    Source: https://pytorch.org/docs/stable/generated/torch.mode.html
    """

    returns = return_types.mode
    signature = lambda input, dim=-1, keepdim=False: (input, {"dim": one_dim("mode", input, dim), "keepdim": keepdim})  # noqa: E731

    def forward(xp, x, *, dim, keepdim):
        _check_some("mode", x, dim)
        if dim is None:
            return _itself(xp, x)
        ranked = xp.sort(xp.swapaxes(x, dim, -1), axis=-1)
        counts = xp.sum(ranked[..., :, None] == ranked[..., None, :], axis=-1)  # of each pair: is it the same number?
        commonest = xp.take_along_axis(ranked, xp.argmax(counts, axis=-1, keepdims=True), axis=-1)
        hits = xp.flip(x == xp.swapaxes(commonest, dim, -1), dim)
        return _picked(xp, x, x.shape[dim] - 1 - xp.argmax(hits, axis=dim, keepdims=True), dim, keepdim)

    def samples(t):
        yield case(t(2, 5, low=0, high=3))
        yield case(t(5, 2), 0, True)


# --- running extremes -----------------------------------------------------------------------------------------------------------


def _running(xp, x, dim, later_wins):
    """Running winners by doubling: after the k-th round each element has met the 2ᵏ before it. Every library can do this in parallel."""
    if dim is None:
        return _itself(xp, x)
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

    Source: https://pytorch.org/docs/stable/generated/torch.cummax.html
    """

    returns, samples, errors = return_types.cummax, scans, bad_scans
    signature = lambda input, dim: (input, {"dim": one_dim("cummax", input, dim)})  # noqa: E731

    def forward(xp, x, *, dim):
        return _running(xp, x, dim, lambda late, early: late >= early)


@op
class cummin(Ordered):
    """The smallest element so far along ``dim`` and its index, yᵢ = min(x₁, …, xᵢ); the last of equal ones.   ∂yᵢ/∂x = 1 there.

    Source: https://pytorch.org/docs/stable/generated/torch.cummin.html
    """

    returns, samples, errors = return_types.cummin, scans, bad_scans
    signature = lambda input, dim: (input, {"dim": one_dim("cummin", input, dim)})  # noqa: E731

    def forward(xp, x, *, dim):
        return _running(xp, x, dim, lambda late, early: late <= early)
