"""Functions around the normal distribution and the Bessel functions I₀ and I₁, which NumPy does not have. All compute in float64."""

import math

import numpy as np

from .special import erfc

# The quantile of the normal distribution as quotients of polynomials, highest power first: in the middle, in the tails, far out.
# Source: Wichura 1988, "Algorithm AS 241", doi:10.2307/2347330
# fmt: off
CENTER_TOP = (2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
              13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665)
CENTER_BOTTOM = (5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
                 5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0)
TAIL_TOP = (0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
            3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835)
TAIL_BOTTOM = (1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
               0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0)
FAR_TOP = (2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
           0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103)
FAR_BOTTOM = (2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
              0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0)
# fmt: on


def _polynomial(coefficients, x):
    """Horner's scheme."""
    y = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


def _quantile(q, tail):
    """The x with Φ(x) = 1/2 + q. ``tail`` = 1/2 − |q| is given too: near the ends its digits would be lost."""
    with np.errstate(divide="ignore", invalid="ignore"):
        central = 0.180625 - q * q
        middle = q * _polynomial(CENTER_TOP, central) / _polynomial(CENTER_BOTTOM, central)
        r = np.sqrt(-np.log(np.where(tail > 0, tail, np.nan)))
        near, far = r - 1.6, r - 5.0
        outer = np.where(
            r <= 5.0, _polynomial(TAIL_TOP, near) / _polynomial(TAIL_BOTTOM, near), _polynomial(FAR_TOP, far) / _polynomial(FAR_BOTTOM, far)
        )
    y = np.where(np.abs(q) <= 0.425, middle, np.copysign(outer, q))
    return np.where(tail == 0, np.copysign(np.inf, q), y)


def ndtri(p):
    """The quantile of the normal distribution: the x with Φ(x) = p."""
    wide = p.astype(np.float64)
    return np.asarray(_quantile(wide - 0.5, np.minimum(wide, 1 - wide)), dtype=p.dtype)


def erfinv(y):
    """The inverse of the error function: erf(x) = 2·Φ(x·√2) − 1."""
    wide = y.astype(np.float64)
    return np.asarray(_quantile(wide / 2, (1 - np.abs(wide)) / 2) / math.sqrt(2), dtype=y.dtype)


def erfcx(x):
    """exp(x²)·erfc(x): for large x, where one overflows and the other vanishes, by Laplace's continued fraction (https://dlmf.nist.gov/7.9.E1)."""
    wide = x.astype(np.float64)
    near = np.where(wide < 10, wide, 0)
    y = np.exp(near * near) * erfc(near)
    far = np.where(wide < 10, 10, wide)
    fraction = far
    for k in range(40, 0, -1):
        fraction = far + k / 2 / fraction
    return np.asarray(np.where(wide < 10, y, np.where(np.isnan(wide), wide, 1 / (fraction * math.sqrt(math.pi)))), dtype=x.dtype)


def log_ndtr(x):
    """ln Φ(x), right far to the left too."""
    wide = x.astype(np.float64)
    left = np.where(wide < -1, wide, -1)
    right = np.where(wide < -1, 0, wide)
    y = np.where(wide < -1, np.log(erfcx(-left * math.sqrt(0.5)) / 2) - left * left / 2, np.log1p(-erfc(right * math.sqrt(0.5)) / 2))
    return np.asarray(np.where(np.isnan(wide), wide, y), dtype=x.dtype)


# --- Bessel functions -------------------------------------------------------------------------------------------------------------


def _bessel(x, order):
    """exp(−|x|)·I_order(|x|): by its series up to 30 (https://dlmf.nist.gov/10.25.E2), by Hankel's expansion beyond (10.40.E1)."""
    size = np.abs(x.astype(np.float64))
    near = np.minimum(size, 30.0)
    term = total = (near / 2) ** order
    for k in range(1, 80):
        term = term * (near * near / 4) / (k * (k + order))
        total = total + term
    far = np.maximum(size, 30.0)
    step = series = np.ones_like(far)
    for k in range(1, 25):
        step = step * -(4 * order * order - (2 * k - 1) ** 2) / (8 * k * far)
        series = series + step
    y = np.where(size <= 30, total * np.exp(-near), series / np.sqrt(2 * math.pi * far))
    return np.where(np.isnan(size), np.nan, y), size


def i0e(x):
    """exp(−|x|)·I₀(x)."""
    return np.asarray(_bessel(x, 0)[0], dtype=x.dtype)


def i1e(x):
    """exp(−|x|)·I₁(x)."""
    return np.asarray(np.copysign(_bessel(x, 1)[0], x), dtype=x.dtype)


def bessel_i0(x):
    """The modified Bessel function I₀(x)."""
    y, size = _bessel(x, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(y * np.exp(size), dtype=x.dtype)


def bessel_i1(x):
    """The modified Bessel function I₁(x)."""
    y, size = _bessel(x, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.copysign(y * np.exp(size), x), dtype=x.dtype)
