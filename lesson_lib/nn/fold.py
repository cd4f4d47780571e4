"""Windows of images as columns, and columns as images."""

from . import functional as F
from .module import Module


class Unfold(Module):
    """Each window of an image as a column: x (N, C, H, W) → y (N, C·kh·kw, L).

    >>> import lesson_lib as torch
    >>> torch.nn.Unfold(2)(torch.ones(1, 3, 4, 5)).shape
    torch.Size([1, 12, 12])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input):
        """The columns."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        """The windows."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Columns added up into an image: x (N, C·kh·kw, L) → y (N, C, *output_size). Where windows overlap, they add.

    >>> import lesson_lib as torch
    >>> torch.nn.Fold((4, 5), 2)(torch.ones(1, 12, 12)).shape
    torch.Size([1, 3, 4, 5])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size, self.dilation, self.padding, self.stride = output_size, kernel_size, dilation, padding, stride

    def forward(self, input):
        """The image."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        """The image's size and the windows."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
