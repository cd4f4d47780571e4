"""Special functions against PyTorch over wide ranges, at their poles and at infinity."""

import math

import numpy as np
import pytest

import lesson_lib

WIDE = np.concatenate([np.linspace(-20.3, 20.3, 60), [0.1, 1.0, 2.0, 1e-5, 30.0, 50.0, 100.0, -0.5, -1.5]])
EDGES = [0.0, -0.0, -1.0, -2.0, math.inf, -math.inf, math.nan, 171.0]
CHANCES = np.concatenate([np.linspace(0.001, 0.999, 40), [1e-10, 1e-300, 1 - 1e-12, 0.0, 1.0, -0.5, 1.5]])

ONE = ("digamma", "gammaln", "sinc", "i0", "i0e", "i1", "i1e", "erfcx", "log_ndtr", "ndtr", "entr", "expit")
OF_CHANCES = ("ndtri", "erfinv", "logit", "entr")


def compare(torch, name, *inputs, rtol=1e-11):
    for dtype, rounding in (("float64", rtol), ("float32", 1e-5)):
        ours, theirs = (
            getattr(library.special, name)(
                *(x if isinstance(x, int) else library.tensor(np.asarray(x).tolist(), dtype=getattr(library, dtype)) for x in inputs)
            )
            for library in (lesson_lib, torch)
        )
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=rounding, atol=rounding, err_msg=dtype)


@pytest.mark.parametrize("name", ONE)
def test_functions_of_a_number(torch, name):
    compare(torch, name, WIDE)


@pytest.mark.parametrize("name", OF_CHANCES)
def test_functions_of_a_chance(torch, name):
    compare(torch, name, CHANCES, rtol=1e-9)


@pytest.mark.parametrize("name", ["gammaln", "digamma", "sinc", "i1e", "erfcx", "log_ndtr", "entr", "erfinv"])
def test_poles_and_infinities(torch, name):
    if name in ("gammaln", "digamma"):
        edges = [x for x in EDGES if x != -math.inf]
    else:
        edges = EDGES
    compare(torch, name, edges)


def test_incomplete_gamma_functions(torch):
    a, x = (grid.reshape(-1) for grid in np.meshgrid([0.1, 0.5, 1.0, 2.5, 10.0, 60.0], [0.0, 1e-3, 0.3, 1.0, 3.0, 11.0, 40.0, 100.0, math.inf]))
    for name in ("gammainc", "gammaincc"):
        compare(torch, name, a, x, rtol=1e-9)
        compare(torch, name, [0.0, 0.0, -1.0, 1.0, math.nan], [1.0, 0.0, 1.0, -1.0, 1.0])


def test_zeta_and_polygamma(torch):
    s, q = (grid.reshape(-1) for grid in np.meshgrid([1.5, 2.0, 3.0, 7.5], [0.1, 1.0, 2.5, 10.0, 40.0]))
    compare(torch, "zeta", s, q)
    compare(torch, "zeta", [1.0, 0.5, 2.0, 2.0, 2.5], [1.0, 1.0, 0.0, -0.5, -0.5])
    for n in (1, 2, 4):
        compare(torch, "polygamma", n, [0.3, 1.0, 4.5, 20.0], rtol=1e-8)  # PyTorch's own trigamma is right to nine digits
    compare(torch, "multigammaln", [3.0, 4.5], 3)


@pytest.mark.parametrize(("name", "x", "slope"), [("sinc", 0.0, 0.0), ("i1", 0.0, 0.5), ("i1e", 0.0, 0.5), ("i0e", 0.0, 0.0)])
def test_slopes_where_a_formula_divides_by_zero(name, x, slope):
    x = lesson_lib.tensor(x, requires_grad=True)
    getattr(lesson_lib.special, name)(x).backward()
    assert x.grad.item() == slope
