"""Convolution and pooling in their simplest form, on any array library ``xp`` (see ``cpu.py`` and ``gpu.py``).

Everything here follows from one picture. ``windows`` lays each window of the input out as a column of numbers, tap by
tap; ``fold`` is its transpose and sends numbers back to where they came from. A convolution is a matrix product with
those columns, a pooling a maximum or a mean over them. The GPU runs this file; ``cpu_conv.py`` and ``cpu_pool.py``
compute the same on NumPy without ever holding all columns at once.
"""

from math import prod

import numpy as np

from .window import average_counts, conv_output_shape, first_taps_inside, padded_hw, pool_output_shape


def taps(kernel, stride, dilation, out_hw):
    """Yield (i, j, index) for each tap, row by row: the index of all that it reads in a padded (N, C, H, W) array."""
    reach_h, reach_w = ((length - 1) * step + 1 for length, step in zip(out_hw, stride))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            yield i, j, (..., slice(top, top + reach_h, stride[0]), slice(left, left + reach_w, stride[1]))


def inside(padding, hw):
    """The index of the input within its padded array."""
    return (..., *(slice(before, before + size) for before, size in zip(padding, hw)))


def windows(xp, x, kernel, stride, padding, dilation, out_hw, fill=0):
    """(N, C, H, W) -> (N, C, kh·kw, Ho, Wo): for each output position the numbers that it reads."""
    hw = padded_hw(x.shape[2:], kernel, stride, padding, dilation, out_hw)
    padded = xp.full((*x.shape[:2], *hw), fill, dtype=x.dtype)
    padded[inside(padding, x.shape[2:])] = x
    return xp.stack([padded[read] for *_, read in taps(kernel, stride, dilation, out_hw)], axis=2)


def fold(xp, columns, x_shape, kernel, stride, padding, dilation):
    """The transpose of ``windows``: (N, C, kh·kw, Ho, Wo) -> (N, C, H, W), adding up what meets at a pixel."""
    out_hw = columns.shape[3:]
    hw = padded_hw(x_shape[2:], kernel, stride, padding, dilation, out_hw)
    padded = xp.zeros((*x_shape[:2], *hw), dtype=columns.dtype)
    for i, j, read in taps(kernel, stride, dilation, out_hw):
        padded[read] += columns[:, :, i * kernel[1] + j]
    return xp.ascontiguousarray(padded[inside(padding, x_shape[2:])])


# -- convolution ----------------------------------------------------------------------------------


def with_bias(y, b):
    """``y`` (N, O, …) with ``b`` (O) added to each channel; ``y`` itself if there is no bias."""
    if b is not None:
        y += b.reshape(-1, *(1,) * (y.ndim - 2))
    return y


def conv2d(xp, x, w, win, b=None):
    """Slide ``w`` over ``x``: y[n, o, h, w] = b[o] + Σ w[o, c, i, j] · x[n, c, h·s − p + i·d, w·s − p + j·d].

    x (N, C, H, W), w (O, C/groups, kh, kw), b (O) or None -> y (N, O, Ho, Wo).
    """
    shape = conv_output_shape(x.shape, w.shape, win)
    columns = grouped_windows(xp, x, w.shape, win, shape[2:])  # (N, G, K, L)
    return with_bias(xp.matmul(grouped_weights(w, win.groups), columns).reshape(shape), b)


def conv2d_input(xp, g, w, x_shape, win):
    """Gradient of ``conv2d`` by its input: g (N, O, Ho, Wo), w (O, C/groups, kh, kw) -> (N, C, H, W)."""
    columns = xp.matmul(grouped_weights(w, win.groups).swapaxes(1, 2), grouped_pixels(g, win.groups))  # (N, G, K, L)
    columns = columns.reshape(*x_shape[:2], prod(w.shape[2:]), *g.shape[2:])
    return fold(xp, columns, x_shape, w.shape[2:], win.stride, win.padding, win.dilation)


def conv2d_weight(xp, g, x, w_shape, win):
    """Gradient of ``conv2d`` by its weights: g (N, O, Ho, Wo), x (N, C, H, W) -> (O, C/groups, kh, kw)."""
    columns = grouped_windows(xp, x, w_shape, win, g.shape[2:])  # (N, G, K, L)
    products = xp.matmul(grouped_pixels(g, win.groups), columns.swapaxes(2, 3))  # (N, G, O/G, K)
    return products.sum(axis=0).reshape(w_shape)


def grouped_windows(xp, x, w_shape, win, out_hw):
    """The windows of ``x`` as one matrix for each image and group: (N, G, K, L), K = C/G·kh·kw and L = Ho·Wo."""
    columns = windows(xp, x, w_shape[2:], win.stride, win.padding, win.dilation, out_hw)
    return columns.reshape(x.shape[0], win.groups, prod(w_shape[1:]), prod(out_hw))


