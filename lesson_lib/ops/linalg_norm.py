"""Norms of vectors and matrices, and the condition number made of them."""

import math

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.tensor import Tensor, wrap_dim
from .arithmetic import abs
from .linalg_factor import linalg_svdvals
from .linalg_least import linalg_cond_values
from .linalg_solve import linalg_inv
from .reduce import amax, amin, sum
from .statistics import vector_norm
from .view import unsqueeze

ORDERS = (1, -1, 2, -2, math.inf, -math.inf)


def _finished(result, out, name):
    return result if out is None else Tensor._write_out(out, result, name)


def linalg_matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    r"""Size of the matrices in two dimensions. "fro": $\sqrt{\sum a_{ij}^2}$; "nuc": the sum of the singular values; 2 and −2: the largest
    and the smallest one; 1 and −1: the largest and the smallest sum of |a| of a column; ∞ and −∞: of a row.

    >>> import lesson_lib as torch
    >>> torch.linalg.matrix_norm(torch.tensor([[3., 0.], [0., 4.]]), 2)
    tensor(4.)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
    """
    if A.ndim < 2:
        raise error("linalg_ndim", name="linalg.matrix_norm", argument=" A")
    if A._a.dtype.kind not in "fc":
        raise error("linalg_dtype", name="linalg.matrix_norm", dtype=from_numpy_dtype(A._a.dtype).title)
    if ord not in ("fro", "nuc", *ORDERS):
        raise error("matrix_norm_order", order=ord)
    rows, columns = (wrap_dim(d, A.ndim) for d in dim)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype, out=out)
    if dtype is not None:
        A = A.to(dtype)
    result = _by_singular_values(A, ord, rows, columns) if ord in ("nuc", 2, -2) else _by_sums(A, ord, rows, columns)
    if keepdim:
        for d in sorted((rows, columns)):
            result = unsqueeze(result, d)
    return _finished(result, out, "linalg_matrix_norm")


def _by_singular_values(A, ord, rows, columns):
    values = linalg_svdvals(A.movedim((rows, columns), (-2, -1)))
    return sum(values, -1) if ord == "nuc" else amax(values, -1) if ord == 2 else amin(values, -1)


def _by_sums(A, ord, rows, columns):
    summed, other = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(abs(A), summed)
    other -= summed < other
    return amax(sums, other) if ord > 0 else amin(sums, other)


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None, out=None):
    """The norm of a vector or a matrix, as ``ord`` and ``dim`` say: of all elements without either, y = √(Σ x²).

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
    """
    if dim is None and ord is not None and A.ndim not in (1, 2):
        raise error("linalg_norm_ndim", ndim=A.ndim)
    matrix = ord is not None and (len(dim) == 2 if isinstance(dim, tuple | list) else dim is None and A.ndim == 2)
    if matrix or isinstance(ord, str):
        return linalg_matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


def linalg_cond(A, p=None, *, out=None):
    """How much a matrix magnifies relative errors, y = ‖A‖·‖A⁻¹‖; without ``p`` the largest singular value by the smallest.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cond.html
    """
    if A.ndim < 2:
        raise error("linalg_ndim", name="linalg.cond", argument="")
    if p in (None, 2, -2):
        return _finished(linalg_cond_values(A, p == -2), out, "linalg_cond")
    if A.shape[-1] != A.shape[-2]:
        raise error("cond_square", order=p, m=A.shape[-2], n=A.shape[-1])
    return _finished(linalg_matrix_norm(A, p) * linalg_matrix_norm(linalg_inv(A), p), out, "linalg_cond")
