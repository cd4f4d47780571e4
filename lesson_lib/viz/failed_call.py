"""Which operation failed, and on what: read from the frames of an exception's traceback.

The core raises PyTorch's exceptions and keeps nothing for pictures. It need not: as long as an exception lives its traceback holds the frames, and
the frames hold the arguments. So a failure costs nothing where nobody looks at it, and nothing here outlives the exception.
"""

import inspect
import os
from dataclasses import dataclass, field
from types import FrameType, FunctionType, MethodType

import numpy as np

from ..core.errors import error
from ..core.op import PRETTY, registry
from ..core.tensor import Tensor
from ..nn.module import Module
from .record import PACKAGE

APART = tuple(PACKAGE + part + os.sep for part in ("viz", "course"))  # not the library itself: their mistakes have no operation
NUMPY = os.path.dirname(np.__file__) + os.sep
MODULE_CALLS = os.path.join(PACKAGE, "nn", "module_hooks.py")
WRAPPERS = ("respelt", "of_any")  # functions around a function: its own frame comes next
SYMBOLS = {"matmul": "@", "getitem": "[ ]"}


@dataclass(frozen=True)
class Operand:
    """A tensor that the operation got. ``place`` leads to it: ("args", 0), ("args", 0, 1) inside a sequence, ("kwargs", "weight")."""

    place: tuple
    role: str  # the name of the parameter
    tensor: Tensor


