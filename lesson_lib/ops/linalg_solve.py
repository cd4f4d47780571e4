"""Linear equations: solutions, inverses, determinants. Every gradient is again a solution, with the transposed matrix."""

import numpy as np

from ..core.errors import error
from ..core.op import method, op
from . import return_types
from .case import case
from .conjugate import conj, mH, mT
from .linalg_lu import by_elimination, eliminated
from .linalg_matrix import Linalg, bad_squares, check_square, dominant, finished, first_info, squares
from .linalg_triangular import check_equation
from .reduce import sum
from .select import where
from .transcend import log
from .view import unsqueeze


def _columns(x, vector):
    """A vector as a matrix of one column."""
    return unsqueeze(x, -1) if vector else x


# --- A·X = B ------------------------------------------------------------------------------------------------------------------


@op
class linalg_solve_ex(Linalg):
    """(the solution X of A·X = B, info); of X·A = B with ``left=False``.   ∂L/∂B = A⁻ᵀ·G,  ∂L/∂A = −(∂L/∂B)·Xᵀ.

    A is (…, n, n), B is (…, n, k) or a batch of vectors (…, n). ``info`` (…) is 0, or for a singular matrix the place of the first 0 on
    the diagonal of U in A = P·L·U; X then holds inf or nan.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve_ex.html; the rule: Giles 2008, "Collected matrix derivative results", 2.2.3
    """

    kernel = "lu_cpu"
    outputs, returns = ("result", "info"), return_types.linalg_solve_ex

    def signature(A, B, *, left=True, check_errors=False):
        return A, B, {"left": left, "vector": _is_vector(A, B), "check": "torch.linalg.solve_ex" if check_errors else None}

    def forward(xp, a, b, *, left, vector, check):
        check_equation("linalg.solve", a, b, left, vector)
        b = _columns(b, vector)
        try:
            x = xp.linalg.solve(a, b) if left else mT(xp.linalg.solve(mT(a), mT(b))).copy()
            info = xp.zeros(a.shape[:-2], dtype="int32")
        except np.linalg.LinAlgError:
            lu, pivots, info = eliminated(xp, a)
            if check is not None:
                raise error("linalg_solve_singular", name=check, batch=first_info(info)[0]) from None
            x = by_elimination(lu, pivots, b, left=left)
        return x[..., 0] if vector else x, info

    def grad_a(g, a, result, left, vector):
        g = _columns(_solution(mT(a), g, left, vector), vector)
        x = _columns(result, vector)
        return -(g @ mT(x)) if left else -(mT(x) @ g)

    def grad_b(g, a, left, vector):
        return _solution(mT(a), g, left, vector)

    def samples(t):
        yield case(dominant(t, 3, 3), t(3, 2))
        yield case(dominant(t, 3, 3), t(3))
        yield case(dominant(t, 2, 3, 3), t(3, 2))
        yield case(dominant(t, 2, 3, 3), t(2, 3))
        yield case(dominant(t, 3, 3), t(2, 2, 3), left=False)

    def errors(t):
        yield case(t(2, 3), t(2, 1)), RuntimeError, "linalg.solve: A must be batches of square matrices, but they are 2 by 3 matrices"
        yield case(t(3, 3), t(2, 2)), RuntimeError, "linalg.solve: Incompatible shapes of A and B for the equation AX = B (3x3 and 2x2)"
        yield case(t(2, 2), t()), RuntimeError, "linalg.solve: The input tensor B must have at least 2 dimensions."
        message = "linalg.solve: Expected A and B to have the same dtype, but found A of type Double and B of type Float instead"
        yield case(t(2, 2, dtype="float64"), t(2, 2, dtype="float32")), RuntimeError, message


def _is_vector(A, B):
    """True if B is a batch of vectors."""
    return B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))


def _solution(a, b, left, vector):
    return linalg_solve_ex.op.raw(a, b, left=left, vector=vector, check="torch.linalg.solve")[0]


