"""Convolution layers: a small window of weights slides over the input."""

from ..core.errors import error
from ..ops.create import empty
from ..ops.spatial import numbers, pair
from . import functional as F
from .linear import fan_in_uniform_
from .module import Module
from .parameter import Parameter

_PADDINGS, _MODES = ("same", "valid"), ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions of any number of dimensions share. All sizes are tuples with one number per dimension."""

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype):
        super().__init__()
        _check(in_channels, out_channels, stride, padding, groups, padding_mode)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.padding_mode = padding_mode
        self.weight = Parameter(empty(out_channels, in_channels // groups, *kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new weights, uniform in ±1/√(inputs of one output)."""
        fan_in_uniform_(self.weight, self.bias)

    def forward(self, input):
        """The convolution; a padding mode other than zeros is a ``pad`` before it."""
        if self.padding_mode == "zeros":
            return self.convolve(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._border(), mode=self.padding_mode)
        return self.convolve(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _border(self):
        """The widths that ``pad`` wants: last dimension first, before and after."""
        if self.padding == "valid":
            return [0, 0] * len(self.kernel_size)
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
        else:
            totals = [2 * p for p in self.padding]
        return [width for total in reversed(totals) for width in (total // 2, total - total // 2)]

    def extra_repr(self):
        """Channels and geometry, leaving out what has its usual value."""
        ones = (1,) * len(self.kernel_size)
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != ones:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv2d(_ConvNd):
    """Convolution of images: x (N, in_channels, H, W) → y (N, out_channels, Ho, Wo).

    ``padding`` takes numbers, "same" or "valid"; ``padding_mode`` says what stands in the padding; ``groups`` splits
    the channels into groups that do not see each other.

    >>> import lesson_lib as torch
    >>> torch.nn.Conv2d(1, 6, 3)(torch.ones(2, 1, 32, 32)).shape
    torch.Size([2, 6, 30, 30])

    Errors: ValueError for impossible settings, RuntimeError for an input with other channels.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    convolve = staticmethod(F.conv2d)

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        padding = padding if isinstance(padding, str) else pair(padding)
        super().__init__(
            in_channels, out_channels, pair(kernel_size), pair(stride), padding, pair(dilation), groups, bias, padding_mode, device, dtype
        )  # fmt: skip


class Conv1d(_ConvNd):
    """Convolution of sequences: x (N, in_channels, L) → y (N, out_channels, Lo). The options are those of ``Conv2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.Conv1d(3, 4, 5)(torch.ones(2, 3, 20)).shape
    torch.Size([2, 4, 16])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    convolve = staticmethod(F.conv1d)

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        padding = padding if isinstance(padding, str) else numbers(padding, 1)
        super().__init__(
            in_channels, out_channels, numbers(kernel_size, 1), numbers(stride, 1), padding, numbers(dilation, 1), groups, bias, padding_mode, device, dtype
        )  # fmt: skip


def _check(in_channels, out_channels, stride, padding, groups, padding_mode):
    if groups <= 0:
        raise error("conv_groups")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise error("conv_multiple", what=name)
    if isinstance(padding, str):
        if padding not in _PADDINGS:
            raise error("padding_name", found=padding, valid=set(_PADDINGS))
        if padding == "same" and any(step != 1 for step in stride):
            raise error("padding_same_layer")
    if padding_mode not in _MODES:
        raise error("padding_mode", valid=set(_MODES), found=padding_mode)
