"""Dropout: some elements, chosen by chance, become 0, and the others grow so that the mean stays.

y = x · m / (1 − p), where each m is 1 with probability 1 − p.   ∂y/∂x = m / (1 − p).
"""

import math
import warnings

import numpy as np

from ..core.device import device_of, to_array
from ..core.dtypes import FLOATING
from ..core.errors import error
from ..core.rng import default_generator
from ..core.tensor import wrap
from .arithmetic import add, mul

# SELU's lowest value is −α·scale, which alpha dropout puts in the place of 0.
_LOWEST = 1.7580993408473766


def noise(tensor, shape, p):
    """Zeros with probability p, else 1/(1 − p), of ``shape``, with the tensor's dtype and device."""
    kept = _kept(tensor, shape, p)
    kept /= kept.dtype.type(1 - p)
    return wrap(to_array(kept.astype(tensor._a.dtype, copy=False), device_of(tensor._a)))


def _kept(tensor, shape, p):
    """Zeros with probability p, else ones, as NumPy floats. PyTorch draws them in the order in which the tensor's elements lie in memory."""
    if tensor.is_complex():
        raise error("not_implemented_for", kernel="bernoulli_scalar_cpu_", dtype=tensor.dtype.title)
    real = np.float64 if tensor._a.dtype == np.float64 else np.float32
    shape, steps = tuple(shape), tensor._a.strides
    if shape != tensor._a.shape or 0 in steps:
        return default_generator.bernoulli(1 - p, shape, real)
    order = sorted(range(len(shape)), key=lambda dim: -steps[dim])
    return default_generator.bernoulli(1 - p, tuple(shape[dim] for dim in order), real).transpose(np.argsort(order))


def dropout(input, p=0.5, training=True, inplace=False):
    """Set each element to 0 with probability ``p`` and divide the others by 1 − p; without ``training`` change nothing.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=0.0)
    tensor([1., 1., 1.])

    Errors: ValueError if p is not a probability.
    Source: N. Srivastava et al., https://jmlr.org/papers/v15/srivastava14a.html;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check_p(p)
    return _dropped(input, p, training, inplace, input.shape)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels of sequences: input (N, C, L) or (C, L).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
    """
    _check_p(p)
    if input.ndim not in (2, 3):
        raise error("dropout1d_dims", ndim=input.ndim)
    return _dropped(input, p, training, inplace, (*input.shape[:-1], 1))


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels of images: input (N, C, H, W).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    _check_p(p)
    if input.ndim not in (3, 4):
        _warn_of_dims("dropout2d", input.ndim, 2, "3D or 4D")
    if input.ndim == 3:
        warnings.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is "
                      "interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to interpret the "
                      "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please "
                      "switch to using dropout1d instead.", stacklevel=2)  # fmt: skip
    return _dropped(input, p, training, inplace, _channels(input, 2))


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels of volumes: input (N, C, D, H, W) or (C, D, H, W).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.dropout3d(torch.ones(1, 1, 1, 2), p=1.0)
    tensor([[[[0., 0.]]]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
    """
    _check_p(p)
    if input.ndim not in (4, 5):
        _warn_of_dims("dropout3d", input.ndim, 3, "4D or 5D")
    return _dropped(input, p, training, inplace, _channels(input, 2 if input.ndim == 5 else 1))


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    r"""Dropout for SELU: elements become its lowest value −α′ in place of 0, then $y = a x + b$ brings mean 0 and variance 1 back.

    $a = 1/\sqrt{(1-p)(1+p\,\alpha'^2)}$ and $b = a\,p\,\alpha'$.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.alpha_dropout(torch.ones(3))
    tensor([1., 1., 1.])

    Source: G. Klambauer et al., https://arxiv.org/abs/1706.02515;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    _check_p(p)
    return _dropped(input, p, training, inplace, input.shape, _affine)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Alpha dropout of whole channels: input (N, C, …).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 3))
    tensor([[1., 1., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
    """
    _check_p(p)
    return _dropped(input, p, training, inplace, _channels(input, 2), _affine)


def _check_p(p):
    if not 0 <= p <= 1:
        raise error("dropout_p", p=p)


def _warn_of_dims(name, found, spatial, wanted):
    warnings.warn(f"{name}: Received a {found}-D input to {name}, which is deprecated and will result in an error in a future release. To retain the "
                  f"behavior and silence this warning, please use dropout instead. Note that {name} exists to provide channel-wise dropout on inputs "
                  f"with {spatial} spatial dimensions, a channel dimension, and an optional batch dimension (i.e. {wanted} inputs).", stacklevel=3)  # fmt: skip


def _channels(input, leading):
    """The shape of one number per channel, after ``leading`` dimensions; None if there are too few."""
    return (*input.shape[:leading], *(1,) * (input.ndim - leading)) if input.ndim >= leading else None


def _dropped(input, p, training, inplace, mask_shape, scaled=None):
    if p == 0 or not training or input.numel() == 0:
        return input
    if p == 1:
        mask, shift = wrap(to_array(0.0, device_of(input._a), input._a.dtype)), None
    else:
        if mask_shape is None:
            raise error("dropout_dims")
        if input.dtype.category < FLOATING:
            raise error("cast_result", found="Float", wanted=input.dtype.title)
        mask, shift = (noise(input, mask_shape, p), None) if scaled is None else scaled(input, mask_shape, p)
    y = input.mul_(mask) if inplace else mul(input, mask)
    if shift is None:
        return y
    return y.add_(shift) if inplace else add(y, shift)


def _affine(input, mask_shape, p):
    """Alpha dropout's factors (a or 0) and summands (b, or b − a·α′)."""
    kept = _kept(input, mask_shape, p)
    a = 1 / math.sqrt((_LOWEST * _LOWEST * p + 1) * (1 - p))
    real, np_dtype, home = kept.dtype.type, input._a.dtype, device_of(input._a)
    shift = (kept - 1) * real(_LOWEST * a) + real(_LOWEST * a * p)
    return tuple(wrap(to_array(array.astype(np_dtype, copy=False), home)) for array in (kept * real(a), shift))
