"""What a file may ask for: PyTorch's names and, for each, our own function that builds the thing.

A file is a stranger. Each function here checks the kind and the range of everything that it is given, before memory is touched: a view
must lie inside of its storage, with sizes, strides and offset that are not negative and do not overflow.

Source: https://pytorch.org/docs/stable/notes/serialization.html#weights-only-security
"""

from collections import Counter, OrderedDict
from math import prod

from ..core import dtypes
from ..core.device import KNOWN_TYPES, device, device_of, namespace
from ..core.errors import error
from ..core.memory import reach
from ..core.size import Size
from ..core.tensor import Tensor, wrap
from ..nn.parameter import Buffer, Parameter
from ..ops import storage as storages
from ..ops.copying import is_own, over_memory

MOST_DIMENSIONS = 64  # NumPy's limit
DEEPEST, MOST = 32, 10_000  # of a dictionary's key that is a tuple: Python hashes it by recursion, without a limit


def require(condition, problem):
    """PyTorch's error for a file that a restricted reader does not read, unless the condition holds."""
    if not condition:
        raise error("unpickle", problem=problem)


def check_key(key):
    """Refuse what cannot be a dictionary's key or a set's element, and tuples so deep that hashing them would end the process."""
    todo, seen = [(key, 0)], 0
    while todo:
        part, depth = todo.pop()
        seen += 1
        require(depth <= DEEPEST and seen <= MOST, "a key is a tuple of tuples that is too deep or too large")
        require(type(part) not in (list, dict, set, bytearray, OrderedDict, Counter), f"a {type(part).__name__} cannot be a key")
        if isinstance(part, tuple):
            todo.extend((inner, depth + 1) for inner in part)
    return key


def _ints(values, what):
    require(type(values) in (tuple, list, Size) and all(type(n) is int for n in values), f"{what} must be a tuple of integers")
    return tuple(values)


# --- tensors ----------------------------------------------------------------------------------------------------------------------------


def rebuild_tensor(storage, storage_offset, size, stride, requires_grad=False, backward_hooks=None, metadata=None):
    """A tensor over a storage that knows its dtype."""
    require(isinstance(storage, storages.TypedStorage), "a tensor needs a storage")
    return _tensor(storage, storage.dtype, storage_offset, size, stride, requires_grad, metadata)


def rebuild_tensor_v3(storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None):
    """A tensor over a storage of bytes."""
    require(isinstance(storage, storages.TypedStorage), "a tensor needs a storage")
    require(isinstance(dtype, dtypes.dtype), "a tensor needs a dtype")
    return _tensor(storage, dtype, storage_offset, size, stride, requires_grad, metadata)


def _tensor(storage, dtype, offset, size, steps, requires_grad, metadata):
    memory = storage.untyped()._array
    size, steps = _ints(size, "the size"), _ints(steps, "the stride")
    require(type(offset) is int, "the offset must be an integer")
    require(type(requires_grad) is bool, "requires_grad must be a bool")
    np_dtype = dtype.np
    if np_dtype.kind == "V" and device_of(memory).type == "cuda":
        raise error("no_bfloat16_cuda")
    _check_place(memory.nbytes, np_dtype.itemsize, offset, size, steps)
    tensor = over_memory(memory, offset * np_dtype.itemsize if prod(size) else 0, np_dtype, size, steps)
    if metadata is not None:
        tensor = _without_flags(tensor, metadata)
    if requires_grad and np_dtype.kind not in dtypes.INEXACT:
        raise error("grad_dtype")
    tensor._rg = requires_grad
    return tensor


def _check_place(held, itemsize, offset, size, steps):
    """The errors for a view that does not lie in its memory of ``held`` bytes."""
    if len(size) != len(steps):
        raise error("load_dims", sizes=len(size), strides=len(steps))
    if offset < 0:
        raise error("strided_offset", offset=offset)
    if min(steps, default=0) < 0 or max(steps, default=0) * itemsize >= 2**63:
        raise error("strided_overflow", sizes=list(size), strides=list(steps))
    require(len(size) <= MOST_DIMENSIONS, f"a tensor has {len(size)} dimensions")
    # NumPy counts the bytes of an array without elements as if each size of 0 were 1.
    if min(size, default=0) < 0 or prod(max(n, 1) for n in size) * itemsize >= 2**63:
        raise error("numel_overflow")
    needed = (offset + reach(size, steps) + 1) * itemsize if prod(size) else 0
    if needed > held:
        place = {"sizes": list(size), "strides": list(steps), "offset": offset}
        raise error("strided_bounds", **place, itemsize=itemsize, needed=needed, held=held)


def _without_flags(tensor, metadata):
    """PyTorch conjugates and negates complex numbers by a flag; here the numbers themselves are changed, in a copy."""
    good = type(metadata) is dict and all(type(name) is str and type(flag) is bool for name, flag in metadata.items())
    require(good and metadata.keys() <= {"conj", "neg"}, "unknown metadata of a tensor")
    conjugate, negative = metadata.get("conj", False), metadata.get("neg", False)
    require(not negative or tensor._a.dtype.kind in dtypes.INEXACT, "only floating-point numbers have a flag that negates them")
    if not conjugate and not negative:
        return tensor
    array = namespace(tensor._a).conj(tensor._a) if conjugate else tensor._a
    return wrap(-array if negative else array)


def rebuild_parameter(data, requires_grad=True, backward_hooks=None):
    """A Parameter over a tensor."""
    require(isinstance(data, Tensor) and type(requires_grad) is bool, "a Parameter needs a tensor")
    return Parameter(data, requires_grad)


def rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    """A Parameter with attributes of the user's."""
    return set_attributes(rebuild_parameter(data, requires_grad), state)


def rebuild_from_type(function, new_type, args, state):
    """A tensor of a subclass, or one with attributes of the user's."""
    require(any(function is one for one in _TENSORS) and type(args) is tuple, "a tensor is rebuilt by an unknown function")
    require(isinstance(new_type, type) and issubclass(new_type, Tensor), "a tensor's class is none")
    result = called(function, args)
    if isinstance(state, dict) and state.get("_is_buffer") is True:
        new_type = Buffer
    if type(result) is not new_type:
        other = wrap(result._a, new_type)
        vars(other).update(vars(result))
        other._rg, result = result._rg, other
    return set_attributes(result, state)


def set_attributes(tensor, state):
    """Give the tensor the attributes that a user gave it; those that Tensor has for itself are left alone."""
    state = state[0] if type(state) is tuple and len(state) == 2 else state
    require(type(state) is dict and all(type(name) is str for name in state), "attributes need names")
    vars(tensor).update({name: value for name, value in state.items() if is_own(name) and name != "_is_buffer"})
    return tensor


_TENSORS = rebuild_tensor, rebuild_tensor_v3, rebuild_parameter, rebuild_parameter_with_state


# --- plain values -----------------------------------------------------------------------------------------------------------------------


def _mapping(cls):
    def build(content=()):
        """An OrderedDict or a Counter out of pairs or of another dictionary."""
        if type(content) in (list, tuple):
            require(all(type(pair) in (list, tuple) and len(pair) == 2 for pair in content), "a dictionary is made of pairs")
            content = [(check_key(key), value) for key, value in content]
        require(type(content) in (list, tuple, dict), "a dictionary is made of pairs")
        return cls(dict(content))

    return build


def _size(numbers=()):
    return Size(_ints(numbers, "a size"))


def _device(kind, index=None):
    require(type(kind) is str and kind.partition(":")[0] in KNOWN_TYPES and (index is None or type(index) is int), "an unknown device")
    return device(kind, index)


def _set(elements=()):
    require(type(elements) in (list, tuple), "a set is made of a list")
    return {check_key(element) for element in elements}


def _encoded(text, encoding="latin1"):
    """Bytes: protocol 2 has none, and writes them as text."""
    require(type(text) is str and type(encoding) is str and encoding in ("latin1", "latin-1"), "bytes are written as latin1 text")
    require(text.isascii() or max(text) <= "\xff", "bytes are written as latin1 text")
    return text.encode("latin1")


def _bytes():
    """b"", which protocol 2 writes as a call of ``bytes``."""
    return b""


def _bytearray(content="", encoding="latin1"):
    return bytearray(content if type(content) is bytes else _encoded(content, encoding))


def _complex(real=0.0, imaginary=0.0):
    parts = real, imaginary
    require(all(type(n) is float or (type(n) is int and abs(n) < 2**1000) for n in parts), "a complex number is made of two numbers")
    return complex(*parts)


def _layout(name):
    require(type(name) is str and name == "torch.strided", "the only layout here is torch.strided")
    return name


#: PyTorch's name -> what stands for it here
ALLOWED = {
    "collections.OrderedDict": OrderedDict, "collections.Counter": Counter, "torch.Size": Size, "torch.device": device, "torch.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Parameter, "torch.nn.parameter.Buffer": Buffer, "builtins.set": set, "builtins.complex": complex,
    "builtins.bytearray": bytearray, "builtins.bytes": bytes, "_codecs.encode": _encoded, "torch.serialization._get_layout": _layout,
    "torch._utils._rebuild_tensor": rebuild_tensor, "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": rebuild_tensor_v3, "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild_parameter_with_state, "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch.storage.UntypedStorage": storages.UntypedStorage, "torch.UntypedStorage": storages.UntypedStorage,
    "torch.storage.TypedStorage": storages.TypedStorage,
    **{repr(dtype): dtype for dtype in dtypes.ALL},
    **{f"torch.{cls.__name__}": cls for cls in storages.OLD_CLASSES.values()},
}  # fmt: skip
#: what a file may call -> the function that does it
CALLS = {
    OrderedDict: _mapping(OrderedDict), Counter: _mapping(Counter), Size: _size, device: _device, Parameter: rebuild_parameter, set: _set,
    complex: _complex, bytearray: _bytearray, bytes: _bytes, _encoded: _encoded, _layout: _layout, rebuild_from_type: rebuild_from_type,
    **{one: one for one in _TENSORS},
}  # fmt: skip
#: what PyTorch reads and this library has not -> what it is
NOT_HERE = {
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor", "torch._utils._rebuild_nested_tensor": "a nested tensor",
    "torch._utils._rebuild_qtensor": "a quantized tensor", "torch._utils._rebuild_meta_tensor_no_storage": "a tensor without memory (meta)",
    "torch._utils._rebuild_wrapper_subclass": "a tensor of a wrapper class",
    **{f"torch.float{name}": "numbers of 8 bits with a point" for name in ("8_e4m3fn", "8_e5m2", "8_e4m3fnuz", "8_e5m2fnuz", "8_e8m0fnu")},
}  # fmt: skip


def called(function, args):
    """``function(*args)`` for a function of this file; a wrong number of arguments is the file's fault."""
    code = getattr(function, "__code__", None)
    if code is not None:
        least = code.co_argcount - len(function.__defaults__ or ())
        require(least <= len(args) <= code.co_argcount, f"{function.__name__} takes {least} to {code.co_argcount} arguments")
    return function(*args)
