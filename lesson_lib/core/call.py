"""How an op is called: one plain closure per arity, made when the op is declared. Step into one with a debugger.

Each does the same: take the arrays out, run ``forward``, wrap the result, and (if an input requires grad) write a
Node. Checks cost nothing until they fail: ``forward`` runs in a ``try``, and only its exception is explained.
"""

from numpy import asarray, generic, ndarray

from . import cpu
from .device import is_array, namespace
from .dtypes import INEXACT
from .errors import error
from .explain import explained, refused
from .half import FLOAT32, FLOAT64, half_of, in_float32, is_half
from .node import keys
from .out import write_out
from .promote import COMMON, FLOAT, NUMBERS, as_operand, device_text, not_a_tensor, promoted, raw_operands
from .state import notify, thread, watchers
from .tensor import Tensor, edge_of, wrap
from .threads import LARGE

new = object.__new__

#: The guard of a saved number: it cannot change, but a node that saved one is freed by backward(), as in PyTorch.
ALWAYS_HOLDS = (([0], 0),)


def with_own_bytecode(call):
    """``call`` with a copy of the bytecode for itself.

    Python rewrites bytecode while it runs, to suit the types that it meets there. The closures of all ops come from one text: if they shared its
    bytecode, a product's node would undo what a sum's had brought, at each attribute (2 % of the time of tiny operations).
    """
    call.__code__ = call.__code__.replace()
    return call


def make_unary(decl):
    """The call of an op with one input and no parameters: ``exp(x)``."""
    forward, large, node_class, differentiable = decl.compute, decl.large, decl.node, decl.differentiable
    floats, kinds = decl.promotion == FLOAT, decl.kinds
    wanted = decl.needs[0]
    keep_x, keep_y = decl.inputs[0] in wanted, "y" in wanted

    @with_own_bytecode
    def unary(input, *, out=None):
        if not isinstance(input, Tensor):
            return unwrapped(decl, (input,), {})
        x = input._a
        if kinds is not None and x.dtype.kind not in kinds:
            raise refused(decl, x.dtype)
        if floats and x.dtype.kind not in INEXACT:
            (x,) = promoted(decl, (input,))
        kind, dtype = type(x), x.dtype
        try:
            if dtype is FLOAT32 or dtype is FLOAT64 or not is_half(dtype):
                y = (forward if x.size < LARGE else large)(cpu if kind is ndarray else namespace(x), x)
            else:
                y = in_float32(decl, namespace(x), (x,), {}, dtype)
        except Exception as exc:
            raise explained(decl, exc, (x,), {}) from None
        if type(y) is not kind:  # NumPy's 0-d results are scalars
            y = asarray(y)
        result = new(Tensor)
        result._a = y
        result._rg = False
        result._edge = result._base = result._acc = None
        result._ver = version = [0]
        if differentiable and (input._rg or input._base is not None) and thread.grad_enabled:
            edge = edge_of(input)
            if edge is not None:
                node = node_class()
                node.key = next(keys)
                node.edges = (edge,)
                node.saved = (x if keep_x else None, y if keep_y else None)
                node.guards = (((input._ver, input._ver[0]),) if keep_x else ()) + (((version, 0),) if keep_y else ())
                node.shape, node.dtype, node.several, node.hooks = y.shape, y.dtype, None, None
                result._rg, result._edge = True, (node, 0)
        if watchers:
            notify(decl, (input,), {}, result)
        return result if out is None else write_out(out, result, decl.name, (input,))

    return unary


