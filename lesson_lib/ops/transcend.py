"""Exponentials, logarithms and their relatives."""

import math

from ..core.op import FloatElementwise, op
from ..core.promote import COMMON, NUMBERS
from .arithmetic import mismatched, singles
from .case import case
from .select import where_else


def positives(t):
    """Inputs above 0."""
    yield case(t(2, 3, low=0.5))
    yield case(t(low=0.5))
    yield case(t(0, low=0.5))


class Smooth(FloatElementwise):
    """A smooth function of each element; integers become floats first."""

    samples = singles


@op
class exp(Smooth):
    """The exponential, y = eˣ.   ∂y/∂x = y.

    >>> import lesson_lib as torch
    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])

    Source: https://pytorch.org/docs/stable/generated/torch.exp.html
    """

    label = "eˣ"

    def forward(xp, x):
        return xp.exp(x)

    def grad_x(g, y):
        return g * y


@op
class exp2(Smooth):
    """Powers of two, y = 2ˣ.   ∂y/∂x = y·ln 2.

    >>> import lesson_lib as torch
    >>> torch.exp2(torch.tensor([0., 3.]))
    tensor([1., 8.])

    Source: https://pytorch.org/docs/stable/generated/torch.exp2.html
    """

    label = "2ˣ"

    def forward(xp, x):
        return xp.exp2(x)

    def grad_x(g, y):
        return g * (y * math.log(2))


@op
class expm1(Smooth):
    """y = eˣ − 1, exact for small x too.   ∂y/∂x = y + 1.

    >>> import lesson_lib as torch
    >>> torch.expm1(torch.tensor([0., 1.]))
    tensor([0.0000, 1.7183])

    Source: https://pytorch.org/docs/stable/generated/torch.expm1.html
    """

    label = "eˣ−1"

    def forward(xp, x):
        return xp.expm1(x)

    def grad_x(g, y):
        return g * (y + 1)


@op
class log(Smooth):
    """The natural logarithm, y = ln x.   ∂y/∂x = 1/x.

    >>> import lesson_lib as torch
    >>> torch.log(torch.tensor([1., 10.]))
    tensor([0.0000, 2.3026])

    Source: https://pytorch.org/docs/stable/generated/torch.log.html
    """

    label, samples = "ln", positives

    def forward(xp, x):
        return xp.log(x)

    def grad_x(g, x):
        return g / x


@op
class log2(Smooth):
    """The logarithm to base 2, y = log₂ x.   ∂y/∂x = 1/(x·ln 2).

    >>> import lesson_lib as torch
    >>> torch.log2(torch.tensor([1., 8.]))
    tensor([0., 3.])

    Source: https://pytorch.org/docs/stable/generated/torch.log2.html
    """

    label, samples = "log₂", positives

    def forward(xp, x):
        return xp.log2(x)

    def grad_x(g, x):
        return g / (x * math.log(2))


@op
class log10(Smooth):
    """The logarithm to base 10, y = log₁₀ x.   ∂y/∂x = 1/(x·ln 10).

    >>> import lesson_lib as torch
    >>> torch.log10(torch.tensor([1., 100.]))
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.log10.html
    """

    label, samples = "log₁₀", positives

    def forward(xp, x):
        return xp.log10(x, dtype="float64").astype(x.dtype) if x.dtype.kind == "f" else xp.log10(x)  # NumPy's float32 log10(100) is not 2

    def grad_x(g, x):
        return g / (x * math.log(10))


def log_one_plus(xp, e):
    """ln(1 + e) for 0 ≤ e ≤ 1, on arrays: the logarithm of the rounded sum, and what the rounding took. NumPy's ``log1p`` takes three times as long."""
    u = 1 + e
    lost = e - (u - 1)
    lost /= u
    lost += xp.log(u)
    return lost


@op
class log1p(Smooth):
    """y = ln(1 + x), exact for small x too.   ∂y/∂x = 1/(1 + x).

    >>> import lesson_lib as torch
    >>> torch.log1p(torch.tensor([0., 1.]))
    tensor([0.0000, 0.6931])

    Source: https://pytorch.org/docs/stable/generated/torch.log1p.html
    """

    label, title, samples = "ln(1+x)", "Log1P", positives

    def forward(xp, x):
        return xp.log1p(x)

    def grad_x(g, x):
        return g / (x + 1)


def log_of_sum(xp, a, b):
    """ln(eᵃ + eᵇ); of complex numbers with the larger one taken out."""
    if a.dtype.kind != "c":
        return xp.logaddexp(a, b)
    first = a.real >= b.real
    large, small = xp.where(first, a, b), xp.where(first, b, a)
    return large + xp.log(1 + xp.exp(small - large))


