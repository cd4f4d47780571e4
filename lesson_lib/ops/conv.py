"""Convolution: a small window of weights slides over an image (or a sequence, which is an image of height 1).

y[n, o, h, w] = b[o] + Σ w[o, c, i, j] · x[n, c, h·s + i·d − p, w·s + j·d − p]

Take away the bias and multiply by any g of y's shape: Σ g·y is a form of three arrays (g, x, w), linear in each. Its
derivatives by g, by x and by w are the three operations below, so each one's gradients are the other two, at every order.
"""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Opaque, op
from ..core.window import Window, span
from .case import case
from .matmul import WORDS
from .pad import constant_pad_nd
from .spatial import numbers
from .view import squeeze, unsqueeze


def as_image(array):
    """(N, C, L) → (N, C, 1, L); an image stays as it is."""
    return array[:, :, None] if array.ndim == 3 else array


def image_shape(shape):
    """The shape that ``as_image`` gives."""
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape


@op
class convolution(Opaque):
    r"""Cross-correlation of images with weights, plus a bias: $y = w \star x + b$.

    x (N, C, H, W), w (O, C/groups, kh, kw), b (O) or None → y (N, O, Ho, Wo); without H for sequences.
    ∂y/∂x: ``conv2d_input``,  ∂y/∂w: ``conv2d_weight``,  ∂y/∂b = 1, summed over all positions.
    """

    public, label = False, "conv2d"

    def forward(xp, x, w, b, *, win):
        y = xp.conv2d(as_image(x), as_image(w), win)
        if b is not None:
            y += b.reshape(-1, 1, 1)
        return y if x.ndim == 4 else y[:, :, 0]

    def grad_x(g, w, x_shape, win):
        return conv2d_input(g, w, size=x_shape, win=win)

    def grad_w(g, x, w_shape, win):
        return conv2d_weight(g, x, size=w_shape, win=win)

    def grad_b(g):
        return g.sum(axis=tuple(dim for dim in range(g.ndim) if dim != 1))

    def samples(t):
        yield case(t(2, 3, 5, 4), t(4, 3, 3, 2), t(4), win=Window())
        yield case(t(1, 4, 6, 6), t(2, 2, 3, 3), None, win=Window((2, 1), (1, 2), (2, 1), 2))
        yield case(t(0, 1, 4, 4), t(2, 1, 3, 3), t(2), win=Window())
        yield case(t(2, 2, 6), t(3, 2, 2), t(3), win=Window((1, 2), (0, 1), (1, 1), 1))


@op
class conv2d_input(Opaque):
    """The gradient of a convolution by its images: x[n, c, ·] = Σ w[o, c, i, j]·g, put back where it came from.

    g (N, O, Ho, Wo), w (O, C/groups, kh, kw) → (N, C, H, W) = ``size``.
    """

    public, title = False, "ConvolutionBackwardBackward0"

    def forward(xp, g, w, *, size, win):
        return xp.conv2d_input(as_image(g), as_image(w), image_shape(size), win).reshape(size)

    def grad_g(u, w, win):
        return convolution(u, w, None, win=win)

    def grad_w(u, g, w_shape, win):
        return conv2d_weight(g, u, size=w_shape, win=win)

    def samples(t):
        yield case(t(2, 4, 3, 3), t(4, 3, 3, 2), size=(2, 3, 5, 4), win=Window())


