"""Linear equations: solutions, inverses, determinants. Every gradient is again a solution, with the transposed matrix."""

from ..core.errors import error
from ..core.op import method, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .conjugate import conj, mH, mT
from .linalg_matrix import Linalg, bad_squares, check_pair, check_square, dominant, failed, first_failure, squares
from .reduce import sum
from .select import where
from .transcend import log
from .triangle import tril, triu
from .view import broadcast_shapes, unsqueeze


def _zero_pivot(matrix):
    """The first zero that Gaussian elimination meets on the diagonal, counted from 1; 0 if there is none."""
    m = matrix.copy()
    for k in range(len(m)):
        best = k + int(abs(m[k:, k]).argmax())
        if m[best, k] == 0:
            return k + 1
        m[[k, best]] = m[[best, k]]
        m[k + 1 :] -= m[k + 1 :, k : k + 1] / m[k, k] * m[k]
    return 0


def _columns(x, vector):
    """A vector as a matrix of one column."""
    return unsqueeze(x, -1) if vector else x


# --- A·X = B ------------------------------------------------------------------------------------------------------------------


def _check_equation(name, a, b, left, vector):
    check_square(name, a)
    check_pair(name, a, b)
    rows = b.shape[-1] if vector else b.shape[-2 if left else -1]
    if rows != a.shape[-1]:
        shapes = {"a": f"{a.shape[-2]}x{a.shape[-1]}", "b": f"{rows}x1" if vector else f"{b.shape[-2]}x{b.shape[-1]}"}
        raise error("linalg_shapes", name=name, equation="AX = B" if left else "XA = B", **shapes)


@op
class linalg_solve(Linalg):
    """The solution X of A·X = B (of X·A = B with ``left=False``).   ∂L/∂B = A⁻ᵀ·G,  ∂L/∂A = −(∂L/∂B)·Xᵀ.

    A is (…, n, n), B is (…, n, k) or a batch of vectors (…, n).

    >>> import lesson_lib as torch
    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([2., 8.]))
    tensor([1., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve.html; the rule: Giles 2008, "Collected matrix derivative results", 2.2.3
    """

    title = "LinalgSolveEx"

    def signature(A, B, *, left=True):
        vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
        return A, B, {"left": left, "vector": vector}

    def forward(xp, a, b, *, left, vector):
        _check_equation("linalg.solve", a, b, left, vector)
        if vector:
            return xp.linalg.solve(a, b[..., None])[..., 0]
        return xp.linalg.solve(a, b) if left else mT(xp.linalg.solve(mT(a), mT(b))).copy()

    def explain(exc, arrays, params):
        if failed(exc):
            return error("linalg_solve_singular", batch=first_failure(arrays[0], _zero_pivot)[0])

    def grad_a(g, a, y, left, vector):
        g = _columns(linalg_solve.op.raw(mT(a), g, left=left, vector=vector), vector)
        y = _columns(y, vector)
        return -(g @ mT(y)) if left else -(mT(y) @ g)

    def grad_b(g, a, left, vector):
        return linalg_solve.op.raw(mT(a), g, left=left, vector=vector)

    def samples(t):
        yield case(dominant(t, 3, 3), t(3, 2))
        yield case(dominant(t, 3, 3), t(3))
        yield case(dominant(t, 2, 3, 3), t(3, 2))
        yield case(dominant(t, 2, 3, 3), t(2, 3))
        yield case(dominant(t, 3, 3), t(2, 2, 3), left=False)

    def errors(t):
        yield case(t(2, 3), t(2, 1)), RuntimeError, "linalg.solve: A must be batches of square matrices, but they are 2 by 3 matrices"
        yield case(t(3, 3), t(2, 2)), RuntimeError, "linalg.solve: Incompatible shapes of A and B for the equation AX = B (3x3 and 2x2)"
        message = "linalg.solve: Expected A and B to have the same dtype, but found A of type Double and B of type Float instead"
        yield case(t(2, 2, dtype="float64"), t(2, 2, dtype="float32")), RuntimeError, message


