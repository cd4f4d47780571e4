"""Special functions: the gamma function's family, the normal distribution's, Bessel functions. Their derivatives are special functions again."""

import math

from ..core.errors import error
from ..core.mutation import make_inplace
from ..core.op import Elementwise, FloatElementwise, op
from ..core.tensor import Tensor
from .arithmetic import singles
from .case import case, constant
from .conjugate import sgn
from .select import where_else
from .transcend import Smooth, erfc, exp, log, log1p, positives


class Special(FloatElementwise):
    """A function that only ``torch.special`` has."""

    method, inplace, samples, kinds = False, False, singles, "biuf"


def chances(t):
    """Inputs between 0 and 1."""
    yield case(t(2, 3, low=0.1, high=0.9))
    yield case(t(low=0.1, high=0.9))


# --- the gamma function --------------------------------------------------------------------------------------------------------------


@op
class lgamma(Smooth):
    """The logarithm of the gamma function, y = ln |Γ(x)|.   ∂y/∂x = ψ(x), the digamma function.

    Source: https://pytorch.org/docs/stable/generated/torch.lgamma.html
    """

    samples, kinds, kernel = positives, "biuf", "lgamma_vml_cpu"

    def forward(xp, x):
        return xp.lgamma(x)

    def grad_x(g, x):
        return g * digamma(x)


@op
class digamma(Smooth):
    """The logarithmic derivative of the gamma function, y = ψ(x) = Γ′(x)/Γ(x).   ∂y/∂x = ψ′(x), a polygamma function.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.digamma
    """

    samples, kinds, kernel = positives, "biuf", "digamma"

    def forward(xp, x):
        return xp.digamma(x)

    def grad_x(g, x):
        return g * polygamma.op.raw(x, n=1)


@op
class polygamma(FloatElementwise):
    """The n-th derivative of the digamma function, y = ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹·n!·ζ(n + 1, x).   ∂y/∂x = ψ⁽ⁿ⁺¹⁾(x).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.polygamma
    """

    method, inplace = False, False

    def signature(n, input):
        if n < 0:
            raise error("polygamma_order")
        return input, {"n": n}

    def forward(xp, x, *, n):
        if n == 0:
            return xp.digamma(x)
        return xp.zeta(xp.full_like(x, n + 1), x) * (math.factorial(n) * (-1) ** (n + 1))

    def grad_x(g, x, n):
        return g * polygamma.op.raw(x, n=n + 1)

    def samples(t):
        yield case(0, t(2, 3, low=0.5))
        yield case(1, t(2, 3, low=0.5))
        yield case(2, t(low=0.5))

    def errors(t):
        yield case(-1, t(2)), RuntimeError, "polygamma(n, x) does not support negative n."


Tensor.polygamma = lambda self, n: polygamma(n, self)
Tensor.polygamma_ = make_inplace(Tensor.polygamma, "polygamma")


@op
class mvlgamma(FloatElementwise):
    r"""The logarithm of the gamma function of p dimensions, $y = \ln\frac{p(p-1)}{4}\pi + \sum_{j=0}^{p-1}\ln\Gamma(x-\frac j2)$.   ∂y/∂x = Σ ψ(x − j/2).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.multigammaln
    """

    def signature(input, p):
        if p < 1:
            raise error("mvlgamma_p")
        return input, {"p": p}

    def forward(xp, x, *, p):
        return xp.sum(xp.lgamma(x[..., None] - xp.arange(p).astype(x.dtype) / 2), axis=-1) + p * (p - 1) / 4 * math.log(math.pi)

    def grad_x(g, x, p):
        y = digamma(x)
        for j in range(1, p):
            y = y + digamma(x - j / 2)
        return g * y

    def samples(t):
        yield case(t(2, 3, low=2, high=5), 3)
        yield case(t(low=2, high=5), p=1)

    def errors(t):
        yield case(t(2), 0), RuntimeError, "p has to be greater than or equal to 1"


class Incomplete(Elementwise):
    """An incomplete gamma function. PyTorch defines no gradient for the parameter a."""

    numbers, inplace, kinds = False, False, "f"

    def samples(t):
        yield case(constant(t(2, 3, low=0.5)), t(2, 3, low=0.5, high=5))
        yield case(constant(t(2, 1, low=0.5, high=5)), t(3, low=0.5))


