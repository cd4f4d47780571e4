"""gradcheck finds wrong gradients, accepts right ones, and says so in PyTorch's words."""

import pytest

import lesson_lib as torch
from lesson_lib.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck


class Tripled(torch.autograd.Function):
    """Doubles, and claims to triple."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


class Detached(torch.autograd.Function):
    """A right first derivative whose own derivative is lost."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (2 * x).detach()


def numbers(**options):
    return torch.tensor([[0.5, -1.0], [2.0, 1.5]], dtype=torch.float64, requires_grad=True, **options)


@pytest.mark.parametrize("fast", [False, True])
def test_right_gradients_pass(fast):
    assert gradcheck(lambda x, y: (x.exp() * y, (x @ y).sin()), (numbers(), numbers()), fast_mode=fast)
    assert gradgradcheck(lambda x, y: x.tanh() * y**3, (numbers(), numbers()), fast_mode=fast)


@pytest.mark.parametrize("fast", [False, True])
def test_a_wrong_gradient_is_found(fast):
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0,"):
        gradcheck(Tripled.apply, numbers(), fast_mode=fast)
    assert gradcheck(Tripled.apply, numbers(), fast_mode=fast, raise_exception=False) is False


def test_a_wrong_second_derivative_is_found():
    assert gradcheck(Detached.apply, numbers())
    with pytest.raises(GradcheckError):
        gradgradcheck(Detached.apply, numbers())


def test_the_first_lines_are_pytorchs():
    with pytest.raises(ValueError, match="gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."):
        gradcheck(lambda x: x, numbers().detach())
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, numbers())
    assert issubclass(GradcheckError, RuntimeError)


def test_float32_is_warned_of():
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision floating point or complex"):
        gradcheck(lambda x: x * 2, numbers().detach().float().requires_grad_(), eps=1e-2, atol=1e-2)
