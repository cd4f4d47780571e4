"""The graph as a tree of text, from the output back to the leaves: for terminals, for diffs, and where nothing can draw."""

from .chain import shown
from .summary import shape_text
from .texts import text

MOST_LINES = 200


def to_text(model, marks=None):
    """One line per operation and tensor. A tensor that is used twice is written out once. ``marks`` (id -> word) are put behind their lines.

    No recursion: a long chain is a long list.
    """
    lines, seen = [], set()
    roots = [key for key, node in model.tensors.items() if node.kind == "loss"] or list(model.tensors)
    stack = [(key, "", "") for key in reversed(roots)]
    while stack:
        key, lead, follow = stack.pop()
        if len(lines) >= MOST_LINES:
            lines.append(text("more", count=len(model.ops) - sum(key in seen for key in model.ops)))
            break
        again = key in seen
        seen.add(key)
        mark = f"  ! {marks[key]}" if marks and key in marks else ""
        lines.append(lead + _line(model, key) + (f"  {text('above')}" if again else mark))
        if not again:
            stack.extend(reversed(_children(model, key, follow)))
    return "\n".join(lines)


def _line(model, key):
    if key in model.ops:
        op = model.ops[key]
        return f"{op.label}  [{op.title}]"
    node = model.tensors[key]
    value = f" = {shown(node.value)}" if node.value is not None and node.shape == () else ""
    kind = f"  {text(node.kind)}" if node.kind in ("leaf", "constant") else ""
    return f"{node.name}  {shape_text(node.shape)}{value}{kind}"


def _children(model, key, follow):
    """(id, what stands before its line, what stands before the lines under it) of everything that ``key`` was made from."""
    if key in model.ops:
        below = model.inputs_of(key)
    else:
        below = [op for op in (model.tensors[key].made_by,) if op]
    last = len(below) - 1
    return [(child, follow + ("└─ " if i == last else "├─ "), follow + ("   " if i == last else "│  ")) for i, child in enumerate(below)]
