"""Symmetric matrices that need not be positive: A = P·L·D·Lᵀ·Pᵀ, D with 1×1 and 2×2 blocks, chosen as Bunch and Kaufman did.

Which rows are exchanged, and whether a block has one row or two, depends on the numbers. So this is done matrix by matrix, and on the host.
"""

import numpy as np

from ..core.device import device_of, to_array, to_host
from ..core.errors import error
from ..core.op import op
from . import return_types
from .case import case
from .linalg_lu import magnitude
from .linalg_matrix import Linalg, bad_squares, check_square, definite, finished, first_info
from .view import broadcast_shapes

GROWTH = (1 + 17**0.5) / 8  # a pivot this large against its column keeps the growth of one 2×2 step below that of two 1×1 steps


def _mirrored(lower, hermitian):
    """The whole symmetric (or Hermitian) matrix of which the lower triangle is given."""
    below = np.tril(lower, -1)
    diagonal = np.diag(lower)
    return below + (below.conj() if hermitian else below).T + np.diag(diagonal.real if hermitian else diagonal).astype(lower.dtype)


def _choice(rest):
    """(size of the next block, which row comes to its end) for the rest of a symmetric matrix; (1, 0) is: no exchange."""
    size = magnitude(np, rest)
    if len(rest) == 1:
        return 1, 0
    other = 1 + int(size[1:, 0].argmax())
    largest = size[other, 0]
    if size[0, 0] >= GROWTH * largest:
        return 1, 0
    row = size[other].copy()
    row[other] = 0
    if size[0, 0] * row.max() >= GROWTH * largest**2:
        return 1, 0
    return (1, other) if size[other, other] >= GROWTH * row.max() else (2, other)


def _factored(matrix, hermitian):
    """(L and D in one matrix, pivots, info) of one matrix. L's ones are left out; a 2×2 block of D lies on the diagonal and below it."""
    rest = _mirrored(matrix, hermitian)
    n = len(rest)
    packed, pivots, info, k = np.zeros_like(rest), np.zeros(n, "int32"), 0, 0
    while k < n:
        count, other = _choice(rest)
        last = count - 1
        if other:
            rest[[last, other]] = rest[[other, last]]
            rest[:, [last, other]] = rest[:, [other, last]]
        block, below = rest[:count, :count], rest[count:, :count]
        pivots[k : k + count] = k + 1 + last if not other else k + 1 + other
        if count == 2:
            pivots[k : k + 2] *= -1
        packed[k : k + count, k : k + count] = np.tril(block)
        if count == 1 and block[0, 0] == 0:
            info = info or k + 1
            packed[k + 1 :, k] = below[:, 0]
            rest = rest[1:, 1:]
        else:
            steps = below @ np.linalg.inv(block)
            packed[k + count :, k : k + count] = steps
            rest = rest[count:, count:] - steps @ (below.conj() if hermitian else below).T
        k += count
    return packed, pivots, info


@op
class linalg_ldl_factor_ex(Linalg):
    """A = P·L·D·Lᵀ·Pᵀ of a symmetric matrix (Lᴴ with ``hermitian``), of which the lower triangle is read: (L and D in one matrix, pivots, info).

    D has blocks of one or two rows: ``pivots[i]`` > 0 is the row that row i was exchanged with, counted from 1; two equal negative ones
    stand for a 2×2 block, whose second row was exchanged. ``info`` is the place of the first 0 in D. PyTorch defines no gradient for it.

    >>> import lesson_lib as torch
    >>> torch.linalg.ldl_factor_ex(torch.tensor([[0., 1.], [1., 0.]])).pivots
    tensor([-2, -2], dtype=torch.int32)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor_ex.html; Bunch and Kaufman 1977, doi:10.1090/S0025-5718-1977-0428694-0
    """

    kernel = "ldl_factor_kernel_cpu"
    title, outputs, returns = "torch::autograd::NotImplemented", ("LD", "pivots", "info"), return_types.linalg_ldl_factor_ex
    errors = bad_squares("torch.linalg.ldl_factor_ex")

    def signature(A, *, hermitian=False, check_errors=False):
        return A, {"hermitian": hermitian, "check": "torch.linalg.ldl_factor_ex" if check_errors else None}

    def forward(xp, a, *, hermitian, check):
        check_square("torch.linalg.ldl_factor_ex", a)
        results = [_factored(matrix, hermitian and a.dtype.kind == "c") for matrix in to_host(a).reshape(-1, *a.shape[-2:])] if a.size else []
        packed = np.array([packed for packed, _, _ in results], a.dtype).reshape(a.shape)
        pivots = np.array([pivots for _, pivots, _ in results], "int32").reshape(a.shape[:-1])
        info = np.array([info for _, _, info in results] or np.zeros(a.shape[:-2]), "int32").reshape(a.shape[:-2])
        if check is not None and info.any():
            batch, index = first_info(info)
            raise error("ldl_failed", name=check, batch=batch, index=index)
        return tuple(to_array(part, device_of(a)) for part in (packed, pivots, info))

    def grad_a(g):
        raise error("no_derivative", name="linalg_ldl_factor_ex")

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(t(2, 4, 4))
        yield case(t(3, 3), hermitian=True)


