"""Gaussian elimination, kept: A = P·L·U with a permutation P, a lower triangle L with ones on its diagonal and an upper triangle U.

L and U lie in one matrix (the ones of L need no place), P is a list of exchanges: row i was exchanged with row ``pivots[i]``, counted
from 1. With it A·X = B is two triangular equations, for any number of right sides.
"""

from math import prod

from ..core.errors import error
from ..core.op import method, op
from . import return_types
from .case import case
from .conjugate import mH, mT
from .create import eye
from .join import cat
from .linalg_matrix import Linalg, check_kernel, check_pair, check_square, dominant, finished, first_info
from .linalg_triangular import check_equation, linalg_solve_triangular
from .triangle import tril, triu
from .view import broadcast_shapes

# --- the factorisation --------------------------------------------------------------------------------------------------------


def magnitude(xp, x):
    """How large LAPACK takes a number to be when it looks for a pivot: |x|, and |Re x| + |Im x| for a complex one."""
    return xp.absolute(x.real) + xp.absolute(x.imag) if x.dtype.kind == "c" else xp.absolute(x)


def _crout(xp, a, pivot):
    """(L and U in one matrix, pivots) of a list of matrices (B, m, n). Column i of L and row i of U are finished in step i (Crout's order)."""
    a = a.copy()
    matrices, (m, n) = xp.arange(a.shape[0]), a.shape[1:]
    pivots = xp.empty((a.shape[0], min(m, n)), dtype="int32")
    for i in range(min(m, n)):
        a[:, i:, i] -= xp.squeeze(a[:, i:, :i] @ a[:, :i, i, None], -1)
        best = i + xp.argmax(magnitude(xp, a[:, i:, i]), axis=1) if pivot else xp.full_like(matrices, i)
        pivots[:, i] = best + 1
        row = a[matrices, best]
        a[matrices, best] = a[:, i]
        a[:, i] = row
        a[:, i, i + 1 :] -= xp.squeeze(a[:, i, None, :i] @ a[:, :i, i + 1 :], 1)
        largest = a[:, i, i, None]
        a[:, i + 1 :, i] /= xp.where(largest == 0, xp.ones_like(largest), largest)  # below a zero there are only zeros
    return a, pivots


def _first_zero(xp, diagonal):
    """For each row the place of its first zero, counted from 1; 0 if there is none."""
    zero = diagonal == 0
    if not zero.shape[-1]:
        return xp.zeros(zero.shape[:-1], dtype="int32")
    return xp.where(xp.any(zero, axis=-1), xp.argmax(zero, axis=-1) + 1, 0).astype("int32")


def eliminated(xp, a, pivot=True):
    """(L and U in one matrix, pivots, info) of each matrix of an array."""
    *batch, m, n = a.shape
    lu, pivots = _crout(xp, a.reshape((prod(batch), m, n)), pivot)
    info = _first_zero(xp, xp.diagonal(lu, 0, 1, 2)).reshape(batch)
    return lu.reshape(a.shape), pivots.reshape((*batch, min(m, n))), info


@op
class linalg_lu_factor_ex(Linalg):
    r"""A = P·L·U by elimination with row exchanges: (L and U in one matrix, pivots, info). ``info`` is the place of the first 0 in U.

    With $\Phi = tril(L^T G_L, -1) + triu(G_U U^T)$ for a square matrix  ∂L/∂A = P·L⁻ᵀ·Φ·U⁻ᵀ. The rows below (or the columns right of)
    the square part are solutions with its triangles, and add what their gradients say about L and U.

    A is (…, m, n): LU has A's shape, ``pivots`` is (…, min(m, n)), ``info`` is (…), both int32.

    >>> import lesson_lib as torch
    >>> torch.linalg.lu_factor_ex(torch.tensor([[1., 2.], [4., 4.]])).LU
    tensor([[4.0000, 4.0000],
            [0.2500, 1.0000]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor_ex.html; the rule: Giles 2008, and for other shapes the
    same two equations by blocks
    """

    kernel = "lu_cpu"
    outputs, returns = ("LU", "pivots", "info"), return_types.linalg_lu_factor_ex

    def signature(A, *, pivot=True, check_errors=False):
        return A, {"pivot": pivot, "check": "torch.linalg.lu_factor_ex" if check_errors else None}

    def forward(xp, a, *, pivot, check):
        if a.ndim < 2:
            raise error("lu_ndim", name="torch.lu_factor", sizes=list(a.shape))
        check_kernel("lu_cpu", a)
        if not pivot and xp.name == "numpy":
            raise error("lu_no_pivot")
        lu, pivots, info = eliminated(xp, a, pivot)
        if check is not None and info.any():
            matrix, index = first_info(info)
            raise error("lu_singular", name=check, batch=matrix, index=index)
        return lu, pivots, info

    def grad_a(g, LU, pivots):
        k = min(LU.shape[-2:])
        square, right, below = LU[..., :k, :k], LU[..., :k, k:], LU[..., k:, :k]
        g_square, g_right, g_below = g[..., :k, :k], g[..., :k, k:], g[..., k:, :k]
        g_lower = tril(g_square, -1)
        about_l = mT(tril(square, -1)) @ g_lower + g_lower - g_right @ mT(right)
        about_u = triu(g_square) @ mT(triu(square)) - mT(below) @ g_below
        whole = _over_upper(square, tril(about_l, -1) + triu(about_u))
        whole = _under_lower(square, cat.op.raw(whole, g_right, dim=LU.ndim - 1))
        if below.shape[-2]:
            whole = cat.op.raw(whole, _over_upper(square, g_below), dim=LU.ndim - 2)
        return exchange_rows.op.raw(whole, pivots, back=True)

    def samples(t):
        yield case(dominant(t, 3, 3))
        yield case(t(2, 4, 2))
        yield case(t(2, 4))

    def errors(t):
        yield case(t(3)), RuntimeError, "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: [3] instead"
        yield case(t(2, 2, dtype="int64")), NotImplementedError, "\"lu_cpu\" not implemented for 'Long'"
        message = "torch.linalg.lu_factor_ex: U[1,1] is zero and using it on lu_solve would result in a division by zero."
        yield case(t(2, 2, low=0, high=0), check_errors=True), RuntimeError, message
        yield case(t(2, 2), pivot=False), RuntimeError, "linalg.lu_factor: LU without pivoting is not implemented on the CPU"


