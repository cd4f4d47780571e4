"""A failed operation in a notebook: the graph that led to it, and beneath it the lines that would have worked."""

from collections import deque

from .widget import GraphView

MOST = 5  # failures that are live at a time; an older one is a picture again, and its numbers are let go


class FailureView(GraphView):
    """A Failure on screen."""

    _alive = deque()

    def __init__(self, failure, place=""):
        super().__init__(failure, place)
        self._alive.append(self)
        while len(self._alive) > MOST:
            self._alive.popleft().close()

    def picture(self, model):
        """What the browser gets."""
        return {**super().picture(model), **self.graph.extras(model)}
