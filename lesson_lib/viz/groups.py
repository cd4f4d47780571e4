"""Modules as groups of operations: from the calls that a tape saw to the Groups of a Model."""

from math import prod
from typing import NamedTuple

from ..nn.parameter import Parameter
from .texts import text


class Group(NamedTuple):
    """One call of one module. ``own`` are the parameters that belong to it and to no module called within it."""

    id: str
    name: str  # its path: blocks.0.attn; of an outermost module the variable that holds it
    kind: str  # the name of its class
    parent: str | None
    own: tuple = ()  # (full name, shape) of each parameter
    members: tuple = ()  # of a row of equal neighbours: the ids of the groups in it

    @property
    def title(self):
        """``Attention``, or ``Block 3`` for a numbered one; ``Block 1 … 11`` for a row of them."""
        last = self.name.rpartition(".")[2]
        return f"{self.kind} {last}" if last[:1].isdigit() else self.kind or text("module")

    @property
    def parameters(self):
        """How many numbers its own parameters have."""
        return sum(prod(shape) for _, shape in self.own)


class Groups:
    """Makes the Groups as a trace meets operations of them."""

    def __init__(self, names):
        self.names = names
        self.found = {}  # id -> Group
        self.by_call = {}  # Call -> id
        self.by_path = {}  # (outermost Call, path) -> id of the first call of the module there

    def of_call(self, call):
        """The id of the group of a Call; None for None."""
        if call is None:
            return None
        if call not in self.by_call:
            parent = self.of_call(call.parent)
            key = f"g{len(self.by_call)}"
            self.by_call[call] = key
            name = self.names.module(call.module()) if call.parent is None and callable(call.module) else call.path
            self.found[key] = Group(key, name or "", call.kind, parent)
            if call.path is not None:
                self.by_path.setdefault((call.root, call.path), key)
        return self.by_call[call]

    def adopt(self):
        """Give every parameter and buffer to the innermost called module that has it: id(tensor) -> (id of the group, name, tensor)."""
        owners, own = {}, {}
        for root in {call.root: None for call in self.by_call}:
            for name, tensor in root.members:
                key = self._owner(root, name)
                owners.setdefault(id(tensor), (key, name, tensor))
                if isinstance(tensor, Parameter):
                    own.setdefault(key, []).append((name, tuple(tensor.shape)))
        for call, key in self.by_call.items():
            first = self.by_path.get((call.root, call.path))
            self.found[key] = self.found[key]._replace(own=tuple(own.get(first, ())))
        return owners

    def _owner(self, root, name):
        path = name
        while path:
            path = path.rpartition(".")[0]
            if (root, path) in self.by_path:
                return self.by_path[root, path]
        return self.by_path.get((root, ""))


def lineage(groups, key):
    """``key`` and the groups around it, innermost first."""
    found = []
    while key is not None:
        found.append(key)
        key = groups[key].parent
    return found


def place(model, unrecorded, unnamed):
    """Put what no tape saw where its neighbours are: into the innermost group around all of them.

    ``unrecorded`` are operations, such as the replay of a view; ``unnamed`` are constants made on the way, such as a mask.
    """
    for key in reversed(list(model.ops)) if model.groups else ():
        if key not in unrecorded:
            continue
        makers = [model.tensors[tensor].made_by for tensor in model.inputs_of(key)]
        users = [op for tensor in model.outputs_of(key) for op in model.users_of(tensor)]
        model.ops[key].group = common(model.groups, [model.ops[op].group for op in (*makers, *users) if op is not None and op not in unrecorded])
    for key in unnamed if model.groups else ():
        model.tensors[key].group = common(model.groups, [model.ops[op].group for op in model.users_of(key)])


def common(groups, keys):
    """The innermost group that contains all of ``keys``, or None."""
    if not keys:
        return None
    shared = lineage(groups, keys[0])
    for key in keys[1:]:
        line = set(lineage(groups, key))
        shared = [one for one in shared if one in line]
    return shared[0] if shared else None
