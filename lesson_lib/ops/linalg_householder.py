"""Reflections: H = 1 − τ·v·vᴴ turns a vector into a multiple of the first axis. A product of them, Q = H₁·H₂·…·H_k, is all of QR's Q.

The vectors lie below the diagonal of one matrix, the ones at their heads need no place: ``geqrf`` makes them, ``householder_product``
and ``ormqr`` multiply with them. The last two are made of matrix products, so their gradients are those of the products.
"""

from ..core.errors import error
from ..core.op import method, op
from . import return_types
from .case import case, constant
from .conjugate import conj, mH
from .create import eye
from .linalg_matrix import Linalg, check_kernel, finished, identity_like
from .triangle import tril
from .view import unsqueeze


@op
class geqrf(Linalg):
    r"""A = Q·R by reflections: (R with the vectors of the reflections below its diagonal, their factors τ).

    Step i reflects the rest x of column i into $\beta e_1$ with $\beta = -sign(x_1)\,\|x\|$, by $v = x - \beta e_1$ (scaled to $v_1 = 1$)
    and $\tau = (\beta - x_1)/\beta$. A is (…, m, n), τ is (…, min(m, n)). PyTorch defines no gradient for it.

    >>> import lesson_lib as torch
    >>> torch.geqrf(torch.tensor([[3., 1.], [4., 2.]])).a
    tensor([[-5.0000, -2.2000],
            [ 0.5000,  0.4000]])

    Source: https://pytorch.org/docs/stable/generated/torch.geqrf.html; Golub and Van Loan, "Matrix Computations", 5.1
    """

    method, outputs, n_diff, returns = True, ("a", "tau"), 2, return_types.geqrf
    kernel = "geqrf_cpu"

    def signature(input):
        return input, {}

    def forward(xp, x):
        if x.ndim < 2:
            raise error("householder_ndim", name="torch.geqrf", what="input")
        check_kernel("geqrf_cpu", x)
        a = x.copy()
        count = min(a.shape[-2:])
        tau = xp.zeros((*a.shape[:-2], count), a.dtype)
        for i in range(count):
            v, tau[..., i], a[..., i, i] = _reflector(xp, a[..., i:, i])
            a[..., i + 1 :, i] = v[..., 1:]
            rest = a[..., i:, i + 1 :]
            rest -= (xp.conj(tau[..., i, None]) * v)[..., None] * (xp.conj(v)[..., None, :] @ rest)
        return a, tau

    def grad_x(g):
        raise error("no_derivative_for", name="geqrf")

    def samples(t):
        yield case(constant(t(3, 3)))
        yield case(constant(t(2, 4, 2)))
        yield case(constant(t(2, 3)))

    def errors(t):
        yield case(t(2)), RuntimeError, "torch.geqrf: input must have at least 2 dimensions."
        yield case(t(2, 2, dtype="int64")), NotImplementedError, "\"geqrf_cpu\" not implemented for 'Long'"


def _reflector(xp, x):
    """(v with v₁ = 1, τ, β) of the reflection with Hᴴ·x = β·e₁; τ = 0 where x is a real multiple of e₁ already."""
    first = x[..., 0]
    length = xp.sqrt(xp.sum(xp.absolute(x) ** 2, axis=-1))
    done = (xp.sum(xp.absolute(x[..., 1:]), axis=-1) == 0) & (first.imag == 0)
    beta = xp.where(done, first.real, -xp.copysign(length, first.real))
    tau = xp.where(done, 0, (beta - first) / xp.where(done, 1, beta))
    v = x / xp.where(done, 1, first - beta)[..., None]
    v[..., 0] = 1
    return v, tau, beta


def _check_tau(name, A, tau):
    if tau.ndim != A.ndim - 1:
        raise error("tau_ndim", name=name, tau=tau.ndim, input=A.ndim)
    if tau.shape[:-1] != A.shape[:-2]:
        raise error("householder_batch", name=name, what="tau", sizes=list(tau.shape[:-1]))


