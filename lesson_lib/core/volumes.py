"""Convolution and pooling of sequences, images and volumes: those of images do the work for all three.

A sequence is an image of height 1. A volume is a stack of images, which are called its layers:

- Each output layer of a convolution reads a few layers of the input. Laid side by side they are one image with more channels, so the convolution
  of a volume is one of images.
- The largest number of a window is the largest of its layers' largest; the same holds for sums. So a volume is pooled within its layers first,
  then across them.
"""

from math import prod

from .patches import divisors, fold, means, windows
from .window import Window, average_counts, conv_length, pool_output_shape


def as_image(array):
    """(N, C, L) → (N, C, 1, L); an image stays as it is."""
    return array[:, :, None] if array.ndim == 3 else array


def image_shape(shape):
    """The shape that ``as_image`` gives."""
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape


# -- convolution: ``win`` has two numbers per setting for sequences and images, three for volumes -----


def conv(xp, x, w, win, b=None):
    """Slide ``w`` (O, C/groups, *kernel) over ``x`` (N, C, *sizes), and add ``b`` (O) -> y (N, O, *output sizes)."""
    if x.ndim < 5:
        y = xp.conv2d(as_image(x), as_image(w), win, b)
        return y if x.ndim == 4 else y[:, :, 0]
    layers = output_layers(x.shape, w.shape, win)
    y = xp.conv2d(images(xp, x, w.shape, layers, win), image_weights(w), within_layers(win), b)
    return stacked(xp, y, layers)


def conv_input(xp, g, w, x_shape, win):
    """The gradient of ``conv`` by its input: g (N, O, *output sizes), w (O, C/groups, *kernel) -> ``x_shape``."""
    if len(x_shape) < 5:
        return xp.conv2d_input(as_image(g), as_image(w), image_shape(x_shape), win).reshape(x_shape)
    layers = g.shape[2]
    shape = (x_shape[0] * layers, x_shape[1] * w.shape[2], *x_shape[3:])
    dx = xp.conv2d_input(unstacked(xp, g), image_weights(w), shape, within_layers(win))
    columns = xp.moveaxis(dx.reshape(x_shape[0], layers, x_shape[1], w.shape[2], prod(x_shape[3:])), 1, 3)
    return fold(xp, columns, flat_layers(x_shape), *across_layers(w.shape[2], win)).reshape(x_shape)


def conv_weight(xp, g, x, w_shape, win):
    """The gradient of ``conv`` by its weights: g (N, O, *output sizes), x (N, C, *sizes) -> ``w_shape``."""
    if x.ndim < 5:
        return xp.conv2d_weight(as_image(g), as_image(x), image_shape(w_shape), win).reshape(w_shape)
    out_channels, channels, depth, *kernel = w_shape
    x = images(xp, x, w_shape, g.shape[2], win)
    return xp.conv2d_weight(unstacked(xp, g), x, (out_channels, channels * depth, *kernel), within_layers(win)).reshape(w_shape)


def output_layers(x_shape, w_shape, win):
    """How many layers a convolution of volumes has."""
    return conv_length(x_shape[2], w_shape[2], win.stride[0], win.padding[0], win.dilation[0])


def images(xp, x, w_shape, layers, win):
    """(N, C, D, H, W) -> (N·Do, C·kd, H, W): for each output layer the layers that it reads, as channels of one image."""
    count, channels, _, height, width = x.shape
    columns = windows(xp, x.reshape(flat_layers(x.shape)), *across_layers(w_shape[2], win), (layers, height * width))  # (N, C, kd, Do, H·W)
    return xp.moveaxis(columns, 3, 1).reshape(count * layers, channels * w_shape[2], height, width)


def image_weights(w):
    """(O, C/G, kd, kh, kw) -> (O, C/G·kd, kh, kw)."""
    return w.reshape(w.shape[0], w.shape[1] * w.shape[2], *w.shape[3:])


