"""The way through a graph: forward one operation at a time, then backward, each with its arithmetic written out."""

from functools import cache, partial

from ..core import engine
from ..core.device import namespace
from ..core.node import AccumulateGrad
from .chain import label_lines, local_derivatives, make_part, sentence, shown
from .formula import rule_of
from .model import Flow, Step
from .record import restored
from .recursion import Recursion
from .summary import summarise
from .texts import text


def add_steps(trace, outputs, gradient=None):
    """Fill in the model's steps, and the gradients of this backward pass where they can be worked out."""
    model = trace.model
    model.steps = forward_steps(model)
    if not trace.nodes:
        model.reason = partial(text, "no graph")
        return
    if gradient is None and any(out.numel() != 1 for out in outputs):
        model.reason = partial(text, "needs gradient")
        return
    try:
        with restored(trace.nodes):
            rehearsal = engine.trace(outputs, gradient)
            Backward(trace, outputs, gradient, rehearsal).write()
    except RuntimeError:  # values that the rules need are gone, or were written to since
        model.reason = partial(text, "nothing recorded")


def forward_steps(model):
    """The start, then one step per operation."""
    given = tuple(key for key, node in model.tensors.items() if node.made_by is None)
    steps = [Step("start", partial(text, "start"), values=given)]
    for count, key in enumerate(model.ops, 1):
        steps.append(Step("forward", lambda key=key, count=count: forward_text(model, key, count), at=key, values=tuple(model.outputs_of(key))))
    return steps


def forward_text(model, key, count):
    """The sentence of the forward step number ``count``, which computes the operation ``key``."""
    inputs = ", ".join(dict.fromkeys(model.tensors[i].name for i in model.inputs_of(key)))
    output = ", ".join(name_and_value(model.tensors[i]) for i in model.outputs_of(key))
    return text("forward", number=count, count=len(model.ops), op=model.ops[key].label, inputs=inputs, output=output)


def seed_text(card, gradient):
    """The sentence of the step with which the way back starts."""
    return text("seed", output=card.name, value=shown(summarise(gradient)))


def backward_text(model, op, flows, number, count):
    """The sentence of a step through one operation: each product of upstream and local derivative."""
    said = " · ".join(sentence(part, model.tensors[flow.tensor].name) for flow in flows for part in flow.parts)
    return text("backward", op=op.name, flows=said or text("no flow"), number=number, count=count)


def accumulate_text(card, number, count):
    """The sentence of the step that adds to a leaf's ``.grad``."""
    return text("accumulate", leaf=card.name, value=shown(card.gradient), number=number, count=count)


def name_and_value(card):
    """``y`` or, for a tensor of one number, ``loss = 0.25``."""
    small = card.value is not None and card.value.exact and card.shape == ()
    return f"{card.name} = {shown(card.value)}" if small else card.name