@op
class linalg_inv(Linalg):
    """The inverse, Y = A⁻¹.   ∂L/∂A = −Yᵀ·G·Yᵀ.

    >>> import lesson_lib as torch
    >>> torch.linalg.inv(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])

    Errors: LinAlgError for a singular matrix.
    Source: https://pytorch.org/docs/stable/generated/torch.linalg.inv.html; the rule: Giles 2008, 2.2.3
    """

    title, samples, errors = "LinalgInvEx", squares, bad_squares("linalg.inv")

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.inv", a)
        return xp.linalg.inv(a)

    def explain(exc, arrays, params):
        if failed(exc):
            batch, index = first_failure(arrays[0], _zero_pivot)
            return error("linalg_singular", batch=batch, index=index)

    def grad_a(g, y):
        return -(mT(y) @ g @ mT(y))


@method()
def inverse(input, *, out=None):
    """The inverse, Y = A⁻¹: ``linalg.inv``. Source: https://pytorch.org/docs/stable/generated/torch.inverse.html"""
    return linalg_inv(input, out=out)


# --- triangular equations ------------------------------------------------------------------------------------------------------


def _substituted(xp, a, b, upper, unitriangular):
    """X of A·X = B row by row: each row knows all that come after it in the triangle. A zero on the diagonal gives inf or nan."""
    shape = (*broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])
    x = xp.array(xp.broadcast_to(b, shape))
    n = a.shape[-1]
    for i in range(n - 1, -1, -1) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        x[..., i, :] -= xp.squeeze(a[..., i : i + 1, known] @ x[..., known, :], -2)
        if not unitriangular:
            x[..., i, :] /= a[..., i, i, None]
    return x


@op
class linalg_solve_triangular(Linalg):
    """The solution X of A·X = B (of X·A = B with ``left=False``) where only one triangle of A counts.

    ∂L/∂B = A⁻ᵀ·G,  ∂L/∂A = the triangle of −(∂L/∂B)·Xᵀ. With ``unitriangular`` the diagonal counts as ones.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html; the rule: Giles 2008, 2.2.3
    """

    def signature(A, B, *, upper, left=True, unitriangular=False):
        return A, B, {"upper": upper, "left": left, "unitriangular": unitriangular}

    def forward(xp, a, b, *, upper, left, unitriangular):
        _check_equation("linalg.solve_triangular", a, b, left, False)
        if left:
            return _substituted(xp, a, b, upper, unitriangular)
        return mT(_substituted(xp, mT(a), mT(b), not upper, unitriangular)).copy()

    def grad_a(g, a, y, upper, left, unitriangular):
        g = linalg_solve_triangular.op.raw(mT(a), g, upper=not upper, left=left, unitriangular=unitriangular)
        whole = -(g @ mT(y)) if left else -(mT(y) @ g)
        return triu(whole, int(unitriangular)) if upper else tril(whole, -int(unitriangular))

    def grad_b(g, a, upper, left, unitriangular):
        return linalg_solve_triangular.op.raw(mT(a), g, upper=not upper, left=left, unitriangular=unitriangular)

    def samples(t):
        yield case(dominant(t, 3, 3), t(3, 2), upper=True)
        yield case(dominant(t, 2, 3, 3), t(3, 2), upper=False)
        yield case(dominant(t, 3, 3), t(2, 3), upper=True, left=False, unitriangular=True)

    def errors(t):
        message = "linalg.solve_triangular: Incompatible shapes of A and B for the equation AX = B (3x3 and 2x2)"
        yield case(t(3, 3), t(2, 2), upper=True), RuntimeError, message


@method()
def triangular_solve(b, A, upper=True, transpose=False, unitriangular=False):
    """``(solution, A)`` of A·X = b with a triangular A, Aᵀ·X = b with ``transpose``: the older form of ``linalg.solve_triangular``.

    Source: https://pytorch.org/docs/stable/generated/torch.triangular_solve.html
    """
    matrix = mT(A) if transpose else A
    solution = linalg_solve_triangular(matrix, b, upper=upper != transpose, unitriangular=unitriangular)
    return return_types.triangular_solve(solution, A.clone())


@method()
def cholesky_solve(B, L, upper=False, *, out=None):
    """The solution of A·X = B, given the Cholesky factor of A = L·Lᵀ (or A = Uᵀ·U with ``upper``): two triangular equations.

    Source: https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html
    """
    lower = mH(L) if upper else L
    half = linalg_solve_triangular(lower, B, upper=False)
    result = linalg_solve_triangular(mH(lower), half, upper=True)
    return result if out is None else Tensor._write_out(out, result, "cholesky_solve")


