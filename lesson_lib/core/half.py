"""Sixteen bits are for keeping: float16 and bfloat16 tensors are computed in float32, and each result is rounded once, as in PyTorch.

This is the one place where that happens. A call hands an op whose inputs are of such a type to ``in_float32``; the engine does
the same with a rule. So no ``forward`` and no rule ever meets 16 bits, and none has to know that NumPy cannot compute with bfloat16.

Source: https://pytorch.org/docs/stable/notes/numerical_accuracy.html
"""

import numpy as np

from .dtypes import INEXACT, from_numpy_dtype
from .errors import error

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def is_half(np_dtype):
    """True for float16 and bfloat16 (whose kind NumPy calls "V")."""
    return np_dtype.itemsize == 2 and np_dtype.kind in "fV"


def half_of(values):
    """The first 16-bit float type among arrays, numbers and None; None if there is none."""
    for value in values:
        np_dtype = getattr(value, "dtype", None)
        if np_dtype is not None and is_half(np_dtype):
            return np_dtype
    return None


def in_float32(decl, xp, values, params, half):
    """``forward`` on float32 copies of what is of the type ``half``; its float32 results rounded to ``half``.

    A dtype that the caller asked for (``sum(dtype=...)``) goes before; if it has 16 bits, the work is done in float32 all the same.
    An op that does not promote gets a mixture of types as it is, since it will refuse it.
    """
    if decl.half == "refused":
        raise error("not_implemented_for", kernel=decl.kernel or decl.name.removeprefix("special_") + "_cpu", dtype=from_numpy_dtype(half).title)
    if decl.half == "exact" or (decl.promotion == "keep" and _mixed(values, half)):
        return decl.forward(xp, *values, **params)
    if decl.rounds:
        values = [half.type(value) if type(value) is float else value for value in values]
    asked = params.get("dtype")
    if asked is not None:
        asked = np.dtype(asked)
        half = asked if is_half(asked) else None
        params = {**params, "dtype": asked if half is None else FLOAT32}
    return rounded(decl.forward(xp, *map(widened, values), **params), half)


def _mixed(values, half):
    """True if there is another floating-point or complex type beside ``half``."""
    return any(value.dtype != half and value.dtype.kind in INEXACT for value in values if hasattr(value, "dtype"))


def widened(value):
    """A float32 copy of a 16-bit array (or of each in a tuple); anything else as it is."""
    if type(value) is tuple:
        return tuple(map(widened, value))
    np_dtype = getattr(value, "dtype", None)
    return value.astype(FLOAT32) if np_dtype is not None and is_half(np_dtype) else value


def rounded(result, half):
    """A result of ``forward``, or each of several: float32 becomes ``half``."""
    if half is None:
        return result
    if isinstance(result, tuple | list):
        return tuple(rounded(part, half) for part in result)
    np_dtype = getattr(result, "dtype", None)
    if np_dtype == FLOAT32:
        return result.astype(half)
    if np_dtype is not None and np_dtype.kind == "c" and half.kind == "f":
        raise error("no_complex32")
    return result
