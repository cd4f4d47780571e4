"""Functions made of several operations, and the points where a convention decides: ties, kinks, zeros, nan, mixed dtypes."""

import math
import warnings

import numpy as np
import pytest

import lesson_lib
from lesson_lib.autograd.gradcheck import gradcheck, gradgradcheck

X = np.array([[0.5, -1.5, 2.0], [1.25, 0.75, -0.25]])
Y = np.array([[1.5, 0.5, -0.5], [-2.0, 1.0, 3.0]])
MASK = X > 0

#: calls of plain functions, methods and operators: (library, x, y) -> result
CALLS = [
    lambda torch, x, y: torch.div(x, y),
    lambda torch, x, y: x.div(y, rounding_mode="floor"),
    lambda torch, x, y: torch.div(x, 2, rounding_mode="trunc"),
    lambda torch, x, y: torch.true_divide(x, y),
    lambda torch, x, y: 2 / y,
    lambda torch, x, y: 1 - x,
    lambda torch, x, y: -x + abs(y),
    lambda torch, x, y: +x,
    lambda torch, x, y: x.sub(y, alpha=2),
    lambda torch, x, y: torch.add(x, y, alpha=0.5),
    lambda torch, x, y: x % 2,
    lambda torch, x, y: x % y,
    lambda torch, x, y: x**2,
    lambda torch, x, y: abs(x) ** y,
    lambda torch, x, y: 2**x,
    lambda torch, x, y: x**0,
    lambda torch, x, y: torch.pow(x, 3),
    lambda torch, x, y: x.square(),
    lambda torch, x, y: torch.where(x > 0, x, y),
    lambda torch, x, y: torch.where(x > 0, x, 2.0),
    lambda torch, x, y: x.where(x > 0, y),
    lambda torch, x, y: torch.max(x, y),
    lambda torch, x, y: x.min(y),
    lambda torch, x, y: x.max(),
    lambda torch, x, y: x.max(dim=1).values,
    lambda torch, x, y: x.min(0, keepdim=True)[0],
    lambda torch, x, y: torch.max(x, axis=1, keepdims=True)[0],
    lambda torch, x, y: x.median(),
    lambda torch, x, y: x.median(dim=1).values,
    lambda torch, x, y: x.sort(descending=True)[0],
    lambda torch, x, y: torch.msort(x),
    lambda torch, x, y: x.topk(2, dim=1).values,
    lambda torch, x, y: x.norm(),
    lambda torch, x, y: torch.norm(x, p=1, dim=1),
    lambda torch, x, y: x.norm(3, (0, 1), True),
    lambda torch, x, y: x.var(0, False),
    lambda torch, x, y: x.std(unbiased=False),
    lambda torch, x, y: x.sum(axis=1, keepdims=True),
    lambda torch, x, y: x.sum(()),
    lambda torch, x, y: x.clip(-1, 1),
    lambda torch, x, y: torch.clamp(x, y),
    lambda torch, x, y: x.clamp(min=0),
    lambda torch, x, y: torch.relu(x),
    lambda torch, x, y: torch.selu(x),
    lambda torch, x, y: torch.celu(x, 2.0),
    lambda torch, x, y: torch.prelu(x, y[0]),
    lambda torch, x, y: torch.rsub(x, y[0, 0].item()),
    lambda torch, x, y: x.masked_fill(x > 0, y[0, 0]),
    lambda torch, x, y: torch.lerp(x, y, 0.3),
]  # fmt: skip
#: one node in PyTorch, several here
COMPOSED = [
    lambda torch, x, y: torch.dist(x, y),
    lambda torch, x, y: torch.std_mean(x, 1)[0],
    lambda torch, x, y: torch.var_mean(x, dim=0, correction=0)[1],
]


