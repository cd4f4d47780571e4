"""The gamma function's family, which NumPy does not have: lgamma, digamma, zeta and the incomplete gamma functions.

All compute in float64. The formulas are those of the NIST Handbook, chapter 5, 8 and 25: https://dlmf.nist.gov
"""

import math

import numpy as np

#: B₂, B₄, … the Bernoulli numbers (https://dlmf.nist.gov/24.2)
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
FAR = 12.0  # from here on the first ten Bernoulli numbers are enough for 16 digits


def _lgamma(x):
    """Python's lgamma, with inf where it raises."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


_lgamma_of_each = np.frompyfunc(_lgamma, 1, 1)


def lgamma(x):
    """ln |Γ(x)| of each element."""
    return np.asarray(_lgamma_of_each(x.astype(np.float64)), dtype=x.dtype)


def digamma(x):
    """ψ(x) = Γ′(x)/Γ(x): by ψ(x) = ψ(x + 1) − 1/x out to large x, and Stirling's series there (5.11.2); left of 0 by reflection (5.5.4)."""
    wide = x.astype(np.float64)
    negative = wide < 0
    far = np.where(negative, 1 - wide, wide)
    y = np.zeros_like(far)
    while np.any(near := far < FAR):
        y = y - np.where(near, 1 / far, 0)
        far = far + near
    squared = 1 / (far * far)
    series = sum(b / (2 * k) * squared**k for k, b in enumerate(BERNOULLI, 1))
    y = y + np.log(far) - 0.5 / far - series
    whole = np.round(wide)
    reflected = np.where(whole == wide, np.nan, y - np.pi / np.tan(np.pi * (wide - whole)))
    y = np.where(negative, reflected, y)
    return np.asarray(np.where(wide == 0, np.copysign(np.inf, -wide), y), dtype=x.dtype)


def zeta(s, q):
    """ζ(s, q) = Σ (q + k)^−s: the first terms as they are, the rest by Euler and Maclaurin's formula (25.11.5)."""
    s, q, kind = s.astype(np.float64), q.astype(np.float64), np.result_type(s, q)
    s, q = np.broadcast_arrays(s, q)
    whole = q == np.floor(q)
    pole, undefined = (q <= 0) & whole, (s < 1) | ((q <= 0) & ~whole & (s != np.floor(s)))
    a = np.where(pole | undefined | np.isnan(q), 1.0, q)
    y = np.zeros_like(a)
    while np.any(near := a < FAR):
        y = y + np.where(near, np.where(near, a, 1.0) ** -s, 0)
        a = a + near
    tail = a**-s
    y = y + tail * a / np.where(s == 1, np.nan, s - 1) + 0.5 * tail
    factor = s * tail / a
    for k, b in enumerate(BERNOULLI, 1):
        y = y + b / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (a * a)
    y = np.where((s == 1) | (pole & (s > 1)), np.inf, np.where(undefined | np.isnan(q), np.nan, y))
    return np.asarray(y, dtype=kind)


def _incomplete(a, x):
    """(P, Q) for a > 0, x > 0: by the series (8.11.4) left of the bend at a + 1, by the continued fraction (8.9.2) right of it."""
    weight = np.exp(a * np.log(x) - x - np.asarray(_lgamma_of_each(a), dtype=np.float64))
    left = x < a + 1
    term = total = 1 / a
    n = a
    while np.any(left & (term > total * 1e-17)):
        n = n + 1
        term = term * np.where(left, x, 0) / n
        total = total + term
    lower = weight * total
    # Lentz's method for 1/(x + 1 − a − 1·(1 − a)/(x + 3 − a − …))
    x_right = np.where(left, a + 1, x)
    b = x_right + 1 - a
    c, d = np.full_like(b, 1e300), 1 / b
    fraction, change, k = d, np.full_like(b, 2.0), 0
    while np.any(np.abs(change - 1) > 1e-16) and k < 2000:
        k += 1
        step = -k * (k - a)
        b = b + 2
        d = 1 / _not_zero(step * d + b)
        c = _not_zero(b + step / c)
        change = c * d
        fraction = fraction * change
    upper = weight * fraction
    return np.where(left, lower, 1 - upper), np.where(left, 1 - lower, upper)


def _not_zero(x):
    return np.where(x == 0, 1e-300, x)


def _of_valid(a, x, which, at_zero):
    """One of the two incomplete gamma functions, with its limits at 0 and infinity, and nan where there is none."""
    kind = np.result_type(a, x)
    a, x = np.broadcast_arrays(a.astype(np.float64), x.astype(np.float64))
    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    y = _incomplete(np.where(inside, a, 1), np.where(inside, x, 1))[which]
    y = np.where((x == 0) & (a > 0), at_zero, y)
    y = np.where(((a == 0) & (x > 0)) | (np.isinf(x) & (x > 0) & np.isfinite(a)), 1 - at_zero, y)
    y = np.where(np.isinf(a) & (a > 0) & np.isfinite(x) & (x >= 0), at_zero, y)
    invalid = (a < 0) | (x < 0) | np.isnan(a) | np.isnan(x) | ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x))
    return np.asarray(np.where(invalid, np.nan, y), dtype=kind)


def gammainc(a, x):
    """The lower incomplete gamma function P(a, x) = ∫₀ˣ tᵃ⁻¹e⁻ᵗdt / Γ(a)."""
    return _of_valid(a, x, 0, 0.0)


def gammaincc(a, x):
    """The upper incomplete gamma function Q(a, x) = 1 − P(a, x)."""
    return _of_valid(a, x, 1, 1.0)
