"""Large arrays shared between threads, where the work on each element is its own: in pieces that stay in the processor's cache.

The calls of operations and the engine ask here for arrays of ``LARGE`` elements and more; kernels take these, and NumPy's forms are shared
from ``MANY`` on, those that are a single call of NumPy from ``SOME`` on. With one thread nothing is cut. The pieces cost a copy out of the
cache, and save the memory that steps in between would take: g·(y ≠ 0) makes its mask in the cache.
"""

from math import prod

import numpy as np

from .blocks import folded_up, memory_order
from .compiled import chosen, has_kernel, with_kernel
from .threads import shares, spread, thread_count

PIECE = 1 << 16  # elements
MANY = 1 << 23  # elements: below, NumPy alone is faster; each call ends with a wait for Python's lock: a product of 2²⁰ numbers takes 0.14 ms, shared 0.7
SOME = 1 << 19  # elements, for one call in each thread, which writes where the result is to lie: a sixth of 4096×768, times 2, takes 0.3 ms, alone 0.45
ONE_CALL = {"add_forward": np.add, "sub_forward": np.subtract, "mul_forward": np.multiply, "true_div_forward": np.true_divide}


def in_shares(name, forward):
    """What takes the place of ``forward`` where the first array is large: the kernel of this name, or ``forward`` shared between the threads."""

    def run(xp, *inputs, **params):
        if name in ONE_CALL and xp.name == "numpy" and thread_count() > 1:
            whole = _at_once(ONE_CALL[name], inputs)
            if whole is not None:
                return whole
        cut = _cut(inputs) if xp.name == "numpy" else None
        joined = None if cut is None else _joined(lambda *parts: (forward(xp, *parts, **params),), *cut)
        return forward(xp, *inputs, **params) if joined is None else joined[0]

    return chosen(name, run)


def shared_contributions(node, g, saved):
    """``node.contributions`` for a large gradient g and what the node saved, all arrays."""
    op, joined = node.op, None
    if op is not None and op.elementwise and not has_kernel(f"{op.name}_grad_x"):
        count = len(op.inputs) + len(op.outputs)
        alone = all(value is None for value in saved[:count])  # rules that need g alone hand it on
        cut = None if alone else _cut((g, *saved[:count]))
        if cut is not None:
            joined = _joined(lambda g, *parts: node.contributions(g, (*parts, *saved[count:])), *cut)
    return node.contributions(g, saved) if joined is None else joined


def _at_once(ufunc, inputs):
    """``ufunc(*inputs)`` of large float arrays, one call for each thread; None where that is of no use."""
    arrays = [x for x in inputs if isinstance(x, np.ndarray)]
    first = max(arrays, key=np.size)
    shape, dtype = first.shape, first.dtype
    if first.size < SOME or dtype.kind != "f" or any(x.dtype != dtype or not _fits(x.shape, shape) for x in arrays):
        return None
    order = memory_order([x for x in arrays if x.shape == shape])
    y = folded_up(np.empty(first.size, dtype), shape, order)
    values = [np.broadcast_to(x, shape).transpose(order) if isinstance(x, np.ndarray) else x for x in inputs]
    rows = y.transpose(order)

    def run(at):
        ufunc(*(x[at] if isinstance(x, np.ndarray) else x for x in values), out=rows[at])

    spread(run, shares(len(rows), rows.size))
    return y


def _cut(values):
    """(shape, number of rows, the values as rows, which of them are cut) for values that spread over the shape of the largest of them.

    None where sharing is of no use, or where the result would lie in memory in another order.
    """
    if thread_count() < 2 or any(hasattr(value, "dtype") and not isinstance(value, (np.ndarray, np.generic)) for value in values):
        return None
    shape = max((value for value in values if isinstance(value, np.ndarray)), key=np.size).shape
    if prod(shape) < MANY:
        return None
    rows, flat = shape[0], True
    for value in values:
        if isinstance(value, np.ndarray) and value.ndim:
            whole = value.shape == shape
            if (whole and not value.flags.c_contiguous) or not _fits(value.shape, shape):
                return None
            flat = flat and whole
    if flat:
        rows = prod(shape)
        values = [value.reshape(-1) if isinstance(value, np.ndarray) and value.ndim else value for value in values]
    ndim = 1 if flat else len(shape)
    is_cut = [isinstance(value, np.ndarray) and value.ndim == ndim and len(value) == rows for value in values]
    return (shape, rows, values, is_cut) if rows >= 2 * thread_count() else None


def _fits(small, large):
    """Does an array of the first shape spread over the second without making it larger?"""
    return len(small) <= len(large) and all(n in (1, m) for n, m in zip(small[::-1], large[::-1]))


def _joined(function, shape, rows, values, is_cut):
    """The arrays of ``function(*values)``, a tuple, worked out piece by piece. None in it stays None; None for results of another shape."""
    step = max(1, PIECE * rows // prod(shape))

    def piece(first, last):
        return function(*(value[first:last] if cut else value for value, cut in zip(values, is_cut, strict=True)))

    start = piece(0, min(step, rows))
    expected = values[is_cut.index(True)][:step].shape if rows == prod(shape) else (min(step, rows), *shape[1:])
    if any(part is not None and getattr(part, "shape", None) != expected for part in start):
        return None
    outs = [None if part is None else np.empty((rows, *part.shape[1:]), part.dtype) for part in start]

    def run(share):
        for first in range(share.start, share.stop, step):
            for out, part in zip(outs, piece(first, min(first + step, share.stop)) if first else start, strict=True):
                if out is not None:
                    out[first : first + len(part)] = part

    spread(run, shares(rows, prod(shape)))
    return tuple(None if out is None else out.reshape(shape) for out in outs)


# --- sums and extremes ------------------------------------------------------------------------------------------------------------


@with_kernel
def sums_of_rows(rows):
    """Σⱼ of each row of a matrix."""
    return np.add.reduce(rows, axis=1)


def folded(ufunc, x, axis, keepdims, dtype=None):
    """``ufunc.reduce`` of a large array: each thread folds some of its rows. Where the rows fold into each other, so do the threads' results."""
    if ufunc is np.add and x.dtype.char == "f" and dtype in (None, x.dtype) and x.flags.c_contiguous and has_kernel("sums_of_rows"):
        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        kept = x.shape[: x.ndim - len(axes)]
        if sorted(a % x.ndim for a in axes) == list(range(len(kept), x.ndim)):  # the dimensions that lie closest in memory
            return sums_of_rows(x.reshape(prod(kept), -1)).reshape(kept + (1,) * (len(axes) if keepdims else 0))[()]
    parts = shares(len(x), x.size)
    if len(parts) == 1 or not x.flags.c_contiguous:
        return ufunc.reduce(x, axis=axis, dtype=dtype, keepdims=keepdims)
    results = spread(lambda at: ufunc.reduce(x[at], axis=axis, dtype=dtype, keepdims=keepdims), parts)
    axes = range(x.ndim) if axis is None else (axis,) if not isinstance(axis, tuple) else axis
    if any(a in (0, -x.ndim) for a in axes):
        return ufunc.reduce(results, axis=0)
    return np.concatenate(results)
