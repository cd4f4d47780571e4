"""What is being looked at: a step, a selection, a theme; and what is known of each tensor at that moment."""

from dataclasses import dataclass

from .summary import Summary
from .texts import text

SMALL_GRAPH = 6  # up to this many operations a graph runs from left to right, a larger one from top to bottom


@dataclass(frozen=True)
class View:
    """The state of a picture. ``step`` None is the graph as it is now, with what ``.grad`` holds."""

    step: int | None = None
    selected: str | None = None
    theme: str = "light"
    every_step: bool = False  # draw all that any step shows; the widget hides what is not known yet
    values_only: bool = False  # no gradients on the cards
    upright: bool = False  # from top to bottom, even if it is small


@dataclass(frozen=True)
class Picture:
    """A value or a gradient at this moment. An unknown one keeps its size on the card, so that stepping moves nothing."""

    role: str  # value | gradient
    summary: Summary | None
    known: bool
    absent: str  # the words in its place


class State:
    """A Model seen through a View."""

    def __init__(self, model, view):
        if view.step is not None and not -len(model.steps) <= view.step < len(model.steps):
            raise IndexError(f"step {view.step} is out of range: this graph has steps 0 to {len(model.steps) - 1}")
        self.model, self.view = model, view
        index = len(model.steps) if view.step is None else view.step % len(model.steps)
        past = model.steps[: index + 1]
        self.step = None if view.step is None else past[-1]
        self.known = {"value": {key for step in past for key in step.values}, "gradient": {key for step in past for key in step.gradients}}
        self.partly = dict(pair for step in past for pair in step.partly)

    @property
    def is_small(self):
        """True if the graph runs from left to right, and so has room for arrows of their own to go back."""
        return len(self.model.ops) <= SMALL_GRAPH and not self.view.upright and not self.model.compact and not self.model.clusters

    @property
    def flows(self):
        """The flows that have an arrow of their own in the layout: all of a small graph's while one steps through it."""
        return self.model.flows if self.is_small and (self.step is not None or self.view.every_step) else {}

    def runs(self, flow):
        """True if the flow's arrow is visible."""
        return self.view.every_step or (self.step is not None and flow.id in self.step.flows)

    def pictures(self, node):
        """The Pictures on a tensor's card; a constant has no gradient."""
        pictures = [self._value(node)]
        if node.kind != "constant" and not self.view.values_only:
            pictures.append(self._gradient(node))
        return pictures

    def _value(self, node):
        absent = (node.absent or text("not recorded")) if node.value is None else text("not computed")
        known = node.value is not None and (self.view.every_step or node.id in self.known["value"])
        return Picture("value", node.value, known, absent)

    def _gradient(self, node):
        if self.view.every_step or self.step is not None:
            known = node.gradient is not None and (self.view.every_step or node.id in self.known["gradient"])
            return Picture("gradient", node.gradient, known, self.partly.get(node.id, text("not computed")))
        ran = self.model.ran_backward
        summary = node.grad or (node.gradient if ran and node.kind != "leaf" else None)
        return Picture("gradient", summary, summary is not None, text("not kept" if ran and node.kind != "leaf" else "not computed"))

    def mark(self, key):
        """How a node is marked: "forward" or "backward" where the step is, "" elsewhere."""
        if self.step is None or self.step.at != key:
            return ""
        return "forward" if self.step.kind == "forward" else "backward"

    def flow_along(self, edge):
        """The flow that runs back along ``edge`` at this step, where it has no arrow of its own; None if there is none."""
        if self.is_small or self.step is None:
            return None
        flows = (self.model.flows[key] for key in self.step.flows)
        return next((flow for flow in flows if (flow.tensor, flow.op) == (edge.source, edge.target)), None)

    def runs_forward(self, edge):
        """True for the edges into and out of the operation that a forward step computes."""
        return self.step is not None and self.step.kind == "forward" and self.step.at in (self.model.start_of(edge), edge.target)
