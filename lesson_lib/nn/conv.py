"""Convolution layers: a small window of weights slides over the input, or every input spreads its multiple of the window."""

from ..core.errors import error
from ..core.window import span
from ..ops.create import empty
from ..ops.spatial import ntuple
from . import functional as F
from .linear import fan_in_uniform_
from .module import Module
from .parameter import Parameter

_PADDINGS, _MODES = ("same", "valid"), ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions share. All sizes are tuples with one number for each of the ``dims`` dimensions."""

    dims, transposed, convolve = None, False, None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias, padding_mode, device, dtype
    ):  # fmt: skip
        super().__init__()
        self.in_channels, self.out_channels, self.groups, self.padding_mode = in_channels, out_channels, groups, padding_mode
        sizes = (kernel_size, stride, dilation, output_padding)
        self.kernel_size, self.stride, self.dilation, self.output_padding = (ntuple(size, self.dims) for size in sizes)
        self.padding = padding if isinstance(padding, str) else ntuple(padding, self.dims)
        self._check()
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(empty(*channels, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check(self):
        if self.groups <= 0:
            raise error("conv_groups")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise error("conv_multiple", what=name)
        if isinstance(self.padding, str):
            if self.padding not in _PADDINGS:
                raise error("padding_name", found=self.padding, valid=set(_PADDINGS))
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise error("padding_same_layer")
        if self.padding_mode not in _MODES:
            raise error("padding_mode", valid=set(_MODES), found=self.padding_mode)

    def reset_parameters(self):
        """Draw new weights, uniform in ±1/√(numbers that one weight of the bias stands beside)."""
        fan_in_uniform_(self.weight, self.bias)

    def extra_repr(self):
        """Channels and geometry, leaving out what has its usual value."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * len(value):
                text += f", {name}={value}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    """Convolution of any number of dimensions."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode="zeros",
        device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)

    def forward(self, input):
        """The convolution; a padding mode other than zeros is a ``pad`` before it."""
        if self.padding_mode == "zeros":
            return self.convolve(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._border(), mode=self.padding_mode)
        return self.convolve(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _border(self):
        """The widths that ``pad`` wants: last dimension first, before and after."""
        if self.padding == "valid":
            return [0, 0] * self.dims
        totals = [span(k, d) for k, d in zip(self.kernel_size, self.dilation)] if self.padding == "same" else [2 * p for p in self.padding]
        return [width for total in reversed(totals) for width in (total // 2, total - total // 2)]


class Conv1d(_Conv):
    """Convolution of sequences: x (N, in_channels, L) → y (N, out_channels, Lo). The options are those of ``Conv2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.Conv1d(3, 4, 5)(torch.ones(2, 3, 20)).shape
    torch.Size([2, 4, 16])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    dims, convolve = 1, staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Convolution of images: x (N, in_channels, H, W) → y (N, out_channels, Ho, Wo).

    ``padding`` takes numbers, "same" or "valid"; ``padding_mode`` says what stands in the padding; ``groups`` splits
    the channels into groups that do not see each other.

    >>> import lesson_lib as torch
    >>> torch.nn.Conv2d(1, 6, 3)(torch.ones(2, 1, 32, 32)).shape
    torch.Size([2, 6, 30, 30])

    Errors: ValueError for impossible settings, RuntimeError for an input with other channels.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    dims, convolve = 2, staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolution of volumes: x (N, in_channels, D, H, W) → y (N, out_channels, Do, Ho, Wo). The options are those of ``Conv2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.Conv3d(1, 6, 3)(torch.ones(2, 1, 8, 9, 10)).shape
    torch.Size([2, 6, 6, 7, 8])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
    """

    dims, convolve = 3, staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    """Transposed convolution of any number of dimensions."""

    transposed = True

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode="zeros",
        device=None, dtype=None,
    ):  # fmt: skip
        if padding_mode != "zeros":
            raise error("conv_transpose_mode", name=type(self).__name__)
        super().__init__(
            in_channels, out_channels, kernel_size, stride, ntuple(padding, self.dims), dilation, output_padding, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip

    def forward(self, input, output_size=None):
        """The transposed convolution; ``output_size`` chooses among the sizes that a convolution makes the input's size of."""
        extra = self.output_padding if output_size is None else self._extra(input, list(output_size))
        return self.convolve(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input, wanted):
        """The output padding that makes the output as large as wanted."""
        before = input.ndim - self.dims
        if len(wanted) == input.ndim:
            wanted = wanted[before:]
        if len(wanted) != self.dims:
            name = f"ConvTranspose{self.dims}D"
            raise error("conv_wanted_dims", name=name, ndim=input.ndim, count=self.dims, all=before + self.dims, found=len(wanted))
        geometry = zip(input.shape[before:], self.kernel_size, self.stride, self.padding, self.dilation)
        least = [(n - 1) * s - 2 * p + span(k, d) + 1 for n, k, s, p, d in geometry]
        most = [low + s - 1 for low, s in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most)):
            raise error("conv_wanted_size", wanted=wanted, low=least, high=most, input=input.shape[2:])
        return [size - low for size, low in zip(wanted, least)]


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of sequences: x (N, in_channels, L) → y (N, out_channels, Lo). The options are those of ``ConvTranspose2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.ConvTranspose1d(3, 4, 5)(torch.ones(2, 3, 16)).shape
    torch.Size([2, 4, 20])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
    """

    dims, convolve = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution of images: x (N, in_channels, H, W) → y (N, out_channels, Ho, Wo), the shapes of a ``Conv2d`` read backwards.

    Several sizes give a strided convolution the same output; ``output_padding``, or ``output_size`` in the call, chooses between them.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.ConvTranspose2d(6, 1, 3, stride=2, padding=1)
    >>> layer(torch.ones(2, 6, 5, 5)).shape, layer(torch.ones(2, 6, 5, 5), output_size=[10, 10]).shape
    (torch.Size([2, 1, 9, 9]), torch.Size([2, 1, 10, 10]))

    Errors: ValueError for impossible settings, RuntimeError for an input with other channels.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    dims, convolve = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of volumes: x (N, in_channels, D, H, W) → y (N, out_channels, Do, Ho, Wo). The options are those of ``ConvTranspose2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.ConvTranspose3d(6, 1, 2, stride=2)(torch.ones(2, 6, 2, 3, 4)).shape
    torch.Size([2, 1, 4, 6, 8])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
    """

    dims, convolve = 3, staticmethod(F.conv_transpose3d)