@dataclass
class FailedCall:
    """A call that raised."""

    name: str
    symbol: str
    function: object  # to call it again; None if it cannot be found
    args: list
    kwargs: dict
    roles: list  # the names of the positional parameters
    frame: FrameType  # the user's innermost
    callers: list  # the user's frames, outermost first
    at: tuple  # (line, last line, column, last column) of the user's expression
    calls: list  # the Modules whose forward was running, outermost first
    direct: bool  # the operands are those of the user's expression, not what a module inside a module got
    operands: list = field(init=False)

    def __post_init__(self):
        self.operands = list(_operands(self.args, self.kwargs, self.roles))

    @property
    def module_path(self):
        """(the outermost module that was running, the path within it of the one that failed), or None."""
        if not self.calls:
            return None
        paths = {id(module): path for path, module in self.calls[0].named_modules()}
        return self.calls[0], paths.get(id(self.calls[-1]), type(self.calls[-1]).__name__)

    def with_tensors(self, replaced):
        """(args, kwargs) with other tensors at some places."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for (where, key, *inner), tensor in replaced.items():
            holder = args if where == "args" else kwargs
            if inner:
                items = list(holder[key])
                items[inner[0]] = tensor
                holder[key] = items if isinstance(holder[key], list) else tuple(items)
            else:
                holder[key] = tensor
        return args, kwargs


def failed_call(exc):
    """The FailedCall behind an exception, or None if it did not come out of an operation on tensors."""
    frames = _frames(exc.__traceback__)
    while frames and frames[-1][0].f_code.co_filename.startswith(NUMPY):
        frames.pop()
    users = [i for i, (frame, _) in enumerate(frames) if not frame.f_code.co_filename.startswith(PACKAGE)]
    if not users or users[-1] == len(frames) - 1 or any(frame.f_code.co_filename.startswith(APART) for frame, _ in frames[users[-1] :]):
        return None
    own = [frame for frame, _ in frames[users[-1] + 1 :]]
    calls, inner = _called(frame for frame, _ in frames), _called(own)
    described = next(filter(None, map(_described, own)), None) or next(filter(None, map(_described_module, reversed(own))), None)
    if described is None:
        return None
    user, place = frames[users[-1]]
    callers = [frames[i][0] for i in users]
    return FailedCall(*described, frame=user, callers=callers, at=place, calls=calls, direct=len(inner) <= 1)


def _called(frames):
    """The Modules that were called in these frames."""
    return [module for frame in frames if (module := _module_of(frame)) is not None and frame.f_code.co_name == "__call__"]


def _frames(traceback):
    """(frame, where in its source it stands) of each level, the user's first."""
    found = []
    while traceback is not None:
        frame = traceback.tb_frame
        places = list(frame.f_code.co_positions())
        found.append((frame, places[traceback.tb_lasti // 2] if traceback.tb_lasti >= 0 else (traceback.tb_lineno, None, None, None)))
        traceback = traceback.tb_next
    return found


def _module_of(frame):
    """The Module whose method is running, or None."""
    code = frame.f_code
    first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    return first if isinstance(first, Module) else None


def _described(frame):
    """(name, symbol, function, args, kwargs, roles) of a call of an operation; None for any other frame, or one without tensors."""
    code, values = frame.f_code, frame.f_locals
    if code.co_name.startswith("<") or code.co_name in WRAPPERS or code.co_filename == MODULE_CALLS or _module_of(frame) is not None:
        return None
    args, kwargs = _arguments(code, values)
    decl = values.get("decl") if isinstance(values.get("decl"), type) else None
    roles = list(code.co_varnames[: code.co_argcount]) if decl is None else list(inspect.signature(decl).parameters)
    if not list(_operands(args, kwargs, roles)):
        return None
    name = decl.name if decl is not None else code.co_name.strip("_").removesuffix("_operator").removesuffix("_method")
    function = _function(frame, decl)
    if code.co_name == "in_place":
        name, function = _name_of(function) + "_", _not_growing(function)
    known = decl or registry.get(name.removesuffix("_"))
    symbol = SYMBOLS.get(name) or getattr(known, "label", None) or name
    return name if name != "getitem" else "index", PRETTY.get(symbol, symbol), function, args, kwargs, roles


def _described_module(frame):
    """The same for a module that refused its input itself."""
    module = _module_of(frame)
    if module is None or frame.f_code.co_name != "forward":
        return None
    args, kwargs = _arguments(frame.f_code, frame.f_locals)
    roles = list(frame.f_code.co_varnames[1 : frame.f_code.co_argcount])
    name = type(module).__name__
    return (name, name, None, args[1:], kwargs, roles) if list(_operands(args[1:], kwargs, roles)) else None


def _arguments(code, values):
    """The arguments of a call, by position and by name, out of its variables."""
    names = code.co_varnames
    by_position, by_name = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    args = [values.get(name) for name in names[:by_position]]
    kwargs = {name: values[name] for name in names[by_position:by_name] if values.get(name) is not None}
    rest = list(names[by_name:])
    if code.co_flags & inspect.CO_VARARGS:
        args += values.get(rest.pop(0), ())
    if code.co_flags & inspect.CO_VARKEYWORDS:
        kwargs.update(values.get(rest.pop(0), {}))
    return args, kwargs


def _function(frame, decl):
    """The function that runs in ``frame``, or None."""
    code = frame.f_code
    if code.co_name == "in_place":
        return frame.f_locals.get("function")
    if decl is not None:
        return decl.raw if code.co_name != "function" else decl.call
    candidates = [frame.f_globals.get(code.co_name), getattr(Tensor, code.co_name.strip("_").removesuffix("_method"), None)]
    return next((one for one in candidates if _code_of(one) is code), None)


def _code_of(function):
    """The code of a function, of the one that a decorator wraps too."""
    while isinstance(function, FunctionType | MethodType) and isinstance(getattr(function, "__wrapped__", None), FunctionType):
        function = function.__wrapped__
    return getattr(function, "__code__", None)


def _not_growing(function):
    """The functional form of an in-place operation, which also refuses what would need more memory than there is."""

    def in_place(self, *args, **kwargs):
        result = function(self, *args, **kwargs)
        if result.shape != self.shape:
            raise error("inplace_shape", shape=list(self.shape), broadcast=list(result.shape))
        return result

    in_place.grown = function
    return in_place


def _name_of(function):
    """The name of an operation's public function, or of the bare call that an operator uses."""
    names = function.__code__.co_freevars
    return function.__closure__[names.index("decl")].cell_contents.name if "decl" in names else function.__name__


def _operands(args, kwargs, roles):
    """Every tensor among the arguments, those in tuples and lists too."""
    places = [(("args", i), roles[i] if i < len(roles) else "", value) for i, value in enumerate(args)]
    places += [(("kwargs", key), key, value) for key, value in kwargs.items()]
    for place, role, value in places:
        if isinstance(value, Tensor):
            yield Operand(place, role, value)
        elif isinstance(value, tuple | list):
            for i, item in enumerate(value):
                if isinstance(item, Tensor):
                    yield Operand((*place, i), f"{role}[{i}]", item)
