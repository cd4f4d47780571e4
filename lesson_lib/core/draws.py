"""Distributions that PyTorch draws one number after the other: Cauchy, log-normal, geometric, Poisson, binomial.

Each function takes a ``rng.Generator`` and gives a NumPy array; the same seed gives PyTorch's own numbers.

Sources: W. Hörmann, The transformed rejection method for generating Poisson random variables (1993),
https://doi.org/10.1016/0167-6687(93)90997-4; The generation of binomial random variates (1993), https://doi.org/10.1080/00949659308811496
"""

import math

import numpy as np

_EPSILON = 2.0**-52  # of float64


def cauchy(generator, shape, np_dtype, median=0.0, sigma=1.0):
    """Numbers with the density $1/(πσ(1 + ((x−m)/σ)²))$: x = m + σ·tan(π(u − 1/2)), u kept off the poles 0 and 1."""
    u = generator._fractions(math.prod(shape), np.float64).clip(_EPSILON, 1 - _EPSILON)
    return (median + sigma * np.tan(math.pi * (u - 0.5))).astype(np_dtype).reshape(shape)


def log_normal(generator, shape, np_dtype, mean=1.0, std=2.0):
    """Numbers whose logarithm is normal: x = exp(z), z ~ N(mean, std²)."""
    return np.exp(generator._few_normals(math.prod(shape), mean, std)).astype(np_dtype).reshape(shape)


def geometric(generator, shape, np_dtype, p):
    """How many tries it takes until the first success of probability p: x = ⌈ln u / ln(1−p)⌉."""
    with np.errstate(divide="ignore"):
        tries = np.ceil(np.log(generator._fractions(math.prod(shape), np.float64)) / math.log1p(-p))
    return tries.astype(np_dtype).reshape(shape)


# --- by rejection: nobody knows how many numbers one result takes ------------------------------------------------------


def _one_by_one(generator, sample, rows):
    """``sample(draw, *row)`` for each row; ``draw()`` is the next u ~ U[0, 1), and the state moves on by as many as were drawn."""
    with generator._lock:
        state, untouched, used = generator._twister.state, generator._untouched, 0

        def stream():
            while True:
                yield from generator._fractions(1024, np.float64).tolist()

        ahead = stream()

        def draw():
            nonlocal used
            used += 1
            return next(ahead)

        values = [sample(draw, *row) for row in rows]
        generator._twister.state, generator._untouched = state, untouched
        generator._words(2 * used)
    return np.array(values, np.float64)


def poisson(generator, rates):
    """Counts of what happens ``rate`` times on average, $P(k) = λ^k e^{−λ}/k!$: an array like ``rates``."""
    values = _one_by_one(generator, _poisson, zip(rates.astype(np.float64).ravel().tolist()))
    return values.astype(rates.dtype).reshape(rates.shape)


def _poisson(draw, rate):
    if rate >= 10:
        return _poisson_by_rejection(draw, rate)
    if rate == 0:
        return 0
    limit, product, count = math.exp(-rate), draw(), 0  # waiting times are exponential: multiply uniforms until they fall below e^−λ
    while product > limit:
        product *= draw()
        count += 1
    return count


def _poisson_by_rejection(draw, rate):
    """Hörmann's PTRS: a transformed uniform number proposes k, a second one accepts it or not."""
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha, quick = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = draw() - 0.5, draw()
        room = 0.5 - abs(u)
        k = math.floor((2 * a / room + b) * u + rate + 0.43) if room else -1
        if room >= 0.07 and v <= quick:
            return k
        if k < 0 or (room < 0.013 and v > room):
            continue
        if _log(v) + math.log(inverse_alpha) - math.log(a / (room * room) + b) <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return k


def binomial(generator, counts, probabilities):
    """How many of ``count`` tries succeed, each with its ``probability``: arrays of one shape and dtype."""
    rows = zip(counts.ravel(), probabilities.ravel(), strict=True)  # NumPy's numbers: PyTorch prepares each draw in the tensors' own precision
    return _one_by_one(generator, _binomial, rows).astype(counts.dtype).reshape(counts.shape)


def _binomial(draw, count, p):
    if count <= 0 or p <= 0:
        return 0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial(draw, count, 1 - p)  # count the failures
    if p != p:
        return math.nan
    return _binomial_by_rejection(draw, count, p) if count * p >= 10 else _binomial_by_waiting(draw, count, p)


def _binomial_by_waiting(draw, count, p):
    """Add up the tries from one success to the next until there are no tries left."""
    successes, tries, rate = 0, 0.0, math.log1p(-float(p))
    while True:
        tries += math.ceil(_log(draw()) / rate)
        if tries > count:
            return successes
        successes += 1


def _binomial_by_rejection(draw, count, p):
    """Hörmann's BTRS: as PTRS, for the binomial distribution."""
    spread, centre, odds, mode = math.sqrt(count * p * (1 - p)), float(count * p), float(p / (1 - p)), math.floor((count + 1) * p)
    count, p = float(count), float(p)
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    quick, alpha = 0.92 - 4.2 / b, (2.83 + 5.1 / b) * spread
    while True:
        u, v = draw() - 0.5, draw()
        room = 0.5 - abs(u)
        k = math.floor((2 * a / room + b) * u + centre + 0.5) if room else -1
        if room >= 0.07 and v <= quick and 0 <= k <= count:
            return k
        if not 0 <= k <= count:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + (_stirling_rest(mode) + _stirling_rest(count - mode) - _stirling_rest(k) - _stirling_rest(count - k))
        )
        if _log(v * alpha / (a / (room * room) + b)) <= bound:
            return k


def _log(x):
    return math.log(x) if x > 0 else -math.inf


def _stirling_rest(k):
    """What Stirling's formula for ln k! lacks."""
    if k <= 9:
        return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
