"""Factorisations: Cholesky, QR, singular values, eigenvalues.

Their gradients use what the factors must stay: a triangle, an orthogonal matrix. The rules hold for distinct singular values and
eigenvalues: at equal ones the vectors are arbitrary and their gradient divides by 0. Some hold for complex matrices with the
conjugates written out, so these declarations say ``holomorphic = False``.
"""

from ..core.errors import error
from ..core.op import method, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .conjugate import conj, is_complex_valued, mH
from .join import cat
from .linalg_matrix import Linalg, bad_squares, check_matrix, check_square, definite, dominant, failed, first_failure
from .linalg_solve import linalg_solve, linalg_solve_triangular
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


def _not_finite(name):
    """PyTorch's error for a matrix with nan or inf."""

    def explain(exc, arrays, params):
        return error("linalg_converge", name=name) if failed(exc) else None

    return explain


# --- Cholesky --------------------------------------------------------------------------------------------------------------------


def _minor(matrix):
    """The order of the first leading minor that is not positive, 0 if there is none."""
    m = matrix.copy()
    for k in range(len(m)):
        if not m[k, k].real > 0:
            return k + 1
        m[k + 1 :, k + 1 :] -= m[k + 1 :, k : k + 1] @ m[k + 1 :, k : k + 1].conj().T / m[k, k]
    return 0


@op
class linalg_cholesky(Linalg):
    """The lower triangle L with A = L·Lᴴ, for a symmetric A with positive eigenvalues; with ``upper`` the triangle U = Lᴴ.

    ∂L/∂A = L⁻ᴴ·Φ·L⁻¹, where Φ is half of Lᴴ·G's lower triangle, made symmetric.

    Errors: LinAlgError for a matrix that is not positive-definite.
    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html; the rule: Murray 2016, arXiv:1602.07527
    """

    title, holomorphic, errors = "LinalgCholeskyEx", False, bad_squares("linalg.cholesky")

    def signature(A, *, upper=False):
        return A, {"upper": upper}

    def forward(xp, a, *, upper):
        check_square("linalg.cholesky", a)
        return xp.linalg.cholesky(a.swapaxes(-1, -2)).swapaxes(-1, -2).copy() if upper else xp.linalg.cholesky(a)

    def explain(exc, arrays, params):
        if failed(exc):
            batch, index = first_failure(arrays[0], _minor)
            return error("linalg_definite", batch=batch, index=index)

    def grad_a(g, y, upper):
        if upper:
            g, y = mH(g), mH(y)
        phi = tril(mH(y) @ g)
        phi = (phi + mH(tril(phi, -1))) / 2
        half = linalg_solve_triangular.op.raw(mH(y), phi, upper=True, left=True, unitriangular=False)
        return linalg_solve_triangular.op.raw(y, half, upper=False, left=False, unitriangular=False)

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(definite(t, 2, 2, 2), upper=True)


@method()
def cholesky(input, upper=False, *, out=None):
    """The Cholesky factor, A = L·Lᴴ: ``linalg.cholesky``. Source: https://pytorch.org/docs/stable/generated/torch.cholesky.html"""
    return linalg_cholesky(input, upper=upper, out=out)


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
def qr(input, some=True):
    """A = Q·R: the older form of ``linalg.qr``. Source: https://pytorch.org/docs/stable/generated/torch.qr.html"""
    return return_types.qr(*linalg_qr(input, "reduced" if some else "complete"))


# --- singular values -----------------------------------------------------------------------------------------------------------------


def _skew(x):
    """X − Xᴴ."""
    return x - mH(x)


@op
class linalg_svd(Linalg):
    r"""Singular values, A = U·diag(S)·Vᴴ with S₁ ≥ S₂ ≥ … ≥ 0 and orthonormal columns of U and V.

    $\frac{\partial L}{\partial A} = U[(skew(U^H G_U)/E)\,S + S\,(skew(V^H G_V)/E) + diag(G_S)]V^H$ with $E_{jk} = S_k^2 - S_j^2$, and what
    lies outside the columns of U and V:  (1 − UUᴴ)·G_U·S⁻¹·Vᴴ + U·S⁻¹·G_Vᴴ·(1 − VVᴴ).

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.svd.html; the rule: Giles 2008, and Wan and Zhang 2019, arXiv:1909.02659
    """

    outputs, n_diff, returns, holomorphic = ("U", "S", "Vh"), 3, return_types.linalg_svd, False
    explain = _not_finite("linalg.svd")

    def signature(A, full_matrices=True, *, driver=None):
        return A, {"full": full_matrices}

    def forward(xp, a, *, full):
        check_matrix("linalg.svd", a)
        return tuple(xp.linalg.svd(a, full_matrices=full))

    def grad_a(g, U, S, Vh, full):
        g_u, g_s, g_vh = g
        m, n, k = U.shape[-2], Vh.shape[-1], S.shape[-1]
        if full and m != n:
            # The further vectors are arbitrary: a gradient that reaches them has no meaning.
            raise error("svd_grad")
        apart = unsqueeze(S * S, -2) - unsqueeze(S * S, -1)
        apart = where_else.op.raw(apart == 0, 1, apart)
        left, right = _skew(mH(U) @ g_u), _skew(Vh @ mH(g_vh))
        inner = scaled_columns(left / apart, S) + unsqueeze(S, -1) * (right / apart) + diag_embed(g_s)
        if is_complex_valued(U):  # the phase of each pair of vectors is free, the difference of their phases is not
            inner = inner + diag_embed(diagonal_of(left) / (2 * S))
        result = U @ inner @ Vh
        if m > k:
            outside = scaled_columns(g_u, 1 / S)
            result = result + (outside - U @ (mH(U) @ outside)) @ Vh
        if n > k:
            outside = unsqueeze(1 / S, -1) * g_vh
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
    return result if out is None else Tensor._write_out(out, result, "linalg_svdvals")