def make_binary(decl, operator=False):
    """The call of an op with two inputs and no parameters: ``mul(a, b)``; either may be a Python number.

    As an ``operator`` (``a * b``) it answers NotImplemented to what it does not know, so that Python asks the other side.
    """
    forward, large, node_class, differentiable = decl.compute, decl.large, decl.node, decl.differentiable
    floats, promotes = decl.promotion == FLOAT, decl.promotion in (COMMON, FLOAT)
    keep_for_a, keep_for_b, keep_for_both = kept_by_edges(decl)
    scalar_kinds = {float: INEXACT, int: INEXACT} if decl.numbers else {}  # array kinds with which NumPy's and PyTorch's result types agree
    integer_kinds = "iu" if decl.numbers and not floats else ""
    no_kinds = ""

    @with_own_bytecode
    def binary(input, other, *, out=None):
        edge_a = edge_b = None
        if isinstance(input, Tensor):
            x = input._a
            dtype = x.dtype
            if isinstance(other, Tensor):
                y = other._a
                if dtype is not y.dtype or type(x) is not type(y) or (floats and dtype.kind not in INEXACT):
                    x, y = operands(decl, input, other, promotes)
                    dtype = x.dtype
                if differentiable and (other._rg or other._base is not None):
                    edge_b = other._edge or edge_of(other) if other._base is None else edge_of(other) if thread.grad_enabled else None
            elif dtype.kind in scalar_kinds.get(type(other), no_kinds) or (
                dtype.kind in integer_kinds and type(other) is int and -1 < other < 128  # every integer dtype holds these
            ):
                y = other
            elif decl.numbers and (isinstance(other, NUMBERS) or (promotes and number_like(other))):
                x, y = operands(decl, input, other, promotes)
                dtype = x.dtype
            else:
                return unsupported(decl, other, 1, operator)
            if differentiable and (input._rg or input._base is not None):
                edge_a = input._edge or edge_of(input) if input._base is None else edge_of(input) if thread.grad_enabled else None
            lead = x
        elif isinstance(other, Tensor):
            if not (decl.numbers is True and (isinstance(input, NUMBERS) or number_like(input))):
                return unsupported(decl, input, 0, operator)
            x, y = operands(decl, input, other, promotes)
            edge_b = edge_of(other)
            lead, dtype = y, y.dtype
        else:
            return unwrapped(decl, (input, other), {})
        kind = type(lead)
        try:
            if dtype is FLOAT32 or dtype is FLOAT64 or as_it_is(decl, dtype):
                z = (forward if lead.size < LARGE else large)(cpu if kind is ndarray else namespace(lead), x, y)
            else:
                z = in_float32(decl, namespace(lead), (x, y), {}, dtype)
        except Exception as exc:
            raise explained(decl, exc, (x, y), {}) from None
        if type(z) is not kind:
            z = asarray(z)
        version, edge = [0], None
        if differentiable and (edge_a is not None or edge_b is not None) and thread.grad_enabled:
            keep_x, keep_y, keep_z = keep_for_a if edge_b is None else keep_for_b if edge_a is None else keep_for_both
            node = node_class()
            node.key = next(keys)
            node.edges = (edge_a, edge_b)
            node.saved = (x if keep_x else None, y if keep_y else None, z if keep_z else None)
            if keep_x and keep_y and edge_a is not None and edge_b is not None:
                guards = ((input._ver, input._ver[0]), (other._ver, other._ver[0]))
            else:
                guards = ((input._ver, input._ver[0]),) if keep_x and isinstance(input, Tensor) else ()
                if keep_y and isinstance(other, Tensor):
                    guards += ((other._ver, other._ver[0]),)
                if not guards and (keep_x or keep_y):
                    guards = ALWAYS_HOLDS
            if keep_z:
                guards += ((version, 0),)
            node.guards = guards
            node.shape = z.shape
            node.dtype = z.dtype
            node.several = node.hooks = None
            edge = (node, 0)
        result = new(Tensor)  # one attribute per line: a tuple on both sides would be built and taken apart again
        result._a = z
        result._rg = edge is not None
        result._edge = edge
        result._base = result._acc = None
        result._ver = version
        if watchers:
            notify(decl, (input, other), {}, result)
        return result if out is None else write_out(out, result, decl.name, (input, other))

    return binary


def kept_by_edges(decl):
    """(save a, save b, save y) when only a needs a gradient, when only b does, when both do: only what the rules in use name is saved."""
    for_a, for_b = decl.needs
    return [tuple(name in wanted for name in (*decl.inputs, "y")) for wanted in (for_a, for_b, for_a + for_b)]


