"""Which dimensions of the operands do not go together, by the kind of operation."""

import re
from itertools import combinations

from ..core.op import Elementwise, registry

PRODUCTS = ("matmul", "mm", "bmm", "mv", "dot", "addmm", "baddbmm")
NAMED = re.compile(r"(?:dimension|dim) (\d+) with size")


def clashing(call, message):
    """place of an operand -> the dimensions of it that clash; nothing for operands that are not to blame."""
    operands = call.operands
    shapes = [tuple(operand.tensor.shape) for operand in operands]
    named = NAMED.search(message)
    if named and shapes:
        pairs = {0: {int(named[1])}}
    elif len(shapes) < 2 or (call.name == "bmm" and {len(shape) for shape in shapes} != {3}):
        pairs = {}
    elif call.name in PRODUCTS:
        first = 1 if call.name in ("addmm", "baddbmm") and len(shapes) > 2 else 0
        pairs = {first: _last(shapes[first], 1), first + 1: _last(shapes[first + 1], min(2, len(shapes[first + 1])))}
    elif call.name == "linear":
        pairs = {0: _last(shapes[0], 1), 1: {1}}
    elif call.name.startswith("conv"):
        pairs = {0: {len(shapes[0]) - len(shapes[1]) + 1}, 1: {0 if "transpose" in call.name else 1}}
    elif call.name in ("batch_norm", "instance_norm"):
        pairs = {0: {1}, 1: {0}}
    elif call.name in ("cross_entropy", "nll_loss"):
        pairs = {0: {0}, 1: {0}} if shapes[0][:1] != shapes[1][:1] else {}
    elif call.name in ("cat", "stack"):
        pairs = _joined(shapes, call)
    elif broadcasts(call.name):
        pairs = _broadcast(shapes)
    else:
        pairs = {}
    return {operands[i].place: {d for d in dims if 0 <= d < len(shapes[i])} for i, dims in pairs.items()}


def broadcasts(name):
    """True for operations whose operands are stretched to a common shape."""
    decl = registry.get(name.removesuffix("_"))
    return name.endswith("_loss") or name in ("where", "broadcast_tensors", "binary_cross_entropy") or (decl is not None and issubclass(decl, Elementwise))


def _last(shape, back):
    return {len(shape) - back}


def _broadcast(shapes):
    """The dimensions, counted from the right, whose sizes differ and are not 1."""
    found = {i: set() for i in range(len(shapes))}
    for (i, one), (j, two) in combinations(enumerate(shapes), 2):
        for back in range(1, min(len(one), len(two)) + 1):
            if one[-back] != two[-back] and 1 not in (one[-back], two[-back]):
                found[i].add(len(one) - back)
                found[j].add(len(two) - back)
    return found


def _joined(shapes, call):
    """Of tensors that are joined: the dimensions, other than the joined one, in which one differs from the first."""
    dim = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else 0)
    joined = dim % max(len(shapes[0]), 1) if call.name == "cat" and isinstance(dim, int) else None
    found = {0: set()}
    for i, shape in enumerate(shapes[1:], 1):
        if len(shape) != len(shapes[0]):
            found[i] = set(range(len(shape)))
            found[0] |= set(range(len(shapes[0])))
        else:
            found[i] = {d for d, (a, b) in enumerate(zip(shapes[0], shape, strict=True)) if a != b and d != joined}
            found[0] |= found[i]
    return found
