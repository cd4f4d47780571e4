"""Going back: from the outputs to the leaves, each node once, youngest first.

A consumer is always younger than the nodes it consumed, so a heap ordered by age visits every node after all of its
consumers: a topological order without recursion and without counting edges first. A chain of 100,000 operations is a
loop of 100,000 turns.
"""

from heapq import heappop, heappush, heappushpop
from sys import getrefcount
from typing import NamedTuple

import numpy as np

from .anomaly import run_checked
from .device import namespace
from .edges import as_tuple, check_inputs, edge_to, roots_of
from .errors import error
from .half import FLOAT32, FLOAT64
from .hook_calls import call_post_hooks, call_pre_hooks, shown
from .node import AccumulateGrad
from .op import argument_names, registry
from .rule_types import special_contributions, without_holes
from .shared import shared_contributions
from .state import anomaly_mode, passes, thread
from .tensor import Tensor, wrap
from .threads import LARGE


class Step(NamedTuple):
    """One turn of the loop, for whoever watches: a node, what arrived, and what it sent along each edge (before un-broadcasting)."""

    node: object
    upstream: object
    contributions: tuple


def run(roots, *, keep_graph, taped, captured=None, on_step=None, rehearsal=False):
    """Push the gradients ``roots`` = [(edge, gradient), ...] through the graph.

    With ``captured`` = {node: {output number: None}} only paths to those nodes are walked and their gradients are
    put there; without it every leaf accumulates. ``taped``: the gradients are Tensors and the rules are recorded.
    """
    heap, ready = [], {}
    needed = None if captured is None else _leading_to(captured, [edge[0] for edge, _ in roots])
    for (node, index), g in roots:
        _deliver(ready, heap, node, index, g)
    following = None  # what a turn made ready first: mostly it comes next, so it goes past the heap unless something younger waits there
    while heap or following:
        node = (heappushpop(heap, following) if following else heappop(heap))[1]
        following = None
        g = ready.pop(node)
        hooks = None if rehearsal else node.hooks
        if hooks is not None:
            g = call_pre_hooks(node, g)
        if captured is not None and node in captured:
            _capture(captured[node], g)
            if node not in needed:
                continue
        if type(node) is AccumulateGrad:
            contributions = ga = waiting = None  # let go of the last turn's gradients: accumulate wants to know who else holds g
            if captured is None:
                accumulate(node.variable, g)
            continue
        saved = node.saved
        if rehearsal:
            saved = node.metadata.get("saved", saved)  # a recorder may have kept what backward() freed
        if saved is None:
            raise error("freed")
        guards = node.guards
        for cell, version in guards:
            if cell[0] != version:
                node.check()
        several = node.several
        if several:
            g = without_holes(node, g)
        if taped:
            saved = _as_tensors(node, saved)
        dtype = node.dtype
        if taped and node.op is not None and node.op.fused:
            contributions = _through_composite(node, g, saved)
        elif dtype is FLOAT32 or dtype is FLOAT64:
            small = taped or several or g.size < LARGE
            contributions = node.contributions(g, saved) if small else shared_contributions(node, g, saved)
        else:
            contributions = special_contributions(node, g, saved, taped)
        if hooks is not None:
            contributions = call_post_hooks(node, contributions, g)
        if on_step is not None:
            on_step(Step(node, g, tuple(contributions)))
        if not keep_graph and guards:
            node.saved = None  # a node that saved no tensor has nothing to free, and may be run twice, as in PyTorch
        edges, at = node.edges, 0
        for ga in contributions:  # counted by hand: zip() alone would be 3 % of the time of tiny operations
            edge = edges[at]
            at += 1
            if edge is None or ga is None:
                continue
            target, index = edge
            if needed is not None and target not in needed and target not in captured:
                continue
            # What follows is _deliver for the commonest case, written out because it runs once per edge.
            if target.several is None:
                if ga.shape != target.shape or ga.dtype is not target.dtype:
                    ga = fitted(ga, target.shape, target.dtype)
                waiting = ready.get(target)
                if waiting is None:
                    ready[target] = ga
                    if following is None:
                        following = (target.key, target)
                    else:
                        heappush(heap, (target.key, target))
                else:
                    ready[target] = waiting + ga
            else:
                _deliver(ready, heap, target, index, ga)


def _deliver(ready, heap, node, index, g):
    """Add ``g`` to what waits for output ``index`` of ``node``."""
    if node.several is None:
        if node in ready:
            ready[node] = ready[node] + g
            return
        ready[node] = g
    else:
        g = fitted(g, node.shape[index], node.dtype[index])
        if node in ready:
            waiting = ready[node]
            waiting[index] = g if waiting[index] is None else waiting[index] + g
            return
        ready[node] = [None] * node.several
        ready[node][index] = g
    heappush(heap, (node.key, node))