@op
class logaddexp(Smooth):
    """y = ln(eᵃ + eᵇ) without overflow.   ∂y/∂a = σ(a − b),  ∂y/∂b = σ(b − a).

    >>> import lesson_lib as torch
    >>> torch.logaddexp(torch.tensor([1000.]), torch.tensor([1000.]))
    tensor([1000.6932])

    Source: https://pytorch.org/docs/stable/generated/torch.logaddexp.html
    """

    inplace, numbers, kinds, promotion = False, False, "fc", COMMON
    errors = mismatched
    samples = lambda t: (case(t(2, 3), t(2, 3)), case(t(2, 1), t(3)))  # noqa: E731

    def forward(xp, a, b):
        return log_of_sum(xp, a, b)

    def grad_a(g, a, b):
        return g * sigmoid(a - b)

    def grad_b(g, a, b):
        return g * sigmoid(b - a)


@op
class sigmoid(Smooth):
    r"""The logistic function, $y = \sigma(x) = 1/(1+e^{-x})$.   ∂y/∂x = y·(1 − y).

    >>> import lesson_lib as torch
    >>> torch.sigmoid(torch.tensor([0., 2.]))
    tensor([0.5000, 0.8808])

    Source: https://pytorch.org/docs/stable/generated/torch.sigmoid.html
    """

    label = "σ"

    def forward(xp, x):
        return 1 / (1 + xp.exp(-x))

    def grad_x(g, y):
        return g * (y * (1 - y))


@op
class logit(Smooth):
    """The inverse of the sigmoid, y = ln(x/(1 − x)); ``eps`` keeps x in [eps, 1 − eps].   ∂y/∂x = 1/(x·(1 − x)).

    >>> import lesson_lib as torch
    >>> torch.logit(torch.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])

    Source: https://pytorch.org/docs/stable/generated/torch.logit.html
    """

    kinds = "biuf"
    signature = lambda input, eps=None: (input, {"eps": eps})  # noqa: E731
    samples = lambda t: (case(t(2, 3, low=0.1, high=0.9)), case(t(3, low=-0.5, high=1.5), 0.25))  # noqa: E731

    def forward(xp, x, *, eps):
        x = x if eps is None else xp.minimum(xp.maximum(x, eps), 1 - eps)
        return xp.log(x / (1 - x))

    def grad_x(g, x, eps):
        low, outside = (0, math.nan) if eps is None else (eps, 0)
        return where_else.op.raw((x >= low) & (x <= 1 - low), g / (x * (1 - x)), outside)


@op
class erf(Smooth):
    r"""The error function, $y = \frac{2}{\sqrt\pi}\int_0^x e^{-t^2}\,dt$.   ∂y/∂x = (2/√π)·e^(−x²).

    >>> import lesson_lib as torch
    >>> torch.erf(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8427])

    Source: https://pytorch.org/docs/stable/generated/torch.erf.html
    """

    kinds, kernel = "biuf", "erf_vml_cpu"

    def forward(xp, x):
        return xp.erf(x)

    def grad_x(g, x):
        return g * (2 / math.sqrt(math.pi) * exp(-(x * x)))


@op
class erfc(Smooth):
    """What the error function leaves, y = 1 − erf(x).   ∂y/∂x = −(2/√π)·e^(−x²).

    >>> import lesson_lib as torch
    >>> torch.erfc(torch.tensor([0., 1.]))
    tensor([1.0000, 0.1573])

    Source: https://pytorch.org/docs/stable/generated/torch.erfc.html
    """

    kinds, kernel = "biuf", "erfc_vml_cpu"

    def forward(xp, x):
        return xp.erfc(x)

    def grad_x(g, x):
        return g * (-2 / math.sqrt(math.pi) * exp(-(x * x)))


@op
class xlogy(Smooth):
    """y = x·ln z, and 0 where x = 0.   ∂y/∂x = ln z (0 where x = 0 and z is not positive),  ∂y/∂z = x/z.

    >>> import lesson_lib as torch
    >>> torch.xlogy(torch.tensor([0., 2.]), torch.tensor([0., 3.]))
    tensor([0.0000, 2.1972])

    Source: https://pytorch.org/docs/stable/generated/torch.xlogy.html
    """

    kinds = "biuf"
    overload = lambda inputs, params: 2 if isinstance(inputs[1], NUMBERS) else int(isinstance(inputs[0], NUMBERS))  # noqa: E731
    samples = lambda t: (case(t(2, 3), t(2, 3, low=0.5)), case(t(2, 1), t(3, low=0.5)), case(t(3), 2.5), case(0.5, t(3, low=0.5)))  # noqa: E731

    def forward(xp, x, other):
        logarithm = _log_of(other) if isinstance(other, NUMBERS) else xp.log(other)
        return xp.where((x == 0) & ~xp.isnan(other), 0 * x, x * logarithm)

    def grad_x(g, x, other):
        if isinstance(other, NUMBERS):
            return g * _log_of(other)
        return where_else.op.raw((x == 0) & (other <= 0), 0, g * log(other))

    def grad_other(g, x, other):
        return g * x / other


def _log_of(number):
    return math.log(number) if number > 0 else -math.inf if number == 0 else math.nan
