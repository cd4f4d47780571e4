"""Tensors out of data: numbers, nested lists, NumPy arrays, and PyTorch's old constructors."""

import warnings

import numpy as np

from ..core import dtypes
from ..core.device import CPU, cuda_is_available, to_array
from ..core.errors import error, typename
from ..core.op import method
from ..core.tensor import Tensor, wrap
from .cast import as_device, as_dtype, converted, moved, to_dtype
from .view import sizes_of

LISTS = (list, tuple, range)


_default = {"device": CPU}


def set_default_device(device):
    """Make ``device`` the place of new tensors. Source: https://pytorch.org/docs/stable/generated/torch.set_default_device.html"""
    _default["device"] = CPU if device is None else as_device(device)


def get_default_device():
    """The place of new tensors, the CPU unless changed. Source: https://pytorch.org/docs/stable/generated/torch.get_default_device.html"""
    return _default["device"]


def leaf(array, requires_grad=False):
    """A leaf around ``array``."""
    if requires_grad and array.dtype.kind not in dtypes.INEXACT:
        raise error("grad_dtype_new")
    result = wrap(array)
    result._rg = bool(requires_grad)
    return result


def new_leaf(array, device=None, requires_grad=False):
    """A leaf around a host array, moved to ``device`` (the default one if none is given)."""
    target = _default["device"] if device is None else as_device(device)
    return leaf(array if target.type == "cpu" else to_array(array, target), requires_grad)


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new leaf tensor with a copy of ``data``: a number, nested lists, an array.

    Python's floats get the default dtype (float32), its ints int64; NumPy's numbers keep their own.

    >>> import lesson_lib as torch
    >>> torch.tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])

    Errors: ValueError for rows of different lengths, TypeError or RuntimeError for what is no number.

    Source: https://pytorch.org/docs/stable/generated/torch.tensor.html
    """
    np_dtype = None if dtype is None else as_dtype(dtype, "tensor").np
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            stacklevel=2,
        )
        return _copied(data, np_dtype, device, requires_grad)
    array = array_of(data, np_dtype)
    return new_leaf(array.copy() if array is data else array, device, requires_grad)


def _copied(source, np_dtype, device, requires_grad):
    result = to_dtype.op.raw(source.detach(), np_dtype=np_dtype or source._a.dtype)
    return leaf((result if device is None else result.to(device))._a, requires_grad)


def array_of(data, np_dtype=None):
    """``data`` as a NumPy array of PyTorch's dtype for it (or of ``np_dtype``); an array of that dtype is returned as it is."""
    if isinstance(data, np.ndarray | np.generic):
        return _checked_array(np.asarray(data), np_dtype)
    if isinstance(data, str | bytes):
        raise error("index_data", type=type(data).__name__)
    if not isinstance(data, LISTS):
        if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
            return _checked_array(np.asarray(data), np_dtype)
        if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not hasattr(data, "keys"):
            data = [data[i] for i in range(len(data))]
    kinds = _leaf_types(data, set())
    if not kinds.isdisjoint((Tensor, np.ndarray)) or any(issubclass(kind, Tensor) for kind in kinds):
        data, kinds = _plain(data, kinds)
    inferred = _inferred(kinds)
    if np_dtype is None and complex in kinds and dtypes.get_default_dtype() is dtypes.bfloat16:
        raise error("default_complex")
    return _filled(data, (inferred.np if np_dtype is None else np_dtype))


def _checked_array(array, np_dtype):
    """An array that comes from NumPy: of a dtype and layout that PyTorch has."""
    if not array.dtype.isnative:
        raise error("byte_order")
    own = dtypes.from_numpy_dtype(array.dtype)
    if min(array.strides, default=0) < 0:
        raise error("negative_strides")
    if np_dtype is None or np_dtype == own.np:
        return array
    return converted(array, np_dtype)


def _leaf_types(data, kinds):
    """The types of all elements of nested lists."""
    if not isinstance(data, LISTS):
        kinds.add(type(data))
    elif isinstance(data, range):
        kinds.add(int)
    else:
        here = set(map(type, data))
        if here.isdisjoint(LISTS):
            kinds |= here
        else:
            for item in data:
                _leaf_types(item, kinds)
    return kinds


def _plain(data, kinds):
    """Nested lists with tensors and arrays replaced by their numbers, and the types of all elements."""
    found = {kind for kind in kinds if not issubclass(kind, Tensor | np.ndarray)}

    def plain(item):
        if isinstance(item, list | tuple):
            return [plain(part) for part in item]
        if isinstance(item, Tensor):
            if item._a.size != 1:
                raise error("one_element")
            found.add(item.dtype)
            return item.item()
        if isinstance(item, np.ndarray):
            found.add(dtypes.from_numpy_dtype(item.dtype))
            return item.tolist()
        return item

    return plain(data), found


def _inferred(kinds):
    """The dtype that holds elements of all these types."""
    result = None
    for kind in kinds:
        if isinstance(kind, dtypes.dtype):
            one = kind
        elif issubclass(kind, np.generic) and kind not in (np.str_, np.bytes_, np.object_):
            one = dtypes.from_numpy_dtype(np.dtype(kind))
        elif issubclass(kind, bool | int | float | complex):
            one = dtypes.dtype_of_scalar(kind())
        elif issubclass(kind, str | bytes):
            raise error("too_many_dims", type=kind.__name__)
        else:
            raise error("infer_dtype", type=kind.__name__)
        result = one if result is None else dtypes.promote_types(result, one)
    return result or dtypes.get_default_dtype()


