"""Several threads over one array. NumPy and compiled kernels let go of Python's lock while they compute, so threads really run side by side.

NumPy's matrix products bring threads of their own, which help a large product and hold up many small ones: where each thread here has
small products to do, ``one_blas_thread`` keeps the others away.
"""

import functools
import importlib.util
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

LARGE = 1 << 18  # elements: below, a second thread costs more (some 30 µs) than it saves


class _Helpers:
    """The threads beside the caller's own, made when first needed."""

    def __init__(self):
        wanted = os.environ.get("OMP_NUM_THREADS", "")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count = max(1, min(int(wanted), 1024) if wanted.isdigit() else cores)
        self.pool = None

    def forget(self):
        """In a forked process the threads are gone, whatever the pool believes."""
        self.pool = None


_helpers = _Helpers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.forget)


def thread_count():
    """How many threads share a large array."""
    return _helpers.count


def set_thread_count(count):
    """Let ``count`` threads share a large array from now on."""
    pool, _helpers.pool, _helpers.count = _helpers.pool, None, count
    if pool is not None:
        pool.shutdown()


def shares(rows, size):
    """Slices that cut ``rows`` rows of ``size`` elements in all into one share for each thread; a single one if they are few."""
    number = max(1, min(_helpers.count, rows)) if size >= LARGE else 1
    ends = [rows * i // number for i in range(number + 1)]
    return [slice(first, last) for first, last in pairwise(ends)]


def spread(function, parts):
    """``[function(part) for part in parts]``, each in a thread of its own, the first of them in the caller's."""
    if len(parts) < 2 or _place.inside:
        return [function(part) for part in parts]
    if _helpers.pool is None:
        _helpers.pool = ThreadPoolExecutor(max(1, _helpers.count - 1), "lesson_lib")
    others = [_helpers.pool.submit(_inside, function, part) for part in parts[1:]]
    try:
        first = function(parts[0])
    finally:  # whatever happened here: nobody writes to the array any more when this returns
        found = [other.exception() or other.result() for other in others]
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return [first, *found]


class _Place(threading.local):
    """Whether this is one of the helping threads. It shares nothing further: it would wait for itself."""

    inside = False


_place = _Place()


def _inside(function, part):
    _place.inside = True
    return function(part)


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
