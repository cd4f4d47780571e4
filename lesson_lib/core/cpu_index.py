"""Reading and adding at index arrays on NumPy: x[key] and x[key] += values, where the key is index arrays behind whole dimensions.

NumPy's own forms look at every element by itself. Here the indexes become row numbers of a matrix, whose rows are read by ``take`` and added
one after the other, in the order in which they are given, so that a sum comes out the same each time.
"""

from math import prod

import numpy as np

from .compiled import with_kernel
from .threads import shares, spread

FEW = 64  # indexes: below, NumPy's square brackets cost less than what is saved
_SMALL = 1 << 10  # elements of an array to which NumPy adds few numbers at once
_BLOCK = 1 << 14  # elements added at a time: their places stay in the cache
_LONG = 1 << 11  # elements of a row that is worth a call of its own


def read_at(x, key):
    """``x[key]``. Reading 8192 rows of 768: 2.3 ms, by square brackets 11."""
    ats = key if isinstance(key, tuple) else (key,)
    if ats[0].__class__ is slice or ats[-1].size < FEW or not _in_order(x, *ats):
        return x[key]
    flat = row_numbers(x.shape, ats)
    return _taken(x.reshape(-1, *x.shape[len(ats) :]), flat)


def _in_order(*arrays):
    """Whether square brackets would give the result in row-major order, as ``take`` does."""
    return all(array.flags.c_contiguous and array.dtype.kind != "b" for array in arrays)


def _taken(rows, at):
    """``rows[at]`` for indexes that are in range; many are shared between the threads."""
    parts = shares(at.size, at.size * prod(rows.shape[1:]))
    if len(parts) == 1:
        return rows.take(at, axis=0)
    out, line = np.empty((at.size, *rows.shape[1:]), rows.dtype), at.reshape(-1)
    spread(lambda part: rows.take(line[part], axis=0, out=out[part], mode="clip"), parts)  # ("raise" would copy ``out``)
    return out.reshape(at.shape + rows.shape[1:])


def row_numbers(sizes, ats):
    """Indexes of the leading dimensions as one index of them all, from 0 on.  Errors: IndexError for one that is out of range."""
    flat = None
    for size, at in zip(sizes, ats, strict=False):
        at = _counted(at, size)
        flat = at if flat is None else flat * size + at
    return flat


def _counted(at, size):
    """Indexes from 0 on: negative ones count from the end."""
    if not at.size:
        return at.astype(np.int64)
    low, high = at.min(), at.max()
    if low < -size or high >= size:
        raise IndexError
    at = at.astype(np.int64, copy=False)
    return at if low >= 0 else np.where(at < 0, at + size, at)


def scatter_add(shape, key, values):
    """Zeros of ``shape`` with ``values`` added at ``key``; an index that comes up twice adds twice."""
    out = np.zeros(shape, values.dtype)
    add_at(out, key, values)
    return out


def add_at(x, key, values):
    """``x[key] += values``, in place, where an index that comes up twice adds twice. 8192 rows of 768: 20 ms (compiled 5), ``numpy.add.at`` 385."""
    ats = key if isinstance(key, tuple) else (key,)
    lead = sum(at.__class__ is slice for at in ats)  # whole dimensions in front
    ats = ats[lead:]
    little = x.size < _SMALL and ats[-1].size < FEW
    if little or not x.flags.c_contiguous or any(at.__class__ is not np.ndarray or at.dtype.kind == "b" for at in ats):
        np.add.at(x, key, values)
        return
    outer, inner = x.shape[:lead], x.shape[lead + len(ats) :]
    flat = row_numbers(x.shape[lead:], ats)
    values = np.broadcast_to(np.asarray(values, x.dtype), outer + flat.shape + inner)
    if not values.size:
        return
    if np.may_share_memory(x, values):
        values = values.copy()
    if lead:
        flat = np.arange(prod(outer)).reshape(-1, 1) * prod(x.shape[lead : lead + len(ats)]) + flat.reshape(1, -1)
    add_rows(x.reshape(-1, prod(inner)), flat.reshape(-1), np.ascontiguousarray(values).reshape(flat.size, -1))


@with_kernel
def add_rows(rows, at, values):
    """``rows[at[i]] += values[i]`` for one i after the other, in place. Each index is in range."""
    count, size = values.shape
    if size == 1:
        np.add.at(rows.reshape(-1), at, values.reshape(-1))
    elif size > _LONG:
        for i, number in enumerate(at.tolist()):
            rows[number] += values[i]
    else:  # NumPy is quick at adding single elements to a line, so each row is taken for its elements
        line, columns, step = rows.reshape(-1), np.arange(size), max(1, _BLOCK // size)
        for i in range(0, count, step):
            places = at[i : i + step, None] * size + columns
            np.add.at(line, places.reshape(-1), values[i : i + step].reshape(-1))
    return rows
