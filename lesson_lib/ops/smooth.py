"""Smooth activation functions."""

import math

from ..core.blocks import blockwise
from ..core.device import namespace
from ..core.errors import error
from ..core.op import Elementwise, op
from ..core.tensor import wrap_dim
from .arithmetic import abs, singles
from .case import case
from .join import cat
from .select import where_else
from .slicing import narrow
from .transcend import erf, exp, log_one_plus, sigmoid
from .trig import tanh


class Activation(Elementwise):
    """A function of each element of a float tensor."""

    kinds, method, inplace, samples = "f", False, False, singles


@op
class gelu(Activation):
    r"""$y = x\,\Phi(x)$ with the normal distribution's Φ; "tanh" approximates it.   ∂y/∂x = Φ(x) + x·φ(x).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.gelu(torch.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])

    Source: https://arxiv.org/abs/1606.08415
    """

    kernel = "GeluKernelImpl"

    def signature(input, *, approximate="none"):
        if approximate not in ("none", "tanh"):
            raise error("gelu_approximate")
        return input, {"approximate": approximate}

    def composite(x, *, approximate):
        z = tanh(_ROOT * (x + _CUBIC * x**3)) if approximate == "tanh" else erf(x * math.sqrt(0.5))
        return 0.5 * x * (1 + z)

    def forward(xp, x, *, approximate):
        if approximate == "none" and x.dtype.char == "f":
            return blockwise(xp, lambda x: x * _chance_and_bell(xp, x)[0], x)
        return blockwise(xp, lambda x: 0.5 * x * (1 + _gelu_curve(xp, x, approximate)), x)

    def grad_x(g, x, approximate):
        if approximate == "tanh":
            t = tanh(_ROOT * (x + _CUBIC * (x * x * x)))
            return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_ROOT * (1 + 3 * _CUBIC * (x * x))))
        density = exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi))
        return g * (0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density)

    def fast_grad_x(g, x, approximate):
        if approximate == "none" and x.dtype.char == g.dtype.char == "f":
            return blockwise(namespace(g), _gelu_grad, g, x)
        return blockwise(namespace(g), lambda g, x: gelu.op.grad_x(g, x, approximate), g, x)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(), approximate="tanh")

    def errors(t):
        yield case(t(2), approximate="tan"), RuntimeError, "approximate argument must be either none or tanh."


_ROOT, _CUBIC = math.sqrt(2 / math.pi), 0.044715  # the constants of the tanh approximation


def _gelu_curve(xp, x, approximate):
    """The erf, or tanh, in gelu."""
    return xp.tanh(_ROOT * x * (1 + _CUBIC * (x * x))) if approximate == "tanh" else xp.erf(x * math.sqrt(0.5))


def _chance_and_bell(xp, x):
    """Φ(x) within 1e-7, and e^(−x²/2), in float32: half the time of the exact erf, which takes its steps in float64.

    Φ(−|x|) ≈ e^(−x²/2)·P(t)/2 with t = 1/(1 + 0.3275911·|x|/√2).
    Source: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 7.1.26
    """
    bell = x * x
    bell *= -0.5
    xp.exp(bell, out=bell)
    t = xp.absolute(x)
    t *= 0.3275911 * math.sqrt(0.5)
    t += 1
    xp.true_divide(1, t, out=t)
    p = 1.061405429 * t
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        p += coefficient
        p *= t
    p *= bell
    p *= -0.5
    p += 0.5
    xp.copysign(p, x, out=p)  # Φ(x) − ½ is odd; a choice by the sign would take twice as long as the exponential
    p += 0.5
    return p, bell


def _gelu_grad(g, x):
    """g·(Φ(x) + x·φ(x))."""
    chance, bell = _chance_and_bell(namespace(x), x)
    bell *= x
    bell *= 1 / math.sqrt(2 * math.pi)
    bell += chance
    bell *= g
    return bell