def _density(a, b):
    """bᵃ⁻¹·e⁻ᵇ/Γ(a), the density of the gamma distribution."""
    return exp((a - 1) * log(b) - b - lgamma(a))


@op
class igamma(Incomplete):
    r"""The lower incomplete gamma function, $y = \frac{1}{\Gamma(a)}\int_0^b t^{a-1}e^{-t}\,dt$.   ∂y/∂b = bᵃ⁻¹·e⁻ᵇ/Γ(a).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.gammainc
    """

    def forward(xp, a, b):
        return xp.gammainc(a, b)

    def grad_a(g):
        raise error("no_formula", name="igamma: input")

    def grad_b(g, a, b):
        return g * _density(a, b)


@op
class igammac(Incomplete):
    """The upper incomplete gamma function, y = 1 − igamma(a, b).   ∂y/∂b = −bᵃ⁻¹·e⁻ᵇ/Γ(a).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.gammaincc
    """

    def forward(xp, a, b):
        return xp.gammaincc(a, b)

    def grad_a(g):
        raise error("no_formula", name="igammac: input")

    def grad_b(g, a, b):
        return -g * _density(a, b)


Tensor.igamma_, Tensor.igammac_ = make_inplace(igamma, "igamma"), make_inplace(igammac, "igammac")


def _by_numbers(inputs, params):
    """PyTorch's overloads: 1 if the first input is a number, 2 if the second one is."""
    return 0 if all(isinstance(value, Tensor) for value in inputs) else 2 if isinstance(inputs[0], Tensor) else 1


@op
class special_zeta(Special):
    r"""The Hurwitz zeta function, $y = \sum_{k\ge0}(q+k)^{-s}$.   ∂y/∂q = −s·ζ(s + 1, q); PyTorch defines no gradient for s.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.zeta
    """

    overload, half = _by_numbers, "refused"

    def forward(xp, s, q):
        first = s if hasattr(s, "dtype") else q
        return xp.zeta(*(value if hasattr(value, "dtype") else xp.full_like(first, value) for value in (s, q)))

    def grad_q(g, s, q):
        return -g * s * special_zeta(s + 1, q)

    def samples(t):
        yield case(constant(t(2, 3, low=1.5, high=4)), t(2, 3, low=0.5))
        yield case(2.5, t(3, low=0.5))


# --- the normal distribution ---------------------------------------------------------------------------------------------------------------


@op
class erfinv(Smooth):
    """The inverse of the error function, erf(y) = x for −1 < x < 1.   ∂y/∂x = (√π/2)·exp(y²).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.erfinv
    """

    kinds, kernel = "biuf", "erfinv_vml_cpu"
    samples = lambda t: (case(t(2, 3, low=-0.9, high=0.9)), case(t(low=-0.9, high=0.9)))  # noqa: E731

    def forward(xp, x):
        return xp.erfinv(x)

    def grad_x(g, y):
        return g * (math.sqrt(math.pi) / 2 * exp(y * y))


@op
class special_ndtri(Special):
    """The quantile of the normal distribution, Φ(y) = x.   ∂y/∂x = √(2π)·exp(y²/2).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.ndtri
    """

    samples, half = chances, "refused"

    def forward(xp, x):
        return xp.ndtri(x)

    def grad_x(g, y):
        return g * (math.sqrt(2 * math.pi) * exp(y * y / 2))


@op
class special_erfcx(Special):
    """The complementary error function without its decay, y = exp(x²)·erfc(x).   ∂y/∂x = 2x·y − 2/√π.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.erfcx
    """

    half = "refused"

    def forward(xp, x):
        return xp.erfcx(x)

    def grad_x(g, x, y):
        return g * (2 * x * y - 2 / math.sqrt(math.pi))


@op
class special_log_ndtr(Special):
    """The logarithm of the normal distribution, y = ln Φ(x).   ∂y/∂x = √(2/π)/erfcx(−x/√2).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.log_ndtr
    """

    half = "refused"

    def forward(xp, x):
        return xp.log_ndtr(x)

    def grad_x(g, x):
        return g * math.sqrt(2 / math.pi) / special_erfcx(x * -math.sqrt(0.5))


