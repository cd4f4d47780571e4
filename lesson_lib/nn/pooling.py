"""Pooling layers: each window becomes one number, its largest, its mean or its power sum; and max unpooling, the way back."""

from ..core.errors import error
from ..ops.spatial import ntuple
from . import functional as F
from .module import Module


class _MaxPoolNd(Module):
    """The largest value of each window."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.return_indices, self.ceil_mode = padding, dilation, return_indices, ceil_mode

    def forward(self, input):
        """The largest values (and, if asked for, where they stood)."""
        return self.pool(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)

    def extra_repr(self):
        """The windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class MaxPool1d(_MaxPoolNd):
    """The largest value of each window of a sequence: x (N, C, L) → y (N, C, Lo). ``stride`` is ``kernel_size`` if not given.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
    """

    pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The largest value of each window: x (N, C, H, W) → y (N, C, Ho, Wo). ``stride`` is ``kernel_size`` if not given.

    >>> import lesson_lib as torch
    >>> torch.nn.MaxPool2d(2)(torch.ones(1, 3, 8, 8)).shape
    torch.Size([1, 3, 4, 4])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The largest value of each window of a volume: x (N, C, D, H, W) → y (N, C, Do, Ho, Wo). ``stride`` is ``kernel_size`` if not given.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
    """

    pool = staticmethod(F.max_pool3d)


class _Windows(Module):
    """Layers that print their windows."""

    def extra_repr(self):
        """The windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPoolNd(_Windows):
    """The mean of each window."""


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of a sequence: x (N, C, L) → y (N, C, Lo). ``stride`` is ``kernel_size`` if not given.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
    """

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        sizes = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = (ntuple(size, 1) for size in sizes)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input):
        """The means."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPool(_AvgPoolNd):
    """The mean of each window."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad, self.divisor_override = ceil_mode, count_include_pad, divisor_override

    def forward(self, input):
        """The means."""
        return self.pool(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override)


class AvgPool2d(_AvgPool):
    """The mean of each window: x (N, C, H, W) → y (N, C, Ho, Wo). ``stride`` is ``kernel_size`` if not given.

    >>> import lesson_lib as torch
    >>> torch.nn.AvgPool2d(2)(torch.ones(1, 3, 8, 8)).shape
    torch.Size([1, 3, 4, 4])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of a volume: x (N, C, D, H, W) → y (N, C, Do, Ho, Wo). ``stride`` is ``kernel_size`` if not given.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
    """

    pool = staticmethod(F.avg_pool3d)


class _LPPoolNd(Module):
    """The power sum of each window."""

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input):
        """The power sums."""
        return self.pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self):
        """The power and the windows."""
        return f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"


class LPPool1d(_LPPoolNd):
    r"""The power sum $\sqrt[p]{\sum x^p}$ of each window of a sequence: x (N, C, L) → y (N, C, Lo).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
    """

    pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    r"""The power sum $\sqrt[p]{\sum x^p}$ of each window of an image: x (N, C, H, W) → y (N, C, Ho, Wo).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """

    pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    r"""The power sum $\sqrt[p]{\sum x^p}$ of each window of a volume: x (N, C, D, H, W) → y (N, C, Do, Ho, Wo).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
    """

    pool = staticmethod(F.lp_pool3d)


class _AdaptiveAvgPoolNd(Module):
    """Means of as many windows as make the output's size."""

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        """The means."""
        return self.pool(input, self.output_size)

    def extra_repr(self):
        """The output's size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means of ``output_size`` windows that tile the sequence, whatever its length: x (N, C, L) → y (N, C, output_size).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
    """

    pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Means of as many windows as make the output ``output_size``, whatever the input's size; None keeps a dimension.

    >>> import lesson_lib as torch
    >>> torch.nn.AdaptiveAvgPool2d(1)(torch.ones(1, 3, 8, 8)).shape
    torch.Size([1, 3, 1, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means of as many windows as make the output ``output_size``, whatever the volume's size; None keeps a dimension.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
    """

    pool = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(Module):
    """The largest values of as many windows as make the output's size."""

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input):
        """The largest values (and, if asked for, where they stood)."""
        return self.pool(input, self.output_size, self.return_indices)

    def extra_repr(self):
        """The output's size."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest values of ``output_size`` windows that tile the sequence, whatever its length: x (N, C, L) → y (N, C, output_size).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
    """

    pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest values of as many windows as make the output ``output_size``, whatever the image's size; None keeps a dimension.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest values of as many windows as make the output ``output_size``, whatever the volume's size; None keeps a dimension.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
    """

    pool = staticmethod(F.adaptive_max_pool3d)


class _FractionalMaxPool(Module):
    """The largest values of windows that start at random steps."""

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        super().__init__()
        self.kernel_size, self.return_indices = ntuple(kernel_size, self.dims), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else ntuple(output_size, self.dims)
        self.output_ratio = None if output_ratio is None else ntuple(output_ratio, self.dims)
        if output_size is None and output_ratio is None:
            raise error("fractional_layer", message=f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise error("fractional_layer", message="only one of output_size and output_ratio may be specified")
        if output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise error("fractional_layer", message=f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input):
        """The largest values (and, if asked for, where they stood)."""
        return self.pool(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest values of windows that start at random steps: x (N, C, H, W) → y (N, C, *output_size), or ``output_ratio`` times the input's size.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
    """

    dims, pool = 2, staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The same for volumes: x (N, C, D, H, W) → y (N, C, *output_size), or ``output_ratio`` times the input's size.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
    """

    dims, pool = 3, staticmethod(F.fractional_max_pool3d)


class _MaxUnpoolNd(_Windows):
    """Pooled values back at their places, 0 elsewhere."""

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        sizes = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = (ntuple(size, self.dims) for size in sizes)

    def forward(self, input, indices, output_size=None):
        """The values at their places; ``output_size`` chooses among the sizes that pooling makes the input's size of."""
        return self.unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd):
    """The way back from ``MaxPool1d``: each value at its index, 0 elsewhere. x, indices (N, C, L) → y (N, C, Lo).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
    """

    dims, unpool = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """The way back from ``MaxPool2d``: each value at its index, 0 elsewhere. x, indices (N, C, H, W) → y (N, C, Ho, Wo).

    >>> import lesson_lib as torch
    >>> y, indices = torch.nn.MaxPool2d(2, return_indices=True)(torch.arange(4.).view(1, 2, 2))
    >>> torch.nn.MaxUnpool2d(2)(y, indices)
    tensor([[[0., 0.],
             [0., 3.]]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """

    dims, unpool = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """The way back from ``MaxPool3d``: each value at its index, 0 elsewhere. x, indices (N, C, D, H, W) → y (N, C, Do, Ho, Wo).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
    """

    dims, unpool = 3, staticmethod(F.max_unpool3d)