@method()
def cholesky_inverse(L, upper=False, *, out=None):
    """The inverse of A, given its Cholesky factor. Source: https://pytorch.org/docs/stable/generated/torch.cholesky_inverse.html"""
    identity = L.new_zeros(L.shape)
    identity.diagonal(dim1=-2, dim2=-1).fill_(1)
    return cholesky_solve(identity, L, upper, out=out)


# --- determinants --------------------------------------------------------------------------------------------------------------


@op
class cofactors(Linalg):
    r"""The derivative of the determinant, C = ∂det A/∂A = det(A)·A⁻ᵀ, right where A is singular too.

    With the singular values A = U·S·Vᵀ:  C = det(U·Vᵀ)·U·diag(Π_{j≠i} s_j)·Vᵀ.
    ∂L/∂A = (⟨G, C⟩·C − C·Gᵀ·C)/det A: this one needs an invertible matrix.
    """

    public = False

    def forward(xp, a):
        u, s, vh = xp.linalg.svd(a)
        n = s.shape[-1]
        others = xp.where(xp.eye(n, dtype=bool), 1, s[..., None, :])  # row i holds every s_j but s_i, and a 1 in its place
        products = xp.prod(others, axis=-1)
        turn = xp.linalg.det(u) * xp.linalg.det(vh)
        # The transpose of V enters without its conjugate: the determinant is holomorphic, and so is its derivative.
        return xp.conj((u * products[..., None, :]) @ vh) * turn[..., None, None]

    def grad_a(g, a, y):
        inverse = mT(linalg_inv(a))
        inner = unsqueeze(unsqueeze(sum(g * inverse, (-2, -1)), -1), -1)
        return inner * y - y @ mT(g) @ inverse

    def samples(t):
        yield case(dominant(t, 3, 3))
        yield case(dominant(t, 2, 2, 2))


@op
class linalg_det(Linalg):
    """The determinant, y = det A.   ∂y/∂A = det(A)·A⁻ᵀ, the matrix of cofactors.

    >>> import lesson_lib as torch
    >>> torch.linalg.det(torch.tensor([[1., 2.], [3., 4.]]))
    tensor(-2.)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.det.html; the rule: Giles 2008, 2.2.4
    """

    samples, errors = squares, bad_squares("linalg.det")

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.det", a)
        return xp.linalg.det(a)

    def grad_a(g, a):
        return unsqueeze(unsqueeze(g, -1), -1) * cofactors(a)


@method()
def det(input):
    """The determinant, y = det A: ``linalg.det``. Source: https://pytorch.org/docs/stable/generated/torch.det.html"""
    return linalg_det(input)


@op
class linalg_slogdet(Linalg):
    """Sign and logarithm of the determinant, det A = sign·e^logabsdet, where the determinant itself would overflow.   ∂logabsdet/∂A = A⁻ᵀ.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.slogdet.html; the rule: Giles 2008, 2.2.4
    """

    outputs, n_diff, returns = ("sign", "logabsdet"), 2, return_types.linalg_slogdet
    samples, errors = squares, bad_squares("linalg.slogdet")

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.slogdet", a)
        return xp.linalg.slogdet(a)

    def grad_a(g, a, sign):
        # For real matrices the sign is constant; a complex one turns: ∂L/∂A = (g_log − i·Im(ḡ_sign·sign))·A⁻ᴴ.
        g_sign, g = g
        if getattr(sign, "_a", sign).dtype.kind == "c":
            turn = conj(g_sign) * sign
            g = g - (turn - conj(turn)) / 2
        return unsqueeze(unsqueeze(g, -1), -1) * mH(linalg_inv(a))


@method()
def slogdet(input):
    """``(sign, logabsdet)`` of the determinant: ``linalg.slogdet``. Source: https://pytorch.org/docs/stable/generated/torch.slogdet.html"""
    return return_types.slogdet(*linalg_slogdet(input))


@method()
def logdet(input):
    """The logarithm of the determinant, y = ln det A; nan where it is negative. Source: https://pytorch.org/docs/stable/generated/torch.logdet.html"""
    turn, size = linalg_slogdet(input)
    if input.is_complex():
        return size + log(turn)
    return where(turn == -1, float("nan"), size)
