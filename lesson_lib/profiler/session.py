"""A recording: who did what, from when to when, on which thread.

While a session runs, stopwatches stand in place of a few functions (``stopwatch.py``) and write Ranges; a watcher of
``state.watchers`` hears when the result of an op is ready. When it has stopped, nothing of that is left.
"""

import threading
from functools import lru_cache
from time import perf_counter_ns, time_ns

from ..core.half import is_half
from ..core.state import watchers
from ..core.tensor import Tensor
from .flops import flops_of
from .memory import Ledger
from .stacks import user_stack

FUNCTION, BACKWARD, USER = 0, 1, 7  # numbers of RecordScope
LIST = "TensorList"


class Range:
    """One thing that took time."""

    __slots__ = ("end", "flops", "inputs", "modules", "name", "op", "scope", "sequence", "stack", "start", "thread")

    def __init__(self, name, scope, thread, op=None):
        self.name, self.scope, self.thread, self.op = name, scope, thread, op
        self.end = self.inputs = self.stack = self.modules = None
        self.sequence, self.flops = -1, 0


class Lane:
    """What a session knows of one thread."""

    def __init__(self, number):
        self.number, self.native, self.name = number, threading.get_native_id(), threading.current_thread().name
        self.ranges = []
        self.modules = []  # the modules whose forward is running
        self.last = None  # the op whose computation has just ended, until the watcher hears of its result
        self.turn = None  # (the range of a node's turn, the range of its rule) in the backward pass that is running
        self.captured = None  # what that pass collects; None: every leaf accumulates


class _Local(threading.local):
    lane = None  # not asked yet; False: this thread is not recorded


class Session:
    """What is recorded between ``start()`` and ``stop()``. The options are those of ``profile``."""

    def __init__(self, *, shapes=False, flops=False, memory=False, stack=False, modules=False, all_threads=False):
        self.shapes, self.flops, self.stack, self.with_modules, self.all_threads = shapes, flops, stack, modules, all_threads
        self.ledger = Ledger() if memory else None
        self.lanes, self.paused = [], False
        self._local, self._lock, self._swaps = _Local(), threading.Lock(), None
        self.started = self.stopped = self.wall = 0

    def start(self, stopwatches):
        """Begin; ``stopwatches(session)`` puts the stopwatches in and returns what takes them out."""
        self._local.lane = self._new_lane()
        self._swaps = stopwatches(self)
        watchers.append(self._heard)
        self.wall, self.started = time_ns(), perf_counter_ns()

    def stop(self):
        """End: the stopwatches go, and ranges that are still open end here."""
        self.stopped = perf_counter_ns()
        watchers.remove(self._heard)
        self._swaps.undo()
        if self.ledger is not None:
            self.ledger.close()
        for lane in self.lanes:
            for found in lane.ranges:
                if found.end is None:
                    found.end = self.stopped

    # --- what the stopwatches call -----------------------------------------------------------------------------

    def here(self):
        """This thread's Lane, or False if it is not recorded: PyTorch records the thread that started the profiler."""
        if self.paused:
            return False
        lane = self._local.lane
        if lane is None:
            lane = self._local.lane = self._new_lane() if self.all_threads else False
        return lane

    def begin(self, lane, name, scope=FUNCTION, sequence=-1):
        """Open a range."""
        opened = Range(name, scope, lane)
        opened.sequence = sequence
        if self.stack:
            opened.stack = user_stack()
        if lane.modules:
            opened.modules = tuple(lane.modules)
        lane.ranges.append(opened)
        opened.start = perf_counter_ns()
        return opened

    def close(self, opened):
        """End a range, if the session has not ended it already."""
        if opened.end is None:
            opened.end = perf_counter_ns()

    def around(self, name, scope, call):
        """``call()`` inside a range."""
        lane = self.here()
        if not lane:
            return call()
        opened = self.begin(lane, name, scope)
        try:
            return call()
        finally:
            opened.end = perf_counter_ns()

    def computed(self, op, name, forward, xp, values, params):
        """What an op's ``forward`` gives, and a Range for it. The watcher moves the end to where the result is wrapped and on the graph."""
        lane = self.here()
        if not lane:
            return forward(xp, *values, **params)
        found = Range(name, FUNCTION, lane, op)
        if self.shapes:
            found.inputs = described((values,) if op.variadic else values, params)
        if self.stack:
            found.stack = user_stack()
        if lane.modules:
            found.modules = tuple(lane.modules)
        lane.ranges.append(found)
        found.start = perf_counter_ns()
        try:
            result = forward(xp, *values, **params)
            if self.flops:
                found.flops = flops_of(op, values, result)
            if self.ledger is not None:
                self.ledger.note(result, values, lane.number)
            return result
        finally:
            found.end = perf_counter_ns()
            lane.last = found

    # --- the watcher -------------------------------------------------------------------------------------------

    def _heard(self, op, inputs, params, output):
        lane = self._local.lane
        if not lane:
            return
        found, lane.last = lane.last, None
        if found is None or found.op is not op:
            return
        first = output if isinstance(output, Tensor) else next((part for part in output if isinstance(part, Tensor)), None)
        if self.shapes and any(isinstance(value, Tensor) and is_half(value._a.dtype) for value in inputs):
            arrays = tuple(getattr(value, "_a", value) for value in inputs)  # it was computed with float32 copies
            found.inputs = described((arrays,) if op.variadic else arrays, params)
        if first is not None and first._edge is not None:
            found.sequence = -first._edge[0].key
        if self.ledger is not None:
            arrays = [part._a for part in (output if isinstance(output, tuple | list) else (output,)) if isinstance(part, Tensor)]
            self.ledger.note(arrays, [value._a for value in inputs if isinstance(value, Tensor)], lane.number)
        found.end = perf_counter_ns()

    def _new_lane(self):
        with self._lock:
            lane = Lane(len(self.lanes) + 1)
            self.lanes.append(lane)
        return lane


def described(values, params):
    """What goes into an op, as plain data: one entry per argument, (shape, strides in elements, dtype's name) of an array, else the value's text.

    For a list of arrays (``cat``) lists of shapes and of strides, and "TensorList".
    """
    return [_described(value) for value in (*values, *params.values())]


def _described(value):
    if hasattr(value, "dtype") and hasattr(value, "strides"):
        return _look(value.shape, value.strides, value.itemsize, value.dtype)
    if isinstance(value, tuple | list) and value and all(hasattr(item, "strides") for item in value):
        shapes, strides, _ = zip(*map(_described, value), strict=True)
        return list(shapes), list(strides), LIST
    return "" if value is None else str(list(value) if isinstance(value, tuple) else value)


@lru_cache(maxsize=4096)  # the same object for the same look: millions of small lists would keep the garbage collector busy
def _look(shape, strides, itemsize, np_dtype):
    return list(shape), [step // (itemsize or 1) for step in strides], np_dtype.name


class _Running:
    """The session that is recording, if there is one. There is one at a time, as in PyTorch."""

    session = None


running = _Running()