def make_parametric(decl):
    """The call of an op with one input and parameters, or of a view: ``sum(x, dim=1)``, ``x.t()``."""
    forward, large, node_class, differentiable, overload = decl.compute, decl.large, decl.node, decl.differentiable, decl.overload
    floats, kinds, names, view = decl.promotion == FLOAT, decl.kinds, decl.params, decl.view
    keep_x, keep_y = decl.inputs[0] in decl.needs[0], decl.outputs[0] in decl.needs[0]

    @with_own_bytecode
    def parametric(input, **params):
        if not isinstance(input, Tensor):
            return unwrapped(decl, (input,), params)
        x = input._a
        if kinds is not None and x.dtype.kind not in kinds:
            raise refused(decl, x.dtype)
        if floats and x.dtype.kind not in INEXACT:
            (x,) = promoted(decl, (input,))
        kind, dtype = type(x), x.dtype
        try:
            if dtype is FLOAT32 or dtype is FLOAT64 or not is_half(dtype):
                y = (forward if x.size < LARGE else large)(cpu if kind is ndarray else namespace(x), x, **params)
            else:
                y = in_float32(decl, namespace(x), (x,), params, dtype)
        except Exception as exc:
            raise explained(decl, exc, (x,), params) from None
        if type(y) is not kind:
            y = as_array(y)
        result = new(Tensor)
        result._a = y
        result._rg = False
        result._edge = result._base = result._acc = None
        if view:
            version = mark_view(decl, input, result, params)
        else:
            result._ver = version = [0]
        if differentiable and (input._rg or input._base is not None) and thread.grad_enabled and y.dtype.kind in INEXACT:
            edge = edge_of(input)
            if edge is not None:
                node = new(decl.nodes[overload((input,), params)] if overload else node_class)
                node.key = next(keys)
                node.edges = (edge,)
                node.saved = (x if keep_x else None, y if keep_y else None, x.shape, *[params[name] for name in names])
                node.guards = (((input._ver, input._ver[0]),) if keep_x else ()) + (((version, 0),) if keep_y else ())
                node.shape, node.dtype, node.several, node.hooks = y.shape, y.dtype, None, None
                result._rg, result._edge = True, (node, 0)
        if watchers:
            notify(decl, (input,), params, result)
        return result

    return parametric


def make_nary(decl):
    """The call of every other op: any number of inputs, keyword parameters, several outputs, views."""
    forward, large, single = decl.compute, decl.large, len(decl.outputs) == 1

    def nary(*inputs, **params):
        tensor = next((value for value in inputs if isinstance(value, Tensor)), None)
        if tensor is None:
            return unwrapped(decl, inputs, params)
        if decl.numbers == "last" and tensor is not inputs[0]:
            raise not_a_tensor(decl, inputs[0], 0)
        arrays = arrays_of(decl, inputs, tensor)
        lead = arrays[0] if hasattr(arrays[0], "dtype") else next(a for a in arrays if hasattr(a, "dtype"))  # a number may come first
        if decl.kinds is not None and lead.dtype.kind not in decl.kinds:
            raise refused(decl, lead.dtype)
        kind, half = type(lead), None if lead.dtype is FLOAT32 else half_of(arrays)
        xp = cpu if kind is ndarray else namespace(lead)
        try:
            y = (forward if lead.size < LARGE else large)(xp, *arrays, **params) if half is None else in_float32(decl, xp, arrays, params, half)
        except Exception as exc:
            raise explained(decl, exc, arrays, params) from None
        if single and not isinstance(y, tuple | list):
            results = (wrap(y if type(y) is kind else as_array(y)),)
        else:
            results = tuple(wrap(o if type(o) is kind else as_array(o)) for o in y)
        if decl.view:
            mark_views(decl, tensor, results, params)
        if decl.differentiable and thread.grad_enabled:
            edges = tuple(edge_of(value) if isinstance(value, Tensor) else None for value in inputs)
            if any(edges):
                for position in decl.ruleless:
                    if edges[position] is not None:
                        raise error("no_rule", function=decl.native or decl.name, argument=decl.inputs[position])
                record(decl, inputs, arrays, results, params, edges)
        output = results[0] if single and not isinstance(y, tuple | list) else results if decl.returns is tuple else decl.returns(*results)
        if watchers:
            notify(decl, inputs, params, output)
        return output

    return nary


def as_array(value):
    """NumPy's 0-d results are scalars; an array of another device (what a transfer makes) stays as it is."""
    return asarray(value) if isinstance(value, (generic, *NUMBERS)) else value


def arrays_of(decl, inputs, tensor):
    """The inputs as arrays: promoted together if the op says so, else as they are."""
    if decl.promotion in (COMMON, FLOAT) and len(inputs) > 1:
        if inputs[0] is tensor and tensor._a.dtype.kind in "fV" and all(v is None or type(v) is float or type(v) is int for v in inputs[1:]):
            return [tensor._a, *inputs[1:]]  # a float tensor and numbers: nothing to convert
        return promoted(decl, inputs)
    kind, arrays = type(tensor._a), []
    for position, value in enumerate(inputs):
        array = value._a if isinstance(value, Tensor) else value
        if isinstance(value, Tensor) and type(array) is not kind:
            raise error("device_mix", a=device_text(tensor._a), b=device_text(array))
        if not isinstance(value, Tensor) and value is not None and not isinstance(value, NUMBERS):
            as_operand(decl, value, position)
        arrays.append(array)
    if decl.promotion == FLOAT and arrays[0].dtype.kind not in INEXACT:
        return promoted(decl, inputs)
    return arrays


