"""What is different on screen after a number was changed, and nothing else: cards, numbers, and the sentence of the step."""

from .card import Card
from .chip import chip_svg, chip_words
from .dot import cards, chips, layout_dot
from .fold import CARDS
from .model import OWN_SCALE, flow_json
from .paint import Pen, card_svg
from .screen import cards_json
from .summary import window
from .texts import text
from .view import State

TERMS = 5  # contributions to one gradient that are shown

class Shot:
    """A Model as it is on screen: what two of them have in common need not be sent again."""

    def __init__(self, model, view):
        self.model = model
        self.state = State(model, view)
        self.tensors = model.tensors_json()
        self.drawn = {key: card for key, _, card in cards(self.state)} | {key: chip_words(node) for key, node in chips(model).items()}
        self.room = {key: card.size for key, card in self.drawn.items() if isinstance(card, Card)}  # that the layout keeps for each card

    def since(self, before):
        """The parts of the browser's data that are others than those of the Shot ``before``, of the same graph."""
        new = [key for key, what in self.drawn.items() if before.drawn[key] != what]
        found = {
            "tensors": {key: told for key, told in self.tensors.items() if before.tensors[key] != told},
            "fragments": {key: self._fragment(key) for key in new},
        }
        outgrown = any(width > before.room[key][0] or height > before.room[key][1] for key, (width, height) in self.room.items())
        if self.state.is_small or (outgrown and len(self.model.ops) <= CARDS):  # a larger picture stands still: its layout takes too long
            found["dot"] = layout_dot(self.model, self.state.view)
        else:
            self.room = before.room
        if way(self.model) != way(before.model):
            found |= self.model.way_json()
        return found

    def _fragment(self, key):
        pen, what = Pen(self.state.view.theme), self.drawn[key]
        return card_svg(what, pen, self.state, key) if isinstance(what, Card) else chip_svg(self.model.tensors[key], pen)


def outline_since(before, after, seen, everything):
    """The same of a graph whose numbers are fetched: what is in sight (``seen``, ids) is sent anew, of all else only that there are numbers or none."""
    then, now = (model.tensors_json(OWN_SCALE, later=True) for model in (before, after))
    found = cards_json(after, [key for key in seen if key in after.tensors], everything)  # operations have no numbers
    found["seen"] = list(found["tensors"])
    found["tensors"] = {key: told for key, told in now.items() if then[key] != told} | found["tensors"]
    return found | (after.way_json() if way(after) != way(before) else {})


def way(model):
    """The steps without their words."""
    return [(step.kind, step.at, step.flows) for step in model.steps]


def told_step(model, number):
    """The sentence and the arithmetic of one step, and of the steps before it what is added to the same gradients."""
    step = model.steps[number]
    flows = dict.fromkeys((*step.flows, *_met(model, number)))
    return {"number": number, "text": step.text, "flows": {key: flow_json(model.flows[key], None) for key in flows}}


def _met(model, number):
    """Ids of the flows that reached the tensors of a step before it: of many, those that are shown."""
    step, found = model.steps[number], []
    targets = {model.flows[key].tensor for key in step.flows} | ({step.at} if step.kind == "accumulate" else set())
    for tensor in targets:
        before = [key for past in model.steps[:number] for key in past.flows if model.flows[key].tensor == tensor]
        found += before if len(before) <= TERMS else [*before[: TERMS - 1], before[-1]]
    return found


def told_visit(model, number):
    """The sentence and the arithmetic of one visit of naive recursion."""
    try:
        return model.recursion.tell(number)
    except RuntimeError:  # the saved values are gone, or were written to since
        return {"text": text("nothing recorded"), "chains": [], "sum": None}


def windows_of(model, tensor, outline=False):
    """The numbers of a tensor that the details show, where they do not travel with the graph, as in an outline none do: "t0.value" -> window."""
    node = model.tensors.get(tensor)
    if node is None:
        return {}
    kinds = {kind: (getattr(node, kind), getattr(node, f"{kind}_handle")) for kind in ("value", "gradient", "grad")}
    return {f"{tensor}.{kind}": window(array) for kind, (summary, array) in kinds.items() if array is not None and (outline or model.compact or not summary.exact)}
