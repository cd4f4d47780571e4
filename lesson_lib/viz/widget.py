"""The graph to step through, in a notebook: two anywidgets, a heavy one per kernel and a light one per graph.

``GraphEngine`` carries Graphviz as WebAssembly, which answers one question, the layout of a DOT text, and the programs of the
widgets. ``GraphView`` carries one graph and borrows the engine: a browser keeps what it read for each widget, even for a closed
one. The drawing, the steps and the words all come from Python; the browser only places, shows and hides them, so stepping works
while the kernel is busy. Buttons and labels are there in each language; the sentences and the cards come again when the reader
switches. A number that is changed on screen is changed for this view alone.
"""

from functools import partial
from pathlib import Path
from uuid import uuid4

import anywidget
import traitlets

from .changes import Shot, outline_since, told_step, told_visit, windows_of
from .living import in_frame, in_notebook, marked
from .main_thread import between_cells
from .poke import Poke
from .screen import AT_ONCE, cards_json, picture_data
from .shown_in import note
from .summary import window
from .texts import CATALOGUES, checked, language, speaking, text
from .view import View

STATIC = Path(__file__).parent / "static"


def static(name):
    """The text of a built file. Given the path itself, anywidget would keep every widget alive, for the day on which the file changes."""
    return (STATIC / name).read_text(encoding="utf-8")