def _under_lower(square, x):
    """L⁻ᵀ·X."""
    return linalg_solve_triangular.op.raw(mT(square), x, upper=True, left=True, unitriangular=True)


def _over_upper(square, x):
    """X·U⁻ᵀ."""
    return linalg_solve_triangular.op.raw(mT(square), x, upper=False, left=False, unitriangular=False)


def _order(xp, pivots, count):
    """The order that the exchanges leave: row i of PᵀX is row ``order[i]`` of X."""
    places = xp.arange(count)
    order = xp.array(xp.broadcast_to(places, (*pivots.shape[:-1], count)))
    for i in range(pivots.shape[-1]):
        other = pivots[..., i, None] - 1
        there = xp.take_along_axis(order, other, axis=-1)
        order = xp.where(places == other, order[..., i, None], order)
        order[..., i] = there[..., 0]
    return order


@op
class exchange_rows(Linalg):
    """The exchanges that ``pivots`` lists, made in X: PᵀX; the other way round, P·X, with ``back``.   ∂L/∂X = the same, undone."""

    public, half = False, "exact"

    def forward(xp, x, pivots, *, back):
        count = x.shape[-2]
        order = _order(xp, pivots, count)
        if back:
            order = xp.argsort(order, axis=-1)
        batch = broadcast_shapes(x.shape[:-2], pivots.shape[:-1])
        everywhere = xp.broadcast_to(order[..., None], (*batch, count, x.shape[-1]))
        return xp.take_along_axis(xp.broadcast_to(x, (*batch, *x.shape[-2:])), everywhere, axis=-2)

    def grad_x(g, pivots, back):
        return exchange_rows.op.raw(g, pivots, back=not back)

    def samples(t):
        yield case(t(3, 2), t(3, low=3, high=4, dtype="int32"), back=False)
        yield case(t(4, 2), t(2, 2, low=2, high=5, dtype="int32"), back=True)


def linalg_lu_factor(A, *, pivot=True, out=None):
    """A = P·L·U: (L and U in one matrix, pivots); an error where U has a 0 on its diagonal.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html
    """
    factors, pivots, _ = linalg_lu_factor_ex.op.raw(A, pivot=pivot, check="torch.linalg.lu_factor")
    return finished(return_types.linalg_lu_factor(factors, pivots), out, "linalg_lu_factor")