@method()
def svd(input, some=True, compute_uv=True):
    """A = U·diag(S)·Vᴴ, with V itself: the older form of ``linalg.svd``. Source: https://pytorch.org/docs/stable/generated/torch.svd.html"""
    u, s, vh = linalg_svd(input, not some)
    return return_types.svd(u, s, mH(vh))


# --- eigenvalues ----------------------------------------------------------------------------------------------------------------------


@op
class linalg_eigh(Linalg):
    r"""Eigenvalues (in ascending order) and eigenvectors of a symmetric matrix, A = V·diag(L)·Vᴴ; only one triangle of A is read.

    $\frac{\partial L}{\partial A} = V[diag(G_L) + (V^H G_V)/E]V^H$ with $E_{ij} = L_j - L_i$.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html; the rule: Giles 2008, 3.1
    """

    outputs, n_diff, returns, holomorphic = ("eigenvalues", "eigenvectors"), 2, return_types.linalg_eigh, False
    explain = _not_finite("linalg.eigh")

    def signature(A, UPLO="L"):
        if UPLO.upper() not in ("L", "U"):
            raise error("eigh_half", half=UPLO)
        return A, {"half": UPLO.upper()}

    def forward(xp, a, *, half):
        check_square("linalg.eigh", a)
        return tuple(xp.linalg.eigh(a, UPLO=half))

    def grad_a(g, eigenvalues, eigenvectors):
        g_values, g_vectors = g
        apart = unsqueeze(eigenvalues, -2) - unsqueeze(eigenvalues, -1)
        apart = where_else.op.raw(apart == 0, 1, apart)
        turn = _skew(mH(eigenvectors) @ g_vectors) / (2 * apart)
        return eigenvectors @ (turn + diag_embed(g_values)) @ mH(eigenvectors)

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(definite(t, 2, 2, 2), "U")

    def errors(t):
        yield case(t(2, 3)), RuntimeError, "linalg.eigh: A must be batches of square matrices, but they are 2 by 3 matrices"
        yield case(t(2, 2), "Q"), RuntimeError, "Expected UPLO argument to be 'L' or 'U', but got Q"


def linalg_eigvalsh(A, UPLO="L", *, out=None):
    """The eigenvalues of a symmetric matrix, in ascending order. Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigvalsh.html"""
    result = linalg_eigh(A, UPLO)[0]
    return result if out is None else Tensor._write_out(out, result, "linalg_eigvalsh")


@op
class linalg_eig(Linalg):
    r"""Eigenvalues and eigenvectors (of length 1) of any square matrix, A·V = V·diag(L). Both are complex, for real A too.

    $\frac{\partial L}{\partial A} = V^{-H}[diag(G_L) + (V^H G_V - V^H V\,diag(Re(V^H G_V)))/\bar E]V^H$ with $E_{ij} = L_j - L_i$.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.eig.html; the rule: Boeddeker et al. 2019, arXiv:1701.00392, 4.77
    """

    outputs, n_diff, returns, holomorphic = ("eigenvalues", "eigenvectors"), 2, return_types.linalg_eig, False
    explain = _not_finite("linalg.eig")

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.eig", a)
        kind = xp.result_type(a.dtype, "complex64")
        return tuple(part.astype(kind) for part in xp.linalg.eig(a))

    def grad_a(g, eigenvalues, eigenvectors):
        g_values, g_vectors = g
        v_h = mH(eigenvectors)
        apart = conj(unsqueeze(eigenvalues, -2) - unsqueeze(eigenvalues, -1))
        mask = identity_mask(apart)
        turn = v_h @ g_vectors
        on_diagonal = diagonal_of(turn)
        real_part = (on_diagonal + conj(on_diagonal)) / 2  # the length of each vector stays 1
        turn = (turn - scaled_columns(v_h @ eigenvectors, real_part)) / where_else.op.raw(mask, 1, apart)
        inner = where_else.op.raw(mask, 0, turn) + diag_embed(g_values)
        return linalg_solve.op.raw(v_h, inner @ v_h, left=True, vector=False)

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(t(2, 2, 2))

    def errors(t):
        yield case(t(2, 3)), RuntimeError, "linalg.eig: A must be batches of square matrices, but they are 2 by 3 matrices"


def linalg_eigvals(A, *, out=None):
    """The eigenvalues of any square matrix, complex. Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigvals.html"""
    result = linalg_eig(A)[0]
    return result if out is None else Tensor._write_out(out, result, "linalg_eigvals")