def _reflections(A, tau):
    """[(v as a column, τ), …] of the reflections, the first one first."""
    heads = eye(A.shape[-2], A.shape[-1], dtype=A.dtype, device=A.device)
    vectors = tril(A, -1) + heads
    return [(vectors[..., i : i + 1], unsqueeze(unsqueeze(tau[..., i], -1), -1)) for i in range(tau.shape[-1])]


def _reflected(x, v, tau):
    """H·X = X − τ·v·(vᴴ·X)."""
    return x - (tau * v) @ (mH(v) @ x)


def linalg_householder_product(A, tau, *, out=None):
    """The first n columns of Q = H₁·H₂·…·H_k, whose vectors are the columns of A (…, m, n) below the diagonal, with the factors τ (…, k).

    >>> import lesson_lib as torch
    >>> torch.linalg.householder_product(torch.tensor([[0.], [0.5]]), torch.tensor([1.6]))
    tensor([[-0.6000],
            [-0.8000]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.householder_product.html
    """
    name = "torch.linalg.householder_product"
    if A.ndim < 2:
        raise error("householder_ndim", name=name, what="input")
    if A.shape[-2] < A.shape[-1]:
        raise error("householder_tall")
    if tau.ndim and A.shape[-1] < tau.shape[-1]:
        raise error("householder_count")
    _check_tau(name, A, tau)
    if A.dtype != tau.dtype:
        raise error("householder_dtype", tau=tau.dtype.title, input=A.dtype.title)
    check_kernel("orgqr_cpu", A._a)
    q = identity_like(A)
    for v, factor in reversed(_reflections(A, tau)):
        q = _reflected(q, v, factor)
    return finished(q, out, "linalg_householder_product")


@method()
def orgqr(input, tau):
    """The first columns of a product of reflections: ``linalg.householder_product``. Source: https://pytorch.org/docs/stable/generated/torch.orgqr.html"""
    return linalg_householder_product(input, tau)


@method()
def ormqr(input, tau, other, left=True, transpose=False, *, out=None):
    """Q·C (C·Q with ``left=False``, Qᴴ for Q with ``transpose``) for the whole m×m matrix Q = H₁·H₂·…·H_k, one reflection after the other.

    Source: https://pytorch.org/docs/stable/generated/torch.ormqr.html
    """
    _check_factors(input, tau, other, left)
    return finished(_multiplied(input, tau, other, left, transpose), out, "ormqr")


def _multiplied(A, tau, x, left, transpose):
    if not left:  # C·Q = (Qᴴ·Cᴴ)ᴴ
        return mH(_multiplied(A, tau, mH(x), True, not transpose))
    reflections = _reflections(A, tau)
    if transpose:  # Qᴴ = H_kᴴ·…·H₁ᴴ
        reflections = [(v, conj(factor)) for v, factor in reversed(reflections)]
    x = x.clone()
    for v, factor in reversed(reflections):
        x = _reflected(x, v, factor)
    return x


def _check_factors(A, tau, other, left):
    name = "torch.ormqr"
    for what, x in (("input", A), ("other", other)):
        if x.ndim < 2:
            raise error("householder_ndim", name=name, what=what)
    side = -2 if left else -1
    if other.shape[side] != A.shape[-2]:
        raise error("ormqr_other", side=side)
    if tau.ndim and tau.shape[-1] != min(A.shape[-2:]):
        raise error("ormqr_tau", side=side)
    _check_tau(name, A, tau)
    if other.ndim != A.ndim:
        raise error("ormqr_ndim", other=other.ndim, input=A.ndim)
    if other.shape[:-2] != A.shape[:-2]:
        raise error("householder_batch", name=name, what="other", sizes=list(other.shape[:-2]))
    for what, x in (("tau", tau), ("other", other)):
        if x.dtype != A.dtype:
            raise error("ormqr_dtype", what=what, input=A.dtype.title, found=x.dtype.title)
    check_kernel("ormqr_cpu", A._a)
