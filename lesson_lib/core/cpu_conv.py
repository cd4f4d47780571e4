"""Convolution of NumPy arrays, as fast as plain NumPy goes.

A convolution is one matrix product once every window of the input has become a row of a matrix, the *patch matrix*
(K. Chellapilla, S. Puri, P. Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006).
That matrix is kh·kw times as large as the input, so building it for a whole batch would spend the time on moving
memory. Here it is built block by block: a block spans several images (or, where one image is large, a band of its
rows), stays in the processor's cache and meets the matrix product there.

Two memory orders are used. With enough channels the positions come first and the channels of a pixel lie together, so
a row of a window is one contiguous run and the matrix product is at its best. With few channels such a run would be a
handful of numbers; the channels come first instead, and a run follows the width of the image.

``patches.py`` holds the same functions in their simplest form, ``kernels/conv.py`` a compiled form that needs no patches at
all; the tests hold the three equal. No function here writes to its arguments.
"""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .blocks import BLOCK_BYTES, SMALL_BLOCK_BYTES, pieces, straight_rows
from .compiled import with_kernel
from .patches import with_bias
from .threads import one_blas_thread, shares, spread
from .window import Window, conv_output_shape, span

SHORT_RUN = 16  # numbers; copying a shorter run costs more for the call than for the numbers
FEW_CHANNELS = 12  # below this, giving gradients back beats gathering them
PAGE = 4096  # bytes; addresses this far apart compete for the same few lines of the cache


@with_kernel
def conv2d(x, w, win, b=None):
    """Slide ``w`` over ``x``: y[n, o, h, w] = b[o] + Σ w[o, c, i, j] · x[n, c, h·s − p + i·d, w·s − p + j·d].

    x (N, C, H, W), w (O, C/groups, kh, kw), b (O) or None -> y (N, O, Ho, Wo), of ``x``'s dtype.
    """
    convolve = pointwise if is_pointwise(w.shape, win) else depthwise if is_depthwise(w.shape, win) else gather
    y = np.empty(conv_output_shape(x.shape, w.shape, win), x.dtype)
    by_images_alone(lambda some: with_bias(convolve(x[some], w, win, y[some]), b), x, w.shape)
    return y


def gather(x, w, win, y):
    """Fill y block by block, and return it: windows of x as the rows of a matrix, times the weights."""
    channels_first = has_short_runs(w.shape, win)
    weights = weight_matrix(w, win.groups)  # (G, K, O/G)
    for images, rows, patches in patch_blocks(x, w.shape, y.shape[2:], win):  # (G, L, K)
        part = y[images, :, rows]  # (n, O, rows, Wo)
        positions = (part.shape[0], *part.shape[2:])
        product = laid_out(np.empty(part.size, x.dtype), positions, (y.shape[1],), channels_first)
        np.matmul(patches, weights, out=by_group(product, win.groups))
        part[...] = product.transpose(0, 3, 1, 2)
    return y


@with_kernel
def conv2d_input(g, w, x_shape, win):
    """Gradient of ``conv2d`` by its input: g (N, O, Ho, Wo), w (O, C/groups, kh, kw) -> (N, C, H, W)."""
    if gradient_is_convolution(w.shape, win):
        return conv2d(g, flipped(w, win.groups), full_window(w.shape, win))
    dx = np.empty(x_shape, g.dtype)
    by_images_alone(lambda some: scatter(g[some], w, win, dx[some]), dx, w.shape)
    return dx


@with_kernel
def conv2d_weight(g, x, w_shape, win):
    """Gradient of ``conv2d`` by its weights: g (N, O, Ho, Wo), x (N, C, H, W) -> (O, C/groups, kh, kw)."""
    if is_depthwise(w_shape, win):
        dw = sum(by_images_alone(lambda some: depthwise_weight(g[some], x[some], w_shape, win), x, w_shape))
        if np.isfinite(dw).all():  # else a pixel of inf may have met a 0 beside the image, where no window reaches
            return dw
    return sum(by_images_alone(lambda some: gather_weight(g[some], x[some], w_shape, win), x, w_shape))


def by_images(function, x, w_shape):
    """``[function(images)]`` for slices of the batch, one for each thread."""
    return spread(function, shares(len(x), x.size * prod(w_shape[2:])))


def by_images_alone(function, x, w_shape):
    """The same for functions with matrix products, which keep to their own thread meanwhile. One slice where they cannot be kept."""
    with one_blas_thread() as alone:
        return by_images(function, x, w_shape) if alone else [function(slice(0, len(x)))]


