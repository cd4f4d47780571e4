"""Where the windows of a convolution or a pooling lie: pure integer arithmetic, no arrays.

Along one axis, output position ``o`` reads the input at ``o * stride - padding + t * dilation``
for each tap ``t = 0 … kernel - 1``. Every size in the library follows from that line.
"""

from typing import NamedTuple

Pair = tuple[int, int]  # one number for the height, one for the width


class Window(NamedTuple):
    """The geometry of a convolution; hashable, so that it can key a cache or sit in a graph node."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1


def span(kernel, dilation):
    """Distance from the first tap of a window to its last."""
    return (kernel - 1) * dilation


def conv_length(size, kernel, stride, padding, dilation):
    """Number of windows that fit along one axis; not positive when not even one fits.

    ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, as in
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    return (size + 2 * padding - span(kernel, dilation) - 1) // stride + 1


def conv_output_shape(x_shape, w_shape, win):
    """Shape (N, O, Ho, Wo) of ``conv2d`` of an (N, C, H, W) input with (O, C/groups, kh, kw) weights."""
    height, width = (conv_length(*axis) for axis in zip(x_shape[2:], w_shape[2:], win.stride, win.padding, win.dilation))
    return (x_shape[0], w_shape[0], height, width)


def pool_length(size, kernel, stride, padding, dilation, ceil_mode):
    """Number of pooling windows along one axis.

    With ``ceil_mode`` a last, partial window counts too, but only if it starts inside the input
    or its left padding: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """
    if not ceil_mode:
        return conv_length(size, kernel, stride, padding, dilation)
    length = conv_length(size + stride - 1, kernel, stride, padding, dilation)
    starts_outside = (length - 1) * stride >= size + padding
    return length - 1 if starts_outside else length


def pool_output_shape(x_shape, kernel, stride, padding, dilation, ceil_mode):
    """Shape (N, C, Ho, Wo) of a pooling of an (N, C, H, W) input; or of any other number of dimensions."""
    return (*x_shape[:2], *(pool_length(*axis, ceil_mode) for axis in zip(x_shape[2:], kernel, stride, padding, dilation)))


def padded_hw(hw, kernel, stride, padding, dilation, out_hw):
    """Height and width of the input with its padding, and with what a last, partial window reaches beyond."""
    return tuple(
        max(size + 2 * before, (length - 1) * step + span(*taps) + 1)
        for size, step, before, length, *taps in zip(hw, stride, padding, out_hw, kernel, dilation)
    )


def first_taps_inside(length, stride, padding, dilation):
    """For each output position along one axis, its first tap that is not on the padding before the input."""
    return [max(0, -((o * stride - padding) // dilation)) for o in range(length)]


def average_counts(x_shape, shape, kernel, stride, padding, count_include_pad, divisor_override):
    """Lists (rows, columns), one per dimension: mean pooling divides the sum of window (h, w) by rows[h] · columns[w]."""
    if divisor_override is not None:
        return [divisor_override] * shape[2], *([1] * length for length in shape[3:])
    axes = zip(x_shape[2:], shape[2:], kernel, stride, padding)
    return tuple(counted_lengths(*axis, count_include_pad) for axis in axes)


def counted_lengths(size, length, kernel, stride, padding, count_include_pad):
    """For each output position along one axis, how much of its window a mean counts.

    PyTorch cuts a window at the end of the padding, and without ``count_include_pad`` at the borders of the input too.
    """
    lengths = []
    for start in range(-padding, length * stride - padding, stride):
        end = min(start + kernel, size + padding)
        if not count_include_pad:
            start, end = max(start, 0), min(end, size)
        lengths.append(end - start)
    return lengths
