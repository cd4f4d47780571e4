"""A run as a film: a frame for each backward pass, with its loss, its gradient norm, and its graph where that differs from the one before."""

import sys
import weakref
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ..core import state
from ..core.device import to_host
from ..core.half import widened
from ..core.node import AccumulateGrad
from ..core.tensor import edge_of
from .deferred import settle
from .film_picture import film_svg
from .film_table import film_text
from .graph import GraphView, check_tensors
from .living import in_notebook, marked, new_place
from .model import Model
from .names import names_seen_from
from .outline import Changes, changes, in_order, outline, signature
from .record import PACKAGE, Tape, record_of
from .steps import add_steps
from .svg import can_draw
from .texts import text
from .trace import Trace, nodes_of

if hasattr(GraphView, "picture"):
    from .film_widget import FilmView
else:  # no anywidget is installed
    FilmView = GraphView

MOST_STRUCTURES = 500  # different graphs whose outline is kept
MOST_COMPARED = 500  # pairs of graphs whose changes are remembered


@dataclass
class Structure:
    """A graph as it first came up in a run; every frame with an equal one shares it."""

    number: int
    first: int  # the frame in which it came up
    size: int  # operations
    pieces: tuple | None  # None: too many different ones were there before
    model: Model | None = None  # None: enough others keep their values
    ids: tuple = ()  # of each piece in the model


class Frame(NamedTuple):
    """One moment of a run."""

    number: int
    loss: float | None  # of the last backward pass; None if it did not start from one number
    gradient_norm: float | None  # of what the ``.grad`` of the leaves held then; None if none had one
    structure: Structure
    changed: bool  # the graph differs from that of the frame before

    @property
    def model(self):
        """The Model of the first frame with this structure; None if enough others are kept."""
        return self.structure.model


