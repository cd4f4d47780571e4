"""Tensors put together: all pairs, all choices, blocks on a diagonal, powers in a row."""

import functools
import itertools

import numpy as np

from ..core.device import device_of, to_array
from ..core.dtypes import promote_types
from ..core.errors import error
from ..core.op import method
from ..core.tensor import Tensor, wrap
from .index_vector import index_select
from .join import cat, stack
from .pad import constant_pad_nd
from .product import cumprod
from .rearrange import flip
from .shapes import atleast_2d, meshgrid
from .view import expand, unsqueeze


def _vector(x):
    if x.ndim != 1:
        raise error("vector_expected", shape=list(x.shape))
    return x


def cartesian_prod(*tensors):
    """Every combination of one element of each vector, a row each. Source: https://pytorch.org/docs/stable/generated/torch.cartesian_prod.html"""
    vectors = [_vector(x) for x in tensors]
    if len(vectors) == 1:
        return vectors[0]
    return stack([axis.flatten() for axis in meshgrid(*vectors, indexing="ij")], 1)


def combinations(input, r=2, with_replacement=False):
    """Every choice of ``r`` elements of a vector, a row each. Source: https://pytorch.org/docs/stable/generated/torch.combinations.html"""
    x = _vector(input)
    if r == 0:
        return x.new_empty((0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(x.shape[0]), r)), dtype=np.int64).reshape(-1, r)
    return index_select(x, 0, wrap(to_array(rows.reshape(-1), device_of(x._a)))).reshape(-1, r)


def block_diag(*tensors):
    """Matrices along the diagonal of a large one, zeros elsewhere. Source: https://pytorch.org/docs/stable/generated/torch.block_diag.html"""
    for number, x in enumerate(tensors):
        if x.ndim > 2:
            raise error("block_diag_ndim", number=number, ndim=x.ndim)
    dtype = functools.reduce(promote_types, (x.dtype for x in tensors))
    blocks = [atleast_2d(x).to(dtype) for x in tensors]
    ends = list(itertools.accumulate(block.shape[1] for block in blocks))
    rows = [constant_pad_nd(block, (end - block.shape[1], ends[-1] - end)) for block, end in zip(blocks, ends, strict=True)]
    return cat(rows, 0)


def vander(x, N=None, increasing=False):
    """The powers of each element in a row, from the highest down unless ``increasing``. Source: https://pytorch.org/docs/stable/generated/torch.vander.html"""
    if x.ndim != 1:
        raise error("vander_ndim")
    if N is not None and N < 0:
        raise error("vander_negative")
    n = x.shape[0] if N is None else N
    ones = expand(x.new_ones(()), (x.shape[0], min(n, 1)))
    powers = cat([ones, cumprod(expand(unsqueeze(x, -1), (x.shape[0], n - 1)), -1)], -1) if n > 1 else ones
    return powers if increasing else flip(powers, 1)


@method()
def narrow_copy(input, dim, start, length, *, out=None):
    """``narrow`` as a copy. Source: https://pytorch.org/docs/stable/generated/torch.narrow_copy.html"""
    if 0 < input.ndim <= dim:
        raise error("narrow_copy_dim")
    if input.ndim and length < 0:
        raise error("narrow_end", start=start, length=length, size=input.size(dim))
    result = input.narrow(dim, start, length).clone()
    return result if out is None else Tensor._write_out(out, result, "narrow_copy", (input,))
