"""Slopes of a function that is known at some points only: differences of neighbours over their distance."""

from ..core import dtypes
from ..core.errors import error
from ..core.tensor import Tensor, wrap_dim
from .accumulate import diff
from .join import cat
from .slicing import narrow


def gradient(input, *, spacing=1, dim=None, edge_order=1):
    r"""The slopes of g along each of ``dim``, one tensor for each: inside from both neighbours, $y_i \approx (g_{i+1}-g_{i-1})/2h$, at the ends from one side.

    ``spacing`` is the distance h of the points, one number or one for each dimension, or a vector of coordinates for each dimension.
    ``edge_order=2`` takes three points at the ends, which is right for parabolas. ∂y/∂g: every step is an operation with a gradient.

    >>> import lesson_lib as torch
    >>> torch.gradient(torch.tensor([1., 4., 9., 16.]))
    (tensor([3., 4., 6., 7.]),)

    Source: https://pytorch.org/docs/stable/generated/torch.gradient.html and Fornberg 1988, doi:10.1090/S0025-5718-1988-0935077-0
    """
    spacing = 1 if spacing is None else spacing
    several = isinstance(spacing, tuple | list)
    dims = tuple(range(input.ndim)) if dim is None else tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    _check(input, spacing if several else None, dim, dims, edge_order)
    steps = spacing if several else (spacing,) * len(dims)
    return tuple(_along(input, wrap_dim(d, input.ndim), step, edge_order) for d, step in zip(dims, steps, strict=True))


def _check(input, spacing, dim, dims, edge_order):
    """PyTorch's errors."""
    count = None if spacing is None else len(spacing)
    if dim is None and count not in (None, input.ndim):
        raise error("gradient_spacing", ndim=input.ndim, count=count)
    if dim is not None and count not in (None, len(dims)):
        raise error("gradient_lengths", count=count, dims=len(dims))
    if input.dtype is dtypes.uint8:
        raise error("gradient_dtype")
    if edge_order not in (1, 2):
        raise error("gradient_edge_order")
    wrapped = [wrap_dim(d, input.ndim) for d in dims]
    for d in wrapped:
        if wrapped.count(d) > 1:
            raise error("dim_repeated", dim=d)
    for points in spacing or ():
        if isinstance(points, Tensor) and points.device != input.device:
            raise error("gradient_device", a=input.device, b=points.device)
        if isinstance(points, Tensor) and points.ndim != 1:
            raise error("gradient_points", ndim=points.ndim)
    if input.ndim == 0 and dims:
        raise error("dim_of_0d", dim=dims[0])
    if any(input.shape[d] < edge_order + 1 for d in dims):
        raise error("gradient_size")


def _along(x, dim, step, edge_order):
    """The slopes along one dimension."""
    size = x.shape[dim]
    part = lambda start, length: narrow(x, dim, start, length)  # noqa: E731
    if isinstance(step, Tensor) and step.ndim:
        steps = diff(step).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
        gap = lambda start, length: narrow(steps, dim, start, length)  # noqa: E731
        before, after = gap(0, size - 2), gap(1, size - 2)
        inside = _slope_of_parabola([part(i, size - 2) for i in range(3)], before, after, before)
        gaps = lambda start: (gap(start, 1), gap(start + 1, 1))  # noqa: E731
        first, last = gap(0, 1), gap(size - 2, 1)
    else:
        inside = (part(2, size - 2) - part(0, size - 2)) / (2 * step)
        gaps = lambda start: (step, step)  # noqa: E731
        first = last = step
    if edge_order == 1:
        ends = (part(1, 1) - part(0, 1)) / first, (part(size - 1, 1) - part(size - 2, 1)) / last
    else:
        ends = _slope_of_parabola([part(i, 1) for i in range(3)], *gaps(0), 0), _slope_at_its_end(part, size, *gaps(size - 3))
    return cat([ends[0], inside, ends[1]], dim)


def _slope_at_its_end(part, size, before, after):
    return _slope_of_parabola([part(size - 3 + i, 1) for i in range(3)], before, after, before + after)


def _slope_of_parabola(points, before, after, at):
    """The slope of the parabola through three points, ``before`` and ``after`` apart, at the distance ``at`` from the first."""
    low, middle, high = points
    both = before + after
    return (
        low * ((2 * at - before - both) / (before * both)) - middle * ((2 * at - both) / (before * after)) + high * ((2 * at - before) / (after * both))
    )
