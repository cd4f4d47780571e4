"""Triangles and diagonals of matrices."""

import numpy as np

from ..core import dtypes
from ..core.errors import error
from ..core.op import Op, method, op
from ..core.tensor import wrap_dim
from .case import case
from .cast import as_dtype
from .data import new_leaf
from .slicing import diagonal, scatter_view
from .view import reshape


class Triangle(Op):
    """Part of a matrix on one side of a diagonal."""

    inplace = True

    def samples(t):
        yield case(t(3, 3))
        yield case(t(2, 3, 4), 1)
        yield case(t(3, 2), diagonal=-1)


def _triangle(name):
    def arguments(input, diagonal=0):
        if input.ndim < 2:
            raise error("matrix_ndim", name=name)
        return input, {"diagonal": diagonal}

    return arguments


@op
class tril(Triangle):
    """The lower triangle: $y_{ij} = x_{ij}$ where j − i ≤ diagonal, else 0.   ∂y/∂x = 1 there.

    Source: https://pytorch.org/docs/stable/generated/torch.tril.html
    """

    signature = _triangle("tril")

    def forward(xp, x, *, diagonal):
        return xp.tril(x, diagonal)

    def grad_x(g, diagonal):
        return tril.op.raw(g, diagonal=diagonal)

    def errors(t):
        yield case(t(3)), RuntimeError, "tril: input tensor must have at least 2 dimensions"


@op
class triu(Triangle):
    """The upper triangle: $y_{ij} = x_{ij}$ where j − i ≥ diagonal, else 0.   ∂y/∂x = 1 there.

    Source: https://pytorch.org/docs/stable/generated/torch.triu.html
    """

    signature = _triangle("triu")

    def forward(xp, x, *, diagonal):
        return xp.triu(x, diagonal)

    def grad_x(g, diagonal):
        return triu.op.raw(g, diagonal=diagonal)

    def errors(t):
        yield case(t(3)), RuntimeError, "triu: input tensor must have at least 2 dimensions"


@op
class diagonal_copy(Op):
    """The diagonal of a matrix, as a copy.   ∂y/∂x = 1 there, 0 elsewhere."""

    public, title = False, "DiagonalBackward0_copy"

    def forward(xp, x, *, offset):
        return xp.diagonal(x, offset).copy()

    def grad_x(g, x_shape, offset):
        return scatter_view.op.raw(g, shape=x_shape, view=diagonal.op, params={"offset": offset, "dim1": 0, "dim2": 1})

    def samples(t):
        yield case(t(3, 4), offset=1)


@op
class diag_embed(Op):
    """Zeros with the last dimension of x as the diagonal of the new dimensions ``dim1``, ``dim2``.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.diag_embed.html
    """

    def signature(input, offset=0, dim1=-2, dim2=-1):
        dim1, dim2 = wrap_dim(dim1, input.ndim + 1), wrap_dim(dim2, input.ndim + 1)
        if dim1 == dim2:
            raise error("diagonal_dims", dim1=dim1, dim2=dim2)
        return input, {"offset": offset, "dim1": dim1, "dim2": dim2}

    def forward(xp, x, *, offset, dim1, dim2):
        size = x.shape[-1] + abs(offset)
        shape = list(x.shape[:-1])
        for dim in sorted((dim1, dim2)):
            shape.insert(dim, size)
        whole = xp.zeros(shape, x.dtype)
        diagonal.op.forward(xp, whole, offset=offset, dim1=dim1, dim2=dim2)[...] = x
        return whole

    def grad_x(g, offset, dim1, dim2):
        return diagonal.op.raw(g, offset=offset, dim1=dim1, dim2=dim2)

    def samples(t):
        yield case(t(3))
        yield case(t(2, 3), 1)
        yield case(t(2, 3), -1, 0, 2)


@method()
def diag(input, diagonal=0, *, out=None):
    """A vector as the diagonal of a matrix of zeros, or the diagonal of a matrix as a vector.   ∂y/∂x = 1 there.

    Source: https://pytorch.org/docs/stable/generated/torch.diag.html
    """
    if input.ndim == 1:
        return diag_embed(input, diagonal, out=out)
    if input.ndim == 2:
        return diagonal_copy(input, offset=diagonal, out=out)
    raise error("diag_ndim", ndim=input.ndim)


@method()
def diagflat(input, offset=0):
    """The flattened input as the diagonal of a matrix. Source: https://pytorch.org/docs/stable/generated/torch.diagflat.html"""
    return diag_embed(reshape(input, -1), offset)


@method()
def fill_diagonal_(self, fill_value, wrap=False):
    """Write a number on the main diagonal of a matrix. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html"""
    diagonal(self, 0, 0, 1).fill_(fill_value)
    return self


def tril_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Row and column numbers of the lower triangle, (2, n). Source: https://pytorch.org/docs/stable/generated/torch.tril_indices.html"""
    return _indices(np.tril_indices(row, offset, col), dtype, device)


def triu_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Row and column numbers of the upper triangle, (2, n). Source: https://pytorch.org/docs/stable/generated/torch.triu_indices.html"""
    return _indices(np.triu_indices(row, offset, col), dtype, device)


def _indices(rows_and_columns, dtype, device):
    np_dtype = (dtypes.int64 if dtype is None else as_dtype(dtype, "tril_indices")).np
    return new_leaf(np.stack(rows_and_columns).astype(np_dtype), device)
