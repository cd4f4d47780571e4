"""Convolution as sums of shifted images, with no matrix of patches. ``cpu_conv.py`` has the readable forms.

A few padded images lie one behind the other in one line of numbers for each channel. What a tap reads for all their outputs is then that line
from some offset on; an output channel is the sum of such lines, each times one weight. With a stride the pixels are first sorted into phases,
as in ``cpu_conv.py``.

Eight neighbouring outputs make a register. The registers begin anew with each row of outputs, or, where rows are short and eights would waste
more, go on over what lies between rows and images, which is computed along and dropped. Four output channels in three registers at a time:
their sums stay in twelve registers until all taps are added.

Each thread takes some images and makes one call for all of them: two threads that came back to Python after each line would wait for its lock
as long as they compute.
"""

from itertools import product
from math import gcd, prod

import numba
import numpy as np

from ..cpu_conv import by_images, flipped, is_pointwise
from ..window import conv_output_shape, span
from .conv_lines import BLOCK, EIGHT, POSITIONS, in_threes, layout
from .lanes import add_product, deal, load, spread_out, store, total
from .maths import LINE, OUT_LINE, F, compiled, copy_run

STRIP = 10 * BLOCK  # positions whose sums are put into the images at once
#: what a matrix product does in the time of one multiplication here, also for the weights' gradient; patches take as long as so many output channels
PRODUCT, PRODUCT_TO_WEIGH, PATCHES = 1.3, 1.5, 40
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
    whole = rows == columns == sh == sw == 1 and top == left == 0 and height == x.shape[2] and width == x.shape[3]
    for c in range(channels):
        for n in range(first, last):
            if whole:
                copy_run(memory, (c * images + n - first) * height * width, pixels, (n * channels + c) * height * width, height * width)
                continue
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


@compiled(LINE, NUMBERS, INT, NUMBERS, INT, INT, LINE, INT, INT, LINE, OUT_LINE, INT)
def _four_outputs(line, starts, k, places, first, last, weights, taps, o, bias, sums, to):
    """Outputs o … o + 3 in registers k to k + 2: bias[o] + Σ weights[o, t] · line[places[t] + starts[k] + p] for first ≤ t < last."""
    one, two, three = starts[k], starts[k + 1], starts[k + 2]
    a0 = a1 = a2 = spread_out(bias, o)
    b0 = b1 = b2 = spread_out(bias, o + 1)
    c0 = c1 = c2 = spread_out(bias, o + 2)
    d0 = d1 = d2 = spread_out(bias, o + 3)
    for t in range(first, last):
        at = places[t]
        x, y, z = load(line, at + one), load(line, at + two), load(line, at + three)
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


