"""Circular and hyperbolic functions and their inverses."""

import math

from ..core.op import op
from .arithmetic import mismatched
from .case import case
from .power import rsqrt
from .select import where_else
from .transcend import Smooth


def _in_the_unit_interval(t):
    yield case(t(2, 3, low=-0.9, high=0.9))
    yield case(t(low=-0.9, high=0.9))


@op
class sin(Smooth):
    """Sine, y = sin x.   ∂y/∂x = cos x.

    >>> import lesson_lib as torch
    >>> torch.sin(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8415])

    Source: https://pytorch.org/docs/stable/generated/torch.sin.html
    """

    def forward(xp, x):
        return xp.sin(x)

    def grad_x(g, x):
        return g * cos(x)


@op
class cos(Smooth):
    """Cosine, y = cos x.   ∂y/∂x = −sin x.

    >>> import lesson_lib as torch
    >>> torch.cos(torch.tensor([0., 1.]))
    tensor([1.0000, 0.5403])

    Source: https://pytorch.org/docs/stable/generated/torch.cos.html
    """

    def forward(xp, x):
        return xp.cos(x)

    def grad_x(g, x):
        return g * -sin(x)


@op
class tan(Smooth):
    """Tangent, y = tan x.   ∂y/∂x = 1 + y².

    >>> import lesson_lib as torch
    >>> torch.tan(torch.tensor([0., 1.]))
    tensor([0.0000, 1.5574])

    Source: https://pytorch.org/docs/stable/generated/torch.tan.html
    """

    samples = _in_the_unit_interval

    def forward(xp, x):
        return xp.tan(x)

    def grad_x(g, y):
        return g * (1 + y * y)


@op
class asin(Smooth):
    """Inverse sine, y = arcsin x.   ∂y/∂x = 1/√(1 − x²).

    >>> import lesson_lib as torch
    >>> torch.asin(torch.tensor([0., 1.]))
    tensor([0.0000, 1.5708])

    Source: https://pytorch.org/docs/stable/generated/torch.asin.html
    """

    aliases, samples = ("arcsin",), _in_the_unit_interval

    def forward(xp, x):
        return xp.arcsin(x)

    def grad_x(g, x):
        return g * rsqrt(1 - x * x)


@op
class acos(Smooth):
    """Inverse cosine, y = arccos x.   ∂y/∂x = −1/√(1 − x²).

    >>> import lesson_lib as torch
    >>> torch.acos(torch.tensor([0., 1.]))
    tensor([1.5708, 0.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.acos.html
    """

    aliases, samples = ("arccos",), _in_the_unit_interval

    def forward(xp, x):
        return xp.arccos(x)

    def grad_x(g, x):
        return g * -rsqrt(1 - x * x)


@op
class atan(Smooth):
    """Inverse tangent, y = arctan x.   ∂y/∂x = 1/(1 + x²).

    >>> import lesson_lib as torch
    >>> torch.atan(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7854])

    Source: https://pytorch.org/docs/stable/generated/torch.atan.html
    """

    aliases = ("arctan",)

    def forward(xp, x):
        return xp.arctan(x)

    def grad_x(g, x):
        return g / (1 + x * x)


def _over_square(g, a, b):
    """g/(a² + b²), and 0 at the origin, which has no angle."""
    square = a * a + b * b
    return where_else.op.raw(square == 0, 0, g / square)


@op
class atan2(Smooth):
    """The angle of the point (b, a), y = arctan(a/b) in the right quadrant.   ∂y/∂a = b/(a² + b²),  ∂y/∂b = −a/(a² + b²).

    >>> import lesson_lib as torch
    >>> torch.atan2(torch.tensor([1., 1.]), torch.tensor([1., -1.]))
    tensor([0.7854, 2.3562])

    Source: https://pytorch.org/docs/stable/generated/torch.atan2.html
    """

    kinds = "biuf"
    aliases, numbers = ("arctan2",), False
    errors = mismatched
    samples = lambda t: (case(t(2, 3), t(2, 3)), case(t(2, 1), t(3)))  # noqa: E731

    def forward(xp, a, b):
        return xp.arctan2(a, b)

    def grad_a(g, a, b):
        return _over_square(g * b, a, b)

    def grad_b(g, a, b):
        return _over_square(g * -a, a, b)


