"""A folded graph in which something stands out: each mark is a sign and a word, on a card, or on the closed module that hides it."""

from .card import CAPTION_SIZE, text_width
from .groups import lineage
from .marks import Mark
from .show import Shown
from .texts import text


class Marked(Shown):
    """A Shown graph with marks. Who inherits says in ``marks`` what stands out, and in ``inside`` what a closed module says of the marks in it."""

    inside = ("one finding inside", "findings inside")  # keys of the words for one, and for more

    def marks(self):
        """id in the whole graph -> Mark."""
        return {}

    def marks_on(self, model):
        """id in ``model``, the graph as it is folded -> Mark."""
        stands_for, found = standing(self.full, model), {}
        for key, mark in self.marks().items():
            found.setdefault(stands_for(key), []).append((key, mark))
        return {place: self._mark(model, place, marks) for place, marks in found.items() if place in model.ops or place in model.tensors}

    def _mark(self, model, place, marks):
        first = marks[0][1]
        if place in model.ops and model.ops[place].box is not None:
            one, some = self.inside
            return Mark(first.tone, first.sign, text(one) if len(marks) == 1 else text(some, count=len(marks)))
        return Mark(first.tone, first.sign, " · ".join(dict.fromkeys(mark.word for _, mark in marks)))

    def extras(self, model):
        """What a widget needs besides the graph itself."""
        return {"marks": marks_json(self.marks_on(model))}

    def reveal(self, key):
        """Open the modules around an operation or tensor of the whole graph."""
        node = self.full.ops.get(key) or self.full.tensors.get(key)
        if node is not None:
            maker = self.full.ops.get(getattr(node, "made_by", None), node)
            self.opened = self.opened | set(lineage(self.full.groups, maker.group))


def standing(full, model):
    """A function from an id in the whole graph to the id of what shows it in ``model``: itself, or the closed module that it is in."""
    boxes = {op: key for key, node in model.ops.items() if node.box is not None for op in node.box.operations}

    def place(key):
        node = full.tensors.get(key)
        if node is not None and (key not in model.tensors or key in model.wires):
            key = node.made_by or next(iter(full.users_of(key)), key)  # what is given and hidden is used in one module only
        return boxes.get(key, key)

    return place


def marks_json(marks):
    """The Marks as a browser gets them, with the width of their words."""
    return {
        key: {"tone": mark.tone, "sign": mark.sign, "word": mark.word, "width": round(text_width(mark.word, CAPTION_SIZE + 1, bold=True))}
        for key, mark in marks.items()
    }