def special_ndtr(input, *, out=None):
    """The normal distribution, y = Φ(x) = erfc(−x/√2)/2. Source: https://pytorch.org/docs/stable/special.html#torch.special.ndtr"""
    result = erfc(input * -math.sqrt(0.5)) * 0.5
    return result if out is None else Tensor._write_out(out, result, "special_ndtr")


# --- Bessel functions ---------------------------------------------------------------------------------------------------------------------------


@op
class i0(Smooth):
    """The modified Bessel function, y = I₀(x).   ∂y/∂x = I₁(x).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.i0
    """

    kinds, kernel = "biuf", "i0_vml_cpu"

    def forward(xp, x):
        return xp.bessel_i0(x)

    def grad_x(g, x):
        return g * special_i1(x)


@op
class special_i0e(Special):
    """The modified Bessel function without its growth, y = exp(−|x|)·I₀(x).   ∂y/∂x = exp(−|x|)·I₁(x) − sign(x)·y.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.i0e
    """

    title = "SpecialI0E"

    def forward(xp, x):
        return xp.i0e(x)

    def grad_x(g, x, y):
        return g * (special_i1e(x) - sgn(x) * y)


def _quotient(y, x):
    """y/x, and its limit 1/2 at 0."""
    return where_else.op.raw(x == 0, 0.5, y / where_else.op.raw(x == 0, 1, x))


@op
class special_i1(Special):
    """The modified Bessel function, y = I₁(x).   ∂y/∂x = I₀(x) − I₁(x)/x.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.i1
    """

    def forward(xp, x):
        return xp.bessel_i1(x)

    def grad_x(g, x, y):
        return g * (i0(x) - _quotient(y, x))


@op
class special_i1e(Special):
    """The modified Bessel function without its growth, y = exp(−|x|)·I₁(x).   ∂y/∂x = exp(−|x|)·I₀(x) − y·(sign(x) + 1/x).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.i1e
    """

    title = "SpecialI1E"

    def forward(xp, x):
        return xp.i1e(x)

    def grad_x(g, x, y):
        return g * (special_i0e(x) - y * sgn(x) - _quotient(y, x))


# --- products with logarithms, sinc --------------------------------------------------------------------------------------------------------------


@op
class special_entr(Special):
    """The entropy of a chance, y = −x·ln x; 0 for 0, −∞ below.   ∂y/∂x = −1 − ln x.

    Source: https://pytorch.org/docs/stable/special.html#torch.special.entr
    """

    samples = chances

    def forward(xp, x):
        y = -x * xp.log(xp.where(x > 0, x, 1))
        return xp.where(x < 0, -math.inf, xp.where(x > 0, y, x * 0)).astype(x.dtype)

    def grad_x(g, x):
        return g * (-1 - log(x))


@op
class special_xlog1py(Special):
    """y = x·ln(1 + z), and 0 where x = 0.   ∂y/∂x = ln(1 + z) (0 where x = 0 and z ≤ −1),  ∂y/∂z = x/(1 + z).

    Source: https://pytorch.org/docs/stable/special.html#torch.special.xlog1py
    """

    title, overload = "SpecialXlog1Py", _by_numbers
    samples = lambda t: (case(t(2, 3), t(2, 3, low=-0.5)), case(t(2, 1), t(3, low=-0.5)), case(t(3), 2.5), case(0.5, t(3, low=-0.5)))  # noqa: E731

    def forward(xp, x, other):
        other = other if hasattr(other, "dtype") else xp.asarray(other, dtype=x.dtype)
        return xp.where((x == 0) & ~xp.isnan(other), 0 * x, x * xp.log1p(other))

    def grad_x(g, x, other):
        return where_else.op.raw((x == 0) & (other <= -1), 0, g * _log1p_of(other))

    def grad_other(g, x, other):
        return g * x / (other + 1)


def _log1p_of(other):
    """ln(1 + z) of a tensor or of a number."""
    if hasattr(other, "dtype"):
        return log1p(other)
    return math.log1p(other) if other > -1 else math.nan
