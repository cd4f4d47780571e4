"""The graph as plain data: what a picture, a table or a test needs to know, and nothing of how it is drawn.

``trace`` builds it, ``steps`` adds the way through it, ``dot`` and ``card`` draw it. There is no Tensor in it, only the
opaque ``handle``s from which a full value can be fetched when someone asks for it.
"""

from dataclasses import dataclass, field, fields
from pathlib import PurePath

from .deferred import REQUIRED, Deferred, Spoken
from .saved import saved_json
from .summary import Summary
from .texts import text
from .units import bytes_text, operations_text, seconds_text

SPOKEN = 100  # up to this many steps the sentences travel with a large graph
LATER = {"texts": [], "heat": [], "exact": False, "note": "", "later": True}  # numbers that are fetched when somebody looks
OWN_SCALE = {"value": 0.0, "gradient": 0.0}  # each tensor's numbers are compared with each other only
NEAR = 8  # operations between two uses of a leaf that may still be joined by a line to the same card


@dataclass(frozen=True)
class SourceLine:
    """A line of the user's code."""

    file: str
    number: int
    code: str

    @property
    def place(self):
        """File and line; for a notebook's cell, whose file is a temporary one, the line in the cell."""
        path = PurePath(self.file)
        if path.parent.name.startswith("ipykernel_"):
            return text("in cell", number=self.number)
        return f"{path.name}:{self.number}"


@dataclass
class TensorNode:
    """A card: a leaf, an intermediate value, the output, or a constant that no gradient reaches."""

    id: str
    name: str = Spoken(REQUIRED)  # the user's; of what has none, a word or an expression
    kind: str  # leaf | intermediate | loss | constant
    shape: tuple
    dtype: str
    made_by: str | None = None  # id of the operation
    group: str | None = None  # id of the module call that it belongs to
    value: Summary | None = Deferred(None)  # None: not recorded
    gradient: Summary | None = Deferred(None)  # of this backward pass; None: not computed
    grad: Summary | None = Deferred(None)  # what .grad holds now, sums of several passes included
    cut: str = ""  # of a constant: how it was cut off from tensors that require gradients ("detach", "no_grad", "cast")
    absent: str = Spoken("")  # the words in place of a value that is not known, where that has a reason of its own
    value_handle: object = field(default=None, repr=False)
    gradient_handle: object = field(default=None, repr=False)
    grad_handle: object = field(default=None, repr=False)


@dataclass
class OpNode:
    """A circle: one recorded operation."""

    id: str
    name: str  # mul
    symbol: str  # ×
    title: str  # MulBackward0
    caption: str = ""  # "· 3": what stands beside the circle
    formula: str = ""
    line: SourceLine | None = None
    source: str = ""  # key into Model.sources
    group: str | None = None  # id of the module call in which it ran
    seconds: float = 0.0
    bytes: int = 0  # memory of what it made
    saved: tuple = ()  # the Saved arrays that it keeps for the backward pass
    box: object = None  # of a closed group: the Box that stands for all its operations

    @property
    def label(self):
        """``mul · 3``: name and caption, where the caption does not already begin with the name."""
        if self.box is not None:
            return f"{self.caption} ({operations_text(len(self.box.operations))})"
        return self.caption if self.caption.startswith(self.name) else f"{self.name} {self.caption}".strip()


@dataclass(frozen=True)
class Edge:
    """Tensor → operation (as input number ``position``), or operation → tensor (as output number ``position``)."""

    source: str
    target: str
    position: int


@dataclass(frozen=True)
class Part:
    """One use of a tensor in an operation, going back: upstream · local = contribution."""

    position: int
    upstream: Summary
    local: Summary | None  # None: the rule is no product of numbers
    contribution: Summary
    rule: str  # ∂y/∂a = b
    summed: bool = False  # broadcast dimensions were summed away
    terms: tuple | None = None  # the arithmetic of one element: (0.25, 3.0, 0.75, "[0, 1]")


@dataclass(frozen=True)
class Flow:
    """What one operation sends back to one tensor; two parts if it used the tensor twice, as y·y does."""

    id: str
    op: str
    tensor: str
    parts: tuple = Deferred(())
    label: str = Deferred("")


@dataclass(frozen=True)
class Step:
    """One position of the slider: what became known, where we are, and the sentence that says so."""

    kind: str  # start | forward | seed | backward | accumulate
    text: str = Spoken("")
    at: str | None = None  # id of the operation, or of the leaf that accumulates
    values: tuple = ()  # tensors whose value became known
    gradients: tuple = ()  # tensors whose gradient became complete
    partly: tuple = Spoken(())  # (tensor, "1 of 2 added"): gradients still being summed
    flows: tuple = ()  # ids of the flows that run


