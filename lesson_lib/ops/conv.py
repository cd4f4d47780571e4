"""Convolution: a small window of weights slides over an image, a sequence (an image of height 1) or a volume (a stack of images).

y[n, o, h, w] = b[o] + Σ w[o, c, i, j] · x[n, c, h·s + i·d − p, w·s + j·d − p]

Take away the bias and multiply by any g of y's shape: Σ g·y is a form of three arrays (g, x, w), linear in each. Its
derivatives by g, by x and by w are the three operations below, so each one's gradients are the other two, at every order.
The transposed convolution is the derivative by x, used as a layer of its own.
"""

from ..core.op import Opaque, op
from ..core.patches import with_bias
from ..core.volumes import conv, conv_input, conv_weight
from ..core.window import Window, conv_length, span
from . import conv_checks as checks
from .case import case
from .pad import constant_pad_nd
from .spatial import of_image
from .view import squeeze, unsqueeze


def per_channel(g):
    """The sum over everything but the channels."""
    return g.sum(axis=tuple(dim for dim in range(g.ndim) if dim != 1))


@op
class convolution(Opaque):
    r"""Cross-correlation of images with weights, plus a bias: $y = w \star x + b$.

    x (N, C, H, W), w (O, C/groups, kh, kw), b (O) or None → y (N, O, Ho, Wo); without H for sequences, with a depth before it for volumes.
    ∂y/∂x: ``conv2d_input``,  ∂y/∂w: ``conv2d_weight``,  ∂y/∂b = 1, summed over all positions.
    """

    public, label, kinds, kernel = False, "conv2d", "iufc", "slow_conv2d_cpu"

    def forward(xp, x, w, b, *, win):
        return conv(xp, x, w, win, b)

    def grad_x(g, w, x_shape, win):
        return conv2d_input(g, w, size=x_shape, win=win)

    def grad_w(g, x, w_shape, win):
        return conv2d_weight(g, x, size=w_shape, win=win)

    def grad_b(g):
        return per_channel(g)

    def samples(t):
        yield case(t(2, 3, 5, 4), t(4, 3, 3, 2), t(4), win=Window())
        yield case(t(1, 4, 6, 6), t(2, 2, 3, 3), None, win=Window((2, 1), (1, 2), (2, 1), 2))
        yield case(t(0, 1, 4, 4), t(2, 1, 3, 3), t(2), win=Window())
        yield case(t(2, 2, 6), t(3, 2, 2), t(3), win=Window((1, 2), (0, 1), (1, 1), 1))
        yield case(t(2, 4, 3, 4, 5), t(2, 2, 2, 3, 2), t(2), win=Window((1, 2, 1), (1, 0, 1), (2, 1, 1), 2))


@op
class conv2d_input(Opaque):
    """The gradient of a convolution by its images: x[n, c, ·] = Σ w[o, c, i, j]·g, put back where it came from.

    g (N, O, Ho, Wo), w (O, C/groups, kh, kw) → (N, C, H, W) = ``size``.
    """

    public, title = False, "ConvolutionBackwardBackward0"

    def forward(xp, g, w, *, size, win):
        return conv_input(xp, g, w, size, win)

    def grad_g(u, w, win):
        return convolution(u, w, None, win=win)

    def grad_w(u, g, w_shape, win):
        return conv2d_weight(g, u, size=w_shape, win=win)

    def samples(t):
        yield case(t(2, 4, 3, 3), t(4, 3, 3, 2), size=(2, 3, 5, 4), win=Window())
        yield case(t(2, 2, 1, 3, 2), t(2, 1, 2, 2, 2), size=(2, 1, 3, 4, 3), win=Window((2, 1, 1), (0, 0, 0), (1, 1, 1)))


