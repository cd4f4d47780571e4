"""Where numbers belong, how often they come, which are different: searching sorted lists, counting, sets. Answers without gradients."""

from math import prod

from ..core.device import namespace
from ..core.dtypes import float32, from_numpy_dtype, int32, int64
from ..core.errors import error
from ..core.op import Compare, Op, method, op
from ..core.tensor import Tensor, wrap, wrap_dim
from .case import case, constant
from .complex_numbers import real


def ordered(t, *shape, **options):
    """A tensor whose last dimension is in ascending order."""
    x = constant(t(*shape, **options))
    x._a = namespace(x._a).sort(x._a, axis=-1)
    return x


@op
class searchsorted(Compare):
    """For each value the index at which it keeps ``sorted_sequence`` sorted, y = #{i: sᵢ < v}; with ``right`` #{i: sᵢ ≤ v}.

    The sequence is one list for all values, or has a row for each row of them.

    >>> import lesson_lib as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 4]))
    tensor([1, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.searchsorted.html
    """

    elementwise = False  # each result needs the whole sequence

    kinds, kernel = "iuf", "searchsorted_out_cpu"
    method, inplace, promotion, numbers = False, False, Op.promotion, True

    def signature(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
        if side is not None:
            right = side == "right"
        if sorter is not None:
            sorted_sequence = sorted_sequence.gather(-1, sorter)
        return sorted_sequence, input, {"right": bool(right), "dtype": (int32 if out_int32 else int64).np}

    def forward(xp, sequence, values, *, right, dtype):
        side = "right" if right else "left"
        if not hasattr(values, "shape"):
            values = xp.asarray(values, dtype=sequence.dtype)
        if sequence.ndim == 1:
            return xp.searchsorted(sequence, values, side=side).astype(dtype)
        if sequence.shape[:-1] != values.shape[:-1]:
            raise error("search_shapes", a=list(sequence.shape), b=list(values.shape))
        if not values.size:
            return xp.zeros(values.shape, dtype)
        lines, wanted = sequence.reshape(prod(sequence.shape[:-1]), -1), values.reshape(-1, values.shape[-1])
        found = [xp.searchsorted(line, row, side=side) for line, row in zip(lines, wanted, strict=True)]
        return xp.stack(found).reshape(values.shape).astype(dtype)

    def samples(t):
        yield case(ordered(t, 4), t(2, 3))
        yield case(ordered(t, 2, 4), t(2, 3), right=True)
        yield case(ordered(t, 4), t(), out_int32=True)

    def errors(t):
        yield case(ordered(t, 2, 4), t(3, 3)), RuntimeError, "torch.searchsorted(): boundaries tensor should be 1 dimension"


def bucketize(input, boundaries, *, out_int32=False, right=False, out=None):
    """The number of the bucket between ``boundaries`` that each value falls into. Source: https://pytorch.org/docs/stable/generated/torch.bucketize.html"""
    if boundaries.ndim != 1:
        raise error("bucketize_boundaries", ndim=boundaries.ndim)
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@op
class bincount(Op):
    """How often each number 0, 1, 2, … comes, $y_k = \\sum_i [x_i = k]$, or the sum of the weights of those that are k.

    Source: https://pytorch.org/docs/stable/generated/torch.bincount.html
    """

    def signature(input, weights=None, minlength=0):
        if minlength < 0:
            raise error("bincount_minlength")
        if weights is not None and weights.dtype is not float32:
            weights = real(weights).double()  # so PyTorch counts all but float32
        return input, None if weights is None else weights.detach(), {"minlength": minlength}

    def forward(xp, x, weights, *, minlength):
        if x.dtype.kind not in "iu":
            raise error("not_implemented_for", kernel="bincount_cpu", dtype=from_numpy_dtype(x.dtype).title)
        if x.ndim != 1 or (x.size and bool((x < 0).any())):
            raise error("bincount_input")
        if weights is not None and weights.shape != x.shape:
            raise error("bincount_weights")
        if not x.size:
            return xp.zeros(minlength, "int64")
        counts = xp.bincount(x, weights=weights, minlength=minlength)
        return counts if weights is None else counts.astype(weights.dtype)

    def samples(t):
        yield case(t(5, low=0, high=4, dtype="int64"))
        yield case(t(5, low=0, high=4, dtype="int64"), constant(t(5)), minlength=6)

    def errors(t):
        yield case(t(2, 2, low=0, dtype="int64")), RuntimeError, "bincount only supports 1-d non-negative integral inputs."


# --- sets ------------------------------------------------------------------------------------------------------------------------------


@method()
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements (or slices along ``dim``) in ascending order; also which of them each element is, and how often each comes.

    >>> import lesson_lib as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))

    Source: https://pytorch.org/docs/stable/generated/torch.unique.html
    """
    xp, x = namespace(input._a), input._a
    axis = _slices("unique" if dim is None else "unique_dim", x, dim)
    values, inverse, counts = xp.unique(x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    inverse = inverse.reshape(x.shape if axis is None else (-1,))
    return _chosen(values, inverse, counts, return_inverse, return_counts)


def _slices(kernel, x, dim):
    """The number of the dimension whose slices are compared; None for single elements."""
    axis = None if dim is None else _checked_dim(x.shape, dim)
    if x.size and x.dtype.kind == "c":
        raise error("not_implemented_for", kernel=kernel, dtype=from_numpy_dtype(x.dtype).title)
    return axis


def _checked_dim(shape, dim):
    """``dim`` from 0 on, or PyTorch's error for slices that cannot be compared."""
    if not shape:
        raise error("dim_of_0d", dim=dim)
    dim = wrap_dim(dim, len(shape))
    if 0 in shape and shape[dim]:
        raise error("unique_empty")
    if shape.count(0) > 1:
        raise error("unique_empties")
    return dim