def _filled(data, np_dtype):
    """Plain nested lists of numbers as an array of ``np_dtype``."""
    try:
        array = np.array(data)
    except ValueError:
        raise _ragged(data, _sizes(data), 0) from None
    if array.dtype.kind in "Ou" or (array.dtype.kind == "f" and np_dtype.kind in "iu" and _has_huge_int(data)):
        raise error("long_overflow")
    if array.dtype.kind == "i" and np_dtype.kind in "iu" and array.size:
        limit = np.iinfo(np_dtype)
        if array.max() > limit.max or array.min() < min(limit.min, -int(limit.max)):
            raise error("scalar_overflow", type=np_dtype.name)
    return array if array.dtype == np_dtype else converted(array, np_dtype)


def _has_huge_int(data):
    return any(map(_has_huge_int, data)) if isinstance(data, LISTS) else isinstance(data, int) and not -(2**63) <= data < 2**63


def _sizes(data):
    """The shape that the first elements promise."""
    sizes = []
    while isinstance(data, LISTS):
        sizes.append(len(data))
        if not data:
            break
        data = data[0]
    return sizes


def _ragged(data, sizes, dim):
    """PyTorch's error for the first place where nested lists do not keep their shape."""
    if dim == len(sizes):
        return error("not_integer", type=type(data).__name__) if isinstance(data, LISTS) else None
    if not isinstance(data, LISTS):
        return error("not_sequence")
    if len(data) != sizes[dim]:
        return error("ragged", expected=sizes[dim], dim=dim, found=len(data))
    return next((clash for item in data if (clash := _ragged(item, sizes, dim + 1)) is not None), None)


# --- without a copy where possible --------------------------------------------------------------------------------------


def from_numpy(ndarray):
    """A tensor that shares the array's memory: a write to one is seen in the other.

    >>> import numpy as np, lesson_lib as torch
    >>> a = np.zeros(2)
    >>> t = torch.from_numpy(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)

    Source: https://pytorch.org/docs/stable/generated/torch.from_numpy.html
    """
    if not isinstance(ndarray, np.ndarray):
        raise error("not_ndarray", type=type(ndarray).__name__)
    result = wrap(_checked_array(ndarray, None))
    result._foreign = True
    return result


def as_tensor(data, dtype=None, device=None):
    """``data`` as a tensor: itself or its memory if that is possible, else a copy.

    Source: https://pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    np_dtype = None if dtype is None else as_dtype(dtype, "as_tensor").np
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    return new_leaf(array_of(data, np_dtype), device)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """``obj`` as a tensor; ``copy=True`` always copies, ``copy=False`` never.

    Source: https://pytorch.org/docs/stable/generated/torch.asarray.html
    """
    result = as_tensor(obj, dtype, device)
    shared = result is obj or (isinstance(obj, np.ndarray) and np.shares_memory(result._a, obj))
    if copy is False and not shared:
        raise error("asarray_copy")
    result = result.clone() if copy and shared else result
    if requires_grad and not result.requires_grad:
        result = (result.detach() if result is obj else result).requires_grad_()
    return result


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor, of the default dtype unless another is given. Source: https://pytorch.org/docs/stable/generated/torch.scalar_tensor.html"""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


@method()
def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """``tensor(data)`` with this tensor's dtype and device. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html"""
    return tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


# --- PyTorch's old constructors ----------------------------------------------------------------------------------------


def _legacy(dtype, args):
    """``FloatTensor(2, 3)`` is an uninitialised tensor of that shape, ``FloatTensor([1, 2])`` a tensor of those values."""
    first = args[0] if args else ()
    if len(args) <= 1 and not isinstance(first, int | np.integer) and type(first).__name__ != "Size":
        if isinstance(first, Tensor):
            if first.dtype is not dtype:
                raise error("legacy_dtype", wanted=dtype.name, found=first.dtype.name)
            return wrap(first._a)
        if not isinstance(first, (*LISTS, np.ndarray, str)):
            raise error("legacy_data", type=typename(first))
        return wrap(array_of(first, dtype.np))
    return wrap(np.empty(sizes_of("new", args), dtype.np))


def _new(cls, *args):
    """``Tensor(2, 3)``, ``Tensor([1, 2])``; of a subclass its own objects."""
    made = _legacy(dtypes.get_default_dtype(), args)
    return made if cls is Tensor else wrap(made._a, cls)


Tensor.__new__ = staticmethod(_new)
Tensor.new = lambda self, *args: _legacy(self.dtype, args).to(self.device)


class OldType(type):
    """The class of ``FloatTensor`` and its like: calling one makes a Tensor, and ``isinstance`` looks at the dtype and the device."""

    def __call__(cls, *args):
        if cls.device_type == "cuda" and not cuda_is_available():
            raise error("cuda_type", name=cls.__name__)
        return moved(_legacy(cls.dtype, args), as_device(cls.device_type))

    def __instancecheck__(cls, value):
        return isinstance(value, Tensor) and value.dtype is cls.dtype and value.device.type == cls.device_type


def old_type(dtype, device_type="cpu"):
    """The class of one dtype on one device."""
    doc = f"Old constructor of tensors of dtype {dtype!r}. Source: https://pytorch.org/docs/stable/tensors.html"
    module = "torch" if device_type == "cpu" else f"torch.{device_type}"
    return OldType(f"{dtype.title}Tensor", (), {"dtype": dtype, "device_type": device_type, "__doc__": doc, "__module__": module})


FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor = map(old_type, (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16))
LongTensor, IntTensor, ShortTensor = map(old_type, (dtypes.int64, dtypes.int32, dtypes.int16))
ByteTensor, CharTensor, BoolTensor = map(old_type, (dtypes.uint8, dtypes.int8, dtypes.bool_))
