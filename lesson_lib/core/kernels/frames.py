"""How a kernel meets its arrays: as rows or as one line of numbers, shared between the threads."""

from math import prod

import numpy as np

from ..blocks import folded_up, memory_order
from ..threads import shares, spread


def in_one_piece(*arrays):
    """Are these float32 arrays that lie in memory row by row, without gaps?"""
    return all(x.dtype.char == "f" and x.flags.c_contiguous for x in arrays)


def as_rows(x, ndims=1):
    """x as a matrix with what its last ``ndims`` dimensions hold in each row; None if that would take a copy."""
    if not in_one_piece(x) or x.ndim < ndims:
        return None
    return x.reshape(prod(x.shape[:-ndims]), prod(x.shape[-ndims:]))


def as_line(x):
    """x as one row of numbers, copied only where it must be."""
    return np.ascontiguousarray(x, np.float32).reshape(-1)


def by_rows(kernel, dim, *inputs):
    """The kernel of the rows of the inputs along ``dim``, in a new array; None where the rows do not lie in one piece."""
    rows = [as_rows(x) if dim in (-1, x.ndim - 1) else None for x in inputs]
    if any(x is None for x in rows):
        return None
    out = np.empty_like(rows[0])
    spread(lambda part: kernel(*(x[part] for x in rows), out[part]), shares(len(out), out.size))
    return out.reshape(inputs[0].shape)


def each(kernel, *inputs):
    """The kernel of every element, in a new array that lies in memory as the inputs do."""
    shape, order = inputs[-1].shape, memory_order(inputs)
    lines, out = [as_line(x.transpose(order)) for x in inputs], np.empty(prod(shape), np.float32)
    spread(lambda part: kernel(*(x[part] for x in lines), out[part]), shares(out.size, out.size))
    return folded_up(out, shape, order)


def pointwise(kernel):
    """The forward of an operation on one array: the kernel of every element."""
    return lambda xp, x: each(kernel, x)


def pointwise_gradient(kernel):
    """The rule of such an operation, of the gradient that arrives and what the operation saved."""
    return lambda g, saved: each(kernel, g, saved)
