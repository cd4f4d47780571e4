"""A recording as a file of Chrome's trace format, with PyTorch's keys. chrome://tracing and ui.perfetto.dev open it.

Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

import gzip
import json
import os
import platform

from ..core.atomic_file import replacing
from .reading import events_of, is_backward, type_text
from .session import USER

SECOND = 1_000_000_000


def write_trace(session, path, metadata):
    """Write the session's ranges to ``path``; compressed if its name ends in ".gz"."""
    text = json.dumps(trace_of(session, os.fspath(path), metadata)).encode()
    if os.fspath(path).endswith(".gz"):
        text = gzip.compress(text)
    with replacing(path) as file:
        file.write(text)


def trace_of(session, path, metadata):
    """The whole trace as plain data."""
    base = session.wall // SECOND * SECOND if session else 0
    rows = _rows(session, base) if session else []
    return {
        "schemaVersion": 1, "deviceProperties": [], **metadata, "host_name": platform.node(), "displayTimeUnit": "ms", "baseTimeNanoseconds": base,
        "traceEvents": rows, "traceName": path,
    }  # fmt: skip


def _rows(session, base):
    process, zero = os.getpid(), (session.wall - base) / 1000
    at = lambda time: zero + (time - session.started) / 1000  # noqa: E731 - in microseconds after the base
    rows = [_named(process, 0, zero, "process_name", name="python"), _named(process, 0, zero, "process_labels", labels="CPU")]
    for lane in session.lanes:
        rows.append(_named(process, lane.native, zero, "thread_name", name=f"thread {lane.native} ({lane.name})"))
    ranges = sorted(((found, lane) for lane in session.lanes for found in lane.ranges), key=lambda pair: (pair[0].start, -pair[0].end))
    numbers = {event.sequence_nr: event.fwd_thread for event in events_of(session, False) if event.fwd_thread}
    makers = {}
    for number, (found, lane) in enumerate(ranges):
        place = {"pid": process, "tid": lane.native, "ts": at(found.start)}
        args = {"External id": number + 1, "Record function id": 0, **_details(found, numbers), "Ev Idx": number}
        kind = "user_annotation" if found.scope == USER else "cpu_op"
        rows.append({"ph": "X", "cat": kind, "name": found.name, **place, "dur": (found.end - found.start) / 1000, "args": args})
        if found.scope == 1 and found.sequence in makers:  # an arrow from the op to its gradient
            arrow = {"id": found.sequence, "cat": "fwdbwd", "name": "fwdbwd"}
            rows += [{"ph": "s", **arrow, **makers.pop(found.sequence)}, {"ph": "f", "bp": "e", **arrow, **place}]
        elif found.op is not None and found.sequence >= 0:
            makers[found.sequence] = place
    rows += _memory_rows(session, at, process)
    length = (session.stopped - session.started) / 1000
    rows.append(
        {
            "ph": "X",
            "cat": "Trace",
            "name": "PyTorch Profiler (0)",
            "pid": "Spans",
            "tid": "PyTorch Profiler",
            "ts": zero,
            "dur": length,
            "args": {"Op count": 0},
        }
    )
    rows.append({"ph": "i", "s": "g", "name": "Record Window End", "pid": "", "tid": "", "ts": at(session.stopped)})
    return rows


def _named(process, thread, time, kind, **args):
    return {"ph": "M", "name": kind, "ts": time, "pid": process, "tid": thread, "args": args}


def _details(found, forward_threads):
    details = {}
    if found.sequence >= 0:
        details |= {"Sequence number": found.sequence, "Fwd thread id": forward_threads.get(found.sequence, 0) if is_backward(found) else 0}
    if found.inputs is not None:
        details["Concrete Inputs"] = [part if isinstance(part, str) else "" for part in found.inputs]
        details["Input type"] = [type_text(part) for part in found.inputs]
        details["Input Strides"] = [part[1] if isinstance(part, tuple) else [] for part in found.inputs]
        details["Input Dims"] = [part[0] if isinstance(part, tuple) else [] for part in found.inputs]
    if found.stack:
        details["Call stack"] = ";".join(reversed(found.stack))
    if found.modules:
        details["Module Hierarchy"] = ".".join(found.modules)
    return details


def _memory_rows(session, at, process):
    total, natives = 0, {lane.number: lane.native for lane in session.lanes}
    for time, size, thread in sorted(session.ledger.entries if session.ledger else ()):
        total += size
        args = {"Total Allocated": total, "Bytes": size, "Device Id": -1, "Device Type": 0}
        yield {
            "ph": "i",
            "cat": "cpu_instant_event",
            "s": "t",
            "name": "[memory]",
            "pid": process,
            "tid": natives[thread],
            "ts": at(time),
            "args": args,
        }
