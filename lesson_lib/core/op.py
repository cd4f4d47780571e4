"""``@op``: one class declares an operation; from it come the function, the method, the operator, the node and the tests.

    @op
    class mul(Elementwise):
        '''Product with broadcasting, y = a·b.   ∂y/∂a = b,  ∂y/∂b = a.'''
        symbol = "*"
        def forward(xp, a, b): return a * b
        def grad_a(g, b):      return g * b
        def grad_b(g, a):      return g * a

``forward``'s positional parameters are the tensor inputs; keyword-only ones (after ``*``) are parameters. A rule
``grad_<input>`` is given the gradient of the output and asks for whatever else it needs by name: an input, the output
``y``, ``<input>_shape`` or a parameter. Only what the needed rules name is saved. Where the gradients share most of their
work, one rule ``grad_all`` gives those of all inputs; ``wanted`` tells it which are asked for. A faster ``fast_grad_<input>``
with the same arguments may stand beside a rule, for arrays alone.

A call works on Tensors and on bare arrays alike. On arrays it is just ``forward``: that is how the engine runs the
rules without making a Tensor, and how ``create_graph=True`` records them by running the same rules on Tensors.
"""

import inspect
from functools import wraps

from .call import make_binary, make_nary, make_parametric, make_unary
from .compiled import chosen
from .device import is_array
from .errors import error
from .mutation import make_inplace
from .node import Node, binary_contributions, joint_contributions, nary_contributions, unary_contributions
from .out import write_out
from .promote import COMMON, FLOAT, KEEP
from .shared import in_shares
from .tensor import Tensor

#: every declaration, by name; tests, documentation and the visualizer walk it
registry = {}

PUBLIC_NAMES = {"x": "input", "a": "input", "b": "other", "w": "weight"}  # the maths' names -> PyTorch's
OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul", "&": "and", "|": "or", "^": "xor",
    "<<": "lshift", ">>": "rshift", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
PRETTY = {"*": "×", "-": "−", "/": "÷", "<=": "≤", ">=": "≥", "!=": "≠"}  # how a symbol is drawn


class ShownSignature:
    """What ``inspect.signature`` and Shift-Tab show, worked out when it is asked for: at import it would take a fifth of the time."""

    def __get__(self, instance, decl):
        if decl.signature is not None:
            shown = list(inspect.signature(decl.signature).parameters.values())
        else:
            inputs, params = [PUBLIC_NAMES.get(name, name) for name in decl.inputs], decl.param_defaults
            named = [*((name, inspect.Parameter.empty) for name in inputs), *((name, params.get(name, inspect.Parameter.empty)) for name in decl.params)]
            shown = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default) for name, default in named]
        if not (decl.view or decl.variadic or any(parameter.name == "out" for parameter in shown)):
            shown.append(inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None))
        return inspect.Signature(shown)


