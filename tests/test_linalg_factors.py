"""Factors that are kept: LU, LDL, reflections; what fails with a number in place of an exception; random and iterative methods."""

import numpy as np
import pytest

import lesson_lib
from lesson_lib import linalg
from lesson_lib.autograd.gradcheck import gradcheck, gradgradcheck

KINDS = ("float64", "complex128")


def numbers(*shape, kind="float64", seed=0):
    draw = np.random.RandomState(seed)
    values = draw.uniform(-1, 1, shape)
    return values + 1j * draw.uniform(-1, 1, shape) if kind == "complex128" else values


def both(torch, values, dtype=None):
    """The same tensor for both libraries: [(library, tensor), …]."""
    return [(library, library.tensor(values.tolist(), dtype=dtype and getattr(library, dtype))) for library in (lesson_lib, torch)]


def equal(ours, theirs, **tolerance):
    """All results of two calls."""
    for a, b in zip(ours, theirs, strict=True):
        assert str(a.dtype) == str(b.dtype)
        np.testing.assert_allclose(a.numpy(), b.resolve_conj().numpy(), **{"rtol": 1e-9, "atol": 1e-11, **tolerance})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(40, 40), (2, 3, 30, 12), (5, 12, 30)])
def test_lu_of_larger_matrices(torch, kind, shape):
    equal(*(library.linalg.lu_factor_ex(a) for library, a in both(torch, numbers(*shape, kind=kind), kind)))


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_ldl_of_indefinite_matrices(torch, kind, hermitian):
    """The same pivots as LAPACK's, with blocks of both sizes, and solutions of the equation."""
    values = numbers(6, 12, 12, kind=kind)
    values[:, range(12), range(12)] *= 0.1
    values = values + np.conj(values.swapaxes(-1, -2)) if hermitian else values + values.swapaxes(-1, -2)
    factors = [library.linalg.ldl_factor_ex(a, hermitian=hermitian) for library, a in both(torch, values, kind)]
    equal(*factors)
    assert (factors[0].pivots < 0).any() and (factors[0].pivots > 0).any()
    right = lesson_lib.tensor(numbers(12, 2, kind=kind, seed=1).tolist())
    x = linalg.ldl_solve(factors[0].LD, factors[0].pivots, right.to(factors[0].LD.dtype), hermitian=hermitian)
    np.testing.assert_allclose(values @ x.numpy(), np.broadcast_to(right.numpy(), (6, 12, 2)), atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 4)])
def test_reflections_give_q(torch, kind, shape):
    for library, a in both(torch, numbers(*shape, kind=kind), kind):
        packed, tau = library.geqrf(a)
        k = tau.shape[-1]
        whole = library.ormqr(packed, tau, library.triu(packed))
        np.testing.assert_allclose(whole.numpy(), a.numpy(), atol=1e-12)
        if shape[-2] >= shape[-1]:
            q = library.orgqr(packed, tau)
            np.testing.assert_allclose((q @ library.triu(packed[..., :k, :])).numpy(), a.numpy(), atol=1e-12)
    ours, theirs = (library.geqrf(a) for library, a in both(torch, numbers(*shape, kind=kind), kind))
    equal(ours, theirs)


def test_a_matrix_of_zeros_and_one_that_is_reflected_already(torch):
    for values in (np.zeros((3, 2)), np.diag([-2.0, 3.0])):
        equal(*(library.geqrf(a) for library, a in both(torch, values, "float64")))


