"""A few eigenpairs of a large symmetric matrix without factoring it: only products with the matrix are needed."""

import sys
from math import prod
from types import SimpleNamespace

from ..core.errors import error
from ..core.op import op
from ..core.tensor import wrap
from .case import case, constant
from .conjugate import mT
from .linalg_least import EPS
from .linalg_matrix import Linalg, definite
from .linalg_solve import linalg_solve
from .random import randn
from .select import where_else
from .triangle import diag_embed, tril, triu
from .view import unsqueeze

STEPS = 1000  # without a number of steps: far more than a well-posed problem takes


def _orthonormal(xp, s, bs):
    """Q = S·T with Qᵀ·B·Q = 1, from S and B·S. What S has twice is left out (by the eigenvalues of SᵀBS, scaled)."""
    length = xp.sqrt(xp.sum(s * bs, axis=0))
    scale = 1 / xp.where(length == 0, 1, length)
    values, vectors = xp.linalg.eigh((s.T @ bs) * scale * scale[:, None])
    kept = int(xp.sum(values > xp.finfo(s.dtype).eps * s.shape[0] * values[-1]))
    return (s * scale) @ (vectors[:, -kept:] / xp.sqrt(values[-kept:]))


def _ritz(xp, a, q, n, largest):
    """(E, X): the n outermost eigenpairs of A, as far as they lie in the span of Q."""
    values, vectors = xp.linalg.eigh(q.T @ (a @ q))
    if largest:
        values, vectors = values[::-1], vectors[:, ::-1]
    return values[:n].copy(), q @ vectors[:, :n]


def _iterate(xp, a, b, ik, x, k, niter, tol, largest, tracker):
    """The method for one matrix: in each step the best of three blocks, the vectors X, their residuals, and the last step's direction."""
    times_b = (lambda v: v) if b is None else (lambda v: b @ v)
    norm_a, norm_b = xp.sqrt(xp.sum(a * a)), 1.0 if b is None else xp.sqrt(xp.sum(b * b))
    values, x = _ritz(xp, a, _orthonormal(xp, x, times_b(x)), x.shape[1], largest)
    direction = x[:, :0]
    for step in range(niter):
        residual = a @ x - times_b(x) * values
        relative = xp.sqrt(xp.sum(residual**2, axis=0)) / (xp.sqrt(xp.sum(x**2, axis=0)) * (norm_a + xp.absolute(values) * norm_b))
        basis = xp.concatenate([x, residual if ik is None else ik @ residual, direction], axis=1)
        converged = int(xp.sum(relative[:k] <= tol))
        if tracker is not None and _stopped(tracker, (a, b, ik, values, x, basis, residual, relative), step, converged, niter):
            break
        if converged == k:
            break
        before = x
        values, x = _ritz(xp, a, _orthonormal(xp, basis, times_b(basis)), x.shape[1], largest)
        direction = x - before @ (before.T @ times_b(x))
    return values[:k], x[:, :k]


def _stopped(tracker, arrays, step, converged, niter):
    """Show the user's function how far it is; True if that asks to stop."""
    tensors = [None if array is None else wrap(array) for array in arrays]
    worker = SimpleNamespace(**dict(zip(("A", "B", "iK", "E", "X", "S", "R"), tensors, strict=False)), iparams={"niter": niter}, fparams={}, bparams={})
    worker.ivars, worker.fvars = {"istep": step, "converged_count": converged, "iterations_left": niter - step}, {}
    worker.bvars, worker.tvars = {"force_stop": False}, {"rerr": tensors[-1]}
    tracker(worker)
    return worker.bvars["force_stop"]