@compiled(LINE, NUMBERS, INT, NUMBERS, INT, INT, LINE, INT, INT, LINE, OUT_LINE, INT)
def _one_output(line, starts, k, places, first, last, weights, taps, o, bias, sums, to):
    """The same for output o alone, in six registers."""
    one, two, three, four, five, six = starts[k], starts[k + 1], starts[k + 2], starts[k + 3], starts[k + 4], starts[k + 5]
    a = b = c = d = e = f = spread_out(bias, o)
    for t in range(first, last):
        at, w = places[t], spread_out(weights, o * taps + t)
        a, b = add_product(a, w, load(line, at + one)), add_product(b, w, load(line, at + two))
        c, d = add_product(c, w, load(line, at + three)), add_product(d, w, load(line, at + four))
        e, f = add_product(e, w, load(line, at + five)), add_product(f, w, load(line, at + six))
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
    if down == right == 1 and height == y.shape[2] and width == y.shape[3]:  # nothing is dropped
        for n in range(start // (height * width), (end - 1) // (height * width) + 1):
            before = n * height * width
            low, high = max(start, before), min(end, before + height * width)
            copy_run(pixels, ((first + n) * y.shape[1] + o) * height * width + low - before, sums, low - start, high - low)
        return
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


@compiled(IMAGES, GROUPS, LINE, SHAPE, PAIR, PAIR, PAIR, NUMBERS, PLACES, NUMBERS, NUMBERS, NUMBERS, PAIR, OUT_IMAGES)
def _convolve(x, weights, bias, shape, padding, stride, size, starts, places, ends, tops, lefts, step, y):
    """y[n, o, top + h·step, left + w·step] = bias[o] + Σ weights[g, o, t] · x's line from places[g, t] on: for each top and left with taps of their own."""
    images, columns, positions = shape[3], len(lefts), size[0] * size[1]
    memory = np.zeros(places.max() + images * shape[4] * shape[5] + BLOCK, F)
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
                                    _four_outputs(memory, starts, p // EIGHT, places[g], one, behind, group, taps, o, bias[g * outputs :], sums, j * 4 * STRIP + p - start)
                            else:
                                for p in range(start, end, BLOCK):
                                    _one_output(memory, starts, p // EIGHT, places[g], one, behind, group, taps, o, bias[g * outputs :], sums, j * 4 * STRIP + p - start)
                        for q in range(number):
                            _cut_out(sums[q * STRIP :], start, end, size, lefts, 4 * STRIP, tops[i], step, first, y, g * outputs + o + q)
                    o += number


@compiled(LINE, NUMBERS, PLACES, GROUPS, INT, OUT_GROUPS)
def _products(line, starts, places, grads, length, dw):
    """dw[g, o, t] += Σ grads[g, o, 8·k + p] · line[places[g, t] + starts[k] + p] over k and p < 8, up to the ``length`` of grads."""
    none = np.zeros(1, F)
    for g in range(dw.shape[0]):
        outputs, taps = dw.shape[1], dw.shape[2]
        for start in range(0, length, POSITIONS):
            end = min(start + POSITIONS, length)
            full = end - end % EIGHT
            o = 0
            while o < outputs:
                number = 4 if o + 4 <= outputs else 1
                grad = grads[g, o : o + number].reshape(number * grads.shape[2])
                for t in range(0, taps, 3):
                    one, two, three = line[places[g, t] :], line[places[g, t + 1] :], line[places[g, t + 2] :]
                    a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = spread_out(none, 0)
                    if number == 4:
                        for p in range(start, full, EIGHT):
                            at = starts[p // EIGHT]
                            x, y, z = load(one, at), load(two, at), load(three, at)
                            w = load(grad, p)
                            a0, a1, a2 = add_product(a0, w, x), add_product(a1, w, y), add_product(a2, w, z)
                            w = load(grad, p + grads.shape[2])
                            b0, b1, b2 = add_product(b0, w, x), add_product(b1, w, y), add_product(b2, w, z)
                            w = load(grad, p + 2 * grads.shape[2])
                            c0, c1, c2 = add_product(c0, w, x), add_product(c1, w, y), add_product(c2, w, z)
                            w = load(grad, p + 3 * grads.shape[2])
                            d0, d1, d2 = add_product(d0, w, x), add_product(d1, w, y), add_product(d2, w, z)
                    else:
                        for p in range(start, full, EIGHT):
                            at = starts[p // EIGHT]
                            w = load(grad, p)
                            a0, a1, a2 = add_product(a0, w, load(one, at)), add_product(a1, w, load(two, at)), add_product(a2, w, load(three, at))
                    found = ((a0, a1, a2), (b0, b1, b2), (c0, c1, c2), (d0, d1, d2))
                    for q in range(number):
                        for k in range(3):
                            dw[g, o + q, t + k] += total(found[q][k])
                            for p in range(full, end):
                                dw[g, o + q, t + k] += grad[q * grads.shape[2] + p] * line[places[g, t + k] + starts[full // EIGHT] + p - full]
                o += number


@compiled(IMAGES, IMAGES, SHAPE, PAIR, PAIR, PAIR, NUMBERS, PLACES, OUT_GROUPS)
def _weigh(g, x, shape, padding, stride, size, starts, places, dw):
    """dw[g, o, t] += what came back times x's line from places[g, t] on."""
    images, positions = shape[3], size[0] * size[1]
    memory = np.zeros(places.max() + images * shape[4] * shape[5] + BLOCK, F)
    grads = np.zeros(g.shape[1] * images * positions, F)
    for first in range(0, len(x), images):
        last = min(first + images, len(x))
        _lay_out(x, first, last, padding, stride, shape, memory)
        _lay_out(g, first, last, (0, 0), (1, 1), (g.shape[1], 1, 1, images, size[0], size[1]), grads)
        _products(memory, starts, places, grads.reshape((dw.shape[0], dw.shape[1], images * positions)), (last - first) * positions, dw)


# -- the three products: the functions of these names in ``cpu_conv.py`` --------------------------------

FIRST = np.zeros(1, np.int64)


def conv2d(x, w, win, b=None):
    if is_pointwise(w.shape, win) or not usable(x, w):
        return None  # a pointwise one is a matrix product as it stands
    y_shape = conv_output_shape(x.shape, w.shape, win)
    lines = window_layout(x.shape, w.shape, y_shape, win)
    if not quicker(len(w) // win.groups, lines, y_shape[2:]):
        return None
    x, y, weights = np.ascontiguousarray(x), np.empty(y_shape, np.float32), np.ascontiguousarray(w.reshape(win.groups, len(w) // win.groups, -1))
    bias = np.zeros(len(w), np.float32) if b is None else np.ascontiguousarray(b)
    by_images(lambda some: _convolve(x[some], weights, bias, *lines, FIRST, FIRST, (1, 1), y[some]), x, w.shape)
    return y


def window_layout(x_shape, w_shape, y_shape, win):
    """The lines for the windows that a convolution slides over its images."""
    rows, columns = (((k, p, d, out),) for k, out, _, p, d in zip(w_shape[2:], y_shape[2:], *win[:3]))
    return layout(x_shape, rows, columns, win.stride, win.groups)


def conv2d_input(g, w, x_shape, win):
    """Each phase of the input is a convolution of g with those taps that read it, mirrored."""
    if is_pointwise(w.shape, win) or not usable(g, w):
        return None
    rows, columns = (sorted(reversed_axes(*axis), key=lambda phase: phase[1]) for axis in zip(x_shape[2:], w.shape[2:], *win[:3]))
    lines = layout(g.shape, *(tuple(taps for _, _, taps in phases) for phases in (rows, columns)), (1, 1), win.groups)
    if not quicker(x_shape[1] // win.groups, lines, [-(-size // step) for size, step in zip(x_shape[2:], win.stride)]):
        return None
    sets = [flipped(w[:, :, i[0], j[0]], win.groups).reshape(win.groups, x_shape[1] // win.groups, -1) for i, j in product(rows, columns)]
    weights = np.ascontiguousarray(np.concatenate(sets, 2))
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
    if not usable(g, x):
        return None
    lines = window_layout(x.shape, w_shape, g.shape, win)
    if not quicker(w_shape[0] // win.groups, lines, g.shape[2:], PRODUCT_TO_WEIGH):
        return None
    g, x = np.ascontiguousarray(g), np.ascontiguousarray(x)
    places = in_threes(lines.places, prod(lines.shape))  # what fills up a three reads zeros

    def weigh(some):
        dw = np.zeros((win.groups, w_shape[0] // win.groups, places.shape[1]), np.float32)
        _weigh(g[some], x[some], *lines[:5], places, dw)
        return dw

    dw = sum(by_images(weigh, x, w_shape))[..., : prod(w_shape[1:])]
    if not np.isfinite(dw).all():
        return None  # inf times the 0 between two images would be nan: a matrix product reads nothing there
    return np.ascontiguousarray(dw).reshape(w_shape)


def usable(*arrays):
    """Are these arrays that the kernels take?"""
    return all(array.dtype.char == "f" and array.size for array in arrays)


def quicker(outputs, lines, size, product=PRODUCT):
    """Whether sums of lines take less time than a matrix product of patches, for so many output channels of this size: computing what lies between
    the outputs, or laying out the patches."""
    waste = prod(lines.size) / prod(size)
    return outputs * product * waste < outputs + PATCHES
