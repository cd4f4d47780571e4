"""Eigenvalues and eigenvectors.

The rules hold for distinct eigenvalues: at equal ones the vectors are arbitrary and their gradient divides by 0. They hold for complex
matrices with the conjugates written out, so these declarations say ``holomorphic = False``.
"""

from ..core.errors import error
from ..core.op import op
from . import return_types
from .case import case
from .conjugate import conj, mH
from .linalg_factor import diagonal_of, identity_mask, not_finite, scaled_columns, skew
from .linalg_matrix import Linalg, check_square, definite, failed, finished
from .linalg_solve import linalg_solve
from .select import where_else
from .triangle import diag_embed
from .view import unsqueeze


@op
class linalg_eigh(Linalg):
    r"""Eigenvalues (in ascending order) and eigenvectors of a symmetric matrix, A = V·diag(L)·Vᴴ; only one triangle of A is read.

    $\frac{\partial L}{\partial A} = V[diag(G_L) + (V^H G_V)/E]V^H$ with $E_{ij} = L_j - L_i$.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html; the rule: Giles 2008, 3.1
    """

    kernel = "linalg_eigh_cpu"
    outputs, n_diff, returns, holomorphic = ("eigenvalues", "eigenvectors"), 2, return_types.linalg_eigh, False
    explain = not_finite("linalg.eigh")

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
        turn = skew(mH(eigenvectors) @ g_vectors) / (2 * apart)
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
    return finished(result, out, "linalg_eigvalsh")


@op
class linalg_eig(Linalg):
    r"""Eigenvalues and eigenvectors (of length 1) of any square matrix, A·V = V·diag(L). Both are complex, for real A too.

    $\frac{\partial L}{\partial A} = V^{-H}[diag(G_L) + (V^H G_V - V^H V\,diag(Re(V^H G_V)))/\bar E]V^H$ with $E_{ij} = L_j - L_i$.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.eig.html; the rule: Boeddeker et al. 2019, arXiv:1701.00392, 4.77
    """

    kernel = "linalg_eig_out_cpu"
    outputs, n_diff, returns, holomorphic = ("eigenvalues", "eigenvectors"), 2, return_types.linalg_eig, False

    def explain(exc, arrays, params):
        return error("eig_finite") if failed(exc) else None

    def signature(A):
        if not (A.is_floating_point() or A.is_complex()):
            raise error("no_complex_partner", title=A.dtype.title)
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
        return linalg_solve(v_h, inner @ v_h)

    def samples(t):
        yield case(definite(t, 3, 3))
        yield case(t(2, 2, 2))

    def errors(t):
        yield case(t(2, 3)), RuntimeError, "linalg.eig: A must be batches of square matrices, but they are 2 by 3 matrices"


def linalg_eigvals(A, *, out=None):
    """The eigenvalues of any square matrix, complex. Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigvals.html"""
    result = linalg_eig(A)[0]
    return finished(result, out, "linalg_eigvals")