def fitted(g, shape, np_dtype):
    """The gradient in its source's shape (what was broadcast is summed) and dtype."""
    if g.shape != shape:
        g = registry["sum_to_size"].raw(g, size=tuple(shape))
    if isinstance(g, Tensor):
        return g if g._a.dtype == np_dtype else registry["to_dtype"].raw(g, np_dtype=np_dtype)
    if g.dtype == np_dtype:
        return g
    if g.dtype.kind == "c" and np_dtype.kind != "c":
        g = g.real  # a real tensor that met complex ones: only the real part of the gradient is its own
    return g.astype(np_dtype)


def _reachable(roots):
    seen, stack = set(), list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(edge[0] for edge in node.edges if edge is not None)
    return seen


def _leading_to(captured, roots):
    """The nodes from which a captured node can be reached: the only ones worth running."""
    needed = set()
    for node in sorted(_reachable(roots), key=lambda n: -n.key):  # oldest first: what a node leads to is decided before it
        if any(edge is not None and (edge[0] in needed or edge[0] in captured) for edge in node.edges):
            needed.add(node)
    return needed


def _capture(slots, g):
    """Keep the gradient for the outputs of this node that were asked for."""
    for index in slots:
        slots[index] = g[index] if isinstance(g, list) else g


def _as_tensors(node, saved):
    """What the node saved as Tensors with their own history, so that using them in a rule is recorded.

    A saved input gets the edge it came by, a saved output the node itself. Forget that, and second derivatives
    through ``exp`` or ``tanh`` are silently wrong.
    """
    if node.op is None or node.op.variadic:
        return saved
    count = len(node.op.inputs)
    edges = (*node.edges, *((node, number) for number in range(len(node.op.outputs))))
    return tuple(
        _rewrapped(value, edges[position] if position < len(edges) else None, differentiable=position < count or position - count < _carrying(node))
        if hasattr(value, "dtype") and hasattr(value, "shape") and position < len(edges)
        else value
        for position, value in enumerate(saved)
    )


def _through_composite(node, g, saved):
    """The gradients of a fused op, recorded: its composite runs again, on aliases of what was saved, and is differentiated.

    An input that was not saved is only added to something, so that zeros do in its place, or the op says what does.
    """
    op, gradients = node.op, as_tuple(g)
    inputs, starts = list(saved[: len(op.inputs)]), {}
    for position, edge in enumerate(node.edges):
        if edge is not None:
            if inputs[position] is None:
                inputs[position] = _rewrapped(_stand_in(op, op.inputs[position], saved, gradients[0]._a), edge, differentiable=True)
            starts[position] = inputs[position] = registry["alias"].raw(inputs[position])
    outputs = as_tuple(op.composite(*inputs, **{name: saved[op.layout[name]] for name in op.params}))
    roots = [(edge_to(y), part) for y, part in zip(outputs, gradients) if y.requires_grad]
    found = dict(zip(starts, _gradients(roots, list(starts.values()), True, True), strict=True))
    return [found.get(position) for position in range(len(op.inputs))]


def _stand_in(op, name, saved, g):
    """The array that takes the place of an input in a composite."""
    if op.stand_in is None:
        return namespace(g).zeros(saved[op.layout[name + "_shape"]], g.dtype)
    return op.stand_in(namespace(g), *(saved[op.layout[wanted]]._a for wanted in argument_names(op.stand_in)[1:]))


def _carrying(node):
    return node.several or 1


def _rewrapped(array, edge, differentiable):
    if edge is not None and edge[0].__class__ is AccumulateGrad and edge[0].variable._a is array:
        return edge[0].variable
    tensor = wrap(array)
    if edge is not None and differentiable:
        tensor._rg, tensor._edge = True, edge
    return tensor


def accumulate(leaf, g):
    """Add ``g`` to ``leaf.grad``; the first gradient becomes ``.grad`` itself."""
    if isinstance(g, Tensor):
        leaf._grad = g if leaf._grad is None else leaf._grad + g
    elif leaf._grad is None:
        # Rules may hand on the very array they were given, and .grad gets written to: keep it only if nobody else
        # has it (three references: the engine's g, this g, and the question itself), else copy.
        alone = type(g) is np.ndarray and getrefcount(g) <= 3 and _owns_memory(g)
        leaf._grad = wrap(g if alone else namespace(g).array(g))
    else:
        grad = leaf._grad
        if grad._rg:
            leaf._grad = grad + wrap(g)
        else:
            grad._a += g  # in place: whoever holds .grad sees the sum
            grad._ver[0] += 1
    if leaf._post_hooks is not None:
        for hook in tuple(leaf._post_hooks):
            hook(leaf)


def _owns_memory(g):
    """True if no other array looks into g's memory. The transpose of a fresh product does: its base has no other user."""
    if g.base is None:
        return g.flags.writeable
    base = g.base
    whole = type(base) is np.ndarray and base.base is None and base.size == g.size and g.flags.c_contiguous
    return whole and base.flags.writeable and getrefcount(base) <= 3