class GraphEngine(anywidget.AnyWidget):
    """Graphviz and the widgets' programs in the browser. It shows nothing itself."""

    _esm = static("engine.js")
    _shared = None

    @classmethod
    def shared(cls):
        """The kernel's one engine; a new one if the old one was closed."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        return cls._shared


def _as_it_is_now(data, view):
    """What a page gets that opens when numbers were changed already."""
    if view.poking is None:
        return data
    with speaking(view.language):
        return {**data, **view.picture(view.model), "poked": view.poking.state(view.model)}


class LiveView(anywidget.AnyWidget):
    """What the widgets that show graphs have in common: the engine, a position, a selected node, the words of each language, answers in one of them."""

    _esm = static("graph.js")
    _css = static("style.css")
    program = traitlets.Unicode("view").tag(sync=True)  # which of the engine's programs shows it
    answers = {}  # type of a message -> name of the method that answers it
    engine = anywidget.WidgetTrait().tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict(CATALOGUES).tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)  # the id of the picture on the page whose place it takes, and its own

    def __init__(self, place="", **traits):
        own = {"place": place, "model_id": place} if place else {}
        super().__init__(engine=GraphEngine.shared(), language=language(), **traits, **own)
        self.on_msg(self._hear)

    @property
    def last(self):
        """The last position."""
        raise NotImplementedError

    def looked_at(self, message):
        """The Model whose numbers a message asks for."""
        raise NotImplementedError

    @traitlets.validate("position")
    def _within(self, proposal):
        return min(max(proposal["value"], 0), self.last)

    @traitlets.validate("language")
    def _known(self, proposal):
        return checked(proposal["value"])

    def _repr_mimebundle_(self, **kwargs):
        note(self)
        return super()._repr_mimebundle_(**kwargs)

    def close(self):
        """End the view on the page, and what ipywidgets keeps there for its size."""
        super().close()
        self.layout.close()

    def _hear(self, *message):
        with speaking(self.language):
            self._answer(*message)

    def _answer(self, _, message, buffers):
        name = self.answers.get(message.get("type"))
        if name is not None:
            getattr(self, name)(message)

    def _window(self, message):
        """Send the numbers of a large tensor when its details are opened: they do not travel with the graph."""
        node = self.looked_at(message).tensors.get(message["id"])
        array = node and {"value": node.value_handle, "gradient": node.gradient_handle, "grad": node.grad_handle}.get(message["which"])
        if array is not None:
            self.send({"type": "window", "key": message["key"], "window": window(array)})


class GraphView(LiveView):
    """One graph on screen. ``position`` is the step it stands at and can be set; ``selected`` is the node that was clicked.
    ``naive`` is the visit of naive recursion that is shown instead (0: its start), and -1 while the right order is.

    ``model`` is what is on screen now: that of ``graph``, or, once a number was changed on screen, the Model that followed from it.
    """

    answers = {"window": "_window", "cards": "_draw", "steps": "_tell", "poke": "_poke", "naive": "_plan", "visit": "_visit"}
    data = traitlets.Dict().tag(sync=True, to_json=_as_it_is_now)
    naive = traitlets.Int(-1).tag(sync=True)

    def __init__(self, graph, place=""):
        self.graph, self.model, self.poking, self._shot = graph, graph.model, None, None
        self.everything = View(every_step=True, values_only=graph.view.values_only, upright=graph.view.upright)
        super().__init__(place or (uuid4().hex if in_notebook() else ""), data=self.picture(graph.model), position=graph.model.now)

    def _repr_mimebundle_(self, **kwargs):
        """What a cell keeps: the picture, whose place this widget takes on the page; where that cannot be, the widget's own output with the picture beside it."""
        note(self)
        still = self.graph.still()
        if self.place and not in_frame():
            return marked(still, self.place)
        live = super()._repr_mimebundle_(**kwargs)
        return still if live is None else {**still, **live[0]}

    @property
    def last(self):
        """The last step."""
        return len(self.model.steps) - 1

    def looked_at(self, message):
        """The Model that is on screen."""
        return self.model

    def picture(self, model):
        """What the browser gets."""
        return picture_data(model, self.everything, whole=False)

    def visible(self, model):
        """What of the whole Model is on screen."""
        return model

    @traitlets.observe("language")
    def _speak(self, change):
        """Send the sentences and the cards once more, in the language that is asked for."""
        if change["old"]:
            with speaking(self.language):
                self.data = self.picture(self.model)
        self._shot = None

    def _draw(self, message):
        """Send the cards and numbers that came into sight in a large graph."""
        self.send({"type": "cards", "key": message["key"], **cards_json(self.model, message["ids"], self.everything)})

    def _tell(self, message):
        """Send the sentences and the arithmetic of some steps."""
        numbers = [number for number in message["numbers"][:AT_ONCE] if number < len(self.model.steps)]  # the graph may have been folded since
        self.send({"type": "steps", "key": message["key"], "steps": [told_step(self.model, number) for number in numbers]})

    def _plan(self, message):
        """Send the visits of naive recursion, and the right order."""
        recursion = self.model.recursion
        self.send({"type": "naive", "key": message["key"], "plan": recursion and recursion.plan(self.model)})

    def _visit(self, message):
        """Send the sentence and the arithmetic of one visit, worked out between the user's cells."""
        between_cells(partial(self._send_visit, message))

    def _send_visit(self, message):
        with speaking(self.language):
            told = told_visit(self.model, message["number"])
        self.send({"type": "visit", "key": message["key"], "number": message["number"], **told})

    def _poke(self, message):
        """Change a number, or take all changes back, and send what is different then: between the user's cells, since a replay computes."""
        between_cells(partial(self._replay, message))

    def _replay(self, message):
        with speaking(self.language):
            self._send_changes(message)

    def _send_changes(self, message):
        answer = {"type": "poked", "key": message["key"]}
        before, seen = self.model, message.get("seen")  # seen: what is in sight of a graph whose cards are fetched
        shot = self._shot or (Shot(before, self.everything) if seen is None else None)
        try:
            self._change(message)
        except ValueError as reason:
            self.send({**answer, "error": str(reason)})
            return
        self.model = self.visible(self.poking.model)
        self._shot = Shot(self.model, self.everything) if seen is None else None
        self.position = min(self.position, len(self.model.steps) - 1)
        self.send({
            **answer, **(outline_since(before, self.model, seen, self.everything) if shot is None else self._shot.since(shot)), "told": told_step(self.model, self.position),
            "windows": windows_of(self.model, self.selected, shot is None), "poked": self.poking.state(self.model),
        })  # fmt: skip

    def _change(self, message):
        if self.graph.replay is None:
            raise ValueError(text("poke nowhere"))
        if self.poking is None:
            self.poking = Poke(self.graph.replay())
        if message.get("reset"):
            self.poking.reset()
        else:
            self.poking.change(message["id"], message["index"], message.get("value"), message.get("by", 0))

    def close(self):
        """End the view, and let go of its graph."""
        super().close()
        self.graph = self.model = self.poking = self._shot = None
        self.data = {}

    def __repr__(self):
        if self.model is None:
            return "<GraphView: closed>"
        return f"<GraphView: {len(self.model.ops)} operations, step {self.position} of {self.last}>"
