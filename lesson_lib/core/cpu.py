"""The CPU's namespace: all of NumPy, and the names that NumPy lacks. ``gpu.py`` has the same names on CuPy.

An op's ``forward(xp, ...)`` writes ``xp.exp(x)`` or ``xp.conv2d(x, w, win)`` and never asks where ``x`` lives.
"""

import sys
import warnings
from functools import partial

import numpy

from . import blocks, heap, shared
from .cpu_conv import conv2d, conv2d_input, conv2d_weight  # noqa: F401
from .cpu_index import add_at, read_at, scatter_add  # noqa: F401
from .cpu_pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_gather, max_pool2d_scatter  # noqa: F401
from .special import erf, erfc  # noqa: F401 - part of the namespace
from .special_gamma import digamma, gammainc, gammaincc, lgamma, zeta  # noqa: F401
from .special_normal import bessel_i0, bessel_i1, erfcx, erfinv, i0e, i1e, log_ndtr, ndtri  # noqa: F401
from .threads import LARGE

# This module is NumPy, and more. A star import would also load what NumPy loads on demand (numpy.ma, numpy.f2py).
globals().update({key: value for key, value in vars(numpy).items() if not key.startswith("_")})

name = "numpy"


def __getattr__(name):
    """``fft``, which NumPy itself loads on demand."""
    if name == "fft":
        return numpy.fft
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


heap.keep_freed_memory()

# log(0) is -inf and 0/0 is nan, without a word, as in PyTorch. This filter silences NumPy for our own calls alone.
warnings.filterwarnings("ignore", category=RuntimeWarning, module="lesson_lib")


# The reductions that numpy.sum, prod, max and min wrap: called directly they take half the time. Large arrays are shared between threads.

_sums, _maxima, _minima = (partial(shared.folded, ufunc) for ufunc in (numpy.add, numpy.maximum, numpy.minimum))


def sum(x, axis=None, dtype=None, keepdims=False):
    """The sum over ``axis``, in the dtype of ``x`` if it is a float, else in int64."""
    return (numpy.add.reduce if x.size < LARGE else _sums)(x, axis=axis, dtype=dtype, keepdims=keepdims)


def prod(x, axis=None, dtype=None, keepdims=False):
    """The product over ``axis``."""
    return numpy.multiply.reduce(x, axis=axis, dtype=dtype, keepdims=keepdims)


def max(x, axis=None, keepdims=False):
    """The largest element along ``axis``; nan if there is one."""
    return (numpy.maximum.reduce if x.size < LARGE else _maxima)(x, axis=axis, keepdims=keepdims)


def min(x, axis=None, keepdims=False):
    """The smallest element along ``axis``; nan if there is one."""
    return (numpy.minimum.reduce if x.size < LARGE else _minima)(x, axis=axis, keepdims=keepdims)


def argmax(x, axis=None, keepdims=False):
    """Where the largest element along ``axis`` stands; the first of equal ones."""
    return _where(numpy.argmax, x, axis, keepdims)


def argmin(x, axis=None, keepdims=False):
    """Where the smallest element along ``axis`` stands; the first of equal ones."""
    return _where(numpy.argmin, x, axis, keepdims)


def _where(search, x, axis, keepdims):
    """NumPy copies x before it searches along other dimensions than the last, number by number; so large arrays are copied in tiles first."""
    if x.size < LARGE or axis is None or axis in (-1, x.ndim - 1):
        return search(x, axis=axis, keepdims=keepdims)
    found = search(blocks.copied_in_order(sys.modules[__name__], numpy.moveaxis(x, axis, -1)), axis=-1)
    return numpy.expand_dims(found, axis) if keepdims else found


def row_dots(x, y):
    """Σⱼ xᵢⱼ·yᵢⱼ for each row i, as a column; no product is written out."""
    return numpy.vecdot(x, y)[:, None]


def to_device(array, index=None):
    """An array on this device: a NumPy array is."""
    return numpy.asarray(array)


def to_host(array):
    """A NumPy array."""
    return array