@op
class conv2d_weight(Opaque):
    """The gradient of a convolution by its weights: w[o, c, i, j] = Σ g·x over all the places where that weight met x.

    g (N, O, Ho, Wo), x (N, C, H, W) → (O, C/groups, kh, kw) = ``size``.
    """

    public, title = False, "ConvolutionBackwardBackward0"

    def forward(xp, g, x, *, size, win):
        return xp.conv2d_weight(as_image(g), as_image(x), image_shape(size), win).reshape(size)

    def grad_g(v, x, win):
        return convolution(x, v, None, win=win)

    def grad_x(v, g, x_shape, win):
        return conv2d_input(g, v, size=x_shape, win=win)

    def samples(t):
        yield case(t(2, 4, 3, 3), t(2, 3, 5, 4), size=(4, 3, 3, 2), win=Window())


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide ``weight`` over the images: $y[n,o,h,w] = b[o] + \sum_{c,i,j} w[o,c,i,j]\; x[n,c,\,hs+id-p,\,ws+jd-p]$.

    input (N, C, H, W) or (C, H, W), weight (O, C/groups, kh, kw), bias (O) → (N, O, Ho, Wo) with
    Ho = ⌊(H + 2p − d(kh−1) − 1)/s⌋ + 1. ``padding`` also takes "valid" (none) and "same" (Ho = H, stride 1 only).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or a kernel larger than the image.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide ``weight`` over sequences: $y[n,o,t] = b[o] + \sum_{c,i} w[o,c,i]\; x[n,c,\,ts+id-p]$.

    input (N, C, L) or (C, L), weight (O, C/groups, k), bias (O) → (N, O, Lo).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv1d(torch.tensor([[[1., 2., 3.]]]), torch.ones(1, 1, 2))
    tensor([[[3., 5.]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or a kernel longer than the sequence.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def _convolve(ndim, input, weight, bias, stride, padding, dilation, groups):
    """Check, pad, and convolve; a single sample becomes a batch of one and comes back as a sample."""
    if input.ndim not in (ndim + 1, ndim + 2):
        raise error("conv_dims", single=ndim + 1, batch=ndim + 2, n=ndim, input=list(input.shape))
    kernel = tuple(weight.shape[2:])
    stride, dilation = _option("stride", stride, kernel), _option("dilation", dilation, kernel)
    if isinstance(padding, str):
        input, padding = _padded_by_name(input, padding, kernel, stride, dilation)
    padding = _option("padding", padding, kernel)
    single = input.ndim == ndim + 1
    _check((1, *input.shape) if single else tuple(input.shape), weight, bias, stride, padding, dilation, groups)
    _check_dtypes(input, weight, bias)
    x = unsqueeze(input, 0) if single else input
    win = Window(stride, padding, dilation, groups) if ndim == 2 else Window((1, *stride), (0, *padding), (1, *dilation), groups)
    y = convolution.op.raw(x, weight, bias, win=win)
    return squeeze(y, 0) if single else y


def _option(name, value, kernel):
    """One number for each dimension of the kernel."""
    found = numbers(value, len(kernel))
    if found is None:
        raise error("conv_pair", name=name, count=len(kernel), found=list(value))
    return found


def _padded_by_name(input, name, kernel, stride, dilation):
    """(input, padding) for "valid" and "same". Where "same" needs an odd number, the extra one goes behind."""
    if name == "valid":
        return input, 0
    if name != "same":
        raise error("padding_string", found=name)
    if set(stride) != {1}:
        raise error("padding_same")
    totals = [span(k, d) for k, d in zip(kernel, dilation)]
    if any(total % 2 for total in totals):
        input = constant_pad_nd(input, [width for total in reversed(totals) for width in (0, total % 2)])
    return input, tuple(total // 2 for total in totals)


def _check(x_shape, weight, bias, stride, padding, dilation, groups):
    """PyTorch's errors, in the order in which it looks."""
    w_shape = tuple(weight.shape)
    for wrong, message in (
        (groups <= 0, "non-positive groups is not supported"),
        (min(padding) < 0, "negative padding is not supported"),
        (min(stride) <= 0, "non-positive stride is not supported"),
        (min(dilation) <= 0, f"dilation should be greater than zero, but got {list(dilation)}"),
    ):
        if wrong:
            raise error("conv_option", message=message)
    if w_shape[0] < groups:
        raise error("conv_groups_least", groups=groups, weight=list(w_shape))
    if w_shape[0] % groups:
        raise error("conv_groups_share", groups=groups, weight=list(w_shape))
    if x_shape[1] != w_shape[1] * groups:
        raise error("conv_channels", groups=groups, weight=list(w_shape), input=list(x_shape), expected=w_shape[1] * groups, found=x_shape[1])
    if bias is not None and tuple(bias.shape) != w_shape[:1]:
        raise error("conv_bias", weight=list(w_shape), count=w_shape[0], found=list(bias.shape))
    sizes = [size + 2 * p for size, p in zip(x_shape[2:], padding)]
    reaches = [span(k, d) + 1 for k, d in zip(w_shape[2:], dilation)]
    if any(size < reach for size, reach in zip(sizes, reaches)):
        raise error("conv_kernel", input=" x ".join(map(str, sizes)), kernel=" x ".join(map(str, reaches)))


def _check_dtypes(input, weight, bias):
    """PyTorch's convolution does not promote."""
    x, w = input._a.dtype, weight._a.dtype
    if bias is not None and bias._a.dtype != x:
        raise error("conv_bias_dtype", a=WORDS[x.name], b=WORDS[bias._a.dtype.name])
    if w != x:
        raise error("dtype_expected", expected=from_numpy_dtype(x).title, found=from_numpy_dtype(w).title)