def gather_weight(g, x, w_shape, win):
    """The weights' gradient, block by block: what came back times the windows that it came from."""
    out_channels, channels, kh, kw = w_shape
    per_group = out_channels // win.groups
    total = np.zeros((win.groups, per_group, kh * kw * channels), x.dtype)
    product = np.empty_like(total)
    for images, rows, patches in patch_blocks(x, w_shape, g.shape[2:], win):  # (G, L, K)
        part = g[images, :, rows].swapaxes(0, 1)  # (O, n, rows, Wo)
        grads = part.reshape(win.groups, per_group, patches.shape[1])  # (G, O/G, L)
        total += np.matmul(grads, patches, out=product)
    dw = total.reshape(out_channels, kh, kw, channels).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(dw)


# -- the matrix of patches ------------------------------------------------------------------------


def patch_blocks(x, w_shape, out_hw, win):
    """Yield (images, rows, patches): two slices of the output, and its windows of ``x`` (G, L, K).

    L counts the output positions of the block, K = kh·kw·C/G the numbers that each one reads, in
    the order (kh, kw, channel). The array is overwritten by the next block.
    """
    _, channels, kh, kw = w_shape
    every_channel, width = win.groups * channels, out_hw[1]
    row_size = width * every_channel * kh * kw
    channels_first = has_short_runs(w_shape, win)
    block_bytes = SMALL_BLOCK_BYTES if channels_first else BLOCK_BYTES
    blocks = blocks_of(x.shape[0], out_hw[0], row_size * x.itemsize, block_bytes)
    if not blocks:
        return
    most_images, most_rows = (piece.stop for piece in blocks[0])
    band = (most_rows - 1) * win.stride[0] + span(kh, win.dilation[0]) + 1
    size = (most_images, band, x.shape[3] + 2 * win.padding[1])
    padded = laid_out(np.zeros(prod(size) * every_channel, x.dtype), size, (every_channel,), channels_first)
    windows = window_view(padded, (kh, kw), width, win)  # (n, rows, Wo, G, kh, kw, C/G)
    memory = np.empty(most_images * most_rows * row_size, x.dtype)
    for images, rows in blocks:
        load_band(padded, x[images], rows, win)
        positions = (images.stop - images.start, rows.stop - rows.start, width)
        patches = laid_out(memory, positions, windows.shape[3:], channels_first)
        patches[...] = windows[: positions[0], : positions[1]]
        yield images, rows, patches.reshape(prod(positions), win.groups, channels * kh * kw).swapaxes(0, 1)


def blocks_of(images, rows, row_bytes, block_bytes):
    """Cut a batch into (images, rows) slices of about ``block_bytes``: whole images, or bands of one."""
    bands = list(pieces(rows, row_bytes, block_bytes))
    if len(bands) > 1:
        return [(slice(n, n + 1), band) for n in range(images) for band in bands]
    return [(some, slice(0, rows)) for some in pieces(images, rows * row_bytes, block_bytes)]


def laid_out(memory, positions, channels, channels_first):
    """The start of flat ``memory`` as an array (*positions, *channels), in either memory order."""
    start = memory[: prod(positions) * prod(channels)]
    if not channels_first:
        return start.reshape(positions + channels)
    axes = range(len(channels) + len(positions))
    order = (*axes[len(channels) :], *axes[: len(channels)])
    return start.reshape(channels + positions).transpose(order)


