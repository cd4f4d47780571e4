"""The graph to step through, in a notebook: two anywidgets, a heavy one per kernel and a light one per graph.

``GraphEngine`` carries Graphviz as WebAssembly and answers one question, the layout of a DOT text. ``GraphView`` carries
one graph and borrows the engine. The drawing, the steps and the words all come from Python; the browser only places,
shows and hides them, so stepping works while the kernel is busy.
"""

from pathlib import Path

import anywidget
import traitlets

from .dot import layout_dot
from .paint import fragments
from .summary import window
from .texts import ENGLISH
from .theme import COLOURS
from .view import State, View

STATIC = Path(__file__).parent / "static"


def static(name):
    """The text of a built file. Given the path itself, anywidget would keep every widget alive, for the day on which the file changes."""
    return (STATIC / name).read_text(encoding="utf-8")


class GraphEngine(anywidget.AnyWidget):
    """Graphviz in the browser. It shows nothing itself."""

    _esm = static("engine.js")
    _shared = None

    @classmethod
    def shared(cls):
        """The kernel's one engine; a new one if the old one was closed."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        return cls._shared


class GraphView(anywidget.AnyWidget):
    """One graph on screen. ``position`` is the step it stands at and can be set; ``selected`` is the node that was clicked."""

    _esm = static("view.js")
    _css = static("style.css")
    engine = anywidget.WidgetTrait().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)

    def __init__(self, graph):
        self.graph = graph
        super().__init__(engine=GraphEngine.shared(), data=self.picture(graph.model), position=graph.model.now)
        self.on_msg(self._answer)

    def picture(self, model):
        """What the browser gets."""
        return picture_data(model)

    @traitlets.validate("position")
    def _within(self, proposal):
        return min(max(proposal["value"], 0), len(self.graph.model.steps) - 1)

    def _answer(self, _, message, buffers):
        """Send the numbers of a large tensor when its details are opened: they do not travel with the graph."""
        if message.get("type") != "window":
            return
        node = self.graph.model.tensors.get(message["id"])
        array = node and {"value": node.value_handle, "gradient": node.gradient_handle, "grad": node.grad_handle}.get(message["which"])
        if array is not None:
            self.send({"type": "window", "key": message["key"], "window": window(array)})

    def __repr__(self):
        return f"<GraphView: {len(self.graph.model.ops)} operations, step {self.position} of {len(self.graph.model.steps) - 1}>"


def picture_data(model):
    """All that a view needs, as JSON: the model, the layout's DOT text, the cards, the words and the colours."""
    everything = View(every_step=True)
    return {
        **model.to_json(),
        "dot": layout_dot(model, everything),
        "fragments": fragments(State(model, everything)),
        "order": model.order(),
        "texts": ENGLISH,
        "palette": COLOURS,
    }
