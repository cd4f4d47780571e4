"""Work in pieces that fit the processor's cache, and let NumPy run straight through them."""

from contextlib import contextmanager
from math import prod

import numpy as np

from .compiled import with_kernel
from .threads import LARGE, shares, spread

BLOCK_BYTES = 2 << 20  # about a second-level cache
SMALL_BLOCK_BYTES = 1 << 19  # for work that makes several temporaries of a block's size
TILE = 128  # rows and columns that are transposed at once
STRAIGHT_FROM = 512  # numbers in a row: below, NumPy's own way is faster


def pieces(count, bytes_each, block_bytes):
    """Slices that cut ``count`` things into equal pieces of about ``block_bytes``."""
    number = max(1, round(count * bytes_each / block_bytes))
    step = max(1, -(-count // number))
    return [slice(first, min(first + step, count)) for first in range(0, count, step)]


@contextmanager
def straight_rows():
    """Let NumPy's arithmetic run over rows of a few hundred numbers without copying them first.

    NumPy passes the rows of a 2-d slice through a buffer when several of them fit into it, which pays for tiny rows
    only: at 1,000 numbers a row the copies take three times as long as the addition. A smaller buffer stops that.
    NumPy keeps the size per thread and puts the old one back when ``errstate`` ends.
    """
    with np.errstate():
        np.setbufsize(512)
        yield


def row_blocks(xp, rows):
    """Slices that cut the rows of a matrix into blocks, for several passes over each; on a GPU, which has no use for that, all rows at once."""
    count, width = rows.shape
    if xp.name != "numpy":
        yield slice(0, count)
    elif width > STRAIGHT_FROM:
        with straight_rows():
            yield from pieces(count, rows.itemsize * width, SMALL_BLOCK_BYTES)
    else:
        yield from pieces(count, rows.itemsize * width, SMALL_BLOCK_BYTES)


def channel_rows(x):
    """x (N, C, …) as a matrix with a row for each channel of each sample."""
    return x.reshape(x.shape[0] * x.shape[1], prod(x.shape[2:]))


def folded_up(numbers, shape, order):
    """A row of numbers as an array of this shape, its dimensions in memory in this order."""
    return numbers.reshape([shape[dim] for dim in order]).transpose(np.argsort(order))


def memory_order(arrays):
    """The dimensions of arrays of one shape, those that lie furthest apart in memory first, as the first array has them that repeats nothing."""
    for array in arrays:
        if array.flags.c_contiguous:
            break
        if all(step or size < 2 for step, size in zip(array.strides, array.shape, strict=True)):
            return sorted(range(array.ndim), key=lambda dim: -array.strides[dim])
    return list(range(arrays[0].ndim))


def blockwise(xp, function, *arrays):
    """``function`` of the arrays, element by element, a block at a time, so that its steps stay in the cache. The first array gives the shape, the
    others spread over it; None is handed on. The result lies in memory as the arrays do."""
    if xp.name != "numpy" or (arrays[0].ndim > 0 and arrays[0].nbytes <= SMALL_BLOCK_BYTES):  # (NumPy makes scalars of 0-d arrays)
        return function(*arrays)
    shape = arrays[0].shape
    parts = [array if array is None or array.shape == shape else xp.broadcast_to(array, shape) for array in arrays]
    order = memory_order([part for part in parts if part is not None])
    parts = [part if part is None else part.transpose(order) for part in parts]
    if all(array is None or array.shape == shape for array in arrays):
        parts = [part if part is None else part.reshape(-1) for part in parts]
    y = xp.empty(parts[0].shape, xp.result_type(*(part for part in parts if part is not None)))
    for at in row_blocks(xp, y.reshape(len(y), -1)):
        y[at] = function(*(part if part is None else part[at] for part in parts))
    return folded_up(y, shape, order)


def copy_of(xp, x, order="C"):
    """A copy of x. Where x is large the threads share it, and meet the pages of the new memory side by side."""
    if xp.name != "numpy" or x.nbytes <= SMALL_BLOCK_BYTES or not x.flags.c_contiguous:
        return xp.array(x, order=order)
    y = np.empty(x.shape, x.dtype)
    write(y, x)
    return y


def write(target, values):
    """``target[...] = values``, arrays of one shape; the threads share what is large."""
    if target.size < LARGE or not isinstance(target, np.ndarray) or values.shape != target.shape:
        target[...] = values
        return

    def run(rows):
        target[rows] = values[rows]

    spread(run, shares(len(target), target.size))


def zeros(xp, shape, dtype):
    """Zeros; the threads share what is large."""
    if xp.name != "numpy" or prod(shape) < LARGE:
        return xp.zeros(shape, dtype)
    y = np.empty(shape, dtype)
    spread(lambda rows: y[rows].fill(0), shares(len(y), y.size))
    return y


@with_kernel
def copied_in_order(xp, x):
    """A copy of x in row-major order.

    Where the last dimension is not the one that lies closest in memory, NumPy would fetch a whole line of the cache for each number; tiles use
    what was fetched. A transposed matrix of 4096×4096: 90 ms, NumPy's own copy 430, compiled (``kernels/layout.py``) 33.
    """
    steps = {abs(step): axis for axis, step in reversed(list(enumerate(x.strides))) if x.shape[axis] > 1} if xp.name == "numpy" else {}
    near = steps[min(steps)] if steps else -1
    if x.nbytes <= SMALL_BLOCK_BYTES or near in (-1, x.ndim - 1) or min(steps) == 0:
        return copy_of(xp, x)
    y = np.empty(x.shape, x.dtype)

    def run(rows):
        _copy_tiles(x[rows], y[rows], near)

    spread(run, shares(len(x), x.size))
    return y


def _copy_tiles(x, y, near):
    for first in range(0, x.shape[near], TILE):
        band = (slice(None),) * near + (slice(first, first + TILE),)
        for column in range(0, x.shape[-1], TILE):
            y[band][..., column : column + TILE] = x[band][..., column : column + TILE]
