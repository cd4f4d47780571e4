"""Which memory the results of ops took, and when it was let go."""

import weakref
from time import perf_counter_ns

from numpy import generic, ndarray


class _Held(weakref.ref):
    """A weak reference that knows how much memory it stands for."""

    __slots__ = ("key", "size", "thread")


class Ledger:
    """(time, bytes, thread) for each array that an op returned in memory of its own, and again with minus when it was let go.

    Arrays that an op needs for itself are not seen, nor is memory from before the profiler started. NumPy's arrays count; those on a GPU do not.
    """

    def __init__(self):
        self.entries = []
        self._alive = {}  # id of an array that owns its memory -> a weak reference, whose callback writes the second entry

    def note(self, result, inputs, thread):
        """Enter what of ``result``, an array or several, does not look into the memory of ``inputs``."""
        results = result if isinstance(result, tuple | list) else (result,)
        given = None
        for array in results:
            owner = owner_of(array)
            if owner is None or id(owner) in self._alive or not owner.nbytes:
                continue
            if given is None:
                given = {id(owner_of(value)) for value in inputs}
            if id(owner) not in given:
                self._enter(owner, thread)

    def _enter(self, owner, thread):
        held = self._alive[id(owner)] = _Held(owner, self._let_go)
        held.key, held.size, held.thread = id(owner), owner.nbytes, thread
        self.entries.append((perf_counter_ns(), held.size, thread))

    def _let_go(self, held):
        if self._alive.pop(held.key, None) is not None:
            self.entries.append((perf_counter_ns(), -held.size, held.thread))

    def close(self):
        """Nothing is entered any more."""
        self._alive.clear()


def owner_of(array):
    """The array that owns the memory which ``array`` looks into; None for what is no array of NumPy's."""
    if not isinstance(array, ndarray) or isinstance(array, generic):
        return None
    while isinstance(array.base, ndarray):
        array = array.base
    return array if array.base is None else None
