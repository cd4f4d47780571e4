"""How much a step does, in numbers that noise does not change: instructions, calls, memory."""

import gc
import sys
import tracemalloc


def calls(step):
    """How many functions a step calls, Python's and C's."""
    count = 0

    def hook(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    warm(step)
    sys.setprofile(hook)
    try:
        step()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def instructions(step):
    """How many instructions of the interpreter a step runs. Newer Pythons need fewer for the same lines."""
    count = 0

    def hook(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return hook

    warm(step)
    before = sys.gettrace()
    sys.settrace(hook)
    try:
        step()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def peak_bytes(step):
    """The most bytes that a step holds at once, NumPy's arrays included."""
    warm(step)
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.enable()


def warm(step):
    """Two calls, in which caches are filled; then no garbage collection, which would run other code."""
    step()
    step()
    gc.disable()
