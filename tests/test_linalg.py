"""Functions of linear algebra that are made of others, matrices without an answer, and complex matrices."""

import math

import numpy as np
import pytest

import lesson_lib
from lesson_lib import linalg
from lesson_lib.autograd.gradcheck import gradcheck, gradgradcheck

A = np.array([[2.0, -1.0, 0.5], [0.25, 3.0, 1.0], [-0.5, 0.75, 1.5]])
B = np.array([[1.0, 2.0], [0.5, -1.0], [-2.0, 0.25]])
V = np.array([1.0, -2.0, 0.5])

#: (library, its linear algebra, a, b, v) -> result
CALLS = [
    *[lambda torch, la, a, b, v, p=p: la.matrix_norm(a, p) for p in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)],
    *[lambda torch, la, a, b, v, p=p: la.matrix_norm(b, p, keepdim=True) for p in ("nuc", 1, math.inf, -2)],
    lambda torch, la, a, b, v: la.matrix_norm(torch.stack([a, 2 * a]), 1, dim=(0, 2)),
    lambda torch, la, a, b, v: la.norm(a),
    lambda torch, la, a, b, v: la.norm(a, 2),
    lambda torch, la, a, b, v: la.norm(v, 3),
    lambda torch, la, a, b, v: la.norm(a, 1, dim=1),
    lambda torch, la, a, b, v: la.norm(a, "nuc", dim=(0, 1)),
    *[lambda torch, la, a, b, v, p=p: la.cond(a, p) for p in (None, 2, -2)],
    *[lambda torch, la, a, b, v, p=p: la.cond(a.detach(), p) for p in ("fro", 1, math.inf)],
    lambda torch, la, a, b, v: la.svdvals(b),
    lambda torch, la, a, b, v: la.eigvalsh(a + a.mT),
    lambda torch, la, a, b, v: la.eigvals(a).abs(),
    lambda torch, la, a, b, v: la.pinv(b),
    lambda torch, la, a, b, v: la.pinv(b.mT),
    lambda torch, la, a, b, v: torch.pinverse(a),
    lambda torch, la, a, b, v: la.lstsq(b, a).solution,
    lambda torch, la, a, b, v: la.lstsq(b, v.unsqueeze(1), driver="gelsd").residuals,
    lambda torch, la, a, b, v: la.lstsq(b.mT, b[:2]).solution,
    lambda torch, la, a, b, v: la.matrix_rank(a),
    lambda torch, la, a, b, v: la.matrix_rank(torch.stack([a, a * 0])),
    lambda torch, la, a, b, v: la.matrix_rank(torch.outer(v, v), hermitian=True),
    *[lambda torch, la, a, b, v, n=n: la.matrix_power(a, n) for n in (-2, -1, 0, 1, 2, 5)],
    lambda torch, la, a, b, v: a.matrix_power(3),
    lambda torch, la, a, b, v: la.multi_dot([v, a, a, b]),
    lambda torch, la, a, b, v: la.multi_dot([b.mT, a, v]),
    lambda torch, la, a, b, v: torch.chain_matmul(b.mT, a, b),
    lambda torch, la, a, b, v: torch.kron(a, b),
    lambda torch, la, a, b, v: torch.kron(v, b),
    lambda torch, la, a, b, v: la.vander(v),
    lambda torch, la, a, b, v: la.vander(a, N=2),
    lambda torch, la, a, b, v: torch.cross(a, a.mT * v, dim=0),
    lambda torch, la, a, b, v: torch.cross(b, b + 1),
    lambda torch, la, a, b, v: la.vecdot(a, a.mT),
    lambda torch, la, a, b, v: torch.vdot(v, a[0]),
    lambda torch, la, a, b, v: la.diagonal(torch.stack([a, a])),
    lambda torch, la, a, b, v: la.tensorinv(a.reshape(3, 3, 1), ind=1),
    lambda torch, la, a, b, v: torch.det(a),
    lambda torch, la, a, b, v: a.logdet(),
    lambda torch, la, a, b, v: torch.logdet(-a),
    lambda torch, la, a, b, v: torch.slogdet(a)[1],
    lambda torch, la, a, b, v: a.inverse(),
    lambda torch, la, a, b, v: torch.matrix_exp(3 * a),
    lambda torch, la, a, b, v: torch.trace(a),
    lambda torch, la, a, b, v: torch.cholesky(a @ a.mT),
    lambda torch, la, a, b, v: torch.cholesky_solve(b, la.cholesky(a @ a.mT)),
    lambda torch, la, a, b, v: torch.cholesky_solve(b, la.cholesky(a @ a.mT).mT, upper=True),
    lambda torch, la, a, b, v: torch.cholesky_inverse(la.cholesky(a @ a.mT)),
    lambda torch, la, a, b, v: torch.triangular_solve(b, a).solution,
    lambda torch, la, a, b, v: torch.triangular_solve(b, a, upper=False, transpose=True)[0],
    lambda torch, la, a, b, v: torch.qr(b)[1].abs(),
    lambda torch, la, a, b, v: torch.svd(b).S,
    lambda torch, la, a, b, v: torch.svd(b).V.abs(),
    lambda torch, la, a, b, v: la.qr(b, "complete")[0].detach().abs(),
    lambda torch, la, a, b, v: la.qr(b, "r").R.detach().abs(),
    lambda torch, la, a, b, v: torch.cov(a),
    lambda torch, la, a, b, v: torch.cov(v),
    lambda torch, la, a, b, v: torch.cov(a, correction=0, aweights=v.detach().abs()),
    lambda torch, la, a, b, v: torch.cov(a, aweights=v.detach().abs(), fweights=torch.tensor([1, 2, 3])),
    lambda torch, la, a, b, v: a.corrcoef(),
]  # fmt: skip


