"""Between the matrix products of attention: each row of scores stays in the cache for all its steps. ``ops/attention.py`` has the readable forms."""

import numba
import numpy as np

from .frames import in_one_piece
from .maths import F, compiled, exp32, inlined

_CUBE = numba.types.Array(numba.float32, 3, "C", readonly=True)
_OUT_CUBE = numba.float32[:, :, ::1]
_ANY_CUBE = numba.types.Array(numba.float32, 3, "A", readonly=True)
_NONE = np.empty((0, 0, 0), np.float32)


@inlined
def _hide(row, seen):
    """Hides what comes after the first ``seen`` numbers: −∞ up to a multiple of 32, which the loops go through in whole registers (one number at
    a time the rest of a row would take longer than the row), then 0. Returns where the zeros begin."""
    end = min((seen + 31) // 32 * 32, row.size)
    for j in range(seen, end):
        row[j] = F(-np.inf)
    for j in range(end, row.size):
        row[j] = F(0)
    return end


@compiled(_OUT_CUBE, _CUBE, numba.int64, _OUT_CUBE, _OUT_CUBE)
def _weigh(p, bias, first, total, log_sum):
    for h in range(p.shape[0]):
        b = h % max(bias.shape[0], 1)  # a mask of all heads, or each head's own
        for i in range(p.shape[1]):
            seen = p.shape[2]
            if first >= 0:
                seen = _hide(p[h, i], first + i + 1)
            if bias.shape[0]:
                for j in range(seen):
                    p[h, i, j] += bias[b, i, j]
            largest = F(-np.inf)
            for j in range(seen):
                largest = max(largest, p[h, i, j])
            shift = F(0) if largest == F(-np.inf) else largest
            found = F(0)
            for j in range(seen):
                p[h, i, j] = exp32(p[h, i, j] - shift)
                found += p[h, i, j]
            total[h, i, 0] = F(1) if found == F(0) else found
            log_sum[h, i, 0] = F(np.inf) if found == F(0) else shift + np.log(found)


@compiled(_OUT_CUBE, _OUT_CUBE, _CUBE, numba.int64, _ANY_CUBE, _ANY_CUBE)
def _weigh_back(p, dp, bias, first, log_sum, along):
    for h in range(p.shape[0]):
        b = h % max(bias.shape[0], 1)
        for i in range(p.shape[1]):
            seen = p.shape[2]
            if first >= 0:
                seen = _hide(p[h, i], first + i + 1)
                dp[h, i, seen:] = F(0)
            shift, mean = log_sum[h, i, 0], along[h, i, 0]
            if bias.shape[0]:
                for j in range(seen):
                    p[h, i, j] += bias[b, i, j]
            for j in range(seen):
                p[h, i, j] = exp32(p[h, i, j] - shift)
                dp[h, i, j] = (dp[h, i, j] - mean) * p[h, i, j]


def _usable(bias, first, *arrays):
    """The mask as the kernels take it (``first`` says it as well, where it only hides later keys); None where they cannot do it."""
    if not in_one_piece(*arrays) or (bias is not None and bias.dtype.char != "f"):
        return None
    if bias is None or first is not None:
        return _NONE
    bias = bias.reshape(-1, *bias.shape[-2:])
    return np.ascontiguousarray(np.broadcast_to(bias, (len(bias), *arrays[0].shape[1:])))


def attention_weights(xp, p, bias, first):
    mask = _usable(bias, first, p)
    if mask is None:
        return None
    total, log_sum = np.empty((2, *p.shape[:2], 1), np.float32)
    _weigh(p, mask, -1 if first is None else first, total, log_sum)
    return total, log_sum


def attention_weights_back(xp, p, dp, bias, first, log_sum, along):
    mask = _usable(bias, first, p, dp)
    if mask is None:
        return None
    _weigh_back(p, dp, mask, -1 if first is None else first, log_sum, along)
    return p, dp