@dataclass
class Model:
    """A computation graph and, if its values are known, the steps through it."""

    tensors: dict = field(default_factory=dict)  # id -> TensorNode, in the order of computation
    ops: dict = field(default_factory=dict)  # id -> OpNode, in the order of computation
    edges: list = field(default_factory=list)
    flows: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)
    groups: dict = field(default_factory=dict)  # id -> Group: the module calls, outer ones first
    clusters: dict = field(default_factory=dict)  # the Groups that are open in this view, each with the open one around it as parent
    compact: bool = False  # no cards: intermediate values are lines, what is given is a chip
    wires: set = field(default_factory=set)  # ids of tensors that are drawn as a line with a shape, not as a card
    sources: dict = field(default_factory=dict)  # name of an op -> the text of its class
    until: list = field(default_factory=list)  # of a folded graph: for each step the last step of the whole graph that is in it
    reason: str = Spoken("")  # why there are no backward steps
    seeds: dict = field(default_factory=dict)  # id of a tensor -> Summary: what was given to start from, where more arrives later
    recursion: object = field(default=None, repr=False)  # the Recursion that would go the same way back
    ran_backward: bool = False  # backward() went through this graph and freed what it had saved

    def __post_init__(self):
        self._around = {}  # id of an operation -> (edges in, edges out)
        self._users = {}  # id of a tensor -> ids of the operations that read it, in order
        given, self.edges = self.edges, []
        for edge in given:
            self.connect(edge.source, edge.target, edge.position)

    def connect(self, source, target, position):
        """Add an edge."""
        edge = Edge(source, target, position)
        self.edges.append(edge)
        leads_in = target in self.ops
        into, out_of = self._around.setdefault(target if leads_in else source, ([], []))
        (into if leads_in else out_of).append(edge)
        if leads_in:
            self._users.setdefault(source, {})[target] = None

    def inputs_of(self, op):
        """Ids of the tensors that the operation ``op`` reads, in order."""
        return [edge.source for edge in sorted(self._around.get(op, ([], []))[0], key=lambda e: e.position)]

    def users_of(self, tensor):
        """Ids of the operations that read ``tensor``, in order."""
        return list(self._users.get(tensor, ()))

    def outputs_of(self, op):
        """Ids of the tensors that the operation ``op`` makes, in order."""
        return [edge.target for edge in sorted(self._around.get(op, ([], []))[1], key=lambda e: e.position)]

    def start_of(self, edge):
        """The id of what an edge's arrow begins at: where its tensor is a line, the operation that made it."""
        return self.tensors[edge.source].made_by if edge.source in self.wires else edge.source

    def cluster_of(self, node):
        """The id of the open group in which an operation or tensor is drawn; None for outside of all."""
        key = self.ops[node.made_by].group if getattr(node, "made_by", None) in self.ops else node.group
        while key is not None and key not in self.clusters:
            key = self.groups[key].parent if key in self.groups else None
        return key

    def order(self):
        """All ids as a reader meets them: what is given first, then each operation followed by what it makes."""
        given = [key for key, node in self.tensors.items() if node.made_by is None]
        return given + [key for op in self.ops for key in (op, *self.outputs_of(op))]

    def references(self):
        """Edges to draw from a small stand-in of their tensor, because the tensor is far away: edge number -> id of the stand-in.

        A weight that every step of a loop reads would otherwise pull lines across the whole graph.
        """
        found, first = {}, {}
        at = {key: place for place, key in enumerate(self.ops)}
        for number, edge in enumerate(self.edges):
            if edge.source in self.tensors and self.tensors[edge.source].made_by is None:
                begin = first.setdefault(edge.source, at[edge.target])
                if at[edge.target] - begin > NEAR:
                    found[number] = f"r{number}"
        return found

    @property
    def scale(self):
        """The largest value and the largest gradient of the small tensors: they share a scale, so that 27 is darker than 3."""
        if self.compact:
            return OWN_SCALE  # there are no cards to compare
        seen = {"value": [node.value for node in self.tensors.values()]}
        seen["gradient"] = [summary for node in self.tensors.values() for summary in (node.gradient, node.grad)]
        return {role: max((s.peak() for s in summaries if s is not None and s.exact), default=0.0) for role, summaries in seen.items()}

    @property
    def now(self):
        """The position at which the widget opens: all values known, no gradient yet."""
        return max((i for i, step in enumerate(self.steps) if step.kind in ("start", "forward")), default=0)

    def to_json(self, outline=False):
        """Dictionaries, lists, strings and numbers only, ready for ``json.dumps``. An outline has no numbers: they are asked for when somebody looks."""
        later = outline or self.compact
        scale = OWN_SCALE if later else self.scale
        return {
            "tensors": self.tensors_json(scale, later=outline or None),
            "ops": {key: {"name": node.name, "label": node.label} for key, node in self.ops.items()} if outline else self.ops_json(),
            "edges": [[edge.source, edge.target, edge.position] for edge in self.edges],
            "wires": [key for key in self.tensors if key in self.wires],
            "references": {key: self.edges[number].source for number, key in self.references().items()},
            "flows": {key: flow_json(flow, scale["gradient"], later=later) for key, flow in self.flows.items()},
            "steps": [_step_json(step, later, told=not later or len(self.steps) <= SPOKEN) for step in self.steps],
            "seeds": {key: _summary_json(summary, None) for key, summary in self.seeds.items()},
            "saved": saved_json(self),
            "sources": self.sources,
            "reason": self.reason,
            "now": self.now,
        }

    def tensors_json(self, scale=None, only=None, later=None):
        """The tensors, or those in ``only``, as ``to_json`` has them; their numbers ``later``: None leaves them out where there are no cards."""
        scale = scale or self.scale
        chosen = self.tensors.items() if only is None else [(key, self.tensors[key]) for key in self.tensors.keys() & only]
        return {key: _tensor_json(node, scale, (self.compact and node.shape != ()) if later is None else later) for key, node in chosen}

    def ops_json(self, only=None):
        """The operations, or those in ``only``, as ``to_json`` has them."""
        return {key: _op_json(self.ops[key], self.groups.get(self.ops[key].group)) for key in (self.ops if only is None else self.ops.keys() & only)}

    def way_json(self):
        """The steps and flows, as ``to_json`` has them, but all of them without sentences and numbers: those follow when somebody looks."""
        return {
            "steps": [_step_json(step, True, told=False) for step in self.steps],
            "flows": {key: flow_json(flow, None, later=True) for key, flow in self.flows.items()},
        }