def grouped_pixels(g, groups):
    """(N, O, Ho, Wo) -> (N, G, O/G, L)."""
    return g.reshape(g.shape[0], groups, g.shape[1] // groups, prod(g.shape[2:]))


def grouped_weights(w, groups):
    """(O, C/G, kh, kw) -> (G, O/G, K)."""
    return w.reshape(groups, w.shape[0] // groups, prod(w.shape[1:]))


# -- pooling --------------------------------------------------------------------------------------


def max_pool2d(xp, x, kernel, stride, padding, dilation, ceil_mode):
    """Largest value of each window, and where it stood: x (N, C, H, W) -> y, indices (N, C, Ho, Wo).

    An index counts along the H·W pixels of its plane, as PyTorch's ``return_indices``. Of equal values the first wins;
    a NaN beats everything, and of several NaNs the last wins.
    """
    shape, width = pool_output_shape(x.shape, kernel, stride, padding, dilation, ceil_mode), x.shape[3]
    columns = windows(xp, x, kernel, stride, padding, dilation, shape[2:], lowest(x.dtype))
    top, left = (xp.arange(length) * step - before for length, step, before in zip(shape[2:], stride, padding))
    first_row, first_column = (
        start + xp.asarray(first_taps_inside(*axis), dtype=xp.int64) * axis[-1]
        for start, *axis in zip((top, left), shape[2:], stride, padding, dilation)
    )
    best = xp.full(shape, lowest(x.dtype), dtype=x.dtype)
    indices = xp.zeros(shape, dtype=xp.int64) + first_row[:, None] * width + first_column
    for i, j, _ in taps(kernel, stride, dilation, shape[2:]):
        value = columns[:, :, i * kernel[1] + j]
        here = (top[:, None] + i * dilation[0]) * width + left + j * dilation[1]
        wins = (value > best) | (value != value)
        best, indices = xp.where(wins, value, best), xp.where(wins, here, indices)
    return best, indices


def lowest(dtype):
    """What no value of ``dtype`` is below."""
    return -np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min


def max_pool2d_scatter(xp, g, indices, x_shape):
    """Gradient of ``max_pool2d``: g (N, C, Ho, Wo), each added to its plane of (N, C, H, W) at its index."""
    where = plane_indices(xp, indices, x_shape)
    return xp.scatter_add((prod(x_shape),), where.reshape(-1), g.reshape(-1)).reshape(x_shape)


def max_pool2d_gather(xp, x, indices):
    """The values of (N, C, H, W) at the indices (N, C, Ho, Wo): the gradient of ``max_pool2d_scatter``."""
    return x.reshape(-1)[plane_indices(xp, indices, x.shape)]


def plane_indices(xp, indices, x_shape):
    """Indices within a plane -> indices into the whole (N, C, H, W) array."""
    planes = xp.arange(prod(x_shape[:2])) * prod(x_shape[2:])
    return indices + planes.reshape(*x_shape[:2], 1, 1)


def avg_pool2d(xp, x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Mean of each window: x (N, C, H, W) -> (N, C, Ho, Wo)."""
    shape = pool_output_shape(x.shape, kernel, stride, padding, (1, 1), ceil_mode)
    counts = average_counts(x.shape, shape, kernel, stride, padding, count_include_pad, divisor_override)
    columns = windows(xp, x, kernel, stride, padding, (1, 1), shape[2:])
    return means(columns.sum(axis=2, dtype=x.dtype), divisors(xp, counts, x.dtype))


def avg_pool2d_backward(xp, g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Gradient of ``avg_pool2d``: every output's share goes back to each pixel of its window."""
    counts = average_counts(x_shape, g.shape, kernel, stride, padding, count_include_pad, divisor_override)
    share = (g / divisors(xp, counts, g.dtype))[:, :, None]  # (N, C, 1, Ho, Wo)
    columns = xp.broadcast_to(share, (*g.shape[:2], prod(kernel), *g.shape[2:]))
    return fold(xp, columns, x_shape, kernel, stride, padding, (1, 1))


def divisors(xp, counts, dtype):
    """The numbers that the windows' sums are divided by, (Ho, Wo)."""
    product = xp.ones((), dtype=dtype)
    for count in counts:
        product = product[..., None] * xp.asarray(count, dtype=dtype)
    return product


def means(sums, counts):
    """Sums divided by how many numbers each is of; means of integers are rounded towards 0, as in PyTorch."""
    if sums.dtype.kind != "i":
        return sums / counts
    quotient = sums // counts
    return quotient + ((quotient < 0) & (quotient * counts != sums))
