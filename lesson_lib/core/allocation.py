"""Memory asked for by mistake: PyTorch's errors where NumPy has its own."""

import math

import numpy as np

from .errors import error

_WORTH_A_TRY = 2**28  # bytes: asking for memory and giving it back costs more than small tensors take


def check_room(name, shape, np_dtype):
    """PyTorch's error if a tensor of this shape can never be, or if there is not so much memory."""
    count = 1
    for position, size in enumerate(shape):
        if size >= 2**63:
            raise error("size_overflow", name=name, position=position + 1)
        count *= size
        if count * np_dtype.itemsize >= 2**63:
            raise error("storage_overflow", sizes=list(shape))
    if count * np_dtype.itemsize > _WORTH_A_TRY:
        try:
            np.empty(count * np_dtype.itemsize, np.uint8)
        except MemoryError:
            raise out_of_memory(count * np_dtype.itemsize, shape) from None


def out_of_memory(nbytes, shape):
    """PyTorch's error for a tensor that does not fit into memory."""
    return error("out_of_memory", bytes=nbytes, shape=list(shape), size=_readable(nbytes))


def explained_memory(exc):
    """PyTorch's error for NumPy's (or CuPy's) own, None if ``exc`` is about something else."""
    if isinstance(exc, MemoryError):
        if hasattr(exc, "shape"):
            return out_of_memory(math.prod(exc.shape) * exc.dtype.itemsize, exc.shape)
        return error("cuda_out_of_memory", size=_readable(getattr(exc, "_size", 0)))
    if isinstance(exc, ValueError) and any(words in str(exc) for words in ("too big", "too large", "Maximum allowed")):
        return error("numel_overflow")
    return None


def _readable(nbytes):
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if nbytes < 1024 or unit == "TiB":
            return f"{nbytes:.4g} {unit}"
        nbytes /= 1024