class Op:
    """What a declaration may say; the base classes below set the usual answers."""

    __signature__ = ShownSignature()
    symbol = None  # the Python operator: attaches __add__, __radd__, __iadd__
    label = None  # what is drawn on the node; the symbol or the name if not given
    title = None  # PyTorch's node name without "Backward0"; from the name if not given
    overload = None  # where PyTorch numbers the node by the kind of arguments: (inputs, params) -> the number
    aliases = ()  # further names of the same function
    method = True  # also a method of Tensor
    public = True  # part of the API; False for the building blocks of rules
    inplace = False  # also as name_()
    view = False  # the result looks into its input's memory
    promotion = KEEP  # how dtypes of the inputs combine
    apart = ()  # the inputs whose dtype does not take part in that
    numbers = True  # a Python number may stand in for an input; "last": only for the last one
    refuse = None  # (inputs of several dtypes) -> the exception for a mixture that PyTorch refuses, or None
    kinds = None  # the kinds of dtype ("biufc") that the inputs, or the first of many, may have; None: all
    kernel = None  # what PyTorch calls the kernel when it refuses a dtype
    refusal = None  # the row of the messages with which complex numbers are refused, where PyTorch has other words for that
    signature = None  # PyTorch's signature: a function that returns the inputs and a dict of parameters
    samples = None  # test cases: a generator of case(...)
    errors = None  # test cases that raise: yields case, exception type, start of the message
    explain = None  # (exc, arrays, params) -> the exception that the user sees instead
    outputs = ("y",)  # the names of the outputs
    native = None  # PyTorch's name for it in messages, where that is not the name
    holomorphic = True  # with complex numbers the rules are derivatives; False: they hold the conjugates themselves, as those of abs
    half = "float32"  # how float16 and bfloat16 are computed: "float32", "exact" (they are only moved, or their bits read) or "refused"
    rounds = False  # with a 16-bit input, Python's floats are rounded to its type first
    elementwise = False  # large arrays may be cut into pieces, each worked on by itself
    n_diff = 1  # how many of the outputs (the first ones) carry gradients
    returns = tuple  # the kind of tuple that several outputs come in
    composite = None  # (inputs…, *, params…) -> the same made of small ops, on Tensors: the text to read first, and what the tests hold the op equal to
    constants = ()  # inputs for which a ``grad_all`` has no gradient
    fused = False  # the rules are for arrays only: gradients that are themselves recorded are those of the composite
    stand_in = None  # (xp, saved values by name) -> for the composite, what does in place of an input that a fused op did not save; None: zeros


class Elementwise(Op):
    """Works on each element by itself; inputs broadcast and promote."""

    promotion = COMMON
    inplace = elementwise = True


class FloatElementwise(Elementwise):
    """An elementwise op whose result is never an integer: integers become the default float first."""

    promotion = FLOAT


class Compare(Elementwise):
    """An elementwise question; the answers are bool and carry no gradient."""

    rounds = True


class View(Op):
    """Another look at the same memory."""

    view, half = True, "exact"


class Reduction(Op):
    """Folds dimensions away."""


class Opaque(Op):
    """A medium-sized operation with its own kernel (convolution, pooling)."""


class Fused(Opaque):
    """Several small operations in one, with few passes over memory, and its readable ``composite`` beside it (normalisation, attention)."""

    fused = True


def op(decl):
    """Make the declared class callable: returns the public function, whose ``.op`` is the declaration."""
    decl.name = decl.__name__
    _read_forward(decl)
    _read_rules(decl)
    decl.kinds = decl.kinds and decl.kinds.replace("f", "fV")  # NumPy files bfloat16 under "V"
    decl.label = decl.label or PRETTY.get(decl.symbol, decl.symbol) or decl.name
    decl.title = decl.title or camel(decl.name)
    if "Backward" not in decl.title and "::" not in decl.title:
        decl.title += "Backward0"  # PyTorch counts on: SqueezeBackward1
    decl.node = _node_class(decl, decl.title)
    if decl.overload:
        decl.nodes = tuple(_node_class(decl, decl.title[:-1] + str(number)) for number in range(6))
    raw, function = _make_calls(decl)
    _dress(function, decl)
    decl.call = function
    decl.raw = raw
    registry[decl.name] = decl
    if decl.public and decl.method:
        _attach(decl, raw, function)
    return function


def camel(name):
    """PyTorch's spelling in node names: ``max_pool2d`` → ``MaxPool2D``, ``log_softmax`` → ``LogSoftmax``."""
    if name[-1] == "d" and name[-2:-1].isdigit():
        name = name[:-1] + "D"
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def argument_names(function):
    """The names of a function's positional parameters."""
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def _all_argument_names(function):
    """Those of all parameters that have a name."""
    code = function.__code__  # read directly: inspect.signature would be a good part of the import time
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _read_forward(decl):
    """The names of the inputs and of the parameters, out of ``forward``'s own signature."""
    code = decl.forward.__code__
    decl.inputs = argument_names(decl.forward)[1:]
    decl.compute = chosen(f"{decl.name}_forward", decl.forward)
    decl.large = in_shares(f"{decl.name}_forward", decl.forward) if decl.elementwise else decl.compute
    decl.variadic = bool(code.co_flags & inspect.CO_VARARGS)
    decl.params = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    decl.param_defaults = dict(decl.forward.__kwdefaults__ or {})
    if decl.forward.__defaults__:
        raise TypeError(f"{decl.name}.forward: parameters with defaults go after *, so that they differ from tensor inputs")


