"""What convolution and pooling share: settings given as one number or two, and images without a batch."""

from ..core.errors import error
from .view import squeeze, unsqueeze


def numbers(value, count):
    """``count`` numbers: ``3`` and ``[3]`` stand for all of them; None if there are too many or too few."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * count if len(values) == 1 else values if len(values) == count else None


def pair(value):
    """One number for the height, one for the width."""
    return numbers(value, 2)


def on_batch(function, input):
    """Call ``function`` on (N, C, H, W); an image (C, H, W) becomes a batch of one and comes back as an image."""
    return squeeze(function(unsqueeze(input, 0)), 0) if input.ndim == 3 else function(input)


def output_too_small(x_shape, y_shape):
    """PyTorch's error for a pooling that leaves no pixel."""
    sizes = ["x".join(map(str, shape[1:])) for shape in (x_shape, y_shape)]
    return error("pool_too_small", input=sizes[0], output=sizes[1])
