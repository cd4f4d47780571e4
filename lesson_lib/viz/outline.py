"""What a graph consists of, in few words: enough to tell two graphs apart and to say what appeared and what vanished."""

import hashlib
from difflib import SequenceMatcher
from typing import NamedTuple

from ..core.node import AccumulateGrad
from .model import SourceLine
from .record import record_of


class Piece(NamedTuple):
    """One operation or leaf: its name, the line that made it, the path of the module in which that happened."""

    kind: str  # op | leaf
    name: str
    line: SourceLine | None = None
    module: str = ""

    def __str__(self):
        place = self.module or (self.line.place if self.line else "")
        return f"{self.name} ({place})" if place else self.name


class Changes(NamedTuple):
    """What the second of two graphs has and the first has not, and the other way round: places in their outlines."""

    appeared: tuple
    vanished: tuple


def in_order(nodes):
    """The nodes of a graph, each leaf before its first use: a leaf's own node may be left from an older graph, so its age tells nothing."""
    found = {}
    for node in nodes:
        if not isinstance(node, AccumulateGrad):
            found.update((edge[0], None) for edge in node.edges if edge is not None and isinstance(edge[0], AccumulateGrad))
            found[node] = None
    return [*found, *(node for node in nodes if node not in found)]


def outline(nodes, leaf_name):
    """The Pieces of a graph, in the order of its nodes."""
    return tuple(_piece(node, leaf_name) for node in nodes)


def _piece(node, leaf_name):
    if isinstance(node, AccumulateGrad):
        return Piece("leaf", leaf_name(node.variable))
    declared = node.op or getattr(node, "function", None)
    name = getattr(declared, "name", None) or getattr(declared, "__name__", None) or node.name()
    record = record_of(node)
    if record is None:
        return Piece("op", name)
    return Piece("op", name, record.line, (record.call.path or "") if record.call is not None else "")


def signature(nodes, pieces):
    """A short key, equal for two graphs with the same pieces joined in the same way. Shapes and values do not count."""
    ranks = {node: rank for rank, node in enumerate(nodes)}
    digest = hashlib.blake2b(digest_size=16)
    for node, piece in zip(nodes, pieces, strict=True):
        edges = [(ranks[edge[0]], edge[1]) if edge is not None else None for edge in node.edges]
        line = piece.line and (piece.line.file, piece.line.number)
        digest.update(repr((piece.kind, piece.name, line, piece.module, edges)).encode())
    return digest.digest()


def changes(before, after):
    """The Changes between two outlines: both are read from the front and from the back as far as they agree, the rest is aligned."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    appeared, vanished = [], []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            vanished += range(start + a, start + b)
            appeared += range(start + c, start + d)
    return Changes(tuple(appeared), tuple(vanished))
