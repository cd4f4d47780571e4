"""What the user calls a tensor: the names of variables and of a module's parameters."""

from ..core.tensor import Tensor, edge_of
from ..nn.module import Module


class Names:
    """Looks up names. Leaves are known by identity, results by the edge that made them."""

    def __init__(self):
        self.by_leaf = {}
        self.by_edge = {}
        self.modules = {}  # id(module) -> the variable that holds it
        self.tensors = {}  # edge -> Tensor: a named result's value is known without any recording

    def without_values(self, leaves):
        """The names of results and of ``leaves``, keeping no tensor alive."""
        other = Names()
        other.by_leaf = {id(leaf): self.by_leaf[id(leaf)] for leaf in leaves if id(leaf) in self.by_leaf}
        other.by_edge = dict(self.by_edge)
        return other

    def add(self, name, tensor):
        """Remember ``name`` for ``tensor``; the first name wins."""
        edge = None if tensor.is_leaf else edge_of(tensor)
        if edge is None:
            self.by_leaf.setdefault(id(tensor), name)
        else:
            self.by_edge.setdefault(edge, name)
            self.tensors.setdefault(edge, tensor)

    def add_module(self, module, prefix):
        """Remember the parameters and buffers of ``module`` under their dotted names."""
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            self.add(prefix + name, tensor)

    def module(self, module):
        """The variable that holds a module, or None."""
        return self.modules.get(id(module))

    def leaf(self, tensor):
        """The name of a leaf or constant, or None."""
        return self.by_leaf.get(id(tensor))

    def result(self, edge):
        """The name of what came out of ``edge`` = (node, output number), or None."""
        return self.by_edge.get(edge)


def names_seen_from(frame, model=None):
    """Names of the tensors in a caller's variables, local before global, and of its modules' parameters.

    With ``model`` its parameters are named as in ``state_dict()``; modules found among the variables put the
    variable's name in front.
    """
    names = Names()
    if model is not None:
        names.add_module(model, "")
    scopes = [] if frame is None else [frame.f_locals, frame.f_globals]
    found = [(name, value) for scope in scopes for name, value in list(scope.items()) if not name.startswith("_")]
    for name, value in found:
        if isinstance(value, Tensor):
            names.add(name, value)
    for name, value in found:
        if isinstance(value, Module):
            names.modules.setdefault(id(value), name)
            names.add_module(value, name + ".")
    return names
