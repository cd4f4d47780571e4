"""The formulas of the optimizers, in one walk over the numbers. They change their arrays in place."""

import numpy as np

from .frames import in_one_piece
from .maths import LINE, NUMBER, OUT_LINE, compiled


@compiled(OUT_LINE, LINE, OUT_LINE, OUT_LINE, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER)
def _adam(p, g, m, v, for_m, beta2, for_v, rate, eps):
    for i in range(p.size):
        m[i] += for_m * (g[i] - m[i])
        v[i] = beta2 * v[i] + for_v * g[i] * g[i]
        p[i] -= rate * m[i] / (np.sqrt(v[i]) + eps)


def adam_step(p, g, m, v, largest, beta1, beta2, rate, eps):
    if largest is not None or not in_one_piece(p, g, m, v):
        return None
    _adam(*(x.reshape(-1) for x in (p, g, m, v)), 1 - beta1, beta2, 1 - beta2, rate, eps)
    return p
