"""What differs from thread to thread (is gradient recording on?) and who is watching."""

import threading
from contextlib import contextmanager


class _ThreadState(threading.local):
    """Every thread starts with gradients on: one thread's ``no_grad`` is invisible to the others."""

    grad_enabled = True
    inference = False
    task = None  # the backward pass that is running: (its roots, what it captures)
    unheard = False  # no watcher is told of what this thread does


thread = _ThreadState()


class _AnomalyMode:
    """Is ``autograd.detect_anomaly`` on, and does it look for nan?"""

    enabled, check_nan = False, True


anomaly_mode = _AnomalyMode()

watchers = []
"""Callables ``watcher(op, inputs, params, output)``, told of every operation after it ran.

The graph recorder, the visualizer and the profiler are watchers; the core knows no screen. ``inputs`` is the tuple
of tensors and numbers that the op was given, ``params`` a dict of its other arguments, ``output`` the tensor (or
tuple of tensors) it made. An empty list costs one truth test per operation.
"""

class_keepers = set()
"""Those of the watchers that look for tensors of the user's own classes, and leave plain ones alone."""


def plain_seen():
    """Does a watcher look at what happens to plain tensors?"""
    return any(watcher not in class_keepers for watcher in watchers)


passes = []
"""Callables ``watcher(tensors)``, told after each ``backward()`` where it started. An empty list costs one truth test per pass."""


def notify(op, inputs, params, output):
    """Tell every watcher. A copy is walked, so a watcher may take itself off the list."""
    if thread.unheard:
        return
    for watcher in tuple(watchers):
        watcher(op, inputs, params, output)


@contextmanager
def unwatched():
    """Inside, no watcher is told of what this thread does; the other threads' work is heard as ever."""
    before, thread.unheard = thread.unheard, True
    try:
        yield
    finally:
        thread.unheard = before
