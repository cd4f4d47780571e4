"""Normal numbers from uniform ones: the Box–Muller transform, with the roundings of PyTorch's processor code.

For float32, PyTorch computes logarithm, sine and cosine with short polynomials (from Moshier's Cephes library) and
*fused* multiply-adds: a·b + c with one rounding instead of two. The same steps here give the same 32 bits, so
``randn`` agrees to the last digit and not just nearly. float64 uses the mathematical functions of NumPy.

Sources: G. E. P. Box and M. E. Muller, A Note on the Generation of Random Normal Deviates (1958),
https://doi.org/10.1214/aoms/1177706645; https://www.netlib.org/cephes/
"""

import math

import numpy as np

_BLOCKS_AT_ONCE = 1024  # 1024 × 16 numbers: every intermediate array stays in the processor's cache


def box_muller(uniform, mean, std):
    """n₁ = r·cos θ, n₂ = r·sin θ with r = √(−2 ln(1−u₁)), θ = 2π·u₂; then mean + std·n.

    uniform: (blocks, 2, 8) float32 or float64 in [0, 1); ``[:, 0]`` holds the u₁, ``[:, 1]`` the u₂ of 8 pairs.
    Gives an array of the same shape and dtype, n₁ where u₁ was and n₂ where u₂ was.

    >>> import numpy as np
    >>> from lesson_lib.core.box_muller import box_muller
    >>> box_muller(np.full((1, 2, 8), 0.5), 0.0, 1.0)[0, 0, 0]  # cos θ = -1, r = √(2 ln 2)
    np.float64(-1.1774100225154747)
    """
    real = uniform.dtype.type
    log, sin_cos = (_log32, _sin_cos32) if real is np.float32 else (np.log, lambda x: (np.sin(x), np.cos(x)))
    normal = np.empty_like(uniform)
    for start in range(0, len(uniform), _BLOCKS_AT_ONCE):
        block = slice(start, start + _BLOCKS_AT_ONCE)
        radius = np.sqrt(real(-2) * log(real(1) - uniform[block, 0]))  # (blocks, 8)
        sin, cos = sin_cos(real(2 * math.pi) * uniform[block, 1])
        normal[block, 0] = fused_multiply_add(radius * cos, real(std), real(mean))
        normal[block, 1] = fused_multiply_add(radius * sin, real(std), real(mean))
    return normal


def normal_pair(u1, u2):
    """The same transform for one pair of Python floats, as PyTorch does it for fewer than 16 numbers.

    Here u₁ gives the angle and u₂ the radius: (r·cos 2πu₁, r·sin 2πu₁) with r = √(−2 ln(1−u₂)).
    """
    radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
    return radius * math.cos(angle), radius * math.sin(angle)


def fused_multiply_add(a, b, c):
    """a·b + c rounded once, for arrays or numbers that are all float32 or all float64."""
    if a.dtype == np.float32:
        return (np.multiply(a, b, dtype=np.float64) + c).astype(np.float32)  # a product of float32 is exact in float64
    with np.errstate(all="ignore"):
        product, product_error = _exact_product(a, b)
        total = product + c
        was = total - product
        total_error = (product - (total - was)) + (c - was)  # Knuth's two-sum
        result = total + (total_error + product_error)
        return np.where(np.isfinite(result), result, a * b + c)  # splitting an infinity leaves nan


def _exact_product(a, b):
    """a·b as a float64 and the error of its rounding, from the upper and lower 26 bits of both (Dekker, 1971)."""
    a_high, b_high = ((x * 134217729.0) - ((x * 134217729.0) - x) for x in (a, b))  # 2²⁷ + 1
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _float32(*numbers):
    return [np.float32(x) for x in numbers]


_LOG = _float32(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
    -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_LOG2_LOW, _LOG2_HIGH = _float32(-2.12194440e-4, 0.693359375)  # ln 2 in two parts; the high one has few digits
_SQRT_HALF, _HALF, _ONE = _float32(math.sqrt(0.5), 0.5, 1)
_SIN = _float32(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = _float32(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_FOUR_OVER_PI = np.float32(4 / math.pi)
_MINUS_QUARTER_PI = _float32(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)  # −π/4 in three parts


def _polynomial(x, coefficients):
    """c₀xⁿ + … + cₙ by Horner's rule, one fused multiply-add a step."""
    y = coefficients[0]
    for c in coefficients[1:]:
        y = fused_multiply_add(x, y, c)
    return y


def _log32(x):
    """ln x for float32 x > 0: x = m·2ᵉ with m near 1, and ln x = ln m + e·ln 2."""
    m, e = np.frexp(x)  # m in [0.5, 1)
    below = m < _SQRT_HALF
    e = (e - below).astype(np.float32)
    m = np.where(below, m + m, m) - _ONE
    square = m * m
    y = _polynomial(m, _LOG) * m
    y = fused_multiply_add(y, square, e * _LOG2_LOW)
    return (m + (y - square * _HALF)) + e * _LOG2_HIGH


def _sin_cos32(x):
    """(sin x, cos x) for float32 x in [0, 2π]: a polynomial for each on [−π/4, π/4], swapped and negated by quadrant."""
    quadrant = ((x * _FOUR_OVER_PI).astype(np.int32) + 1) >> 1
    count = (2 * quadrant).astype(np.float32)
    for part in _MINUS_QUARTER_PI:  # x − count·π/4 in steps, so that no digit is lost
        x = fused_multiply_add(count, part, x)
    square = x * x
    cos = fused_multiply_add(_polynomial(square, _COS) * square, square, -(square * _HALF)) + _ONE
    sin = fused_multiply_add(_polynomial(square, _SIN) * square, x, x)
    odd = (quadrant & 1).astype(bool)
    sin, cos = np.where(odd, cos, sin), np.where(odd, sin, cos)
    return np.where(quadrant & 2, -sin, sin), np.where((quadrant + 1) & 2, -cos, cos)
