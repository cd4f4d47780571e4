"""The graph as an HTML table that needs no program: for notebooks without widgets and browsers without JavaScript."""

from html import escape

from .summary import shape_text
from .texts import text

HEADS = ("name", "kind", "from", "shape", "value", "gradient")
MOST_ROWS = 500


def table_html(model):
    """A table of one row per tensor and operation, in the order of computation, folded up beneath a word."""
    order = model.order()
    heads = "".join(f'<th scope="col">{escape(text(key))}</th>' for key in HEADS)
    rows = "".join(_row(model, key) for key in order[:MOST_ROWS])
    more = f"<p>{escape(text('rows skipped', count=len(order) - MOST_ROWS))}</p>" if len(order) > MOST_ROWS else ""
    return f"<details><summary>{escape(text('table'))}</summary><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{more}</details>"


def _row(model, key):
    cells = _operation(model, key) if key in model.ops else _tensor(model, model.tensors[key])
    name, *others = (escape(words) for words in cells)
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{words}</td>" for words in others)}</tr>'


def _operation(model, key):
    op = model.ops[key]
    kind = text("module" if op.box is not None else "operation")
    return op.label, kind, ", ".join(model.tensors[source].name for source in model.inputs_of(key)), "", "", ""


def _tensor(model, node):
    source = model.ops[node.made_by].label if node.made_by in model.ops else ""
    gradient = "" if node.kind == "constant" else _brief(node.grad or node.gradient, "not computed")
    return node.name, text(node.kind), source, shape_text(node.shape), _brief(node.value, "not recorded"), gradient


def _brief(summary, absent):
    """All numbers of a small tensor, rows apart by a semicolon; the note of a large one."""
    if summary is None:
        return text(absent)
    told = summary.to_json()
    return " ; ".join("  ".join(row) for row in told["texts"]) if told["exact"] and told["texts"] else told["note"]
