"""Tensors put together: all pairs, all choices, blocks on a diagonal, powers in a row, products on top of a matrix."""

import itertools

import numpy as np

from ..core.device import device_of, to_array
from ..core.errors import error
from ..core.op import method
from ..core.tensor import Tensor, wrap
from .gather import index_select
from .join import cat, stack
from .matmul import bmm, outer
from .pad import constant_pad_nd
from .product import cumprod
from .rearrange import flip
from .reduce import sum
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
    blocks = [atleast_2d(x) for x in tensors]
    ends = list(itertools.accumulate(block.shape[1] for block in blocks))
    rows = [constant_pad_nd(block, (end - block.shape[1], ends[-1] - end)) for block, end in zip(blocks, ends, strict=True)]
    return cat(rows, 0)


def vander(x, N=None, increasing=False):
    """The powers of each element in a row, from the highest down unless ``increasing``. Source: https://pytorch.org/docs/stable/generated/torch.vander.html"""
    n = x.shape[0] if N is None else N
    ones = expand(x.new_ones(()), (x.shape[0], min(n, 1)))
    powers = cat([ones, cumprod(expand(unsqueeze(x, -1), (x.shape[0], n - 1)), -1)], -1) if n > 1 else ones
    return powers if increasing else flip(powers, 1)


@method(inplace=True)
def addr(input, vec1, vec2, *, beta=1, alpha=1, out=None):
    """An outer product on top of a matrix, y = β·input + α·(vec1 ⊗ vec2). Source: https://pytorch.org/docs/stable/generated/torch.addr.html"""
    result = input * beta + outer(vec1, vec2) * alpha
    return result if out is None else Tensor._write_out(out, result, "addr")


@method(inplace=True)
def addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """The sum of a batch of products on top of a matrix, y = β·input + α·Σ batch1ᵢ @ batch2ᵢ. Source: https://pytorch.org/docs/stable/generated/torch.addbmm.html"""
    result = input * beta + sum(bmm(batch1, batch2), 0) * alpha
    return result if out is None else Tensor._write_out(out, result, "addbmm")


def narrow_copy(input, dim, start, length):
    """``narrow`` as a copy. Source: https://pytorch.org/docs/stable/generated/torch.narrow_copy.html"""
    return input.narrow(dim, start, length).clone()
