"""How many elements (or how much weight) each bin holds: ``histc``, ``histogram`` and ``histogramdd`` for points of several dimensions.

A bin holds its left edge and not its right one; only the last bin holds both. What lies outside all bins, and nan, is not counted. No gradients.
"""

import math

from ..core.device import namespace
from ..core.errors import error, tensor_title
from ..core.op import method
from ..core.tensor import Tensor, wrap
from . import return_types

numbers = range  # in the functions below, range is PyTorch's parameter
SMALL_LETTERS = {"float32": "float", "float64": "double", "float16": "c10::Half", "int64": "long int"}


def _counted(xp, points, edges, places, weight):
    """Histogram of ``points`` (n, d): ``places[i]`` finds the bins of a column between ``edges[i]``."""
    shape = tuple(len(line) - 1 for line in edges)
    inside = xp.ones(points.shape[:1], bool)
    index = xp.zeros(points.shape[:1], "int64")
    for column, line, place, count in zip(points.T, edges, places, shape, strict=True):
        inside &= (column >= line[0]) & (column <= line[-1])
        safe = xp.where(inside, column, line[0])
        index = index * count + xp.minimum(place(safe, line), count - 1)
    weight = weight[inside].astype("float64") if weight is not None else None
    return xp.bincount(index[inside], weights=weight, minlength=math.prod(shape)).astype(points.dtype).reshape(shape)


def _search(xp):
    """The bin of each element between any edges."""
    return lambda column, line: xp.maximum(xp.searchsorted(line, column, side="right") - 1, 0)


def _equal_parts(column, line):
    """The bin of each element between equally far edges, computed without a search."""
    return ((column - line[0]) * (len(line) - 1) / (line[-1] - line[0])).astype("int64")


# --- one dimension -----------------------------------------------------------------------------------------------------------


@method()
def histc(input, bins=100, min=0, max=0, *, out=None):
    """How many elements fall into each of ``bins`` equal parts of [min, max]; of the whole range of the input if the two are equal.

    >>> import lesson_lib as torch
    >>> torch.histc(torch.tensor([1., 2., 1.]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])

    Source: https://pytorch.org/docs/stable/generated/torch.histc.html
    """
    x = input._a.reshape(-1)
    if not input.is_floating_point():
        kernel = {"b": "linspace_cpu", "c": "aminmax_cpu"}.get(x.dtype.kind, "histogram_cpu")
        raise error("not_implemented_for", kernel=kernel, dtype=input.dtype.title)
    _check_count(bins, 0)
    xp = namespace(x)
    low, high = (float(x.min()), float(x.max())) if min == max and x.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise error("histc_infinite", low=low, high=high)
    if low > high:
        raise error("histc_order")
    edges = xp.linspace(low, high, bins + 1).astype(x.dtype)
    result = wrap(_counted(xp, x[:, None], [edges], [_equal_parts], None))
    return result if out is None else Tensor._write_out(out, result, "histc")


@method()
def histogram(input, bins, *, range=None, weight=None, density=False, out=None):
    """``(hist, bin_edges)``: how many elements, or how much ``weight``, each bin holds. ``bins`` is their number, or a tensor of their edges.

    ``density`` divides by the total and by each bin's width, so that the area is 1.

    >>> import lesson_lib as torch
    >>> torch.histogram(torch.tensor([1., 2., 1.]), bins=4, range=(0., 3.)).hist
    tensor([0., 2., 1., 0.])

    Source: https://pytorch.org/docs/stable/generated/torch.histogram.html
    """
    if not isinstance(bins, int | Tensor) or (isinstance(bins, Tensor) and range is not None):
        raise error("arguments", name="histogram", types=f"Tensor, {type(bins).__name__}")
    weight = None if weight is None else weight.reshape(-1)
    hist, edges = _histogram(input.reshape(-1, 1), [bins], range, weight, density)
    result = return_types.histogram(hist, edges[0])
    return result if out is None else Tensor._write_out(out, result, "histogram")


# --- any number of dimensions ----------------------------------------------------------------------------------------------


