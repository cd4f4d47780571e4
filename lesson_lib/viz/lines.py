"""The arrows of a graph: from card to operation and on, or, where an intermediate value has no card, from one operation to the next."""

from typing import NamedTuple

from .summary import shape_text

LABELLED = 300  # operations up to which every value's shape is written on its arrow; in a larger graph, where it changes
CAREFUL = 600  # operations up to which is looked for arrows that pass others by


class Line(NamedTuple):
    """An arrow: the number of its edge in the model, its ends, the shape written on it, and whether it passes something else by."""

    number: int
    source: str
    target: str
    label: str = ""
    passing: bool = False


def lines_of(model):
    """The Lines to draw for a Model."""
    above = _above(model) if model.wires and len(model.ops) <= CAREFUL else {}
    every = len(model.ops) <= LABELLED
    labelled, lines = set(), []
    for number, edge in enumerate(model.edges):
        if edge.target in model.wires:
            continue  # drawn from its maker with the arrows that lead on
        if edge.source not in model.wires:
            lines.append(Line(number, edge.source, edge.target))
            continue
        node = model.tensors[edge.source]
        first = edge.source not in labelled
        labelled.add(edge.source)
        others = [other for other in model.users_of(edge.source) if other != edge.target]
        passing = any(other in above.get(edge.target, ()) for other in others) or node.kind == "leaf"
        told = first and (every or all(model.tensors[source].shape != node.shape for source in model.inputs_of(node.made_by)))
        lines.append(Line(number, node.made_by, edge.target, shape_text(node.shape) if told else "", passing))
    return lines


def _above(model):
    """id of each operation -> ids of all operations that it depends on."""
    above = {}
    for key in model.ops:
        found = set()
        for tensor in model.inputs_of(key):
            maker = model.tensors[tensor].made_by
            if maker in above:
                found |= above[maker] | {maker}
        above[key] = found
    return above
