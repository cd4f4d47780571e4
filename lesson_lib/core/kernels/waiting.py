"""Waiting without falling asleep. A thread that sleeps is up again after 50 to 300 µs, in which the other one is often done with both shares."""

import sys

import numba

from .maths import compiled

# Another thread that wants this core gets it.
_give_way = numba.types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", numba.int32())


@compiled(numba.int64[::1], numba.int64, numba.int64)
def _stay_awake(state, turn, times):
    for _ in range(times):
        if state[0] >= turn:
            break
        _give_way()


def stay_awake(state, turn, times):
    _stay_awake(state, turn, times)
    return state
