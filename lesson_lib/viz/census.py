"""A graph too large to draw: how many operations of which kind, the largest, the slowest, a search, and what is around an operation."""

from collections import Counter, deque
from html import escape
from math import prod
from typing import NamedTuple

from ..core.node import AccumulateGrad
from .graph import Graph
from .model import SourceLine
from .names import Names
from .record import record_of
from .steps import forward_steps
from .summary import shape_text
from .texts import text
from .trace import Trace
from .units import bytes_text, columns, count_text, operations_text, padded, seconds_text
from .view import View

FEW = 10
AROUND = 30  # operations that the picture of a neighbourhood shows


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
    """What can be said about a very large graph. ``search`` finds operations in it, ``near`` draws what is around one."""

    def __init__(self, nodes, names=None):
        self.leaves = [node.variable for node in nodes if isinstance(node, AccumulateGrad)]
        self._names, self._users, self._haystack = (names or Names()).without_values(self.leaves), {}, {}
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
        numbers = [number for number, node in enumerate(self.nodes) if wanted in self._words(node)]
        title = text("found", found=len(numbers), count=len(self.nodes), words=words)
        return Listing(title, [self._entry(number) for number in numbers[:count]], len(numbers))

    def _words(self, node):
        """What a search looks at; operations of one line and one shape have the same."""
        record = record_of(node)
        key = (node.op, node.name(), str(node.shape)) + (() if record is None else (record.call, record.file, record.number))
        if key not in self._haystack:
            entry = self._described(0, node)
            line = f"{entry.line.place} {entry.line.code}" if entry.line is not None else ""
            self._haystack[key] = f"{entry.name} {entry.module} {entry.path} {shape_text(entry.shape)} {line}".lower()
        return self._haystack[key]

    def near(self, number, count=AROUND):
        """The ``count`` operations around operation ``number``, as a Graph to look at and to step forward through.

        >>> import lesson_lib as torch
        >>> from lesson_lib.viz.census import Census
        >>> from lesson_lib.viz.trace import nodes_of, roots_of
        >>> x = torch.ones(2, requires_grad=True)
        >>> list(Census(nodes_of(roots_of([(x * 2).exp().sum()]))).near(1, count=2).model.ops)
        ['o0', 'o1']
        """
        centre = self.nodes[number]
        trace = Trace((), self._names, nodes=sorted(self._around(centre, count), key=lambda node: -node.key))
        trace.model.steps = forward_steps(trace.model)
        trace.model.reason = lambda: text("only a part")
        return Graph(trace.model, View(step=1 + list(trace.model.ops).index(trace.op_ids[centre])))

    def _around(self, centre, count):
        """The nodes next to one, in both directions, and the leaves that they read; a leaf leads no further."""
        found, queue, operations = set(), deque([centre]), 0
        while queue:
            node = queue.popleft()
            is_leaf = isinstance(node, AccumulateGrad)
            if node in found or (not is_leaf and operations == count):
                continue
            found.add(node)
            if not is_leaf:
                operations += 1
                queue.extend(child for child, _ in node.next_functions if child is not None)
                queue.extend(self._users_of(node))
        return found

    def _users_of(self, node):
        """The operations that read what a node made. Who reads what is noted when it is first asked."""
        if not self._users:
            for user in self.nodes:
                for child, _ in user.next_functions:
                    if child is not None and not isinstance(child, AccumulateGrad):
                        self._users.setdefault(child, []).append(user)
        return self._users.get(node, ())

    def _listing(self, title, numbers, count):
        return Listing(text(title, count=count), [self._entry(i) for i in numbers], len(numbers))

    def _entry(self, number):
        return self._described(number, self.nodes[number])

    def _described(self, number, node):
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

    def counts(self):
        """(heading, [(name, how many)]) of operations and modules."""
        return [(text(key), counts.most_common(FEW)) for key, counts in (("operation", self.names), ("module", self.modules)) if counts]

    def __repr__(self):
        counts = [f"{head}: " + ", ".join(f"{name} ×{count}" for name, count in pairs) for head, pairs in self.counts()]
        return "\n\n".join(["\n".join([self.title, *counts]), repr(self.largest()), repr(self.slowest()), text("search hint")])

    def _repr_html_(self):
        counts = "".join(f"<p>{escape(head)}: {', '.join(f'{escape(name)} ×{count}' for name, count in pairs)}</p>" for head, pairs in self.counts())
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
