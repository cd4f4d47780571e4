"""``compare(a, b)``: two graphs side by side, with what only one of them has marked: composite and ``autograd.Function``, before and after a change."""

import sys
from difflib import SequenceMatcher
from xml.etree import ElementTree

from ..core.tensor import Tensor
from .card import NAME_SIZE
from .graph import Graph, build
from .marks import Mark, Span, finished, mark_nodes
from .model import Model
from .paint import PAGE, SVG, Pen
from .svg import can_draw, to_svg
from .texts import text
from .tree import to_text
from .units import operations_text
from .view import View

GAP = 40  # between the two pictures
HEADING = 26  # height of a title


class Comparison:
    """Two graphs and what only one of them has. ``only`` are the ids of those operations and given tensors, for each of the two."""

    def __init__(self, models, titles, theme):
        self.models, self.titles, self.theme = models, titles, theme
        self.only, self.common = differences(*models)

    @property
    def sentence(self):
        """How many operations each has, and how many they share."""
        own = [sum(key in model.ops for key in only) for model, only in zip(self.models, self.only, strict=True)]
        first, second = (operations_text(len(model.ops)) for model in self.models)
        one, two = self.titles
        return text("compared", one=one, two=two, first=first, second=second, both=self.common, left=own[0], right=own[1])

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
        picture = ElementTree.fromstring(to_svg(self.models[i], View(theme=theme, values_only=True, upright=True)))
        mark_nodes(picture, {key: Mark("only", "±", text("only here")) for key in self.only[i]}, pen)
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
        if can_draw():
            bundle["image/svg+xml"] = self.svg()
        return bundle


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
    return Comparison([model_of(one, frame) for one in (a, b)], tuple(titles), theme)


def model_of(one, frame):
    """The Model of a result, of several, or of a Graph."""
    if isinstance(one, Graph | Model):
        return one if isinstance(one, Model) else one.model
    return build((one,) if isinstance(one, Tensor) else tuple(one), frame, None, None)


def differences(a, b):
    """((ids that only ``a`` has, ids that only ``b`` has), how many operations they share)."""
    only_a, only_b, common = [], [], 0
    for keys_of, signature in ((_given, _tensor_signature), (lambda model: list(model.ops), _op_signature)):
        keys = keys_of(a), keys_of(b)
        marks = [[signature(model, key) for key in own] for model, own in zip((a, b), keys, strict=True)]
        blocks = SequenceMatcher(None, *marks, autojunk=False).get_matching_blocks()
        matched = [{block[side] + i for block in blocks for i in range(block.size)} for side in (0, 1)]
        only_a += [key for i, key in enumerate(keys[0]) if i not in matched[0]]
        only_b += [key for i, key in enumerate(keys[1]) if i not in matched[1]]
        common = len(matched[0])  # in the end that of the operations
    return (only_a, only_b), common


def _given(model):
    """Ids of what no operation made, by shape: its order says nothing."""
    given = [key for key, node in model.tensors.items() if node.made_by is None]
    return sorted(given, key=lambda key: _tensor_signature(model, key))


def _tensor_signature(model, key):
    node = model.tensors[key]
    return node.kind, node.shape, node.dtype


def _op_signature(model, key):
    inputs, outputs = model.inputs_of(key), model.outputs_of(key)
    shapes = [tuple(model.tensors[one].shape for one in ids) for ids in (inputs, outputs)]
    return model.ops[key].name, *shapes