class Backward:
    """Turns a rehearsed backward pass into Flows and Steps."""

    def __init__(self, trace, outputs, gradient, rehearsal):
        self.trace, self.model, self.rehearsal = trace, trace.model, rehearsal
        self.sums = {}  # tensor id -> gradient so far
        self.arrived = {}  # tensor id -> contributions so far
        self.expected = self._count_contributions()
        self.seeds, self.given = [], []
        seeds = gradient if isinstance(gradient, tuple | list) else (gradient,) * len(outputs)
        for out, seed, root in zip(outputs, seeds, trace.roots, strict=True):
            array = namespace(out._a).ones_like(out._a) if seed is None else seed._a
            key = self._tensor_id(root)
            self.seeds.append(key)
            self.given.append(array)
            self._add(key, array)
            if key in self.expected:
                self.expected[key] += 1
                self.model.seeds[key] = summarise(array)

    def write(self):
        """Add the steps to the model."""
        model = self.model
        reached = [node for node in self.trace.nodes if isinstance(node, AccumulateGrad) and self._tensor_id((node, 0)) in self.expected]
        turns = self.rehearsal + reached
        turns.sort(key=lambda turn: getattr(turn, "node", turn).key)  # the engine's own order
        first = self.seeds[0]
        complete = [key for key in self.seeds if key not in self.expected]
        for key in complete:
            self._complete(key)
        sentence = partial(seed_text, model.tensors[first], self.sums[first])
        model.steps.append(Step("seed", sentence, at=model.tensors[first].made_by, gradients=tuple(complete)))
        model.recursion = Recursion(self.trace, [self._place(turn) for turn in turns], self.inputs, list(zip(self.seeds, self.given, strict=True)))
        for count, turn in enumerate(turns, 1):
            where = {"number": count, "count": len(turns)}
            model.steps.append(self._accumulate(turn, where) if isinstance(turn, AccumulateGrad) else self._step(turn, where))

    def _place(self, turn):
        """(id of the operation or leaf, node) of a turn."""
        return (self._tensor_id((turn, 0)), turn) if isinstance(turn, AccumulateGrad) else (self.trace.op_ids[turn.node], turn.node)

    def _tensor_id(self, edge):
        return self.trace.tensor_ids[edge]

    def _count_contributions(self):
        expected, self.inputs = {}, {}
        for node, _, contributions in self.rehearsal:
            sent = [self._tensor_id(edge) for edge, array in zip(node.edges, contributions, strict=False) if edge is not None and array is not None]
            self.inputs[self.trace.op_ids[node]] = sent
            for key in sent:
                expected[key] = expected.get(key, 0) + 1
        return expected

    def _add(self, key, array):
        self.sums[key] = self.sums[key] + array if key in self.sums else array
        self.arrived[key] = self.arrived.get(key, 0) + 1

    def _complete(self, key):
        card, array = self.model.tensors[key], self.sums[key]
        card.gradient, card.gradient_handle = lambda: summarise(array), array

    def _step(self, turn, where):
        """One node's turn: a Flow to each tensor that it used."""
        op = self.model.ops[self.trace.op_ids[turn.node]]
        flows = [self._flow(op, key, parts) for key, parts in self._contributions(turn).items()]
        whole = [flow.tensor for flow in flows if self._is_whole(flow.tensor)]
        for key in whole:
            self._complete(key)
        return Step(
            "backward", lambda: backward_text(self.model, op, flows, **where), at=op.id, gradients=tuple(whole),
            partly=partial(_progress, [(flow.tensor, self.arrived[flow.tensor], self.expected[flow.tensor]) for flow in flows if flow.tensor not in whole]),
            flows=tuple(flow.id for flow in flows),
        )  # fmt: skip

    def _flow(self, op, key, parts):
        """The Flow whose parts the functions ``parts`` make, when someone looks."""
        flow = Flow(f"f{len(self.model.flows)}", op.id, key, lambda: tuple(part() for part in parts), lambda: "\n".join(label_lines(flow.parts)))
        self.model.flows[flow.id] = flow
        return flow

    def _is_whole(self, key):
        """True if every contribution has arrived. A leaf's ``.grad`` waits for AccumulateGrad, a step of its own."""
        return self.arrived[key] >= self.expected[key] and self.model.tensors[key].kind != "leaf"

    def _contributions(self, turn):
        """tensor id -> functions that make its Parts, in the order of the inputs; adds each contribution to the tensor's sum."""
        parts = {}
        node, upstream, contributions = turn
        saved = node.saved
        derivatives = cache(lambda: local_derivatives(turn, saved))
        for position, (edge, array) in enumerate(zip(node.edges, contributions, strict=False)):
            if edge is None or array is None:
                continue
            key = self._tensor_id(edge)
            fitted = engine.fitted(array, *_form(edge))
            self._add(key, fitted)
            arrived = _first(upstream) if node.several else upstream
            parts.setdefault(key, []).append(partial(_part, node, position, arrived, derivatives, array, fitted))
        return parts

    def _accumulate(self, node, where):
        key = self._tensor_id((node, 0))
        self._complete(key)
        card = self.model.tensors[key]
        return Step("accumulate", lambda: accumulate_text(card, **where), at=key, gradients=(key,))


def _part(node, position, arrived, derivatives, array, fitted):
    local = derivatives()
    return make_part(position, arrived, local and local[position], array, fitted, rule_of(node.op or getattr(node, "function", None), position))


def _progress(sums):
    """For each (tensor, arrived, expected) how far its gradient is, in words."""
    return tuple((key, text("waits") if arrived >= total else text("partly", arrived=arrived, total=total)) for key, arrived, total in sums)


def _form(edge):
    """(shape, dtype) that the gradient along ``edge`` must have."""
    target, index = edge
    return (target.shape[index], target.dtype[index]) if target.several else (target.shape, target.dtype)


def _first(parts):
    """Of an operation with several outputs, the first gradient that arrived."""
    return next(part for part in parts if part is not None)