def _read_rules(decl):
    """Each rule's names become positions in what a node saves; an unknown name fails here, at import."""
    decl.joint = hasattr(decl, "grad_all")
    layout = _layout(decl)
    rules, needs = [], []
    for name in ("all",) if decl.joint or decl.variadic else decl.inputs:
        rule = getattr(decl, "grad_" + name, None)
        if rule is None:
            rules.append(None)
            needs.append(())
            continue
        names = argument_names(rule)[1:]
        for wanted in names:
            if wanted not in layout:
                raise TypeError(f"{decl.name}.grad_{name} asks for {wanted!r}; there is {', '.join(layout)}")
        fast = getattr(decl, "fast_grad_" + name, None)
        rule = chosen(f"{decl.name}_grad_{name}", rule if fast is None else _on_arrays(fast, rule))
        rules.append((rule, tuple(layout[wanted] for wanted in names)))
        needs.append(tuple(names))
    known = {"grad_" + name for name in decl.inputs} | {"grad_all"}
    for attribute in vars(decl):
        if attribute.startswith("grad_") and attribute not in known:
            raise TypeError(f"{decl.name}.{attribute} is a rule for no input; the inputs are {', '.join(decl.inputs)}")
    decl.rules, decl.needs = tuple(rules), tuple(needs) * (len(decl.inputs) if decl.joint and not decl.variadic else 1)
    decl.differentiable = any(rules)
    decl.layout = layout
    if decl.variadic or decl.joint:
        decl.ruleless = tuple(map(decl.inputs.index, decl.constants))
    else:
        decl.ruleless = tuple(i for i, rule in enumerate(rules) if rule is None)


def _on_arrays(fast, rule):
    """One rule out of two: the fast one for arrays."""
    if argument_names(fast) != argument_names(rule):
        raise TypeError(f"{fast.__qualname__} takes {', '.join(argument_names(fast))}; the rule takes {', '.join(argument_names(rule))}")
    return lambda g, *saved: (fast if is_array(g) else rule)(g, *saved)


def _layout(decl):
    """Where each name that a rule may ask for stands in ``node.saved``."""
    if decl.variadic:
        names = ["shapes", *decl.outputs, *decl.params]
    elif decl.params or decl.joint or len(decl.inputs) > 2 or len(decl.outputs) > 1 or _wants_shape(decl):
        names = [*decl.inputs, *decl.outputs, *(i + "_shape" for i in decl.inputs), *decl.params, *(["wanted"] if decl.joint else [])]
    else:
        names = [*decl.inputs, *decl.outputs]
    return {name: position for position, name in enumerate(names)}


def _wants_shape(decl):
    rules = (getattr(decl, "grad_" + name, None) for name in decl.inputs)
    return any(name.endswith("_shape") for rule in rules if rule for name in argument_names(rule))


def _node_class(decl, title):
    """The class of the op's nodes: ``type(y.grad_fn).__name__`` is PyTorch's name."""
    simple = not (decl.params or decl.joint or len(decl.outputs) > 1 or decl.view or decl.overload or _wants_shape(decl))
    decl.arity = len(decl.inputs) if simple and not decl.variadic and len(decl.inputs) <= 2 else None
    make = joint_contributions if decl.joint else {1: unary_contributions, 2: binary_contributions}.get(decl.arity, nary_contributions)
    members = {"__slots__": (), "op": decl, "title": title, "contributions": make(*decl.rules)}
    return type(title.rpartition("::")[2], (Node,), members)


def _make_calls(decl):
    """(the bare call, the public function with PyTorch's signature)."""
    raw = {1: make_unary, 2: make_binary}.get(decl.arity, make_parametric if _has_one_of_each(decl) else make_nary)(decl)
    if decl.signature is None and decl.arity:
        return raw, raw
    return raw, _with_signature(decl, raw)


