"""Losses of each element. Binary cross-entropy of 4096×768 scores: 5 ms with gradient, NumPy's form 40."""

from math import prod

import numpy as np

from .frames import each
from .maths import LINE, OUT_LINE, F, compiled, exp32, log_one_plus32


@compiled(LINE, LINE, OUT_LINE)
def _with_logits(target, x, y):
    for i in range(x.size):  # max(x, 0) − t·x + ln(1 + e^−|x|), which is safe for every x
        y[i] = max(x[i], F(0)) - target[i] * x[i] + log_one_plus32(exp32(-abs(x[i])))


@compiled(LINE, LINE, LINE, OUT_LINE)
def _with_logits_grad(g, target, x, dx):
    for i in range(x.size):
        dx[i] = (F(1) / (F(1) + exp32(-x[i])) - target[i]) * g[i]


def binary_cross_entropy_with_logits_kernel_forward(xp, x, target, weight, pos_weight, *, reduction):
    if weight is not None or pos_weight is not None or target.shape != x.shape:
        return None
    y = each(_with_logits, target, x)
    return y if reduction == "none" else y.sum() if reduction == "sum" else y.mean()


def binary_cross_entropy_with_logits_kernel_grad_x(g, x, target, weight, pos_weight, reduction):
    if weight is not None or pos_weight is not None or target.shape != x.shape:
        return None
    if reduction != "mean":
        return each(_with_logits_grad, np.broadcast_to(g, x.shape), target, x)
    return each(_with_logits_grad, np.broadcast_to(g / prod(x.shape), x.shape), target, x)