def window_view(padded, kernel, width, win):
    """Every window of a padded (n, rows, columns, C) array, as a view (n, h, w, G, kh, kw, C/G)."""
    spans = [span(*axis) + 1 for axis in zip(kernel, win.dilation)]
    view = sliding_window_view(padded, spans, axis=(1, 2), writeable=False)
    view = view[:, :: win.stride[0], :: win.stride[1], :, :: win.dilation[0], :: win.dilation[1]]
    images, rows, columns, channels = view.shape[:4]
    view = view.reshape(images, rows, columns, win.groups, channels // win.groups, *kernel)
    return view[:, :, :width].transpose(0, 1, 2, 3, 5, 6, 4)


def load_band(padded, x, rows, win):
    """Copy the input rows that output ``rows`` read into the padded, channels-last buffer."""
    band, left = padded[: x.shape[0]], win.padding[1]
    count, (height, width) = band.shape[1], x.shape[2:]
    top = rows.start * win.stride[0] - win.padding[0]  # may lie above the image, as the end may lie below it
    above = min(max(-top, 0), count)
    below = min(max(height - top, above), count)
    band[:, :above] = 0
    band[:, below:] = 0
    copy_channels_last(band[:, above:below, left : left + width], x[:, :, top + above : top + below])


def copy_channels_last(target, source):
    """Copy (n, C, h, w) to (n, h, w, C)."""
    # Planes a multiple of 4 KiB apart fall on the same cache lines: read eight of them at a time.
    step = 8 if source.strides[1] % PAGE == 0 else max(1, source.shape[1])
    for first in range(0, source.shape[1], step):
        some = slice(first, first + step)
        target[..., some] = source[:, some].transpose(0, 2, 3, 1)


def has_short_runs(w_shape, win):
    """Whether the channels are so few that they should lie first, and the width of the image last."""
    _, channels, _, kernel_width = w_shape
    side_by_side = win.groups == 1 and win.dilation[1] == 1  # then the taps of a row are one run
    return channels * (kernel_width if side_by_side else 1) < SHORT_RUN


def weight_matrix(w, groups):
    """(O, C/G, kh, kw) -> (G, K, O/G) with K in the order (kh, kw, channel)."""
    out_channels, channels, height, width = w.shape
    rows = w.transpose(0, 2, 3, 1).reshape(groups, out_channels // groups, height * width * channels)
    return rows.swapaxes(1, 2)


def by_group(array, groups):
    """View (..., O) as (G, positions, O/G)."""
    return array.reshape(-1, groups, array.shape[-1] // groups).swapaxes(0, 1)


# -- special cases --------------------------------------------------------------------------------


def is_pointwise(w_shape, win):
    """Whether each output pixel reads one input pixel, its own."""
    return tuple(w_shape[2:]) == (1, 1) and win.stride == (1, 1) and win.padding == (0, 0)


def is_depthwise(w_shape, win):
    """Whether every group has one input channel, its own."""
    return w_shape[1] == 1 and win.groups > 1


def pointwise(x, w, win, y):
    """Fill y, and return it, by a 1×1 convolution: the channels of every pixel times one matrix, with nothing to gather."""
    (images, channels, height, width), groups = x.shape, win.groups
    pixels = x.reshape(images, groups, channels // groups, height * width)
    weights = w.reshape(groups, len(w) // groups, channels // groups)
    np.matmul(weights, pixels, out=y.reshape(images, groups, len(w) // groups, height * width))  # (N, G, O/G, H·W)
    return y


# -- the input's gradient -------------------------------------------------------------------------


def gradient_is_convolution(w_shape, win):
    """Whether the input's gradient is quickest as a convolution of the output's gradient."""
    full = full_window(w_shape, win)
    return (
        win.stride == (1, 1) and min(full.padding) >= 0 and (w_shape[1] >= FEW_CHANNELS or is_pointwise(w_shape, win) or is_depthwise(w_shape, win))
    )


def full_window(w_shape, win):
    """The geometry that undoes a stride-1 ``win``: padded so that every tap that was read is met."""
    height, width = (span(*axis) - padding for *axis, padding in zip(w_shape[2:], win.dilation, win.padding))
    return Window((1, 1), (height, width), win.dilation, win.groups)


def flipped(w, groups):
    """Weights (C, O/G, kh, kw) of the reverse convolution: taps mirrored, channels exchanged."""
    out_channels, channels, height, width = w.shape
    mirrored = w[:, :, ::-1, ::-1].reshape(groups, out_channels // groups, channels, height, width)
    return mirrored.swapaxes(1, 2).reshape(groups * channels, out_channels // groups, height, width)


def scatter(g, w, win, dx):
    """Fill dx, the input's gradient, by giving back: every output sends w · g to each input that it read."""
    x_shape = dx.shape
    images, channels = x_shape[:2]
    out_channels, _, kh, kw = w.shape
    groups = win.groups
    phase_height, phase_width = phase_size(x_shape, win)
    wide = g.shape[2] * phase_width

    matrix = w.reshape(groups, out_channels // groups, channels // groups * kh * kw).swapaxes(1, 2)  # (G, K, O/G)
    multiply = np.multiply if out_channels == groups else np.matmul  # the same, where O/G is 1
    for some in pieces(images, channels * kh * kw * wide * g.itemsize, BLOCK_BYTES):
        widened = widen(g[some], phase_width).reshape(-1, groups, out_channels // groups, wide)
        sent = multiply(matrix, widened).reshape(-1, channels, kh, kw, wide)
        phases = np.zeros((len(sent), channels, *win.stride, phase_height * phase_width), g.dtype)
        with straight_rows():
            for i, j, read in tap_slices((kh, kw), g.shape[2:], phase_width, win):
                target = phases[read]
                target += sent[:, :, i, j, : target.shape[-1]]
        dx[some] = merge_phases(phases, x_shape, win)


# -- phases: where each tap is one contiguous slice -----------------------------------------------
#
# With stride s the padded input is split into s·s phases (the pixels 0, s, 2s …; the pixels 1,
# s + 1 …), each stored flat. What a tap reads for all outputs is then one contiguous slice of one
# phase, except that a row of the phase is a few columns wider than a row of outputs: those columns
# are computed along and dropped.


def phase_size(x_shape, win):
    """Height and width of one phase."""
    return tuple(-(-(size + 2 * padding) // stride) for size, padding, stride in zip(x_shape[2:], win.padding, win.stride))


def split_phases(x, win):
    """Pad (n, C, H, W) and split it into (n, C, sh, sw, phase height · phase width)."""
    images, channels, height, width = x.shape
    (sh, sw), (ph, pw), size = win.stride, win.padding, phase_size(x.shape, win)
    padded = np.zeros((images, channels, size[0] * sh, size[1] * sw), x.dtype)
    padded[:, :, ph : ph + height, pw : pw + width] = x
    phases = np.empty((images, channels, sh, sw, *size), x.dtype)
    for i, j in np.ndindex(sh, sw):
        phases[:, :, i, j] = padded[:, :, i::sh, j::sw]
    return phases.reshape(images, channels, sh, sw, -1)


def merge_phases(phases, x_shape, win):
    """The reverse of ``split_phases``: put the pixels back in place and cut off the padding."""
    images, channels, sh, sw = phases.shape[:4]
    (ph, pw), size = win.padding, phase_size(x_shape, win)
    phases = phases.reshape(images, channels, sh, sw, *size)
    padded = np.empty((images, channels, size[0] * sh, size[1] * sw), phases.dtype)
    for i, j in np.ndindex(sh, sw):
        padded[:, :, i::sh, j::sw] = phases[:, :, i, j]
    return padded[:, :, ph : ph + x_shape[2], pw : pw + x_shape[3]]


def tap_slices(kernel, out_hw, phase_width, win):
    """Yield (i, j, index): the index into the phases of all that tap (i, j) reads."""
    used = (out_hw[0] - 1) * phase_width + out_hw[1]
    for i in range(kernel[0]):
        top, row_phase = divmod(i * win.dilation[0], win.stride[0])
        for j in range(kernel[1]):
            left, column_phase = divmod(j * win.dilation[1], win.stride[1])
            start = top * phase_width + left
            yield i, j, np.s_[:, :, row_phase, column_phase, start : start + used]


def widen(g, phase_width):
    """Fill the rows of (n, O, Ho, Wo) up with zeros to the width of a phase."""
    wide = np.zeros((*g.shape[:3], phase_width), g.dtype)
    wide[..., : g.shape[3]] = g
    return wide


def depthwise(x, w, win, y):
    """Fill y channel by channel, and return it: with no sum over channels it is one product per tap."""
    (out_channels, _, kh, kw), shape = w.shape, y.shape
    phase_width = phase_size(x.shape, win)[1]
    weights = w.reshape(win.groups, -1, kh, kw, 1)  # (C, O/C, kh, kw, 1)
    for some in pieces(shape[0], prod(shape[1:]) * x.itemsize, SMALL_BLOCK_BYTES):
        phases = split_phases(x[some], win)
        total = np.zeros((len(phases), *weights.shape[:2], shape[2] * phase_width), x.dtype)
        with straight_rows():
            for i, j, read in tap_slices((kh, kw), shape[2:], phase_width, win):
                pixels = phases[read][:, :, None]  # (n, C, 1, positions)
                total[..., : pixels.shape[-1]] += weights[:, :, i, j] * pixels
        y[some] = total.reshape(-1, out_channels, shape[2], phase_width)[..., : shape[3]]
    return y


def depthwise_weight(g, x, w_shape, win):
    """Gradient of ``depthwise`` by its weights: for each tap, what it read times what came back."""
    out_channels, _, kh, kw = w_shape
    phase_width = phase_size(x.shape, win)[1]
    dw = np.zeros((win.groups, out_channels // win.groups, kh, kw), x.dtype)
    for some in pieces(len(g), prod(g.shape[1:]) * g.itemsize, SMALL_BLOCK_BYTES):
        phases = split_phases(x[some], win)
        grad = widen(g[some], phase_width).reshape(len(phases), *dw.shape[:2], -1)
        for i, j, read in tap_slices((kh, kw), g.shape[2:], phase_width, win):
            pixels = phases[read][:, :, None]  # (n, C, 1, positions)
            dw[:, :, i, j] += np.vecdot(pixels.conj(), grad[..., : pixels.shape[-1]]).sum(axis=0)  # vecdot takes its first argument's conjugate
    return dw.reshape(w_shape)
