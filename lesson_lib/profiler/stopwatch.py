"""Stopwatches: put in place of a few functions while a session runs, and taken away again.

Watchers hear of an op when its result is ready; when it began nobody tells them, and asking in every call would cost every program something.
So the functions that do the work are exchanged for the time of the recording: ``forward`` in the calls of all ops, the engine's loop, ``step`` of
the optimizers, ``__next__`` of a DataLoader's iterator. Without a session nothing is in their place, and nothing is slower.
"""

from functools import cache
from time import perf_counter_ns
from types import FunctionType

from ..core import engine
from ..core.function import Function
from ..core.node import AccumulateGrad
from ..core.op import OPERATORS, registry
from ..core.tensor import Tensor
from ..nn.global_hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..optim.optimizer import Optimizer
from ..utils.data._utils.iterators import LoaderIterator, WorkersIterator
from .names import aten_name
from .session import BACKWARD, FUNCTION, USER, described, running

#: methods whose name ends in _ that are no ops in PyTorch either
NO_OPS = ("requires_grad_", "share_memory_", "apply_", "map_", "map2_")
TURN = "autograd::engine::evaluate_function: "


class Swaps:
    """What was exchanged, and how to undo it."""

    def __init__(self):
        self._undo = []

    def attribute(self, owner, name, value):
        """Set an attribute of a class or module; afterwards it is what it was, or inherited again."""
        own = vars(owner)
        self._undo.append((setattr, owner, name, own[name]) if name in own else (delattr, owner, name))
        setattr(owner, name, value)

    def cell(self, cell, value):
        """Set a variable that a function has from the function around it."""
        self._undo.append((setattr, cell, "cell_contents", cell.cell_contents))
        cell.cell_contents = value

    def hook(self, handle):
        """Take a hook off in the end."""
        self._undo.append((handle.remove,))

    def undo(self):
        """All as it was, the last first."""
        while self._undo:
            function, *arguments = self._undo.pop()
            function(*arguments)


def install(session):
    """Put all stopwatches in. Returns the Swaps."""
    swaps = Swaps()
    _time_ops(swaps)
    _time_inplace(session, swaps)
    _time_functions(session, swaps)
    _time_backward(session, swaps)
    _time_optimizers(session, swaps)
    _time_loaders(session, swaps)
    if session.with_modules:
        _follow_modules(session, swaps)
    return swaps


# --- forward -----------------------------------------------------------------------------------------------------


def _time_ops(swaps):
    """``compute`` is what the calls use, compiled where that pays; ``forward`` is used for 16-bit numbers and by other ops."""
    for decl, forward, compute, cells in [(decl, *_timed(decl)) for decl in registry.values()]:  # all are made first: some ops share a forward
        swaps.attribute(decl, "forward", forward)
        swaps.attribute(decl, "compute", compute)
        for cell, function in cells:
            swaps.cell(cell, function)


@cache
def _timed(decl):
    """The stopwatches for an op's ``forward`` and ``compute``, and the variables of the closures that call the op, each with what it is to hold.

    They are made once, so that a profiler that starts at every step leaves nothing for the garbage collector.
    """
    forward = _stopwatch(decl, decl.forward)
    compute = forward if decl.compute is decl.forward else _stopwatch(decl, decl.compute)
    operator = getattr(Tensor, f"__{OPERATORS[decl.symbol]}__") if decl.symbol else decl.raw  # an operator has a closure of its own
    names = [(call, call.__code__.co_freevars) for call in {decl.raw, operator}]
    large = compute if decl.large is decl.compute else _stopwatch(decl, decl.large)
    held = {"forward": compute, "large": large}
    return forward, compute, [(call.__closure__[free.index(name)], held[name]) for call, free in names for name in held if name in free]


def _stopwatch(decl, function):
    name = aten_name(decl)

    def stopwatch(xp, *values, **params):
        session = running.session
        return function(xp, *values, **params) if session is None else session.computed(decl, name, function, xp, values, params)

    return stopwatch


def _time_inplace(session, swaps):
    """A range around each method that writes in place: it calls ops, and copies what they give. (``x.zero_()`` calls none.)"""
    methods = {name: f"aten::{name}" for name in vars(Tensor) if name.endswith("_") and not name.startswith("_") and name not in NO_OPS}
    for decl in registry.values():
        if decl.symbol and f"__i{OPERATORS[decl.symbol]}__" in vars(Tensor):
            methods[f"__i{OPERATORS[decl.symbol]}__"] = aten_name(decl) + "_"
    for name, title in methods.items():
        method = vars(Tensor)[name]
        if isinstance(method, FunctionType):
            swaps.attribute(Tensor, name, _timed_inplace(session, method, title))


def _timed_inplace(session, method, title):
    def stopwatch(self, *args, **kwargs):
        lane = session.here()
        if not lane:
            return method(self, *args, **kwargs)
        inputs = described([getattr(value, "_a", value) for value in (self, *args)], kwargs) if session.shapes else None
        opened = session.begin(lane, title)
        opened.inputs = inputs
        try:
            return method(self, *args, **kwargs)
        finally:
            opened.end = perf_counter_ns()

    return stopwatch


