"""``show``: the one door. A loss or a model goes in; out comes its graph, folded so that it fits on a screen."""

import sys
from collections import deque
from functools import partial
from weakref import WeakSet

from ..core.tensor import Tensor
from ..nn.module import Module
from .census import Census
from .fold import fold, toggles
from .folded_text import folded_text
from .graph import DRAWN, Graph, GraphView, traced
from .living import in_frame, in_notebook, marked, new_place
from .names import names_seen_from
from .opening import by_name, first_open
from .record import record
from .rows import Rows
from .screen import folded_data
from .svg import can_draw
from .trace import nodes_of, numbered_word, roots_of
from .tree import to_text
from .view import View

if hasattr(GraphView, "picture"):
    from .census_widget import Searched
    from .fold_widget import FoldView
else:  # no anywidget is installed
    FoldView = GraphView

MOST = 20_000  # operations; of a larger graph there is a summary and a search
SEEN = 1_500  # boxes and operations that a picture is made of


class Shown(Graph):
    """A computation graph whose modules open and close. ``full`` is the whole of it, ``model`` what is visible now.

    The widgets that show it follow. In a notebook it is live while the kernel runs; what the file keeps is the picture.
    """

    def __init__(self, full, view, opened=None, replay=None):
        self.full, self.view, self.views, self.replay = full, view, WeakSet(), replay
        self.rows = Rows(full)
        self.opened = first_open(full, self.rows) if opened is None else opened

    @property
    def opened(self):
        """Ids of the groups that are open; ``model`` follows."""
        return self._opened

    @opened.setter
    def opened(self, keys):
        before = self.__dict__.get("model"), self.__dict__.get("_opened", frozenset())
        self._opened = frozenset(keys)
        self.model = fold(self.full, self._opened, self.rows)
        for view in tuple(self.views):
            view.refold(before[0], before[1] ^ self._opened)

    def open(self, *names):
        """Open modules, called by their path (``"blocks.0"``), variable or class; what is around them opens, too.

        >>> import lesson_lib as torch
        >>> from lesson_lib import nn, viz
        >>> net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        >>> picture = viz.show(net, torch.ones(1, 4), opened=[]).open("ReLU")
        >>> sorted(picture.model.clusters[key].title for key in picture.model.clusters)
        ['ReLU 1', 'Sequential']
        """
        keys = by_name(self.full, names)
        around = {key for name in keys for key in self._around(name)}
        self.opened = self.opened | keys | around
        return self

    def close(self, *names):
        """Close modules again."""
        self.opened = self.opened - by_name(self.full, names)
        return self

    def toggle(self, key):
        """Open or close one group or row, by its id."""
        if key in self.full.groups or key in self.rows.by_id:
            self.opened = self.opened ^ {key}

    def size(self, key):
        """How many operations are in a module call or row."""
        members = self.rows.by_id[key].members if key in self.rows.by_id else (key,)
        return sum(len(self.rows.inside(member)) for member in members)

    def widget(self):
        """The graph to open, close and step through, for a notebook."""
        return FoldView(self)

    def picture(self, model):
        """What a browser gets of ``model``, a folding of this graph."""
        return {**folded_data(model), **self.extras(model)}

    def foldings(self):
        """(the ids that are open, the Model) for this picture, then for all that presses lead to: those one press away, those two presses away, ..."""
        waiting, met = deque([self.opened]), {self.opened}
        while waiting:
            opened = waiting.popleft()
            model = fold(self.full, opened, self.rows)
            yield opened, model
            after = [opened ^ {key} for key in toggles(model)]
            waiting.extend(one for one in after if one not in met)
            met.update(after)

    def _around(self, key):
        while (key := self.full.groups[key].parent) is not None:
            yield key

    @property
    def _text(self):
        return folded_text(self.model) if self.full.groups else to_text(self.model)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": self._text}
        if len(self.model.ops) > SEEN:
            return bundle
        if in_notebook() and in_frame() and FoldView is not GraphView:
            return FoldView(self)._repr_mimebundle_()
        place = new_place(partial(FoldView, self)) if in_notebook() and FoldView is not GraphView else ""
        if can_draw() and (not place or len(self.model.ops) <= DRAWN):
            bundle["image/svg+xml"] = self.svg()
        return marked(bundle, place)

    def extras(self, model):
        """What a widget needs besides the graph itself; ``model`` is what is visible."""
        return {}

    def _ipython_display_(self):
        """Where no widget can be, a picture and a table."""
        if FoldView is not GraphView:
            raise NotImplementedError  # IPython goes on with the mimebundle
        GraphView(self)._ipython_display_()


def show(*what, model=None, gradient=None, opened=None, step=None, theme="light"):
    """Show a computation graph: ``show(loss)`` the one that led to a tensor, ``show(model, *inputs)`` the one that a model makes.

    Modules are boxes that open and close; equal neighbours are one box with their number. A large graph starts with the inner
    modules closed. ``opened`` names the modules to open: ``opened=["blocks.0.attn"]``.

    A model is called once, as ``model(*inputs)``, under a recording. No backward pass is made and no ``.grad`` touched. For a loss
    to have its modules, times and values, record the forward pass: ``with viz.record(): loss = ...``.

    >>> import lesson_lib as torch
    >>> from lesson_lib import nn, viz
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> print("; ".join(viz.show(net, torch.ones(1, 2)).model.clusters[key].title for key in ("g0", "g1", "g2")))
    Sequential; Linear 0; ReLU 1
    """
    frame = sys._getframe(1)
    if what and isinstance(what[0], Module):
        model, what = what[0], _outputs(what[0], what[1:])
    if not what or not all(isinstance(out, Tensor) for out in what):
        raise TypeError(f"show() takes tensors, or a model and its inputs, not {', '.join(type(out).__name__ for out in what) or 'nothing'}")
    nodes = nodes_of(roots_of(what))
    names = names_seen_from(frame, model)
    if len(nodes) > MOST:
        return _summed_up(nodes, names)
    for number, out in enumerate(what, 1):
        names.add(partial(numbered_word, "loss", number), out)
    full, replay = traced(what, names, gradient)
    shown = Shown(full, View(step=step, theme=theme), None if opened is None else (), replay)
    if len(shown.model.ops) > SEEN:  # no modules that could be closed
        return _summed_up(nodes, names)
    return shown if opened is None else shown.open(*opened)


def _summed_up(nodes, names):
    """A Census; where there are widgets, one that a notebook can search on the page."""
    return (Census if FoldView is GraphView else Searched)(nodes, names)


def _outputs(model, inputs):
    """The tensors that a model gives, out of whatever it returns."""
    with record():
        result = model(*inputs)
    found, stack = [], [result]
    while stack:
        part = stack.pop()
        if isinstance(part, Tensor):
            found.append(part)
        elif isinstance(part, dict):
            stack.extend(reversed(part.values()))
        elif isinstance(part, tuple | list):
            stack.extend(reversed(part))
    return tuple(found)