@op
class eigenpairs(Linalg):
    r"""(E, X): the k outermost eigenvalues of a symmetric A and their vectors, A·X = B·X·diag(E), found step by step from a block of vectors.

    $\frac{\partial L}{\partial A} = X[diag(G_E) + (X^T G_X)/F]X^T + W X^T$ with $F_{ij} = E_j - E_i$, where column j of W solves
    $(E_j - A)\,w_j = (1 - XX^T)\,g_j$ outside the span of X. This is for B = 1 and real numbers alone, and made symmetric.
    """

    public, title = False, "LOBPCGAutogradFunction"
    outputs, n_diff, kernel = ("E", "X"), 2, "linalg_eigh_cpu"

    def forward(xp, a, b, ik, start, *, k, niter, tol, largest, tracker):
        batch, m = a.shape[:-2], a.shape[-1]
        lists = [None if x is None else xp.broadcast_to(x, (*batch, *x.shape[-2:])).reshape(-1, *x.shape[-2:]) for x in (a, b, ik, start)]
        matrices = [[None if x is None else x[i] for x in lists] for i in range(prod(batch))]
        pairs = [_iterate(xp, *parts, k, niter, tol, largest, tracker) for parts in matrices]
        values, vectors = (xp.stack(parts) for parts in zip(*pairs, strict=True))
        return values.reshape((*batch, k)), vectors.reshape((*batch, m, k))

    def grad_a(g, a, b, E, X):
        if b is not None:
            raise error("lobpcg_grad")
        g_values, g_vectors = g
        apart = unsqueeze(E, -2) - unsqueeze(E, -1)
        turn = mT(X) @ g_vectors / where_else.op.raw(apart == 0, 1, apart)
        turn = where_else.op.raw(apart == 0, 0, turn)
        inside = X @ mT(X)
        identity = tril(triu(a * 0 + 1))
        outside = unsqueeze(identity - inside, -3)
        shifted = outside @ (unsqueeze(identity, -3) * unsqueeze(unsqueeze(E, -1), -1) - unsqueeze(a, -3)) @ outside
        right = outside @ unsqueeze(mT(g_vectors), -1)
        w = mT(linalg_solve(shifted + unsqueeze(inside, -3), right)[..., 0])
        whole = (X @ (turn + diag_embed(g_values)) + w) @ mT(X)
        return (whole + mT(whole)) / 2

    def samples(t):
        yield case(constant(definite(t, 6, 6)), None, None, constant(t(6, 2)), k=2, niter=STEPS, tol=1e-9, largest=True, tracker=None)


def lobpcg(
    A, k=None, B=None, X=None, n=None, iK=None, niter=None, tol=None, largest=None, method=None, tracker=None, ortho_iparams=None,
    ortho_fparams=None, ortho_bparams=None,
):  # fmt: skip
    """(E, X): the k largest (or smallest) eigenvalues of a symmetric A (…, m, m), or of A·x = λ·B·x, and their vectors.

    In each step X becomes the best of the span of X, of its residuals A·X − B·X·diag(E) (through ``iK``, something like A⁻¹, if given)
    and of its last step. It ends when the residuals are below ``tol``, or after ``niter`` steps. Both ``method``s are the one with an
    orthogonal basis here, which needs no parameters. The gradient is for B = None and real numbers.

    >>> import lesson_lib as torch
    >>> E, X = torch.lobpcg(torch.diag(torch.tensor([1., 9., 2., 3.])))
    >>> E.round()
    tensor([9.])

    Source: https://pytorch.org/docs/stable/generated/torch.lobpcg.html; Knyazev 2001, doi:10.1137/S1064827500366124; Duersch et al. 2018,
    arXiv:1704.07458
    """
    m = A.shape[-1]
    k = (1 if X is None else X.shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X.shape[-1]
    k = min(k, n)
    if m < 3 * n:
        raise error("lobpcg_size", m=m, n=n)
    tol = EPS[A.dtype.name] ** 0.5 if tol is None else tol
    niter = STEPS if niter is None else sys.maxsize if niter < 0 else niter
    start = randn(*A.shape[:-2], m, n, dtype=A.dtype, device=A.device) if X is None else X
    if A.requires_grad:
        A = (A + mT(A)) / 2
    return tuple(eigenpairs.op.raw(A, B, iK, start, k=k, niter=niter, tol=tol, largest=largest is not False, tracker=tracker))
