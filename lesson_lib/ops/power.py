"""Powers and roots."""

import cmath
import math

import numpy as np

from ..core.dtypes import FLOATING
from ..core.errors import error
from ..core.mutation import make_inplace
from ..core.op import Elementwise, FloatElementwise, method, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor
from .arithmetic import mismatched
from .case import case
from .conjugate import is_complex_valued
from .overwrite import fitting
from .select import where_else
from .transcend import log


def _power(xp, x, exponent):
    """``x ** exponent``; the commonest exponents without NumPy's general and slow power."""
    if exponent == 2:
        return x * x
    if exponent == 3:
        return x * x * x
    if exponent == 0.5 and x.dtype.kind == "f":
        return xp.sqrt(x)
    if exponent == -0.5 and x.dtype.kind == "f":
        return 1 / xp.sqrt(x)
    if exponent == -1 and x.dtype.kind == "f":
        return 1 / x
    if x.dtype.kind == "b":  # the exponent is True or False
        return x | (not exponent)
    return xp.power(x, exponent)


def not_negative(b):
    """True where 0ᵇ is flat: for a real b ≥ 0, and for a complex one on that half of the real axis."""
    return (b.imag == 0) & (b.real >= 0) if is_complex_valued(b) else b >= 0


def _elementwise_power(xp, a, b):
    """``a ** b``; an integer to a negative power is 0, but for ±1."""
    if getattr(a, "dtype", getattr(b, "dtype", None)).kind not in "iu":
        return xp.power(a, b)
    return xp.where((b < 0) & (a * a != 1), 0, xp.power(a, xp.absolute(b)))


class Power(Elementwise):
    """A base raised to an exponent."""

    public, label = False, "pow"

    def explain(exc, arrays, params):
        if isinstance(exc, ValueError) and "negative integer" in str(exc):
            return error("int_pow")


@op
class pow_scalar(Power):
    """A tensor to the power of a number, y = xⁿ.   ∂y/∂x = n·xⁿ⁻¹, and 0 for n = 0."""

    title = "PowBackward0"

    def forward(xp, x, exponent):
        return _power(xp, x, exponent)

    def grad_x(g, x, exponent):
        return g * 0 if exponent == 0 else g * (exponent * pow(x, exponent - 1))

    def samples(t):
        yield case(t(2, 3), 2)
        yield case(t(2, 3), 3)
        yield case(t(3), 0)
        yield case(t(low=0.5), -1.5)
        yield case(t(0, low=0.5), 0.5)


@op
class pow_tensor(Power):
    """A tensor to the power of a tensor, y = aᵇ.   ∂y/∂a = b·aᵇ⁻¹,  ∂y/∂b = aᵇ·ln a (0 where a = 0 and b ≥ 0)."""

    title = "PowBackward1"
    kinds, kernel = "iufc", "pow"
    errors = mismatched

    def forward(xp, a, b):
        return _elementwise_power(xp, a, b)

    def grad_a(g, a, b):
        return where_else.op.raw(b == 0, 0, g * (b * pow(a, b - 1)))

    def grad_b(g, a, b, y):
        return where_else.op.raw((a == 0) & not_negative(b), 0, g * (y * log(a)))

    def samples(t):
        yield case(t(2, 3, low=0.5), t(2, 3))
        yield case(t(2, 1, low=0.5), t(3))


@op
class pow_base(Power):
    """A number to the power of a tensor, y = cˣ.   ∂y/∂x = cˣ·ln c, and 0 for c = 0 where x ≥ 0."""

    title = "PowBackward2"
    kinds, kernel = "iufc", "pow"

    def forward(xp, base, x):
        return _elementwise_power(xp, base, x)

    def grad_x(g, base, x, y):
        if base == 0:  # 0ˣ is 0 or, for x < 0, infinite
            return where_else.op.raw(not_negative(x), 0, g * (y * -math.inf))
        return g * (y * _log_of(base))

    def samples(t):
        yield case(2, t(2, 3))
        yield case(0.5, t())


def _log_of(number):
    if isinstance(number, complex):
        return cmath.log(number)
    return math.log(number) if number > 0 else math.nan


def _checked(exponent, input):
    """An integer exponent, unless PyTorch refuses to raise this tensor to it."""
    if not isinstance(input, Tensor):  # a rule at work
        return exponent
    if exponent < 0 and input.dtype.category < FLOATING:
        raise error("int_pow")
    return fitting(exponent, input)


@method(inplace=True)
def pow(input, exponent, *, out=None):
    """Power with broadcasting, y = aᵇ; either may be a number.   ∂y/∂a = b·aᵇ⁻¹,  ∂y/∂b = aᵇ·ln a.

    >>> import lesson_lib as torch
    >>> torch.pow(torch.tensor([1., 2., 3.]), 2)
    tensor([1., 4., 9.])

    Source: https://pytorch.org/docs/stable/generated/torch.pow.html
    """
    if not hasattr(exponent, "dtype") or isinstance(exponent, np.generic):
        result = pow_scalar.op.raw(input, _checked(exponent, input) if type(exponent) is int and not 0 <= exponent < 128 else exponent)
    elif not hasattr(input, "dtype"):
        result = pow_base.op.raw(input, exponent)
    else:
        result = pow_tensor.op.raw(input, exponent)
    return result if out is None else Tensor._write_out(out, result, "pow")


def _pow_operator(self, exponent):
    """``x ** n``; Python asks the other side if the exponent is no number and no tensor."""
    return pow(self, exponent) if isinstance(exponent, (Tensor, np.generic, *NUMBERS)) else NotImplemented


def _rpow_operator(self, base):
    return pow(base, self) if isinstance(base, (Tensor, np.generic, *NUMBERS)) else NotImplemented


Tensor.__pow__, Tensor.__rpow__, Tensor.__ipow__ = _pow_operator, _rpow_operator, make_inplace(pow, "pow")


@method(inplace=True)
def square(input, *, out=None):
    """The square, y = x².   ∂y/∂x = 2x.

    >>> import lesson_lib as torch
    >>> torch.square(torch.tensor([-3., 2.]))
    tensor([9., 4.])

    Source: https://pytorch.org/docs/stable/generated/torch.square.html
    """
    return pow(input, 2, out=out)


@op
class sqrt(FloatElementwise):
    """Square root, y = √x.   ∂y/∂x = 1/(2y), which is infinite at 0.

    >>> import lesson_lib as torch
    >>> torch.sqrt(torch.tensor([4., 9.]))
    tensor([2., 3.])

    Source: https://pytorch.org/docs/stable/generated/torch.sqrt.html
    """

    label = "√"

    def forward(xp, x):
        return xp.sqrt(x)

    def grad_x(g, y):
        return g / (2 * y)

    def samples(t):
        yield case(t(2, 3, low=0.5))
        yield case(t(low=0.5))
        yield case(t(0))


@op
class rsqrt(FloatElementwise):
    """One over the square root, y = 1/√x.   ∂y/∂x = −y³/2.

    >>> import lesson_lib as torch
    >>> torch.rsqrt(torch.tensor([4., 0.25]))
    tensor([0.5000, 2.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.rsqrt.html
    """

    label = "1/√"
    samples = lambda t: (case(t(2, 3, low=0.5)), case(t(low=0.5)))  # noqa: E731

    def forward(xp, x):
        return 1 / xp.sqrt(x)

    def grad_x(g, y):
        return g * (-0.5 * (y * y * y))
