"""The first few singular values of a large matrix: a random block of vectors, multiplied by the matrix, spans almost what its first ones span."""

from ..core.errors import error
from .conjugate import mH
from .linalg_factor import linalg_qr, linalg_svd
from .matmul import matmul
from .random import randn
from .reduce import mean


def _range(A, q, niter):
    """Q with q orthonormal columns, whose span is nearly that of A's first singular vectors: each round makes the first ones stand out more."""
    start = randn(A.shape[-1], q, dtype=A.dtype, device=A.device)
    basis = linalg_qr(matmul(A, start)).Q
    for _ in range(niter):
        basis = linalg_qr(matmul(mH(A), basis)).Q
        basis = linalg_qr(matmul(A, basis)).Q
    return basis


def svd_lowrank(A, q=6, niter=2, M=None):
    """(U, S, V) with A ≈ U·diag(S)·Vᴴ and q columns (A − M in A's place, if given). The result depends on the random seed.

    Q spans almost what A does: the singular values of the small matrix QᴴA are nearly A's. ``q`` is a little more than the rank that matters.

    >>> import lesson_lib as torch
    >>> A = torch.outer(torch.tensor([3., 4.]), torch.tensor([0., 1., 0.]))
    >>> torch.svd_lowrank(A, q=1)[1].round()
    tensor([5.])

    Source: https://pytorch.org/docs/stable/generated/torch.svd_lowrank.html; Halko, Martinsson and Tropp 2009, arXiv:0909.4061, algorithm 5.1
    """
    if A.ndim < 2:
        raise error("lowrank_ndim", ndim=A.ndim)
    if M is not None:
        A = A - M.expand(A.shape)
    if A.shape[-2] < A.shape[-1]:
        v, s, u = _tall(mH(A), 6 if q is None else q, 2 if niter is None else niter)
        return u, s, v
    return _tall(A, 6 if q is None else q, 2 if niter is None else niter)


def _tall(A, q, niter):
    basis = _range(A, q, niter)
    u, s, vh = linalg_svd(matmul(mH(basis), A), full_matrices=False)
    return matmul(basis, u), s, mH(vh)


def pca_lowrank(A, q=None, center=True, niter=2):
    """Principal components: (U, S, V) with A ≈ U·diag(S)·Vᴴ, after each column's mean was taken off (unless ``center`` is False).

    The columns of V are the directions in which the rows of A (…, m, n) spread most; S²/(m − 1) are the variances along them.

    Source: https://pytorch.org/docs/stable/generated/torch.pca_lowrank.html
    """
    if A.ndim < 2:
        raise error("lowrank_ndim", ndim=A.ndim)
    smaller = min(A.shape[-2:])
    q = min(6, smaller) if q is None else q
    if not 0 <= q <= smaller:
        raise error("pca_q", q=q, smaller=smaller)
    if niter < 0:
        raise error("pca_niter", niter=niter)
    return svd_lowrank(A - mean(A, -2, keepdim=True) if center else A, q, niter)
