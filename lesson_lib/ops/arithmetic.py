"""Sums, products and quotients: the arithmetic of arrays."""

from ..core.errors import error
from ..core.mutation import make_inplace
from ..core.op import Elementwise, FloatElementwise, method, op
from ..core.tensor import Tensor
from .case import case
from .conjugate import sgn


def pairs(t):
    """Cases for an op of two tensors: equal shapes, broadcasting both ways, a number on either side, 0-d and empty."""
    yield case(t(2, 3), t(2, 3))
    yield case(t(2, 1), t(3))
    yield case(t(3), 2.5)
    yield case(t(), t(2))
    yield case(t(0, 2), t(2))


def quotients(t):
    """Pairs whose second operand keeps away from 0."""
    yield case(t(2, 3), t(2, 3, low=0.5))
    yield case(t(2, 1), t(3, low=-3, high=-1))
    yield case(t(3), 2.5)
    yield case(t(0, 2), t(2, low=1))


def singles(t):
    """Cases for an op of one tensor: a matrix, a 0-d tensor, an empty one."""
    yield case(t(2, 3))
    yield case(t())
    yield case(t(0))


def mismatched(t):
    """Shapes that do not broadcast."""
    message = "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1"
    yield case(t(4, 2), t(3)), RuntimeError, message


def _scaled(input, other, *, alpha=1):
    """``alpha`` times the second operand, as add and sub offer it."""
    if alpha is True or alpha is False:
        raise error("alpha_bool")
    if isinstance(alpha, float) and not any(isinstance(v, float) or (isinstance(v, Tensor) and v.is_floating_point()) for v in (input, other)):
        raise error("alpha_float")
    if _is_bool(input) and _is_bool(other):
        alpha = bool(alpha)  # masks stay masks
    return input, other if alpha == 1 else other * alpha, {}


def _is_bool(value):
    return isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")


def _refuse_bool(values):
    if any(map(_is_bool, values)):
        return error("bool_subtract" if all(map(_is_bool, values)) else "bool_subtract_one")


@op
class add(Elementwise):
    r"""Sum with broadcasting, $y = a + \alpha b$.   ∂y/∂a = 1,  ∂y/∂b = α.

    >>> import lesson_lib as torch
    >>> torch.add(torch.tensor([1, 2]), 10)
    tensor([11, 12])

    Source: https://pytorch.org/docs/stable/generated/torch.add.html
    """

    symbol = "+"
    signature = _scaled
    errors = mismatched

    def forward(xp, a, b):
        return a + b

    def grad_a(g):
        return g

    def grad_b(g):
        return g

    def samples(t):
        yield from pairs(t)
        yield case(t(2), t(2), alpha=3)


@op
class sub(Elementwise):
    r"""Difference with broadcasting, $y = a - \alpha b$.   ∂y/∂a = 1,  ∂y/∂b = −α.

    >>> import lesson_lib as torch
    >>> torch.sub(torch.tensor([5, 3]), torch.tensor([1, 1]), alpha=2)
    tensor([3, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.sub.html
    """

    symbol, aliases = "-", ("subtract",)
    signature = lambda input, other, *, alpha=1: _scaled(input, other, alpha=alpha)  # noqa: E731 - each declaration names its own
    samples, refuse = add.op.samples, _refuse_bool

    def forward(xp, a, b):
        return a - b

    def grad_a(g):
        return g

    def grad_b(g):
        return -g

    def explain(exc, arrays, params):
        return _refuse_bool(arrays)

    def errors(t):
        yield from mismatched(t)
        yield case(t(2, dtype="bool"), t(2, dtype="bool")), RuntimeError, "Subtraction, the `-` operator, with two bool tensors"
        yield case(t(2, dtype="bool"), 1), RuntimeError, "Subtraction, the `-` operator, with a bool tensor"


@op
class rsub(Elementwise):
    """Difference the other way round, y = b − α·a: what Python calls for ``1 - x``.   ∂y/∂a = −α,  ∂y/∂b = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.sub.html
    """

    title, label, public, refuse, numbers = "RsubBackward1", "−", False, _refuse_bool, "last"
    samples = lambda t: (case(t(2, 3), 2.5), case(t(), 1), case(t(2), 2.5, alpha=3))  # noqa: E731

    def signature(input, other, *, alpha=1):
        b, a, params = _scaled(other, input, alpha=alpha)
        return a, b, params

    def forward(xp, a, b):
        return b - a

    def grad_a(g):
        return -g

    def grad_b(g):
        return g


