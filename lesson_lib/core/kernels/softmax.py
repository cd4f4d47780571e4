"""Softmax and its logarithm along the last dimension: a row stays in the cache for all its passes. 4096×768: 4.5 ms with gradient, NumPy's form 11."""

import numpy as np

from .frames import by_rows
from .maths import OUT, ROWS, F, compiled, exp32


@compiled(ROWS, OUT)
def _softmax(x, y):
    for i in range(x.shape[0]):
        largest, total = x[i, 0], F(0)
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        for j in range(x.shape[1]):
            y[i, j] = exp32(x[i, j] - largest)
            total += y[i, j]
        share = F(1) / total
        for j in range(x.shape[1]):
            y[i, j] *= share


@compiled(ROWS, ROWS, OUT)
def _softmax_grad(g, y, dx):
    for i in range(y.shape[0]):
        mean = F(0)
        for j in range(y.shape[1]):
            mean += g[i, j] * y[i, j]
        for j in range(y.shape[1]):
            dx[i, j] = (g[i, j] - mean) * y[i, j]


@compiled(ROWS, OUT)
def _log_softmax(x, y):
    for i in range(x.shape[0]):
        largest, total = x[i, 0], F(0)
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        for j in range(x.shape[1]):
            total += exp32(x[i, j] - largest)
        shift = largest + np.log(total)
        for j in range(x.shape[1]):
            y[i, j] = x[i, j] - shift


@compiled(ROWS, ROWS, OUT)
def _log_softmax_grad(g, y, dx):
    for i in range(y.shape[0]):
        total = F(0)
        for j in range(y.shape[1]):
            total += g[i, j]
        for j in range(y.shape[1]):
            dx[i, j] = g[i, j] - total * exp32(y[i, j])


def softmax_forward(xp, x, *, dim, dtype):
    return by_rows(_softmax, dim, x) if dtype is None else None


def softmax_grad_x(g, y, dim):
    return by_rows(_softmax_grad, dim, g, y)


def log_softmax_forward(xp, x, *, dim, dtype):
    return by_rows(_log_softmax, dim, x) if dtype is None else None


def log_softmax_grad_x(g, y, dim):
    return by_rows(_log_softmax_grad, dim, g, y)
