"""Tensors with a given order in memory and whatever that memory holds: ``empty_strided``, ``empty_permuted``."""

from math import prod

import numpy as np

from ..core.allocation import check_room
from ..core.errors import error
from ..core.memory import reach, restrided, row_major
from ..core.op import method
from .create import np_dtype_of, shape_of
from .data import new_leaf
from .view import sizes_of


def empty_strided(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """A tensor with whatever its memory holds, whose neighbours along dimension i lie ``stride[i]`` elements apart.

    >>> import lesson_lib as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)

    Source: https://pytorch.org/docs/stable/generated/torch.empty_strided.html
    """
    size, steps = sizes_of("empty_strided", (size,)), sizes_of("empty_strided", (stride,), "stride")
    if len(size) != len(steps):
        raise error("strided_dims", sizes=len(size), strides=len(steps))
    shape_of("empty_strided", (size,))  # negative sizes
    if prod(size) and min(steps, default=0) < 0:
        raise error("strided_overflow", sizes=list(size), strides=list(steps))
    np_dtype, length = np_dtype_of(dtype, "empty_strided"), reach(size, steps) + 1
    check_room("empty_strided", (length,), np_dtype)
    memory = np.empty(length, np_dtype)
    return new_leaf(restrided(memory, size, steps), device, requires_grad)


@method()
def new_empty_strided(self, size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """``empty_strided`` with this tensor's dtype and device.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.new_empty_strided.html
    """
    return empty_strided(size, stride, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


def empty_permuted(size, physical_layout, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """A tensor with whatever its memory holds, without gaps; ``physical_layout`` names its dimensions from the outermost in memory to the innermost.

    >>> import lesson_lib as torch
    >>> torch.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
    (15, 1, 3)

    Source: https://pytorch.org/docs/stable/generated/torch.empty_permuted.html
    """
    size, order = sizes_of("empty_permuted", (size,)), sizes_of("empty_permuted", (physical_layout,), "physical_layout")
    if len(size) != len(order):
        raise error("layout_count", sizes=len(size), dims=len(order))
    for place, dim in enumerate(order):
        if not 0 <= dim < len(size):
            raise error("layout_range", last=len(size) - 1, dim=dim, place=place)
        if dim in order[:place]:
            raise error("layout_twice")
    in_memory = shape_of("empty_permuted", ([size[dim] for dim in order],))
    steps = dict(zip(order, row_major(in_memory), strict=True))
    return empty_strided(size, [steps[dim] for dim in range(len(size))], dtype=dtype, device=device, requires_grad=requires_grad)
