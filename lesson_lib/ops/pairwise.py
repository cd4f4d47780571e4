"""Further functions of two tensors, element by element: signs, lengths, steps, common divisors."""

import math

from ..core.dtypes import complex128, float64
from ..core.errors import error
from ..core.op import Elementwise, FloatElementwise, method, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor
from .arithmetic import mismatched
from .case import case
from .power import pow
from .select import where_else
from .transcend import exp2, sigmoid
from .view import broadcast_shapes


def both(t):
    """Two tensors, of one shape or broadcasting."""
    yield case(t(2, 3), t(2, 3))
    yield case(t(2, 1), t(3))


class Pair(Elementwise):
    """A function of two tensors; a number may not stand in for one."""

    numbers, samples, errors = False, both, mismatched


@op
class copysign(FloatElementwise):
    """The size of a with the sign of b, y = ±|a|.   ∂y/∂a = y/a, and 0 where a = 0;  ∂y/∂b = 0.

    Source: https://pytorch.org/docs/stable/generated/torch.copysign.html
    """

    kinds = "biuf"
    overload, errors, numbers = lambda inputs, params: int(isinstance(inputs[1], NUMBERS)), mismatched, "last"

    def forward(xp, a, b):
        return xp.copysign(a, b)

    def grad_a(g, a, y):
        return where_else.op.raw(a == 0, 0, g * (y / where_else.op.raw(a == 0, 1, a)))

    def grad_b(g):
        return g * 0

    def samples(t):
        yield from both(t)
        yield case(t(3), -2.0)


@op
class fmax(Pair):
    """The larger of each two, y = max(a, b); a number wins over nan.   ∂y/∂a = 1 where a ≥ b, ∂y/∂b = 1 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.fmax.html
    """

    kinds, refusal = "biuf", "complex_tensors"
    inplace = False

    def forward(xp, a, b):
        return xp.fmax(a, b)

    def grad_a(g, a, b):
        return where_else.op.raw((a >= b) | (b != b), g, 0)

    def grad_b(g, a, b):
        return where_else.op.raw((a >= b) | (b != b), 0, g)


@op
class fmin(Pair):
    """The smaller of each two, y = min(a, b); a number wins over nan.   ∂y/∂a = 1 where a ≤ b, ∂y/∂b = 1 elsewhere.

    Source: https://pytorch.org/docs/stable/generated/torch.fmin.html
    """

    kinds, refusal = "biuf", "complex_tensors"
    inplace = False

    def forward(xp, a, b):
        return xp.fmin(a, b)

    def grad_a(g, a, b):
        return where_else.op.raw((a <= b) | (b != b), g, 0)

    def grad_b(g, a, b):
        return where_else.op.raw((a <= b) | (b != b), 0, g)


def _no_heaviside_gradient(g):
    raise error("no_derivative", name="heaviside")


@op
class heaviside(Pair):
    """The step function, y = 0 for x < 0, 1 for x > 0, ``values`` at 0. PyTorch defines no gradient for it.

    Source: https://pytorch.org/docs/stable/generated/torch.heaviside.html
    """

    kinds, refusal = "biuf", "complex_not_yet"
    title, promotion = "torch::autograd::NotImplemented", "keep"
    grad_x = grad_values = _no_heaviside_gradient

    def signature(input, values):
        return input, values, {}

    def forward(xp, x, values):
        if x.dtype != values.dtype:
            raise error("heaviside_dtype")
        broadcast_shapes(x.shape, values.shape)  # for its error: NumPy's names three shapes
        return xp.where(x == 0, values, (x > 0).astype(x.dtype))

    def errors(t):
        message = "heaviside is not yet implemented for tensors with different dtypes."
        yield case(t(2), t(2, dtype="int64")), RuntimeError, message