def weighted(result, library, make):
    """A number made of a result, its elements with different weights."""
    weights = make(np.cos(np.arange(result.numel())).reshape(tuple(result.shape)).tolist(), dtype=library.float64)
    return (result * weights).sum()


@pytest.mark.filterwarnings("ignore:.*deprecated")
@pytest.mark.filterwarnings("ignore:Using torch.cross")
@pytest.mark.parametrize("call", CALLS)
def test_calls_equal_pytorch(torch, call):
    """Values and gradients of functions that are made of several operations."""
    found = []
    for library in (lesson_lib, torch):
        tensors = [library.tensor(values.tolist(), dtype=library.float64, requires_grad=True) for values in (A, B, V)]
        result = call(library, library.linalg, *tensors)
        if result.requires_grad:
            weighted(result, library, library.tensor).backward()
        found.append((str(result.dtype), result.detach().numpy(), *(np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in tensors)))
    for ours, theirs in zip(*found, strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
        else:
            assert ours == theirs


SINGULAR = [
    (lambda la, a: la.inv(a), "linalg.inv: The diagonal element 2 is zero, the inversion could not be completed because the input matrix is singular."),
    (lambda la, a: la.inv(a.expand(2, 2, 2)), "linalg.inv: (Batch element 0): The diagonal element 2 is zero"),
    (lambda la, a: la.solve(a, a), "torch.linalg.solve: The solver failed because the input matrix is singular."),
    (lambda la, a: la.cholesky(a), "linalg.cholesky: The factorization could not be completed because the input is not positive-definite "
                                   "(the leading minor of order 2 is not positive-definite)."),
    (lambda la, a: la.inv_ex(a.expand(2, 2, 2), check_errors=True), "linalg.inv_ex: (Batch element 0): The diagonal element 2 is zero"),
    (lambda la, a: la.solve_ex(a, a, check_errors=True), "torch.linalg.solve_ex: The solver failed because the input matrix is singular."),
    (lambda la, a: la.cholesky_ex(a, check_errors=True), "linalg.cholesky_ex: The factorization could not be completed because the input is not "
                                                         "positive-definite (the leading minor of order 2 is not positive-definite)."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), SINGULAR)
def test_a_matrix_without_an_answer(torch, call, message):
    for library, kind in ((lesson_lib, linalg.LinAlgError), (torch, torch.linalg.LinAlgError)):
        with pytest.raises(kind) as caught:
            call(library.linalg, library.ones(2, 2))
        assert str(caught.value).startswith(message)
    assert issubclass(linalg.LinAlgError, RuntimeError)


def test_the_gradient_of_the_determinant_of_a_singular_matrix():
    x = lesson_lib.ones(2, 2, dtype=lesson_lib.float64, requires_grad=True)
    linalg.det(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[1, -1], [-1, 1]], atol=1e-12)


