"""From a result to its graph: walk ``grad_fn.next_functions`` back to the leaves and write down what is there.

No recursion, so a chain of 100,000 operations is a loop. What neither a tape, a saved value nor a variable of the
caller tells stays unknown: the card says "not recorded".
"""

from collections import deque
from functools import partial

from ..core.dtypes import from_numpy_dtype
from ..core.node import AccumulateGrad
from ..core.op import OPERATORS, PRETTY
from ..core.tensor import Tensor, edge_of
from .cuts import cut_of
from .deferred import is_spoken
from .formula import formula_of, source_of
from .groups import Groups, place
from .model import Model, OpNode, TensorNode
from .record import record_of
from .saved import leaf_memory, saved_by
from .summary import number, summarise
from .texts import text

PRETTY_SYMBOLS = {PRETTY.get(symbol, symbol) for symbol in OPERATORS}
TELLING = ("dim", "dims", "kernel", "exponent", "p", "slope", "low", "high")  # parameters worth a place in a caption
LONGEST_NAME = 12  # an unnamed result is called by its expression if that is no longer than this


def check_tensors(name, outputs):
    """TypeError if the function ``name`` was given anything but tensors."""
    if not outputs or not all(isinstance(out, Tensor) for out in outputs):
        raise TypeError(f"{name}() takes tensors, not {', '.join(type(out).__name__ for out in outputs) or 'nothing'}")


