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


class Broken(torch.autograd.Function):
    """Two outputs, and a backward that does not expect one of them to be left unused."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, g, h):
        return torch.ones(2, 2, dtype=torch.float64) if g is None or h is None else g * 2 + h * 3


def test_a_gradient_left_out_is_noticed():
    assert gradcheck(lambda x: (x * 2, x * 3), numbers())
    with pytest.raises(GradcheckError):
        gradcheck(Broken.apply, numbers())


def test_complex_numbers_count_as_two():
    z = torch.tensor([1 + 2j, -0.5 + 1j], dtype=torch.complex128, requires_grad=True)
    assert gradcheck(lambda z: z * z.conj() + z.exp(), (z,)) and gradcheck(lambda z: z.abs(), z) and gradgradcheck(lambda z: z**3, z)
    with pytest.raises(GradcheckError):
        gradcheck(Tripled.apply, z)


@pytest.mark.parametrize("function", [lambda x: x.exp() * x, lambda x: (x.sin(), x @ x)])
def test_the_other_ways_agree(function):
    assert gradcheck(function, numbers(), check_forward_ad=True, check_batched_grad=True)
    assert gradcheck(function, numbers(), check_forward_ad=True, check_backward_ad=False)
    assert gradgradcheck(function, numbers(), check_fwd_over_rev=True, check_batched_grad=True)


def test_a_wrong_gradient_is_found_by_forward_mode():
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0,"):
        gradcheck(Tripled.apply, numbers(), check_forward_ad=True, check_backward_ad=False)


@pytest.mark.parametrize("options", [
    {"check_backward_ad": False}, {"check_batched_forward_grad": True}, {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
])  # fmt: skip
def test_options_that_do_not_fit(torch, options):
    """The words are PyTorch's."""
    import lesson_lib

    words = []
    for library in (torch, lesson_lib):
        with pytest.raises(AssertionError) as caught:
            library.autograd.gradcheck(lambda x: x * 2, library.ones(2, dtype=library.float64, requires_grad=True), **options)
        words.append(str(caught.value))
    assert words[0] == words[1]
