"""Convolution as sums of shifted images, with no matrix of patches. ``cpu_conv.py`` has the readable forms.

A few padded images lie one behind the other in one line of numbers for each channel. What a tap reads for all their outputs is then that line
from some offset on; an output channel is the sum of such lines, each times one weight. Positions between the images are computed along
and dropped. With a stride the pixels are first sorted into phases, as in ``cpu_conv.py``.

Four output channels at 24 positions at a time: their sums stay in twelve registers until all taps are added.

Each thread takes some images and makes one call for all of them: two threads that came back to Python after each line would wait for its lock
as long as they compute.
"""

from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import NamedTuple

import numba
import numpy as np

from ..cpu_conv import by_images, flipped, is_pointwise
from ..threads import thread_count
from ..window import conv_output_shape, span
from .lanes import add_product, deal, load, spread_out, store
from .maths import LINE, OUT_LINE, F, compiled, copy_run

BLOCK = 48  # positions: six registers full
STRIP = 10 * BLOCK  # positions whose sums are put into the images at once
POSITIONS = 1120  # at most so many in a line, if more than one image is to go into it
LINES = 1 << 16  # numbers in all lines, likewise: half of the second-level cache
MANY = 81  # channels (64 for images of 8×8): from here on a matrix product is faster, 16 ms against 26 for 256 channels of 8×8
MANY_SHARED = 110  # with several threads, which a matrix product keeps waiting for Python's lock between its blocks: 2.0 ms against 2.3 for 64 of 8×8
INT = numba.int64
PAIR, SHAPE = numba.types.UniTuple(INT, 2), numba.types.UniTuple(INT, 6)
IMAGES, OUT_IMAGES = numba.types.Array(numba.float32, 4, "C", readonly=True), numba.float32[:, :, :, ::1]
GROUPS, OUT_GROUPS = numba.types.Array(numba.float32, 3, "C", readonly=True), numba.float32[:, :, ::1]
PLACES, NUMBERS = numba.types.Array(INT, 2, "C", readonly=True), numba.types.Array(INT, 1, "C", readonly=True)