@pytest.mark.parametrize("call", [*CALLS, *COMPOSED])
def test_calls_equal_pytorch(torch, call):
    """Value, dtype, node name and gradients of functions that are made of several operations."""
    found = []
    for library, make in ((lesson_lib, lesson_lib.tensor), (torch, torch.tensor)):
        x, y = (make(values.tolist(), dtype=library.float64, requires_grad=True) for values in (X, Y))
        result = call(library, x, y)
        (result * make(np.cos(np.arange(result.numel())).reshape(result.shape).tolist(), dtype=library.float64)).sum().backward()
        name = result.grad_fn and call not in COMPOSED and result.grad_fn.name()
        found.append((name, str(result.dtype), tuple(result.shape), result.detach().numpy(), *(g if g is None else g.numpy() for g in (x.grad, y.grad))))
    for ours, theirs in zip(*found, strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
        else:
            assert ours == theirs


#: dtypes come out as in PyTorch: (library) -> result
DTYPES = {
    "sum of int32": lambda torch: torch.ones(2, dtype=torch.int32).sum(),
    "sum of bool": lambda torch: torch.ones(2, dtype=torch.bool).sum(),
    "sum of uint8": lambda torch: torch.ones(2, dtype=torch.uint8).sum(0),
    "sum with dtype": lambda torch: torch.ones(2).sum(dtype=torch.float64),
    "mean with dtype": lambda torch: torch.ones(2, dtype=torch.int64).mean(dtype=torch.float32),
    "prod of bool": lambda torch: torch.ones(2, dtype=torch.bool).prod(),
    "cumsum of int32": lambda torch: torch.ones(2, dtype=torch.int32).cumsum(0),
    "cumprod of int16": lambda torch: torch.ones(2, dtype=torch.int16).cumprod(0),
    "all of uint8": lambda torch: torch.ones(2, dtype=torch.uint8).all(),
    "int / int": lambda torch: torch.tensor([3]) / torch.tensor([2]),
    "int // float": lambda torch: torch.tensor([3]) // 2.0,
    "int ** float": lambda torch: torch.tensor([3]) ** 0.5,
    "bool ** int": lambda torch: torch.tensor([True]) ** 2,
    "int tensor to a negative tensor": lambda torch: torch.tensor([1, -1, 2, -1]) ** torch.tensor([-1, -2, -1, -3]),
    "exp of int": lambda torch: torch.tensor([1]).exp(),
    "relu of int": lambda torch: torch.tensor([-1, 1]).relu(),
    "floor of int": lambda torch: torch.tensor([1]).floor(),
    "clamp int by float": lambda torch: torch.tensor([1, 2]).clamp(1.5),
    "clamp bool by int": lambda torch: torch.tensor([True]).clamp(0, 1),
    "maximum of int and float": lambda torch: torch.maximum(torch.tensor([1]), torch.tensor([1.5])),
    "where of two numbers": lambda torch: torch.where(torch.tensor([True, False]), 1.5, 2),
    "where of int and float": lambda torch: torch.where(torch.tensor([True]), torch.tensor([1]), 2.0),
    "masked_fill keeps int": lambda torch: torch.tensor([1]).masked_fill(torch.tensor([True]), 2.7),
    "0-d float64 is only a number": lambda torch: torch.ones(2) * torch.tensor(2.0, dtype=torch.float64),
    "compare": lambda torch: torch.tensor([1, 2]) > 1.5,
    "isnan of int": lambda torch: torch.tensor([1]).isnan(),
    "logical_and of floats": lambda torch: torch.logical_and(torch.tensor([1.0, 0.0]), torch.tensor([2, 3])),
    "bitwise not": lambda torch: ~torch.tensor([1, -1]),
    "trunc division of big integers": lambda torch: torch.div(torch.tensor([-(2**60) - 1]), 3, rounding_mode="trunc"),
    "argmax": lambda torch: torch.tensor([[1, 5], [7, 2]]).argmax(1, keepdim=True),
    "count_nonzero": lambda torch: torch.tensor([[0.0, 1.0]]).count_nonzero(),
    "logsumexp of int": lambda torch: torch.logsumexp(torch.tensor([1]), 0),
    "softmax with dtype": lambda torch: torch.softmax(torch.tensor([1, 2]), 0, dtype=torch.float64),
    "float16 sum": lambda torch: torch.ones(3, dtype=torch.float16).sum(),
    "add of two masks": lambda torch: torch.tensor([True]) + torch.tensor([True]),
    "equal": lambda torch: torch.tensor(torch.equal(torch.tensor([1.0]), torch.tensor([1]))),
}  # fmt: skip


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes_equal_pytorch(torch, name):
    ours, theirs = DTYPES[name](lesson_lib), DTYPES[name](torch)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


#: where a rule must choose: (function, input, PyTorch's gradient)
KINKS = {
    "abs at 0": (lambda x: x.abs(), [-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "relu at 0": (lambda x: x.relu(), [-1.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
    "clamp on the boundary": (lambda x: x.clamp(0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0, 0.0]),
    "hardtanh on the boundary": (lambda x: lesson_lib.nn.functional.hardtanh(x), [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
    "sign": (lambda x: x.sign(), [-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "sqrt at 0": (lambda x: x.sqrt(), [0.0, 4.0], [math.inf, 0.25]),
    "norm at 0": (lambda x: x.norm(), [0.0, 0.0], [0.0, 0.0]),
    "1-norm at 0": (lambda x: x.norm(1), [0.0, -2.0], [0.0, -1.0]),
    "std of equal numbers": (lambda x: x.std(), [3.0, 3.0], [0.0, 0.0]),
    "max shares ties": (lambda x: x.max(), [2.0, 1.0, 2.0], [0.5, 0.0, 0.5]),
    "amin shares ties": (lambda x: x.amin(0), [1.0, 1.0, 2.0, 1.0], [1 / 3, 1 / 3, 0.0, 1 / 3]),
    "max(dim) picks the first": (lambda x: x.max(0).values, [2.0, 1.0, 2.0], [1.0, 0.0, 0.0]),
    "median shares ties": (lambda x: x.median(), [2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
    "maximum of equals": (lambda x: lesson_lib.maximum(x, x.detach()), [1.0], [0.5]),
    "infinity norm shares ties": (lambda x: x.norm(math.inf), [-2.0, 2.0, 1.0], [-0.5, 0.5, 0.0]),
    "pow 0 at 0": (lambda x: x**0, [0.0, 2.0], [0.0, 0.0]),
    "pow 2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "0 to a tensor": (lambda x: 0**x, [0.0, 2.0], [0.0, 0.0]),
    "prod with a zero": (lambda x: x.prod(), [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "prod with two zeros": (lambda x: x.prod(), [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    "cumprod with a zero": (lambda x: x.cumprod(0), [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    "remainder": (lambda x: x % 2, [3.0, -3.0], [1.0, 1.0]),
    "round": (lambda x: x.round(), [0.5, 1.2], [0.0, 0.0]),
    "atan2 at the origin": (lambda x: x.atan2(x.detach()), [0.0], [0.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_kinks(name):
    function, values, expected = KINKS[name]
    x = lesson_lib.tensor(values, dtype=lesson_lib.float64, requires_grad=True)
    function(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.prod(),
        lambda x: x.prod(1),
        lambda x: x.cumprod(0),
        lambda x: x.cumprod(1),
    ],
    ids=["prod", "prod along 1", "cumprod along 0", "cumprod along 1"],
)
def test_products_with_zeros_have_right_second_derivatives(function):
    x = lesson_lib.tensor([[2.0, 0.0, 3.0], [0.0, 0.0, -1.5]], dtype=lesson_lib.float64, requires_grad=True)
    assert gradcheck(function, x)
    assert gradgradcheck(function, x)


#: inputs where the naive formula overflows or divides 0 by 0: (function, input, result)
EXTREMES = {
    "logsumexp of large": (lambda x: x.logsumexp(0), [1000.0, 1000.0], 1000 + math.log(2)),
    "logsumexp of -inf": (lambda x: x.logsumexp(0), [-math.inf, -math.inf], -math.inf),
    "softmax of large": (lambda x: x.softmax(0), [1000.0, 1000.0], [0.5, 0.5]),
    "log_softmax of far apart": (lambda x: x.log_softmax(0), [0.0, 1000.0], [-1000.0, 0.0]),
    "softplus of large": (lambda x: lesson_lib.nn.functional.softplus(x), [1000.0, -1000.0], [1000.0, 0.0]),
    "sigmoid of far": (lambda x: x.sigmoid(), [-1000.0, 1000.0], [0.0, 1.0]),
    "log of 0": (lambda x: x.log(), [0.0, -1.0], [-math.inf, math.nan]),
    "0 / 0": (lambda x: x / 0, [0.0, 1.0], [math.nan, math.inf]),
    "sign of nan": (lambda x: x.sign(), [math.nan], [0.0]),
    "max of nan": (lambda x: x.max(0).values, [1.0, math.nan, 2.0], math.nan),
    "median of nan": (lambda x: x.median(), [1.0, math.nan, 2.0], math.nan),
    "sort of nan": (lambda x: x.sort().values, [math.nan, 1.0], [1.0, math.nan]),
    "mean of nothing": (lambda x: x[:0].mean(), [1.0], math.nan),
    "sum of nothing": (lambda x: x[:0].sum(), [1.0], 0.0),
    "prod of nothing": (lambda x: x[:0].prod(), [1.0], 1.0),
    "erf far out": (lambda x: x.erf(), [-30.0, 30.0], [-1.0, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes(name, dtype):
    function, values, expected = EXTREMES[name]
    result = function(lesson_lib.tensor(values, dtype=getattr(lesson_lib, dtype)))
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-6)


#: in-place forms that are made of other operations: (call, result on [1, 4])
IN_PLACE = {
    "add_ alpha": (lambda x: x.add_(1, alpha=2), [3.0, 6.0]),
    "sub_": (lambda x: x.sub_(1), [0.0, 3.0]),
    "mul_": (lambda x: x.mul_(2), [2.0, 8.0]),
    "div_": (lambda x: x.div_(2), [0.5, 2.0]),
    "div_ floor": (lambda x: x.div_(3, rounding_mode="floor"), [0.0, 1.0]),
    "pow_": (lambda x: x.pow_(2), [1.0, 16.0]),
    "square_": (lambda x: x.square_(), [1.0, 16.0]),
    "/=": (lambda x: x.__itruediv__(2), [0.5, 2.0]),
    "**=": (lambda x: x.__ipow__(2), [1.0, 16.0]),
    "relu_": (lambda x: lesson_lib.relu_(x), [1.0, 4.0]),
    "clamp_": (lambda x: x.clamp_(2, 3), [2.0, 3.0]),
    "masked_fill_": (lambda x: x.masked_fill_(x > 2, 0), [1.0, 0.0]),
    "eq_": (lambda x: x.eq_(1), [1.0, 0.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_forms(name):
    call, expected = IN_PLACE[name]
    x = lesson_lib.tensor([1.0, 4.0])
    assert call(x) is x
    assert x.tolist() == expected
    assert x._version == 1


def test_an_in_place_question_ends_the_history():
    x = lesson_lib.ones(2, requires_grad=True)
    whole, part = x * 1, x * 1
    whole.eq_(1)
    part[:1].gt_(5)
    assert whole.requires_grad is False
    part.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_in_place_keeps_the_dtype():
    x = lesson_lib.tensor([1, 2])
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        x.div_(2)
    assert x.tolist() == [1, 2]
    assert x._version == 0


def test_named_results_print_as_pytorch(torch):
    for call in (lambda lib: lib.tensor([[1.0, 2.0]]).max(1), lambda lib: lib.sort(lib.tensor([2, 1])), lambda lib: lib.tensor([1, 1]).mode()):
        assert repr(call(lesson_lib)) == repr(call(torch))


def test_out_receives_the_result():
    values, indices = lesson_lib.empty(0), lesson_lib.empty(0, dtype=lesson_lib.int64)
    lesson_lib.max(lesson_lib.tensor([[1.0, 3.0]]), 1, out=(values, indices))
    assert (values.tolist(), indices.tolist()) == ([3.0], [1])
    total = lesson_lib.empty(())
    assert lesson_lib.sum(lesson_lib.tensor([1.0, 2.0]), out=total) is total
    assert total.item() == 3.0


def test_floor_division_has_no_gradient():
    x = lesson_lib.tensor([1.0], requires_grad=True)
    y = x // 2
    assert y.grad_fn.name() == "torch::autograd::NotImplemented"
    with pytest.raises(RuntimeError, match="derivative for aten::floor_divide is not implemented"):
        y.sum().backward()


def test_var_of_one_number_warns():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert math.isnan(lesson_lib.tensor([1.0]).var().item())
    assert any("var(): degrees of freedom is <= 0." in str(warning.message) for warning in caught)


def test_allclose_and_equal_are_python_bools():
    x = lesson_lib.tensor([1.0, math.nan])
    assert lesson_lib.allclose(x, x, equal_nan=True) is True
    assert lesson_lib.equal(x, x) is False
    assert lesson_lib.equal(x, x[:1]) is False


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x + "a", TypeError, r"unsupported operand type\(s\) for \+: 'Tensor' and 'str'"),
        (lambda x: x ** "a", TypeError, r"unsupported operand type\(s\) for \*\* or pow\(\): 'Tensor' and 'str'"),
        (lambda x: ~x, TypeError, r"~ \(operator.invert\) is only implemented on integer and Boolean-type tensors"),
        (lambda x: divmod(x, 2), TypeError, r"unsupported operand type\(s\) for divmod\(\): 'Tensor' and 'int'"),
        (lambda x: lesson_lib.maximum(x, 2), TypeError, r"maximum\(\): argument 'other' \(position 2\) must be Tensor, not int"),
        (lambda x: lesson_lib.exp(1.0), TypeError, r"exp\(\): argument 'input' \(position 1\) must be Tensor, not float"),
        (lambda x: x.div(2, rounding_mode="up"), RuntimeError, "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'"),
        (lambda x: x.norm("x"), RuntimeError, "linalg.matrix_norm: Order x not supported."),
        (lambda x: lesson_lib.where(x, x, x), RuntimeError, "where expected condition to be a boolean tensor, but got a tensor with dtype Float"),
        (lambda x: 1 - (x > 0), RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not supported"),
        (lambda x: x.max(1.5), TypeError, r"max\(\) received an invalid combination of arguments"),
        (lambda x: lesson_lib.tensor([1]) ** -1, RuntimeError, "Integers to negative integer powers are not allowed."),
    ],
)  # fmt: skip
def test_messages(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lesson_lib.tensor([1.0, 2.0]))
