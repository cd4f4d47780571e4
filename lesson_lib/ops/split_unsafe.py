"""Splitting into parts that share memory and yet count as no views: a write to one is not seen in the history of the others.

They spare what views cost, for programs that write either to the whole or to the parts, never to both.
"""

from math import ceil

from ..core.errors import error
from ..core.op import Op, method, op
from ..core.tensor import wrap_dim
from .case import case
from .join import Split, equal_parts, given_parts


class UnsafeSplit(Op):
    """Parts of the given sizes along ``dim``, in the memory of x.   ∂y_i/∂x = 1 on part i."""

    public, n_diff, label, half = False, "all", "split", "exact"
    forward, grad_x = Split.forward, Split.grad_x


@op
class unsafe_split_equal(UnsafeSplit):
    """Parts of one size along ``dim``, the last perhaps smaller.   ∂y_i/∂x = 1 on part i."""

    title = "UnsafeSplit"
    samples = lambda t: (case(t(5, 2), sizes=(2, 2, 1), dim=0),)  # noqa: E731


@op
class unsafe_split_parts(UnsafeSplit):
    """Parts of the given sizes along ``dim``.   ∂y_i/∂x = 1 on part i."""

    title = "UnsafeSplitWithSizes"
    samples = lambda t: (case(t(2, 5), sizes=(1, 4), dim=1),)  # noqa: E731


@method()
def unsafe_split(tensor, split_size, dim=0):
    """``split``, but the parts do not count as views. Source: https://pytorch.org/docs/stable/generated/torch.unsafe_split.html"""
    if tensor.ndim == 0:
        raise error("split_0d", name="split")
    if not hasattr(split_size, "__index__"):
        raise error("dim_type", name="unsafe_split", argument="split_size", position=2, type=type(split_size).__name__)
    dim = wrap_dim(dim, tensor.ndim)
    return unsafe_split_equal.op.raw(tensor, sizes=equal_parts(tensor.shape[dim], split_size), dim=dim)


@method()
def unsafe_split_with_sizes(input, split_sizes, dim=0):
    """``split_with_sizes``, but the parts do not count as views. Source: https://pytorch.org/docs/stable/generated/torch.unsafe_split.html"""
    if input.ndim == 0:
        raise error("split_0d", name="split")
    dim = wrap_dim(dim, input.ndim)
    return unsafe_split_parts.op.raw(input, sizes=given_parts(input.shape[dim], dim, split_sizes), dim=dim)


@method()
def unsafe_chunk(input, chunks, dim=0):
    """``chunk``, but the parts do not count as views. Source: https://pytorch.org/docs/stable/generated/torch.unsafe_chunk.html"""
    if input.ndim == 0:
        raise error("split_0d", name="chunk")
    if chunks <= 0:
        raise error("chunk_count", chunks=chunks)
    size = input.shape[wrap_dim(dim, input.ndim)]
    return unsafe_split(input, ceil(size / chunks), dim) if size else unsafe_split_with_sizes(input, [0] * chunks, dim)
