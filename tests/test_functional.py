"""autograd.functional: Jacobians, Hessians and their products, against PyTorch: values, shapes, histories and errors."""

import numpy as np
import pytest

import lesson_lib
from lesson_lib.autograd import functional as ours

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")  # PyTorch's own forward mode uses it

X = [[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]
Y = [0.4, 1.2, -0.9]


def elementwise(torch):
    return lambda x: x.exp() * x


def reduced(torch):
    return lambda x: (x * x).sum(dim=1)


def matrix_product(torch):
    return lambda x: x @ x.t()


def scalar(torch):
    return lambda x: (x.sin() * x**2).sum()


def linear(torch):
    return lambda x: 3 * x


def constant(torch):
    return lambda x: torch.ones(2)


def two_inputs(torch):
    return lambda x, y: (x * y).sum(dim=1) * y.prod()


def two_outputs(torch):
    return lambda x, y: (x * y, (y**3).sum())


def scalar_of_two(torch):
    return lambda x, y: (x**2 * y).sum() + y.prod()


ONE = [elementwise, reduced, matrix_product, scalar, linear, constant]
TWO = [two_inputs, two_outputs, scalar_of_two]


def inputs(torch, function, requires_grad=False):
    x, y = (torch.tensor(values, dtype=torch.float64, requires_grad=requires_grad) for values in (X, Y))
    return (x, y) if function in TWO else x


def directions(torch, tensors, seed=0):
    """Fixed directions of the shapes of ``tensors``."""
    draw = np.random.RandomState(seed).standard_normal
    made = tuple(torch.tensor(draw(tuple(one.shape)), dtype=one.dtype) for one in (tensors if isinstance(tensors, tuple) else (tensors,)))
    return made if isinstance(tensors, tuple) else made[0]


def flat(result):
    """All tensors of nested tuples (PyTorch's forward mode: lists), with the structure as a string."""
    if isinstance(result, tuple | list):
        parts = [flat(part) for part in result]
        return "(" + ",".join(structure for structure, _ in parts) + ")", [t for _, tensors in parts for t in tensors]
    return "t", [result]


def assert_same(ours, theirs, history=True):
    (structure, ours), (expected, theirs) = flat(ours), flat(theirs)
    assert structure == expected
    for mine, their in zip(ours, theirs, strict=True):
        assert tuple(mine.shape) == tuple(their.shape) and str(mine.dtype) == str(their.dtype)
        assert mine.requires_grad == (their.requires_grad and history)
        np.testing.assert_allclose(mine.detach().numpy(), their.detach().numpy(), rtol=1e-9, atol=1e-12)


def outcome(run, lib):
    """What ``run`` returns, or the exception it raises."""
    try:
        return run(lib)
    except Exception as error:
        return error


def both(run, torch, history=True):
    """``run`` on our library and on PyTorch: the same result, or the same type of error with the same first line."""
    ours, theirs = outcome(run, lesson_lib), outcome(run, torch)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), ours
        assert str(ours).splitlines()[0].replace("lesson_lib.core.tensor", "torch") == str(theirs).splitlines()[0]
    else:
        assert_same(ours, theirs, history)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("function", ONE + TWO)
def test_jacobian(function, create_graph, torch):
    both(lambda lib: lib.autograd.functional.jacobian(function(lib), inputs(lib, function, create_graph), create_graph=create_graph), torch)


@pytest.mark.parametrize("function", ONE + TWO)
@pytest.mark.parametrize("strategy", ["forward-mode", "reverse-mode"])
def test_jacobian_vectorized(function, strategy, torch):
    both(lambda lib: lib.autograd.functional.jacobian(function(lib), inputs(lib, function), vectorize=True, strategy=strategy), torch)


@pytest.mark.parametrize(
    "options", [{}, {"create_graph": True}, {"strict": True}, {"vectorize": True}, {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}]
)
@pytest.mark.parametrize("function", [*ONE, scalar_of_two])
def test_hessian(function, options, torch):
    # PyTorch's forward mode leaves a history on its result, although nobody asked for one.
    history = "outer_jacobian_strategy" not in options
    both(lambda lib: lib.autograd.functional.hessian(function(lib), inputs(lib, function, "create_graph" in options), **options), torch, history)


@pytest.mark.parametrize("options", [{}, {"create_graph": True}, {"strict": True}])
@pytest.mark.parametrize("function", ONE + TWO)
def test_vjp_and_jvp(function, options, torch):
    def vjp(lib):
        point = inputs(lib, function, "create_graph" in options)
        outputs = function(lib)(*(point if isinstance(point, tuple) else (point,)))
        return lib.autograd.functional.vjp(function(lib), point, directions(lib, outputs), **options)

    def jvp(lib):
        point = inputs(lib, function, "create_graph" in options)
        return lib.autograd.functional.jvp(function(lib), point, directions(lib, point), **options)

    both(vjp, torch)
    both(jvp, torch)


