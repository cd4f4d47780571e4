"""Factorisations: Cholesky, QR, singular values.

Their gradients use what the factors must stay: a triangle, an orthogonal matrix. The rule of the singular vectors holds for distinct
singular values: at equal ones the vectors are arbitrary and their gradient divides by 0. The rules hold for complex matrices with
the conjugates written out, so these declarations say ``holomorphic = False``.
"""

import numpy as np

from ..core.errors import error
from ..core.op import method, op
from . import return_types
from .case import case
from .conjugate import is_complex_valued, mH, mT
from .join import cat
from .linalg_matrix import Linalg, bad_squares, check_kernel, check_matrix, check_square, definite, dominant, failed, finished, first_info
from .linalg_triangular import linalg_solve_triangular
from .reduce import sum
from .select import where_else
from .triangle import diag_embed, tril, triu
from .view import unsqueeze


def scaled_columns(x, factors):
    """Column j times factor j: X·diag(factors)."""
    return x * unsqueeze(factors, -2)


def diagonal_of(x):
    """The diagonal of each matrix, as a tensor that can be added to."""
    return sum(x * identity_mask(x), -1)


def identity_mask(x):
    """True on the diagonal, in the shape of the matrices of x."""
    return tril(x == x) & triu(x == x)


def not_finite(name):
    """PyTorch's error for a matrix with nan or inf."""

    def explain(exc, arrays, params):
        return error("linalg_converge", name=name) if failed(exc) else None

    return explain


# --- Cholesky --------------------------------------------------------------------------------------------------------------------


def _as_far_as_possible(matrix):
    """(L, 0) with A = L·Lᴴ; at a leading minor that is not positive what was made so far, and its order."""
    lower = np.tril(matrix)
    for i in range(len(lower)):
        row = lower[i, :i].conj()
        pivot = lower[i, i].real - (row * row.conj()).real.sum()
        if not pivot > 0:
            lower[i, i] = pivot
            return lower, i + 1
        lower[i, i] = pivot**0.5
        lower[i + 1 :, i] = (lower[i + 1 :, i] - lower[i + 1 :, :i] @ row) / lower[i, i]
    return lower, 0


@op
class linalg_cholesky_ex(Linalg):
    """(the lower triangle L with A = L·Lᴴ, info), for a symmetric A with positive eigenvalues; with ``upper`` the triangle U = Lᴴ.

    ∂L/∂A = L⁻ᴴ·Φ·L⁻¹, where Φ is half of Lᴴ·G's lower triangle, made symmetric. ``info`` (…) is 0, or for another A the order of the
    first leading minor that is not positive; L is then made as far as it goes.

    >>> import lesson_lib as torch
    >>> torch.linalg.cholesky_ex(torch.tensor([[1., 2.], [2., 1.]])).info
    tensor(2, dtype=torch.int32)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky_ex.html; the rule: Murray 2016, arXiv:1602.07527
    """

    kernel = "cholesky_cpu"
    outputs, returns, holomorphic = ("L", "info"), return_types.linalg_cholesky_ex, False
    errors = bad_squares("linalg.cholesky")

    def signature(A, *, upper=False, check_errors=False):
        return A, {"upper": upper, "check": "linalg.cholesky_ex" if check_errors else None}

    def forward(xp, a, *, upper, check):
        check_square("linalg.cholesky", a)
        a = xp.conj(mT(a)) if upper else a  # LAPACK reads the lower triangle
        try:
            lower, info = xp.linalg.cholesky(a), xp.zeros(a.shape[:-2], dtype="int32")
        except np.linalg.LinAlgError:
            made = [_as_far_as_possible(matrix) for matrix in a.reshape(-1, *a.shape[-2:])]
            info = np.array([order for _, order in made], dtype="int32").reshape(a.shape[:-2])
            if check is not None:
                batch, order = first_info(info)
                raise error("linalg_definite", name=check, batch=batch, index=order) from None
            lower = np.stack([factor for factor, _ in made]).reshape(a.shape)
        return xp.conj(mT(lower)).copy() if upper else lower, info

    def grad_a(g, L, upper):
        if upper:
            g, L = mH(g), mH(L)
        phi = tril(mH(L) @ g)
        phi = (phi + mH(tril(phi, -1))) / 2
        half = linalg_solve_triangular.op.raw(mH(L), phi, upper=True, left=True, unitriangular=False)
        return linalg_solve_triangular.op.raw(L, half, upper=False, left=False, unitriangular=False)

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(definite(t, 2, 2, 2), upper=True)


