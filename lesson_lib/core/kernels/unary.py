"""relu, tanh, the square root and the absolute value with their gradients: one pass over memory each. tanh of 2048×2048 and its gradient: NumPy's form 20 ms."""

import numpy as np

from .frames import pointwise, pointwise_gradient
from .maths import LINE, OUT_LINE, F, compiled, tanh32


@compiled(LINE, OUT_LINE)
def _relu(x, y):
    for i in range(x.size):
        y[i] = F(0) if x[i] <= F(0) else x[i]  # nan is not below 0


@compiled(LINE, LINE, OUT_LINE)
def _relu_grad(g, y, dx):
    for i in range(y.size):
        dx[i] = g[i] * (F(1) if y[i] != F(0) else F(0))


@compiled(LINE, OUT_LINE)
def _tanh(x, y):
    for i in range(x.size):
        y[i] = tanh32(x[i])


@compiled(LINE, LINE, OUT_LINE)
def _tanh_grad(g, y, dx):
    for i in range(y.size):
        dx[i] = g[i] * (F(1) - y[i] * y[i])


@compiled(LINE, LINE, OUT_LINE)
def _sqrt_grad(g, y, dx):
    for i in range(y.size):
        dx[i] = g[i] / (F(2) * y[i])


@compiled(LINE, LINE, OUT_LINE)
def _abs_grad(g, x, dx):
    for i in range(x.size):
        sign = F(1) if x[i] > F(0) else F(-1) if x[i] < F(0) else F(0)  # of 0 and of nan
        dx[i] = g[i] * sign


@compiled(LINE, OUT_LINE)
def _abs(x, y):
    for i in range(x.size):
        y[i] = abs(x[i])


@compiled(LINE, OUT_LINE)
def _sqrt(x, y):
    for i in range(x.size):
        y[i] = np.sqrt(x[i])


relu_forward, relu_grad_x = pointwise(_relu), pointwise_gradient(_relu_grad)
tanh_forward, tanh_grad_x = pointwise(_tanh), pointwise_gradient(_tanh_grad)
sqrt_forward, sqrt_grad_x = pointwise(_sqrt), pointwise_gradient(_sqrt_grad)
abs_forward, abs_grad_x = pointwise(_abs), pointwise_gradient(_abs_grad)