@pytest.mark.parametrize("options", [{}, {"create_graph": True}, {"strict": True}])
@pytest.mark.parametrize("name", ["vhp", "hvp"])
@pytest.mark.parametrize("function", [scalar, scalar_of_two, linear, two_outputs])
def test_products_with_the_hessian(name, function, options, torch):
    def run(lib):
        point = inputs(lib, function, "create_graph" in options)
        return getattr(lib.autograd.functional, name)(function(lib), point, directions(lib, point), **options)

    both(run, torch)


def quadratic_form(lib):
    return lambda x: (x.sum() ** 2) / 2


MISTAKES = {
    "no tensor": lambda lib: lib.autograd.functional.jacobian(scalar(lib), 3.0),
    "no tensor in a tuple": lambda lib: lib.autograd.functional.vjp(scalar(lib), (lib.ones(2), 3.0)),
    "output no tensor": lambda lib: lib.autograd.functional.jacobian(lambda x: 3.0, lib.ones(2)),
    "vjp without v": lambda lib: lib.autograd.functional.vjp(linear(lib), lib.ones(2)),
    "jvp without v": lambda lib: lib.autograd.functional.jvp(linear(lib), lib.ones(2)),
    "v of another size": lambda lib: lib.autograd.functional.vjp(linear(lib), lib.ones(2), lib.ones(3)),
    "v of another size in a tuple": lambda lib: lib.autograd.functional.jvp(
        lambda x, y: x * y, (lib.ones(2), lib.ones(2)), (lib.ones(2), lib.ones(3))
    ),
    "too few v": lambda lib: lib.autograd.functional.jvp(lambda x, y: x * y, (lib.ones(2), lib.ones(2)), lib.ones(2)),
    "two v for one": lambda lib: lib.autograd.functional.vjp(linear(lib), lib.ones(2), (lib.ones(2), lib.ones(2))),
    "hessian of two outputs": lambda lib: lib.autograd.functional.hessian(lambda x: (x.sum(), x.sum()), lib.ones(2)),
    "hessian of a vector": lambda lib: lib.autograd.functional.hessian(linear(lib), lib.ones(2)),
    "vhp of a vector": lambda lib: lib.autograd.functional.vhp(linear(lib), lib.ones(2), lib.ones(2)),
    "hvp without v": lambda lib: lib.autograd.functional.hvp(scalar(lib), lib.ones(2)),
    "strategy": lambda lib: lib.autograd.functional.jacobian(linear(lib), lib.ones(2), strategy="sideways"),
    "hessian strategy": lambda lib: lib.autograd.functional.hessian(scalar(lib), lib.ones(2), outer_jacobian_strategy="sideways"),
    "forward with graph": lambda lib: lib.autograd.functional.jacobian(linear(lib), lib.ones(2), create_graph=True, strategy="forward-mode"),
    "forward strict": lambda lib: lib.autograd.functional.jacobian(linear(lib), lib.ones(2), strict=True, strategy="forward-mode"),
    "forward one by one": lambda lib: lib.autograd.functional.jacobian(linear(lib), lib.ones(2), strategy="forward-mode"),
    "vectorized and strict": lambda lib: lib.autograd.functional.jacobian(linear(lib), lib.ones(2), strict=True, vectorize=True),
    "strict constant": lambda lib: lib.autograd.functional.jacobian(constant(lib), lib.ones(2), strict=True),
    "strict unused input": lambda lib: lib.autograd.functional.jacobian(lambda x, y: x * 2, (lib.ones(2), lib.ones(2)), strict=True),
    "strict linear hessian": lambda lib: lib.autograd.functional.hessian(lambda x: x.sum(), lib.ones(2), strict=True),
    "strict linear jacobian with graph": lambda lib: lib.autograd.functional.jacobian(
        linear(lib), lib.ones(2, requires_grad=True), strict=True, create_graph=True
    ),
    "strict vhp": lambda lib: lib.autograd.functional.vhp(
        lambda x, y: (x**2).sum() + y.sum(), (lib.ones(2), lib.ones(2)), (lib.ones(2), lib.ones(2)), strict=True
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_errors_are_pytorchs(name, torch):
    both(MISTAKES[name], torch)


def test_v_may_be_left_out_for_one_number(torch):
    for name in ("vjp", "jvp", "vhp", "hvp"):
        both(lambda lib, name=name: getattr(lib.autograd.functional, name)(lambda x: x**3, lib.tensor(2.0)), torch)


def test_an_input_that_the_function_also_captured_counts_once():
    x = lesson_lib.tensor([1.0, 2.0], requires_grad=True)
    assert ours.jacobian(lambda a: a * x, x).tolist() == [[1, 0], [0, 2]]


def test_gradients_flow_through_the_result_with_create_graph():
    x = lesson_lib.tensor([1.0, 2.0], requires_grad=True)
    ours.jacobian(lambda a: a**3, x, create_graph=True).sum().backward()
    assert x.grad.tolist() == [6, 12]


def test_inside_no_grad():
    with lesson_lib.no_grad():
        assert ours.hessian(quadratic_form(lesson_lib), lesson_lib.ones(2)).tolist() == [[1, 1], [1, 1]]
        assert not lesson_lib.is_grad_enabled()


def test_an_output_without_elements():
    assert ours.jacobian(lambda x: x[:0], lesson_lib.ones(3)).shape == (0, 3)
