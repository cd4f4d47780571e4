"""Three tensors blended in one step."""

from ..core.errors import error
from ..core.op import Elementwise, op
from ..core.tensor import Tensor
from .case import case


def _check_tensors(name, **inputs):
    """Only tensors, of one dtype."""
    first = next(iter(inputs.values()))
    for argument, value in inputs.items():
        if isinstance(value, Tensor) and value.dtype != first.dtype:
            raise error("argument_dtype", expected=_c_name(first.dtype), argument=argument, found=_c_name(value.dtype))


def _c_name(dtype):
    """What PyTorch calls a dtype in a few messages: C++'s word for it."""
    return {"Long": "long int"}.get(dtype.title, dtype.title.lower())


@op
class addcmul(Elementwise):
    """A product added to a tensor, y = x + v·a·b.   ∂y/∂x = 1,  ∂y/∂a = v·b,  ∂y/∂b = v·a.

    >>> import lesson_lib as torch
    >>> torch.addcmul(torch.tensor([1.]), torch.tensor([2.]), torch.tensor([3.]), value=10)
    tensor([61.])

    Source: https://pytorch.org/docs/stable/generated/torch.addcmul.html
    """

    label = "x+v·a·b"

    def signature(input, tensor1, tensor2, *, value=1):
        return input, tensor1, tensor2, {"value": value}

    def forward(xp, x, a, b, *, value):
        return x + a * b * (value if x.dtype.kind in "fc" else int(value))

    def grad_x(g):
        return g

    def grad_a(g, b, value):
        return g * b * value

    def grad_b(g, a, value):
        return g * a * value

    def samples(t):
        yield case(t(2, 3), t(2, 3), t(3), value=2)
        yield case(t(), t(2), t())


@op
class addcdiv(Elementwise):
    """A quotient added to a tensor, y = x + v·a/b.   ∂y/∂x = 1,  ∂y/∂a = v/b,  ∂y/∂b = −v·a/b².

    >>> import lesson_lib as torch
    >>> torch.addcdiv(torch.tensor([1.]), torch.tensor([6.]), torch.tensor([3.]), value=10)
    tensor([21.])

    Source: https://pytorch.org/docs/stable/generated/torch.addcdiv.html
    """

    label = "x+v·a/b"
    signature = lambda input, tensor1, tensor2, *, value=1: (input, tensor1, tensor2, {"value": value})  # noqa: E731

    def forward(xp, x, a, b, *, value):
        if x.dtype.kind not in "fc":
            raise error("addcdiv_int")
        return x + value * (a / b)

    def grad_x(g):
        return g

    def grad_a(g, b, value):
        return g * value / b

    def grad_b(g, a, b, value):
        return -g * value * a / (b * b)

    def samples(t):
        yield case(t(2, 3), t(2, 3), t(3, low=0.5), value=2)

    def errors(t):
        yield case(*(t(2, dtype="int64") for _ in range(3))), RuntimeError, "Integer division with addcdiv is no longer supported"


@op
class lerp(Elementwise):
    """From a to b by the fraction w, y = a + w·(b − a).   ∂y/∂a = 1 − w,  ∂y/∂b = w,  ∂y/∂w = b − a.

    >>> import lesson_lib as torch
    >>> torch.lerp(torch.tensor([0., 10.]), torch.tensor([10., 20.]), 0.25)
    tensor([ 2.5000, 12.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.lerp.html
    """

    kinds, kernel = "fc", "lerp_kernel_scalar"
    overload = lambda inputs, params: int(isinstance(inputs[2], Tensor))  # noqa: E731

    def signature(input, end, weight):
        _check_tensors("lerp", input=input, end=end, weight=weight)
        return input, end, weight, {}

    def forward(xp, a, b, w):
        return a + w * (b - a)

    def grad_a(g, w):
        return g * (1 - w)

    def grad_b(g, w):
        return g * w

    def grad_w(g, a, b):
        return g * (b - a)

    def samples(t):
        yield case(t(2, 3), t(2, 3), 0.25)
        yield case(t(2, 3), t(3), t(2, 1))

    def errors(t):
        yield case(t(2, dtype="float32"), t(2, dtype="float64"), 0.5), RuntimeError, "expected dtype float for `end` but got dtype double"
