"""Pooling of NumPy arrays.

The maximum (or the sum) of a kh×kw window is taken first along each row, then down the column of results: kh + kw
steps in place of kh·kw, and each step is one operation on whole arrays. ``patches.py`` holds the same functions in
their simplest form; the tests hold the two equal. No function here writes to its arguments.
"""

from math import prod

import numpy as np

from . import patches
from .blocks import SMALL_BLOCK_BYTES, pieces
from .compiled import with_kernel
from .window import average_counts, first_taps_inside, padded_hw, pool_output_shape


@with_kernel
def max_pool2d(x, kernel, stride, padding, dilation, ceil_mode):
    """Largest value of each window, and where it stood: x (N, C, H, W) -> y, indices (N, C, Ho, Wo).

    An index counts along the H·W pixels of its plane, as PyTorch's ``return_indices``. Of equal values the first wins;
    a NaN beats everything, and of several NaNs the last wins.
    """
    shape = pool_output_shape(x.shape, kernel, stride, padding, dilation, ceil_mode)
    offsets, starts, first = window_table(x.shape, shape, kernel, stride, padding, dilation)
    y, indices = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    for some in pieces(len(x), prod(x.shape[1:]) * x.itemsize, SMALL_BLOCK_BYTES):
        padded = pad(x[some], shape, kernel, stride, padding, dilation, patches.lowest(x.dtype))
        best, tap = window_max(padded, shape, kernel, stride, dilation, first, beats)
        if np.any(best != best):  # a NaN: it gets through, but the quick comparison misses where it stood
            best, tap = window_max(padded, shape, kernel, stride, dilation, first, beats_or_is_nan)
        y[some] = best
        np.add(offsets.take(tap), starts, out=indices[some])
    return y, indices


@with_kernel
def max_pool2d_scatter(g, indices, x_shape):
    """Gradient of ``max_pool2d``: g (N, C, Ho, Wo), each added to its plane of (N, C, H, W) at its index."""
    dx = np.zeros(x_shape, g.dtype)
    np.add.at(dx.reshape(-1), patches.plane_indices(np, indices, x_shape).reshape(-1), g.reshape(-1))
    return dx


def max_pool2d_gather(x, indices):
    """The values of (N, C, H, W) at the indices (N, C, Ho, Wo): the gradient of ``max_pool2d_scatter``."""
    return patches.max_pool2d_gather(np, x, indices)


def avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Mean of each window: x (N, C, H, W) -> (N, C, Ho, Wo)."""
    shape = pool_output_shape(x.shape, kernel, stride, padding, (1, 1), ceil_mode)
    counts = average_counts(x.shape, shape, kernel, stride, padding, count_include_pad, divisor_override)
    y = np.empty(shape, x.dtype)
    for some in pieces(len(x), prod(x.shape[1:]) * x.itemsize, SMALL_BLOCK_BYTES):
        padded = pad(x[some], shape, kernel, stride, padding, (1, 1), 0)
        rows = total(along(padded, 3, shape[3], kernel[1], stride[1]))
        y[some] = total(along(rows, 2, shape[2], kernel[0], stride[0]))
    divisors = patches.divisors(np, counts, x.dtype)
    if y.dtype.kind == "i":
        return patches.means(y, divisors)
    y /= divisors
    return y


def avg_pool2d_backward(g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Gradient of ``avg_pool2d``: every output's share goes back to each pixel of its window."""
    counts = average_counts(x_shape, g.shape, kernel, stride, padding, count_include_pad, divisor_override)
    divisors = patches.divisors(np, counts, g.dtype)
    (ph, pw), (height, width) = padding, x_shape[2:]
    padded_height, padded_width = padded_hw(x_shape[2:], kernel, stride, padding, (1, 1), g.shape[2:])
    dx = np.empty(x_shape, g.dtype)
    for some in pieces(len(g), prod(x_shape[1:]) * g.itemsize, SMALL_BLOCK_BYTES):
        share = g[some] / divisors
        rows = np.zeros((*share.shape[:2], padded_height, g.shape[3]), g.dtype)
        for tap in along(rows, 2, g.shape[2], kernel[0], stride[0]):
            tap += share
        padded = np.zeros((*share.shape[:2], padded_height, padded_width), g.dtype)
        for tap in along(padded, 3, g.shape[3], kernel[1], stride[1]):
            tap += rows
        dx[some] = padded[:, :, ph : ph + height, pw : pw + width]
    return dx


