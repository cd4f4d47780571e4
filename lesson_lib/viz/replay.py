"""Poke a recorded graph: put another value in, and everything downstream and every gradient is computed again. The user's tensors stay as they are."""

import copy
import dataclasses
import sys
from functools import partial

import numpy as np

from ..core.device import device_of, namespace, to_array, to_host
from ..core.node import AccumulateGrad
from ..core.tensor import Tensor, wrap
from .names import names_seen_from
from .record import record_of
from .replay_code import code_of
from .rerun import NotFollowedError, computed, constants_of, needs, rerun, unseen
from .steps import add_steps, forward_steps
from .summary import summarise
from .texts import text
from .trace import Trace, check_tensors


class Replay:
    """A recorded graph whose values can be changed. ``set`` and ``reset`` note a change, ``update`` computes it and gives the new Model.

    A leaf, a constant or an intermediate value may be set. The gradients are those of the changed graph at the changed values. An intermediate
    that was set counts as what it was, plus a constant: the operations that come after see the new value, those before keep theirs, and the
    gradient goes on from it to what is upstream.

    What is computed again are the operations that the recording saw: an ``if`` or a loop of the program is not decided anew, and random
    draws (a dropout mask) stay as they were drawn. Masks, indices and detached tensors that were computed from the graph under the same
    recording follow; so does a user's ``autograd.Function``, by its own ``forward``. Leaves that were not set have the value they have now.
    ``not_followed`` says of each tensor that could not be computed again why; there are no backward steps then.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> with viz.record():
    ...     x = torch.ones(2, requires_grad=True)
    ...     out = (x * x).sum()
    >>> replay = viz.replay(out)
    >>> replay.set("t0", 5, index=1)
    >>> card = replay.update().tensors["t0"]
    >>> card.value.rows, card.gradient.rows
    (((1.0, 5.0),), ((2.0, 10.0),))
    >>> x
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, trace, outputs, gradient=None):
        self.trace, self.outputs, self.gradient = trace, outputs, gradient
        self.model = trace.model  # of the last update
        self.not_followed = {}  # id of a tensor -> the sentence that says why
        self.edits = {}  # key of a tensor (its edge, or the id of a constant) -> [(index or None, array), ...]
        self._keys = {key: place for place, key in trace.tensor_ids.items()}
        self._constants = {}  # id(constant) -> the tensor
        self._readers = {}  # key -> the nodes that are computed from it, in order
        self._nodes = [node for node in trace.nodes if not isinstance(node, AccumulateGrad)]
        self._needs = {node: needs(node) for node in self._nodes}
        for node in self._nodes:
            given = constants_of(node)
            self._constants.update((id(constant), constant) for constant in given.values())
            for key in dict.fromkeys((*self._needs[node], *map(id, given.values()))):
                self._readers.setdefault(key, []).append(node)
        self._wary = False
        self._forget()
        self._leaf_versions = dict(trace.leaf_versions)

    def _forget(self):
        self._made = {}  # edge -> Tensor: computed again, edits left out
        self._given = {}  # key -> Tensor: what its readers get, where that is not what it was
        self._replaced = {}  # node -> the node of its repetition
        self._lost = {}  # node -> why it could not be repeated
        self._touched = set()  # keys whose edits are new
        self._stale = [node for node in self._nodes if _is_stale(node)]

    # --- changing --------------------------------------------------------------------------------------------------

    def set(self, tensor_id, value, index=None):
        """Give the tensor, or its element or part at ``index``, another value: a number, an array or a tensor that fits."""
        card, key = self.trace.model.tensors[tensor_id], self._keys[tensor_id]
        index = tuple(index) if isinstance(index, list) else index
        array = np.asarray(to_host(value._a) if isinstance(value, Tensor) else value)
        part = np.empty(card.shape, bool)[() if index is None else index]
        try:
            np.broadcast_to(array, part.shape)
        except ValueError:
            raise ValueError(text("replay shape", name=card.name, shape=list(part.shape), found=list(array.shape))) from None
        kept = [] if index is None else [edit for edit in self.edits.get(key, ()) if edit[0] != index]
        self.edits[key] = [*kept, (index, array)]
        self._touched.add(key)

    def reset(self, tensor_id=None):
        """Take back what was set: of one tensor, or of all."""
        if tensor_id is None:
            self.edits = {}
            self._forget()
        elif self.edits.pop(self._keys[tensor_id], None) is not None:
            self._touched.add(self._keys[tensor_id])

    def code(self):
        """The Python code that does the same: to be put into the program, each piece after the line that it names."""
        return code_of(self.trace, {self.trace.tensor_ids[key]: edits for key, edits in self.edits.items()})

    # --- computing -------------------------------------------------------------------------------------------------

    def update(self):
        """The Model of the changed graph. Only what lies downstream of a change is computed again; then all gradients."""
        with unseen() as dice:
            self._compute()
            if not self._wary and dice.thrown():  # somebody draws random numbers: once more, to find out who
                self._wary = True
                self._forget()
                self._touched = set(self.edits)
                self._compute()
            self.not_followed = self._explained()
            self.model = self._new_model()
        return self.model

    def _compute(self):
        """Repeat the nodes downstream of what changed, oldest first."""
        for node, version in self._leaf_versions.items():
            if node.variable._ver[0] != version:  # an optimizer's step, say
                self._leaf_versions[node] = node.variable._ver[0]
                self._touched.add((node, 0))
                card = self.trace.model.tensors[self.trace.tensor_ids[node, 0]]
                card.value, card.value_handle = partial(summarise, node.variable._a), node.variable._a
        for key in self._touched:
            self._give(key)
        self._memo = {}
        for node in self._downstream():
            try:
                if any(edge[0] in self._lost for edge in self._needs[node]):
                    raise NotFollowedError(text("replay after"))
                outputs = rerun(node, self, self._wary)
            except NotFollowedError as reason:
                self._lost[node] = str(reason)
                continue
            self._lost.pop(node, None)
            for number in range(node.several or 1):
                if (node, number) in self.trace.tensor_ids:
                    self._keep((node, number), outputs[number])
        self._touched, self._stale = set(), []

    def _downstream(self):
        """The nodes to repeat: what is computed from a change, and what they need that nobody remembers."""
        found = set()
        waiting = [*self._stale, *(reader for key in self._touched for reader in self._readers.get(key, ()))]
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found.add(node)
            for number in range(node.several or 1):
                waiting.extend(self._readers.get((node, number), ()))
            waiting.extend(edge[0] for edge in self._needs[node] if edge in self and edge not in self._made and self.known(edge) is None)
        return sorted(found, key=lambda node: -node.key)

    def _keep(self, edge, result):
        """Take an output of a repeated node: without the views and versions that belong to the repetition alone."""
        new = result._edge[0]
        self._replaced[edge[0]] = new
        self._made[edge] = _tensor(result._a, (new, edge[1]))
        self._give(edge)

    def _give(self, key):
        """Fix what the readers of a tensor get: its value with the edits written in."""
        if key not in self.edits and key not in self._made:
            self._given.pop(key, None)
            return
        tensor = self._base(key)
        if tensor is None:
            return  # its node is about to be computed, or is lost
        self._given[key] = tensor if key not in self.edits else _tensor(_edited(tensor._a, self.edits[key]), tensor._edge)

    def _base(self, key):
        """A tensor's value without the edits; None if it is not known."""
        if key in self._made:
            return self._made[key]
        if key in self._constants:
            return self._constants[key]
        array = self.known(key)
        return None if array is None else _tensor(array, key)

    # --- what rerun asks for -----------------------------------------------------------------------------------------

    def known(self, edge):
        """The array that was recorded for an edge, or that a leaf has now; None if nobody knows it."""
        node, index = edge
        if isinstance(node, AccumulateGrad):
            return node.variable._a
        record = record_of(node)
        array = record.output(index) if record is not None and index < len(record.outputs) else self.trace.known.get(edge)
        return self._read(edge) if array is None else array

    def _read(self, edge):
        """The array that an operation read along an edge, if it was not written to since."""
        for reader in self.users(edge):
            record = record_of(reader)
            for position, read in enumerate(record.read if record is not None else ()):
                if read is not None and reader.edges[position : position + 1] == (edge,) and read[0][0] == read[1]:
                    return record.inputs[position]._a
        return None

    def users(self, edge):
        """The nodes that read an edge."""
        return self._readers.get(edge, ())

    def __contains__(self, edge):
        return edge in self.trace.tensor_ids

    def tensor(self, edge):
        """The value of an edge, with its place in the graph."""
        found = self._given.get(edge)
        found = self._base(edge) if found is None and edge in self else found
        if found is None:
            raise NotFollowedError(text("replay lost"))
        return found

    def constant(self, tensor, origin, read):
        """A constant as it is now: set by hand, computed again, or as it was."""
        if origin is not None and any(edge in self._given or edge in self._touched for edge in origin.sources()):
            again = computed(origin, self, self._memo)
            self._given[id(tensor)] = again if id(tensor) not in self.edits else wrap(_edited(again._a, self.edits[id(tensor)]))
        elif id(tensor) not in self.edits and read[0][0] != read[1]:
            raise NotFollowedError(text("replay overwritten"))
        return self._given.get(id(tensor), tensor)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _explained(self):
        """id of a tensor -> why it is not followed."""
        outputs = ((self.trace.tensor_ids.get((node, number)), reason) for node, reason in self._lost.items() for number in range(node.several or 1))
        return {key: reason for key, reason in outputs if key is not None}

    def _new_model(self):
        """The Model with the values of now, the steps through it, and the gradients."""
        trace = copy.copy(self.trace)
        trace.nodes = [self._replaced.get(node, node) for node in self.trace.nodes]
        trace.roots = [edge and self._now(edge) for edge in self.trace.roots]
        trace.tensor_ids = {self._now(key) if isinstance(key, tuple) else key: place for key, place in self.trace.tensor_ids.items()}
        trace.op_ids = {self._replaced.get(node, node): place for node, place in self.trace.op_ids.items()}
        cards = {place: self._card(place) for place in self.trace.model.tensors}
        trace.model = dataclasses.replace(self.trace.model, tensors=cards, flows={}, steps=[], seeds={}, recursion=None, reason="")
        if self.not_followed:
            trace.model.steps, trace.model.reason = forward_steps(trace.model), next(iter(self.not_followed.values()))
        else:
            outputs = [out if edge is None else self.tensor(edge) for out, edge in zip(self.outputs, self.trace.roots, strict=True)]
            add_steps(trace, outputs, self.gradient)
        return trace.model

    def _now(self, edge):
        return self._replaced.get(edge[0], edge[0]), edge[1]

    def _card(self, place):
        """A copy of a card with the value of now, and no gradient yet."""
        card, key = copy.copy(self.trace.model.tensors[place]), self._keys[place]
        card.gradient = card.gradient_handle = None
        if place in self.not_followed:
            card.value = card.value_handle = None
            card.absent = partial(text, "not followed")
        elif key in self._given:
            array = self._given[key]._a
            card.value, card.value_handle = partial(summarise, array), array
        return card


def replay(*outputs, model=None, gradient=None):
    """The graph that computed ``outputs``, which must have been recorded, as a Replay: change values and see what follows. Takes what ``graph`` takes."""
    check_tensors("replay", outputs)
    trace = Trace(outputs, names_seen_from(sys._getframe(1), model))
    add_steps(trace, outputs, gradient)
    return Replay(trace, outputs, gradient)


def _is_stale(node):
    """True if a leaf that the node reads, or what it saved for its own gradient, was written to since."""
    record = record_of(node)
    moved = [edge for edge, read in zip(node.edges, record.read, strict=False) if read is not None and read[0][0] != read[1]] if record is not None else []
    return any(edge is not None and isinstance(edge[0], AccumulateGrad) for edge in moved) or any(cell[0] != then for cell, then in node.guards)


def _tensor(array, edge):
    tensor = wrap(array)
    tensor._edge, tensor._rg = edge, edge is not None
    return tensor


def _edited(array, edits):
    """A copy of ``array`` with other values written in."""
    copied = namespace(array).array(array)
    for index, value in edits:
        copied[() if index is None else index] = to_array(value.astype(array.dtype), device_of(array))
    return copied
