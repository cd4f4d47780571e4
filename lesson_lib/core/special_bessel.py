r"""Bessel's functions and Airy's, which NumPy does not have, for any array library ``xp``: a series near 0, an integral from there on.

All of them are one function, $K_\nu(z) = \int_0^\infty e^{-z\cosh t}\cosh\nu t\,dt$ (https://dlmf.nist.gov/10.32.E9): with real z it decays, with
imaginary z it oscillates and is J and Y together. Summed at equal steps such an integrand gives 16 digits with 24 points: the trapezoidal rule
converges exponentially where a function dies out at both ends (Trefethen and Weideman 2014, doi:10.1137/130932132). All compute in float64.
"""

import math

POINTS = 24  # of the trapezoidal rule
DEAD = 40.0  # exp(−40) is too little to matter
NEAR = 1.0  # up to here the series, which needs only a few terms then
TERMS = 14
BEYOND = 120.0  # from here on Ai is 0 in float64
AIRY_AT_0, AIRY_SLOPE_AT_0 = 0.355028053887817239, -0.258819403792806798  # https://dlmf.nist.gov/9.2.ii
EULER = 0.57721566490153286


def _integral(xp, x, integrand):
    """∫ integrand(t) dt from 0 to where exp(−x·(cosh t − 1)) is dead."""
    step = 2 * xp.arcsinh(xp.sqrt(DEAD / 2 / x)) / POINTS
    total = integrand(0 * step) / 2
    for k in range(1, POINTS + 1):
        total = total + integrand(k * step)
    return total * step


def _decaying(xp, x, order):
    """eˣ·K(x) for x ≥ 0.3."""
    return _integral(xp, x, lambda t: xp.exp(-2 * x * xp.sinh(t / 2) ** 2) * (xp.cosh(order * t) if order else 1))


def _oscillating(xp, x, order):
    """e^{ix}·K(ix) for x ≥ 0.3, along the path t − i·arctan(sinh t) into the complex plane, on which the integrand decays and does not oscillate."""

    def integrand(t):
        sinh, cosh = xp.sinh(t), xp.cosh(t)
        weight = xp.cosh(order * (t - 1j * xp.arctan(sinh))) if order else 1
        return xp.exp(-x * sinh * sinh / cosh) * weight * (1 - 1j / cosh)

    return _integral(xp, x, integrand)


def _series(x, order, sign):
    """Near 0: J (sign −1) or I (sign +1) of the order 0 or 1, and the same sum with (H_k + H_{k+order})/2 at its terms (10.8.E1, 10.31.E1)."""
    term = (x / 2) ** order
    total, weighted = term, term * (order / 2)
    harmonic = 0.0
    for k in range(1, TERMS):
        term = term * (sign * x * x / 4) / (k * (k + order))
        harmonic += 1 / k
        total = total + term
        weighted = weighted + term * (harmonic + (order / 2) / (k + order))
    return total, weighted


def _wide(xp, x):
    """|x| in float64, and parted: up to 1 and from 1 on; the other elements are 1 there."""
    size = xp.absolute(x.astype("float64"))
    return size, xp.where(size < NEAR, size, NEAR), xp.where(size < NEAR, NEAR, size)


def bessel_j(xp, x, order):
    """J₀(x) or J₁(x)."""
    size, near, far = _wide(xp, x)
    y = xp.where(size < NEAR, _series(near, order, -1)[0], _hankel(xp, far, order).real)
    return (y * xp.copysign(1.0, x.astype("float64")) if order else y).astype(x.dtype)


def _hankel(xp, x, order):
    """J(x) − i·Y(x) = (2i/π)·e^{iπν/2}·K(ix) for the order ν = 0 or 1 (10.27.E8)."""
    return (2j / math.pi) * (1j if order else 1) * xp.exp(-1j * x) * _oscillating(xp, x, order)


def bessel_y(xp, x, order):
    """Y₀(x) or Y₁(x): −∞ at 0, nan left of it."""
    size, near, far = _wide(xp, x)
    first, weighted = _series(near, order, -1)
    series = 2 / math.pi * ((xp.log(near / 2) + EULER) * first - weighted - (order / near if order else 0))
    y = xp.where(size < NEAR, series, -_hankel(xp, far, order).imag)
    return _from_0(xp, x, xp.where(x == 0, -math.inf, y))


def modified_bessel_k(xp, x, order, scaled):
    """K₀(x) or K₁(x), ``scaled`` by eˣ: ∞ at 0, nan left of it."""
    size, near, far = _wide(xp, x)
    first, weighted = _series(near, order, +1)
    series = (2 * order - 1) * ((xp.log(near / 2) + EULER) * first - weighted) + (order / near if order else 0)
    integral = _decaying(xp, far, order)
    y = xp.where(size < NEAR, series * xp.exp(near), integral) if scaled else xp.where(size < NEAR, series, integral * xp.exp(-far))
    return _from_0(xp, x, xp.where(x == 0, math.inf, xp.where(xp.isinf(x), 0.0, y)))


def _from_0(xp, x, y):
    """nan where x is negative."""
    return xp.where(x < 0, math.nan, y).astype(x.dtype)


def airy_ai(xp, x):
    """Airy's function Ai(x) = (1/π)·√(x/3)·K(⅔·x^{3/2}) with K of order ⅓; left of 0 the oscillating K (https://dlmf.nist.gov/9.6.i)."""
    size, near, far = _wide(xp, x)
    signed = xp.where(x < 0, -near, near)
    first = total_first = xp.ones_like(near)
    second = total_second = signed
    for k in range(1, TERMS):
        first = first * signed**3 / ((3 * k - 1) * (3 * k))
        second = second * signed**3 / ((3 * k) * (3 * k + 1))
        total_first, total_second = total_first + first, total_second + second
    z = far**1.5 * (2 / 3)
    right = xp.sqrt(far / 3) / math.pi * xp.exp(-z) * _decaying(xp, z, 1 / 3)
    left = xp.sqrt(far / 3) * (-2 / math.pi) * (xp.exp(-1j * z) * _oscillating(xp, z, 1 / 3)).imag
    y = xp.where(size < NEAR, AIRY_AT_0 * total_first + AIRY_SLOPE_AT_0 * total_second, xp.where(x < 0, left, right))
    y = xp.where(x > BEYOND, 0.0, y)
    return xp.where(xp.isinf(x), math.nan, y).astype(x.dtype)


def spherical_bessel_j0(xp, x):
    """sin(x)/x: 1 at 0, 0 at infinity."""
    wide = x.astype("float64")
    inside = (wide != 0) & ~xp.isinf(wide)
    safe = xp.where(inside, wide, 1)
    return xp.where(inside, xp.sin(safe) / safe, xp.where(wide == 0, 1.0, 0.0)).astype(x.dtype)
