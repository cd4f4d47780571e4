"""What is saved, as a pickle that PyTorch reads: every tensor becomes a call of PyTorch's own rebuild functions, by name.

A pickle is a small program for a stack machine; "torch._utils _rebuild_tensor_v2" in it is only text. So these names can be written where
there is no PyTorch. The bytes of the storages are not in the pickle: there stands ("storage", class, key, place, size) instead, which the
pickle format calls a persistent id.

Source: https://docs.python.org/3/library/pickle.html#persistence-of-external-objects
"""

import functools
import io
import pickle
from collections import OrderedDict

from ..core import dtypes
from ..core.device import device, device_of
from ..core.errors import error
from ..core.memory import address, flat, spanning
from ..core.size import Size
from ..core.tensor import Tensor
from ..nn.parameter import Buffer, Parameter
from ..ops import storage as storages
from ..ops.copying import own_attributes

#: types that PyTorch reads only through their bytes
BARE = (dtypes.uint16, dtypes.uint32, dtypes.uint64)
#: our class -> what PyTorch calls it
CLASSES = {
    Tensor: ("torch", "Tensor"), Size: ("torch", "Size"), device: ("torch", "device"),
    Parameter: ("torch.nn.parameter", "Parameter"), Buffer: ("torch.nn.parameter", "Buffer"),
    storages.UntypedStorage: ("torch.storage", "UntypedStorage"), storages.TypedStorage: ("torch.storage", "TypedStorage"),
}  # fmt: skip


class Global:
    """A name of PyTorch's that the pickle calls."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self):
        raise NotImplementedError  # the pickler wants something that can be called, and only writes its name


_global = functools.cache(Global)
TENSOR, BARE_TENSOR = _global("torch._utils", "_rebuild_tensor_v2"), _global("torch._utils", "_rebuild_tensor_v3")
PARAMETER, PARAMETER_WITH_STATE = _global("torch._utils", "_rebuild_parameter"), _global("torch._utils", "_rebuild_parameter_with_state")
FROM_TYPE = _global("torch._tensor", "_rebuild_from_type_v2")


class Memory:
    """The memory of a storage that is to be saved, as numbers of one dtype (None: as bytes)."""

    def __init__(self, array, dtype):
        self.array, self.dtype = flat(array), dtype


# pickle._Pickler is the pickler in Python; the one in C imports each name that it writes, to see whether it is there.
class Pickler(pickle._Pickler):
    """Pickles an object and collects its storages in ``storages``: key -> array, the key being the number as text."""

    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = {}
        self._keys = {}  # address and size of a memory -> its key
        self._dtypes = {}  # address of a memory -> the dtype with which it was saved

    def persistent_id(self, obj):
        """The tuple that stands for a storage."""
        if isinstance(obj, storages.TypedStorage):
            obj = Memory(obj._array, obj.dtype)
        elif storages.is_storage(obj):
            obj = Memory(obj._array, None)
        elif not isinstance(obj, Memory):
            return None
        place = device_of(obj.array)
        kind = _global("torch.storage", "UntypedStorage") if obj.dtype is None else _global("torch", f"{obj.dtype.title}Storage")
        count = obj.array.nbytes if obj.dtype is None else obj.array.nbytes // obj.dtype.itemsize
        return "storage", kind, self._key(obj, place), "cpu" if place.type == "cpu" else _text(place), count

    def _key(self, memory, place):
        """The key of a memory; the same one each time that it comes."""
        array = memory.array
        where = address(array)
        if array.nbytes and self._dtypes.setdefault((place, where), memory.dtype or dtypes.uint8) is not (memory.dtype or dtypes.uint8):
            raise error("save_dtypes")
        # Memories without bytes may have the same address by chance: each is one by itself.
        number = len(self._keys)
        key = self._keys.setdefault((place, where, array.nbytes) if array.nbytes else number, str(number))
        self.storages[key] = array
        return key

    def reducer_override(self, obj):
        """The call that makes a tensor again."""
        if not isinstance(obj, Tensor) or type(obj).__reduce_ex__ is not Tensor.__reduce_ex__:
            return NotImplemented
        call = _plain_call(obj, obj.requires_grad and not isinstance(obj, Parameter))
        state = own_attributes(obj)
        if isinstance(obj, Buffer):
            state = {"persistent": obj.persistent, "_is_buffer": True, **state}
        if type(obj) is Parameter:
            parts = _Rebuilt(call), obj.requires_grad, OrderedDict()
            return (PARAMETER_WITH_STATE, (*parts, state)) if state else (PARAMETER, parts)
        if type(obj) is Tensor and not state:
            return call
        return FROM_TYPE, (call[0], Tensor if type(obj) is Buffer else type(obj), call[1], state)

    def save_global(self, obj, name=None):
        """Write the name of a class or function: PyTorch's own name where there is one."""
        if isinstance(obj, type) and obj in CLASSES:
            self._write_global(obj, *CLASSES[obj])
        elif isinstance(obj, type) and issubclass(obj, storages.TypedStorage):
            self._write_global(obj, "torch", obj.__name__)
        else:
            super().save_global(obj, name)

    def _write_global(self, obj, module, name):
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    def _save_type(self, obj):
        if obj in CLASSES or isinstance(obj, storages.OldClass):
            self.save_global(obj)
        else:
            self.save_type(obj)

    dispatch[Global] = lambda self, obj: self._write_global(obj, obj.module, obj.name)
    dispatch[dtypes.dtype] = lambda self, obj: self._write_global(obj, "torch", obj.name)
    dispatch[Size] = lambda self, obj: self.save_reduce(_global("torch", "Size"), (tuple(obj),), obj=obj)
    dispatch[device] = lambda self, obj: self.save_reduce(
        _global("torch", "device"), (obj.type,) if obj.index is None else (obj.type, obj.index), obj=obj
    )
    dispatch[type] = dispatch[storages.OldClass] = _save_type


class _Rebuilt:
    """The plain tensor inside of a Parameter."""

    def __init__(self, call):
        self.call = call

    def __reduce_ex__(self, protocol):
        return self.call


@functools.cache
def _text(place):
    """A device's name; always the same text object, which a pickle holds once."""
    return str(place)


def _plain_call(tensor, requires_grad):
    """The rebuild function of a plain tensor and its arguments."""
    place = tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), requires_grad, OrderedDict()
    if tensor.dtype in BARE:
        return BARE_TENSOR, (Memory(spanning(tensor), None), *place, tensor.dtype)
    return TENSOR, (Memory(spanning(tensor), tensor.dtype), *place)


def pickled(obj, protocol):
    """(the pickle of ``obj``, its storages by key)."""
    out = io.BytesIO()
    pickler = Pickler(out, protocol)
    pickler.dump(obj)
    return out.getvalue(), pickler.storages