@compiled(IMAGES, INT, INT, PAIR, PAIR, SHAPE, OUT_LINE)
def _lay_out(x, first, last, padding, stride, shape, memory):
    """memory[c, i, j, n, h, w] = x[first + n, c, h·sh + i − top, w·sw + j − left]; what lies outside stays as it is."""
    pixels, (top, left), (sh, sw) = x.reshape(x.size), padding, stride
    channels, rows, columns, images, height, width = shape
    apart = images * height * width
    for c in range(channels):
        for n in range(first, last):
            for h in range(height):
                for i in range(rows):
                    row = h * sh + i - top
                    if 0 <= row < x.shape[2]:
                        source = ((n * x.shape[1] + c) * x.shape[2] + row) * x.shape[3]
                        at = (((c * rows + i) * columns * images + n - first) * height + h) * width
                        low, high = (left + 1) // 2, min(width, (x.shape[3] + left) // 2)
                        if sw != 2 or columns != 2 or high < low + 8:
                            low = high = 0
                        for w in range(low, high, 8):  # both phases at once, in whole registers; the last ones may overlap
                            k = min(w, high - 8)
                            deal(memory, at + k, at + apart + k, pixels, source + 2 * k - left)
                        for j in range(columns):
                            start = max(0, (left - j + sw - 1) // sw)
                            end = min(width, (x.shape[3] - 1 + left - j) // sw + 1)
                            begin = source + j - left
                            if sw == 1:
                                copy_run(memory, at + start, pixels, begin + start, end - start)
                                continue
                            for w in range(start, min(low, end)):
                                memory[at + j * apart + w] = pixels[begin + w * sw]
                            start = max(high, start)
                            to, of = memory[at + j * apart + start :], pixels[begin + start * sw :]
                            for w in range(end - start):
                                to[w] = of[w * sw]


@compiled(LINE, NUMBERS, INT, INT, INT, LINE, INT, INT, LINE, OUT_LINE, INT)
def _four_outputs(line, places, first, last, start, weights, taps, o, bias, sums, to):
    """Outputs o … o + 3 at 24 positions from ``start`` on: bias[o] + Σ weights[o, t] · line[places[t] + p] for first ≤ t < last."""
    a0 = a1 = a2 = spread_out(bias, o)
    b0 = b1 = b2 = spread_out(bias, o + 1)
    c0 = c1 = c2 = spread_out(bias, o + 2)
    d0 = d1 = d2 = spread_out(bias, o + 3)
    for t in range(first, last):
        at = places[t] + start
        x, y, z = load(line, at), load(line, at + 8), load(line, at + 16)
        w = spread_out(weights, o * taps + t)
        a0, a1, a2 = add_product(a0, w, x), add_product(a1, w, y), add_product(a2, w, z)
        w = spread_out(weights, o * taps + t + taps)
        b0, b1, b2 = add_product(b0, w, x), add_product(b1, w, y), add_product(b2, w, z)
        w = spread_out(weights, o * taps + t + 2 * taps)
        c0, c1, c2 = add_product(c0, w, x), add_product(c1, w, y), add_product(c2, w, z)
        w = spread_out(weights, o * taps + t + 3 * taps)
        d0, d1, d2 = add_product(d0, w, x), add_product(d1, w, y), add_product(d2, w, z)
    store(sums, to, a0)
    store(sums, to + 8, a1)
    store(sums, to + 16, a2)
    store(sums, to + STRIP, b0)
    store(sums, to + STRIP + 8, b1)
    store(sums, to + STRIP + 16, b2)
    store(sums, to + 2 * STRIP, c0)
    store(sums, to + 2 * STRIP + 8, c1)
    store(sums, to + 2 * STRIP + 16, c2)
    store(sums, to + 3 * STRIP, d0)
    store(sums, to + 3 * STRIP + 8, d1)
    store(sums, to + 3 * STRIP + 16, d2)


@compiled(LINE, NUMBERS, INT, INT, INT, LINE, INT, INT, LINE, OUT_LINE, INT)
def _one_output(line, places, first, last, start, weights, taps, o, bias, sums, to):
    """The same for output o alone, at 48 positions."""
    a = b = c = d = e = f = spread_out(bias, o)
    for t in range(first, last):
        at = places[t] + start
        w = spread_out(weights, o * taps + t)
        a, b, c = add_product(a, w, load(line, at)), add_product(b, w, load(line, at + 8)), add_product(c, w, load(line, at + 16))
        d, e, f = add_product(d, w, load(line, at + 24)), add_product(e, w, load(line, at + 32)), add_product(f, w, load(line, at + 40))
    store(sums, to, a)
    store(sums, to + 8, b)
    store(sums, to + 16, c)
    store(sums, to + 24, d)
    store(sums, to + 32, e)
    store(sums, to + 40, f)


@compiled(LINE, INT, INT, PAIR, NUMBERS, INT, INT, PAIR, INT, OUT_IMAGES, INT)
def _cut_out(sums, start, end, size, lefts, apart, top, step, first, y, o):
    """y[n, o, top + h·step, left + w·step] = the sums at (n, h, w), of which the positions from start to end are there; for each left its own."""
    (height, width), (down, right), pixels = size, step, y.reshape(y.size)
    for r in range(start // width, (end - 1) // width + 1):
        row = top + r % height * down
        if row < y.shape[2]:
            low, high = max(start - r * width, 0), min(end - r * width, width)
            at, of = (((first + r // height) * y.shape[1] + o) * y.shape[2] + row) * y.shape[3], r * width - start
            if right == 1:
                copy_run(pixels, at + low, sums, of + low, min(high, y.shape[3]) - low)
                continue
            both = min(high, y.shape[3] // 2) - low if right == 2 and len(lefts) == 2 else 0
            if both > 0:  # even and odd pixels together: whole registers
                to, even, odd = pixels[at + 2 * low : at + 2 * (low + both)], sums[of + low :], sums[apart + of + low :]
                for w in range(both):
                    to[2 * w] = even[w]
                    to[2 * w + 1] = odd[w]
            for j in range(len(lefts)):
                for w in range(low + max(both, 0), min(high, (y.shape[3] - lefts[j] + right - 1) // right)):
                    pixels[at + lefts[j] + w * right] = sums[j * apart + of + w]


@compiled(IMAGES, GROUPS, LINE, SHAPE, PAIR, PAIR, PLACES, NUMBERS, NUMBERS, NUMBERS, PAIR, OUT_IMAGES)
def _convolve(x, weights, bias, shape, padding, stride, places, ends, tops, lefts, step, y):
    """y[n, o, top + h·step, left + w·step] = bias[o] + Σ weights[g, o, t] · x's line from places[g, t] on: for each top and left with taps of their own."""
    images, size, columns = shape[3], shape[4:], len(lefts)
    positions = size[0] * size[1]
    memory = np.zeros(places.max() + images * positions + BLOCK, F)
    sums = np.empty(columns * 4 * STRIP, F)
    outputs, taps = weights.shape[1:]
    for first in range(0, len(x), images):
        last = min(first + images, len(x))
        _lay_out(x, first, last, padding, stride, shape, memory)
        length = (last - first) * positions
        for g in range(weights.shape[0]):
            group = weights[g].reshape(outputs * taps)
            for start in range(0, length, STRIP):
                end = min(start + STRIP, length)
                o = 0
                while o < outputs:
                    number = 4 if o + 4 <= outputs else 1
                    for i in range(len(tops)):
                        for j in range(columns):
                            one, behind = ends[i * columns + j], ends[i * columns + j + 1]
                            if number == 4:
                                for p in range(start, end, BLOCK // 2):
                                    _four_outputs(memory, places[g], one, behind, p, group, taps, o, bias[g * outputs :], sums, j * 4 * STRIP + p - start)
                            else:
                                for p in range(start, end, BLOCK):
                                    _one_output(memory, places[g], one, behind, p, group, taps, o, bias[g * outputs :], sums, j * 4 * STRIP + p - start)
                        for q in range(number):
                            _cut_out(sums[q * STRIP :], start, end, size, lefts, 4 * STRIP, tops[i], step, first, y, g * outputs + o + q)
                    o += number


@compiled(LINE, PLACES, GROUPS, INT, OUT_GROUPS)
def _products(line, places, grads, length, dw):
    """dw[g, o, t] += Σ grads[g, o, p] · line[places[g, t] + p] over p < length."""
    for g in range(dw.shape[0]):
        outputs, taps = dw.shape[1], dw.shape[2]
        strips = (length + POSITIONS - 1) // POSITIONS
        for k in range(strips):
            start, end = length * k // strips, length * (k + 1) // strips
            count = end - start
            o = 0
            while o < outputs:
                four = o + 4 <= outputs
                ga = grads[g, o, start:]
                for t in range(0, taps, 3):
                    one = line[places[g, t] + start :]
                    two = line[places[g, t + 1] + start :]
                    three = line[places[g, t + 2] + start :]
                    a0, a1, a2 = F(0), F(0), F(0)
                    if four:
                        gb, gc, gd = grads[g, o + 1, start:], grads[g, o + 2, start:], grads[g, o + 3, start:]
                        b0, b1, b2, c0, c1, c2, d0, d1, d2 = F(0), F(0), F(0), F(0), F(0), F(0), F(0), F(0), F(0)
                        for p in range(count):
                            x, y, z = one[p], two[p], three[p]
                            a0 += ga[p] * x
                            a1 += ga[p] * y
                            a2 += ga[p] * z
                            b0 += gb[p] * x
                            b1 += gb[p] * y
                            b2 += gb[p] * z
                            c0 += gc[p] * x
                            c1 += gc[p] * y
                            c2 += gc[p] * z
                            d0 += gd[p] * x
                            d1 += gd[p] * y
                            d2 += gd[p] * z
                        dw[g, o + 1, t] += b0
                        dw[g, o + 1, t + 1] += b1
                        dw[g, o + 1, t + 2] += b2
                        dw[g, o + 2, t] += c0
                        dw[g, o + 2, t + 1] += c1
                        dw[g, o + 2, t + 2] += c2
                        dw[g, o + 3, t] += d0
                        dw[g, o + 3, t + 1] += d1
                        dw[g, o + 3, t + 2] += d2
                    else:
                        for p in range(count):
                            a0 += ga[p] * one[p]
                            a1 += ga[p] * two[p]
                            a2 += ga[p] * three[p]
                    dw[g, o, t] += a0
                    dw[g, o, t + 1] += a1
                    dw[g, o, t + 2] += a2
                o += 4 if four else 1


@compiled(IMAGES, IMAGES, SHAPE, PAIR, PAIR, PLACES, OUT_GROUPS)
def _weigh(g, x, shape, padding, stride, places, dw):
    """dw[g, o, t] += what came back times x's line from places[g, t] on."""
    images, positions = shape[3], shape[4] * shape[5]
    memory = np.zeros(places.max() + images * positions + BLOCK, F)
    grads = np.zeros(g.shape[1] * images * positions, F)
    for first in range(0, len(x), images):
        last = min(first + images, len(x))
        _lay_out(x, first, last, padding, stride, shape, memory)
        _lay_out(g, first, last, (0, 0), (1, 1), (g.shape[1], 1, 1, images, shape[4], shape[5]), grads)
        _products(memory, places, grads.reshape((dw.shape[0], dw.shape[1], images * positions)), (last - first) * positions, dw)


# -- where a convolution reads ---------------------------------------------------------------------


class Layout(NamedTuple):
    """The lines for some images, and where the taps begin to read. There may be several sets of taps, for outputs that lie in between each other."""

    shape: tuple  # (C, phases in a column, phases in a row, images, height, width)
    padding: tuple  # before the first row and the first column
    stride: tuple
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
    ends = np.cumsum([0, *(each.shape[1] for each in sets)])
    return Layout(shape, padding, stride, np.concatenate(sets, 1), ends)


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


# -- the three products: the functions of these names in ``cpu_conv.py`` --------------------------------

FIRST = np.zeros(1, np.int64)


def conv2d(x, w, win, b=None):
    if is_pointwise(w.shape, win) or not fits(x.shape, w.shape, win, x, w):
        return None  # a pointwise one is a matrix product as it stands
    x, y = np.ascontiguousarray(x), np.empty(conv_output_shape(x.shape, w.shape, win), np.float32)
    weights = np.ascontiguousarray(w.reshape(win.groups, len(w) // win.groups, -1))
    lines = window_layout(x.shape, w.shape, y.shape, win)
    bias = np.zeros(len(w), np.float32) if b is None else np.ascontiguousarray(b)
    by_images(lambda some: _convolve(x[some], weights, bias, *lines, FIRST, FIRST, (1, 1), y[some]), x, w.shape)
    return y


def window_layout(x_shape, w_shape, y_shape, win):
    """The lines for the windows that a convolution slides over its images."""
    rows, columns = (((k, p, d, out),) for k, out, _, p, d in zip(w_shape[2:], y_shape[2:], *win[:3]))
    return layout(x_shape, rows, columns, win.stride, win.groups)


def conv2d_input(g, w, x_shape, win):
    """Each phase of the input is a convolution of g with those taps that read it, mirrored."""
    if is_pointwise(w.shape, win) or not fits(x_shape, w.shape, win, g, w):
        return None
    rows, columns = (sorted(reversed_axes(*axis), key=lambda phase: phase[1]) for axis in zip(x_shape[2:], w.shape[2:], *win[:3]))
    sets = [flipped(w[:, :, i[0], j[0]], win.groups).reshape(win.groups, x_shape[1] // win.groups, -1) for i, j in product(rows, columns)]
    weights = np.ascontiguousarray(np.concatenate(sets, 2))
    lines = layout(g.shape, *(tuple(taps for _, _, taps in phases) for phases in (rows, columns)), (1, 1), win.groups)
    tops, lefts = (np.array([start for _, start, _ in phases]) for phases in (rows, columns))
    every = (len(rows), len(columns)) == win.stride
    g, dx, bias = np.ascontiguousarray(g), (np.empty if every else np.zeros)(x_shape, np.float32), np.zeros(x_shape[1], np.float32)
    by_images(lambda some: _convolve(g[some], weights, bias, *lines, tops, lefts, win.stride, dx[some]), dx, w.shape)
    return dx


def reversed_axes(size, kernel, stride, padding, dilation):
    """For each phase that is read, along one axis: its taps, its first place, and the (taps, padding, dilation, outputs) of its convolution with g."""
    step = stride // gcd(stride, dilation)
    for first in range(min(kernel, step)):
        top, phase = divmod(first * dilation, stride)  # what output o reads by this tap is the pixel o + top of the phase
        before = -(-max(padding - phase, 0) // stride)  # so many pixels of the phase are padding
        start, apart, taps = before * stride + phase - padding, dilation * step // stride, slice(first, None, step)
        if start < size:
            number = len(range(kernel)[taps])
            yield taps, start, (number, span(number, apart) + top - before, apart, -(-(size - start) // stride))


def conv2d_weight(g, x, w_shape, win):
    if not fits(x.shape, w_shape, win, g, x):
        return None
    g, x = np.ascontiguousarray(g), np.ascontiguousarray(x)
    lines = window_layout(x.shape, w_shape, g.shape, win)
    places = in_threes(lines.places, prod(lines.shape))  # what fills up a three reads zeros

    def weigh(some):
        dw = np.zeros((win.groups, w_shape[0] // win.groups, places.shape[1]), np.float32)
        _weigh(g[some], x[some], *lines[:3], places, dw)
        return dw

    dw = sum(by_images(weigh, x, w_shape))[..., : prod(w_shape[1:])]
    if not np.isfinite(dw).all():
        return None  # inf times the 0 between two images would be nan: a matrix product reads nothing there
    return np.ascontiguousarray(dw).reshape(w_shape)


def fits(x_shape, w_shape, win, *arrays):
    """Whether the kernels can do it, and sooner than a matrix product, which wastes nothing between small images."""
    if any(array.dtype.char != "f" or not array.size for array in arrays):
        return False
    waste = prod((size + padding) / size for size, padding in zip(x_shape[2:], win.padding))
    return w_shape[1] * waste < (MANY if thread_count() == 1 else MANY_SHARED)
