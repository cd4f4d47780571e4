"""Fold a Model: closed modules become boxes, equal neighbours become one box with a number on it.

``fold(model, opened)`` is a pure function. What it returns is a Model again, with fewer things in it: a box is an operation with a
``Box``, an open module is a cluster, and one step leads through a whole box. So everything that draws or tells a Model does the same
for a folded one.
"""

from copy import copy
from dataclasses import dataclass
from math import prod

from .fold_steps import folded_steps
from .groups import Group
from .model import Model, OpNode
from .rows import Row, Rows
from .saved import fold_saved

CARDS = 40  # operations up to which intermediate values are cards; in a larger graph they are lines that carry a shape


@dataclass(frozen=True)
class Box:
    """What is written on a closed group, and what is in it."""

    opens: str  # the id that opens it
    title: str  # Attention
    path: str  # blocks.0.attn
    count: int  # of equal neighbours; 1 for a group
    parameters: int
    operations: tuple  # ids
    seconds: float
    bytes: int
    kept: int  # bytes saved for the backward pass


def fold(model, opened=(), rows=None):
    """``model`` with only the groups of ``opened`` open: ids of groups, and of Rows to have their members side by side.

    ``rows`` are ``Rows(model)``, for whoever folds the same model many times.
    """
    return _Folding(model, frozenset(opened), rows or Rows(model)).folded


def toggles(model):
    """The ids that a press in the picture of a folded Model opens or closes."""
    return [*model.clusters, *(op.box.opens for op in model.ops.values() if op.box is not None)]


class _Folding:
    def __init__(self, model, opened, rows):
        self.model, self.opened, self.rows = model, opened, rows
        self.folded = Model(reason=lambda: model.reason, ran_backward=model.ran_backward, groups=model.groups, compact=len(model.ops) > CARDS)
        self.stand_in = {}  # id of every operation -> id of what stands for it in this view
        self.closed = {}  # id of every group in a closed box -> id of the box
        self._walk(None, None)
        self._connect()
        fold_saved(model, self.folded, self.stand_in)
        self.folded.recursion = model.recursion
        self.folded.seeds = {key: summary for key, summary in model.seeds.items() if key in self.folded.tensors}
        self.folded.sources = {op.source: model.sources[op.source] for op in self.folded.ops.values() if op.source in model.sources}
        self.folded.steps, self.folded.until = folded_steps(model, self.folded, self.stand_in)

    # --- what is visible ---------------------------------------------------------------------------------------

    def _walk(self, group, cluster):
        """Put down what stands in ``group``, in order, into the open cluster."""
        for item in self.rows.items[group]:
            if isinstance(item, Row):
                self._row(item, cluster)
            elif item in self.model.groups:
                self._group(item, cluster)
            else:
                self.folded.ops[item] = self.model.ops[item]
                self.stand_in[item] = item

    def _group(self, key, cluster):
        if key in self.opened:
            self.folded.clusters[key] = self.model.groups[key]._replace(parent=cluster)
            self._walk(key, key)
        else:
            self._box(key, (key,), key, cluster)

    def _row(self, row, cluster):
        """An open Row is a cluster of its members; of a closed one those members stand out that are open themselves."""
        if row.id in self.opened:
            self.folded.clusters[row.id] = self._merged(row.id, row.members)._replace(parent=cluster)
            for key in row.members:
                self._group(key, row.id)
            return
        closed = []
        for key in (*row.members, None):
            if key is not None and key not in self.opened:
                closed.append(key)
                continue
            if closed:
                alone = len(closed) == 1
                self._box(closed[0] if alone else f"{row.id}_{closed[0]}", tuple(closed), closed[0] if alone else row.id, cluster)
                closed = []
            if key is not None:
                self._group(key, cluster)

    def _merged(self, key, members):
        """A Row, or a part of it, as a Group: ``Block 1 … 11``."""
        first, last = (self.model.groups[member].name for member in (members[0], members[-1]))
        own = {name: (name, shape) for member in members for inner in self.rows.groups_inside(member) for name, shape in self.model.groups[inner].own}
        name = first if first == last else f"{first} … {last.rpartition('.')[2]}"
        return Group(key, name, self.model.groups[members[0]].kind, None, tuple(own.values()), members)

    def _box(self, key, members, opens, cluster):
        merged = self._merged(key, members)
        inside = [op for member in members for op in self.rows.inside(member)]
        ops = [self.model.ops[op] for op in inside]
        box = Box(
            opens, merged.title, merged.name, len(members), sum(prod(shape) for _, shape in merged.own), tuple(inside),
            sum(op.seconds for op in ops), sum(op.bytes for op in ops), sum({entry.memory: entry.bytes for op in ops for entry in op.saved if not entry.leaf}.values()),
        )  # fmt: skip
        line = next((op.line for op in ops if op.line is not None), None)
        self.folded.ops[key] = OpNode(key, merged.kind, merged.kind, merged.name, caption=merged.title, line=line, group=cluster, box=box)
        self.stand_in.update(dict.fromkeys(inside, key))
        self.closed.update((group, key) for member in members for group in self.rows.groups_inside(member))

    # --- what leads where --------------------------------------------------------------------------------------

    def _connect(self):
        """The tensors that lead from one visible thing to another, and the edges along which they do."""
        for key, node in self.model.tensors.items():
            maker = self.stand_in.get(node.made_by, self.closed.get(node.group) if node.made_by is None else None)
            users = {self.stand_in[op] for op in self.model.users_of(key)}
            if not (users - {maker} or node.kind == "loss" or (maker is None or self.folded.ops[maker].box is None)):
                continue
            self.folded.tensors[key] = node if node.made_by == maker else copy(node)
            self.folded.tensors[key].made_by = maker
            if maker is not None and node.kind != "loss" and (self.folded.compact or node.made_by is None):
                self.folded.wires.add(key)
        drawn = set()
        for edge in self.model.edges:
            source, target = (self.stand_in.get(end, end) for end in (edge.source, edge.target))
            tensor, op = (source, target) if edge.source in self.model.tensors else (target, source)
            boxed = self.folded.ops[op].box is not None
            own = tensor in self.folded.tensors and source == tensor and self.folded.tensors[tensor].made_by == op
            if tensor not in self.folded.tensors or own or (boxed and (source, target) in drawn):
                continue
            drawn.add((source, target))
            self.folded.connect(source, target, edge.position)
        for key, node in self.folded.tensors.items():  # a weight that two modules share leads from its owner's box
            if node.made_by is not None and (node.made_by, key) not in drawn:
                self.folded.connect(node.made_by, key, 0)
