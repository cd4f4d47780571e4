"""Convolution as sums of shifted images, with no matrix of patches. ``cpu_conv.py`` has the readable forms.

A few padded images lie one behind the other in one line of numbers for each channel. What a tap reads for all their outputs is then that line
from some offset on; an output channel is the sum of such lines, each times one weight. Positions between the images are computed along
and dropped. With a stride the pixels are first sorted into phases, as in ``cpu_conv.py``.

Four output channels and three taps at a time: twelve weights stay in registers, and the sums of a strip in the first-level cache.
"""

from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import NamedTuple

import numba
import numpy as np

from ..cpu_conv import flipped, is_pointwise
from ..threads import shares, spread
from ..window import Window, conv_output_shape, span
from .maths import LINE, OUT_LINE, F, compiled

STRIP = 1120  # positions, a multiple of REGISTERS; four rows of sums and three of inputs fill the first-level cache
POSITIONS = STRIP  # at most so many in a line, if more than one image is to go into it
REGISTERS = 32  # positions: some registers full
MANY = 81  # channels (64 for images of 8×8): from here on a matrix product is faster, 35 ms against 50 for 256 channels of 8×8
INT = numba.int64
IMAGES = numba.types.Array(numba.float32, 4, "C", readonly=True)
OUT_IMAGES, GROUPS, OUT_GROUPS = numba.float32[:, :, :, ::1], numba.types.Array(numba.float32, 3, "C", readonly=True), numba.float32[:, :, ::1]
PLACES = numba.types.Array(numba.int64, 2, "C", readonly=True)
PHASES = numba.float32[:, :, :, :, :, ::1]