def _has_one_of_each(decl):
    """One input and one output (not any number of views)."""
    return len(decl.inputs) == len(decl.outputs) == 1 and not decl.joint and not decl.variadic and decl.n_diff == 1


def _with_signature(decl, raw):
    """PyTorch's arguments on the outside, canonical inputs and parameters on the inside."""
    signature = decl.signature or _default_signature(decl)
    takes_dim = "dim" in (_all_argument_names(decl.signature) if decl.signature else decl.params)

    def function(*args, out=None, **kwargs):
        if kwargs and takes_dim:
            _respell(kwargs)
        try:
            *inputs, params = signature(*args, **kwargs)
        except AttributeError:
            check_tensors(decl, args)
            raise
        result = raw(*inputs, **params)
        return result if out is None else write_out(out, result, decl.name, inputs)

    return function


def check_tensors(decl, args):
    """PyTorch's TypeError for the first argument that should have been a tensor, of those given by position."""
    names = argument_names(decl.signature) if decl.signature else ()
    for name in decl.inputs:
        public = PUBLIC_NAMES.get(name, name)
        position = names.index(public) if public in names else len(args)
        if position < len(args) and not hasattr(args[position], "dtype"):
            raise error("operand_type", name=decl.name, argument=public, position=position + 1, type=type(args[position]).__name__)


def _default_signature(decl):
    """Inputs by position, then the parameters by position or name."""
    count, names, defaults = len(decl.inputs), decl.params, decl.param_defaults

    def signature(*args, **kwargs):
        if decl.variadic:
            return (*args, kwargs)
        params = {**defaults, **dict(zip(names, args[count:], strict=False)), **kwargs}
        for name in decl.inputs[len(args) :]:
            args += (params.pop(PUBLIC_NAMES.get(name, name)),)
        return (*args[:count], params)

    return signature


def _dress(function, decl):
    """Name, docstring and, through ``__wrapped__``, signature and source of the public function are the declaration's."""
    if decl.signature is not None:
        decl.signature.__name__ = decl.signature.__qualname__ = decl.name  # so that Python's own TypeErrors name the function
    function.__name__ = function.__qualname__ = decl.name
    function.__doc__, function.__module__ = decl.__doc__, decl.__module__
    function.__wrapped__ = function.op = decl


def _attach(decl, raw, function):
    """Put the method, its aliases, the in-place form and the operators on Tensor."""
    for name in (decl.name, *decl.aliases):
        setattr(Tensor, name, function)
    if decl.inplace:
        in_place = make_inplace(function, decl.name)
        for name in (decl.name, *decl.aliases):
            setattr(Tensor, name + "_", in_place)
    if decl.symbol:
        _attach_operator(decl, OPERATORS[decl.symbol], raw)


def _attach_operator(decl, name, raw):
    """``a + b`` is the bare call: no keyword handling stands in the way of the commonest path."""
    if decl.arity == 2:
        raw = make_binary(decl, operator=True)
    setattr(Tensor, f"__{name}__", raw)
    if not issubclass(decl, Compare):
        setattr(Tensor, f"__r{name}__", lambda a, b: raw(b, a))
        if decl.inplace:
            setattr(Tensor, f"__i{name}__", make_inplace(raw, decl.name))


def _respell(kwargs):
    """NumPy's ``axis`` and ``keepdims`` are accepted for ``dim`` and ``keepdim``, as PyTorch accepts them."""
    if "axis" in kwargs:
        kwargs["dim"] = kwargs.pop("axis")
    if "keepdims" in kwargs:
        kwargs["keepdim"] = kwargs.pop("keepdims")


def numpy_spelling(function):
    """Let a plain function of ops take ``axis`` and ``keepdims`` too."""

    @wraps(function)
    def respelt(*args, **kwargs):
        _respell(kwargs)
        return function(*args, **kwargs)

    return respelt


def method(*aliases, inplace=False):
    """Attach a plain function of ops to Tensor, under its own name and ``aliases``, perhaps with an in-place form."""

    def attach(function):
        for name in (function.__name__, *aliases):
            setattr(Tensor, name, function)
            if inplace:
                setattr(Tensor, name + "_", make_inplace(function, name))
        return function

    return attach
