"""The graph whose modules open and close, in a notebook.

The browser holds only what is visible. A click on a module asks for the graph with that one open (or closed); the numbers of a tensor
and the arithmetic of a step are asked for when somebody looks at them.
"""

from bisect import bisect_left

from .fold import fold
from .screen import folded_data
from .texts import speaking, text
from .widget import GraphView


class FoldView(GraphView):
    """A folded graph on screen."""

    def __init__(self, graph, place=""):
        super().__init__(graph, place)
        graph.views.add(self)

    def picture(self, model):
        """What the browser gets: the visible part, and its modules."""
        return {**folded_data(model, self.everything, whole=False), **self.graph.extras(model)}

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
        elif message.get("type") == "reveal":
            self.graph.reveal(message["id"])
        else:
            super()._answer(view, message, buffers)
