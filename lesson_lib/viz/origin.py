"""Where the constants of a graph came from: a mask, an index, a detached tensor is a constant to autograd, and yet was computed.

A tape keeps an ``Origin`` of each, so that a replay with changed values can compute it again.
"""

import weakref
from typing import NamedTuple

from ..core.tensor import Tensor, edge_of

DEEPEST = 50  # operations in a row without gradients that are remembered: a moving average over a long run must not keep all of it alive


LOST = object()  # in the place of an operation: a write in place came after it, which nobody saw


class Origin(NamedTuple):
    """How a tensor was made. With ``op`` None it is its only input, detached."""

    op: object
    inputs: tuple  # None where an edge or an Origin says what it was
    params: dict
    index: int  # which of the outputs
    edges: tuple  # (weak reference to the node or to the leaf, output number) or None, one per input
    origins: tuple  # an Origin or None, one per input: it tells what an edge no longer does when its node is gone
    depth: int

    def sources(self):
        """The (node, output number)s that it was computed from, near and far."""
        found, seen, stack = [], set(), [self]
        while stack:
            origin = stack.pop()
            if id(origin) not in seen:
                seen.add(id(origin))
                found += [edge for edge in map(strong, origin.edges) if edge is not None]
                stack.extend(one for one in origin.origins if one is not None)
        return found


class Known(NamedTuple):
    """What is known of an array."""

    array: object  # a weak reference to it
    cell: list  # the tensor's version list
    version: int  # the number in it then
    edge: tuple | None
    origin: Origin | None
    beside: bool = False  # the origin is of another tensor, which was perhaps written into this one


class Origins:
    """Notes, while a tape runs, how tensors were made. Holds none of the graph alive."""

    def __init__(self):
        self.known = {}  # id(array) -> Known

    def of(self, inputs):
        """For each input that is a tensor without history, its Origin or None."""
        return tuple(self._detached(value) if isinstance(value, Tensor) and not value._rg else None for value in inputs)

    def note(self, op, inputs, params, outputs):
        """Remember the inputs and outputs of an operation."""
        edges = tuple(map(_weak_edge, inputs))
        for value, edge in zip(inputs, edges, strict=True):
            if edge is not None and self._entry(value) is None:
                self._remember(value, edge, None)
        entries = [self._entry(value) for value in inputs]
        edges = tuple(edge or (entry and entry.edge) for edge, entry in zip(edges, entries, strict=True))
        origins = tuple(self._lost(value) if entry is None else entry.origin for value, entry in zip(inputs, entries, strict=True))
        depth = 1 + max((origin.depth for origin in origins if origin is not None), default=0)
        computed = hasattr(op, "raw") and depth <= DEEPEST and (any(edges) or any(origins))
        constants = tuple(None if edge or origin else value for value, edge, origin in zip(inputs, edges, origins, strict=True))
        for index, out in enumerate(outputs):
            if isinstance(out, Tensor):
                self._remember(out, _weak_edge(out), Origin(op, constants, params, index, edges, origins, depth) if computed else None)
        first = inputs[0] if inputs else None
        if computed and isinstance(first, Tensor) and id(first._a) not in self.known:  # zeros.scatter_(0, index, 1) is a constant that depends on index
            self._remember(first, None, Origin(LOST, (), {}, 0, edges, origins, depth), beside=True)

    def _entry(self, value):
        """The Known of a tensor's array, if it still holds; else None."""
        found = self.known.get(id(value._a)) if isinstance(value, Tensor) else None
        return found if found is not None and found.array() is value._a and found.cell[0] == found.version and not found.beside else None

    def _detached(self, tensor):
        entry = self._entry(tensor)
        if entry is None:
            return self._lost(tensor)
        return entry.origin if entry.edge is None else Origin(None, (None,), {}, 0, (entry.edge,), (entry.origin,), 1)

    def _lost(self, tensor):
        """The Origin of a constant that was written to after it was made; None if it is no such."""
        found = self.known.get(id(tensor._a)) if isinstance(tensor, Tensor) else None
        if found is None or found.array() is not tensor._a or found.cell[0] == found.version:
            return None
        return Origin(LOST, (None,), {}, 0, (found.edge,), (found.origin,), 1)

    def _remember(self, tensor, edge, origin, beside=False):
        if edge is None and origin is None:
            return
        key = id(tensor._a)
        array = weakref.ref(tensor._a, lambda _, known=self.known: known.pop(key, None))
        self.known[key] = Known(array, tensor._ver, tensor._ver[0], edge, origin, beside)


def strong(edge):
    """The (node, output number) of a weak edge, or None if the node is gone."""
    found = edge and edge[0]()
    if found is None:
        return None
    return edge_of(found) if isinstance(found, Tensor) else (found, edge[1])


def _weak_edge(value):
    """(weak reference to the node or, for a leaf, to the tensor, output number) of a tensor in the graph, else None."""
    if not isinstance(value, Tensor) or not value._rg:
        return None
    if value.is_leaf:  # its node comes and goes
        return weakref.ref(value), 0
    node, index = edge_of(value)
    return weakref.ref(node), index
