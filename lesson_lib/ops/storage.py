"""Storages: the one-dimensional memory behind tensors, read as bytes or as numbers. A tensor and its views have one storage.

Source: https://pytorch.org/docs/stable/storage.html
"""

import warnings
from operator import index as as_index

from ..core import dtypes
from ..core.allocation import check_room
from ..core.device import device as as_device
from ..core.device import device_of, namespace
from ..core.errors import error
from ..core.memory import address, flat, offset_of, restrided, spanning, steps_of
from ..core.op import method
from ..core.tensor import Tensor, wrap
from .data import tensor

_DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. This should only matter to you "
    "if you are using storages directly.  To access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
)


def resize_memory(owner, nbytes, view=None):
    """Make the memory of ``owner``, a tensor that is no view, ``nbytes`` long.

    Where it grows, what it held moves to a larger one, and so do ``owner`` and ``view``, one of its views. Whatever else looks into the old
    memory keeps it.
    """
    if owner._foreign:
        raise error("storage_fixed")
    old = flat(spanning(owner)).view("uint8")
    if nbytes <= old.nbytes:
        owner._memory = old[:nbytes]
        return
    moving = [one for one in (owner, view) if one is not None]
    begins = [offset_of(one) * one._a.itemsize for one in moving]
    ends = [begin + flat(one._a).nbytes for one, begin in zip(moving, begins, strict=True)]
    check_room("resize_", (max(nbytes, *ends),), old.dtype)
    memory = namespace(old).zeros(max(nbytes, *ends), "uint8")
    memory[: old.nbytes] = old
    for one, begin, end in zip(moving, begins, ends, strict=True):
        one._a = restrided(memory[begin:end].view(one._a.dtype), one._a.shape, steps_of(one._a))
    owner._memory = memory[:nbytes]


class _Storage:
    """What both kinds of storage can do; ``_array`` is the memory, ``_owner`` a tensor that spans it."""

    device = property(lambda self: device_of(self._array), doc="Where the memory is.")
    is_cuda = property(lambda self: self.device.type == "cuda")
    is_sparse = False

    def __len__(self):
        return self._array.size

    def size(self):
        """The number of elements."""
        return len(self)

    def nbytes(self):
        """The number of bytes."""
        return self._array.nbytes

    def element_size(self):
        """Bytes per element."""
        return self._array.itemsize

    def data_ptr(self):
        """The address of the first byte."""
        return address(self._array)

    def _place(self, index):
        """``index`` as a number from 0 on, or as a slice without steps."""
        if isinstance(index, slice):
            if index.step not in (None, 1):
                raise error("storage_step", step=index.step)
            return index
        if not hasattr(index, "__index__"):
            raise error("storage_index", name=self.type().rpartition(".")[2], type=type(index).__name__)
        place = as_index(index)
        if not -len(self) <= place < len(self):
            raise error("storage_range", index=place, size=len(self))
        return place

    def __getitem__(self, index):
        return self._array[self._place(index)].item()

    def __setitem__(self, index, value):
        self._array[self._place(index)] = wrap(self._array).new_tensor(value)._a  # checked and converted as for any tensor

    def __iter__(self):
        return iter(self.tolist())

    def __contains__(self, value):
        return value in self.tolist()

    def tolist(self):
        """All elements as Python numbers."""
        return self._array.tolist()

    def fill_(self, value):
        """Write ``value`` into every element."""
        self[:] = value
        return self

    def copy_(self, source, non_blocking=None):
        """Write the contents of another storage of the same size in bytes."""
        if source.nbytes() != self.nbytes():
            raise error("storage_copy", mine=self.nbytes(), other=source.nbytes())
        wrap(self._array.view("uint8")).copy_(wrap(source._array.view("uint8")))
        return self

    def resizable(self):
        """False for the memory of another library."""
        return not self._owner._foreign

    def is_shared(self):
        """False: memory is not shared between processes."""
        return False

    is_pinned = is_shared

    def __eq__(self, other):
        return type(self) is type(other) and (self.data_ptr(), self.nbytes(), self.device) == (other.data_ptr(), other.nbytes(), other.device)

    def __hash__(self):
        return hash((self.data_ptr(), self.nbytes()))

    def __deepcopy__(self, memo):
        return memo.setdefault(id(self), self.clone())

    def __repr__(self):
        what = f"dtype={self.dtype}, " if hasattr(self, "dtype") else ""
        return "".join(f" {x}\n" for x in self.tolist()) + f"[torch.storage.{type(self).__name__}({what}device={self.device}) of size {len(self)}]"