# --- the public entrances -----------------------------------------------------------------------------------------


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Sum the gradients of ``tensors`` into the ``.grad`` of the leaves (or of ``inputs`` alone).

    >>> import lesson_lib as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> torch.autograd.backward((x * x).sum())
    >>> x.grad
    tensor([2., 4.])

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.backward.html
    """
    roots = roots_of(as_tuple(tensors), as_tuple(grad_tensors), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        _run(roots, keep_graph=keep, taped=create_graph)
    else:
        _run_to(check_inputs("backward", inputs), roots, keep, create_graph)
    for watcher in tuple(passes):
        watcher(as_tuple(tensors))


def _run_to(inputs, roots, keep, taped):
    """Accumulate in ``inputs`` alone."""
    for place, g in zip(inputs, _gradients(roots, inputs, keep, taped), strict=True):
        tensor = place if isinstance(place, Tensor) else getattr(place.node, "variable", None)
        if g is not None and tensor is not None:
            accumulate(tensor, g)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True, allow_unused=None, is_grads_batched=False,
    materialize_grads=False,
):  # fmt: skip
    """The gradients of ``outputs`` with respect to ``inputs``, returned, not accumulated.

    With ``is_grads_batched`` the first dimension of each ``grad_outputs`` is a batch of gradients: one backward pass for
    each of them, and the results stacked.

    >>> import lesson_lib as torch
    >>> x = torch.tensor(3., requires_grad=True)
    >>> (dx,) = torch.autograd.grad(x ** 3, x, create_graph=True)
    >>> torch.autograd.grad(dx, x)
    (tensor(18.),)

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
    """
    if materialize_grads and allow_unused is False:
        raise error("materialize")
    inputs = check_inputs("grad", inputs, materialize_grads)
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        results = _batched_gradients(as_tuple(outputs), inputs, as_tuple(grad_outputs), keep, create_graph)
    else:
        results = _gradients(roots_of(as_tuple(outputs), as_tuple(grad_outputs), create_graph), inputs, keep, create_graph)
    unused = next((index for index, g in enumerate(results) if g is None), None)
    if unused is not None and not (allow_unused or materialize_grads):
        raise error("unused", index=unused)
    if materialize_grads:
        results = [wrap(namespace(t._a).zeros_like(t._a)) if g is None else g for t, g in zip(inputs, results, strict=True)]
    return tuple(map(shown, results))


def trace(outputs, grad_outputs=None):
    """Run backward as a rehearsal: the list of Steps it would take. Nothing accumulates, nothing is freed, no hook is called.

    For the visualizer, which shows one step at a time.
    """
    steps = []
    outputs = as_tuple(outputs)
    roots = roots_of(outputs, as_tuple(grad_outputs), False)
    leaves = {node: {0: None} for node in _reachable([edge[0] for edge, _ in roots]) if node.__class__ is AccumulateGrad}
    _run(roots, keep_graph=True, taped=False, captured=leaves, on_step=steps.append, rehearsal=True)
    return steps


def _gradients(roots, inputs, keep_graph, taped):
    """One gradient (or None) per input."""
    edges = [edge_to(place) for place in inputs]
    captured = {}
    for node, index in edges:
        captured.setdefault(node, {})[index] = None
    _run(roots, keep_graph=keep_graph, taped=taped, captured=captured)
    return [captured[node][index] for node, index in edges]


def _batched_gradients(outputs, inputs, batches, keep_graph, taped):
    """The gradients for each entry of the batch in turn, stacked."""
    if not batches or any(batch is None or batch._a.ndim == 0 for batch in batches):
        raise error("grads_batched_none")
    for index, (batch, output) in enumerate(zip(batches, outputs, strict=True)):
        if batch.shape[1:] != output.shape:
            raise error("grads_batched", index=index, found=batch.shape[1:], expected=output.shape)
    count = len(batches[0]._a)
    rows = []
    for i in range(count):
        roots = roots_of(outputs, tuple(registry["select"].raw(batch, dim=0, index=i) for batch in batches), taped)
        rows.append(_gradients(roots, inputs, keep_graph or i < count - 1, taped))
    stack = registry["stack"].raw
    return [None if parts[0] is None else stack(*map(shown, parts), dim=0) for parts in zip(*rows, strict=True)]


def _run(roots, *, taped, **options):
    """``run`` with recording on if the gradients' own history is wanted, off otherwise."""
    before = thread.grad_enabled, thread.task
    thread.grad_enabled, thread.task = taped, Task(roots, options.get("captured"))
    try:
        if anomaly_mode.enabled:
            run_checked(run, roots, taped=taped, **options)
        else:
            run(roots, taped=taped, **options)
    finally:
        thread.grad_enabled, thread.task = before


class Task:
    """One backward pass: where it starts, and what it captures (None: every leaf accumulates)."""

    def __init__(self, roots, captured):
        self.roots, self.captured = [edge[0] for edge, _ in roots], captured

    def visits(self):
        """The nodes whose hooks it will call."""
        if self.captured is None:
            return _reachable(self.roots)
        return _leading_to(self.captured, self.roots) | set(self.captured)


def _backward_method(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Sum this tensor's gradient into the ``.grad`` of the leaves it was computed from.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    """
    backward(self, gradient, retain_graph, create_graph, inputs)


_backward_method.__name__ = "backward"
Tensor.backward = _backward_method
