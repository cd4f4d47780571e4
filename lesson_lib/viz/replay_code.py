"""The Python code for what was changed in a graph, ready to be copied into the program."""

import keyword

import numpy as np

from ..core.node import AccumulateGrad
from .record import record_of
from .texts import text


def code_of(trace, edits):
    """One piece of code per changed tensor, in the order of the graph. ``edits``: id of the tensor -> [(index or None, array), ...]."""
    edges = {place: key for key, place in trace.tensor_ids.items()}
    return "\n\n".join(_piece(trace, edges[place], card, edits[place]) for place, card in trace.model.tensors.items() if place in edits)


def _piece(trace, key, card, edits):
    if card.made_by is None:
        name = _expression(trace, card.name)
        return f"# {text('code leaf', name=name)}\n{_assigned(name, card, edits)}"
    op = trace.model.ops[card.made_by]
    name = card.name if _is_variable(card.name) else "value"
    if op.line is None or not op.line.code:
        head = f"# {name}: {op.label}"
    elif name == card.name:
        head = f"# {text('code after', place=op.line.place)}\n{op.line.code}"
    else:
        head = f"# {text('code unnamed', op=op.label, place=op.line.place)}\n# {op.line.code}\n# {name} = …"
    return f"{head}\n{_assigned(name, card, edits) if _may_be_written(key) else _replaced(name, card, edits)}"


def _assigned(name, card, edits):
    """An edit in place, unrecorded."""
    return "\n".join(["with torch.no_grad():", *(f"    {line}" for line in _assignments(name, card, edits))])


def _replaced(name, card, edits):
    """For a tensor that must not be written to: another one takes its place, with the same history. y − y.detach() is 0, but has y's gradient."""
    return "\n".join(["edited = " + name + ".detach().clone()", *_assignments("edited", card, edits), f"{name} = edited + ({name} - {name}.detach())"])


def _may_be_written(key):
    """True if a write in place disturbs neither the gradient rule that made the tensor nor another tensor's memory."""
    node, index = key
    record = record_of(node)
    if isinstance(node, AccumulateGrad) or record is None or not hasattr(record.op, "raw") or record.op.view:
        return False
    mine, array = record.versions[index][0], record.outputs[index]
    return array.base is None and all(cell is not mine for cell, _ in node.guards)


def _assignments(name, card, edits):
    for index, array in edits:
        place = "..." if index is None or index == () else _index_text(index)
        yield f"{name}[{place}] = {_literal(array, card.dtype)}"


def _index_text(index):
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_slice_text(part) if isinstance(part, slice) else "..." if part is Ellipsis else repr(part) for part in parts)


def _slice_text(part):
    ends = ["" if end is None else repr(end) for end in (part.start, part.stop, part.step)]
    return ":".join(ends if part.step is not None else ends[:2])


def _literal(array, dtype):
    """A number, or a tensor of numbers that Python reads back as the same."""
    if array.ndim == 0:
        return repr(array.item()) if np.isfinite(array) else f'float("{array.item()}")'
    content = np.array2string(array, separator=", ", threshold=array.size + 1, floatmode="unique").replace("\n", " ")
    return f"torch.tensor({content}, dtype=torch.{dtype})"


def _is_variable(name):
    return name.isidentifier() and not keyword.iskeyword(name)


def _expression(trace, name):
    """A name as it is written in Python: ``net.0.weight`` of the variable net is ``net[0].weight``."""
    first, *rest = name.split(".")
    if rest and first not in trace.names.modules.values():
        first, rest = "model", [first, *rest]  # named as in the state_dict of the module that was given
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)
