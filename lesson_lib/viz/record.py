"""Remember what the graph itself forgets: values of intermediates, constants, the user's line and module of each operation, its time.

A node of the graph keeps only what its gradient rules need. While a tape runs, each node also gets a ``Record``.
"""

import linecache
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

from ..core import state
from ..core.tensor import Tensor
from ..nn.global_hooks import register_module_forward_hook, register_module_forward_pre_hook
from .calls import CallStack
from .model import SourceLine
from .origin import Origins

PACKAGE = str(Path(__file__).parent.parent) + os.sep


class Record(NamedTuple):
    """What was seen of one operation."""

    op: object
    inputs: tuple
    params: dict
    outputs: tuple  # arrays, not tensors: a tensor would lead back to its node in a circle
    versions: tuple  # (the output's version list, its number then) for each output
    file: str
    number: int
    call: object = None  # the Call of the module in whose forward it ran
    seconds: float = 0.0
    bytes: int = 0  # memory that its outputs took; a view takes none
    read: tuple = ()  # (the input's version list, its number then) for each input that is a tensor, else None
    origins: tuple = ()  # for each input, the Origin of a constant that was itself computed, else None

    @property
    def line(self):
        """The user's line, read when it is wanted (a notebook's cells are in linecache too)."""
        return SourceLine(self.file, self.number, linecache.getline(self.file, self.number).strip())

    def output(self, index):
        """Output ``index`` as an array, or None if it was written to since."""
        if index >= len(self.outputs):
            return None
        version, then = self.versions[index]
        return self.outputs[index] if version[0] == then else None


class Tape:
    """Records from its making until ``stop()``; in a ``with`` block, until the end of the block.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> with viz.record() as tape:
    ...     y = torch.ones(2, requires_grad=True) * 3
    >>> tape
    <Tape: stopped, 1 operation>
    """

    def __init__(self):
        self.count = 0
        self.running = True
        self.calls = CallStack()
        self.origins = Origins()
        self.clock = Clock()
        self.handles = [*self.calls.watch(), register_module_forward_pre_hook(self.clock.restart), register_module_forward_hook(self.clock.restart)]
        state.watchers.append(self)

    def __call__(self, op, inputs, params, output):
        seconds = self.clock.lap()
        self._keep(op, inputs, params, output, seconds)
        self.clock.restart()

    def _keep(self, op, inputs, params, output, seconds):
        outputs = output if isinstance(output, tuple | list) else (output,)
        node = next((out.grad_fn for out in outputs if isinstance(out, Tensor) and out.grad_fn is not None), None)
        origins = self.origins.of(inputs)
        self.origins.note(op, inputs, params, outputs)
        if node is None:
            return
        self.count += 1
        frame = sys._getframe(2)
        file, number = _user_line(frame)
        tensors = [out for out in outputs if isinstance(out, Tensor)]
        versions = tuple((out._ver, out._ver[0]) for out in tensors)
        taken = sum(out._a.nbytes for out in tensors if out._base is None)
        arrays = tuple(out._a for out in tensors)
        read = tuple((value._ver, value._ver[0]) if isinstance(value, Tensor) else None for value in inputs)
        call = self.calls.current(frame)
        node.metadata["record"] = Record(op, inputs, params, arrays, versions, file, number, call, seconds, taken, read, origins)
        node.metadata["saved"] = node.saved

    def stop(self):
        """Stop recording. What was recorded stays with the graph; a second call does nothing."""
        if self.running:
            self.running = False
            state.watchers.remove(self)
            for handle in self.handles:
                handle.remove()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def __len__(self):
        return self.count

    def __bool__(self):
        return True

    def __repr__(self):
        return f"<Tape: {'recording' if self.running else 'stopped'}, {self.count} operation{'' if self.count == 1 else 's'}>"


class Clock:
    """How long an operation took: the time since the last thing that the tape saw.

    The processor's time is a bound: while a notebook waits for its reader, only the clock on the wall goes on.
    """

    def __init__(self):
        self.restart()

    def restart(self, *_):
        """Begin to measure."""
        self.wall, self.busy = perf_counter(), process_time()

    def lap(self):
        """Seconds since then."""
        return min(perf_counter() - self.wall, process_time() - self.busy)


def record():
    """Keep the values, constants and source lines of the operations that follow, for ``graph`` and ``step`` to show.

    Use it as a block, ``with viz.record(): ...``, or switch it on with ``tape = viz.record()`` and off with
    ``tape.stop()``. What is kept lives as long as the graph it belongs to. Only operations that have a gradient are
    kept.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> with viz.record():
    ...     loss = (torch.ones(2, requires_grad=True) * 3).sum()
    """
    return Tape()


def record_of(node):
    """The Record of a node, or None."""
    return node.metadata.get("record")


@contextmanager
def restored(nodes):
    """Give nodes that ``backward()`` has emptied the values back that a tape kept, for a rehearsal of the backward pass."""
    emptied = [node for node in nodes if node.saved is None and node.metadata.get("saved") is not None]
    for node in emptied:
        node.saved = node.metadata["saved"]
    try:
        yield
    finally:
        for node in emptied:
            node.saved = None


def _user_line(frame):
    """(file, line number) of the innermost call outside the package: the line that the user wrote."""
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
