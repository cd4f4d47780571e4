"""The error function, which NumPy does not have."""

import math

import numpy as np

from .blocks import SMALL_BLOCK_BYTES, pieces

_erf, _erfc = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)

# erf(x) ≈ x·P(x²)/Q(x²) for |x| < 3.83…; from there on it is ±1 in float32. Highest power first.
# Source: https://gitlab.com/libeigen/eigen, SpecialFunctionsImpl.h (generic_fast_erf_float)
_P = (0.00022905065861350646, 0.0034082910107109506, 0.050955695062380861, 0.18520832239976145, 1.128379143519084)
_Q = (-1.1791602954361697e-7, 0.000023547966471313185, 0.0010179625278914885, 0.014070470171167667, 0.11098505178285362, 0.49746925110067538, 1.0)
_LAST = 3.832506856900711


def _polynomial(coefficients, x):
    """Horner's scheme."""
    y = coefficients[0] * x
    for c in coefficients[1:-1]:
        y += c
        y *= x
    y += coefficients[-1]
    return y


def erf(x):
    """The error function of each element: within one unit of the last place in float32, Python's own ``math.erf`` in float64."""
    if x.dtype == np.float64:
        return np.asarray(_erf(x), dtype=x.dtype)
    y = np.empty(x.shape, x.dtype)
    flat, out = x.reshape(-1), y.reshape(-1)
    for at in pieces(x.size, 8, SMALL_BLOCK_BYTES // 4):
        wide = flat[at].astype(np.float64)  # rounding each step to float32 would cost four units
        np.minimum(wide, _LAST, out=wide)
        np.maximum(wide, -_LAST, out=wide)
        at_end = np.abs(wide) == _LAST
        squared = wide * wide
        wide *= _polynomial(_P, squared)
        wide /= _polynomial(_Q, squared)
        np.copysign(1, wide, out=wide, where=at_end)  # the fraction misses 1 by half a unit, which gelu multiplies by x
        out[at] = wide
    return y


def erfc(x):
    """1 − erf(x) of each element, exact where erf is nearly 1."""
    return np.asarray(_erfc(x), dtype=x.dtype)