@op
class hypot(Pair):
    """The length of the hypotenuse, y = √(a² + b²), without overflow.   ∂y/∂a = a/y,  ∂y/∂b = b/y.

    Source: https://pytorch.org/docs/stable/generated/torch.hypot.html
    """

    kinds = "f"

    def forward(xp, a, b):
        return xp.hypot(a, b)

    def grad_a(g, a, y):
        return g * (a / y)

    def grad_b(g, b, y):
        return g * (b / y)


def _refuse_masks(values):
    """PyTorch has a kernel for floats with integers, and it knows no masks."""
    number, exponent = values
    if number.dtype.is_floating_point and exponent.dtype.category == 0:
        return error("not_implemented_for", kernel="ldexp_cpu_exp", dtype="Bool")


@op
class ldexp(FloatElementwise):
    """A number times a power of two, y = a·2ᵇ.   ∂y/∂a = 2ᵇ,  ∂y/∂b = y·ln 2.

    Source: https://pytorch.org/docs/stable/generated/torch.ldexp.html
    """

    numbers, errors, refuse = False, mismatched, _refuse_masks
    samples = lambda t: (case(t(2, 3), t(2, 3, low=0, dtype="int64")), case(t(2, 1), t(3)))  # noqa: E731

    def forward(xp, a, b):
        return a * xp.exp2(b)

    def grad_a(g, b):
        return g * exp2(b)

    def grad_b(g, y):
        return g * y * math.log(2)


@op
class logaddexp2(Pair):
    """y = log₂(2ᵃ + 2ᵇ) without overflow.   ∂y/∂a = σ((a − b)·ln 2),  ∂y/∂b = σ((b − a)·ln 2).

    Source: https://pytorch.org/docs/stable/generated/torch.logaddexp2.html
    """

    inplace, kinds, kernel = False, "f", "logaddexp2_cpu"

    def forward(xp, a, b):
        return xp.logaddexp2(a, b)

    def grad_a(g, a, b):
        return g * sigmoid((a - b) * math.log(2))

    def grad_b(g, a, b):
        return g * sigmoid((b - a) * math.log(2))


@op
class nextafter(Pair):
    """The next floating-point number after a in the direction of b, y = a ± one unit in the last place.   ∂y/∂a = 1, and 0 where a = b;  ∂y/∂b = 0.

    Source: https://pytorch.org/docs/stable/generated/torch.nextafter.html
    """

    kinds, half = "f", "exact"

    def forward(xp, a, b):
        return xp.nextafter(a, b)

    def grad_a(g, a, b):
        return where_else.op.raw(a == b, 0, g)

    def grad_b(g):
        return g * 0


class Divisor(Pair):
    """A function of integers."""

    kinds = "iu"
    samples = lambda t: (case(t(2, 3, low=-9, high=9, dtype="int64"), t(2, 3, low=-9, high=9, dtype="int64")),)  # noqa: E731

    def errors(t):
        yield case(t(2), t(2)), NotImplementedError, '"'


@op
class gcd(Divisor):
    """The greatest common divisor, the largest y with a = m·y and b = n·y. Source: https://pytorch.org/docs/stable/generated/torch.gcd.html"""

    def forward(xp, a, b):
        return xp.gcd(a, b)


@op
class lcm(Divisor):
    """The least common multiple, the smallest y > 0 with y = m·a = n·b. Source: https://pytorch.org/docs/stable/generated/torch.lcm.html"""

    def forward(xp, a, b):
        return xp.lcm(a, b)


def _double(value):
    """A tensor in double precision, complex or not."""
    if not isinstance(value, Tensor):
        return value
    return value.to(complex128 if value.is_complex() else float64)


@method(inplace=True)
def float_power(input, exponent, *, out=None):
    """Power in double precision, y = aᵇ. Source: https://pytorch.org/docs/stable/generated/torch.float_power.html"""
    result = pow(_double(input), _double(exponent))
    return result if out is None else Tensor._write_out(out, result, "float_power", (input, exponent))
