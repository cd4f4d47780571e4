"""Matrices without an inverse: pseudo-inverse, least squares, rank."""

from ..core.errors import error, operand_shapes_error
from ..core.op import method, op
from ..core.tensor import Tensor
from . import return_types
from .case import case, constant
from .compare import gt
from .conjugate import mH
from .linalg_eigen import linalg_eigvalsh
from .linalg_factor import linalg_svd, linalg_svdvals
from .linalg_matrix import Linalg, check_square, definite, dominant, finished
from .reduce import amax, sum
from .select import maximum
from .view import unsqueeze

EPS = {"float32": 2**-23, "float64": 2**-52, "complex64": 2**-23, "complex128": 2**-52}


def _tolerance(a, atol, rtol):
    """(atol, rtol): singular values below max(atol, rtol·largest) count as 0. By default rtol is max(m, n)·eps, unless atol is given."""
    if rtol is None:
        given = isinstance(atol, Tensor) or (atol is not None and atol > 0)
        rtol = 0.0 if given else max(a.shape[-2:]) * EPS[a.dtype.name]
    return 0.0 if atol is None else atol, rtol


def _pinv_rule(g, a, p):
    """The gradient of the pseudo-inverse P of A: it turns with the column space and with the row space of A."""
    g_h, p_h = mH(g), mH(p)
    if a.shape[-2] <= a.shape[-1]:
        k = g_h @ p
        k_p = k @ p_h
        return -mH(p @ k) + k_p - (a @ p) @ k_p + (p_h @ p) @ (g_h - k @ a)
    k = p @ g_h
    p_k = p_h @ k
    return -mH(k @ p) + (g_h - a @ k) @ p @ p_h + p_k - (p_k @ p) @ a


@op
class pseudo_inverse(Linalg):
    """The pseudo-inverse P = V·diag(1/S)·Uᴴ of A = U·diag(S)·Vᴴ, where 1/S is 0 for a singular value that counts as 0.

    Of a Hermitian matrix the lower triangle is read: U are then its eigenvectors, and V are they with the signs of the eigenvalues.

    ∂L/∂A = −Pᴴ·G·Pᴴ + (1 − A·P)·Gᴴ·P·Pᴴ + Pᴴ·P·Gᴴ·(1 − P·A).   Source: Golub and Pereyra 1973, doi:10.1137/0710036
    """

    public, title, holomorphic = False, "LinalgPinv", False

    def forward(xp, a, *, atol, rtol, hermitian):
        if hermitian:
            values, u = xp.linalg.eigh(a)
            s, vh = xp.absolute(values), xp.where(values < 0, -1, 1).astype(a.dtype)[..., :, None] * mH_array(xp, u)
        else:
            u, s, vh = xp.linalg.svd(a, full_matrices=False)
        largest = xp.max(s, axis=-1, keepdims=True) if s.size else s
        atol, rtol = (xp.asarray(bound, dtype=s.dtype)[..., None] for bound in (atol, rtol))
        counts = s > xp.maximum(rtol * largest, atol)
        inverse = xp.where(counts, 1 / xp.where(counts, s, 1), 0).astype(s.dtype)
        return mH_array(xp, vh) @ (inverse[..., :, None] * mH_array(xp, u))

    def grad_a(g, a, y):
        return _pinv_rule(g, a, y)

    def samples(t):
        yield case(t(3, 2), atol=0.0, rtol=1e-6, hermitian=False)
        yield case(t(2, 2, 3), atol=0.0, rtol=1e-6, hermitian=False)
        yield case(constant(definite(t, 3, 3)), atol=0.0, rtol=1e-6, hermitian=True)


def mH_array(xp, x):
    """The conjugate transpose of each matrix of a bare array."""
    return xp.conj(x.swapaxes(-1, -2))


def linalg_pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None, out=None):
    """The pseudo-inverse of any matrix, P = A⁺: the inverse where there is one, the least-squares answer elsewhere.

    >>> import lesson_lib as torch
    >>> torch.linalg.pinv(torch.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html
    """
    if A.ndim < 2 or A.dtype.name not in EPS:
        raise error("pinv_input", title=A.dtype.title, shape=", ".join(map(str, A.shape)))
    atol, rtol = _tolerance(A, atol, rcond if rtol is None else rtol)
    if hermitian:
        check_square("linalg.eigh", A._a)
    atol, rtol = (bound._a if isinstance(bound, Tensor) else bound for bound in (atol, rtol))
    return finished(pseudo_inverse.op.raw(A, atol=atol, rtol=rtol, hermitian=hermitian), out, "linalg_pinv")


@method()
def pinverse(input, rcond=1e-15):
    """The pseudo-inverse, P = A⁺: the older form of ``linalg.pinv``. Source: https://pytorch.org/docs/stable/generated/torch.pinverse.html"""
    return linalg_pinv(input, rcond)


def linalg_matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None, out=None):
    """How many singular values count: those above max(atol, rtol·largest). Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html"""
    check_matrix_named("torch.linalg.matrix_rank", A)
    values = linalg_eigvalsh(A.detach()).abs() if hermitian else linalg_svdvals(A.detach())
    atol, rtol = _tolerance(A, tol if atol is None else atol, rtol)
    if values.shape[-1] == 0:
        return finished(A.new_zeros(A.shape[:-2]).long(), out, "linalg_matrix_rank")
    bound = maximum(unsqueeze(amax(values, -1), -1) * _as_column(rtol), _as_column(atol) + values * 0)
    result = sum(gt(values, bound), -1)
    return finished(result, out, "linalg_matrix_rank")


