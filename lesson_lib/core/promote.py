"""The slow path of a call: mixed dtypes, Python numbers, 0-d tensors. The fast path needs none of it."""

import numpy as np

from . import dtypes
from .device import device_of, is_array, namespace
from .errors import error
from .tensor import Tensor

KEEP, COMMON, FLOAT = "keep", "common", "float"
NUMBERS = (bool, int, float, complex)


def result_type(tensor1, tensor2):
    """The dtype of an operation on the two (tensors or numbers).

    >>> import lesson_lib as torch
    >>> torch.result_type(torch.tensor([1, 2]), 2.5)
    torch.float32

    Source: https://pytorch.org/docs/stable/generated/torch.result_type.html
    """
    return common_type(tensor1, tensor2)


def common_type(*values):
    """The dtype of an operation on any number of tensors and Python numbers."""
    dimensioned, zero_dim, scalars = [], [], []
    for value in values:
        if isinstance(value, Tensor):
            (dimensioned if value._a.ndim else zero_dim).append(value.dtype)
        else:
            scalars.append(dtypes.dtype_of_scalar(value))
    return dtypes.result_type_of(dimensioned, zero_dim, scalars)


def promoted(decl, values):
    """The inputs as arrays (or Python numbers) ready for ``forward``: one dtype, one device."""
    values = [None if value is None else as_operand(decl, value, position) for position, value in enumerate(values)]
    if decl.refuse is not None:
        refusal = decl.refuse(values)
        if refusal is not None:
            raise refusal
    apart = [position for position, name in enumerate(decl.inputs) if name in decl.apart]
    common = common_type(*(value for position, value in enumerate(values) if value is not None and position not in apart))
    if decl.promotion == FLOAT and common.category < dtypes.FLOATING:
        common = dtypes.get_default_dtype()
    home = _home([v._a for v in values if isinstance(v, Tensor)])
    return [
        None if value is None else _cast(value, value._a.dtype if position in apart else common.np, home) for position, value in enumerate(values)
    ]


def as_operand(decl, value, position):
    """A tensor or a plain Python number; NumPy's numbers become Python's, anything else is PyTorch's TypeError."""
    if isinstance(value, (Tensor, *NUMBERS)):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, np.generic):
        return value.item()
    raise not_a_tensor(decl, value, position)


def not_a_tensor(decl, value, position, name=None):
    """PyTorch's TypeError for an input that should have been a tensor."""
    argument, place = public_name(decl, position)
    return error("operand_type", name=name or decl.name, argument=argument, position=place + 1, type=type(value).__name__)


def public_name(decl, position):
    """PyTorch's name of an input and its place among the arguments; without a signature "input" for the first and "other" for the second of two."""
    if decl.signature is None:
        return ("input", "other")[position] if position < 2 and not decl.variadic else "tensors", position
    names = decl.signature.__code__.co_varnames[: decl.signature.__code__.co_argcount]
    own = decl.inputs[position] if position < len(decl.inputs) else ""
    if position and own in names:
        position = names.index(own)
    return names[position] if position < len(names) else "input", position


def _home(arrays):
    """The array type that computes: the one of a tensor with dimensions. Two kinds with dimensions is PyTorch's device error."""
    home = None
    for array in arrays:
        if array.ndim and home is not None and type(array) is not type(home):
            raise error("device_mix", a=device_text(home), b=device_text(array))
        if array.ndim and home is None:
            home = array
    return home if home is not None else arrays[0] if arrays else np.empty(0)


def device_text(array):
    """``cuda:0`` or ``cpu``, for messages."""
    return str(device_of(array))


def _cast(value, np_dtype, home):
    if not isinstance(value, Tensor):
        return _number(value, np_dtype)
    array = value._a
    if type(array) is not type(home):  # a 0-d tensor of another device is just a number
        array = namespace(home).asarray(array.item())
    return array if array.dtype == np_dtype else array.astype(np_dtype)


def _number(value, np_dtype):
    """A Python number that NumPy will not complain about: integers wrap around as PyTorch's do."""
    if np_dtype.kind in "iu":
        if value.bit_length() > 64:
            raise error("int_too_big")
        info = np.iinfo(np_dtype)
        if not info.min <= value <= info.max:
            span = int(info.max) - int(info.min) + 1
            return (int(value) - int(info.min)) % span + int(info.min)
    if np_dtype.kind in "fV" and isinstance(value, bool):
        return float(value)
    return value


def raw_operands(values):
    """True if this is the engine running a rule: no Tensor, at least one bare array."""
    return any(is_array(v) for v in values) and not any(isinstance(v, Tensor) for v in values)
