"""Waiting without falling asleep. A thread that sleeps is up again after 50 to 300 µs, in which the other one is often done with both shares."""

import time

import numba
import numpy as np

from .maths import compiled

# From the C library. Another thread that wants this core gets it at each turn.
_give_way = numba.types.ExternalFunction("sched_yield", numba.int32())
_read_clock = numba.types.ExternalFunction("clock_gettime", numba.int32(numba.int32, numba.intp))
_CLOCK = time.CLOCK_MONOTONIC
_SECOND = 1_000_000_000


@compiled(numba.int64[::1], numba.int64, numba.int64, numba.int64, numba.int64, numba.int64, numba.int64)
def stay_awake(marks, told, mark, watched, turn, at_most, further):
    """Write a mark; return when ``marks[watched]`` has reached ``turn``, or after ``at_most`` nanoseconds, and some ``further`` ones."""
    now = np.empty(2, np.int64)
    _read_clock(_CLOCK, now.ctypes.data)
    end = now[0] * _SECOND + now[1] + at_most
    marks[told] = mark
    while marks[watched] < turn and now[0] * _SECOND + now[1] < end:
        _give_way()
        _read_clock(_CLOCK, now.ctypes.data)
    end = now[0] * _SECOND + now[1] + further
    while now[0] * _SECOND + now[1] < end:
        _read_clock(_CLOCK, now.ctypes.data)