def _chosen(values, inverse, counts, return_inverse, return_counts):
    """What was asked for: one tensor, or a tuple."""
    found = (wrap(values), *((wrap(inverse),) if return_inverse else ()), *((wrap(counts),) if return_counts else ()))
    return found if len(found) > 1 else found[0]


@method()
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements (or slices along ``dim``) without those that equal the one before. Source: https://pytorch.org/docs/stable/generated/torch.unique_consecutive.html"""
    xp = namespace(input._a)
    axis = _slices("unique", input._a, dim) or 0
    lines = input._a.reshape(-1) if dim is None else xp.moveaxis(input._a, axis, 0)
    count = lines.shape[0]
    new = xp.ones((count,), bool)
    if count > 1:
        new[1:] = (lines[1:] != lines[:-1]).reshape(count - 1, -1).any(axis=1)
    inverse = xp.cumsum(new) - 1
    counts = xp.bincount(inverse) if count else inverse
    values = xp.moveaxis(lines[new], 0, axis)
    return _chosen(values, inverse.reshape(input._a.shape) if dim is None else inverse, counts, return_inverse, return_counts)


def isin(elements, test_elements, *, assume_unique=False, invert=False, out=None):
    """True where an element is among ``test_elements``. Source: https://pytorch.org/docs/stable/generated/torch.isin.html"""
    for value in (elements, test_elements):
        if isinstance(value, Tensor) and value.is_complex():
            raise error("isin_complex", dtype=value.dtype.title)
    xp = namespace(next(value for value in (elements, test_elements) if isinstance(value, Tensor))._a)
    x, among = (value._a if isinstance(value, Tensor) else value for value in (elements, test_elements))
    result = wrap(xp.asarray(xp.isin(x, among, invert=invert)))
    return result if out is None else Tensor._write_out(out, result, "isin")


def unravel_index(indices, shape):
    """The place of an index into the flattened tensor, one number per dimension. Source: https://pytorch.org/docs/stable/generated/torch.unravel_index.html"""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    xp = namespace(indices._a)
    return tuple(wrap(xp.asarray(part)) for part in xp.unravel_index(indices._a, shape))
