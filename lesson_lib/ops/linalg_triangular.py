"""Triangular equations: each unknown follows from those before it. And what is made of them: equations with a Cholesky factor."""

from ..core.errors import error
from ..core.op import method, op
from . import return_types
from .case import case, constant
from .conjugate import mH, mT
from .linalg_matrix import Linalg, check_kernel, check_pair, check_square, definite, dominant, finished, identity_like
from .triangle import tril, triu
from .view import broadcast_shapes


def check_equation(name, a, b, left, vector):
    """Square matrices A and a right side B with as many rows (columns with ``left=False``)."""
    check_square(name, a)
    check_pair(name, a, b)
    if b.ndim < 2 and not vector:
        raise error("linalg_ndim", name=name, argument=" B")
    rows = (b.shape[-1] if left else 1) if vector else b.shape[-2 if left else -1]
    if rows != a.shape[-1]:
        shapes = {"a": f"{a.shape[-2]}x{a.shape[-1]}", "b": f"{b.shape[-1]}x1" if vector else f"{b.shape[-2]}x{b.shape[-1]}"}
        raise error("linalg_shapes", name=name, equation="AX = B" if left else "XA = B", **shapes)


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

    kernel = "triangular_solve_cpu"

    def signature(A, B, *, upper, left=True, unitriangular=False):
        return A, B, {"upper": upper, "left": left, "unitriangular": unitriangular}

    def forward(xp, a, b, *, upper, left, unitriangular):
        check_equation("linalg.solve_triangular", a, b, left, False)
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


def _check_older(name, b, matrix):
    """The checks of the functions that came before ``torch.linalg``, in their words."""
    if matrix.shape[-1] != matrix.shape[-2]:
        raise error("older_square", m=matrix.shape[-2], n=matrix.shape[-1])
    if b.dtype != matrix.dtype:
        raise error("older_dtype", a=b.dtype.title, b=matrix.dtype.title)
    if b.shape[-2] != matrix.shape[-1]:
        raise error("older_sizes", name=name, n=matrix.shape[-1], rows=b.shape[-2], columns=b.shape[-1])


@method()
def triangular_solve(b, A, upper=True, transpose=False, unitriangular=False, *, out=None):
    """``(solution, A)`` of A·X = b with a triangular A, Aᵀ·X = b with ``transpose``: the older form of ``linalg.solve_triangular``.

    Source: https://pytorch.org/docs/stable/generated/torch.triangular_solve.html
    """
    for name, x in (("b", b), ("A", A)):
        if x.ndim < 2:
            raise error("triangular_ndim", name=name, ndim=x.ndim)
    _check_older("triangular_solve", b, A)
    matrix = mT(A) if transpose else A
    solution = linalg_solve_triangular(matrix, b, upper=upper != transpose, unitriangular=unitriangular)
    result = return_types.triangular_solve(solution, A.clone())
    return finished(result, out, "triangular_solve")


def _two_triangles(b, factor, upper):
    """X of A·X = B for A = L·Lᴴ: L·(Lᴴ·X) = B."""
    lower = mH(factor) if upper else factor
    half = linalg_solve_triangular(lower, b, upper=False)
    return linalg_solve_triangular(mH(lower), half, upper=True)


@op
class cholesky_solve(Linalg):
    """X of A·X = B, given the Cholesky factor of A = L·Lᴴ (of A = Uᴴ·U with ``upper``): two triangular equations.

    With H = A⁻¹·G:  ∂L/∂B = H,  ∂L/∂A = −H·Xᴴ, so ∂L/∂L = −(H·Xᴴ + X·Hᴴ)·L, of which L's other triangle gets a part too.

    >>> import lesson_lib as torch
    >>> torch.cholesky_solve(torch.tensor([[8.], [9.]]), torch.tensor([[2., 0.], [0., 3.]]))
    tensor([[2.],
            [1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html
    """

    method, holomorphic = True, False
    kernel = "cholesky_solve_cpu"

    def signature(B, L, upper=False):
        for name, x in (("b", B), ("u", L)):
            if x.ndim < 2:
                raise error("older_ndim", name=name, ndim=x.ndim)
        _check_older("cholesky_solve", B, L)
        return B, L, {"upper": upper}

    def forward(xp, b, factor, *, upper):
        check_kernel("cholesky_solve_cpu", factor)
        return _two_triangles(b, factor, upper)

    def grad_b(g, factor, upper):
        return cholesky_solve.op.raw(g, factor, upper=upper)

    def grad_factor(g, factor, y, upper):
        product = cholesky_solve.op.raw(g, factor, upper=upper) @ mH(y)
        both = -(product + mH(product))
        return factor @ both if upper else both @ factor

    def samples(t):
        yield case(t(3, 2), constant(definite(t, 3, 3)))
        yield case(t(2, 3, 1), constant(definite(t, 3, 3)), upper=True)

    def errors(t):
        yield case(t(2), t(2, 2)), RuntimeError, "b should have at least 2 dimensions, but has 1 dimensions instead"
        yield case(t(2, 1), t(2, 3)), RuntimeError, "A must be batches of square matrices, but they are 2 by 3 matrices"
        message = "Incompatible matrix sizes for cholesky_solve: each A matrix is 2 by 2 but each b matrix is 3 by 1"
        yield case(t(3, 1), t(2, 2)), RuntimeError, message


@method()
def cholesky_inverse(L, upper=False, *, out=None):
    """The inverse of A, given its Cholesky factor. Source: https://pytorch.org/docs/stable/generated/torch.cholesky_inverse.html"""
    if L.ndim < 2:
        raise error("linalg_ndim", name="cholesky_inverse", argument=" A")
    if L.shape[-1] != L.shape[-2]:
        raise error("linalg_square", name="cholesky_inverse", m=L.shape[-2], n=L.shape[-1])
    check_kernel("cholesky_inverse_out_cpu", L._a)
    return cholesky_solve(identity_like(L.detach()), L, upper, out=out)