def check_matrix_named(name, a):
    """``check_matrix`` in the words of matrix_rank."""
    if a.ndim < 2:
        raise error("linalg_ndim", name=name, argument=" input")
    if a.dtype.name not in EPS:
        raise error("lstsq_kind")


def _as_column(tolerance):
    """A tolerance for each matrix, so that it broadcasts against the singular values."""
    return unsqueeze(tolerance, -1) if isinstance(tolerance, Tensor) else tolerance


@op
class least_squares(Linalg):
    r"""X that makes ‖A·X − B‖ smallest, X = A⁺·B.   ∂L/∂B = (A⁺)ᴴ·G; A's gradient is that of the pseudo-inverse, with G·Bᴴ for its own.

    Also the residuals ‖A·X − B‖² of each column (where A is tall and has full rank), the rank and the singular values. Which of them are
    given depends on the ``driver`` that PyTorch would have used; the computation here is the same for all.
    """

    public, title, holomorphic = False, "LinalgLstsq", False
    outputs, n_diff, returns = ("solution", "residuals", "rank", "singular_values"), 2, return_types.linalg_lstsq

    def forward(xp, a, b, *, rcond, driver):
        m, n = a.shape[-2:]
        u, s, vh = xp.linalg.svd(a, full_matrices=False)
        largest = xp.max(s, axis=-1, keepdims=True) if s.size else s
        counts = s > rcond * largest
        inverse = xp.where(counts, 1 / xp.where(counts, s, 1), 0).astype(s.dtype)
        x = mH_array(xp, vh) @ (inverse[..., :, None] * (mH_array(xp, u) @ b))
        rank = xp.sum(counts, axis=-1, dtype="int64")
        residuals = xp.zeros((0,), s.dtype)
        if m > n and (driver == "gels" or (driver != "gelsy" and bool(xp.all(rank == n)))):
            residuals = xp.sum(xp.absolute(a @ x - b) ** 2, axis=-2)
        if driver == "gels":
            rank = xp.zeros((0,), "int64")  # this one takes full rank for granted
        return x, residuals, rank, s if driver in ("gelsd", "gelss") else xp.zeros((0,), s.dtype)

    def grad_a(g, a, b, solution, residuals, rcond):
        p = _inverse_of(a, rcond)
        result = _pinv_rule(g[0] @ mH(b), a, p)
        if residuals.shape != (0,):
            result = result + 2 * ((a @ solution - b) * unsqueeze(g[1], -2)) @ mH(solution)
        return result

    def grad_b(g, a, b, solution, residuals, rcond):
        p = _inverse_of(a, rcond)
        result = mH(p) @ g[0]
        if residuals.shape != (0,):
            result = result - 2 * (a @ solution - b) * unsqueeze(g[1], -2)
        return result

    def samples(t):
        yield case(t(4, 2), t(4, 3), rcond=1e-6, driver="gels")
        yield case(t(2, 4), t(2, 3), rcond=1e-6, driver="gelsy")
        yield case(dominant(t, 2, 2, 2), t(2, 2, 1), rcond=1e-6, driver="gelsd")


def _inverse_of(a, rcond):
    return pseudo_inverse.op.raw(a, atol=0.0, rtol=rcond, hermitian=False)


def linalg_lstsq(A, B, rcond=None, *, driver=None):
    """Least squares: ``(solution, residuals, rank, singular_values)`` for X that makes ‖A·X − B‖ smallest, X = A⁺·B.

    >>> import lesson_lib as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.], [1.]]), torch.tensor([[2.], [4.]])).solution.round()
    tensor([[3.]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
    """
    if A.ndim < 2:
        raise error("householder_ndim", name="torch.linalg.lstsq", what="input")
    if B.ndim < 1:
        raise error("lstsq_other")
    if not 0 <= A.ndim - B.ndim <= 1:
        raise error("lstsq_dims")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise error("lstsq_driver")
    vector = B.ndim == A.ndim - 1
    clash = operand_shapes_error([tuple(A.shape[:-2]), tuple(B.shape[:-1] if vector else B.shape[:-2])])
    right = unsqueeze(B, -1) if vector else B
    if right.shape[-2] != A.shape[-2]:
        raise error("lstsq_rows")
    if A.dtype.name not in EPS:
        raise error("lstsq_kind")
    if A.dtype != B.dtype:
        raise error("lstsq_dtype", a=A.dtype.title, b=B.dtype.title)
    if clash is not None:
        raise clash
    rcond = max(A.shape[-2:]) * EPS[A.dtype.name] if rcond is None else rcond
    solution, residuals, rank, values = least_squares.op.raw(A, right, rcond=rcond, driver=driver or "gelsy")
    if vector:
        solution = solution.squeeze(-1)
    return return_types.linalg_lstsq(solution, residuals, rank, values)


def linalg_cond_values(A, smallest):
    """The quotient of the largest and the smallest singular value, turned round if ``smallest``."""
    values = linalg_svd(A, False)[1]
    return values[..., -1] / values[..., 0] if smallest else values[..., 0] / values[..., -1]
