"""What a browser gets of a graph: the model, the layout's text, the cards, the words and the colours, as plain data for JSON.

The widgets send it, and a file that steps without Python has it inside. Of a large graph the widgets send the outline: cards and numbers
are asked for when they come into sight, ``AT_ONCE`` at a time, so that no message grows with the graph's numbers.
"""

from .box import LEAST, facts, heading_parts, parameters_in
from .dot import layout_dot
from .paint import fragments, headings
from .texts import text
from .theme import COLOURS
from .units import bytes_text, count_text, operations_text, seconds_text
from .view import State, View

EVERYTHING = View(every_step=True)
CARRIED = 120  # boxes up to which a picture travels as a whole
AT_ONCE = 64  # boxes that one answer brings


def picture_data(model, everything=EVERYTHING, whole=True):
    """All that a view needs, as JSON: the model, the layout's DOT text, the cards, the words and the colours; not ``whole``: cards follow, if there are many."""
    whole = whole or is_carried(model)
    data = model.to_json(outline=not whole)
    return {
        **(data if whole else thinned(data)),
        "dot": layout_dot(model, everything),
        "fragments": fragments(State(model, everything)) if whole else {},
        "follows": not whole,
        "order": model.order(),
        "palette": COLOURS,
    }


def thinned(data):
    """``data`` without what most records of a kind have in common: that is written once, in ``usual``, and the browser adds it again (``js/usual.js``)."""
    kinds = {kind: data[kind] for kind in ("tensors", "flows", "steps") if data[kind]}
    usual, thin = {}, {}
    for kind, records in kinds.items():
        given = list(records.values()) if isinstance(records, dict) else records
        common = usual[kind] = given[len(given) // 2]  # in a large graph of small operations the one in the middle is like most
        less = [{name: part for name, part in record.items() if name not in common or common[name] != part} for record in given]
        thin[kind] = dict(zip(records, less, strict=True)) if isinstance(records, dict) else less
    return {**data, **thin, "usual": usual}


def is_carried(model):
    """True if the picture of a Model has so few boxes that all of them travel with it."""
    return len(model.ops) + len(model.tensors) - len(model.wires) + len(model.references()) <= CARRIED


def cards_json(model, wanted, everything=EVERYTHING):
    """The drawings of some boxes, the numbers of the tensors and the facts of the operations among them."""
    wanted = set(wanted[:AT_ONCE])
    return {
        "fragments": fragments(State(model, everything), wanted),
        "tensors": model.tensors_json(only=wanted, later=False),
        "ops": model.ops_json(wanted),
    }


def folded_data(model, everything=EVERYTHING, whole=True):
    """The same of a folded Model: its visible part, and its modules."""
    own = {"order": order(model), "groups": groups_json(model), "places": places(model), "headings": headings(State(model, everything))}
    return {**picture_data(model, everything, whole), **own}


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
        counts = told(parameters_in(group, model), operations_in(key, model))
        found[key] = {"name": title[2:], "kind": group.kind, "path": group.name, "facts": words, "open": True, "opens": key, **counts}
    for key, op in model.ops.items():
        if op.box is not None:
            name = f"{op.box.title} ×{op.box.count}" if op.box.count > 1 else op.box.title
            words = " · ".join(facts(op.box))
            counts = told(op.box.parameters, [op])
            found[key] = {"name": name, "kind": op.name, "path": op.box.path, "facts": words, "open": False, "opens": op.box.opens, **counts}
    return found


def operations_in(cluster, model):
    """The OpNodes, boxes among them, that stand in an open group or in one within it."""
    inside = {cluster}
    inside.update(key for key, group in model.clusters.items() if group.parent in inside)  # outer ones first
    return [op for op in model.ops.values() if model.cluster_of(op) in inside]


def told(parameters, ops):
    """What a table says of a module: how many operations and parameters, the time they took, the memory kept for the way back."""
    count = sum(1 if op.box is None else len(op.box.operations) for op in ops)
    seconds = sum(op.seconds if op.box is None else op.box.seconds for op in ops)
    kept = {entry.memory: entry.bytes for op in ops if op.box is None for entry in op.saved if not entry.leaf}
    saved = sum(kept.values()) + sum(op.box.kept for op in ops if op.box is not None)
    return {
        "operations": operations_text(count),
        "parameters": count_text(parameters) if parameters else "",
        "memory": text("saved", bytes=bytes_text(saved)) if saved else "",
        "time": seconds_text(seconds) if seconds >= LEAST else "",
    }


def places(model):
    """id of everything that stands in an open module -> the id of that module."""
    found = {key: group.parent for key, group in model.clusters.items() if group.parent is not None}
    things = {**model.ops, **model.tensors}
    return found | {key: place for key, node in things.items() if (place := model.cluster_of(node)) is not None}
