"""A folded graph in text, in the order of computation: for terminals, and for whoever reads rather than looks."""

from .box import box_words, heading_parts
from .chain import shown
from .summary import shape_text
from .texts import text

MOST_LINES = 200


def folded_text(model):
    """One line per visible operation and module; what stands in an open module is indented.

    No recursion over operations: their number does not matter.
    """
    lines, opened, skipped = [], [], 0
    for key, op in model.ops.items():
        around = _around(model, op)
        shared = 0
        while shared < min(len(opened), len(around)) and opened[shared] == around[shared]:
            shared += 1
        for depth, cluster in enumerate(around[shared:], shared):
            lines.append("  " * depth + "  ".join(part for part in heading_parts(model.clusters[cluster], model) if part))
        opened = around
        if len(lines) < MOST_LINES:
            lines.append("  " * len(around) + _line(model, key, op))
        else:
            skipped += 1
    return "\n".join([*lines, *([text("more", count=skipped)] if skipped else [])])


def _around(model, op):
    """The open groups around an operation, outermost first."""
    found, key = [], model.cluster_of(op)
    while key is not None:
        found.append(key)
        key = model.clusters[key].parent
    return found[::-1]


def _line(model, key, op):
    results = ", ".join(_result(model.tensors[output]) for output in model.outputs_of(key))
    if op.box is not None:
        title, count, path, words = box_words(op, timed=False)
        return f"{'  '.join(part for part in (title, count, path) if part)}  {words}  → {results}"
    inputs = ", ".join(dict.fromkeys(model.tensors[source].name for source in model.inputs_of(key)))
    return f"{op.label}({inputs})  → {results}" if inputs else f"{op.label}  → {results}"


def _result(node):
    number = f" = {shown(node.value)}" if node.shape == () and node.value is not None else ""
    name = node.name if node.kind == "loss" else ""
    return f"{name} {shape_text(node.shape)}{number}".strip()
