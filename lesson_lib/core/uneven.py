"""Pooling with windows of uneven size or place, in any number of dimensions, on any array library ``xp``.

Adaptive pooling cuts each dimension into as many spans as the output has elements; they may overlap by one. Fractional pooling starts its windows
at random steps, different for each image and channel. Both work along one dimension after the other: what remains of a box after that is its mean,
or its largest number.
"""

from math import prod


def spans(size, count):
    """Span i of ``count`` runs from ⌊i·size/count⌋ to ⌈(i + 1)·size/count⌉."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def span_mean(xp, x, output_size):
    """The mean of each box of spans: x (N, C, *sizes) -> (N, C, *output_size)."""
    for axis, count in enumerate(output_size, 2):
        parts = [x[along(axis, *span)].mean(axis=axis, keepdims=True) for span in spans(x.shape[axis], count)]
        x = xp.concatenate(parts, axis=axis)
    return x


def span_mean_backward(xp, g, sizes):
    """The gradient of ``span_mean``: every output's share goes back to each number of its box, (N, C, *output_size) -> (N, C, *sizes)."""
    for axis, size in enumerate(sizes, 2):
        spread = xp.zeros((*g.shape[:axis], size, *g.shape[axis + 1 :]), dtype=g.dtype)
        for i, (start, end) in enumerate(spans(size, g.shape[axis])):
            spread[along(axis, start, end)] += g[along(axis, i, i + 1)] / (end - start)
        g = spread
    return g


def along(axis, start, end):
    """The index of a slice of one dimension."""
    return (*(slice(None),) * axis, slice(start, end))


def span_taps(xp, sizes, output_size):
    """For each dimension the positions that every output reads, (1, 1, length, taps); a shorter span repeats its last one."""
    tables = []
    for size, count in zip(sizes, output_size):
        bounds = spans(size, count)
        taps = max(end - start for start, end in bounds)
        tables.append(xp.asarray([[[[min(start + tap, end - 1) for tap in range(taps)] for start, end in bounds]]]))
    return tables


def fractional_taps(xp, samples, sizes, kernel, output_size):
    """For each dimension the positions that every output reads, (N, C, length, taps); the last window ends with the dimension.

    Window i starts at ⌊(i + u)·α⌋ − ⌊u·α⌋ with the random number u of its dimension and the mean step α.
    Source: B. Graham, "Fractional Max-Pooling", 2014, https://arxiv.org/abs/1412.6071
    """
    tables = []
    for number, (size, taps, count) in enumerate(zip(sizes, kernel, output_size)):
        u = samples[:, :, number, None]
        step = (size - taps) / max(1, count - 1)
        starts = xp.floor((xp.arange(count, dtype=u.dtype) + u) * step) - xp.floor(u * step)
        starts[:, :, count - 1 :] = size - taps
        tables.append(starts.astype(xp.int64)[..., None] + xp.arange(taps))
    return tables


def largest(xp, x, tables):
    """The largest number of each window, and where it stood, counted within a plane or a volume: x (N, C, *sizes) -> y, indices.

    Of equal numbers the first wins; a NaN beats everything, and of several NaNs the last wins.
    """
    sizes = x.shape[2:]
    indices = xp.broadcast_to(xp.arange(prod(sizes)).reshape(sizes), x.shape)
    for axis in reversed(range(2, x.ndim)):  # the last dimension first: so the first of equal numbers is the first in the memory, too
        x, indices = _largest_along(xp, x, indices, axis, tables[axis - 2])
    return x, indices


def _largest_along(xp, x, indices, axis, table):
    """One step of ``largest``: windows along one dimension."""
    shape = (*table.shape[:2], *(1,) * (axis - 2), table.shape[2], *(1,) * (x.ndim - axis - 1))
    best = places = None
    for tap in range(table.shape[3]):
        read = table[..., tap].reshape(shape)
        value, place = (xp.take_along_axis(array, read, axis=axis) for array in (x, indices))
        if best is None:
            best, places = value, place
        wins = (value > best) | (value != value)
        best, places = xp.where(wins, value, best), xp.where(wins, place, places)
    return best, places