def test_the_rank_of_pytorchs_default_tolerance():
    a = lesson_lib.diag(lesson_lib.tensor([1.0, 1e-3, 1e-9]))
    assert linalg.matrix_rank(a).item() == 2
    assert linalg.matrix_rank(a, atol=0.01).item() == 1
    assert linalg.matrix_rank(a.double()).item() == 3


COMPLEX = {
    "solve": lambda la, a, b: la.solve(a, b),
    "inv": lambda la, a, b: la.inv(a),
    "det": lambda la, a, b: la.det(a),
    "slogdet": lambda la, a, b: la.slogdet(a)[1],
    "sign of det": lambda la, a, b: la.slogdet(a)[0],
    "cholesky": lambda la, a, b: la.cholesky(a @ a.mH),
    "cholesky, upper": lambda la, a, b: la.cholesky(a @ a.mH, upper=True),
    "qr": lambda la, a, b: la.qr(b)[0],
    "R": lambda la, a, b: la.qr(b.mT)[1],
    "svd": lambda la, a, b: (lambda u, s, vh: u @ vh)(*la.svd(b, False)),
    "svdvals": lambda la, a, b: la.svdvals(b),
    "eigh": lambda la, a, b: abs(la.eigh(a + a.mH)[1]) ** 2,
    "eigvalsh": lambda la, a, b: la.eigvalsh(a + a.mH),
    "eig": lambda la, a, b: abs(la.eig(a)[1]) ** 2,
    "eigvals": lambda la, a, b: abs(la.eigvals(a)),
    "pinv": lambda la, a, b: la.pinv(b),
    "lstsq": lambda la, a, b: la.lstsq(b, a)[0],
    "matrix_exp": lambda la, a, b: la.matrix_exp(a),
    "matrix_power": lambda la, a, b: la.matrix_power(a, 3),
    "solve_triangular": lambda la, a, b: la.solve_triangular(a, b, upper=True),
    "cross": lambda la, a, b: la.cross(a, a.mT),
    "vecdot": lambda la, a, b: la.vecdot(a, a.mT),
    "norm": lambda la, a, b: la.norm(a),
    "1-norm": lambda la, a, b: la.vector_norm(a, 1),
    "3-norm": lambda la, a, b: la.vector_norm(a, 3),
    "matrix norm": lambda la, a, b: la.matrix_norm(a, "nuc"),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_matrices(torch, name):
    """Values and gradients, of the real and of the imaginary part of the result."""
    found = []
    for library in (lesson_lib, torch):
        a, b = (library.tensor((x + 1j * np.cos(3 * x + 1)).tolist(), dtype=library.complex128, requires_grad=True) for x in (A, B))
        result = COMPLEX[name](library.linalg, a, b)
        weights = np.exp(1j * np.arange(result.numel())).reshape(tuple(result.shape))
        gradients = library.autograd.grad((result * library.tensor(weights.tolist(), dtype=library.complex128)).real.sum(), [a, b], allow_unused=True)
        found.append([result.detach().numpy(), *(g.resolve_conj().numpy() for g in gradients if g is not None)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "call", [lambda a: linalg.pinv(a), lambda a: linalg.lstsq(a, a + 1).solution, lambda a: linalg.matrix_norm(a, "nuc"), lambda a: linalg.cond(a)]
)
def test_second_derivatives(call):
    x = lesson_lib.tensor(B.tolist(), dtype=lesson_lib.float64, requires_grad=True)
    assert gradcheck(call, (x,))
    assert gradgradcheck(call, (x,))
