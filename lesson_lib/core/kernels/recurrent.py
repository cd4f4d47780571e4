"""The steps of LSTM and GRU sequences: between two matrix products each step is one walk over its gates. ``ops/recurrent_kernels.py`` has the
readable forms."""

import numpy as np

from ..threads import one_blas_thread
from .frames import in_one_piece
from .maths import OUT, ROWS, F, compiled, exp32, inlined, tanh32


@inlined
def _sigmoid32(x):
    return F(1) / (F(1) + exp32(-x))


@compiled(OUT, ROWS, OUT, OUT, OUT, OUT)
def _lstm_step(gates, recalled, c, h, cells, y):
    hidden = cells.shape[1]
    for n in range(gates.shape[0]):
        i, f, g, o = gates[n, :hidden], gates[n, hidden : 2 * hidden], gates[n, 2 * hidden : 3 * hidden], gates[n, 3 * hidden :]
        b, candidate = recalled[n], recalled[n, 2 * hidden : 3 * hidden]
        for j in range(2 * hidden):
            gates[n, j] = _sigmoid32(gates[n, j] + b[j])
        for j in range(hidden):
            g[j] = tanh32(g[j] + candidate[j])
        last = b[3 * hidden :]
        for j in range(hidden):
            o[j] = _sigmoid32(o[j] + last[j])
        for j in range(hidden):  # short loops from 0: of others the compiler does not see that their arrays lie apart and that no index is negative
            c[n, j] = f[j] * c[n, j] + i[j] * g[j]
        for j in range(hidden):
            h[n, j] = o[j] * tanh32(c[n, j])
        cells[n, :] = c[n]
        y[n, :] = h[n]


def lstm_walk(xp, gates, h, c, w_hh, w_hr, steps):
    if w_hr is not None or not in_one_piece(gates, h, c):
        return None
    y, cells = np.empty((len(gates), c.shape[1]), np.float32), np.empty((len(gates), c.shape[1]), np.float32)
    w, recalled = np.ascontiguousarray(w_hh.T), np.empty((len(h), gates.shape[1]), np.float32)
    with one_blas_thread():
        for rows, live in steps:
            part = recalled[:live]
            np.matmul(h[:live], w, out=part)
            _lstm_step(gates[rows], part, c[:live], h[:live], cells[rows], y[rows])
    return y, cells


@compiled(ROWS, ROWS, ROWS, ROWS, OUT, OUT, OUT)
def _lstm_back(gates, cells, before, gy, dh, dc, dz):
    hidden = cells.shape[1]
    for n in range(gates.shape[0]):
        i, f, g, o = gates[n, :hidden], gates[n, hidden : 2 * hidden], gates[n, 2 * hidden : 3 * hidden], gates[n, 3 * hidden :]
        zi, zf, zg, zo = dz[n, :hidden], dz[n, hidden : 2 * hidden], dz[n, 2 * hidden : 3 * hidden], dz[n, 3 * hidden :]
        for j in range(hidden):  # two loops: one has too many arrays for the compiler to see that they lie apart
            t, u = tanh32(cells[n, j]), dh[n, j] + gy[n, j]
            zo[j] = u * t * o[j] * (F(1) - o[j])
            dc[n, j] += u * o[j] * (F(1) - t * t)
        for j in range(hidden):
            v = dc[n, j]
            zi[j] = v * g[j] * i[j] * (F(1) - i[j])
            zg[j] = v * i[j] * (F(1) - g[j] * g[j])
        for j in range(hidden):
            v = dc[n, j]
            zf[j] = v * before[n, j] * f[j] * (F(1) - f[j])
            dc[n, j] = v * f[j]


def lstm_walk_back(xp, gates, cells, before, gy, dh, dc, w_hh, w_hr, steps):
    gy = np.ascontiguousarray(gy)
    if w_hr is not None or not in_one_piece(gates, cells, before, gy, dh, dc):
        return None
    dz = np.empty_like(gates)
    with one_blas_thread():
        for rows, live in steps[::-1]:
            _lstm_back(gates[rows], cells[rows], before[rows], gy[rows], dh[:live], dc[:live], dz[rows])
            np.matmul(dz[rows], w_hh, out=dh[:live])
    return dz, None


@compiled(OUT, ROWS, OUT, OUT, OUT)
def _gru_step(gates, b, kept, h, y):
    hidden = h.shape[1]
    for n in range(gates.shape[0]):
        a = gates[n]
        for j in range(2 * hidden):
            a[j] = _sigmoid32(a[j] + b[n, j])
        r, z, candidate, own = a[:hidden], a[hidden : 2 * hidden], a[2 * hidden :], b[n, 2 * hidden :]
        for j in range(hidden):
            candidate[j] = tanh32(candidate[j] + r[j] * own[j])
        for j in range(hidden):
            kept[n, j] = own[j]
            h[n, j] = y[n, j] = (h[n, j] - candidate[j]) * z[j] + candidate[j]


def gru_walk(xp, gates, h, w_hh, b_hh, steps):
    if not in_one_piece(gates, h):
        return None
    y, kept = np.empty((len(gates), h.shape[1]), np.float32), np.empty((len(gates), h.shape[1]), np.float32)
    w, recalled = np.ascontiguousarray(w_hh.T), np.empty((len(h), gates.shape[1]), np.float32)
    with one_blas_thread():
        for rows, live in steps:
            part = recalled[:live]
            np.matmul(h[:live], w, out=part)
            if b_hh is not None:
                part += b_hh
            _gru_step(gates[rows], part, kept[rows], h[:live], y[rows])
    return y, kept


@compiled(ROWS, ROWS, ROWS, ROWS, OUT, OUT, OUT)
def _gru_back(gates, kept, before, gy, dh, da, db):
    hidden = dh.shape[1]
    for n in range(gates.shape[0]):
        r, z, c = gates[n, :hidden], gates[n, hidden : 2 * hidden], gates[n, 2 * hidden :]
        for j in range(hidden):
            dh[n, j] += gy[n, j]
        for part in range(2):  # r and z reach aₙ's and bₙ's products alike
            d = da[n] if part == 0 else db[n]
            dr, dz, dn = d[:hidden], d[hidden : 2 * hidden], d[2 * hidden :]
            for j in range(hidden):
                to_n = dh[n, j] * (F(1) - z[j]) * (F(1) - c[j] * c[j])
                dr[j] = to_n * kept[n, j] * r[j] * (F(1) - r[j])
                dn[j] = to_n if part == 0 else to_n * r[j]
            for j in range(hidden):
                dz[j] = dh[n, j] * (before[n, j] - c[j]) * z[j] * (F(1) - z[j])
        for j in range(hidden):
            dh[n, j] *= z[j]


def gru_walk_back(xp, gates, kept, before, gy, dh, w_hh, steps):
    gy = np.ascontiguousarray(gy)
    if not in_one_piece(gates, kept, before, gy, dh):
        return None
    da, db, scratch = np.empty_like(gates), np.empty_like(gates), np.empty_like(dh)
    with one_blas_thread():
        for rows, live in steps[::-1]:
            _gru_back(gates[rows], kept[rows], before[rows], gy[rows], dh[:live], da[rows], db[rows])
            np.matmul(db[rows], w_hh, out=scratch[:live])
            dh[:live] += scratch[:live]
    return da, db