@method()
def lu(A, pivot=True, get_infos=False, out=None):
    """A = P·L·U: (L and U in one matrix, pivots), and with ``get_infos`` the place of the first 0 in U. The older form of ``linalg.lu_factor``.

    Source: https://pytorch.org/docs/stable/generated/torch.lu.html
    """
    factors = tuple(linalg_lu_factor_ex(A, pivot=pivot))
    return finished(factors if get_infos else factors[:2], out, "lu")


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True, *, out=None):
    """(P, L, U) out of what ``linalg.lu_factor`` returns, A = P·L·U.   ∂/∂LU = tril(G_L, −1) + triu(G_U).

    >>> import lesson_lib as torch
    >>> P, L, U = torch.lu_unpack(*torch.linalg.lu_factor(torch.tensor([[1., 2.], [4., 4.]])))
    >>> P @ L @ U
    tensor([[1., 2.],
            [4., 4.]])

    Source: https://pytorch.org/docs/stable/generated/torch.lu_unpack.html
    """
    if LU_data.ndim < 2:
        raise error("lu_ndim", name="torch.lu_unpack", sizes=list(LU_data.shape))
    if unpack_pivots and LU_pivots.dtype.name != "int32":
        raise error("lu_pivots_dtype")
    m, n = LU_data.shape[-2:]
    options = {"dtype": LU_data.dtype, "device": LU_data.device}
    permutation = lower = upper = LU_data.new_empty((0,))
    if unpack_pivots:
        _check_pivots(LU_pivots, m)
        permutation = exchange_rows.op.raw(eye(m, **options).expand(*LU_data.shape[:-2], m, m), LU_pivots, back=True)
    if unpack_data:
        k = min(m, n)
        lower = tril(LU_data[..., :k], -1) + eye(m, k, **options)
        upper = triu(LU_data[..., :k, :])
    return finished(return_types.lu_unpack(permutation, lower, upper), out, "lu_unpack")


def _check_pivots(pivots, count):
    if pivots.numel() and (int(pivots.min()) < 1 or int(pivots.max()) > count):
        raise error("lu_pivots_range")


def linalg_lu(A, *, pivot=True, out=None):
    """(P, L, U) with A = P·L·U: a permutation, a lower triangle with ones on its diagonal, an upper triangle.

    >>> import lesson_lib as torch
    >>> torch.linalg.lu(torch.tensor([[1., 2.], [4., 4.]])).U
    tensor([[4., 4.],
            [0., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu.html
    """
    if A.ndim < 2:
        raise error("lu_ndim", name="linalg.lu", sizes=list(A.shape))
    factors, pivots, _ = linalg_lu_factor_ex(A, pivot=pivot)
    return finished(return_types.linalg_lu(*lu_unpack(factors, pivots)), out, "linalg_lu")


# --- equations --------------------------------------------------------------------------------------------------------------------


def linalg_lu_solve(LU, pivots, B, *, left=True, adjoint=False, out=None):
    """X of A·X = B, given A = P·L·U: X = U⁻¹·L⁻¹·Pᵀ·B. With ``adjoint`` Aᴴ stands for A; ``left=False`` is X·A = B.

    >>> import lesson_lib as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[0., 2.], [4., 0.]]))
    >>> torch.linalg.lu_solve(LU, pivots, torch.tensor([[2.], [8.]]))
    tensor([[2.],
            [1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu_solve.html
    """
    _check_factors(LU, pivots, B, left)
    return finished(by_elimination(LU, pivots, B, left, adjoint), out, "linalg_lu_solve")


def by_elimination(factors, pivots, right, left=True, adjoint=False):
    """X of A·X = B, of tensors or of bare arrays."""
    if not left:  # X·A = B is Aᴴ·Xᴴ = Bᴴ
        return mH(by_elimination(factors, pivots, mH(right), adjoint=not adjoint))
    if adjoint:  # Uᴴ·Lᴴ·Pᵀ·X = B
        half = linalg_solve_triangular(mH(factors), right, upper=False)
        return exchange_rows.op.raw(linalg_solve_triangular(mH(factors), half, upper=True, unitriangular=True), pivots, back=True)
    half = linalg_solve_triangular(factors, exchange_rows.op.raw(right, pivots, back=False), upper=False, unitriangular=True)
    return linalg_solve_triangular(factors, half, upper=True)


def _check_factors(factors, pivots, right, left):
    check_square("torch.linalg.lu_solve", factors._a)
    check_pair("linalg.lu_solve", factors._a, right._a, "LU")
    if pivots.dtype.name != "int32":
        raise error("lu_solve_dtype")
    if right.ndim < 2:
        raise error("linalg_ndim", name="linalg.lu_solve", argument=" B")
    if pivots.shape[-1:] != factors.shape[-1:]:
        raise error("lu_solve_count")
    if pivots.shape != factors.shape[:-1]:
        raise error("lu_solve_pivots", name="linalg.lu_solve", matrix="LU", sizes=list(pivots.shape))
    check_equation("linalg.lu_solve", factors._a, right._a, left, False)
    check_kernel("linalg.lu_solve_cpu", factors._a)


@method()
def lu_solve(b, LU_data, LU_pivots, *, out=None):
    """X of A·X = b, given A = P·L·U: ``linalg.lu_solve`` with b first. Source: https://pytorch.org/docs/stable/generated/torch.lu_solve.html"""
    return linalg_lu_solve(LU_data, LU_pivots, b, out=out)