def stacked(xp, y, layers):
    """(N·Do, O, H, W) -> (N, O, Do, H, W)."""
    return xp.ascontiguousarray(y.reshape(y.shape[0] // layers, layers, *y.shape[1:]).swapaxes(1, 2))


def unstacked(xp, g):
    """(N, O, Do, H, W) -> (N·Do, O, H, W)."""
    return g.swapaxes(1, 2).reshape(g.shape[0] * g.shape[2], g.shape[1], *g.shape[3:])


def flat_layers(shape):
    """(N, C, D, H, W) -> (N, C, D, H·W): an image with a row for each layer."""
    return (*shape[:3], prod(shape[3:]))


def across_layers(depth, win):
    """(kernel, stride, padding, dilation) of windows that reach over ``depth`` of the rows of ``flat_layers``."""
    return (depth, 1), (win.stride[0], 1), (win.padding[0], 0), (win.dilation[0], 1)


def within_layers(win):
    """The geometry without its first dimension."""
    return Window(win.stride[1:], win.padding[1:], win.dilation[1:], win.groups)


# -- pooling: the settings have two numbers for images, three for volumes -----------------------------


def max_pool(xp, x, kernel, stride, padding, dilation, ceil_mode):
    """The largest value of each window, and where it stood, counted within a plane or a volume: x (N, C, *sizes) -> y, indices."""
    if x.ndim == 4:
        return xp.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
    settings = kernel, stride, padding, dilation
    shape = pool_output_shape(x.shape, *settings, ceil_mode)
    best, pixels = xp.max_pool2d(as_planes(x), *(setting[1:] for setting in settings), ceil_mode)
    rows = (prod(x.shape[:2]), 1, x.shape[2], prod(shape[3:]))
    best, places = xp.max_pool2d(best.reshape(rows), *layers_only(*settings), ceil_mode)
    indices = places // rows[3] * prod(x.shape[3:]) + xp.max_pool2d_gather(pixels.reshape(rows), places)
    return best.reshape(shape), indices.reshape(shape)


def avg_pool(xp, x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """The mean of each window: x (N, C, *sizes) -> (N, C, *output sizes)."""
    if x.ndim == 4:
        return xp.avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
    shape = pool_output_shape(x.shape, kernel, stride, padding, (1, 1, 1), ceil_mode)
    counts = average_counts(x.shape, shape, kernel, stride, padding, count_include_pad, divisor_override)
    sums = xp.avg_pool2d(as_planes(x), kernel[1:], stride[1:], padding[1:], ceil_mode, True, 1)
    rows = (prod(x.shape[:2]), 1, x.shape[2], prod(shape[3:]))
    sums = xp.avg_pool2d(sums.reshape(rows), *layers_only(kernel, stride, padding), ceil_mode, True, 1)
    return means(sums.reshape(shape), divisors(xp, counts, x.dtype))


def avg_pool_backward(xp, g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """The gradient of ``avg_pool``: every output's share goes back to each number of its window."""
    if g.ndim == 4:
        return xp.avg_pool2d_backward(g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
    counts = average_counts(x_shape, g.shape, kernel, stride, padding, count_include_pad, divisor_override)
    planes, depth, pixels = prod(x_shape[:2]), x_shape[2], prod(g.shape[3:])
    shares = (g / divisors(xp, counts, g.dtype)).reshape(planes, 1, g.shape[2], pixels)
    shares = xp.avg_pool2d_backward(shares, (planes, 1, depth, pixels), *layers_only(kernel, stride, padding), ceil_mode, True, 1)
    shape = (planes, depth, *x_shape[3:])
    dx = xp.avg_pool2d_backward(shares.reshape(planes, depth, *g.shape[3:]), shape, kernel[1:], stride[1:], padding[1:], ceil_mode, True, 1)
    return dx.reshape(x_shape)


def as_planes(x):
    """(N, C, D, H, W) -> (N·C, D, H, W)."""
    return x.reshape(prod(x.shape[:2]), *x.shape[2:])


def layers_only(kernel, stride, padding, dilation=None):
    """The settings of windows over the rows of ``flat_layers``."""
    settings = (kernel[0], 1), (stride[0], 1), (padding[0], 0)
    return settings if dilation is None else (*settings, (dilation[0], 1))
