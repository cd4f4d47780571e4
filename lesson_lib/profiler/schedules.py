"""When a profiler records: schedules, what it does between two steps, and a handler that writes a file for each cycle."""

import os
import platform
import time
import warnings

from ..core.errors import error
from .kinds import ProfilerAction

NONE, WARMUP, RECORD, SAVE = ProfilerAction.NONE, ProfilerAction.WARMUP, ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE

#: (the action so far, the next one; None at the end) -> what is to be done, in this order
TRANSITIONS = {
    (NONE, WARMUP): ("prepare",), (NONE, RECORD): ("prepare", "start"), (NONE, SAVE): ("prepare", "start"),
    (WARMUP, NONE): ("warn", "start", "stop"), (WARMUP, RECORD): ("start",), (WARMUP, SAVE): ("start",), (WARMUP, None): ("start", "stop"),
    (RECORD, NONE): ("warn", "stop"), (RECORD, WARMUP): ("warn", "stop"), (RECORD, None): ("stop", "ready"),
    (SAVE, NONE): ("stop", "ready"), (SAVE, WARMUP): ("stop", "ready", "prepare"), (SAVE, RECORD): ("stop", "ready", "prepare", "start"),
    (SAVE, SAVE): ("stop", "ready", "prepare", "start"), (SAVE, None): ("stop", "ready"),
}  # fmt: skip


def schedule(*, wait, warmup, active, repeat=0, skip_first=0, skip_first_wait=0):
    """A function that tells for each step what the profiler does: after ``skip_first`` steps, cycles of ``wait`` steps without it, ``warmup``
    steps that are thrown away and ``active`` steps that are recorded, ``repeat`` times (0: to the end). ``skip_first_wait=1``: the first cycle
    does not wait.

    >>> import lesson_lib as torch
    >>> plan = torch.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']

    Errors: AssertionError for numbers out of range. Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.schedule
    """

    def schedule_fn(step):
        if step < 0:
            raise error("profiler_step", step=step)
        if step < skip_first:
            return NONE
        step += (wait if skip_first_wait else 0) - skip_first
        length = wait + warmup + active
        place = step % length
        if (repeat > 0 and step / length >= repeat) or place < wait:
            return NONE
        if place < wait + warmup:
            return WARMUP
        return SAVE if place == length - 1 else RECORD

    if wait < 0 or warmup < 0 or active <= 0 or repeat < 0 or skip_first < 0:
        raise error("profiler_schedule", wait=wait, warmup=warmup, active=active, repeat=repeat, skip_first=skip_first)
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", stacklevel=2)
    return schedule_fn


def always(step):
    """The schedule of a profiler without one: record from beginning to end."""
    return RECORD


def tensorboard_trace_handler(dir_name, worker_name=None, use_gzip=False, use_python_export=False):
    """A function for ``on_trace_ready`` that writes each trace into the folder ``dir_name``, under a name of its own:
    ``worker.time.pt.trace.json``, and ".gz" with ``use_gzip``. The folder is made.

    Errors: RuntimeError if it cannot be made.
    Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.tensorboard_trace_handler
    """

    def handler_fn(prof):
        try:
            os.makedirs(dir_name, exist_ok=True)
        except OSError as exc:
            raise error("profiler_folder", folder=dir_name) from exc
        name = f"{worker_name or f'{platform.node()}_{os.getpid()}'}.{time.time_ns()}.pt.trace.json"
        prof.export_chrome_trace(os.path.join(dir_name, name + (".gz" if use_gzip else "")))

    return handler_fn
