"""Waiting without falling asleep. A thread that sleeps is up again after 50 to 300 µs, in which the other one is often done with both shares."""

import sys
import time

import numba
import numpy as np

from .maths import compiled

# From the C library. Another thread that wants this core gets it at each turn.
_give_way = numba.types.ExternalFunction("sched_yield", numba.int32())
_read_clock = numba.types.ExternalFunction("clock_gettime", numba.int32(numba.int32, numba.intp))
_CLOCK = getattr(time, "CLOCK_MONOTONIC", 0)
_SECOND = 1_000_000_000


def stay_awake(state, turn, nanoseconds):
    """Return when ``state[0]`` has reached ``turn``, or after so long."""
    if sys.platform != "win32":
        _stay_awake(state, turn, nanoseconds, _CLOCK, np.empty(2, np.int64))


if sys.platform != "win32":

    @compiled(numba.int64[::1], numba.int64, numba.int64, numba.int32, numba.int64[::1])
    def _stay_awake(state, turn, nanoseconds, which, now):
        _read_clock(which, now.ctypes.data)
        end = now[0] * _SECOND + now[1] + nanoseconds
        while state[0] < turn and now[0] * _SECOND + now[1] < end:
            _give_way()
            _read_clock(which, now.ctypes.data)