def linalg_cholesky(A, *, upper=False, out=None):
    """The lower triangle L with A = L·Lᴴ: ``linalg.cholesky_ex`` with an error for an A that is not positive-definite.

    >>> import lesson_lib as torch
    >>> torch.linalg.cholesky(torch.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])

    Errors: LinAlgError for a matrix that is not positive-definite.
    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
    """
    return finished(linalg_cholesky_ex.op.raw(A, upper=upper, check="linalg.cholesky")[0], out, "linalg_cholesky")


@method()
def cholesky(input, upper=False, *, out=None):
    """The Cholesky factor, A = L·Lᴴ: ``linalg.cholesky``. Source: https://pytorch.org/docs/stable/generated/torch.cholesky.html"""
    if input.ndim < 2:
        raise error("linalg_ndim", name="cholesky", argument=" A")
    if input.shape[-1] != input.shape[-2]:
        raise error("linalg_square", name="cholesky", m=input.shape[-2], n=input.shape[-1])
    check_kernel("cholesky_cpu", input._a)
    return finished(linalg_cholesky_ex.op.raw(input, upper=upper, check="cholesky")[0], out, "cholesky")


# --- QR --------------------------------------------------------------------------------------------------------------------------


def _qr_rule(g_q, g_r, q, r):
    """The gradient of a tall A = Q·R, with square R: [G_Q + Q·sym(triu(G_R·Rᴴ − Qᴴ·G_Q))]·R⁻ᴴ."""
    inner = triu(g_r @ mH(r) - mH(q) @ g_q)
    whole = inner + mH(inner)
    whole = where_else.op.raw(identity_mask(whole), whole / 2, whole)  # the diagonal was counted twice
    return linalg_solve_triangular.op.raw(mH(r), g_q + q @ whole, upper=False, left=False, unitriangular=False)


