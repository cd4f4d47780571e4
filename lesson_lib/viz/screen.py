"""What a browser gets of a graph: the model, the layout's text, the cards, the words and the colours, as plain data for JSON.

The widgets send it, and a file that steps without Python has it inside.
"""

from .box import facts, heading_parts
from .dot import layout_dot
from .paint import fragments, headings
from .theme import COLOURS
from .view import State, View

EVERYTHING = View(every_step=True)


def picture_data(model, everything=EVERYTHING):
    """All that a view needs, as JSON: the model, the layout's DOT text, the cards, the words and the colours."""
    return {
        **model.to_json(),
        "dot": layout_dot(model, everything),
        "fragments": fragments(State(model, everything)),
        "order": model.order(),
        "palette": COLOURS,
    }


def folded_data(model, everything=EVERYTHING):
    """The same of a folded Model: its visible part, and its modules."""
    own = {"order": order(model), "groups": groups_json(model), "places": places(model), "headings": headings(State(model, everything))}
    return {**picture_data(model, everything), **own}


def order(model):
    """All ids as a reader meets them: every open module before what is in it, a parameter before the operation that reads it."""
    found = {key: None for key, node in model.tensors.items() if node.made_by is None and model.cluster_of(node) is None}
    for op, node in model.ops.items():
        around, at = [], model.cluster_of(node)
        while at is not None and at not in found:
            around.append(at)
            at = model.clusters[at].parent
        given = [key for key in model.inputs_of(op) if model.tensors[key].made_by is None]
        found.update(dict.fromkeys([*reversed(around), *(key for key in given if key not in found), op, *model.outputs_of(op)]))
    return list(found)


def groups_json(model):
    """id -> the words for every module that is visible, open or closed."""
    found = {}
    for key, group in model.clusters.items():
        title, words = heading_parts(group, model)
        found[key] = {"name": title[2:], "kind": group.kind, "path": group.name, "facts": words, "open": True, "opens": key}
    for key, op in model.ops.items():
        if op.box is not None:
            name = f"{op.box.title} ×{op.box.count}" if op.box.count > 1 else op.box.title
            words = " · ".join(facts(op.box))
            found[key] = {"name": name, "kind": op.name, "path": op.box.path, "facts": words, "open": False, "opens": op.box.opens}
    return found


def places(model):
    """id of everything that stands in an open module -> the id of that module."""
    found = {key: group.parent for key, group in model.clusters.items() if group.parent is not None}
    things = {**model.ops, **model.tensors}
    return found | {key: place for key, node in things.items() if (place := model.cluster_of(node)) is not None}
