"""``graph(loss)``: the computation graph as an object that draws itself in a notebook and prints as a tree elsewhere."""

import sys
from functools import partial
from pathlib import Path

from ..core.atomic_file import replacing
from .deferred import settle
from .dot import to_dot
from .export import to_pdf, to_png
from .names import names_seen_from
from .page import to_page
from .replay import Replay
from .screen import picture_data
from .steps import add_steps
from .svg import can_draw, to_svg
from .trace import Trace, check_tensors
from .tree import to_text
from .view import View

try:
    import anywidget  # noqa: F401 - the question is only whether it is there
except ImportError:
    from .no_widget import GraphView
else:
    from .widget import GraphView

SETTLED = 200  # up to this many operations all pictures of arrays are made at once; of larger graphs, when they are looked at
DRAWN = 400  # a graph with more operations is not drawn without being asked: the picture would take long and tell little


class Graph:
    """A computation graph: what a notebook shows is a picture, what a terminal shows is a tree.

    ``model`` is the graph as plain data, ``dot`` its text in Graphviz's language, ``svg()`` the picture,
    ``widget()`` the graph to step through. ``replay`` makes its Replay, where one is possible.
    """

    def __init__(self, model, view, replay=None):
        self.model, self.view, self.replay = model, view, replay

    @property
    def dot(self):
        """The drawing in Graphviz's language, for other tools."""
        return to_dot(self.model, self.view)

    def svg(self, step=None, theme=None, selected=None):
        """The picture as SVG text, at a step (an index into ``model.steps``) or as it is now."""
        return to_svg(self.model, View(self.view.step if step is None else step, selected or self.view.selected, theme or self.view.theme))

    def save(self, path):
        """Write the picture to ``path``: an .svg, .png or .pdf file, .dot for Graphviz, or .html, which steps in a browser without Python or a network.

        The file is replaced at once or not at all.
        """
        kinds = {
            ".svg": lambda: self.svg().encode(),
            ".png": lambda: to_png(self.svg(), self.view.theme),
            ".pdf": lambda: to_pdf(self.svg()),
            ".dot": lambda: self.dot.encode(),
            ".html": lambda: to_page(self),
        }
        kind = Path(path).suffix.lower()
        if kind not in kinds:
            raise ValueError(f"a picture is saved as {', '.join(kinds)}, not as {kind or 'a file without an ending'}")
        content = kinds[kind]()
        with replacing(path) as file:
            file.write(content)

    def picture(self, model):
        """What a browser gets of ``model``, this graph."""
        return picture_data(model)

    def foldings(self):
        """(the ids that are open, the Model) for this picture and those that presses lead to; here nothing folds."""
        yield frozenset(), self.model

    def widget(self):
        """The graph to step through, for a notebook."""
        return GraphView(self)

    @property
    def _text(self):
        return to_text(self.model)

    def __repr__(self):
        return self._text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.still()

    def still(self):
        """The mimebundle that needs no kernel: text, and the picture unless the graph is large."""
        bundle = {"text/plain": self._text}
        if can_draw() and len(self.model.ops) <= DRAWN:
            bundle["image/svg+xml"] = self.svg()
        return bundle


def graph(*outputs, model=None, gradient=None, step=None, theme="light"):
    """The graph that computed ``outputs``, as a static picture.

    Tensors are named after the caller's variables and, with ``model``, after its parameters. ``step`` is an index into
    ``.model.steps``: the picture then shows the graph at that step, ``-1`` being the end of the backward pass.
    ``gradient`` starts the backward pass of an output that is not a single number.

    Shapes are always known; values are those of variables, of what the graph saved for its own gradients, and, between
    ``record()`` and ``stop()``, all of them. Nothing is computed twice and no ``.grad`` is touched.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> x = torch.ones(2, requires_grad=True)
    >>> with viz.record():
    ...     out = (x * 3).sum()
    >>> viz.graph(out)
    out  scalar = 6
    └─ sum  [SumBackward0]
       └─ x · 3  2
          └─ mul · 3  [MulBackward0]
             └─ x  2  leaf
    """
    return _drawn(outputs, sys._getframe(1), model, gradient, View(step=step, theme=theme))


def step(*outputs, model=None, gradient=None):
    """The graph that computed ``outputs``, as a widget: step forward and backward, click a node to look inside.

    Takes what ``graph`` takes. Needs anywidget: ``python -m pip install anywidget``.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> x = torch.ones(2, requires_grad=True)
    >>> with viz.record():
    ...     out = (x * 3).sum()
    >>> view = viz.step(out)
    >>> view.graph.model.steps[-1].text
    'backward 3 of 3 · AccumulateGrad: x.grad += 3'
    """
    return _drawn(outputs, sys._getframe(1), model, gradient, View()).widget()


def _drawn(outputs, frame, module, gradient, view):
    check_tensors("graph", outputs)
    model, replay = traced(outputs, names_seen_from(frame, module), gradient)
    return Graph(model, view, replay)


def build(outputs, frame, module, gradient):
    """The Model of ``outputs``, with names as seen from ``frame``."""
    check_tensors("graph", outputs)
    return traced(outputs, names_seen_from(frame, module), gradient)[0]


def traced(outputs, names, gradient=None):
    """The Model of ``outputs`` with the given Names, and a function that makes the Replay of it."""
    trace = Trace(outputs, names)
    add_steps(trace, outputs, gradient)
    model = trace.model
    if len(model.ops) <= SETTLED:
        settle(*model.tensors.values(), *model.flows.values(), *model.steps)
    return model, partial(Replay, trace, outputs, gradient)
