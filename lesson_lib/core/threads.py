"""Several threads over one array. NumPy and compiled kernels let go of Python's lock while they compute, so threads really run side by side.

NumPy's matrix products bring threads of their own, which help a large product and hold up many small ones: where each thread here has
small products to do, ``one_blas_thread`` keeps the others away.
"""

import atexit
import functools
import importlib.util
import os
import sys
import threading
from contextlib import contextmanager
from itertools import pairwise
from queue import SimpleQueue

import numpy as np

from .compiled import choice, has_kernel

LARGE = 1 << 18  # elements: below, a second thread costs more (some 20 µs) than it saves

# nanoseconds
AWAKE = 1_000_000  # that a thread without work looks for some before it sleeps; longer would be in the way of other libraries
BEGINNING = 20_000  # that the caller waits for a helper to begin
LEAVING = 8_000  # and then for it to leave Python

ASKED, BEGUN, DONE = 0, 8, 16  # places of a helper's marks, the latest turn of each kind, in cache lines of their own


class _Helper:
    """A thread that does one share after another.

    It stays awake for a while, because waking up can take longer than a share. And of two threads that want Python's lock at one moment, one
    falls asleep, too. So each leaves the other alone with it: the caller waits outside Python until the helper is inside its kernel, and the
    helper says that it is done when it is outside Python again. Half of a product and sum of 2¹⁸ numbers, 18 µs, has its answer after 50 µs in
    place of 146.
    """

    def __init__(self):
        self.turn, self.jobs, self.answers, self.marks = 0, SimpleQueue(), SimpleQueue(), np.zeros(24, np.int64)
        self.stay_awake = choice.module("waiting").stay_awake if sys.platform != "win32" and has_kernel("stay_awake") else _only_mark
        self.thread = threading.Thread(target=self._work, name="lesson_lib", daemon=True)
        self.thread.start()

    def ask(self, function, part):
        """Let the helper begin with ``function(part)``."""
        self.turn += 1
        self.jobs.put((function, part))
        self.stay_awake(self.marks, ASKED, self.turn, BEGUN, self.turn, BEGINNING, LEAVING)

    def answer(self):
        """(what the function returned, None), or (None, what it raised)."""
        self.stay_awake(self.marks, ASKED, self.turn, DONE, self.turn, AWAKE, 0)
        while True:
            turn, *answer = self.answers.get()
            if turn == self.turn:  # else Ctrl-C came before an earlier answer
                return answer

    def stop(self):
        self.ask(None, None)
        self.thread.join()

    def _work(self):
        _place.inside, turn = True, 0
        marks, stay_awake, next_job, give = self.marks, self.stay_awake, self.jobs.get, self.answers.put  # each microsecond in Python counts
        while True:
            stay_awake(marks, DONE, turn, ASKED, turn + 1, AWAKE, 0)
            function, part = next_job()
            turn += 1
            marks[BEGUN] = turn
            if function is None:
                return
            try:
                answer = turn, function(part), None
            except BaseException as problem:  # it is raised where the answer is asked for
                answer = turn, None, problem
            give(answer)
            function = part = answer = None  # nothing is kept alive meanwhile


def _only_mark(marks, told, turn, *_):
    """``stay_awake`` without compiled code, which alone can wait outside Python's lock, or without the clock of a Unix."""
    marks[told] = turn


class _Helpers:
    """The threads beside the caller's own, made when first needed. One caller has them at a time."""

    def __init__(self):
        wanted = os.environ.get("OMP_NUM_THREADS", "")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count = max(1, min(int(wanted), 1024) if wanted.isdigit() else cores)
        self.forget()

    def forget(self):
        """In a forked process the threads are gone."""
        self.all, self.taken = [], threading.Lock()

    def stop(self):
        """End the threads."""
        with self.taken:
            while self.all:
                self.all.pop().stop()


_helpers = _Helpers()
atexit.register(_helpers.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.forget)


def thread_count():
    """How many threads share a large array."""
    return _helpers.count


def set_thread_count(count):
    """Let ``count`` threads share a large array from now on."""
    _helpers.count = count
    _helpers.stop()


def shares(rows, size):
    """Slices that cut ``rows`` rows of ``size`` elements in all into one share for each thread; a single one if they are few."""
    number = max(1, min(_helpers.count, rows)) if size >= LARGE else 1
    ends = [rows * i // number for i in range(number + 1)]
    return [slice(first, last) for first, last in pairwise(ends)]


def spread(function, parts):
    """``[function(part) for part in parts]``, each in a thread of its own, the first of them in the caller's."""
    if len(parts) < 2 or _place.inside or not _helpers.taken.acquire(blocking=False):
        return [function(part) for part in parts]
    try:
        while len(_helpers.all) < len(parts) - 1:
            _helpers.all.append(_Helper())
        at_work = _helpers.all[: len(parts) - 1]
        for helper, part in zip(at_work, parts[1:], strict=True):
            helper.ask(function, part)
        try:
            first = function(parts[0])
        finally:  # whatever happened here: nobody writes to the array any more when this returns
            answers = [helper.answer() for helper in at_work]
    finally:
        _helpers.taken.release()
    for _, problem in answers:
        if problem is not None:
            raise problem
    return [first, *(found for found, _ in answers)]


class _Place(threading.local):
    """Whether this is one of the helping threads. It shares nothing further: it would wait for itself."""

    inside = False


_place = _Place()


# --- the threads of the matrix products ----------------------------------------------------------------------------------------------


@functools.cache
def _blas():
    """The libraries behind NumPy's matrix products, as the package threadpoolctl finds them; none without it."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return []
    import threadpoolctl  # here: an optional package, and a search through all loaded libraries (2 ms)

    return [library for library in threadpoolctl.ThreadpoolController().lib_controllers if library.user_api == "blas"]


class _Limit:
    """How many calls keep the matrix products to one thread at this moment, and how many threads they had before."""

    lock, depth, before = threading.Lock(), 0, ()


@contextmanager
def one_blas_thread():
    """Each matrix product runs in its caller's thread meanwhile. Gives False where that cannot be had."""
    if _helpers.count < 2 or _place.inside:
        yield True
        return
    with _Limit.lock:
        _Limit.depth += 1
        if _Limit.depth == 1:
            _Limit.before = [(library, library.get_num_threads()) for library in _blas()]
            for library, _ in _Limit.before:
                library.set_num_threads(1)
    try:
        yield bool(_blas())
    finally:
        with _Limit.lock:
            _Limit.depth -= 1
            if _Limit.depth == 0:
                for library, count in _Limit.before:
                    library.set_num_threads(count)
