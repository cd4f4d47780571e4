"""Pooling: each window of a sequence, an image or a volume becomes one number, its largest or its mean.

The declarations are those of images; volumes inherit them and differ in their name alone. A sequence is pooled as an image of height 1.
"""

from math import prod

from ..core.op import Opaque, op
from ..core.tensor import Tensor
from ..core.volumes import avg_pool, avg_pool_backward, max_pool
from . import pool_checks as checks
from .case import case
from .spatial import of_image
from .view import squeeze, unsqueeze


def as_batch(array, dims):
    """(C, *sizes) → (1, C, *sizes), with ``dims`` sizes; a batch stays as it is."""
    return array[None] if array.ndim == dims + 1 else array


def as_planes(array, dims):
    """(…, *sizes) → (1, planes, 1, pixels): all that the positions within a plane (or a volume) refer to."""
    pixels = prod(array.shape[array.ndim - dims :])
    return array.reshape(1, prod(array.shape[: array.ndim - dims]), 1, pixels)


@op
class max_pool2d_with_indices(Opaque):
    """The largest value of each window, and where it stood.   ∂y/∂x is 1 there and 0 elsewhere.

    x (N, C, H, W) → y (N, C, Ho, Wo), indices (N, C, Ho, Wo) int64, counted within the H·W pixels of a plane. N may be missing.
    """

    public, label, title, outputs = False, "max_pool2d", "MaxPool2DWithIndices", ("y", "indices")
    kinds, kernel = "iuf", "max_pool2d"

    def forward(xp, x, *, kernel, stride, padding, dilation, ceil_mode):
        y, indices = max_pool(xp, as_batch(x, len(kernel)), kernel, stride, padding, dilation, ceil_mode)
        return (y[0], indices[0]) if x.ndim == len(kernel) + 1 else (y, indices)

    def grad_x(g, indices, x_shape, kernel):
        return max_pool_scatter(g, indices, size=x_shape, dims=len(kernel))

    def samples(t):
        yield case(t(2, 2, 5, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)
        yield case(t(1, 1, 7, 7), kernel=(3, 2), stride=(2, 1), padding=(1, 1), dilation=(1, 2), ceil_mode=True)
        yield case(t(2, 4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)


@op
class max_pool3d_with_indices(max_pool2d_with_indices.op):
    """The largest value of each window of a volume, and where it stood: as ``max_pool2d_with_indices``, with a depth before the height."""

    label, title, kernel = "max_pool3d", "MaxPool3DWithIndices", "max_pool3d"

    def samples(t):
        yield case(t(2, 1, 4, 5, 4), kernel=(2, 2, 1), stride=(2, 1, 2), padding=(1, 0, 0), dilation=(1, 2, 1), ceil_mode=True)
        yield case(t(2, 3, 3, 4), kernel=(2, 2, 2), stride=(1, 1, 2), padding=(0, 0, 0), dilation=(1, 1, 1), ceil_mode=False)


@op
class max_pool_scatter(Opaque):
    """The gradient of max pooling: x[i] = Σ g of the windows that element i won. Positions are counted within the last ``dims`` dimensions."""

    public, title = False, "MaxPool2DWithIndicesBackwardBackward0"

    def forward(xp, g, indices, *, size, dims):
        shape = (1, prod(size[:-dims]), 1, prod(size[-dims:]))
        return xp.max_pool2d_scatter(as_planes(g, dims), as_planes(indices, dims), shape).reshape(size)

    def grad_g(u, indices, dims):
        return max_pool_gather(u, indices, dims=dims)

    def samples(t):
        yield case(t(2, 1, 2, 2), t(2, 1, 2, 2, low=0, high=8, dtype="int64"), size=(2, 1, 3, 3), dims=2)


@op
class max_pool_gather(Opaque):
    """The elements that won, y = x[i]: the gradient of the gradient of max pooling."""

    public = False

    def forward(xp, x, indices, *, dims):
        return xp.max_pool2d_gather(as_planes(x, dims), as_planes(indices, dims)).reshape(indices.shape)

    def grad_x(g, indices, x_shape, dims):
        return max_pool_scatter(g, indices, size=x_shape, dims=dims)

    def samples(t):
        yield case(t(2, 1, 3, 3), t(2, 1, 2, 2, low=0, high=8, dtype="int64"), dims=2)


@op
class avg_pool2d_windows(Opaque):
    """The mean of each window, y = Σ x / (kh·kw).   ∂y/∂x = 1/(kh·kw) for each window that a pixel lies in."""

    public, label, title, kinds, kernel = False, "avg_pool2d", "AvgPool2D", "if", "avg_pool2d"

    def forward(xp, x, *, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        y = avg_pool(xp, as_batch(x, len(kernel)), kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return y[0] if x.ndim == len(kernel) + 1 else y

    def grad_x(g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        spread = avg_pool2d_spread if len(kernel) == 2 else avg_pool3d_spread
        return spread(g, size=x_shape, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                      divisor_override=divisor_override)  # fmt: skip

    def samples(t):
        yield case(t(2, 2, 5, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, count_include_pad=True, divisor_override=None)
        yield case(t(1, 1, 7, 7), kernel=(3, 2), stride=(2, 1), padding=(1, 1), ceil_mode=True, count_include_pad=False, divisor_override=None)
        yield case(t(2, 4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, count_include_pad=True, divisor_override=3)


@op
class avg_pool3d_windows(avg_pool2d_windows.op):
    """The mean of each window of a volume: as ``avg_pool2d_windows``, with a depth before the height."""

    label, title, kernel = "avg_pool3d", "AvgPool3D", "avg_pool3d_out_frame"

    def samples(t):
        options = {"ceil_mode": True, "divisor_override": None}
        yield case(t(2, 1, 4, 5, 4), kernel=(2, 2, 1), stride=(2, 1, 2), padding=(1, 0, 0), count_include_pad=False, **options)
        yield case(t(2, 3, 3, 4), kernel=(2, 2, 2), stride=(1, 1, 2), padding=(0, 1, 0), count_include_pad=True, **options)


@op
class avg_pool2d_spread(Opaque):
    """The gradient of average pooling: x[i] = Σ g/(kh·kw) over the windows that element i lies in."""

    public, title = False, "AvgPool2DBackwardBackward0"

    def forward(xp, g, *, size, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        dims = len(kernel)
        shape = (1, *size)[-dims - 2 :]
        dx = avg_pool_backward(xp, as_batch(g, dims), shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return dx.reshape(size)

    def grad_g(u, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        windows = avg_pool2d_windows if len(kernel) == 2 else avg_pool3d_windows
        return windows(u, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                       divisor_override=divisor_override)  # fmt: skip

    def samples(t):
        options = {"padding": (0, 1), "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
        yield case(t(2, 1, 2, 2), size=(2, 1, 5, 4), kernel=(2, 3), stride=(2, 3), **options)


@op
class avg_pool3d_spread(avg_pool2d_spread.op):
    """The gradient of the mean pooling of volumes."""

    title = "AvgPool3DBackwardBackward0"

    def samples(t):
        options = {"padding": (0, 1, 0), "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
        yield case(t(2, 1, 2, 2, 1), size=(2, 1, 5, 4, 1), kernel=(2, 3, 1), stride=(2, 3, 1), **options)


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    r"""The largest value of each window: $y[t] = \max_i x[ts+id-p]$.   ∂y/∂x is 1 where the largest stood.

    input (N, C, L) or (C, L); the options are those of ``max_pool2d``.

    >>> import lesson_lib as torch
    >>> torch.max_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2)
    tensor([[3., 2.]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
    """
    options = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    settings = checks.max_pool1d_settings(input, ceil_mode, **options) if not return_indices else checks.settings_1d("max_pool1d", input, **options)
    x, settings = unsqueeze(input, -2), _of_images(*settings)
    checks.check_max_pool(x, *settings, ceil_mode)
    y, indices = _max_pool(max_pool2d_with_indices, x, *settings, ceil_mode)
    return (squeeze(y, -2), squeeze(indices, -2)) if return_indices else squeeze(y, -2)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    r"""The largest value of each window: $y[h,w] = \max_{i,j} x[hs+id-p,\ ws+jd-p]$.   ∂y/∂x is 1 where the largest stood.

    input (N, C, H, W) or (C, H, W); ``stride`` is ``kernel_size`` if not given. ``ceil_mode`` keeps a last, partial
    window; ``return_indices`` also gives the positions, counted within a plane.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
    """
    settings = checks.settings("max_pool2d", 2, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    checks.check_max_pool(input, *settings, ceil_mode)
    results = _max_pool(max_pool2d_with_indices, input, *settings, ceil_mode)
    return results if return_indices else results[0]


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    r"""The largest value of each window: $y[t,h,w] = \max_{l,i,j} x[ts+ld-p,\ hs+id-p,\ ws+jd-p]$.   ∂y/∂x is 1 where the largest stood.

    input (N, C, D, H, W) or (C, D, H, W); the options are those of ``max_pool2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.max_pool3d(torch.arange(8.).view(1, 2, 2, 2), 2, return_indices=True)
    (tensor([[[[7.]]]]), tensor([[[[7]]]]))

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
    """
    settings = checks.settings("max_pool3d", 3, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    checks.check_max_pool(input, *settings, ceil_mode)
    results = _max_pool(max_pool3d_with_indices, input, *settings, ceil_mode)
    return results if return_indices else results[0]


def _max_pool(pool, input, kernel, stride, padding, dilation, ceil_mode):
    return pool.op.raw(input, kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    r"""The mean of each window: $y[t] = \frac{1}{k}\sum_i x[ts+i-p]$.

    input (N, C, L) or (C, L); the options are those of ``avg_pool2d``.

    >>> import lesson_lib as torch
    >>> torch.avg_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2)
    tensor([[2., 1.]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
    """
    settings = _of_images(*checks.settings_1d("avg_pool1d", input, kernel_size=kernel_size, stride=stride, padding=padding))
    x = unsqueeze(input, -2)
    checks.check_avg_pool(x, *settings, ceil_mode)
    return squeeze(_avg_pool(avg_pool2d_windows, x, *settings, ceil_mode, count_include_pad, None), -2)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None, *, out=None):
    r"""The mean of each window: $y[h,w] = \frac{1}{k_h k_w}\sum_{i,j} x[hs+i-p,\ ws+j-p]$.

    ``count_include_pad=False`` divides by the pixels of the image alone; ``divisor_override`` by a number of your own.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
    """
    settings = checks.settings("avg_pool2d", 2, kernel_size=kernel_size, stride=stride, padding=padding)
    checks.check_divisor(divisor_override)
    checks.check_avg_pool(input, *settings, ceil_mode)
    y = _avg_pool(avg_pool2d_windows, input, *settings, ceil_mode, count_include_pad, divisor_override)
    return y if out is None else Tensor._write_out(out, y, "avg_pool2d", (input,))


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None, *, out=None):
    r"""The mean of each window: $y[t,h,w] = \frac{1}{k_d k_h k_w}\sum_{l,i,j} x[ts+l-p,\ hs+i-p,\ ws+j-p]$.

    input (N, C, D, H, W) or (C, D, H, W); the options are those of ``avg_pool2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.avg_pool3d(torch.arange(8.).view(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
    """
    settings = checks.settings("avg_pool3d", 3, kernel_size=kernel_size, stride=stride, padding=padding)
    checks.check_divisor(divisor_override)
    checks.check_avg_pool(input, *settings, ceil_mode)
    y = _avg_pool(avg_pool3d_windows, input, *settings, ceil_mode, count_include_pad, divisor_override)
    return y if out is None else Tensor._write_out(out, y, "avg_pool3d", (input,))


def _avg_pool(pool, input, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    return pool.op.raw(input, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                       divisor_override=divisor_override)  # fmt: skip


def _of_images(kernel, stride, padding, dilation=None):
    """The settings of a sequence as those of an image of height 1."""
    settings = of_image(kernel, 1), of_image(stride, 1), of_image(padding, 0)
    return settings if dilation is None else (*settings, of_image(dilation, 1))