class Trace:
    """The walk and what it found: the Model, and which part of it belongs to which node of the graph."""

    def __init__(self, outputs, names, most=None, nodes=None):
        """Of everything that leads to ``outputs``, or only of the ``most`` operations next to them; or of ``nodes``, oldest first, a part of some graph."""
        self.names = names
        self.model = Model()
        self.roots = roots_of(outputs)
        self.leaf_outputs = [out for out, edge in zip(outputs, self.roots, strict=True) if edge is None]
        self.nodes = nodes or (nodes_of(self.roots) if most is None else nearest_nodes(self.roots, most))  # oldest first
        self.wanted = {edge for node in self.nodes for edge in node.next_functions}.union(self.roots)
        self.op_ids = {}  # node -> id
        self.tensor_ids = {}  # (node, output number) or id(constant) -> id
        self.unnamed = set()  # ids of the leaves and constants that no variable and no module holds
        self.counts = {}  # kind of card or name of an operation -> how many there are
        self.groups = Groups(names)
        records = [record_of(node) for node in self.nodes]
        self.calls = {node: self.groups.of_call(record.call) for node, record in zip(self.nodes, records, strict=True) if record is not None}
        self.owners = self.groups.adopt()
        for _, name, tensor in self.owners.values():
            names.add(name, tensor)
        self.model.groups = self.groups.found
        self.known = known_arrays(self.nodes, names)
        self.leaf_memory = leaf_memory(self.nodes)
        for out, edge in zip(outputs, self.roots, strict=True):
            if edge is not None and not out.is_leaf:
                self.known[edge] = out._a
        for node in self.nodes:
            if isinstance(node, AccumulateGrad):
                self._add_leaf(node)
            else:
                self._add_op(node)
        for out in self.leaf_outputs:
            self._add_constant(out)
        self.model.ran_backward = went_backward(self.nodes)
        self.leaf_versions = {node: node.variable._ver[0] for node in self.nodes if isinstance(node, AccumulateGrad)}
        place(self.model, {self.op_ids[node] for node in self.op_ids if node not in self.calls}, self.unnamed)

    # --- cards -------------------------------------------------------------------------------------------------

    def _add_tensor(self, key, **fields):
        card = TensorNode(id=f"t{len(self.model.tensors)}", **fields)
        self.model.tensors[card.id] = card
        self.tensor_ids[key] = card.id
        return card

    def _add_leaf(self, node):
        leaf = node.variable
        name = self.names.leaf(leaf) or self._numbered("leaf")
        card = self._add_tensor((node, 0), name=name, kind="leaf", shape=tuple(leaf.shape), dtype=leaf.dtype.name, group=self._owner(leaf))
        self._note_unnamed(card, leaf)
        _fill(card, leaf._a)
        _fill_grad(card, leaf)

    def _add_constant(self, tensor, role=""):
        name = self.names.leaf(tensor) or role or self._numbered("constant")
        shape, dtype = tuple(tensor.shape), tensor.dtype.name
        card = self._add_tensor(id(tensor), name=name, kind="constant", shape=shape, dtype=dtype, group=self._owner(tensor))
        self._note_unnamed(card, tensor)
        _fill(card, tensor._a)
        return card.id

    def _note_unnamed(self, card, tensor):
        if self.names.leaf(tensor) is None:
            self.unnamed.add(card.id)

    def _owner(self, tensor):
        """The id of the group that a parameter or buffer belongs to, or None."""
        return self.owners.get(id(tensor), (None,))[0]

    def _add_output(self, node, index, op):
        card = self._add_result((node, index), self._expression(op), op.id)
        self.model.connect(op.id, card.id, index)

    def _add_result(self, edge, name, made_by):
        """The card of what came out of ``edge``; ``name`` if no variable holds it."""
        node, index = edge
        shape, np_dtype = (node.shape[index], node.dtype[index]) if node.several else (node.shape, node.dtype)
        kind = "loss" if edge in self.roots else "intermediate"
        name = self.names.result(edge) or name
        dtype = "" if np_dtype is None else from_numpy_dtype(np_dtype).name
        card = self._add_tensor(edge, name=name, kind=kind, shape=tuple(shape or ()), dtype=dtype, made_by=made_by)
        if edge in self.known:
            _fill(card, self.known[edge])
        tensor = self.names.tensors.get(edge)
        if tensor is not None:
            _fill_grad(card, tensor)
        return card

    def _numbered(self, kind):
        """A name for what no variable holds, in the reader's language: the first is ``leaf``, the next ``leaf 2``."""
        count = self.counts[kind] = 1 + self.counts.get(kind, 0)
        return partial(numbered_word, kind, count)

    # --- circles -----------------------------------------------------------------------------------------------

    def _add_op(self, node):
        declared = node.op or getattr(node, "function", None)
        full = getattr(declared, "name", None) or getattr(declared, "__name__", None) or node.name()
        symbol = getattr(declared, "label", None) or full
        name = symbol if len(symbol) > 2 and symbol.isidentifier() else full  # max_pool2d, not max_pool2d_with_indices
        op = OpNode(id=f"o{len(self.model.ops)}", name=name, symbol=symbol, title=node.name(), group=self.calls.get(node))
        self.model.ops[op.id] = op
        self.counts[name] = self.counts.get(name, 0) + 1
        self.op_ids[node] = op.id
        op.formula = formula_of(declared)
        if declared is not None:
            op.source = f"{getattr(declared, '__module__', '')}.{full}"
            if op.source not in self.model.sources:
                self.model.sources[op.source] = source_of(declared)
        record = record_of(node)
        if record is not None:
            op.line, op.seconds, op.bytes = record.line, record.seconds, record.bytes
        numbers = self._connect(node, op, record)
        op.caption = _caption(op, numbers, [self.model.tensors[i].name for i in self.model.inputs_of(op.id)], record)
        for index in range(node.several or 1):
            if not node.several or (node, index) in self.wanted:
                self._add_output(node, index, op)
        op.saved = saved_by(node, dict(enumerate(record.inputs)) if record is not None else {}, self.tensor_ids, self.leaf_memory)

    def _connect(self, node, op, record):
        """Edges from the inputs; returns the plain numbers among them, by position."""
        numbers = {}
        for position, edge in enumerate(node.edges):
            if edge is not None:
                source = self.tensor_ids.get(edge) or self._add_result(edge, partial(text, "intermediate"), None).id  # the walk ended there
                self.model.connect(source, op.id, position)
                continue
            constant = _constant(node, record, position)
            if isinstance(constant, Tensor) and constant.ndim > 0:
                source = self.tensor_ids.get(id(constant)) or self._add_constant(constant, _role(node, position))
                self.model.connect(source, op.id, position)
                self.model.tensors[source].cut = cut_of(record, position)
            elif constant is not None:
                numbers[position] = _scalar(constant)
        for position in range(len(node.edges), len(getattr(node.op, "inputs", ()))):  # an exponent has no edge in PyTorch's graph
            constant = _constant(node, record, position)
            if isinstance(constant, int | float):
                numbers[position] = _scalar(constant)
        return numbers

    def _expression(self, op):
        """A name for a result that no variable holds: ``y²``, ``x@w``, or the operation's name."""
        cards = [self.model.tensors[i] for i in self.model.inputs_of(op.id)]
        make = partial(_expression_of, op, cards, self.counts[op.name])
        return make if any(is_spoken(card, "name") for card in cards) else make()


def numbered_word(kind, count):
    """``leaf``, ``leaf 2``: what stands for a name."""
    return f"{text(kind)} {count}" if count > 1 else text(kind)


def _expression_of(op, cards, number_of_kind):
    names = [card.name for card in cards]
    if op.symbol in PRETTY_SYMBOLS and op.caption and len(names) == 1:
        expression = f"{op.caption} {names[0]}" if op.caption.endswith(op.symbol) else f"{names[0]} {op.caption}"
    elif op.name == "mul" and len(names) == 2:
        expression = f"{names[0]}²" if names[0] == names[1] else f"{names[0]}·{names[1]}"
    elif len(names) == 2 and len(op.symbol) == 1:
        expression = f"{names[0]} {op.symbol} {names[1]}"
    else:
        expression = f"{op.name}({', '.join(names)})"
    if len(expression) <= LONGEST_NAME:
        return expression
    return f"{op.name} {number_of_kind}" if number_of_kind > 1 else op.name