@op
class conv2d_weight(Opaque):
    """The gradient of a convolution by its weights: w[o, c, i, j] = Σ g·x over all the places where that weight met x.

    g (N, O, Ho, Wo), x (N, C, H, W) → (O, C/groups, kh, kw) = ``size``.
    """

    public, title = False, "ConvolutionBackwardBackward0"

    def forward(xp, g, x, *, size, win):
        return conv_weight(xp, g, x, size, win)

    def grad_g(v, x, win):
        return convolution(x, v, None, win=win)

    def grad_x(v, g, x_shape, win):
        return conv2d_input(g, v, size=x_shape, win=win)

    def samples(t):
        yield case(t(2, 4, 3, 3), t(2, 3, 5, 4), size=(4, 3, 3, 2), win=Window())
        yield case(t(2, 2, 1, 3, 2), t(2, 1, 3, 4, 3), size=(2, 1, 2, 2, 2), win=Window((2, 1, 1), (0, 0, 0), (1, 1, 1)))


@op
class convolution_transpose(Opaque):
    r"""Every input sends its multiple of the weights to the output: $y = w^\top \star x + b$, the gradient of a convolution by its input.

    x (N, C, H, W), w (C, O/groups, kh, kw), b (O) or None → y ``size`` = (N, O, Ho, Wo).
    ∂y/∂x: a convolution of g,  ∂y/∂w: ``conv2d_weight``,  ∂y/∂b = 1, summed over all positions.
    """

    public, label, title, kinds, kernel = False, "conv_transpose", "Convolution", "iufc", "slow_conv_transpose2d_out_cpu"

    def forward(xp, x, w, b, *, size, win):
        return with_bias(conv_input(xp, x, w, size, win), b)

    def grad_x(g, w, win):
        return convolution(g, w, None, win=win)

    def grad_w(g, x, w_shape, win):
        return conv2d_weight(x, g, size=w_shape, win=win)

    def grad_b(g):
        return per_channel(g)

    def samples(t):
        yield case(t(2, 4, 3, 2), t(4, 2, 3, 2), t(2), size=(2, 2, 6, 3), win=Window((2, 1), (1, 0), (1, 1)))
        yield case(t(1, 2, 3), t(2, 1, 2), None, size=(1, 2, 5), win=Window((1, 1), (0, 0), (1, 2), 2))


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


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide ``weight`` over volumes: $y[n,o,t,h,w] = b[o] + \sum_{c,l,i,j} w[o,c,l,i,j]\; x[n,c,\,ts+ld-p,\,hs+id-p,\,ws+jd-p]$.

    input (N, C, D, H, W) or (C, D, H, W), weight (O, C/groups, kd, kh, kw), bias (O) → (N, O, Do, Ho, Wo).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv3d(torch.ones(1, 1, 2, 2, 3), torch.ones(1, 1, 2, 2, 2))
    tensor([[[[[8., 8.]]]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or a kernel larger than the volume.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    r"""Every input sends its multiple of ``weight`` to the output, which the others' are added to: $y[n,o,ts+id-p] \mathrel{+}= w[c,o,i]\; x[n,c,t]$.

    input (N, C, L) or (C, L), weight (C, O/groups, k), bias (O) → (N, O, Lo) with Lo = (L − 1)s − 2p + d(k − 1) + output_padding + 1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv_transpose1d(torch.tensor([[[1., 2., 3.]]]), torch.ones(1, 1, 2))
    tensor([[[1., 3., 5., 3.]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or an output padding that no window reaches.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
    """
    return _convolve_transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    r"""Every pixel sends its multiple of ``weight`` to the output: $y[n,o,hs+id-p,\,ws+jd-p] \mathrel{+}= w[c,o,i,j]\; x[n,c,h,w]$.

    input (N, C, H, W) or (C, H, W), weight (C, O/groups, kh, kw), bias (O) → (N, O, Ho, Wo) with Ho = (H − 1)s − 2p + d(kh − 1) + output_padding + 1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv_transpose2d(torch.tensor([[[[1., 2.]]]]), torch.ones(1, 1, 1, 2), stride=2)
    tensor([[[[1., 1., 2., 2.]]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or an output padding that no window reaches.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    """
    return _convolve_transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    r"""Every voxel sends its multiple of ``weight`` to the output, as in ``conv_transpose2d``, with one dimension more.

    input (N, C, D, H, W) or (C, D, H, W), weight (C, O/groups, kd, kh, kw), bias (O) → (N, O, Do, Ho, Wo).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.conv_transpose3d(torch.ones(1, 1, 1, 1, 2), torch.ones(1, 1, 1, 1, 2))
    tensor([[[[[1., 2., 1.]]]]])

    Errors: RuntimeError for a wrong number of dimensions or channels, or an output padding that no window reaches.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
    """
    return _convolve_transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(input, weight, bias, pad=0):
    """``conv1d`` with the dimensions in another order: input (time, batch, C), weight (k, C, O), bias (O) → (time, batch, O).

    >>> import lesson_lib as torch
    >>> torch.conv_tbc(torch.tensor([[[1.]], [[2.]], [[3.]]]), torch.ones(2, 1, 1), torch.zeros(1)).flatten()
    tensor([3., 5.])

    Errors: RuntimeError for a wrong number of dimensions or channels.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_tbc.html
    """
    checks.check_tbc(input, weight, bias)
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)


def _convolve(ndim, input, weight, bias, stride, padding, dilation, groups):
    """Check, pad, and convolve; a single sample becomes a batch of one and comes back as a sample."""
    name = f"conv{ndim}d"
    checks.check_input(name, ndim, input, bias)
    x = unsqueeze(input, 0) if input.ndim == ndim + 1 else input
    named = isinstance(padding, str)
    if named:
        checks.check_padding_name(name, padding, x, weight, stride)
    stride, widths, dilation = checks.settings(name, ndim, weight, stride=stride, padding=0 if named else padding, dilation=dilation)
    if padding == "same":
        x, widths = _padded_to_same(x, weight.shape[2:], dilation)
    win = Window(stride, widths, dilation, groups)
    checks.check_numbers(win)
    checks.check_shapes(x, weight, bias, win)
    checks.check_dtypes(x, weight)
    y = convolution.op.raw(x, weight, bias, win=_of_images(win))
    return squeeze(y, 0) if input.ndim == ndim + 1 else y


def _padded_to_same(x, kernel, dilation):
    """(input, padding) for an output of the input's size. Where an odd number is needed, the extra one goes behind."""
    totals = [span(k, d) for k, d in zip(kernel, dilation)]
    if any(total % 2 for total in totals):
        x = constant_pad_nd(x, [width for total in reversed(totals) for width in (0, total % 2)])
    return x, tuple(total // 2 for total in totals)


def _convolve_transposed(ndim, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """Check, and give every input's share to the output; a single sample becomes a batch of one and comes back as a sample."""
    name = f"conv_transpose{ndim}d"
    checks.check_input(name, ndim, input, None)
    x = unsqueeze(input, 0) if input.ndim == ndim + 1 else input
    stride, padding, dilation, output_padding = checks.settings(
        name, ndim, weight, stride=stride, padding=padding, dilation=dilation, output_padding=output_padding
    )
    win = Window(stride, padding, dilation, groups)
    checks.check_numbers(win, output_padding)
    checks.check_shapes_transposed(x, weight, bias, win)
    checks.check_output_padding(win, output_padding)
    geometry = list(zip(weight.shape[2:], stride, padding, dilation))
    sizes = tuple((n - 1) * s - 2 * p + span(k, d) + extra + 1 for n, (k, s, p, d), extra in zip(x.shape[2:], geometry, output_padding))
    checks.check_output_size(x, sizes)
    windows = [conv_length(size, *axis) for size, axis in zip(sizes, geometry)]
    if windows != list(x.shape[2:]):  # output padding that makes room for more windows: what they would send is 0
        x = constant_pad_nd(x, [width for n, wanted in zip(reversed(x.shape), reversed(windows)) for width in (0, wanted - n)])
    y = convolution_transpose.op.raw(x, weight, bias, size=(x.shape[0], weight.shape[1] * groups, *sizes), win=_of_images(win))
    return squeeze(y, 0) if input.ndim == ndim + 1 else y


def _of_images(win):
    """A sequence's geometry is that of an image of height 1."""
    return Window(of_image(win.stride, 1), of_image(win.padding, 0), of_image(win.dilation, 1), win.groups)