def mark_views(decl, tensor, results, params):
    """Results that look into ``tensor``'s memory share its version and remember how to get there from the base."""
    for number, result in enumerate(results):
        mark_view(decl, tensor, result, params)
        if decl.n_diff == "all":
            result._chain = (*tensor._chain, (_output(decl.raw, number), params))
            result._from = "several"


def mark_view(decl, tensor, result, params):
    """One such result. Gives the version that the two share."""
    base, result._ver = tensor._base, tensor._ver
    result._base = tensor if base is None else base
    result._chain = (*tensor._chain, (decl.raw, params))
    if tensor._ver[0]:
        result._seen = tensor._ver[0]
    if tensor._from is not None:
        result._from = tensor._from
    elif not thread.grad_enabled:
        result._from = "no_grad"
    return tensor._ver


def _output(raw, number):
    """The function that makes only the view ``number`` of several."""
    return lambda tensor, **params: raw(tensor, **params)[number]


def record(decl, inputs, arrays, results, params, edges):
    """Write the node: edges to the inputs, and only those values that the rules of the needed edges name."""
    node = new(decl.nodes[decl.overload(inputs, params)] if decl.overload else decl.node)
    node.key, node.edges, node.hooks = next(keys), edges, None
    wanted = set(decl.needs[0]) if decl.variadic else {name for names, edge in zip(decl.needs, edges, strict=True) if edge for name in names}
    guards = [(v._ver, v._ver[0]) for v, name in zip(inputs, decl.inputs, strict=False) if name in wanted and isinstance(v, Tensor)]
    guards += [(r._ver, r._ver[0]) for r, name in zip(results, decl.outputs, strict=False) if name in wanted]
    kept_outputs = [r._a if name in wanted else None for r, name in zip(results, decl.outputs, strict=False)]
    if decl.variadic:
        node.saved = (tuple(a.shape for a in arrays), *kept_outputs, *(params[p] for p in decl.params))
    else:
        kept = [a if name in wanted else None for a, name in zip(arrays, decl.inputs, strict=True)]
        shapes = [getattr(a, "shape", ()) for a in arrays]
        node.saved = (*kept, *kept_outputs, *shapes, *(params[p] for p in decl.params))
        if decl.joint:
            node.saved += (tuple(edge is not None for edge in edges),)
    node.guards = tuple(guards)
    count = len(results) if decl.n_diff == "all" else decl.n_diff
    if decl.n_diff == 1:
        node.shape, node.dtype, node.several = results[0]._a.shape, results[0]._a.dtype, None
    else:
        arrays = [r._a for r in results[:count]]
        node.shape, node.dtype, node.several = tuple(a.shape for a in arrays), tuple(a.dtype for a in arrays), count
    for number in range(count):
        if results[number]._a.dtype.kind in INEXACT:
            results[number]._rg, results[number]._edge = True, (node, number)


def operands(decl, a, b, promotes):
    """Two arrays of one dtype on one device; an op that does not promote gets them as they are."""
    if promotes:
        return promoted(decl, (a, b))
    return arrays_of(decl, (a, b), a if isinstance(a, Tensor) else b)


def number_like(value):
    """True for NumPy's scalars, which count as Python numbers."""
    return hasattr(value, "item") and not hasattr(value, "__len__")


def unwrapped(decl, values, params):
    """No Tensor among the inputs: bare arrays mean a rule is being run; anything else is a mistake."""
    if raw_operands(values):
        lead = next(v for v in values if is_array(v))
        half = None if lead.dtype is FLOAT32 else half_of(values)
        return decl.compute(namespace(lead), *values, **params) if half is None else in_float32(decl, namespace(lead), values, params, half)
    for position, value in enumerate(values):
        if not isinstance(value, NUMBERS):
            as_operand(decl, value, position)
    raise not_a_tensor(decl, values[0] if values else None, 0)


def unsupported(decl, value, position, operator):
    """For an operator Python tries the other side; ``torch.add(x, "a")`` is PyTorch's TypeError."""
    if operator and not hasattr(value, "__array_interface__"):
        return NotImplemented
    raise not_a_tensor(decl, value, position)


def as_it_is(decl, dtype):
    """Can ``forward`` take this type? False for 16-bit floats, which go through float32; an error for what PyTorch refuses."""
    if decl.kinds is not None and dtype.kind not in decl.kinds:
        raise refused(decl, dtype)
    return not is_half(dtype)
