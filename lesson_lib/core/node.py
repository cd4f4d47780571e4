"""The graph: a Node per recorded operation, pointing back at the nodes that made its inputs.

An edge is ``(node, output number)``, never a tensor, so there is no cycle: when the last user of a result goes,
its whole history goes with it, without waiting for the garbage collector.
"""

import re
from itertools import count
from operator import itemgetter

from .errors import error, tensor_title
from .grad_slot import grad_np_dtype
from .messages_autograd import MODIFIED_HINTS
from .state import anomaly_mode

#: Counts *down*: a younger node has a smaller key, so a heap hands out the youngest first. A consumer is always
#: younger than what it consumed, which makes that order a topological one.
keys = count(0, -1)  # next(keys) is the next node's


class Node:
    """One step of history. ``edges`` lead to the inputs, ``shape``/``dtype`` describe the output (its gradient must match)."""

    # key     its age: younger nodes have smaller keys
    # edges   ((node, output number) or None, ...), one per input
    # saved   what the rules asked for; None once freed
    # guards  ((version list, version), ...) of the saved tensors: inputs, then outputs
    # shape, dtype   of the output; with several outputs, tuples of them
    # several the number of outputs if there is more than one, else None
    # hooks   a Hooks if anybody registered one, else None
    __slots__ = ("__weakref__", "_metadata", "dtype", "edges", "guards", "hooks", "key", "saved", "several", "shape")
    op = None  # the declaration, where there is one
    title = "Node"

    @property
    def next_functions(self):
        """The edges, as PyTorch shows them: ``((node, index), ...)`` with ``(None, 0)`` for a constant."""
        ruleless = getattr(self.op, "ruleless", ())  # an input without a rule (an index, a mask) has no place in PyTorch's list
        return tuple(edge or (None, 0) for position, edge in enumerate(self.edges) if position not in ruleless)

    @property
    def metadata(self):
        """A dictionary for whoever walks the graph; the library itself never reads it."""
        if not hasattr(self, "_metadata"):
            self._metadata = {}
        return self._metadata

    def name(self):
        """PyTorch's name of the node, such as ``MulBackward0``."""
        return self.title

    def __repr__(self):
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def register_hook(self, hook):
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran; it may return new ``grad_inputs``."""
        return Handle.append(hooks_of(self).post, hook)

    def register_prehook(self, hook):
        """Call ``hook(grad_outputs)`` before this node runs; it may return new ``grad_outputs``."""
        return Handle.append(hooks_of(self).pre, hook)

    def check(self):
        """Raise PyTorch's error if the buffers are gone, or if a saved tensor was written to since."""
        if self.saved is None:
            raise error("freed")
        kept = [(position, value) for position, value in enumerate(self._kept()) if hasattr(value, "dtype")]
        for (position, value), (cell, version) in zip(kept, self.guards, strict=True):
            if cell[0] != version:
                maker = self._maker(position, cell)
                origin = f", which is output 0 of {plain_title(maker)}," if maker else ""
                title = tensor_title(value.dtype)
                hint = MODIFIED_HINTS[anomaly_mode.enabled]
                raise error("modified", title=title, shape=list(value.shape), origin=origin, found=cell[0], expected=version, hint=hint)

    def _kept(self):
        """The saved inputs and outputs, in the order of the guards."""
        op = self.op
        return self.saved[1 : 1 + len(op.outputs)] if op.variadic else self.saved[: len(op.inputs) + len(op.outputs)]

    def _maker(self, position, cell):
        """The name of the node that made (or last wrote) the saved value at ``position``; None for a leaf."""
        if self.op.variadic or position >= len(self.op.inputs):
            return self.title
        if len(cell) > 1:
            return cell[1]
        edge = self.edges[position]
        return None if edge is None or isinstance(edge[0], AccumulateGrad) else edge[0].title


def plain_title(title):
    """A node's name as PyTorch's messages print it: without ``Backward0``."""
    return re.sub(r"Backward\d*$", "", title)