class UntypedStorage(_Storage):
    """Memory as bytes: ``UntypedStorage(4)``, ``UntypedStorage([1, 2])``, or that of a tensor, ``x.untyped_storage()``.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([1, 256], dtype=torch.int16)
    >>> x.untyped_storage().tolist()
    [1, 0, 0, 1]
    >>> x[1:].untyped_storage() == x.untyped_storage()
    True

    Source: https://pytorch.org/docs/stable/storage.html#torch.UntypedStorage
    """

    def __init__(self, content=0, *, device=None):
        if isinstance(content, Tensor):
            self._owner = content if content._base is None else content._base
            return
        if not hasattr(content, "__index__") and not hasattr(content, "__len__"):
            raise error("storage_content", type=type(content).__name__)
        values = tensor(content, dtype=dtypes.uint8, device=device) if hasattr(content, "__len__") else None
        self._owner = tensor([0] * as_index(content), dtype=dtypes.uint8, device=device) if values is None else values

    @property
    def _array(self):
        return flat(spanning(self._owner)).view("uint8")

    def __getitem__(self, index):
        if isinstance(index, slice):
            return UntypedStorage(wrap(self._array[self._place(index)]))
        return super().__getitem__(index)

    def __setitem__(self, index, value):
        if not hasattr(value, "__index__"):
            raise error("storage_value", type=type(value).__name__)
        super().__setitem__(index, as_index(value) % 256)

    def resize_(self, size):
        """Make the memory ``size`` bytes long; the tensor that owns it moves along."""
        resize_memory(self._owner, as_index(size))
        return self

    def clone(self):
        """A copy."""
        return UntypedStorage(wrap(self._array.copy()))

    def to(self, *, device, non_blocking=False):
        """The storage on ``device``: itself if it is there, else a copy."""
        return self if self.device == as_device(device) else UntypedStorage(wrap(self._array).to(device))

    def cpu(self):
        """The storage in the host's memory."""
        return self.to(device="cpu")

    def cuda(self, device=None, non_blocking=False):
        """The storage on a GPU."""
        return self.to(device=as_device("cuda", device) if device is None or isinstance(device, int) else device)

    def untyped(self):
        """The storage itself."""
        return self

    def type(self):
        """The name of the class."""
        return "torch.storage.UntypedStorage"


class TypedStorage(_Storage):
    """Memory as numbers of one dtype (old): ``TypedStorage([1, 2], dtype=torch.int64)``, or that of a tensor, ``x.storage()``.

    >>> import lesson_lib as torch
    >>> torch.TypedStorage([1, 2], dtype=torch.int64).tolist()
    [1, 2]

    Source: https://pytorch.org/docs/stable/storage.html#torch.TypedStorage
    """

    def __init__(self, content=0, *, wrap_storage=None, dtype=None, device=None):
        self.dtype = dtype or dtypes.get_default_dtype()
        if wrap_storage is None:
            values = content if hasattr(content, "__len__") else [0] * as_index(content)
            wrap_storage = UntypedStorage(tensor(values, dtype=self.dtype, device=device))
        self._untyped_storage = wrap_storage

    _owner = property(lambda self: self._untyped_storage._owner)

    @property
    def _array(self):
        array = self._untyped_storage._array
        return array[: array.size - array.size % self.dtype.itemsize].view(self.dtype.np)

    def __getitem__(self, index):
        if isinstance(index, slice):
            raise error("storage_slice")
        return super().__getitem__(index)

    def __eq__(self, other):
        return super().__eq__(other) and self.dtype is other.dtype

    __hash__ = _Storage.__hash__

    def resize_(self, size):
        """Make room for ``size`` elements; the tensor that owns the memory moves along."""
        self._untyped_storage.resize_(as_index(size) * self.element_size())
        return self

    def clone(self):
        """A copy."""
        return TypedStorage(wrap_storage=self._untyped_storage.clone(), dtype=self.dtype)

    def untyped(self):
        """The same memory as bytes."""
        return self._untyped_storage

    def type(self):
        """The name of PyTorch's old class for this dtype."""
        return f"torch.{self.dtype.title}Storage"


class OldClass(type):
    """The class of ``FloatStorage`` and its like: calling one makes a TypedStorage, and ``isinstance`` looks at the dtype."""

    def __call__(cls, content=0, *, wrap_storage=None, device=None):
        return TypedStorage(content, wrap_storage=wrap_storage, dtype=cls.dtype, device=device)

    def __instancecheck__(cls, value):
        return isinstance(value, TypedStorage) and value.dtype is cls.dtype


def _old_class(dtype):
    doc = f"Old constructor of storages of dtype {dtype!r}. Source: https://pytorch.org/docs/stable/storage.html"
    return OldClass(f"{dtype.title}Storage", (TypedStorage,), {"dtype": dtype, "__doc__": doc})


FloatStorage, DoubleStorage, HalfStorage, BFloat16Storage = map(_old_class, (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16))
LongStorage, IntStorage, ShortStorage = map(_old_class, (dtypes.int64, dtypes.int32, dtypes.int16))
ByteStorage, CharStorage, BoolStorage = map(_old_class, (dtypes.uint8, dtypes.int8, dtypes.bool_))
ComplexFloatStorage, ComplexDoubleStorage = map(_old_class, (dtypes.complex64, dtypes.complex128))
OLD_CLASSES = {
    one.dtype: one
    for one in (FloatStorage, DoubleStorage, HalfStorage, BFloat16Storage, LongStorage, IntStorage, ShortStorage, ByteStorage, CharStorage, BoolStorage,
                ComplexFloatStorage, ComplexDoubleStorage)
}  # fmt: skip


def is_storage(obj):
    """True for a storage. Source: https://pytorch.org/docs/stable/generated/torch.is_storage.html"""
    return isinstance(obj, _Storage)


@method()
def untyped_storage(self):
    """The memory that the tensor looks into, as bytes. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.untyped_storage.html"""
    return UntypedStorage(self)


@method()
def storage(self):
    """The memory that the tensor looks into, as numbers of its dtype (old). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.storage.html"""
    warnings.warn(_DEPRECATED, stacklevel=2)
    return TypedStorage(wrap_storage=UntypedStorage(self), dtype=self.dtype)


@method()
def storage_type(self):
    """PyTorch's old class of storages of this dtype. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.storage_type.html"""
    return OLD_CLASSES[self.dtype]


def memory_given(source, wanted):
    """The tensor that owns a storage's memory, or PyTorch's error if that holds numbers of another dtype than ``wanted``."""
    if isinstance(source, TypedStorage) and source.dtype is not wanted:
        raise error("storage_dtype", wanted=dtypes.C_TYPES[wanted.title], found=source.dtype.title)
    return source._owner
