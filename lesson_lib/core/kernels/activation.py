"""Functions of each element: gelu, silu, the sigmoid and the exponential. gelu of 4096×768: 5 ms with gradient, NumPy's form 60."""

import math

from .frames import pointwise, pointwise_gradient
from .maths import LINE, OUT_LINE, F, compiled, erf32, exp32, exp32_whole, tanh32

_HALF_ROOT, _DENSITY = F(math.sqrt(0.5)), F(1 / math.sqrt(2 * math.pi))
_ROOT, _CUBIC = F(math.sqrt(2 / math.pi)), F(0.044715)


@compiled(LINE, OUT_LINE)
def _gelu(x, y):
    for i in range(x.size):
        y[i] = F(0.5) * x[i] * (F(1) + erf32(x[i] * _HALF_ROOT))


@compiled(LINE, LINE, OUT_LINE)
def _gelu_grad(g, x, dx):
    for i in range(x.size):
        chance = F(0.5) * (F(1) + erf32(x[i] * _HALF_ROOT))
        dx[i] = g[i] * (chance + x[i] * _DENSITY * exp32(F(-0.5) * x[i] * x[i]))


@compiled(LINE, OUT_LINE)
def _gelu_tanh(x, y):
    for i in range(x.size):
        y[i] = F(0.5) * x[i] * (F(1) + tanh32(_ROOT * x[i] * (F(1) + _CUBIC * x[i] * x[i])))


@compiled(LINE, LINE, OUT_LINE)
def _gelu_tanh_grad(g, x, dx):
    for i in range(x.size):
        square = x[i] * x[i]
        t = tanh32(_ROOT * x[i] * (F(1) + _CUBIC * square))
        dx[i] = g[i] * F(0.5) * ((F(1) + t) + x[i] * (F(1) - t * t) * _ROOT * (F(1) + F(3) * _CUBIC * square))


def gelu_forward(xp, x, *, approximate):
    return pointwise(_gelu_tanh if approximate == "tanh" else _gelu)(xp, x)


def gelu_grad_x(g, x, approximate):
    return pointwise_gradient(_gelu_tanh_grad if approximate == "tanh" else _gelu_grad)(g, x)


@compiled(LINE, OUT_LINE)
def _exp(x, y):
    for i in range(x.size):
        y[i] = exp32_whole(x[i])


exp_forward = pointwise(_exp)


# --- the sigmoid and silu ---------------------------------------------------------------------------------------------------------


@compiled(LINE, OUT_LINE)
def _sigmoid(x, y):
    for i in range(x.size):
        y[i] = F(1) / (F(1) + exp32(-x[i]))


@compiled(LINE, OUT_LINE)
def _silu(x, y):
    for i in range(x.size):
        y[i] = x[i] / (F(1) + exp32(-x[i]))


@compiled(LINE, LINE, OUT_LINE)
def _silu_grad(g, x, dx):
    for i in range(x.size):
        s = F(1) / (F(1) + exp32(-x[i]))
        dx[i] = g[i] * (s * (F(1) + x[i] * (F(1) - s)))


@compiled(LINE, LINE, OUT_LINE)
def _sigmoid_grad(g, y, dx):
    for i in range(y.size):
        dx[i] = g[i] * y[i] * (F(1) - y[i])


sigmoid_forward, sigmoid_grad_x = pointwise(_sigmoid), pointwise_gradient(_sigmoid_grad)
silu_forward, silu_grad_x = pointwise(_silu), pointwise_gradient(_silu_grad)