@compiled(IMAGES, INT, INT, INT, INT, PHASES)
def _lay_out(x, top, left, sh, sw, phases):
    """phases[c, i, j, n, h, w] = x[n, c, h·sh + i − top, w·sw + j − left]; what lies outside stays as it is."""
    width = phases.shape[5]
    for c in range(phases.shape[0]):
        for i in range(phases.shape[1]):
            for j in range(phases.shape[2]):
                first = max(0, (left - j + sw - 1) // sw)
                count = min(width, (x.shape[3] - 1 + left - j) // sw + 1) - first
                for n in range(x.shape[0]):
                    for h in range(phases.shape[4]):
                        row = h * sh + i - top
                        if 0 <= row < x.shape[2] and count > 0:
                            target, source = phases[c, i, j, n, h, first:], x[n, c, row, first * sw + j - left :]
                            if sw == 1:
                                for w in range(count):
                                    target[w] = source[w]
                            elif sw == 2:  # a stride that the compiler knows: whole registers
                                for w in range(count):
                                    target[w] = source[2 * w]
                            else:
                                for w in range(count):
                                    target[w] = source[w * sw]


@compiled(IMAGES, INT, INT, INT, INT, OUT_IMAGES)
def _cut_out(sums, top, left, sh, sw, y):
    """y[n, o, top + h·sh, left + w·sw] = sums[o, n, h, w] wherever that lies in y."""
    height, width = (y.shape[2] - top + sh - 1) // sh, (y.shape[3] - left + sw - 1) // sw
    for n in range(y.shape[0]):
        for o in range(y.shape[1]):
            for h in range(height):
                source, target = sums[o, n, h], y[n, o, top + h * sh, left:]
                if sw == 1:
                    for w in range(width):
                        target[w] = source[w]
                else:
                    for w in range(width):
                        target[w * sw] = source[w]


@compiled(LINE, PLACES, GROUPS, INT, OUT_LINE, OUT_GROUPS)
def _add_up(line, places, weights, length, sums, y):
    """y[g, o, p] = Σ weights[g, o, t] · line[places[g, t] + p] for p < length."""
    for g in range(weights.shape[0]):
        outputs, taps = weights.shape[1], weights.shape[2]
        strips = (length + STRIP - 1) // STRIP
        for k in range(strips):
            start, end = length * k // strips, length * (k + 1) // strips
            count = end - start
            full = (count + REGISTERS - 1) // REGISTERS * REGISTERS  # whole registers: the sums have room, and what lies behind the line is 0
            o = 0
            while o < outputs:
                four = o + 4 <= outputs
                sums[: 4 * STRIP if four else STRIP] = F(0)
                for t in range(0, taps, 3):
                    one = line[places[g, t] + start :]
                    two = line[places[g, t + 1] + start :]
                    three = line[places[g, t + 2] + start :]
                    a0, a1, a2 = weights[g, o, t], weights[g, o, t + 1], weights[g, o, t + 2]
                    if four:
                        b0, b1, b2 = weights[g, o + 1, t], weights[g, o + 1, t + 1], weights[g, o + 1, t + 2]
                        c0, c1, c2 = weights[g, o + 2, t], weights[g, o + 2, t + 1], weights[g, o + 2, t + 2]
                        d0, d1, d2 = weights[g, o + 3, t], weights[g, o + 3, t + 1], weights[g, o + 3, t + 2]
                        for p in range(full):
                            x, y_, z = one[p], two[p], three[p]
                            sums[p] += a0 * x + a1 * y_ + a2 * z
                            sums[p + STRIP] += b0 * x + b1 * y_ + b2 * z
                            sums[p + 2 * STRIP] += c0 * x + c1 * y_ + c2 * z
                            sums[p + 3 * STRIP] += d0 * x + d1 * y_ + d2 * z
                    else:
                        for p in range(full):
                            sums[p] += a0 * one[p] + a1 * two[p] + a2 * three[p]
                for q in range(4 if four else 1):
                    target, source = y[g, o + q, start:], sums[q * STRIP :]
                    for p in range(count):
                        target[p] = source[p]
                o += 4 if four else 1


@compiled(LINE, PLACES, GROUPS, INT, OUT_GROUPS)
def _products(line, places, grads, length, dw):
    """dw[g, o, t] += Σ grads[g, o, p] · line[places[g, t] + p] over p < length."""
    for g in range(dw.shape[0]):
        outputs, taps = dw.shape[1], dw.shape[2]
        strips = (length + STRIP - 1) // STRIP
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


# -- where a convolution reads ---------------------------------------------------------------------


class Layout(NamedTuple):
    """Where the lines of some images lie: how many images one holds, the shape of all of them, and where each group's taps begin to read."""

    images: int
    shape: tuple  # (C, phases in a column, phases in a row, images, height, width)
    places: np.ndarray  # (G, taps); taps to fill up a three read zeros


@lru_cache(256)
def layout(x_shape, kernel, outputs, win):
    """The lines for images of this shape. Without a stride the padding before a row is the padding behind the row before it."""
    size = tuple(
        max(length + p, out, out + span(k, d) - max(p, 0)) if s == 1 else -(-(length + 2 * p) // s)
        for length, out, k, s, p, d in zip(x_shape[2:], outputs, kernel, *win[:3])
    )
    phases = tuple(min(k, s) if d == 1 else s for k, s, d in zip(kernel, win.stride, win.dilation))  # others are not read
    images = max(1, min(x_shape[0], POSITIONS // prod(size)))
    line, shape = images * prod(size), (x_shape[1], *phases, images, *size)
    (down, row), (right, column) = (np.divmod(np.arange(k) * d, s) for k, d, s in zip(kernel, win.dilation, win.stride))
    taps = (row * phases[1] * line + down * size[1])[:, None] + column * line + right
    places = np.arange(x_shape[1])[:, None] * (prod(phases) * line) + taps.reshape(-1)
    return Layout(images, shape, in_threes(places.reshape(win.groups, -1), prod(shape)))


def in_threes(array, fill):
    """With a last dimension that three divides."""
    missing = -array.shape[-1] % 3
    return np.ascontiguousarray(np.concatenate([array, np.full((*array.shape[:-1], missing), fill, array.dtype)], -1))


def empty_lines(lines):
    """(memory, its part for the images), all 0."""
    line, used = prod(lines.shape[3:]), prod(lines.shape)
    memory = np.zeros(max(used, int(lines.places.max()) + line) + REGISTERS, np.float32)
    return memory, memory[:used].reshape(lines.shape)


# -- the three products: the functions of these names in ``cpu_conv.py`` --------------------------------


def conv2d(x, w, win):
    if is_pointwise(w.shape, win) or not fits(x.shape, w.shape, win, x, w):
        return None  # a pointwise one is a matrix product as it stands
    x, y = np.ascontiguousarray(x), np.empty(conv_output_shape(x.shape, w.shape, win), np.float32)
    by_images(lambda some: convolve(x[some], w, win, y[some]), x, w.shape)
    return y


def conv2d_input(g, w, x_shape, win):
    """Each phase of the input is a convolution of g with those taps that read it, mirrored."""
    if is_pointwise(w.shape, win) or not fits(x_shape, w.shape, win, g, w):
        return None
    g, dx = np.ascontiguousarray(g), np.zeros(x_shape, np.float32)
    rows, columns = ([*reversed_axes(*axis)] for axis in zip(x_shape[2:], w.shape[2:], *win[:3]))

    def give_back(some):
        for (i, y, *row), (j, x, *column) in product(rows, columns):
            within = Window((1, 1), *zip(row, column), win.groups)
            convolve(g[some], flipped(w[:, :, i, j], win.groups), within, dx[some], (y, x), win.stride)

    by_images(give_back, dx, w.shape)
    return dx


def reversed_axes(size, kernel, stride, padding, dilation):
    """For each phase that is read, along one axis: its taps, its first place, and the (padding, dilation) of its convolution with g."""
    step = stride // gcd(stride, dilation)
    for first in range(min(kernel, step)):
        top, phase = divmod(first * dilation, stride)  # what output o reads by this tap is the pixel o + top of the phase
        before = -(-max(padding - phase, 0) // stride)  # so many pixels of the phase are padding
        start, apart, taps = before * stride + phase - padding, dilation * step // stride, slice(first, None, step)
        if start < size:
            yield taps, start, span(len(range(kernel)[taps]), apart) + top - before, apart


def conv2d_weight(g, x, w_shape, win):
    if not fits(x.shape, w_shape, win, g, x):
        return None
    g, x = np.ascontiguousarray(g), np.ascontiguousarray(x)
    return sum(by_images(lambda some: weigh(g[some], x[some], w_shape, win), x, w_shape))


def fits(x_shape, w_shape, win, *arrays):
    """Whether the kernels can do it, and sooner than a matrix product, which wastes nothing between small images."""
    if any(array.dtype.char != "f" or not array.size for array in arrays):
        return False
    waste = prod((size + padding) / size for size, padding in zip(x_shape[2:], win.padding))
    return w_shape[1] * waste < MANY


def by_images(function, x, w_shape):
    """``[function(images)]`` for slices of the batch, one for each thread."""
    return spread(function, shares(len(x), x.size * prod(w_shape[2:])))


def convolve(x, w, win, y, start=(0, 0), step=(1, 1)):
    """Fill y, or the pixels of y from ``start`` on ``step`` apart."""
    outputs = tuple(-(-(size - first) // apart) for size, first, apart in zip(y.shape[2:], start, step))
    lines = layout(x.shape, w.shape[2:], outputs, win)
    memory, phases = empty_lines(lines)
    weights = in_threes(w.reshape(win.groups, len(w) // win.groups, -1), 0)
    strip, sums = np.empty(4 * STRIP, np.float32), np.empty((len(w), *lines.shape[3:]), np.float32)
    for first in range(0, len(x), lines.images):
        some = slice(first, first + lines.images)
        _lay_out(x[some], *win.padding, *win.stride, phases)
        _add_up(memory, lines.places, weights, len(x[some]) * prod(lines.shape[4:]), strip, sums.reshape(*weights.shape[:2], -1))
        _cut_out(sums, *start, *step, y[some])


def weigh(g, x, w_shape, win):
    """The weights' gradient: what came back times the lines that it came from."""
    lines = layout(x.shape, w_shape[2:], g.shape[2:], win)
    memory, phases = empty_lines(lines)
    grads = np.zeros((w_shape[0], 1, 1, *lines.shape[3:]), np.float32)
    dw = np.zeros((win.groups, w_shape[0] // win.groups, lines.places.shape[1]), np.float32)
    for first in range(0, len(x), lines.images):
        some = slice(first, first + lines.images)
        _lay_out(x[some], *win.padding, *win.stride, phases)
        _lay_out(g[some], 0, 0, 1, 1, grads)
        _products(memory, lines.places, grads.reshape(*dw.shape[:2], -1), len(x[some]) * prod(lines.shape[4:]), dw)
    return np.ascontiguousarray(dw[..., : prod(w_shape[1:])]).reshape(w_shape)