@op
class silu(Activation):
    """y = x·σ(x), also called swish.   ∂y/∂x = σ(x)·(1 + x·(1 − σ(x))).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.silu(torch.tensor([-1., 2.]))
    tensor([-0.2689,  1.7616])

    Source: https://arxiv.org/abs/1606.08415
    """

    kinds = "fc"

    def forward(xp, x):
        return x / (1 + xp.exp(-x))

    def grad_x(g, x):
        s = sigmoid(x)
        return g * (s * (1 + x * (1 - s)))


@op
class softplus(Activation):
    """A smooth relu, y = ln(1 + e^{βx})/β; beyond ``threshold`` simply x.   ∂y/∂x = σ(βx).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.softplus(torch.tensor([-1., 2.]))
    tensor([0.3133, 2.1269])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
    """

    signature = lambda input, beta=1.0, threshold=20.0: (input, {"beta": beta, "threshold": threshold})  # noqa: E731
    samples = lambda t: (case(t(2, 3)), case(t(2, 3), 2, 1.0))  # noqa: E731

    def forward(xp, x, *, beta, threshold):
        z = beta * x
        return xp.where(z > threshold, x, xp.log1p(xp.exp(xp.minimum(z, threshold))) / beta)

    def grad_x(g, x, beta, threshold):
        z = beta * x
        return where_else.op.raw(z > threshold, g, g * sigmoid(z))


@op
class mish(Activation):
    """y = x·tanh(softplus(x)).   ∂y/∂x = t + x·(1 − t²)·σ(x) with t = tanh(softplus(x)).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.mish(torch.tensor([-1., 2.]))
    tensor([-0.3034,  1.9440])

    Source: https://arxiv.org/abs/1908.08681
    """

    def forward(xp, x):
        return x * xp.tanh(xp.logaddexp(x, xp.zeros_like(x)))

    def grad_x(g, x):
        t = tanh(softplus(x))
        return g * (t + x * (1 - t * t) * sigmoid(x))


@op
class logsigmoid(Activation):
    """y = ln σ(x) = −softplus(−x), without underflow.   ∂y/∂x = σ(−x).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([-1., 2.]))
    tensor([-1.3133, -0.1269])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
    """

    title, kernel = "LogSigmoid", "log_sigmoid_cpu"

    def forward(xp, x):
        return xp.minimum(x, 0) - log_one_plus(xp, xp.exp(-xp.absolute(x)))

    def grad_x(g, x):
        return g * sigmoid(-x)


@op
class glu(Activation):
    """Gated linear unit, y = a·σ(b) with the two halves a, b of x along ``dim``.   ∂y/∂a = σ(b),  ∂y/∂b = a·σ(b)·(1 − σ(b)).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.glu(torch.tensor([1., 2., 0., 0.]))
    tensor([0.5000, 1.0000])

    Errors: RuntimeError if the size of ``dim`` is odd.
    Source: https://arxiv.org/abs/1612.08083; https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
    """

    elementwise = False  # each result needs two elements

    def signature(input, dim=-1):
        if input.ndim == 0:
            raise error("glu_scalar")
        dim = wrap_dim(dim, input.ndim)
        if input.shape[dim] % 2:
            raise error("glu_odd", dim=dim, size=input.shape[dim])
        return input, {"dim": dim}

    def forward(xp, x, *, dim):
        a, b = xp.split(x, 2, dim)
        return a / (1 + xp.exp(-b))

    def grad_x(g, x, dim):
        half = x.shape[dim] // 2
        a, gate = narrow(x, dim, 0, half), sigmoid(narrow(x, dim, half, half))
        return cat([g * gate, g * (a * gate * (1 - gate))], dim)

    def samples(t):
        yield case(t(2, 4))
        yield case(t(4, 3), 0)

    def errors(t):
        yield case(t()), RuntimeError, "glu does not support scalars because halving size must be even"
        yield case(t(2, 3)), RuntimeError, "Halving dimension must be even, but dimension 1 is size 3"
        yield case(t(2), 1), IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)"


def softsign(input):
    """y = x/(1 + |x|).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1., 2.]))
    tensor([-0.5000,  0.6667])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
    """
    return input / (abs(input) + 1)


def tanhshrink(input):
    """y = x − tanh(x).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([-1., 2.]))
    tensor([-0.2384,  1.0360])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
    """
    return input - tanh(input)