class Film:
    """Records from its making until ``stop()``; ``watch`` makes one.

    ``frames`` are the frames, ``losses`` and ``gradient_norms`` one number of each, ``structures`` the different graphs. A notebook shows a
    flipbook to leaf through, and keeps a picture of the time line and the graphs, with what appeared and what vanished; a terminal has a table.

    Two graphs are equal if they have the same operations of the same lines and modules on leaves of the same names, joined in the same way,
    whatever their shapes. Equal graphs share one Model, that of the first of them, and only the first ``keep`` different graphs have one: so a
    long run takes little memory.
    """

    def __init__(self, each_backward=True, keep=8):
        self.each_backward, self.keep = each_backward, keep
        self.frames, self.structures = [], []
        self._known = {}  # signature -> Structure
        self._compared = {}  # (number of a structure, number of another) -> Changes
        self._leaves = {}  # name -> weak reference to the leaf that has it
        self._named = {}  # id of a leaf -> its name
        self._pending = ()
        self.running = True
        self.tape = Tape()
        state.passes.append(self._passed)

    def stop(self):
        """Stop recording; a second call does nothing."""
        if self.running:
            self.running, self._pending = False, ()
            self.tape.stop()
            state.passes.remove(self._passed)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    # --- recording -------------------------------------------------------------------------------------------------

    def _passed(self, tensors):
        """What the engine calls after a backward pass."""
        self._pending += tuple(place for place in tensors if hasattr(place, "_a"))
        if self.each_backward and self._pending:
            self._take(_user_frame())

    def frame(self, *outputs):
        """End a frame by hand: of ``outputs``, or of what went backward since the last frame."""
        if outputs:
            check_tensors("frame", outputs)
            self._pending = outputs
        if not self._pending:
            raise ValueError(text("no output"))
        self._take(sys._getframe(1))

    def _take(self, frame):
        outputs, self._pending = self._pending, ()
        nodes = in_order(nodes_of([edge_of(out) for out in outputs]))
        structure = self._structure(outputs, nodes, _names(frame, nodes))
        changed = bool(self.frames) and self.frames[-1].structure is not structure
        losses = [float(out.item()) for out in outputs if out.numel() == 1 and not out.is_complex()]
        self.frames.append(Frame(len(self.frames), losses[-1] if losses else None, _norm(nodes), structure, changed))

    def _structure(self, outputs, nodes, names):
        pieces = outline(nodes, lambda leaf: self._leaf_name(names, leaf))
        key = signature(nodes, pieces)
        if key not in self._known:
            size = sum(piece.kind == "op" for piece in pieces)
            found = Structure(len(self.structures), len(self.frames), size, pieces if len(self.structures) < MOST_STRUCTURES else None)
            if found.number < self.keep:
                found.model, found.ids = _model(outputs, nodes, names)
            self._known[key] = found
            self.structures.append(found)
        return self._known[key]

    def _leaf_name(self, names, leaf):
        """The leaf's name, which it keeps while it lives, whatever other variables hold it later (``for w in (w1, w2)``).

        A second leaf that has the same one while the first lives gets a number. One that is new in each iteration does not.
        """
        found = self._named.get(id(leaf))
        if found is None or self._leaves[found]() is not leaf:
            name = names.leaf(leaf) or text("leaf")
            number, found = 1, name
            while self._leaves.get(found, lambda: None)() is not None:
                number += 1
                found = f"{name} {number}"
            self._leaves[found], self._named[id(leaf)] = weakref.ref(leaf), found
        if names.leaf(leaf):
            names.by_leaf[id(leaf)] = found  # on the cards, too
        return found

    # --- looking ---------------------------------------------------------------------------------------------------

    @property
    def losses(self):
        """The loss of each frame."""
        return [frame.loss for frame in self.frames]

    @property
    def gradient_norms(self):
        """The gradient norm of each frame."""
        return [frame.gradient_norm for frame in self.frames]

    def changes(self, number):
        """The Pieces that appeared and those that vanished between frame ``number`` − 1 and frame ``number``."""
        before, after = self.frames[number - 1].structure, self.frames[number].structure
        if number < 1:
            raise IndexError(number)
        places = self.changed_places(before, after)
        return Changes(tuple(after.pieces[i] for i in places.appeared), tuple(before.pieces[i] for i in places.vanished))

    def changed_places(self, before, after):
        """The same as places in the outlines of two structures."""
        if before is after:
            return Changes((), ())
        for structure in (before, after):
            if structure.pieces is None:
                raise ValueError(text("film forgotten", number=structure.first, most=MOST_STRUCTURES))
        pair = before.number, after.number
        if pair not in self._compared:
            if len(self._compared) >= MOST_COMPARED:
                self._compared.clear()
            self._compared[pair] = changes(before.pieces, after.pieces)
        return self._compared[pair]

    def widget(self):
        """The film as a flipbook, for a notebook; of a film that still runs, the frames so far."""
        return FilmView(self)

    def svg(self, theme="light"):
        """The time line above the different graphs, as SVG text."""
        return film_svg(self, theme)

    def __repr__(self):
        return film_text(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": film_text(self)}
        if self.frames and can_draw():
            bundle["image/svg+xml"] = self.svg()
        is_live = self.frames and in_notebook() and FilmView is not GraphView
        return marked(bundle, new_place(partial(FilmView, self)) if is_live else "")


def watch(each_backward=True, keep=8):
    """Record a run as a Film: a frame ends with each ``backward()``; with ``each_backward=False`` where you call ``film.frame()``.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> w = torch.tensor([4.0], requires_grad=True)
    >>> with viz.watch() as film:
    ...     for _ in range(3):
    ...         loss = (w * w if w > 1 else w * w * w).sum()
    ...         w.grad = None
    ...         loss.backward()
    ...         with torch.no_grad():
    ...             w -= 0.4 * w.grad
    >>> [round(loss, 2) for loss in film.losses], [frame.changed for frame in film.frames]
    ([16.0, 0.51, 0.0], [False, True, False])
    """
    return Film(each_backward, keep)


def _user_frame():
    """The innermost frame outside the package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def _names(frame, nodes):
    """What the user calls the leaves: variables, and parameters of the modules that ran."""
    names, records = names_seen_from(frame), [record_of(node) for node in nodes]
    for root in {record.call.root: None for record in records if record is not None and record.call is not None}:
        for name, tensor in root.members:
            names.add(name, tensor)
    return names


def _norm(nodes):
    """The Euclidean norm of all gradients that the leaves hold."""
    grads = [node.variable.grad for node in nodes if isinstance(node, AccumulateGrad)]
    squares = [float((abs(to_host(widened(grad._a)).astype("complex128")) ** 2).sum()) for grad in grads if grad is not None]
    return sum(squares) ** 0.5 if squares else None


def _model(outputs, nodes, names):
    """(the Model, the ids of its pieces). It keeps no tensor of the user's: what a training loop writes over is copied."""
    trace = Trace(outputs, names)
    add_steps(trace, outputs)
    settle(*trace.model.tensors.values(), *trace.model.flows.values(), *trace.model.steps)
    for card in trace.model.tensors.values():
        if card.made_by is None:
            card.value_handle = None if card.value_handle is None else card.value_handle.copy()
        card.grad_handle = None if card.grad_handle is None else card.grad_handle.copy()
    trace.model.recursion = None  # it would hold the graph itself
    ids = tuple(trace.op_ids.get(node) or trace.tensor_ids[node, 0] for node in nodes)
    return trace.model, ids
