"""Padding layers: a border around a sequence, an image or a volume."""

from ..core.errors import error
from ..ops.spatial import ntuple
from . import functional as F
from .module import Module


class _Pad(Module):
    """A border of any kind: ``padding`` is one width for all sides, or two for each dimension, the last dimension first."""

    dims, mode, value = None, "constant", None

    def __init__(self, padding):
        super().__init__()
        self.padding = ntuple(padding, 2 * self.dims)

    def forward(self, input):
        """The input with its border."""
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self):
        """The widths."""
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    """A border of one value."""

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def extra_repr(self):
        """The widths and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """A border of ``value`` around sequences: ``padding`` is one width, or (left, right).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
    """

    dims = 1


class ConstantPad2d(_ConstantPadNd):
    """A border of ``value`` around images: ``padding`` is one width, or (left, right, top, bottom).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
    """

    dims = 2


class ConstantPad3d(_ConstantPadNd):
    """A border of ``value`` around volumes: ``padding`` is one width, or (left, right, top, bottom, front, back).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
    """

    dims = 3


class ZeroPad1d(_Pad):
    """A border of zeros around sequences: ``padding`` is one width, or (left, right).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
    """

    dims, value = 1, 0.0


class ZeroPad2d(_Pad):
    """A border of zeros around images: ``padding`` is one width, or (left, right, top, bottom); negative widths cut off.

    >>> import lesson_lib as torch
    >>> torch.nn.ZeroPad2d((1, 0, 0, 1))(torch.ones(1, 1, 2))
    tensor([[[0., 1., 1.],
             [0., 0., 0.]]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
    """

    dims, value = 2, 0.0


class ZeroPad3d(_Pad):
    """A border of zeros around volumes: ``padding`` is one width, or (left, right, top, bottom, front, back).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
    """

    dims, value = 3, 0.0


class _ReflectionPadNd(_Pad):
    """A mirror at each end of a dimension."""

    mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """A mirror at each end of a sequence: ``padding`` is one width, or (left, right).

    >>> import lesson_lib as torch
    >>> torch.nn.ReflectionPad1d(2)(torch.tensor([[0., 1., 2.]]))
    tensor([[2., 1., 0., 1., 2., 1., 0.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
    """

    dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """A mirror at each edge of an image: ``padding`` is one width, or (left, right, top, bottom).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """

    dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """A mirror at each face of a volume: ``padding`` is one width, or (left, right, top, bottom, front, back).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
    """

    dims = 3


class _ReplicationPadNd(_Pad):
    """The ends of each dimension, repeated."""

    mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """The ends of a sequence, repeated: ``padding`` is one width, or (left, right).

    >>> import lesson_lib as torch
    >>> torch.nn.ReplicationPad1d(2)(torch.tensor([[0., 1., 2.]]))
    tensor([[0., 0., 0., 1., 2., 2., 2.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
    """

    dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """The edges of an image, repeated: ``padding`` is one width, or (left, right, top, bottom).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
    """

    dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """The faces of a volume, repeated: ``padding`` is one width, or (left, right, top, bottom, front, back).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
    """

    dims = 3


class _CircularPadNd(_Pad):
    """The other end of each dimension, as if it went round."""

    mode = "circular"

    def forward(self, input):
        """The input with its border."""
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise error("norm_dims", wanted=f"{self.dims + 1}D or {self.dims + 2}D", ndim=input.ndim)
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """A sequence that goes round: ``padding`` is one width, or (left, right).

    >>> import lesson_lib as torch
    >>> torch.nn.CircularPad1d((1, 2))(torch.tensor([[0., 1., 2.]]))
    tensor([[2., 0., 1., 2., 0., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
    """

    dims = 1


class CircularPad2d(_CircularPadNd):
    """An image that goes round in both directions: ``padding`` is one width, or (left, right, top, bottom).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
    """

    dims = 2


class CircularPad3d(_CircularPadNd):
    """A volume that goes round in all directions: ``padding`` is one width, or (left, right, top, bottom, front, back).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
    """

    dims = 3
