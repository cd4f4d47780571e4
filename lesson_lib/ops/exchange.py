"""Memory shared with other libraries and with files: DLPack, Python's buffers, mapped files. Nothing is copied."""

import os
import warnings

import numpy as np

from ..core import dtypes
from ..core.device import device as device_named
from ..core.device import namespace_of_device
from ..core.errors import error
from ..core.op import method
from ..core.tensor import wrap
from .cast import as_dtype
from .data import new_leaf

CPU_IN_DLPACK = 1


@method()
def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """The tensor's memory as a DLPack capsule, for the ``from_dlpack`` of another library.

    Errors: BufferError for a tensor that requires a gradient: its history cannot go along.

    Source: https://pytorch.org/docs/stable/dlpack.html
    """
    if self.requires_grad:
        raise error("dlpack_grad")
    if self._a.dtype.kind == "V":
        raise error("dlpack_bfloat16")
    if isinstance(self._a, np.ndarray):
        return self._a.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)
    return self._a.__dlpack__(stream=stream)


@method()
def __dlpack_device__(self):
    """(kind of device, its number), as DLPack counts them: (1, 0) is the CPU."""
    return self._a.__dlpack_device__()


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor that shares the memory of another library's array: NumPy, CuPy, JAX, PyTorch itself.

    ``device`` moves the result there, ``copy=True`` copies.

    >>> import numpy as np, lesson_lib as torch
    >>> a = np.zeros(2)
    >>> t = torch.from_dlpack(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)

    Source: https://pytorch.org/docs/stable/dlpack.html
    """
    if not hasattr(ext_tensor, "__dlpack_device__"):
        raise error("dlpack_capsule")
    on_cpu = ext_tensor.__dlpack_device__()[0] == CPU_IN_DLPACK
    library = np if on_cpu else namespace_of_device(device_named("cuda"))
    array = library.from_dlpack(ext_tensor)
    dtypes.from_numpy_dtype(array.dtype)  # PyTorch's error for a dtype that it does not have
    result = wrap(array.copy() if copy else array)
    return result if device is None else result.to(device)


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A 1-d tensor over a Python buffer (bytes, bytearray, array, memoryview), sharing its memory.

    ``count`` elements from byte ``offset`` on; -1 takes all. Writing to a tensor over ``bytes`` is an error.

    >>> import lesson_lib as torch
    >>> torch.frombuffer(bytearray(b"abc"), dtype=torch.uint8)
    tensor([97, 98, 99], dtype=torch.uint8)

    Source: https://pytorch.org/docs/stable/generated/torch.frombuffer.html
    """
    try:
        view = memoryview(buffer)
    except TypeError:
        raise error("buffer_protocol") from None
    np_dtype = as_dtype(dtype, "frombuffer").np
    _check_extent(view.nbytes, np_dtype.itemsize, count, offset)
    if view.readonly:
        warnings.warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. Writing to this one is an error.", stacklevel=2
        )
    if requires_grad and np_dtype.kind not in dtypes.INEXACT:
        raise error("grad_dtype_new")
    result = wrap(np.frombuffer(view, np_dtype, count, offset))
    result._rg = bool(requires_grad)
    return result


def _check_extent(length, size, count, offset):
    """PyTorch's errors if ``count`` elements of ``size`` bytes from ``offset`` on do not lie in the buffer."""
    if length == 0 or count == 0:
        raise error("buffer_empty", length=length, count=count)
    if not 0 <= offset < length:
        raise error("buffer_offset", offset=offset, length=length)
    if count < 0 and (length - offset) % size:
        raise error("buffer_multiple", length=length, offset=offset, size=size)
    if count > 0 and offset + count * size > length:
        raise error("buffer_short", count=count, size=size, offset=offset, length=length)


def to_dlpack(tensor):
    """The tensor's memory as a DLPack capsule (old: ``from_dlpack`` takes the tensor itself).

    Source: https://pytorch.org/docs/stable/dlpack.html
    """
    return tensor.__dlpack__()


def from_file(filename, shared=None, size=0, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A 1-d tensor of ``size`` numbers over the bytes of a file, read only as they are needed.

    ``shared=True`` writes changes of the tensor to the file, and makes or lengthens it where it is too short; else they stay in memory.

    Errors: RuntimeError if there is no such file, or if it is too short.

    Source: https://pytorch.org/docs/stable/generated/torch.from_file.html
    """
    np_dtype = (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, "from_file")).np
    if size < 0:
        raise error("file_size", name=filename, bytes=size * np_dtype.itemsize)
    needed = size * np_dtype.itemsize
    if shared:
        with open(filename, "ab") as file:
            file.truncate(max(needed, os.path.getsize(filename)))
    elif not os.path.exists(filename):
        raise error("file_missing", name=filename)
    elif os.path.getsize(filename) < needed:
        raise error("file_short", name=filename, found=os.path.getsize(filename), needed=needed)
    if size == 0:
        return new_leaf(np.empty(0, np_dtype), device, requires_grad)
    array = np.memmap(filename, np_dtype, "r+" if shared else "c", shape=(size,)).view(np.ndarray)
    return new_leaf(array, device, requires_grad)
