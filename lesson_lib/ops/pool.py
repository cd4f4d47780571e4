"""Pooling: each window of an image becomes one number, its largest or its mean."""

from ..core.errors import error
from ..core.op import Opaque, op
from ..core.window import pool_output_shape
from .case import case
from .spatial import pair


def as_batch(array):
    """(C, H, W) → (1, C, H, W); a batch stays as it is."""
    return array[None] if array.ndim == 3 else array


@op
class max_pool2d_with_indices(Opaque):
    """The largest value of each window, and where it stood.   ∂y/∂x is 1 there and 0 elsewhere.

    x (N, C, H, W) → y (N, C, Ho, Wo), indices (N, C, Ho, Wo) int64, counted within the H·W pixels of a plane. N may be missing.
    """

    public, label, title = False, "max_pool2d", "MaxPool2DWithIndices"
    outputs = ("y", "indices")

    def forward(xp, x, *, kernel, stride, padding, dilation, ceil_mode):
        y, indices = xp.max_pool2d(as_batch(x), kernel, stride, padding, dilation, ceil_mode)
        return (y, indices) if x.ndim == 4 else (y[0], indices[0])

    def grad_x(g, indices, x_shape):
        return max_pool2d_scatter(g, indices, size=x_shape)

    def samples(t):
        yield case(t(2, 2, 5, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)
        yield case(t(1, 1, 7, 7), kernel=(3, 2), stride=(2, 1), padding=(1, 1), dilation=(1, 2), ceil_mode=True)
        yield case(t(2, 4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)


@op
class max_pool2d_scatter(Opaque):
    """The gradient of max pooling: x[i] = Σ g of the windows that pixel i won."""

    public, title = False, "MaxPool2DWithIndicesBackwardBackward0"

    def forward(xp, g, indices, *, size):
        return xp.max_pool2d_scatter(as_batch(g), as_batch(indices), (1, *size)[-4:]).reshape(size)

    def grad_g(u, indices):
        return max_pool2d_gather(u, indices)

    def samples(t):
        yield case(t(2, 1, 2, 2), t(2, 1, 2, 2, low=0, high=8, dtype="int64"), size=(2, 1, 3, 3))


@op
class max_pool2d_gather(Opaque):
    """The pixels that won, y = x[i]: the gradient of the gradient of max pooling."""

    public = False

    def forward(xp, x, indices):
        return xp.max_pool2d_gather(as_batch(x), as_batch(indices)).reshape(indices.shape)

    def grad_x(g, indices, x_shape):
        return max_pool2d_scatter(g, indices, size=x_shape)

    def samples(t):
        yield case(t(2, 1, 3, 3), t(2, 1, 2, 2, low=0, high=8, dtype="int64"))


@op
class avg_pool2d_windows(Opaque):
    """The mean of each window, y = Σ x / (kh·kw).   ∂y/∂x = 1/(kh·kw) for each window that a pixel lies in."""

    public, label, title = False, "avg_pool2d", "AvgPool2D"

    def forward(xp, x, *, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        y = xp.avg_pool2d(as_batch(x), kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return y if x.ndim == 4 else y[0]

    def grad_x(g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        return avg_pool2d_spread(g, size=x_shape, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode,
                                 count_include_pad=count_include_pad, divisor_override=divisor_override)  # fmt: skip

    def samples(t):
        yield case(t(2, 2, 5, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, count_include_pad=True, divisor_override=None)
        yield case(t(1, 1, 7, 7), kernel=(3, 2), stride=(2, 1), padding=(1, 1), ceil_mode=True, count_include_pad=False, divisor_override=None)
        yield case(t(2, 4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, count_include_pad=True, divisor_override=3)


@op
class avg_pool2d_spread(Opaque):
    """The gradient of average pooling: x[i] = Σ g/(kh·kw) over the windows that pixel i lies in."""

    public, title = False, "AvgPool2DBackwardBackward0"

    def forward(xp, g, *, size, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        shape = (1, *size)[-4:]
        return xp.avg_pool2d_backward(as_batch(g), shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override).reshape(size)

    def grad_g(u, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
        return avg_pool2d_windows(u, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                                  divisor_override=divisor_override)  # fmt: skip

    def samples(t):
        options = {"padding": (0, 1), "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
        yield case(t(2, 1, 2, 2), size=(2, 1, 5, 4), kernel=(2, 3), stride=(2, 3), **options)


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
    kernel, stride, padding, dilation = _options("max_pool2d", kernel_size, stride, padding, dilation)
    x_shape = _checked_shape(input)
    _check_windows(x_shape, kernel, stride, padding, dilation, ceil_mode)
    options = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    y, indices = max_pool2d_with_indices.op.raw(input, **options)
    return (y, indices) if return_indices else y


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    r"""The mean of each window: $y[h,w] = \frac{1}{k_h k_w}\sum_{i,j} x[hs+i-p,\ ws+j-p]$.

    ``count_include_pad=False`` divides by the pixels of the image alone; ``divisor_override`` by a number of your own.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
    """
    kernel, stride, padding, _ = _options("avg_pool2d", kernel_size, stride, padding, 1)
    if divisor_override == 0:
        raise error("pool_option", message="divisor must be not zero")
    x_shape = _checked_shape(input)
    _check_windows(x_shape, kernel, stride, padding, (1, 1), ceil_mode)
    options = {"kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
    return avg_pool2d_windows.op.raw(input, **options, divisor_override=divisor_override)


def _options(name, kernel, stride, padding, dilation):
    """All settings as pairs; no stride means the kernel's size."""
    values = {"kernel_size": kernel, "stride": kernel if stride is None or stride == () else stride, "padding": padding, "dilation": dilation}
    pairs = {option: pair(value) for option, value in values.items()}
    for option, value in pairs.items():
        if value is None:
            raise error("pool_option", message=f"{name}: {option} must either be a single int, or a tuple of two ints")
    if 0 in pairs["stride"]:
        raise error("pool_option", message="stride should not be zero")
    return pairs.values()


def _checked_shape(input):
    shape = tuple(input.shape)
    if len(shape) not in (3, 4):
        raise error("pool_dims")
    shape = shape if len(shape) == 4 else (1, *shape)
    if 0 in shape[1:]:
        raise error("pool_empty", shape=list(input.shape))
    return shape


def _check_windows(x_shape, kernel, stride, padding, dilation, ceil_mode):
    for k, p, d in zip(kernel, padding, dilation):
        if p < 0:
            raise error("pool_option", message=f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise error("pool_padding", padding=p, kernel=k, dilation=d)
    y_shape = pool_output_shape(x_shape, kernel, stride, padding, dilation, ceil_mode)
    if min(y_shape[2:]) < 1:
        sizes = ["x".join(map(str, shape[1:])) for shape in (x_shape, y_shape)]
        raise error("pool_too_small", input=sizes[0], output=sizes[1])