def histogramdd(input, bins, *, range=None, weight=None, density=False, out=None):
    """``(hist, bin_edges)`` of points (…, d): how many of them lie in each cell of a grid of d dimensions.

    ``bins``: their number in each dimension, or a list of tensors of edges; ``range``: (low, high, low, high, …).

    >>> import lesson_lib as torch
    >>> torch.histogramdd(torch.tensor([[0., 1.], [1., 0.], [2., 0.], [2., 2.]]), bins=[3, 3]).hist
    tensor([[0., 1., 0.],
            [1., 0., 0.],
            [1., 0., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.histogramdd.html
    """
    if input.ndim < 2:
        raise error("histogramdd", message="input tensor should have at least 2 dimensions")
    size = input.shape[-1]
    bins = [bins] * size if isinstance(bins, int) else list(bins)
    if len(bins) != size:
        raise error("histogramdd_edges", size=size, count=len(bins)) if bins and isinstance(bins[0], Tensor) else error("histogramdd_bins")
    weight_shape = None if weight is None else tuple(weight.shape)
    if weight_shape not in (None, tuple(input.shape[:-1])):
        raise error("histogram_weight", a=list(input.shape), b=list(weight_shape))
    hist, edges = _histogram(input.reshape(-1, size), bins, range, None if weight is None else weight.reshape(-1), density)
    result = return_types.histogramdd(hist, tuple(edges))
    return result if out is None else Tensor._write_out(out, result, "histogramdd")


def _histogram(input, bins, range, weight, density):
    """The histogram of (n, d) points and the edges of its bins."""
    _check_tensors(input, bins, weight)
    points = input._a
    xp, size = namespace(points), points.shape[1]
    if any(isinstance(line, Tensor) for line in bins):
        edges = [line._a for line in bins]
    else:
        for d, count in enumerate(bins):
            _check_count(count, d)
        ranges = _ranges(xp, points, size, range)
        edges = [xp.linspace(low, high, count + 1).astype(points.dtype) for (low, high), count in zip(ranges, bins, strict=True)]
    hist = _counted(xp, points, edges, [_search(xp)] * size, None if weight is None else weight._a)
    if density:
        hist = hist / hist.sum()
        for d, line in enumerate(edges):
            hist = hist / xp.diff(line).reshape([-1 if d == axis else 1 for axis in numbers(size)])
    return wrap(xp.asarray(hist, dtype=points.dtype)), [wrap(line) for line in edges]


def _ranges(xp, points, size, given):
    """(low, high) for each dimension: the given ones, or those of the points; half a step to each side where the two are equal."""
    if given is not None:
        if len(given) != 2 * size:
            raise error("histogramdd", message=f"for a {size}-dimensional histogram range should have {2 * size} elements, but got {len(given)}")
        found = list(zip(given[::2], given[1::2], strict=True))
    elif points.shape[0]:
        found = [(float(column.min()), float(column.max())) for column in points.T]
    else:
        found = [(0.0, 1.0)] * size
    for d, (low, high) in enumerate(found):
        if not (math.isfinite(low) and math.isfinite(high)):
            raise error("histogramdd", message=f"dimension {d}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise error("histogramdd", message=f"min should not exceed max, but got min {low:g} max {high:g} for dimension {d}")
    return [(low - 0.5, high + 0.5) if low == high else (low, high) for low, high in found]


def _check_count(count, d):
    if count <= 0:
        raise error("histogram_count", count=count, dim=d)


def _check_tensors(input, bins, weight):
    """PyTorch's errors about dtypes and shapes."""
    name = input._a.dtype.name
    for d, line in enumerate(bins):
        if not isinstance(line, Tensor):
            continue
        if line.ndim != 1:
            raise error("histogramdd", message=f"bins tensor should have one dimension, but got {line.ndim} dimensions in the bins tensor for dimension {d}")
        if line.dtype is not input.dtype:
            kinds = f"input with dtype {_small(input)} and bins for dimension {d} with dtype {_small(line)}"
            raise error("histogramdd", message=f"input tensor and bins tensors should have the same dtype, but got {kinds}")
        if line.numel() == 0:
            raise error("histogramdd", message=f"bins tensor should have at least 1 element, but got 0 elements in the bins tensor for dimension {d}")
        _check_count(line.numel() - 1, d)
    if weight is not None:
        if weight.shape[0] != input.shape[0]:
            raise error("histogram_weight", a=list(input.shape), b=list(weight.shape))
        if weight.dtype is not input.dtype:
            kinds = f"input({_small(input)}), and weight({_small(weight)})"
            raise error("histogramdd", message=f"if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got {kinds}")
    if name not in ("float32", "float64"):
        raise error("not_implemented_for", kernel="histogramdd", dtype=tensor_title(input._a.dtype).removesuffix("Tensor"))


def _small(tensor):
    """PyTorch's name of a dtype in these messages."""
    return SMALL_LETTERS.get(tensor._a.dtype.name, tensor._a.dtype.name)
