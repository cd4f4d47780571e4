"""Minima of functions that take turns, and whether they computed the same."""

import gc
import math
import time

import numpy as np

BURST, LONG = 0.02, 0.4  # seconds


def minima(steps, budget=2.0, least=3, most=300, before=()):
    """The shortest time of each step in seconds, after at least ``least`` rounds and at most ``most``, within the budget if that is enough.

    The steps take turns, so that other work on the machine disturbs all of them alike. A turn is a short burst of calls: in the first one the
    threads of the library before may still be spinning, and the caches hold its data. Garbage is collected between turns, never inside.
    ``before`` has a function for each step that is called before its turn.
    """
    best = [math.inf] * len(steps)
    gc.collect()
    gc.freeze()  # what the imports and the preparation made need not be looked through again
    gc.disable()
    try:
        begin = time.perf_counter()
        for done in range(most):
            if done >= least and time.perf_counter() - begin > budget:
                break
            for i, step in enumerate(steps):
                if before:
                    before[i]()
                best[i] = min(best[i], burst(step))
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return best


def burst(step):
    """The shortest of several calls in a row: one if it is long, else two or more."""
    best, calls, begin = math.inf, 0, time.perf_counter()
    while (passed := time.perf_counter() - begin) < BURST or (calls < 2 and passed < LONG):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
        calls += 1
    return best


def as_array(value):
    """The NumPy array of any library's tensor."""
    for method in ("detach", "numpy"):
        value = getattr(value, method)() if hasattr(value, method) else value
    return np.asarray(value)


def check_same(name, ours, theirs, tolerance):
    """Raise AssertionError unless the results of two libraries agree: the size of the difference beside that of the result. The shorter list counts."""
    for n, (a, b) in enumerate(zip(map(as_array, ours), map(as_array, theirs))):
        assert a.shape == b.shape, f"{name}: result {n} has shape {a.shape}, not {b.shape}"
        off = np.linalg.norm(np.subtract(a, b, dtype=np.float64)) / max(np.linalg.norm(b), 1e-12)
        assert off <= tolerance, f"{name}: result {n} is off by {off:.1e}"


def geometric_mean(values):
    """exp of the mean of the logarithms."""
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def exponent(sizes, times):
    """The slope of log(time) over log(size): 1 for work that grows with the size, 2 with its square, less where fixed costs weigh."""
    slope, _ = np.polyfit(np.log(sizes), np.log(times), 1)
    return float(slope)