FAILING = {
    "inv_ex": lambda la, a: la.inv_ex(a).info,
    "solve_ex": lambda la, a: la.solve_ex(a, a[0, 0]).info,
    "solve_ex of matrices": lambda la, a: la.solve_ex(a, a, left=False).info,
    "lu_factor_ex": lambda la, a: la.lu_factor_ex(a).info,
    "cholesky_ex": lambda la, a: la.cholesky_ex(a).info,
    "cholesky_ex, upper": lambda la, a: la.cholesky_ex(a, upper=True).L,
    "ldl_factor_ex": lambda la, a: la.ldl_factor_ex(a).info,
    "lu": lambda la, a: la.lu(a).U,
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_a_number(torch, name):
    """A batch of which some matrices fail: a good one, one with a 0 in U, zeros alone."""
    values = np.array([[[4.0, 2.0], [2.0, 5.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    ours, theirs = (FAILING[name](library.linalg, a) for library, a in both(torch, values, "float64"))
    equal([ours], [theirs])


def test_the_good_matrices_of_a_batch_are_inverted():
    inverse, info = linalg.inv_ex(lesson_lib.tensor([[[2.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    assert info.tolist() == [0, 1]
    assert inverse[0].tolist() == [[0.5, 0.0], [0.0, 0.25]]
    assert not inverse[1].isfinite().any()


MADE_OF_OTHERS = [
    lambda a, b: linalg.lu(a)[1],
    lambda a, b: linalg.lu(b)[2],
    lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b, adjoint=True),
    lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b.mT, left=False),
    lambda a, b: linalg.householder_product(b, a[0, :2]),
    lambda a, b: lesson_lib.ormqr(b, a[0, :2], a, left=False, transpose=True),
    lambda a, b: lesson_lib.cholesky_solve(b, a.tril()),
    lambda a, b: lesson_lib.cholesky_inverse(a.triu(), upper=True),
    lambda a, b: linalg.tensorsolve(a.reshape(3, 3, 1), b[:, 0]),
]


@pytest.mark.parametrize("call", MADE_OF_OTHERS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients(call, kind):
    a = numbers(3, 3, kind=kind) + 3 * np.eye(3)
    inputs = [lesson_lib.tensor(x.tolist(), dtype=getattr(lesson_lib, kind), requires_grad=True) for x in (a, numbers(3, 2, kind=kind, seed=1))]
    assert gradcheck(call, inputs)
    assert gradgradcheck(call, inputs)


def test_no_gradient_where_pytorch_has_none():
    a = lesson_lib.eye(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="the derivative for 'geqrf' is not implemented."):
        lesson_lib.geqrf(a).a.sum().backward()
    with pytest.raises(RuntimeError, match="derivative for aten::linalg_ldl_factor_ex is not implemented"):
        linalg.ldl_factor(a).LD.sum().backward()


# --- a few eigenpairs and singular values ---------------------------------------------------------------------------------------


def symmetric(n):
    values = numbers(n, n)
    return values @ values.T + np.diag(np.arange(float(n)))


@pytest.mark.parametrize("options", [{}, {"largest": False}, {"n": 4}, {"B": True}, {"B": True, "largest": False}, {"iK": True, "largest": False}])
def test_lobpcg(torch, options):
    values, results = symmetric(15), []
    matrices = {"B": symmetric(15) + 5 * np.eye(15), "iK": np.linalg.inv(values)}
    for library, a in both(torch, values, "float64"):
        given = {key: library.tensor(matrices[key].tolist(), dtype=library.float64) if value is True and key in matrices else value
                 for key, value in options.items()}  # fmt: skip
        e, x = library.lobpcg(a, 2, **given)
        results.append((e, x.abs()))
    equal(*results, rtol=1e-5, atol=1e-5)


def test_the_gradient_of_lobpcg(torch):
    found = []
    for library, a in both(torch, symmetric(9), "float64"):
        a.requires_grad_()
        e, x = library.lobpcg(a, 2, tol=1e-12)
        (first,) = library.autograd.grad(e.sum() + (x[0] ** 2).sum(), a, create_graph=True)
        (second,) = library.autograd.grad((first**2).sum(), a)
        found.append((first.detach(), second))
    equal(*found, rtol=1e-6, atol=1e-7)


def test_lobpcg_tells_how_far_it_is():
    steps = []

    def watch(worker):
        steps.append(worker.ivars["istep"])
        worker.bvars["force_stop"] = worker.ivars["istep"] == 3

    lesson_lib.lobpcg(lesson_lib.tensor(symmetric(30).tolist()), 1, tol=0.0, tracker=watch)
    assert steps == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"not applicable when the number of A rows \(=5\) is smaller than 3 x"):
        lesson_lib.lobpcg(lesson_lib.eye(5), 2)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (2, 20, 20)])
@pytest.mark.parametrize("center", [False, True])
def test_low_rank(shape, center):
    *batch, m, n = shape
    a = lesson_lib.tensor((numbers(*batch, m, 3) @ numbers(*batch, 3, n, seed=1) + 2).tolist())
    u, s, v = lesson_lib.pca_lowrank(a, q=5, center=center)
    target = a - a.mean(-2, keepdim=True) if center else a
    np.testing.assert_allclose(((u * s.unsqueeze(-2)) @ v.mH).numpy(), target.numpy(), atol=1e-4)
    np.testing.assert_allclose(s.numpy(), linalg.svdvals(target)[..., :5].numpy(), atol=1e-4)


def test_low_rank_wants_a_sensible_q():
    with pytest.raises(ValueError, match=r"q\(=5\) must be non-negative integer and not greater than min\(m, n\)=3"):
        lesson_lib.pca_lowrank(lesson_lib.eye(3), q=5)
    with pytest.raises(ValueError, match=r"niter\(=-1\) must be non-negative integer"):
        lesson_lib.pca_lowrank(lesson_lib.eye(3), niter=-1)


# --- products on top of a tensor --------------------------------------------------------------------------------------------------


ON_TOP = {
    "addmm": ((2, 2), (2, 3), (3, 2)), "addmv": ((2,), (2, 3), (3,)), "addr": ((2, 3), (2,), (3,)), "addbmm": ((2, 2), (4, 2, 3), (4, 3, 2)),
    "baddbmm": ((4, 2, 2), (4, 2, 3), (4, 3, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_TOP)
def test_a_factor_of_0_hides_nan(torch, name):
    """beta = 0: the tensor below is not looked at, and its gradient is 0."""
    found = []
    for library in (lesson_lib, torch):
        below, *factors = (library.tensor(numbers(*shape).tolist(), requires_grad=True) for shape in ON_TOP[name])
        bottom = below * library.nan
        result = getattr(library, name)(bottom, *factors, beta=0, alpha=2)
        result.sum().backward()
        in_place = library.zeros(ON_TOP[name][0]) + library.nan
        assert getattr(in_place, name + "_")(*factors, beta=0) is in_place
        found.append([result.detach(), in_place.detach(), *(factor.grad for factor in factors)])
    equal(*found, rtol=1e-6, atol=1e-6)