@op
class mul(Elementwise):
    """Product with broadcasting, y = a·b.   ∂y/∂a = b,  ∂y/∂b = a.

    >>> import lesson_lib as torch
    >>> torch.tensor([1., 2.]) * torch.tensor([[10.], [100.]])
    tensor([[ 10.,  20.],
            [100., 200.]])

    Source: https://pytorch.org/docs/stable/generated/torch.mul.html
    """

    symbol, aliases = "*", ("multiply",)
    samples, errors = pairs, mismatched

    def forward(xp, a, b):
        return a * b

    def grad_a(g, b):
        return g * b

    def grad_b(g, a):
        return g * a


@op
class true_div(FloatElementwise):
    """Quotient with broadcasting, y = a/b.   ∂y/∂a = 1/b,  ∂y/∂b = −a/b² = −y/b.

    Source: https://pytorch.org/docs/stable/generated/torch.div.html
    """

    symbol, title, public = "/", "Div", False  # the public function is div, in division.py
    samples, errors = quotients, mismatched

    def forward(xp, a, b):
        return xp.true_divide(a, b)

    def grad_a(g, b):
        return g / b

    def grad_b(g, a, b):
        return -g * ((a / b) / b)  # not from y: y may be written to afterwards, as PyTorch allows


@op
class reciprocal(FloatElementwise):
    """One over x, y = 1/x.   ∂y/∂x = −1/x² = −y².

    >>> import lesson_lib as torch
    >>> torch.reciprocal(torch.tensor([2., -4.]))
    tensor([ 0.5000, -0.2500])

    Source: https://pytorch.org/docs/stable/generated/torch.reciprocal.html
    """

    label = "1/x"

    def forward(xp, x):
        return xp.true_divide(1, x)

    def grad_x(g, y):
        return -g * y * y

    def samples(t):
        yield case(t(2, 3, low=0.5))
        yield case(t(low=-3, high=-1))
        yield case(t(0))


@op
class neg(Elementwise):
    """Negation, y = −x.   ∂y/∂x = −1.

    >>> import lesson_lib as torch
    >>> -torch.tensor([1, -2])
    tensor([-1,  2])

    Source: https://pytorch.org/docs/stable/generated/torch.neg.html
    """

    aliases, label, samples = ("negative",), "−", singles

    def forward(xp, x):
        return -x

    def explain(exc, arrays, params):
        return error("bool_negative") if arrays[0].dtype.kind == "b" else None

    def grad_x(g):
        return -g

    def errors(t):
        yield case(t(2, dtype="bool")), RuntimeError, "Negation, the `-` operator, on a bool tensor is not supported."


@op
class sign(Elementwise):
    """−1, 0 or 1, y = sign(x); 0 for nan.   ∂y/∂x = 0 wherever it exists.

    >>> import lesson_lib as torch
    >>> torch.sign(torch.tensor([-3., 0., 5.]))
    tensor([-1.,  0.,  1.])

    Source: https://pytorch.org/docs/stable/generated/torch.sign.html
    """

    kinds, refusal = "biuf", "complex_sign"
    samples = singles

    def forward(xp, x):
        return xp.subtract(x > 0, x < 0, dtype=x.dtype) if x.dtype.kind != "b" else x.copy()

    def grad_x(g):
        return g * 0


@op
class abs(Elementwise):
    """Absolute value, y = |x|.   ∂y/∂x = sign(x), which is 0 at 0.

    >>> import lesson_lib as torch
    >>> torch.abs(torch.tensor([-3, 2]))
    tensor([3, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.abs.html
    """

    aliases, label, kinds, samples = ("absolute",), "|x|", "iufc", singles

    def forward(xp, x):
        return xp.absolute(x)

    def grad_x(g, x):
        return g * sgn(x)


@method()
def positive(input):
    """The tensor itself, +x = x.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.positive(torch.tensor([-3, 2]))
    tensor([-3,  2])

    Source: https://pytorch.org/docs/stable/generated/torch.positive.html
    """
    if _is_bool(input):
        raise error("bool_positive")
    return input


def _divide_number(self, other):
    """``2 / x`` is 2·(1/x), as PyTorch computes it."""
    return reciprocal(self) * other


Tensor.__neg__, Tensor.__pos__, Tensor.__abs__ = neg, positive, abs
Tensor.__rsub__ = rsub.op.raw
Tensor.__truediv__, Tensor.__rtruediv__, Tensor.__itruediv__ = true_div, _divide_number, make_inplace(true_div, "div")
subtract, multiply, negative, absolute = sub, mul, neg, abs  # PyTorch's second names
Tensor.__rdiv__ = _divide_number  # PyTorch keeps the name that Python 2 had
