"""Which memory a tensor looks into, and where in it the tensor begins.

A tensor that is no view looks into the memory of its own array. A view looks into its base's. A few tensors are no views and yet show only
a part of their memory: the detached view, the tensor that ``resize_`` made smaller. These keep the whole of it in ``_memory``.
"""

from math import prod

import numpy as np

from .device import namespace


def address(array):
    """Where the array's first element lies."""
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr


def spanning(tensor):
    """The array that spans the tensor's memory."""
    owner = tensor if tensor._base is None else tensor._base
    return owner._a if owner._memory is None else owner._memory


def offset_of(tensor):
    """How many elements into its memory the tensor begins."""
    if tensor._base is None and tensor._memory is None:
        return 0
    return (address(tensor._a) - address(spanning(tensor))) // tensor._a.itemsize


def steps_of(array):
    """The strides, counted in elements."""
    return tuple(step // array.itemsize for step in array.strides)


def shown_steps(array):
    """The strides as PyTorch has them. NumPy gives 0 to a dimension that None added, and to all dimensions of an array without elements."""
    steps = steps_of(array)
    if 0 not in steps:
        return steps
    if array.size == 0:
        return row_major(array.shape)
    shown, inner = [], 1
    for size, step in zip(reversed(array.shape), reversed(steps), strict=True):
        shown.insert(0, inner if (size, step) == (1, 0) else step)
        inner = size * shown[0]
    return tuple(shown)


def reach(size, steps):
    """How far from the first element the last one lies; -1 if there is none."""
    return sum((n - 1) * step for n, step in zip(size, steps, strict=True)) if prod(size) else -1


def row_major(shape):
    """The steps of an array of this shape without gaps; PyTorch counts a size of 0 as 1."""
    steps, step = [], 1
    for size in reversed(shape):
        steps.insert(0, step)
        step *= max(size, 1)
    return tuple(steps)


def restrided(array, size, steps, offset=0):
    """The elements ``offset`` + Σ i·step of the memory, counted from the array's first; nothing checks that there are so many."""
    as_strided = namespace(array).lib.stride_tricks.as_strided
    if offset and array.size:
        array = as_strided(array, (abs(offset) + 1,), (array.itemsize * (1 if offset > 0 else -1),))[-1:]
    return as_strided(array, size, tuple(step * array.itemsize for step in steps))


def flat(array):
    """All elements of the array's memory in their order, gaps included: one dimension."""
    return restrided(array, (reach(array.shape, steps_of(array)) + 1,), (1,))
