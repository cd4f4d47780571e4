"""Dropout: some elements, chosen by chance, become 0, and the others grow so that the mean stays.

y = x · m / (1 − p), where each m is 1 with probability 1 − p.   ∂y/∂x = m / (1 − p).
"""

import warnings

from ..core.device import device_of, to_array
from ..core.errors import error
from ..core.rng import default_generator
from ..core.tensor import wrap
from .arithmetic import mul


def noise(tensor, shape, p):
    """Zeros with probability p, else 1/(1 − p), of ``shape``, with the tensor's dtype and device."""
    mask = default_generator.bernoulli(1 - p, tuple(shape), tensor._a.dtype)
    mask /= mask.dtype.type(1 - p)
    return wrap(to_array(mask, device_of(tensor._a)))


def dropout(input, p=0.5, training=True, inplace=False):
    """Set each element to 0 with probability ``p`` and divide the others by 1 − p; without ``training`` change nothing.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=0.0)
    tensor([1., 1., 1.])

    Errors: ValueError if p is not a probability.
    Source: N. Srivastava et al., https://jmlr.org/papers/v15/srivastava14a.html;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    return _dropped(input, p, training, inplace, input.shape)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels of sequences: input (N, C, L) or (C, L).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
    """
    if input.ndim not in (2, 3):
        raise error("dropout1d_dims", ndim=input.ndim)
    return _dropped(input, p, training, inplace, (*input.shape[:-1], 1))


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels of images: input (N, C, H, W).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    if input.ndim == 3:
        warnings.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is "
                      "interpreted as shape (N, C, L), where C is the channel dim. To maintain the 1D channel-wise dropout behavior, please "
                      "switch to using dropout1d instead.", stacklevel=2)  # fmt: skip
    if input.ndim < 2:
        raise error("dropout_dims")
    return _dropped(input, p, training, inplace, (*input.shape[:2], *(1,) * (input.ndim - 2)))


def _dropped(input, p, training, inplace, mask_shape):
    if not 0 <= p <= 1:
        raise error("dropout_p", p=p)
    if p == 0 or not training or input.numel() == 0:
        return input
    mask = noise(input, mask_shape, p) if p < 1 else wrap(to_array(0.0, device_of(input._a), input._a.dtype))
    return input.mul_(mask) if inplace else mul(input, mask)
