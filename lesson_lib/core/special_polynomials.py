"""The classical orthogonal polynomials for any array library ``xp``: each follows from the two before it (https://dlmf.nist.gov/18.9.i).

Chebyshev's four kinds differ only in how they begin. Of many degrees between −1 and 1 they are cosines: that is shorter, and loses no digits.
"""


def recurrence(xp, x, n, first, following):
    """The polynomial of degree n at x: 1, ``first``, then ``following(k, p_k, p_{k−1})`` for k + 1. A degree below 0 gives 0."""
    y = xp.where(n == 0, 1.0, xp.where(n >= 1, first, 0.0))
    before, last = xp.ones_like(first), first
    highest = int(n.max()) if n.size else 0
    for k in range(1, highest):
        before, last = last, following(k, last, before)
        y = xp.where(n == k + 1, last, y)
    return y


def arguments(xp, x, n):
    """x and n as float64 arrays of one shape; n without its fraction, and −1 where it is not a number."""
    home = x if hasattr(x, "dtype") else n
    x, n = (value.astype("float64") if hasattr(value, "dtype") else xp.full((), float(value)) for value in (x, n))
    x, n = xp.broadcast_arrays(x, n)
    return home.dtype, x, xp.where(xp.isfinite(n), xp.trunc(n), -1.0)


def chebyshev(xp, x, n, start, closed):
    """2x·pₖ − pₖ₋₁ from 1 and ``start(x)``; between −1 and 1 ``closed(n, θ)`` with x = cos θ, where the degree is high."""
    inside = (xp.absolute(x) < 1) & (n > 8)
    degree = xp.where(inside, 0.0, n)
    y = recurrence(xp, x, degree, start(x), lambda k, p, q: 2 * x * p - q)
    angle = xp.arccos(xp.where(inside, x, 0.0))
    return xp.where(inside, closed(xp.where(inside, n, 0.0), angle), y)


def chebyshev_t(xp, x, n):
    """cos(nθ)."""
    return chebyshev(xp, x, n, lambda x: x, lambda n, angle: xp.cos(n * angle))


def chebyshev_u(xp, x, n):
    """sin((n + 1)θ)/sin θ."""
    return chebyshev(xp, x, n, lambda x: 2 * x, lambda n, angle: xp.sin((n + 1) * angle) / xp.sin(angle))


def chebyshev_v(xp, x, n):
    """cos((n + ½)θ)/cos(θ/2)."""
    return chebyshev(xp, x, n, lambda x: 2 * x - 1, lambda n, angle: xp.cos((n + 0.5) * angle) / xp.cos(angle / 2))


def chebyshev_w(xp, x, n):
    """sin((n + ½)θ)/sin(θ/2)."""
    return chebyshev(xp, x, n, lambda x: 2 * x + 1, lambda n, angle: xp.sin((n + 0.5) * angle) / xp.sin(angle / 2))


def hermite_h(xp, x, n):
    """Hₖ₊₁ = 2x·Hₖ − 2k·Hₖ₋₁."""
    return recurrence(xp, x, n, 2 * x, lambda k, p, q: 2 * x * p - 2 * k * q)


def hermite_he(xp, x, n):
    """Heₖ₊₁ = x·Heₖ − k·Heₖ₋₁."""
    return recurrence(xp, x, n, x, lambda k, p, q: x * p - k * q)


def laguerre_l(xp, x, n):
    """(k + 1)·Lₖ₊₁ = (2k + 1 − x)·Lₖ − k·Lₖ₋₁."""
    return recurrence(xp, x, n, 1 - x, lambda k, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1))


def legendre_p(xp, x, n):
    """(k + 1)·Pₖ₊₁ = (2k + 1)·x·Pₖ − k·Pₖ₋₁."""
    return recurrence(xp, x, n, x, lambda k, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1))


def evaluated(xp, polynomial, x, n, shifted=False):
    """``polynomial`` of degree n at x in the dtype of the two; ``shifted`` from [−1, 1] to [0, 1]."""
    kind, x, n = arguments(xp, x, n)
    return polynomial(xp, 2 * x - 1 if shifted else x, n).astype(kind)
