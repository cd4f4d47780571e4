"""Where a compiled convolution reads: lines of padded images, the places in them where each tap begins, and the registers of the outputs."""

from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from ..window import span

EIGHT = 8  # positions in a register
BLOCK = 6 * EIGHT  # positions
POSITIONS = 1120  # at most so many in a line, if more than one image is to go into it
LINES = 1 << 16  # numbers in all lines, likewise: half of the second-level cache


class Layout(NamedTuple):
    """The lines for some images, and where the taps begin to read. There may be several sets of taps, for outputs that lie in between each other."""

    shape: tuple  # (C, phases in a column, phases in a row, images, height, width)
    padding: tuple  # before the first row and the first column
    stride: tuple
    size: tuple  # the rows of an image's outputs and the positions in each, with those that are dropped
    starts: np.ndarray  # where in a line the eight positions of a register begin
    places: np.ndarray  # (G, taps of all sets)
    ends: np.ndarray  # where each set begins, and where the last one ends


@lru_cache(256)
def layout(x_shape, rows, columns, stride, groups):
    """The lines for images of this shape. Of rows and columns: for each set of taps (number, padding, dilation, outputs)."""
    axes = [axis(*settings) for settings in zip(x_shape[2:], stride, (rows, columns))]
    size, padding, phases, reads = zip(*axes)
    images = max(1, min(x_shape[0], POSITIONS // prod(size), LINES // (x_shape[1] * prod(phases) * prod(size))))
    line, shape, sets = images * prod(size), (x_shape[1], *phases, images, *size), []
    for (down, row), (right, column) in product(*reads):
        taps = (row * phases[1] * line + down * size[1])[:, None] + column * line + right
        every = np.arange(x_shape[1])[:, None] * (prod(phases) * line) + taps.reshape(-1)
        sets.append(every.reshape(groups, -1))
    outputs = [max(out for *_, out in each) for each in (rows, columns)]
    ends = np.cumsum([0, *(each.shape[1] for each in sets)])
    return Layout(shape, padding, stride, *registers(images, size, outputs), np.concatenate(sets, 1), ends)


def registers(images, size, outputs):
    """(size of an image of sums, where each register begins in a line) for so many rows and columns of ``outputs`` of images of this ``size``.

    With a padding of 1, images of 8×8 lie 9×9 apart: 81 positions without a gap, or 8 rows of one register each, 64.
    """
    rows, columns = outputs[0], -(-outputs[1] // EIGHT) * EIGHT
    if rows * columns < prod(size):
        image = np.arange(rows)[:, None] * size[1] + np.arange(0, columns, EIGHT)
        starts = np.arange(images)[:, None] * prod(size) + image.reshape(-1)
    else:
        rows, columns = size
        starts = np.arange(0, images * prod(size), EIGHT)
    return (rows, columns), np.append(starts, np.zeros(BLOCK // EIGHT, int))  # the last block may have registers too many


def axis(length, stride, sets):
    """(size of a line's images, padding before them, phases, for each set where its taps read: (offset, phase)) along one axis."""
    if stride > 1:  # one set
        ((taps, padding, dilation, _),) = sets
        phases = min(taps, stride) if dilation == 1 else stride  # others are not read
        return -(-(length + 2 * padding) // stride), padding, phases, [np.divmod(np.arange(taps) * dilation, stride)]
    before = max(0, *(padding for _, padding, _, _ in sets), 0)  # what lies before a row is also what lies behind the row before it
    size = max(length + before, *(max(out, out + span(taps, dilation) - padding) for taps, padding, dilation, out in sets))
    return size, before, 1, [(np.arange(taps) * dilation - padding + before, np.zeros(taps, int)) for taps, padding, dilation, _ in sets]


def in_threes(array, fill):
    """With a last dimension that three divides."""
    missing = -array.shape[-1] % 3
    return np.ascontiguousarray(np.concatenate([array, np.full((*array.shape[:-1], missing), fill, array.dtype)], -1))
