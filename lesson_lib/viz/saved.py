"""What the graph keeps for the way back: which tensors, saved by which operation, and how much memory that is."""

from typing import NamedTuple

from ..core.node import AccumulateGrad
from ..core.tensor import Tensor, edge_of

INPUT, OUTPUT, OWN = "input", "output", "own"
ROLES = (INPUT, OUTPUT, OWN)


class Saved(NamedTuple):
    """One array that an operation saved; in a box all those that are seen nowhere else are one, with a ``count``."""

    tensor: str | None  # id of its card; None for an array that has none, such as a layer norm's means
    role: str  # its input, its output, or an array of its own
    memory: int  # the same for arrays that look into the same memory
    bytes: int  # of that memory
    leaf: bool = False  # it is a leaf's memory, which is there anyway
    count: int = 1


def leaf_memory(nodes):
    """The identities of the leaves' memory."""
    return {id(memory(node.variable._a)) for node in nodes if isinstance(node, AccumulateGrad)}


def saved_by(node, constants, tensor_ids, leaves):
    """What ``node`` saved, before or after ``backward()`` freed it if a tape was there.

    ``constants`` are its inputs without an edge, by position; ``tensor_ids`` leads from edges and ids of constants to cards.
    """
    values = node.saved if node.saved is not None else node.metadata.get("saved") or ()
    found = {}
    for place, role, value in _function_places(node, values) if node.op is None else _places(node, values, constants):
        array = value._a if isinstance(value, Tensor) else value
        if hasattr(array, "nbytes") and hasattr(array, "strides"):  # numbers and shapes are no tensors
            owner = memory(array)
            entry = Saved(tensor_ids.get(place), role, id(owner), owner.nbytes, id(owner) in leaves)
            found.setdefault((entry.tensor, entry.memory), entry)
    return tuple(found.values())


def _places(node, values, constants):
    """(edge or id of a constant, role, value) of each saved value of a declared operation."""
    op = node.op
    inputs = 1 if op.variadic else len(op.inputs)  # a variadic operation saves the shapes there
    for position, value in enumerate(values):
        if position < inputs:
            edge = node.edges[position] if position < len(node.edges) else None
            yield (edge if edge is not None else id(constants.get(position))), INPUT, value
        elif position < inputs + (node.several or 1):
            yield (node, position - inputs), OUTPUT, value
        else:
            yield None, OWN, value


def _function_places(node, values):
    """The same of a user's Function, which saves pairs of a tensor and the number of the output that it is."""
    for item in values:
        value, number = item if isinstance(item, tuple) and len(item) == 2 else (item, None)
        if number is not None:
            yield (node, number), OUTPUT, value
        elif isinstance(value, Tensor):
            edge = edge_of(value)
            yield (edge if edge is not None else id(value)), (INPUT if edge in node.edges else OWN), value


def memory(array):
    """The array that owns the memory which ``array`` looks into."""
    while hasattr(getattr(array, "base", None), "nbytes"):
        array = array.base
    return array


def fold_saved(model, folded, stand_in):
    """Give every box of ``folded`` what its operations saved: visible tensors one by one, the others as one sum."""
    holders = {}
    for key, op in model.ops.items():
        for entry in op.saved:
            holders.setdefault(entry.memory, set()).add(stand_in[key])
    for op in folded.ops.values():
        if op.box is not None:
            entries = [entry for inner in op.box.operations for entry in model.ops[inner].saved]
            op.saved = _summed(entries, folded.tensors, holders)


def _summed(entries, visible, holders):
    shown, hidden = {}, {}
    for entry in entries:
        seen = entry.tensor in visible
        if seen or len(holders[entry.memory]) > 1:
            shown.setdefault((entry.tensor, entry.memory), entry if seen else entry._replace(tensor=None, role=OWN))
        else:
            hidden.setdefault(entry.leaf, {}).setdefault(entry.memory, {})[entry.tensor or entry.memory] = entry
    sums = []
    for leaf, by_memory in hidden.items():
        first = next(iter(by_memory))
        total = sum(next(iter(same.values())).bytes for same in by_memory.values())
        sums.append(Saved(None, OWN, first, total, leaf, sum(map(len, by_memory.values()))))
    return (*shown.values(), *sums)


def saved_json(model):
    """id of an operation -> [[id of a tensor or None, number of the role, number of the memory, bytes, 1 for a leaf's, count], ...]."""
    numbers = {}
    return {
        key: [[s.tensor, ROLES.index(s.role), numbers.setdefault(s.memory, len(numbers)), s.bytes, int(s.leaf), s.count] for s in op.saved]
        for key, op in model.ops.items() if op.saved
    }  # fmt: skip
