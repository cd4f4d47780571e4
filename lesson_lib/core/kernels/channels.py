"""Rows of a channel each, as batch, group and instance norm walk over them. ``ops/norm_channels.py`` has the readable forms."""

import numpy as np

from ..threads import shares, spread
from .frames import in_one_piece
from .maths import LINE, OUT, OUT_LINE, ROWS, F, compiled, inlined, moments


@inlined
def affine(x, i, factor, shift, y):
    """Row i of y = x·factor + shift."""
    for j in range(x.shape[1]):
        y[i, j] = x[i, j] * factor + shift


@inlined
def products(g, x, i, mean):
    """Σ g and Σ g·(x − mean) of row i."""
    one, two = F(0), F(0)
    for j in range(x.shape[1]):
        one += g[i, j]
        two += g[i, j] * (x[i, j] - mean)
    return one, two


@inlined
def gradient(g, x, i, mean, by_g, by_x, shift, dx):
    """Row i of dx = g·by_g − (x − mean)·by_x − shift."""
    for j in range(x.shape[1]):
        dx[i, j] = g[i, j] * by_g - (x[i, j] - mean) * by_x - shift


@compiled(ROWS, OUT_LINE, OUT_LINE)
def _moments(x, mean, variance):
    for i in range(x.shape[0]):
        mean[i], variance[i] = moments(x, i)


@compiled(ROWS, LINE, LINE, OUT)
def _affine(x, factor, shift, y):
    for i in range(x.shape[0]):
        affine(x, i, factor[i], shift[i], y)


@compiled(ROWS, ROWS, LINE, OUT_LINE, OUT_LINE)
def _products(g, x, mean, total, product):
    for i in range(x.shape[0]):
        total[i], product[i] = products(g, x, i, mean[i])


@compiled(ROWS, ROWS, LINE, LINE, LINE, LINE, OUT)
def _gradient(g, x, mean, by_g, by_x, shift, dx):
    for i in range(x.shape[0]):
        gradient(g, x, i, mean[i], by_g[i], by_x[i], shift[i], dx)


def _run(kernel, matrices, vectors, outputs):
    """The kernel of the rows, shared between the threads; None where the matrices are of another type or do not lie in one piece."""
    if not in_one_piece(*matrices):
        return None
    rows = matrices[0]
    arrays = [*matrices, *(np.ascontiguousarray(v, np.float32) for v in vectors), *outputs]
    spread(lambda at: kernel(*(array[at] for array in arrays)), shares(len(rows), rows.size))
    return outputs if len(outputs) > 1 else outputs[0]


def _vectors(rows):
    return np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)


def row_moments(xp, rows):
    return _run(_moments, [rows], [], _vectors(rows))


def row_affine(xp, rows, mean, factor, shift):
    shift = -mean * factor if shift is None else shift - mean * factor
    return _run(_affine, [rows], [factor, shift], [np.empty_like(rows)])


def row_products(xp, g, rows, mean):
    return _run(_products, [g, rows], [mean], _vectors(rows))


def row_gradient(xp, g, rows, mean, by_g, by_x, shift):
    return _run(_gradient, [g, rows], [mean, by_g, by_x, shift], [np.empty_like(rows)])
