"""Norms of vectors and matrices, and the condition number made of them."""

import math

from ..core.dtypes import INEXACT, from_numpy_dtype
from ..core.errors import error
from ..core.half import is_half
from ..core.op import method
from ..core.tensor import wrap_dim
from .arithmetic import abs
from .linalg_factor import linalg_svdvals
from .linalg_least import linalg_cond_values
from .linalg_matrix import finished
from .linalg_solve import linalg_inv_ex
from .reduce import amax, amin, sum
from .select import where_else
from .statistics import vector_norm
from .view import unsqueeze

ORDERS = (1, -1, 2, -2, math.inf, -math.inf)


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
    if A._a.dtype.kind not in INEXACT:
        raise error("linalg_dtype", name="linalg.matrix_norm", dtype=from_numpy_dtype(A._a.dtype).title)
    if ord not in ("fro", "nuc", *ORDERS):
        raise error("matrix_norm_order", order=ord)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) != 2:
        raise error("matrix_norm_dims", dims=" ".join(map(str, dims)))
    rows, columns = (wrap_dim(d, A.ndim) for d in dims)
    if rows == columns:
        raise error("matrix_norm_same", dims=dims)
    if ord in ("nuc", 2, -2) and is_half(A._a.dtype):
        raise error("low_precision", name="linalg.matrix_norm", dtype=A.dtype.title)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype, out=out)
    if dtype is not None:
        A = A.to(dtype)
    result = _by_singular_values(A, ord, rows, columns) if ord in ("nuc", 2, -2) else _by_sums(A, ord, rows, columns)
    if keepdim:
        for d in sorted((rows, columns)):
            result = unsqueeze(result, d)
    return finished(result, out, "linalg_matrix_norm")


def _by_singular_values(A, ord, rows, columns):
    values = linalg_svdvals(A.movedim((rows, columns), (-2, -1)))
    return sum(values, -1) if ord == "nuc" or (ord == 2 and not values.shape[-1]) else amax(values, -1) if ord == 2 else amin(values, -1)


def _by_sums(A, ord, rows, columns):
    summed, other = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(abs(A), summed)
    other -= summed < other
    if ord > 0 and not sums.shape[other]:
        return sum(sums, other)  # the largest of no sums is 0
    return amax(sums, other) if ord > 0 else amin(sums, other)


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None, out=None):
    """The norm of a vector or a matrix, as ``ord`` and ``dim`` say: of all elements without either, y = √(Σ x²).

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
    """
    if dim is None and ord is not None and A.ndim not in (1, 2):
        raise error("linalg_norm_ndim", ndim=A.ndim)
    if isinstance(dim, tuple | list) and not 1 <= len(dim) <= 2:
        raise error("linalg_norm_dims", dims=list(dim))
    matrix = ord is not None and (len(dim) == 2 if isinstance(dim, tuple | list) else dim is None and A.ndim == 2)
    if matrix or isinstance(ord, str):
        return linalg_matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


@method()
def norm(input, p="fro", dim=None, keepdim=False, dtype=None, out=None):
    r"""Norm of all elements, or over ``dim``, $y = (\sum_i |x_i|^p)^{1/p}$; "fro" is p = 2, "nuc" the sum of a matrix's singular values.

    >>> import lesson_lib as torch
    >>> torch.norm(torch.tensor([3., 4.]))
    tensor(5.)

    Source: https://pytorch.org/docs/stable/generated/torch.norm.html
    """
    if p == "nuc" or (p == "fro" and isinstance(dim, tuple | list) and len(dim) > 2):
        dims = tuple(range(input.ndim)) if dim is None else dim
        return linalg_matrix_norm(input, p, dims, keepdim, dtype=dtype, out=out)
    if isinstance(p, str) and p != "fro":
        raise error("matrix_norm_order", order=p)
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype, out=out)


def linalg_cond(A, p=None, *, out=None):
    """How much a matrix magnifies relative errors, y = ‖A‖·‖A⁻¹‖; without ``p`` the largest singular value by the smallest.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cond.html
    """
    if A.ndim < 2:
        raise error("linalg_ndim", name="linalg.cond", argument="")
    if p in (None, 2, -2):
        return finished(linalg_cond_values(A, p == -2), out, "linalg_cond")
    if A.shape[-1] != A.shape[-2]:
        raise error("cond_square", order=p, m=A.shape[-2], n=A.shape[-1])
    if p not in ("fro", "nuc", *ORDERS):
        raise error("cond_order", order=p)
    inverse, info = linalg_inv_ex(A)
    result = linalg_matrix_norm(A, p) * linalg_matrix_norm(inverse, p)
    return finished(where_else.op.raw(info == 0, result, math.inf), out, "linalg_cond")
