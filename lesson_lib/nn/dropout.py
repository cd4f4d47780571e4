"""Dropout layers: in training, chance sets some elements to 0."""

from ..core.errors import error
from . import functional as F
from .module import Module


class _DropoutNd(Module):
    """What the dropouts share: the probability ``p`` of being dropped."""

    drop = None

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0 or p > 1:
            raise error("dropout_p", p=p)
        self.p, self.inplace = p, inplace

    def forward(self, input):
        """The input with some elements 0 and the others larger by 1/(1 − p); unchanged in evaluation."""
        return self.drop(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Each element is 0 with probability ``p``, the others are divided by 1 − p; in evaluation nothing happens.

    >>> import lesson_lib as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(2))
    tensor([1., 1.])

    Errors: ValueError if p is not a probability.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    drop = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Whole channels of (N, C, L) are dropped.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html"""

    drop = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Whole channels of (N, C, H, W) are dropped.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html"""

    drop = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Whole channels of (N, C, D, H, W) are dropped.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html"""

    drop = staticmethod(F.dropout3d)


class AlphaDropout(_DropoutNd):
    """Dropout for SELU, which keeps mean 0 and variance 1.   Source: https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html"""

    drop = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_DropoutNd):
    """Alpha dropout of whole channels.   Source: https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html"""

    drop = staticmethod(F.feature_alpha_dropout)