def _time_functions(session, swaps):
    """A user's ``autograd.Function``."""
    apply = Function.__dict__["apply"].__func__

    def stopwatch(cls, *args):
        lane = session.here()
        if not lane:
            return apply(cls, *args)
        found = session.begin(lane, cls.__name__)
        try:
            result = apply(cls, *args)
        finally:
            found.end = perf_counter_ns()
        edge = next((out._edge for out in (result if isinstance(result, tuple) else (result,)) if isinstance(out, Tensor)), None)
        if edge is not None:
            found.sequence = -edge[0].key
        return result

    swaps.attribute(Function, "apply", classmethod(stopwatch))


# --- backward ----------------------------------------------------------------------------------------------------


def _time_backward(session, swaps):
    """A turn of the engine's loop begins where it takes a node off the heap, and ends where the next one begins; ``on_step`` tells when the rule is done."""
    run = engine._run

    def timed_run(roots, *, taped, on_step=None, **options):
        lane = session.here()
        if not lane or options.get("rehearsal"):
            return run(roots, taped=taped, on_step=on_step, **options)

        def stepped(step):
            if lane.turn is not None:  # it is, unless the session was paused meanwhile
                _end_rule(session, lane, step)
            if on_step is not None:
                on_step(step)

        before, lane.turn, lane.captured = (lane.turn, lane.captured), None, options.get("captured")
        try:
            return run(roots, taped=taped, on_step=stepped, **options)
        finally:
            _end_turn(lane)
            lane.turn, lane.captured = before

    def timed(take):
        def stopwatch(heap, *item):
            lane = session.here()
            if not lane:
                return take(heap, *item)
            _end_turn(lane)
            taken = take(heap, *item)
            _begin_turn(session, lane, taken[1])
            return taken

        return stopwatch

    swaps.attribute(engine, "_run", timed_run)
    for name in ("heappop", "heappushpop"):
        swaps.attribute(engine, name, timed(getattr(engine, name)))


def _begin_turn(session, lane, node):
    """The engine took ``node``."""
    name, sequence = node.name(), -1 if type(node) is AccumulateGrad else -node.key
    turn = session.begin(lane, TURN + name, FUNCTION, sequence)
    collected = lane.captured is not None and node in lane.captured and not node.edges
    rule = None if collected else session.begin(lane, name, BACKWARD, sequence)
    if rule is not None and session.shapes and type(node) is AccumulateGrad:  # the gradient has the shape of its leaf
        rule.inputs = described([node.variable._a], {})
    lane.turn = turn, rule


def _end_turn(lane):
    if lane.turn is not None:
        now = perf_counter_ns()
        for found in lane.turn:
            if found is not None and found.end is None:
                found.end = now
        lane.turn = None


def _end_rule(session, lane, step):
    """The gradients of a node are there."""
    rule = lane.turn[1]
    rule.end = perf_counter_ns()
    if session.shapes:
        rule.inputs = described([getattr(step.upstream, "_a", step.upstream)], {})
    if session.ledger is not None:
        known = [getattr(part, "_a", part) for part in (step.upstream, *(step.node.saved or ()))]
        session.ledger.note([getattr(part, "_a", part) for part in step.contributions], known, lane.number)
        rule.end = perf_counter_ns()


# --- what surrounds them -----------------------------------------------------------------------------------------


def _time_optimizers(session, swaps):
    for cls in _family(Optimizer):
        for name in ("step", "zero_grad"):
            if name in vars(cls):
                swaps.attribute(cls, name, _timed_method(session, vars(cls)[name], f"Optimizer.{name}#{{}}.{name}"))


def _family(cls):
    """The class and all that were derived from it."""
    found = {cls}
    for derived in cls.__subclasses__():
        found |= _family(derived)
    return found


def _timed_method(session, method, title):
    def stopwatch(self, *args, **kwargs):
        return session.around(title.format(type(self).__name__), USER, lambda: method(self, *args, **kwargs))

    stopwatch.__wrapped__ = method
    return stopwatch


def _time_loaders(session, swaps):
    following = LoaderIterator.__next__

    def stopwatch(self):
        kind = "_MultiProcessingDataLoaderIter" if isinstance(self, WorkersIterator) else "_SingleProcessDataLoaderIter"
        return session.around(f"enumerate(DataLoader)#{kind}.__next__", USER, lambda: following(self))

    swaps.attribute(LoaderIterator, "__next__", stopwatch)


def _follow_modules(session, swaps):
    """Each thread's lane knows whose ``forward`` is running."""

    def enter(module, args):
        lane = session.here()
        if lane:
            lane.modules.append(type(module).__name__)

    def leave(module, args, output):
        lane = session.here()
        if lane and lane.modules:
            lane.modules.pop()

    swaps.hook(register_module_forward_pre_hook(enter))
    swaps.hook(register_module_forward_hook(leave, always_call=True))
