"""``torch.signal.windows``: curves that rise and fall over M points, symmetric or (``sym=False``) the first period of a repeated curve.

With N = M − 1 for a symmetric window and N = M for a periodic one, k counts the points from 0. All compute in double precision.
"""

import math
from collections.abc import Iterable

from ..core import dtypes
from ..core.errors import error
from .arithmetic import abs
from .create import arange, ones, zeros
from .power import sqrt
from .special_functions import i0
from .transcend import exp
from .trig import cos, sin


def _checked(name, M, dtype, layout):
    """The window's dtype, or PyTorch's error."""
    if M < 0:
        raise error("signal_window_length", name=name, M=M)
    if str(layout) != "torch.strided":
        raise error("signal_window_layout", name=name, layout=layout)
    dtype = dtype or dtypes.get_default_dtype()
    if dtype not in (dtypes.float32, dtypes.float64):
        raise error("signal_window_dtype", name=name, dtype=dtype)
    return dtype


def _window(M, curve, dtype, device, requires_grad):
    """``curve`` of the points 0 … M − 1."""
    result = (curve(arange(M, dtype=dtypes.float64)) if M > 1 else ones(1) if M else zeros(0)).to(dtype).to(device or "cpu")
    return result.requires_grad_(requires_grad)


def _length(M, sym):
    """N, the distance over which the curve rises and falls."""
    return M - 1 if sym or M < 2 else M


def bartlett(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """A triangle, y = 1 − |2k/N − 1|.

    >>> import lesson_lib as torch
    >>> torch.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.bartlett.html
    """
    dtype = _checked("bartlett", M, dtype, layout)
    return _window(M, lambda k: 1 - abs(2 * k / _length(M, sym) - 1), dtype, device, requires_grad)


def blackman(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """Three cosines, y = 0.42 − 0.5·cos(2πk/N) + 0.08·cos(4πk/N): side lobes of −58 dB.

    >>> import lesson_lib as torch
    >>> torch.signal.windows.blackman(4, sym=False)[1:]
    tensor([0.3400, 1.0000, 0.3400])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.blackman.html
    """
    dtype = _checked("blackman", M, dtype, layout)
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, dtype=dtype, device=device, requires_grad=requires_grad)


def cosine(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """Half a wave, y = sin(π(k + ½)/(N + 1)).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.cosine.html
    """
    dtype = _checked("cosine", M, dtype, layout)
    return _window(M, lambda k: sin((k + 0.5) * (math.pi / (_length(M, sym) + 1))), dtype, device, requires_grad)


def exponential(M, *, center=None, tau=1.0, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """A peak that dies out to both sides, y = exp(−|k − c|/τ) with c = ``center``, N/2 if it is not given.

    >>> import lesson_lib as torch
    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.exponential.html
    """
    dtype = _checked("exponential", M, dtype, layout)
    if tau <= 0:
        raise error("signal_window_tau", tau=tau)
    if sym and center is not None:
        raise error("signal_window_center")
    middle = _length(M, sym) / 2 if center is None else center
    return _window(M, lambda k: exp(-abs(k - middle) / tau), dtype, device, requires_grad)


def gaussian(M, *, std=1.0, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """The normal distribution's bell, y = exp(−(k − N/2)²/(2σ²)).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.gaussian.html
    """
    dtype = _checked("gaussian", M, dtype, layout)
    if std <= 0:
        raise error("signal_window_std", std=std)
    return _window(M, lambda k: exp(-(((k - _length(M, sym) / 2) / std) ** 2) / 2), dtype, device, requires_grad)


def kaiser(M, *, beta=12.0, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """Nearly the most energy that a main lobe can hold, y = I₀(β·√(1 − (2k/N − 1)²))/I₀(β).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.kaiser(5, beta=2.0)
    tensor([0.4387, 0.8348, 1.0000, 0.8348, 0.4387])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.kaiser.html
    """
    dtype = _checked("kaiser", M, dtype, layout)
    if beta < 0:
        raise error("signal_window_beta", beta=beta)
    height = i0(ones((), dtype=dtypes.float64) * beta)
    return _window(M, lambda k: i0(beta * sqrt((1 - (2 * k / _length(M, sym) - 1) ** 2).clamp(min=0))) / height, dtype, device, requires_grad)


def general_cosine(M, *, a, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """Several cosines, y = Σ (−1)ⁱ·aᵢ·cos(2πik/N).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.general_cosine(5, a=[0.54, 0.46])
    tensor([0.0800, 0.5400, 1.0000, 0.5400, 0.0800])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.general_cosine.html
    """
    dtype = _checked("general_cosine", M, dtype, layout)
    if M > 1 and not isinstance(a, Iterable):
        raise error("signal_window_coefficients")
    if M > 1 and not a:
        raise error("signal_window_no_coefficients")

    def curve(k):
        angle = k * (2 * math.pi / _length(M, sym))
        return sum((-1) ** i * weight * cos(i * angle) for i, weight in enumerate(a))

    return _window(M, curve, dtype, device, requires_grad)


def general_hamming(M, *, alpha=0.54, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """A cosine on a base, y = α − (1 − α)·cos(2πk/N).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.general_hamming(3, alpha=0.7)
    tensor([0.4000, 1.0000, 0.4000])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.general_hamming.html
    """
    return general_cosine(M, a=[alpha, 1 - alpha], sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hamming(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """y = 0.54 − 0.46·cos(2πk/N): the nearest side lobe vanishes, the window does not end at 0.

    >>> import lesson_lib as torch
    >>> torch.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.hamming.html
    """
    return general_hamming(M, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hann(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """y = (1 − cos(2πk/N))/2 = sin²(πk/N).

    >>> import lesson_lib as torch
    >>> torch.signal.windows.hann(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.hann.html
    """
    return general_hamming(M, alpha=0.5, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def nuttall(M, *, sym=True, dtype=None, layout="torch.strided", device=None, requires_grad=False):
    """Four cosines with side lobes of −98 dB. Source of the weights: Nuttall 1981, "Some windows with very good sidelobe behavior".

    >>> import lesson_lib as torch
    >>> torch.signal.windows.nuttall(5)
    tensor([3.6280e-04, 2.2698e-01, 1.0000e+00, 2.2698e-01, 3.6280e-04])

    Source: https://pytorch.org/docs/stable/generated/torch.signal.windows.nuttall.html
    """
    weights = [0.3635819, 0.4891775, 0.1365995, 0.0106411]
    return general_cosine(M, a=weights, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)