def _tensor_json(node, scale, later):
    if later:
        given = {"value": node.value_handle, "gradient": node.gradient_handle, "grad": node.grad_handle}
        summaries = {key: None if handle is None else {**LATER, "shape": list(node.shape)} for key, handle in given.items()}
    else:
        kinds = {"value": scale["value"], "gradient": scale["gradient"], "grad": scale["gradient"]}
        summaries = {key: _summary_json(getattr(node, key), peak or None) for key, peak in kinds.items()}
    return {
        "name": node.name,
        "kind": node.kind,
        "shape": list(node.shape),
        "dtype": node.dtype,
        "madeBy": node.made_by,
        "memory": "" if node.made_by is not None or node.value_handle is None else bytes_text(node.value_handle.nbytes),
        **summaries,
    }


def _step_json(step, later, told):
    """A step; in a large graph its arithmetic follows when it is looked at, and on a long way its sentence, too."""
    return {**{name: getattr(step, name) for name in _STEP}, "text": step.text if told else "", "later": later}


_STEP = [part.name for part in fields(Step) if part.name != "text"]


def _op_json(node, group):
    return {
        "module": f"{group.title} · {group.name}" if group is not None else "",
        "time": seconds_text(node.seconds) if node.seconds else "",
        "memory": bytes_text(node.bytes) if node.bytes else "",
        "name": node.name,
        "symbol": node.symbol,
        "title": node.title,
        "label": node.label,
        "formula": node.formula,
        "line": {"place": node.line.place, "code": node.line.code} if node.line else None,
        "source": node.source,
    }


def flow_json(flow, peak, later=False):
    """A flow; in a large graph its arithmetic follows when its step is looked at."""
    if later:
        return {"op": flow.op, "tensor": flow.tensor, "label": "", "parts": None}
    parts = [part_json(part, peak) for part in flow.parts]
    return {"op": flow.op, "tensor": flow.tensor, "label": flow.label, "parts": parts}


def part_json(part, peak=None):
    """One use of a tensor: its three numbers and the rule."""
    return {
        "upstream": _summary_json(part.upstream, peak),
        "local": _summary_json(part.local, None),
        "contribution": _summary_json(part.contribution, peak),
        "rule": part.rule,
    }


def _summary_json(summary, peak):
    return None if summary is None else summary.to_json(peak)