# -- windows --------------------------------------------------------------------------------------


def along(array, axis, length, kernel, stride, dilation=1):
    """For each tap of a window, the view of ``array`` that it reads for all ``length`` positions of ``axis``."""
    reach = (length - 1) * stride + 1
    before = (slice(None),) * axis
    return [array[(*before, slice(t * dilation, t * dilation + reach, stride))] for t in range(kernel)]


def pad(x, shape, kernel, stride, padding, dilation, fill):
    """Surround (n, C, H, W) with ``fill`` so that every window lies inside; ``x`` itself if they all do."""
    size = padded_hw(x.shape[2:], kernel, stride, padding, dilation, shape[2:])
    if size == x.shape[2:]:
        return x
    (ph, pw), (height, width) = padding, x.shape[2:]
    padded = np.full((*x.shape[:2], *size), fill, x.dtype)
    padded[:, :, ph : ph + height, pw : pw + width] = x
    return padded


# -- maximum --------------------------------------------------------------------------------------


def beats(value, best):
    return value > best


def beats_or_is_nan(value, best):
    return (value > best) | (value != value)


def window_max(padded, shape, kernel, stride, dilation, first, wins):
    """Largest value of each window and its tap, counted along the rows of the kernel."""
    first_row, first_column = first
    code = np.min_scalar_type(prod(kernel)).type
    columns = along(padded, 3, shape[3], kernel[1], stride[1], dilation[1])
    best, tap = running_max(columns, [first_column.astype(code), *map(code, range(1, kernel[1]))], wins)
    rows = along(best, 2, shape[2], kernel[0], stride[0], dilation[0])
    taps = along(np.broadcast_to(tap, best.shape), 2, shape[2], kernel[0], stride[0], dilation[0])
    row_codes = [first_row.astype(code) * code(kernel[1]), *(code(i * kernel[1]) for i in range(1, kernel[0]))]
    best, tap = running_max(rows, [row + column for row, column in zip(row_codes, taps)], wins)
    return best, np.broadcast_to(tap, best.shape)


def running_max(values, codes, wins):
    """The largest of ``values``, element by element, and the code of the one that it is.

    Codes grow from one value to the next, so the winner's is the largest of those that ever took the lead.
    """
    best, code = values[0], codes[0]
    for value, its_code in zip(values[1:], codes[1:]):
        code = np.maximum(code, wins(value, best) * its_code)
        best = np.maximum(best, value)
    return best, code


def window_table(x_shape, shape, kernel, stride, padding, dilation):
    """What turns a tap into an index: each tap's offset, each window's start, and its first tap inside the input."""
    width = x_shape[3]
    row_taps, column_taps = (np.arange(k, dtype=np.int64) * d for k, d in zip(kernel, dilation))
    row_starts, column_starts = (np.arange(length, dtype=np.int64) * s - p for length, s, p in zip(shape[2:], stride, padding))
    offsets = np.add.outer(row_taps * width, column_taps).reshape(-1)
    starts = np.add.outer(row_starts * width, column_starts)
    rows, columns = (np.array(first_taps_inside(length, s, p, d) if p else [0]) for length, s, p, d in zip(shape[2:], stride, padding, dilation))
    return offsets, starts, (rows[:, None], columns)


# -- mean -----------------------------------------------------------------------------------------


def total(arrays):
    """Sum of several arrays, element by element."""
    result = arrays[0]
    for array in arrays[1:]:
        result = result + array
    return result
