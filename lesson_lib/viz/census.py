"""A graph too large to draw: how many operations of which kind, the largest, the slowest, and a search."""

from collections import Counter
from html import escape
from math import prod
from typing import NamedTuple

from ..core.node import AccumulateGrad
from .model import SourceLine
from .record import record_of
from .summary import shape_text
from .texts import text
from .units import bytes_text, columns, count_text, operations_text, padded, seconds_text

FEW = 10


class Entry(NamedTuple):
    """One operation."""

    number: int
    name: str
    module: str  # the class of the module in which it ran
    path: str
    shape: tuple
    bytes: int
    seconds: float
    line: SourceLine | None

    @property
    def cells(self):
        """The entry as it stands in a table."""
        place = f"{self.line.place}  {self.line.code}" if self.line is not None else ""
        time = seconds_text(self.seconds) if self.seconds else ""
        return str(self.number), self.name, shape_text(self.shape), bytes_text(self.bytes), time, f"{self.module} {self.path}".strip(), place


class Listing:
    """Operations as a table: text in a terminal, HTML in a notebook."""

    def __init__(self, title, entries, total):
        self.title, self.entries, self.total = title, entries, total

    def __len__(self):
        return self.total

    def __iter__(self):
        return iter(self.entries)

    @property
    def heads(self):
        """The names of the columns."""
        return [text(key) for key in ("number", "operation", "shape", "memory", "time", "in module", "your line")]

    def __repr__(self):
        rows = [self.heads, *(entry.cells for entry in self.entries)]
        widths = [max(columns(row[i]) for row in rows) for i in range(len(self.heads))]
        lines = ["  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.title, *lines])

    def _repr_html_(self):
        head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in self.heads)
        body = "".join("<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in entry.cells) + "</tr>" for entry in self.entries)
        return f"<h4>{escape(self.title)}</h4><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Census:
    """What can be said about a very large graph. ``search`` finds operations in it."""

    def __init__(self, nodes):
        self.leaves = [node.variable for node in nodes if isinstance(node, AccumulateGrad)]
        self.nodes = [node for node in nodes if not isinstance(node, AccumulateGrad)]
        self.names = Counter(map(_name, self.nodes))
        calls = {record.call: None for record in map(record_of, self.nodes) if record is not None and record.call is not None}
        self.modules = Counter(call.kind for call in calls)

    def __len__(self):
        return len(self.nodes)

    def largest(self, count=FEW):
        """The operations whose results take the most memory."""
        return self._listing("largest", sorted(range(len(self.nodes)), key=lambda i: -_bytes(self.nodes[i]))[:count], count)

    def slowest(self, count=FEW):
        """The operations that took the longest, as far as a recording saw them."""
        timed = [i for i, node in enumerate(self.nodes) if record_of(node) is not None]
        return self._listing("slowest", sorted(timed, key=lambda i: -record_of(self.nodes[i]).seconds)[:count], count)

    def search(self, words, count=50):
        """The operations whose name, module, path, shape or source line contains ``words``.

        >>> import lesson_lib as torch
        >>> from lesson_lib.viz.census import Census
        >>> from lesson_lib.viz.trace import nodes_of, roots_of
        >>> x = torch.ones(2, requires_grad=True)
        >>> Census(nodes_of(roots_of([(x * 2).exp().sum()]))).search("exp")
        1 of 3 operations contain 'exp'
        number  operation  shape  memory  time  module  your line
        1       exp        2      8 B
        """
        wanted = words.lower()
        entries = [entry for i in range(len(self.nodes)) if wanted in " ".join((entry := self._entry(i)).cells[1:]).lower()]
        title = text("found", found=len(entries), count=len(self.nodes), words=words)
        return Listing(title, entries[:count], len(entries))

    def _listing(self, title, numbers, count):
        return Listing(text(title, count=count), [self._entry(i) for i in numbers], len(numbers))

    def _entry(self, number):
        node = self.nodes[number]
        record = record_of(node)
        call = record.call if record is not None else None
        shape = node.shape[0] if node.several else node.shape
        module, path = (call.kind, call.path or "") if call is not None else ("", "")
        line, seconds = (record.line, record.seconds) if record is not None else (None, 0.0)
        return Entry(number, _name(node), module, path, tuple(shape or ()), _bytes(node), seconds, line)

    @property
    def title(self):
        """``100,000 operations, 2 parameters or other leaves with 4 numbers``."""
        numbers = count_text(sum(leaf.numel() for leaf in self.leaves))
        return text("census", operations=operations_text(len(self.nodes)), leaves=len(self.leaves), numbers=numbers)

    def _counts(self):
        """(heading, [(name, how many)]) of operations and modules."""
        return [(text(key), counts.most_common(FEW)) for key, counts in (("operation", self.names), ("module", self.modules)) if counts]

    def __repr__(self):
        counts = [f"{head}: " + ", ".join(f"{name} ×{count}" for name, count in pairs) for head, pairs in self._counts()]
        return "\n\n".join(["\n".join([self.title, *counts]), repr(self.largest()), repr(self.slowest()), text("search hint")])

    def _repr_html_(self):
        counts = "".join(f"<p>{escape(head)}: {', '.join(f'{escape(name)} ×{count}' for name, count in pairs)}</p>" for head, pairs in self._counts())
        parts = (self.largest()._repr_html_(), self.slowest()._repr_html_())
        return f"<h3>{escape(self.title)}</h3>{counts}{''.join(parts)}<p>{escape(text('search hint'))}</p>"


def _name(node):
    declared = node.op or getattr(node, "function", None)
    return getattr(declared, "name", None) or getattr(declared, "__name__", None) or node.name()


def _bytes(node):
    record = record_of(node)
    if record is not None:
        return record.bytes
    shape, dtype = (node.shape[0], node.dtype[0]) if node.several else (node.shape, node.dtype)
    return prod(shape or ()) * (dtype.itemsize if dtype is not None else 0)