def roots_of(outputs):
    """The edges that lead to the outputs; None for a tensor without history."""
    return [edge_of(out) for out in outputs]


def nodes_of(roots):
    """Every node that leads to ``roots``, oldest first: inputs stand before what is computed from them."""
    seen, stack = set(), [edge[0] for edge in roots if edge is not None]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(child for child, _ in node.next_functions if child is not None)
    return sorted(seen, key=lambda node: -node.key)


def nearest_nodes(roots, most):
    """The ``most`` operations next to ``roots``, and the leaves that they read; oldest first."""
    seen, queue, operations = set(), deque(edge[0] for edge in roots if edge is not None), 0
    while queue:
        node = queue.popleft()
        is_leaf = isinstance(node, AccumulateGrad)
        if node not in seen and (is_leaf or operations < most):
            seen.add(node)
            operations += not is_leaf
            queue.extend(child for child, _ in node.next_functions if child is not None)
    return sorted(seen, key=lambda node: -node.key)


def went_backward(nodes):
    """True if ``backward()`` has been through: it empties every node that keeps something. If none does, the leaves tell."""
    keeping = [node for node in nodes if node.guards]
    if keeping:
        return any(node.saved is None for node in keeping)
    return all(node.variable.grad is not None for node in nodes if isinstance(node, AccumulateGrad))


def known_arrays(nodes, names):
    """The arrays that can be told without recomputing: edge -> array. Later sources are surer than earlier ones."""
    known = {}
    for node in nodes:
        known.update(_saved_arrays(node))
        record = record_of(node)
        if record is not None:
            for index in range(node.several or 1):
                array = record.output(index)
                if array is not None:
                    known[node, index] = array
    known.update((edge, tensor._a) for edge, tensor in names.tensors.items())
    return known


def _saved_arrays(node):
    """What a node keeps of its inputs and outputs for its own gradient rules is known without a recording."""
    if node.op is None or node.op.variadic or node.saved is None or any(cell[0] != version for cell, version in node.guards):
        return {}
    outputs = [(node, index) for index in range(node.several or 1)]
    edges = [*node.edges, *outputs]  # not next_functions: that leaves out inputs without a rule, such as a mask
    pairs = zip(edges, node.saved, strict=False)
    return {edge: array for edge, array in pairs if edge is not None and hasattr(array, "shape") and array.shape == _shape_of(edge)}


def _shape_of(edge):
    node, index = edge
    return node.shape[index] if node.several else node.shape


def _constant(node, record, position):
    """The input at ``position``, which carries no gradient: a Tensor, a number, or None if nobody remembers."""
    if record is not None and position < len(record.inputs):
        return record.inputs[position]
    if node.op is None or node.op.variadic or node.saved is None or position >= len(node.op.inputs):
        return None
    value = node.saved[position]
    return None if hasattr(value, "shape") and value.shape else value


def _role(node, position):
    """What an operation calls its input, if that tells something: target, mask, index."""
    name = node.op.inputs[position] if node.op is not None and not node.op.variadic and position < len(node.op.inputs) else ""
    return name if len(name) > 2 and name not in ("input", "other") else ""


def _scalar(constant):
    value = constant.item() if hasattr(constant, "item") else constant
    return number(value) if isinstance(value, int | float | complex) else str(value)


def _caption(op, numbers, names, record):
    """What stands beside the circle: ``· 3``, ``y·y``, or the operation's name and parameters where a symbol hides it."""
    sign = "·" if op.name == "mul" else op.symbol
    if op.symbol in PRETTY_SYMBOLS:
        if len(numbers) == 1:
            ((position, value),) = numbers.items()
            return f"{sign} {value}" if position or op.name == "mul" else f"{value} {sign}"
        twice = len(names) == 2 and names[0] == names[1] and len(names[0]) <= 3
        return f"{names[0]}{sign}{names[1]}" if twice else ""
    defaults, given = (getattr(record.op, "param_defaults", {}), record.params) if record is not None else ({}, {})
    shown = [f"{key}={_briefly(given[key])}" for key in TELLING if given.get(key) is not None and given[key] != defaults.get(key)]
    name = [] if op.symbol == op.name else [op.name]
    return " ".join([*name, ", ".join([*numbers.values(), *shown][:2])]).strip()


def _briefly(parameter):
    """A parameter in a caption: ``2×2`` for a pair, a number as on a card."""
    if isinstance(parameter, tuple | list):
        return "×".join(map(str, parameter))
    return number(parameter) if isinstance(parameter, float) else str(parameter)


def _fill(card, array):
    card.value, card.value_handle = lambda: summarise(array), array


def _fill_grad(card, tensor):
    if tensor.grad is not None:
        array = tensor.grad._a
        card.grad, card.grad_handle = lambda: summarise(array), array
