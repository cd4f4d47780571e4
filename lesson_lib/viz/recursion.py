"""Naive recursion on a traced graph: its visits beside the right order, and the numbers that each visit carries."""

from functools import partial
from weakref import proxy

from ..core import engine
from ..core.node import AccumulateGrad
from ..core.rule_types import sent_by
from .chain import local_derivatives, make_part, sentence, shown
from .formula import rule_of
from .model import part_json
from .naive import MOST, carried, counted, many, walk
from .summary import summarise
from .texts import text


class Recursion:
    """What naive recursion would do where the engine took ``turns``: (place, node) in the right order.

    A Model leads here, so nothing here leads back to the Model: no further circle keeps the arrays of a graph that nobody looks at.
    """

    def __init__(self, trace, turns, inputs, starts):
        model = trace.model
        self.starts, self.inputs = starts, inputs
        self.order = [at for at, _ in turns]
        self.place = {key: card.made_by or key for key, card in model.tensors.items()}  # where a gradient goes: an operation, or the leaf itself
        self.names = {key: card.name for key, card in model.tensors.items()}
        self.titles = {key: op.label for key, op in model.ops.items()}
        self._nodes, self._tensor_ids = dict(turns), trace.tensor_ids
        self._edges = {key: edge for edge, key in trace.tensor_ids.items() if isinstance(edge, tuple)}
        self._told = None

    def plan(self, visible):
        """The visits and the right order, for a page that shows the Model ``visible``, whose boxes may stand for many operations."""
        place, starts, counts = self.place, [tensor for tensor, _ in self.starts], self.counts()
        arrivals = dict.fromkeys(place, 0)
        for tensor in starts:
            arrivals[tensor] += 1
        for at in self.order:
            for tensor in self.inputs.get(at, ()):
                arrivals[tensor] += counts.get(at, 0)
        seen = stand_ins(visible)
        came, visits = dict.fromkeys(place, 0), []
        for visit in walk(self.inputs, place, starts):
            came[visit.tensor] += 1
            visits.append({
                "at": seen.get(visit.place), "tensor": visit.tensor if visit.tensor in visible.tensors else None, "name": self.title(visit.place),
                "number": visit.number, "of": many(counts[visit.place]), "depth": visit.depth, "arrived": came[visit.tensor],
                "total": many(arrivals[visit.tensor]), "whole": came[visit.tensor] == arrivals[visit.tensor],
            })  # fmt: skip
        total = sum(counts.values())
        return {
            "visits": visits, "total": many(total), "more": many(total - len(visits)) if total > len(visits) else "",
            "right": [{"at": seen.get(at), "name": self.title(at)} for at in self.order[:MOST]],
            "turns": many(len(self.order)), "more_turns": many(len(self.order) - MOST) if len(self.order) > MOST else "",
        }  # fmt: skip

    def tell(self, number):
        """The sentence and the arithmetic of the visit ``number``, counted from 1; RuntimeError if the saved values are gone."""
        if self._told is None or self._told.number > number:
            self._told = _Teller(self)
        teller, self._told = self._told, None  # one that fails cannot go on
        words = teller.go(number)
        self._told = teller
        return words

    def send(self, tensor, gradient):
        """[(tensor, gradient sent on, the function that makes its Part), ...]"""
        node, index = self._edges[tensor]
        if isinstance(node, AccumulateGrad):
            return []
        saved = node.metadata.get("saved") if node.saved is None else node.saved
        if saved is None:
            raise RuntimeError(text("nothing recorded"))
        if any(cell[0] != version for cell, version in node.guards):
            node.check()
        arrived = [gradient if i == index else None for i in range(node.several)] if node.several else gradient
        contributions = sent_by(node, arrived, saved)
        derivatives = partial(local_derivatives, engine.Step(node, gradient, contributions), saved)
        sent = []
        for position, (edge, array) in enumerate(zip(node.edges, contributions, strict=False)):
            if edge is not None and array is not None:
                shape, dtype = (part[edge[1]] if edge[0].several else part for part in (edge[0].shape, edge[0].dtype))
                fitted = engine.fitted(array, shape, dtype)
                rule = rule_of(node.op or getattr(node, "function", None), position)
                sent.append((self._tensor_ids[edge], fitted, partial(_part, derivatives, position, gradient, array, fitted, rule)))
        return sent

    def counts(self):
        """place -> how many times it is visited."""
        return counted(self.order, self.inputs, self.place, [tensor for tensor, _ in self.starts])

    def title(self, place):
        """What a place is called in a list."""
        return self.titles.get(place) or f"{self.names[place]}.grad"


class _Teller:
    """One run of the recursion, visit by visit; it remembers what the leaves have so far."""

    def __init__(self, recursion):
        self.recursion, self.number, self.sums, self.met, self.parts = proxy(recursion), 0, {}, {}, []
        self.counts = recursion.counts()
        self.total = sum(self.counts.values())
        self.calls = carried(recursion.starts, self._send)
        self.now = None

    def _send(self, tensor, gradient):
        sent = self.recursion.send(tensor, gradient)
        self.parts = [(target, make) for target, _, make in sent]
        return [(target, fitted) for target, fitted, _ in sent]

    def go(self, number):
        """Run up to the visit ``number``; what there is to say of it."""
        while self.number < number:
            tensor, gradient, _ = next(self.calls)
            self.number += 1
            at = self.recursion.place[tensor]
            self.met[at] = self.met.get(at, 0) + 1
            before = self.sums.get(at)
            if at == tensor:
                self.sums[at] = gradient if before is None else before + gradient
            self.now = at, gradient, before
        return self._words()

    def _words(self):
        at, gradient, before = self.now
        names = self.recursion.names
        where = {"number": self.number, "count": many(self.total), "visit": self.met[at], "of": many(self.counts[at]), "op": self.recursion.title(at)}
        if at in self.recursion.titles:
            parts = [(names[target], make()) for target, make in self.parts]
            said = " · ".join(sentence(part, name) for name, part in parts) or text("no flow")
            chains = [{"target": name, "parts": [part_json(part)]} for name, part in parts]
            return {"text": text("naive visit", flows=said, **where), "chains": chains, "sum": None}
        after = summarise(self.sums[at])
        arrived = summarise(gradient)
        added = None if before is None else [summarise(before).to_json(), arrived.to_json(), after.to_json()]
        return {"text": text("naive leaf", value=shown(arrived), sum=shown(after), **where), "chains": [], "sum": added}


def _part(derivatives, position, upstream, array, fitted, rule):
    local = derivatives()
    return make_part(position, upstream, local and local[position], array, fitted, rule)


def stand_ins(visible):
    """id of an operation, or of a leaf -> id of what stands for it in the Model ``visible``."""
    found = {key: key for key, node in visible.tensors.items() if node.made_by is None}
    found |= {key: node.made_by for key, node in visible.tensors.items() if node.made_by is not None and key in visible.wires}
    for key, op in visible.ops.items():
        found.update(dict.fromkeys(op.box.operations if op.box is not None else (key,), key))
    return found