def linalg_ldl_factor(A, *, hermitian=False, out=None):
    """A = P·L·D·Lᵀ·Pᵀ: (L and D in one matrix, pivots); an error where D has a 0 on its diagonal.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html
    """
    packed, pivots, _ = linalg_ldl_factor_ex.op.raw(A, hermitian=hermitian, check="torch.linalg.ldl_factor")
    return finished(return_types.linalg_ldl_factor(packed, pivots), out, "linalg_ldl_factor")


# --- equations ----------------------------------------------------------------------------------------------------------------


def _blocks(pivots):
    """[(start, end, the row that the block's last one was exchanged with), …] of one matrix."""
    found, k = [], 0
    while k < len(pivots):
        count = 1 if pivots[k] > 0 else 2
        found.append((k, k + count, abs(int(pivots[k])) - 1))
        k += count
    return found


def _solved(packed, pivots, right, hermitian):
    """X of A·X = B for one matrix: down through P·L, across D, and up through Lᵀ·Pᵀ."""
    x = right.copy()
    blocks = _blocks(pivots)
    for start, end, other in blocks:
        x[[end - 1, other]] = x[[other, end - 1]]
        x[end:] -= packed[end:, start:end] @ x[start:end]
        x[start:end] = np.linalg.solve(_mirrored(packed[start:end, start:end], hermitian), x[start:end])
    for start, end, other in reversed(blocks):
        below = packed[end:, start:end]
        x[start:end] -= (below.conj() if hermitian else below).T @ x[end:]
        x[[end - 1, other]] = x[[other, end - 1]]
    return x


@op
class linalg_ldl_solve(Linalg):
    """X of A·X = B, given A = P·L·D·Lᵀ·Pᵀ from ``linalg.ldl_factor``. PyTorch defines no gradient for it.

    LD is (…, n, n), ``pivots`` (…, n), B (…, n, k).

    >>> import lesson_lib as torch
    >>> LD, pivots = torch.linalg.ldl_factor(torch.tensor([[0., 2.], [2., 0.]]))
    >>> torch.linalg.ldl_solve(LD, pivots, torch.tensor([[4.], [8.]]))
    tensor([[4.],
            [2.]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_solve.html
    """

    title = "torch::autograd::NotImplemented"
    kernel = "ldl_solve_kernel_cpu"

    def signature(LD, pivots, B, *, hermitian=False):
        name = "torch.linalg.ldl_solve"
        check_square(name, LD._a)
        if pivots._a.dtype.kind not in "iu":
            raise error("ldl_pivots", dtype=pivots.dtype.title)
        if B.ndim < 2:
            raise error("dim_range", low=-B.ndim, high=B.ndim - 1, dim=-2, ndim=B.ndim)
        if pivots.shape != LD.shape[:-1]:
            raise error("lu_solve_pivots", name=name, matrix="LD", sizes=list(pivots.shape))
        if B.dtype != LD.dtype:
            raise error("older_dtype", a=B.dtype.title, b=LD.dtype.title)
        if B.shape[-2] != LD.shape[-1]:
            raise error("older_sizes", name=name, n=LD.shape[-1], rows=B.shape[-2], columns=B.shape[-1])
        return LD, pivots, B, {"hermitian": hermitian}

    def forward(xp, packed, pivots, b, *, hermitian):
        batch = broadcast_shapes(packed.shape[:-2], b.shape[:-2])
        lists = [
            np.broadcast_to(to_host(x), (*batch, *x.shape[-kept:])).reshape(-1, *x.shape[-kept:]) if x.size else ()
            for x, kept in ((packed, 2), (pivots, 1), (b, 2))
        ]
        hermitian = hermitian and packed.dtype.kind == "c"
        solutions = [_solved(*parts, hermitian) for parts in zip(*lists, strict=False)]
        return to_array(np.array(solutions, b.dtype).reshape((*batch, *b.shape[-2:])), device_of(b))

    def grad_packed(g):
        raise error("no_derivative", name="linalg_ldl_solve")

    grad_b = grad_packed

    def samples(t):
        yield case(definite(t, 2, 2), t(2, low=2, high=3, dtype="int32"), t(2, 3))
        yield case(definite(t, 2, 3, 3), t(2, 3, low=3, high=4, dtype="int32"), t(3, 1))

    def errors(t):
        at = t(2, low=1, high=2, dtype="int32")
        message = "Incompatible matrix sizes for torch.linalg.ldl_solve: each A matrix is 2 by 2 but each b matrix is 3 by 1"
        yield case(t(2, 2), at, t(3, 1)), RuntimeError, message
        yield case(t(2, 2), t(2), t(2, 1)), RuntimeError, "torch.linalg.ldl_solve: Expected pivots to be integers. Got Float"
