"""Which module is running: every operation that a tape records learns in which call of which module it happened.

Two hooks for all modules keep a stack of calls. They are there only while a tape runs. Ctrl-C ends a ``forward`` without the second
hook, so each entry also knows its Python frame: a call whose frame is no longer running is taken off before the stack is used again.
"""

import sys
import threading
import weakref

from ..nn.global_hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..nn.module_hooks import ModuleHooks
from ..nn.parameter import is_lazy

CALL = ModuleHooks._call_with_hooks.__code__


class Call:
    """One call of one module: its class, the call around it, and (once the outermost call has ended) its path as in ``named_modules()``."""

    __slots__ = ("__weakref__", "frame", "inner", "kind", "members", "module", "parent", "path", "root")

    def __init__(self, module, parent, frame):
        self.kind, self.module, self.parent, self.frame = type(module).__name__, module, parent, frame
        self.root = self if parent is None else parent.root
        self.path = None if parent is not None else ""
        self.members = ()  # of an outermost call: (name, parameter or buffer) of the whole tree
        self.inner = []  # of an outermost call that runs: all calls within it
        if parent is not None:
            self.root.inner.append(self)

    def close(self):
        """Of an outermost call: look up the paths of the calls within, and let go of the modules."""
        paths = {id(module): name for name, module in self.module.named_modules()}
        for call in self.inner:
            call.path, call.kind, call.module = paths.get(id(call.module)), type(call.module).__name__, None
        members = (*self.module.named_parameters(), *self.module.named_buffers())
        self.members = tuple((name, tensor) for name, tensor in members if not is_lazy(tensor))
        self.module, self.inner = weakref.ref(self.module), []


class CallStack(threading.local):
    """The calls that are running, outermost first; every thread has its own."""

    def __init__(self):
        self.calls = []

    def enter(self, module, args):
        """The hook before a ``forward``."""
        frame = _call_frame()
        self.calls.append(Call(module, self.current(frame), frame))

    def leave(self, module, args, output):
        """The hook after it; a module that was entered before the tape began is not known."""
        frame = _call_frame()
        depth = next((i for i, call in enumerate(self.calls) if call.frame is frame), len(self.calls))
        while len(self.calls) > depth:
            self._end()

    def current(self, frame):
        """The innermost call that is running in ``frame``, or None."""
        while self.calls and not _runs(self.calls[-1].frame, frame):
            self._end()
        return self.calls[-1] if self.calls else None

    def _end(self):
        call = self.calls.pop()
        call.frame = None
        if call.parent is None:
            call.close()

    def watch(self):
        """Register the two hooks; the handles take them off again."""
        return [register_module_forward_pre_hook(self.enter), register_module_forward_hook(self.leave, always_call=True)]


def _call_frame():
    """The frame of the module call whose hook is running."""
    frame = sys._getframe(2)
    while frame.f_code is not CALL:
        frame = frame.f_back
    return frame


def _runs(wanted, frame):
    """True if ``wanted`` is ``frame`` or one of its callers."""
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None
