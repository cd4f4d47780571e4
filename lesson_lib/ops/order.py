"""Order: largest and smallest along a dimension, sorting, medians. Each picks elements, so the gradient goes to those it picked."""

from ..core.errors import error, typename
from ..core.op import Op, method, numpy_spelling, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .gather import gather_sum
from .reduce import max_all, min_all, restored
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


def picked(xp, x, indices, dim, keepdim):
    """The elements at ``indices`` (which have size 1 along ``dim``), and the indices."""
    values = xp.take_along_axis(x, indices, axis=dim)
    return (values, indices) if keepdim else (xp.squeeze(values, axis=dim), xp.squeeze(indices, axis=dim))


def itself(xp, x):
    """A 0-d tensor's only element, at index 0."""
    return x.copy(), xp.zeros((), "int64")


def needs_some(name, x, dim):
    """An empty dimension has nothing to pick."""
    if dim is not None and x.shape[dim] == 0:
        raise error("empty_reduce", name=name, dim=dim)


# --- largest, smallest ------------------------------------------------------------------------------------------------------


@op
class max_dim(OnePicked):
    """The largest element along ``dim`` and its index, y = max x; the first of equal ones.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MaxBackward0", "max", return_types.max
    kinds, refusal, native = "biuf", "complex_input", "max"

    def forward(xp, x, *, dim, keepdim):
        needs_some("max", x, dim)
        return itself(xp, x) if dim is None else picked(xp, x, xp.argmax(x, axis=dim, keepdims=True), dim, keepdim)


@op
class min_dim(OnePicked):
    """The smallest element along ``dim`` and its index, y = min x; the first of equal ones.   ∂y/∂x = 1 there."""

    public, title, label, returns = False, "MinBackward0", "min", return_types.min
    kinds, refusal, native = "biuf", "complex_input", "min"

    def forward(xp, x, *, dim, keepdim):
        needs_some("min", x, dim)
        return itself(xp, x) if dim is None else picked(xp, x, xp.argmin(x, axis=dim, keepdims=True), dim, keepdim)


def _extreme(name, input, dim, keepdim, other, whole, along, pairwise):
    """The three functions that PyTorch calls ``max`` (or ``min``)."""
    if not isinstance(input, Tensor):
        raise error("arguments", name=name, types=f"{typename(input)}, {type(other if dim is None else dim).__name__}")
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return pairwise(input, other)
    if dim is None:
        return whole.op.raw(input, dim=None, keepdim=False)
    if not hasattr(dim, "__index__"):
        raise error("arguments", name=name, types=f"Tensor, {typename(dim)}")
    return along.op.raw(input, dim=one_dim(name, input, dim), keepdim=keepdim)


def _name_for(pairwise, dim, other):
    """max of two tensors is maximum, in messages too."""
    return pairwise.__name__ if isinstance(dim, Tensor) or other is not None else pairwise.__name__[:3]


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
    return result if out is None else Tensor._write_out(out, result, _name_for(maximum, dim, other))


@method()
@numpy_spelling
def min(input, dim=None, keepdim=False, *, other=None, out=None):
    """The smallest element, y = min x; with ``dim`` the smallest along it and its index; with a second tensor the smaller of each two.

    >>> import lesson_lib as torch
    >>> torch.min(torch.tensor([[1., 5.], [7., 2.]]), dim=1).values
    tensor([1., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.min.html
    """
    result = _extreme("min", input, dim, keepdim, other, min_all, min_dim, minimum)
    return result if out is None else Tensor._write_out(out, result, _name_for(minimum, dim, other))


# --- sorting ------------------------------------------------------------------------------------------------------------------


def order_of(xp, x, dim, descending):
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
    kinds, refusal, native = "biuf", "complex_order", "Sort"
    overload = lambda inputs, params: int(params["stable"] is not None)  # noqa: E731

    def signature(input, dim=-1, descending=False, *, stable=None):
        return input, {"dim": one_dim("sort", input, dim), "descending": descending, "stable": stable}

    def forward(xp, x, *, dim, descending, stable):
        if dim is None:
            return itself(xp, x)
        indices = order_of(xp, x, dim, descending)
        return xp.take_along_axis(x, indices, axis=dim), indices

    def samples(t):
        yield from scans(t)
        yield case(t(2, 4), descending=True, stable=True)


@method()
@numpy_spelling
def argsort(input, dim=-1, descending=False, *, stable=False):
    """The indices that sort the elements along ``dim``, x[y₁] ≤ x[y₂] ≤ …

    >>> import lesson_lib as torch
    >>> torch.argsort(torch.tensor([3, 1, 2]), descending=True)
    tensor([0, 2, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.argsort.html
    """
    return sort(input, dim, descending, stable=stable)[1]


@method()
def msort(input, *, out=None):
    """The elements along the first dimension in ascending order, y₁ ≤ y₂ ≤ …

    >>> import lesson_lib as torch
    >>> torch.msort(torch.tensor([3, 1, 2]))
    tensor([1, 2, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.msort.html
    """
    result = sort(input, 0)[0]
    return result if out is None else Tensor._write_out(out, result, "msort", (input,))


@op
class topk(Ordered):
    """The k largest (or smallest) elements along ``dim``, y₁ ≥ … ≥ yₖ, and their indices.   ∂y/∂x = 1 from where each came.

    >>> import lesson_lib as torch
    >>> torch.topk(torch.tensor([3, 1, 2]), 2).values
    tensor([3, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.topk.html
    """

    returns = return_types.topk
    kinds, refusal = "biuf", "complex_order"

    def signature(input, k, dim=-1, largest=True, sorted=True):
        dim = one_dim("topk", input, dim)
        if not 0 <= k <= (1 if dim is None else input.shape[dim]):
            raise error("topk_range")
        if input.dtype.category == 0:
            raise error("bool_topk")
        return input, {"k": k, "dim": dim, "largest": largest}

    def forward(xp, x, *, k, dim, largest):
        if dim is None:
            return itself(xp, x)
        indices = order_of(xp, x, dim, descending=largest)[(slice(None),) * dim + (slice(k),)]
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
