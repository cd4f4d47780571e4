"""``compare(a, b)``: two graphs side by side, with what only one of them has marked: composite and ``autograd.Function``, before and after a change."""

import sys
from functools import partial
from xml.etree import ElementTree

from ..core.tensor import Tensor
from .card import NAME_SIZE
from .difference import differences
from .graph import DRAWN, Graph, traced
from .living import in_notebook, marked, new_place
from .marked import Marked
from .marks import Mark, Span, finished, mark_nodes
from .model import Model
from .names import names_seen_from
from .paint import PAGE, SVG, Pen
from .show import FoldView, Shown
from .svg import can_draw, to_svg
from .texts import text
from .theme import COLOURS
from .trace import check_tensors
from .tree import to_text
from .units import operations_text
from .view import View

if hasattr(FoldView, "picture"):
    from .compare_widget import CompareView
else:  # no anywidget is installed
    CompareView = FoldView

GAP = 40  # between the two pictures
HEADING = 26  # height of a title
PIECES = 4  # operations of a difference that are named


class Side(Marked):
    """One of the two graphs. ``only`` are the ids of what the other one has not."""

    inside = "one here inside", "here inside"

    def __init__(self, full, only, theme, replay=None):
        self.only = only
        super().__init__(full, View(theme=theme, upright=True), replay=replay)

    def marks(self):
        """id in the whole graph -> Mark."""
        return {key: Mark("only", "±", text("only here")) for key in self.only}


class Comparison:
    """Two graphs and what only one of them has. ``only`` are the ids of those operations and given tensors, for each of the two.

    ``differences`` are the places at which they differ. In a notebook both are live while the kernel runs.
    """

    def __init__(self, models, titles, theme, replays=(None, None)):
        self.models, self.titles, self.theme = models, titles, theme
        self.differences, self.common = differences(*models)
        self.only = tuple([key for one in self.differences for key in one.own[side]] for side in (0, 1))
        self.sides = [Side(model, only, theme, replay) for model, only, replay in zip(models, self.only, replays, strict=True)]

    @property
    def sentence(self):
        """How many operations each has, and how many they share."""
        own = [sum(key in model.ops for key in only) for model, only in zip(self.models, self.only, strict=True)]
        first, second = (operations_text(len(model.ops)) for model in self.models)
        one, two = self.titles
        return text("compared", one=one, two=two, first=first, second=second, both=self.common, left=own[0], right=own[1])

    def picks(self):
        """The differences to choose from: each in words, and what to look at on either side."""
        items = []
        for one in self.differences:
            pieces = [self._pieces(side, one.own[side]) for side in (0, 1)]
            if all(pieces):
                word = text("exchanged")
                words = text("exchange", one=self.titles[0], first=pieces[0], two=self.titles[1], second=pieces[1])
            else:
                word, words = text("only in", title=self.titles[not pieces[0]]), pieces[0] or pieces[1]
            items.append({"icon": "only", "word": word, "text": words, "more": "", "near": one.near, "own": [bool(own) for own in one.own]})
        heading = text("differences", count=len(items)) if len(items) != 1 else text("one difference")
        return {"heading": heading if items else text("no difference"), "items": items}

    def _pieces(self, side, keys):
        model = self.models[side]
        labels = [model.ops[key].label if key in model.ops else model.tensors[key].name for key in keys]
        named = ", ".join(labels[:PIECES])
        return named if len(labels) <= PIECES else text("rest", pieces=named, count=len(labels) - PIECES)

    def picture(self):
        """What a widget shows around the two graphs."""
        return {"sentence": self.sentence, "titles": list(self.titles), "picks": self.picks(), "palette": COLOURS}

    def widget(self):
        """Both graphs to step through, for a notebook."""
        return CompareView(self)

    def svg(self, theme=None):
        """Both pictures in one."""
        theme = theme or self.theme
        pen = Pen(theme)
        parts = [self._part(i, pen, theme) for i in (0, 1)]
        beside = sum(width for _, width, _ in parts) + GAP <= 1.5 * PAGE  # else one above the other: a shrunken picture cannot be read
        root = ElementTree.Element(f"{{{SVG}}}svg", {"role": "img", "font-family": "Helvetica,Arial,sans-serif"})
        page = ElementTree.SubElement(root, f"{{{SVG}}}rect", {"class": "fill-page", "rx": "6", "fill": pen.colours["page"]})
        page.tail = "\n"
        x = y = right = bottom = 0
        for group, width, height in parts:
            group.set("transform", f"translate({x:g} {y:g})")
            root.append(group)
            right, bottom = max(right, x + width), max(bottom, y + height)
            x, y = (x + width + GAP, y) if beside else (x, y + height + GAP)
        root.set("viewBox", f"0 0 {right:g} {bottom:g}")
        return finished(root, [[Span(self.sentence)]], pen, self.sentence)

    def _part(self, i, pen, theme):
        """(one of the two pictures under its title, its width, its height). Its ids get a letter, so that none comes twice."""
        side = self.sides[i]
        picture = ElementTree.fromstring(to_svg(side.model, View(theme=theme, values_only=True, upright=True)))
        mark_nodes(picture, side.marks_on(side.model), pen)
        left, top, width, height = map(float, picture.get("viewBox").split())
        for element in picture.iter():
            if element.get("id"):
                element.set("id", f"{'ab'[i]}-{element.get('id')}")
        group = ElementTree.Element(f"{{{SVG}}}g")
        heading = pen.text(8, NAME_SIZE + 6, self.titles[i], NAME_SIZE + 2, "text", bold=True)
        group.append(ElementTree.fromstring(f'<svg xmlns="{SVG}">{heading}</svg>')[0])
        drawing = ElementTree.SubElement(group, f"{{{SVG}}}g", {"transform": f"translate({-left:g} {HEADING - top:g})"})
        drawing.extend([child for child in picture if child.tag == f"{{{SVG}}}g"])
        return group, width + 56, height + HEADING  # room for the words at the right

    def __repr__(self):
        trees = []
        for model, title, only in zip(self.models, self.titles, self.only, strict=True):
            trees += [f"{title}:", to_text(model, dict.fromkeys(only, text("only here")))]
        return "\n".join([*trees, self.sentence])

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self)}
        if can_draw() and all(len(side.model.ops) <= DRAWN for side in self.sides):
            bundle["image/svg+xml"] = self.svg()
        return marked(bundle, new_place(partial(CompareView, self)) if in_notebook() and CompareView is not FoldView else "")


def compare(a, b, titles=("a", "b"), theme="light"):
    """Two graphs side by side, each a result, a tuple of results or a ``viz.graph``; what only one has is dashed and carries a word.

    Operations are matched in the order of computation, by name and by the shapes that go in and come out.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> x = torch.ones(2, requires_grad=True)
    >>> print(viz.compare((x * x).sum(), (x**2).sum(), titles=("product", "power")).sentence)
    product: 2 ops. power: 2 ops. In both: 1. Only in product: 1. Only in power: 1.
    """
    frame = sys._getframe(1)
    models, replays = zip(*(_whole(one, frame) for one in (a, b)), strict=True)
    return Comparison(list(models), tuple(titles), theme, replays)


def _whole(one, frame):
    """(the Model of a result, of several, or of a Graph; what makes its Replay, or None)."""
    if isinstance(one, Model):
        return one, None
    if isinstance(one, Graph):
        return one.full if isinstance(one, Shown) else one.model, one.replay
    outputs = (one,) if isinstance(one, Tensor) else tuple(one)
    check_tensors("compare", outputs)
    return traced(outputs, names_seen_from(frame))
