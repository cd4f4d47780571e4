"""Windows for spectra: curves that rise from 0 (or nearly) and fall again, y_k for k = 0 … n−1."""

import math

from ..core import dtypes
from ..core.errors import error
from ..core.tensor import Tensor
from .create import arange, ones, zeros
from .power import sqrt
from .special_functions import i0
from .trig import cos

C_TYPES = {"Bool": "bool", "Byte": "unsigned char", "Char": "signed char", "Short": "short int", "Int": "int", "Long": "long int"}  # in messages


def _window(name, n, periodic, dtype, requires_grad, curve):
    """``curve`` of the fractions k/(n − 1), or k/n if the window is to be repeated; computed in double precision."""
    dtype = dtype or dtypes.get_default_dtype()
    if not dtype.is_floating_point:
        raise error("window_dtype", name=name, dtype=C_TYPES.get(dtype.title, dtype.title))
    if n < 0:
        raise error("window_length", name=name, length=n)
    if n < 2:
        result = ones(n, dtype=dtype) if n else zeros(0, dtype=dtype)
    else:
        result = curve(arange(n, dtype=dtypes.float64) / (n if periodic else n - 1)).to(dtype)
    result.requires_grad = requires_grad
    return result


def hann_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False) -> Tensor:
    """y = (1 − cos 2πf)/2. Source: https://pytorch.org/docs/stable/generated/torch.hann_window.html"""
    return _window("hann_window", window_length, periodic, dtype, requires_grad, lambda f: 0.5 - 0.5 * cos(f * (2 * math.pi))).to(device or "cpu")


def hamming_window(
    window_length, periodic=True, alpha=0.54, beta=0.46, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):
    """y = α − β·cos 2πf. Source: https://pytorch.org/docs/stable/generated/torch.hamming_window.html"""
    return _window("hamming_window", window_length, periodic, dtype, requires_grad, lambda f: alpha - beta * cos(f * (2 * math.pi))).to(device or "cpu")


def bartlett_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A triangle, y = 1 − |2f − 1|. Source: https://pytorch.org/docs/stable/generated/torch.bartlett_window.html"""
    return _window("bartlett_window", window_length, periodic, dtype, requires_grad, lambda f: 1 - (2 * f - 1).abs()).to(device or "cpu")


def blackman_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """y = 0.42 − 0.5·cos 2πf + 0.08·cos 4πf. Source: https://pytorch.org/docs/stable/generated/torch.blackman_window.html"""
    curve = lambda f: 0.42 - 0.5 * cos(f * (2 * math.pi)) + 0.08 * cos(f * (4 * math.pi))  # noqa: E731
    return _window("blackman_window", window_length, periodic, dtype, requires_grad, curve).to(device or "cpu")


def kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """y = I₀(β·√(1 − (2f − 1)²))/I₀(β). Source: https://pytorch.org/docs/stable/generated/torch.kaiser_window.html"""
    curve = lambda f: i0(beta * sqrt((1 - (2 * f - 1) ** 2).clamp(min=0))) / i0(ones((), dtype=dtypes.float64) * beta)  # noqa: E731
    return _window("kaiser_window", window_length, periodic, dtype, requires_grad, curve).to(device or "cpu")
