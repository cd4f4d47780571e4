"""The graph whose modules open and close, in a notebook.

The browser holds only what is visible. A click on a module asks for the graph with that one open (or closed); the numbers of a tensor
and the arithmetic of a step are asked for when somebody looks at them.
"""

from bisect import bisect_left

from .box import facts, heading_parts
from .fold import fold
from .paint import headings
from .texts import speaking, text
from .view import State, View
from .widget import GraphView, picture_data


class FoldView(GraphView):
    """A folded graph on screen."""

    def __init__(self, graph, place=""):
        super().__init__(graph, place)
        graph.views.add(self)

    def picture(self, model):
        """What the browser gets: the visible part, and its modules."""
        heads = headings(State(model, View(every_step=True)))
        return {**picture_data(model), "order": order(model), "groups": groups_json(model), "places": places(model), "headings": heads}

    def visible(self, model):
        """The whole Model, folded as the graph is."""
        return fold(model, self.graph.opened, self.graph.rows)

    def refold(self, before, changed):
        """Show the graph as it is folded now; ``before`` is the Model that was shown, ``changed`` the ids of what was opened or closed."""
        with speaking(self.language):
            self._refold(before, changed)

    def _refold(self, before, changed):
        model = self.model = self.graph.model if self.poking is None else self.visible(self.poking.model)
        self._shot = None
        reached = before.until[min(self.position, len(before.until) - 1)] if before.until else 0
        at = min(bisect_left(model.until, reached), max(len(model.steps) - 1, 0))
        toggled, said = "", ""
        if len(changed) == 1:
            (toggled,) = changed
            is_open = toggled in self.graph.opened
            cluster = (model if is_open else before).clusters.get(toggled)  # None: it stands in a module that is closed
            count = self.graph.size(toggled)
            said = text("opened" if is_open else "closed", title=cluster.title if cluster else toggled, count=count)
        with self.hold_sync():  # so that the browser hears of both at once
            self.data = {**self.picture(model), "toggled": toggled, "said": said}
            self.position = at

    def _answer(self, view, message, buffers):
        if message.get("type") == "toggle":
            self.graph.toggle(message["id"])
        else:
            super()._answer(view, message, buffers)


def order(model):
    """All ids as a reader meets them: every open module before what is in it, a parameter before the operation that reads it."""
    found = {key: None for key, node in model.tensors.items() if node.made_by is None and model.cluster_of(node) is None}
    for op, node in model.ops.items():
        around, at = [], model.cluster_of(node)
        while at is not None and at not in found:
            around.append(at)
            at = model.clusters[at].parent
        given = [key for key in model.inputs_of(op) if model.tensors[key].made_by is None]
        found.update(dict.fromkeys([*reversed(around), *(key for key in given if key not in found), op, *model.outputs_of(op)]))
    return list(found)


def groups_json(model):
    """id -> the words for every module that is visible, open or closed."""
    found = {}
    for key, group in model.clusters.items():
        title, words = heading_parts(group, model)
        found[key] = {"name": title[2:], "kind": group.kind, "path": group.name, "facts": words, "open": True, "opens": key}
    for key, op in model.ops.items():
        if op.box is not None:
            name = f"{op.box.title} ×{op.box.count}" if op.box.count > 1 else op.box.title
            words = " · ".join(facts(op.box))
            found[key] = {"name": name, "kind": op.name, "path": op.box.path, "facts": words, "open": False, "opens": op.box.opens}
    return found


def places(model):
    """id of everything that stands in an open module -> the id of that module."""
    found = {key: group.parent for key, group in model.clusters.items() if group.parent is not None}
    things = {**model.ops, **model.tensors}
    return found | {key: place for key, node in things.items() if (place := model.cluster_of(node)) is not None}