@op
class linalg_qr(Linalg):
    """A = Q·R with orthonormal columns of Q and an upper triangle R.   For tall A,  ∂L/∂A = [G_Q + Q·sym(G_R·Rᴴ − Qᴴ·G_Q)]·R⁻ᴴ.

    sym(X) is X's upper triangle, made symmetric. ``mode`` is "reduced" (Q as wide as needed), "complete" (Q square) or "r" (R alone).
    A wide A = [X, Y] is factored by X alone: R = [U, Qᴴ·Y].

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.qr.html; the rule: Walter and Lehmann 2018, arXiv:1009.6112, and
    Roberts and Roberts 2020, arXiv:2009.10071
    """

    kernel = "geqrf_cpu"
    outputs, n_diff, returns, holomorphic = ("Q", "R"), 2, return_types.linalg_qr, False

    def signature(A, mode="reduced"):
        if mode not in ("reduced", "complete", "r"):
            raise error("qr_mode", mode=mode)
        return A, {"mode": mode}

    def forward(xp, a, *, mode):
        check_matrix("linalg.qr", a)
        if mode == "r":
            return xp.empty((0,), a.dtype), xp.linalg.qr(a, mode="r")
        return tuple(xp.linalg.qr(a, mode=mode))

    def grad_a(g, a, Q, R, mode):
        if mode == "r":
            raise error("qr_grad", message="linalg_qr_backward: mode='r' does not compute Q and is not differentiable")
        m, n = a.shape[-2:]
        if mode == "complete" and m > n:
            raise error("qr_grad", message="The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
        g_q, g_r = g
        if m >= n:
            return _qr_rule(g_q, g_r, Q, R)
        wide = a[..., m:]
        left = _qr_rule(g_q + wide @ mH(g_r[..., m:]), g_r[..., :m], Q, R[..., :m])
        return cat.op.raw(left, Q @ g_r[..., m:], dim=a.ndim - 1)

    def samples(t):
        yield case(dominant(t, 3, 3))
        yield case(t(4, 2))
        yield case(t(2, 2, 3))

    def errors(t):
        yield case(t(2, 2), "x"), RuntimeError, "qr received unrecognized mode 'x' but expected one of 'reduced' (default), 'r', or 'complete'"
        yield case(t(2)), RuntimeError, "linalg.qr: The input tensor A must have at least 2 dimensions."


@method()
def qr(input, some=True, *, out=None):
    """A = Q·R: the older form of ``linalg.qr``. Source: https://pytorch.org/docs/stable/generated/torch.qr.html"""
    return finished(return_types.qr(*linalg_qr(input, "reduced" if some else "complete")), out, "qr")


# --- singular values -----------------------------------------------------------------------------------------------------------------


def skew(x):
    """X − Xᴴ."""
    return x - mH(x)


@op
class linalg_svd(Linalg):
    r"""Singular values, A = U·diag(S)·Vᴴ with S₁ ≥ S₂ ≥ … ≥ 0 and orthonormal columns of U and V.

    $\frac{\partial L}{\partial A} = U[(skew(U^H G_U)/E)\,S + S\,(skew(V^H G_V)/E) + diag(G_S)]V^H$ with $E_{jk} = S_k^2 - S_j^2$, and what
    lies outside the columns of U and V:  (1 − UUᴴ)·G_U·S⁻¹·Vᴴ + U·S⁻¹·G_Vᴴ·(1 − VVᴴ).

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.svd.html; the rule: Giles 2008, and Wan and Zhang 2019, arXiv:1909.02659
    """

    kernel = "linalg_svd_cpu"
    outputs, n_diff, returns, holomorphic = ("U", "S", "Vh"), 3, return_types.linalg_svd, False
    explain = not_finite("linalg.svd")

    def signature(A, full_matrices=True, *, driver=None):
        return A, {"full": full_matrices}

    def forward(xp, a, *, full):
        check_matrix("linalg.svd", a)
        return tuple(xp.linalg.svd(a, full_matrices=full))

    def grad_a(g, U, S, Vh, full):
        g_u, g_s, g_vh = g
        m, n, k = U.shape[-2], Vh.shape[-1], S.shape[-1]
        if full and m != n and k:
            if bool((g_u != 0).any()) or bool((g_vh != 0).any()):
                raise error("svd_grad")  # the further vectors are arbitrary: a gradient that reaches them has no meaning
            m = n = k  # the singular values do not ask for them
        U, g_u, Vh, g_vh = U[..., :k], g_u[..., :k], Vh[..., :k, :], g_vh[..., :k, :]
        inverse = where_else.op.raw(S == 0, 0, 1 / S)  # at 0 a pair of vectors is arbitrary
        apart = unsqueeze(S * S, -2) - unsqueeze(S * S, -1)
        apart = where_else.op.raw(apart == 0, 1, apart)
        left, right = skew(mH(U) @ g_u), skew(Vh @ mH(g_vh))
        inner = scaled_columns(left / apart, S) + unsqueeze(S, -1) * (right / apart) + diag_embed(g_s)
        if is_complex_valued(U):  # the phase of each pair of vectors is free, the difference of their phases is not
            inner = inner + diag_embed(diagonal_of(left) * inverse / 2)
        result = U @ inner @ Vh
        if m > k:
            outside = scaled_columns(g_u, inverse)
            result = result + (outside - U @ (mH(U) @ outside)) @ Vh
        if n > k:
            outside = unsqueeze(inverse, -1) * g_vh
            result = result + U @ (outside - (outside @ mH(Vh)) @ Vh)
        return result

    def samples(t):
        yield case(t(3, 3))
        yield case(t(4, 2), False)
        yield case(t(2, 2, 3), full_matrices=False)

    def errors(t):
        yield case(t(3)), RuntimeError, "linalg.svd: The input tensor A must have at least 2 dimensions."


def linalg_svdvals(A, *, driver=None, out=None):
    """The singular values, from the largest on. Source: https://pytorch.org/docs/stable/generated/torch.linalg.svdvals.html"""
    result = linalg_svd(A, False)[1]
    return finished(result, out, "linalg_svdvals")


@method()
def svd(input, some=True, compute_uv=True, *, out=None):
    """A = U·diag(S)·Vᴴ, with V itself: the older form of ``linalg.svd``. Without ``compute_uv`` zeros stand for U and V.

    Source: https://pytorch.org/docs/stable/generated/torch.svd.html
    """
    if input.ndim < 2:
        raise error("older_ndim", name="linalg.svd: input", ndim=input.ndim)
    if compute_uv:
        u, s, vh = linalg_svd(input, not some)
        return finished(return_types.svd(u, s, mH(vh)), out, "svd")
    *batch, m, n = input.shape
    return finished(return_types.svd(input.new_zeros((*batch, m, m)), linalg_svdvals(input), input.new_zeros((*batch, n, n))), out, "svd")
