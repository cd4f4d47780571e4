"""The way through a folded graph: one step for a whole box, in the order in which its operations are through."""

from dataclasses import replace
from functools import partial

from .model import Flow
from .steps import accumulate_text, backward_text, forward_steps
from .summary import shape_text
from .texts import text


def folded_steps(model, folded, stand_in):
    """(The steps of ``folded``, for each the number of the last step of ``model`` in it).

    ``stand_in`` says which visible thing stands for each operation of ``model``.
    """
    if not model.steps:
        return [], []
    until = {}
    for number, step in enumerate(model.steps):
        if step.kind == "forward":
            until[stand_in[step.at]] = number
    forward = forward_steps(folded)
    first = next((number for number, step in enumerate(model.steps) if step.kind not in ("start", "forward")), len(model.steps))
    back, ends = _Backward(model, folded, stand_in).steps(first)
    return forward + back, [0, *(until[step.at] for step in forward[1:]), *ends]


class _Backward:
    def __init__(self, model, folded, stand_in):
        self.model, self.folded, self.stand_in = model, folded, stand_in

    def steps(self, first):
        """The backward steps, those of one box as the last of them, and where in the model's steps they end."""
        back = list(enumerate(self.model.steps))[first:]
        last = {self.stand_in[step.at]: number for number, step in back if step.kind == "backward"}
        met, turns = {}, []
        for number, step in back:
            at = self.stand_in.get(step.at, step.at)
            if step.kind == "seed" or (step.kind == "accumulate" and at in self.folded.tensors and self.folded.tensors[at].made_by is None):
                turns.append((number, step, at, [step]))
            elif step.kind == "backward":
                met.setdefault(at, []).append(step)
                if last[at] == number:
                    turns.append((number, step, at, met[at]))
        count = sum(step.kind != "seed" for _, step, _, _ in turns)
        places = iter(range(1, count + 1))
        made = [self._step(step, at, parts, 0 if step.kind == "seed" else next(places), count) for _, step, at, parts in turns]
        return made, [number for number, *_ in turns]

    def _boxed(self, key):
        op = self.folded.ops.get(key)
        return op.box if op is not None else None

    def _step(self, step, at, parts, number, count):
        """One step out of all those that happen in the same visible place."""
        seen = self.folded.tensors
        whole = [key for part in parts for key in part.gradients if key in seen]
        flows = self._flows_of(at, [self.model.flows[key] for part in parts for key in part.flows if self.model.flows[key].tensor in seen])
        return replace(
            step, text=self._words(step, at, flows, number, count), at=at, gradients=tuple(whole), partly=partial(_partly, parts, seen, whole),
            flows=tuple(flow.id for flow in flows),
        )  # fmt: skip

    def _flows_of(self, at, flows):
        """Flows from one visible thing, those to the same tensor as one."""
        together = {}
        for flow in flows:
            if self.folded.tensors[flow.tensor].made_by != at:
                together.setdefault(flow.tensor, []).append(flow)
        made = []
        for tensor, several in together.items():
            parts = partial(_parts_of, several)
            label = partial(_label, self.folded, tensor) if self._boxed(at) else partial(getattr, several[0], "label")
            flow = Flow(f"f{len(self.folded.flows)}", at, tensor, parts, label)
            self.folded.flows[flow.id] = flow
            made.append(flow)
        return made

    def _words(self, step, at, flows, number, count):
        if step.kind == "seed":
            return partial(getattr, step, "text")
        if step.kind == "accumulate":
            return partial(accumulate_text, self.folded.tensors[at], number, count)
        op = self.folded.ops[at]
        return partial(self._box_text if op.box else backward_text, self.folded, op, flows, number=number, count=count)

    @staticmethod
    def _box_text(folded, op, flows, number, count):
        names = ", ".join(folded.tensors[flow.tensor].name for flow in flows) or text("own parameters")
        return text("backward box", number=number, count=count, op=op.label, tensors=names)


def _partly(parts, seen, whole):
    """What there is to say of each visible gradient that is still being summed after ``parts``."""
    return tuple({key: words for part in parts for key, words in part.partly if key in seen and key not in whole}.items())


def _parts_of(flows):
    return tuple(part for flow in flows for part in flow.parts)


def _label(folded, tensor):
    return "∂ " + shape_text(folded.tensors[tensor].shape)
