"""The GPU's namespace: all of CuPy, and the names that ``cpu.py`` adds to NumPy, written for CuPy.

Imported on the first use of ``device="cuda"``; without CuPy that use raises PyTorch's "Torch not compiled with CUDA
enabled". No op mentions this module: ``namespace(array)`` finds it by the array's type.
"""

from functools import partial

import cupy
from cupyx.scipy.special import digamma, erf, erfc, erfcx, erfinv, gammainc, gammaincc, i0e, i1e, log_ndtr, ndtri, zeta  # noqa: F401 - part of the namespace
from cupyx.scipy.special import gammaln as lgamma  # noqa: F401
from cupyx.scipy.special import i0 as bessel_i0  # noqa: F401
from cupyx.scipy.special import i1 as bessel_i1  # noqa: F401

from . import patches
from .errors import error

# The same idea as in cpu.py: this module is CuPy, and more.
globals().update({key: value for key, value in vars(cupy).items() if not key.startswith("_")})

name = "cupy"
ndarray = cupy.ndarray

# Convolution and pooling in their generic form: patches as one array, then a matrix product.
conv2d = partial(patches.conv2d, cupy)
conv2d_input = partial(patches.conv2d_input, cupy)
conv2d_weight = partial(patches.conv2d_weight, cupy)
max_pool2d = partial(patches.max_pool2d, cupy)
max_pool2d_scatter = partial(patches.max_pool2d_scatter, cupy)
max_pool2d_gather = partial(patches.max_pool2d_gather, cupy)
avg_pool2d = partial(patches.avg_pool2d, cupy)
avg_pool2d_backward = partial(patches.avg_pool2d_backward, cupy)


def device_count():
    """How many CUDA devices there are; 0 if there is no driver."""
    try:
        return cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


def row_dots(x, y):
    """Σⱼ xᵢⱼ·yᵢⱼ for each row i, as a column."""
    return cupy.einsum("ij,ij->i", x, y)[:, None]


def to_device(array, index=None):
    """A copy of a host array on GPU ``index``."""
    if array.dtype.kind == "V":
        raise error("no_bfloat16_cuda")
    with cupy.cuda.Device(index or 0):
        return cupy.asarray(array)


def to_host(array):
    """A NumPy copy of a GPU array."""
    return cupy.asnumpy(array)


def read_at(x, key):
    """``x[key]``."""
    return x[key]


def add_at(x, key, values):
    """``x[key] += values``, in place, where an index that comes up twice adds twice."""
    cupy.add.at(x, key, values)


def scatter_add(shape, index, values):
    """Zeros of ``shape`` with ``values`` added at ``index``; an index that comes up twice adds twice."""
    out = cupy.zeros(shape, values.dtype)
    cupy.add.at(out, index, values)
    return out