def linalg_solve(A, B, *, left=True, out=None):
    """The solution X of A·X = B (of X·A = B with ``left=False``): ``linalg.solve_ex`` with an error for a singular matrix.

    >>> import lesson_lib as torch
    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([2., 8.]))
    tensor([1., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
    """
    return finished(_solution(A, B, left, _is_vector(A, B)), out, "linalg_solve")


@op
class linalg_inv_ex(Linalg):
    """(the inverse Y = A⁻¹, info).   ∂L/∂A = −Yᵀ·G·Yᵀ.

    ``info`` (…) is 0, or for a singular matrix the place of the first 0 on the diagonal of U in A = P·L·U; Y then holds inf or nan.

    >>> import lesson_lib as torch
    >>> torch.linalg.inv_ex(torch.tensor([[1., 2.], [2., 4.]])).info
    tensor(2, dtype=torch.int32)

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.inv_ex.html; the rule: Giles 2008, 2.2.3
    """

    outputs, returns, samples = ("inverse", "info"), return_types.linalg_inv_ex, squares
    errors = bad_squares("linalg.inv")
    half = "exact"

    def signature(A, *, check_errors=False):
        return A, {"check": "linalg.inv_ex" if check_errors else None}

    def forward(xp, a, *, check):
        check_square("linalg.inv", a)
        try:
            return xp.linalg.inv(a), xp.zeros(a.shape[:-2], dtype="int32")
        except np.linalg.LinAlgError:
            lu, pivots, info = eliminated(xp, a)
            if check is not None:
                batch, index = first_info(info)
                raise error("linalg_singular", name=check, batch=batch, index=index) from None
            return by_elimination(lu, pivots, xp.eye(a.shape[-1], dtype=a.dtype)), info

    def grad_a(g, inverse):
        return -(mT(inverse) @ g @ mT(inverse))


def linalg_inv(A, *, out=None):
    """The inverse, Y = A⁻¹: ``linalg.inv_ex`` with an error for a singular matrix.

    >>> import lesson_lib as torch
    >>> torch.linalg.inv(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])

    Errors: LinAlgError for a singular matrix.
    Source: https://pytorch.org/docs/stable/generated/torch.linalg.inv.html
    """
    return finished(linalg_inv_ex.op.raw(A, check="linalg.inv")[0], out, "linalg_inv")


@method()
def inverse(input, *, out=None):
    """The inverse, Y = A⁻¹: ``linalg.inv``. Source: https://pytorch.org/docs/stable/generated/torch.inverse.html"""
    return linalg_inv(input, out=out)


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

    kernel = "lu_cpu"
    samples, errors = squares, bad_squares("linalg.det")

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.det", a)
        return xp.linalg.det(a)

    def grad_a(g, a):
        return unsqueeze(unsqueeze(g, -1), -1) * cofactors(a)


@method()
def det(input, *, out=None):
    """The determinant, y = det A: ``linalg.det``. Source: https://pytorch.org/docs/stable/generated/torch.det.html"""
    return linalg_det(input, out=out)


@op
class linalg_slogdet(Linalg):
    """Sign and logarithm of the determinant, det A = sign·e^logabsdet, where the determinant itself would overflow.   ∂logabsdet/∂A = A⁻ᵀ.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.slogdet.html; the rule: Giles 2008, 2.2.4
    """

    outputs, n_diff, returns = ("sign", "logabsdet"), 2, return_types.linalg_slogdet
    samples, errors = squares, bad_squares("linalg.slogdet")
    half = "exact"

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
def slogdet(input, *, out=None):
    """``(sign, logabsdet)`` of the determinant: ``linalg.slogdet``. Source: https://pytorch.org/docs/stable/generated/torch.slogdet.html"""
    return finished(return_types.slogdet(*linalg_slogdet(input)), out, "slogdet")


@method()
def logdet(input):
    """The logarithm of the determinant, y = ln det A; nan where it is negative. Source: https://pytorch.org/docs/stable/generated/torch.logdet.html"""
    if input.ndim >= 2 and input.shape[-1] != input.shape[-2]:
        raise error("linalg_square", name="logdet", m=input.shape[-2], n=input.shape[-1])
    turn, size = linalg_slogdet(input)
    if input.is_complex():
        return size + log(turn)
    return where(turn == -1, float("nan"), size)