@op
class sinh(Smooth):
    """Hyperbolic sine, y = (eˣ − e⁻ˣ)/2.   ∂y/∂x = cosh x.

    >>> import lesson_lib as torch
    >>> torch.sinh(torch.tensor([0., 1.]))
    tensor([0.0000, 1.1752])

    Source: https://pytorch.org/docs/stable/generated/torch.sinh.html
    """

    def forward(xp, x):
        return xp.sinh(x)

    def grad_x(g, x):
        return g * cosh(x)


@op
class cosh(Smooth):
    """Hyperbolic cosine, y = (eˣ + e⁻ˣ)/2.   ∂y/∂x = sinh x.

    >>> import lesson_lib as torch
    >>> torch.cosh(torch.tensor([0., 1.]))
    tensor([1.0000, 1.5431])

    Source: https://pytorch.org/docs/stable/generated/torch.cosh.html
    """

    def forward(xp, x):
        return xp.cosh(x)

    def grad_x(g, x):
        return g * sinh(x)


@op
class tanh(Smooth):
    """Hyperbolic tangent, y = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).   ∂y/∂x = 1 − y².

    >>> import lesson_lib as torch
    >>> torch.tanh(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7616])

    Source: https://pytorch.org/docs/stable/generated/torch.tanh.html
    """

    def forward(xp, x):
        return xp.tanh(x)

    def grad_x(g, y):
        return g * (1 - y * y)


@op
class asinh(Smooth):
    """Inverse hyperbolic sine, sinh y = x.   ∂y/∂x = 1/√(x² + 1).

    >>> import lesson_lib as torch
    >>> torch.asinh(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8814])

    Source: https://pytorch.org/docs/stable/generated/torch.asinh.html
    """

    aliases = ("arcsinh",)

    def forward(xp, x):
        return xp.arcsinh(x)

    def grad_x(g, x):
        return g * rsqrt(x * x + 1)


@op
class acosh(Smooth):
    """Inverse hyperbolic cosine, cosh y = x.   ∂y/∂x = 1/√(x² − 1).

    >>> import lesson_lib as torch
    >>> torch.acosh(torch.tensor([1., 2.]))
    tensor([0.0000, 1.3170])

    Source: https://pytorch.org/docs/stable/generated/torch.acosh.html
    """

    aliases = ("arccosh",)
    samples = lambda t: (case(t(2, 3, low=1.5)),)  # noqa: E731

    def forward(xp, x):
        return xp.arccosh(x)

    def grad_x(g, x):
        return g * rsqrt(x * x - 1)


@op
class atanh(Smooth):
    """Inverse hyperbolic tangent, tanh y = x.   ∂y/∂x = 1/(1 − x²).

    >>> import lesson_lib as torch
    >>> torch.atanh(torch.tensor([0., 0.5]))
    tensor([0.0000, 0.5493])

    Source: https://pytorch.org/docs/stable/generated/torch.atanh.html
    """

    aliases, samples = ("arctanh",), _in_the_unit_interval

    def forward(xp, x):
        return xp.arctanh(x)

    def grad_x(g, x):
        return g / (1 - x * x)


arcsin, arccos, arctan, arctan2, arcsinh, arccosh, arctanh = asin, acos, atan, atan2, asinh, acosh, atanh  # PyTorch's second names


@op
class sinc(Smooth):
    """The normalised sinc, y = sin(πx)/(πx), and 1 at 0.   ∂y/∂x = (πx·cos(πx) − sin(πx))/(πx²).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.sinc
    """

    def forward(xp, x):
        angle = x * math.pi
        return xp.where(x == 0, 1, xp.sin(angle) / xp.where(x == 0, 1, angle)).astype(x.dtype)

    def grad_x(g, x):
        angle, safe = x * math.pi, where_else.op.raw(x == 0, 1, x)
        return g * where_else.op.raw(x == 0, 0, (angle * cos(angle) - sin(angle)) / (safe * safe * math.pi))