class Hooks:
    """The hooks of one node."""

    def __init__(self):
        self.tensor = {}  # {output number: [functions of the gradient of that output]}
        self.pre, self.post = [], []


def hooks_of(node):
    """The node's hooks, made when the first is registered."""
    if node.hooks is None:
        node.hooks = Hooks()
    return node.hooks


class Handle:
    """What ``register_*hook`` returns: ``remove()`` takes the hook off again."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook

    @classmethod
    def append(cls, hooks, hook):
        """Add ``hook`` to the list ``hooks``."""
        hooks.append(hook)
        return cls(hooks, hook)

    def remove(self):
        """Take the hook off; a second call does nothing."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()


def bound(rule_and_positions):
    """A rule as a function of (g, saved): what it asked for by name stands at fixed positions in ``saved``."""
    if rule_and_positions is None:
        return None
    rule, at = rule_and_positions
    if len(at) == 0:
        return lambda g, saved: rule(g)
    if len(at) == 1:
        return lambda g, saved, i=at[0]: rule(g, saved[i])
    pick = itemgetter(*at)
    return lambda g, saved: rule(g, *pick(saved))


def unary_contributions(rule):
    """For a node with one input: its gradient. ``g`` and ``saved`` are all arrays, or all Tensors when this is recorded."""
    rule = bound(rule)

    def contributions(self, g, saved):
        return (rule(g, saved),)

    return contributions


def binary_contributions(for_a, for_b):
    """For two inputs; an edge that is None asks for nothing."""
    if for_a and for_b and len(for_a[1]) == len(for_b[1]) == 1:
        return _product_like(*for_a, *for_b)
    if for_a and for_b and len(for_a[1]) == len(for_b[1]) == 0:
        return _sum_like(for_a[0], for_b[0])
    rule_a, rule_b = bound(for_a), bound(for_b)

    def contributions(self, g, saved):
        to_a, to_b = self.edges
        if to_b is None:
            return (rule_a(g, saved), None)
        if to_a is None:
            return (None, rule_b(g, saved))
        return (rule_a(g, saved), rule_b(g, saved))

    return contributions


def _product_like(rule_a, at_a, rule_b, at_b):
    """The same with one call less per rule, for the commonest shape: each rule needs one value (mul, mm, maximum)."""
    (i,), (j,) = at_a, at_b

    def contributions(self, g, saved):
        to_a, to_b = self.edges
        if to_b is None:
            return (rule_a(g, saved[i]), None)
        if to_a is None:
            return (None, rule_b(g, saved[j]))
        return (rule_a(g, saved[i]), rule_b(g, saved[j]))

    return contributions


def _sum_like(rule_a, rule_b):
    """And for rules that need nothing but ``g`` (add, sub)."""

    def contributions(self, g, saved):
        to_a, to_b = self.edges
        return (None if to_a is None else rule_a(g), None if to_b is None else rule_b(g))

    return contributions


def nary_contributions(*rules):
    """For any number of inputs."""
    rules = tuple(map(bound, rules))

    def contributions(self, g, saved):
        return [None if edge is None else rule(g, saved) for edge, rule in zip(self.edges, rules, strict=True)]

    return contributions


def joint_contributions(rule):
    """One rule answers for all inputs: for a list of tensors (cat, stack), and where the gradients share their work (lstm)."""
    rule = bound(rule)

    def contributions(self, g, saved):
        return rule(g, saved)

    return contributions


class AccumulateGrad(Node):
    """The end of a path: what arrives is added to its leaf's ``.grad``."""

    __slots__ = ("variable",)
    title = "AccumulateGrad"

    def __init__(self, variable):
        self.key, self.edges, self.saved, self.guards = next(keys), (), (), ()
        self.variable, self.several, self.hooks = variable, None, None
        self.shape, self.dtype = variable._a.shape, grad_np_dtype(variable)

    def name(self):
        """PyTorch's name."""
        return "torch::autograd::AccumulateGrad"
