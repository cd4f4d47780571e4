r"""Recurrent networks as single operations: a whole sequence in one layer and one direction.

What the input gives to all steps is one large matrix product; each step then adds what the last state gives. The gradients are derived
by hand, *backpropagation through time*: from the last step to the first goes one gradient of the state, which the output of each step
adds to. All that depends on the forward values alone is multiplied out before, for all steps at once; the weights' gradients come after
the loop, each as one matrix product. ``recurrent_cells`` has the same step by step, in small ops; the tests hold the two equal.

The rules name the biases so that they are saved: the composite, which is the way to second derivatives, needs them.

Inputs stand one below the other: x holds ``batch_sizes[t]`` rows for step t. Sequences are sorted by length, so that those which go on are
always the first rows. A padded batch is the case of equal sizes.
"""

from ..core.compiled import with_kernel
from ..core.device import namespace
from ..core.op import Fused, op
from .case import case, constant
from .recurrent_cells import gru_steps, lstm_steps, rnn_steps


def walk(batch_sizes, reverse):
    """(rows of the step as a slice, how many they are) in the order in which the steps are taken."""
    steps, start = [], 0
    for live in batch_sizes:
        steps.append((slice(start, start + live), live))
        start += live
    return steps[::-1] if reverse else steps


def _input_part(xp, x, w_ih, *biases):
    """What x gives to all steps: x·Wᵀ + b."""
    z = xp.matmul(x, w_ih.T)
    for bias in biases:
        if bias is not None:
            z += bias
    return z


def _squash(xp, z):
    """The sigmoid, written over z."""
    z *= -1  # not xp.negative: NumPy 2.4's gives wrong numbers where a column is written over itself
    xp.exp(z, out=z)
    z += 1
    xp.reciprocal(z, out=z)


def _before(xp, states, first, steps):
    """The state that each step started from: the one after the step before it, at the beginning of a sequence the ``first``."""
    before = xp.empty_like(states)
    rows, live = slice(0, 0), 0
    for next_rows, next_live in steps:
        start, known = next_rows.start, min(live, next_live)
        before[start : start + known] = states[rows.start : rows.start + known]
        before[start + known : next_rows.stop] = first[known:next_live]
        rows, live = next_rows, next_live
    return before


def _weight_gradients(xp, wanted, dx_part, dh_part, x, w_ih, h_before):
    """The gradients of x, W_ih, W_hh, b_ih and b_hh, from those of the two products; only those that are ``wanted``."""
    to_x, to_w_ih, to_w_hh, to_b_ih, to_b_hh = wanted
    return (
        xp.matmul(dx_part, w_ih) if to_x else None,
        xp.matmul(dx_part.T, x) if to_w_ih else None,
        xp.matmul(dh_part.T, h_before) if to_w_hh else None,
        xp.sum(dx_part, axis=0) if to_b_ih else None,
        xp.sum(dh_part, axis=0) if to_b_hh else None,
    )


def _weights(t, rows, inputs, hidden):
    """Samples of W_ih, W_hh, b_ih, b_hh."""
    return t(rows, inputs), t(rows, hidden), t(rows), t(rows)


@op
class rnn_sequence(Fused):
    r"""A plain recurrent network along a sequence, $h_t = f(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$, f = tanh or relu.

    x (steps · N, I), h0 (N, H), W_ih (H, I), W_hh (H, H), b (H) or None → y (steps · N, H), every h_t, and h (N, H), the last ones.
    With u = ∂L/∂hₜ, what the later steps and the output send, ∂L/∂zₜ = u·f′(zₜ), and W_hhᵀ·∂L/∂zₜ goes on to hₜ₋₁.
    """

    public, outputs, n_diff, kinds = False, ("y", "h"), 2, "f"
    composite = rnn_steps

    def forward(xp, x, h0, w_ih, w_hh, b_ih, b_hh, *, relu, batch_sizes, reverse):
        y = _input_part(xp, x, w_ih, b_ih, b_hh)
        h, w = h0.copy(), xp.ascontiguousarray(w_hh.T)
        for rows, live in walk(batch_sizes, reverse):
            z = y[rows]
            z += xp.matmul(h[:live], w)
            xp.maximum(z, 0, out=z) if relu else xp.tanh(z, out=z)
            h[:live] = z
        return y, h

    def grad_all(g, x, h0, w_ih, w_hh, b_ih, b_hh, y, relu, batch_sizes, reverse, wanted):
        xp, steps = namespace(x), walk(batch_sizes, reverse)
        gy, dh = g[0], g[1].copy()
        dz = (y > 0).astype(y.dtype) if relu else 1 - y * y
        for rows, live in steps[::-1]:
            u = dh[:live]
            u += gy[rows]
            dz[rows] *= u
            xp.matmul(dz[rows], w_hh, out=u)
        to_x, _, *to_weights = wanted
        dx, *weights = _weight_gradients(xp, (to_x, *to_weights), dz, dz, x, w_ih, _before(xp, y, h0, steps))
        return (dx, dh, *weights)

    def samples(t):
        yield case(t(4, 1), t(2, 2), *_weights(t, 2, 1, 2), relu=False, batch_sizes=(2, 2), reverse=False)
        yield case(constant(t(4, 1)), t(2, 2), *_weights(t, 2, 1, 2)[:2], None, None, relu=True, batch_sizes=(2, 1, 1), reverse=True)


@op
class lstm_sequence(Fused):
    r"""An LSTM along a sequence: $c_t = f\,c_{t-1} + i\,g$, $h_t = o \tanh c_t$, with σ(z) for i, f, o and tanh(z) for g.

    z (steps · N, 4H) holds the four parts side by side. x (steps · N, I), h0 and c0 (N, H), W_ih (4H, I), W_hh (4H, H), b (4H) or None →
    y (steps · N, H), every hₜ, then the last h and c. With W_hr (P, H), h is W_hr·(o·tanh c), of P numbers.

    Backwards, with u = ∂L/∂hₜ and v = ∂L/∂cₜ + u·o·(1 − tanh²cₜ): ∂L/∂i = v·g, ∂L/∂f = v·cₜ₋₁, ∂L/∂g = v·i, ∂L/∂o = u·tanh cₜ, each times the
    slope of its sigmoid or tanh; to step t − 1 go W_hhᵀ·∂L/∂z and v·f.
    """

    public, outputs, n_diff, kinds = False, ("y", "h", "c", "cells", "gates"), 3, "f"
    composite = lstm_steps

    def forward(xp, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, *, batch_sizes, reverse):
        gates, h, c = _input_part(xp, x, w_ih, b_ih, b_hh), h0.copy(), c0.copy()
        y, cells = lstm_walk(xp, gates, h, c, w_hh, w_hr, walk(batch_sizes, reverse))
        return y, h, c, cells, gates

    def grad_all(g, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, y, cells, gates, batch_sizes, reverse, wanted):
        xp, steps = namespace(x), walk(batch_sizes, reverse)
        gy, dh, dc = g[0], g[1].copy(), g[2].copy()
        dz, dy = lstm_walk_back(xp, gates, cells, _before(xp, cells, c0, steps), gy, dh, dc, w_hh, w_hr, steps)
        to_x, _, _, *to_weights, to_w_hr = wanted
        dx, *weights = _weight_gradients(xp, (to_x, *to_weights), dz, dz, x, w_ih, _before(xp, y, h0, steps))
        o = gates[:, 3 * c0.shape[1] :]
        return (dx, dh, dc, *weights, xp.matmul(dy.T, o * xp.tanh(cells)) if to_w_hr else None)

    def samples(t):
        yield case(t(4, 1), t(2, 1), t(2, 1), *_weights(t, 4, 1, 1), None, batch_sizes=(2, 2), reverse=False)
        yield case(constant(t(4, 1)), t(2, 1), t(2, 1), *_weights(t, 4, 1, 1)[:2], None, None, None, batch_sizes=(2, 1, 1), reverse=True)
        yield case(t(2, 1), t(1, 1), t(1, 2), *map(constant, _weights(t, 8, 1, 1)), t(1, 2), batch_sizes=(1, 1), reverse=False)


@with_kernel
def lstm_walk(xp, gates, h, c, w_hh, w_hr, steps):
    """Takes the steps: what the input gives becomes the four gates, h and c the last states. Returns every hₜ and every cₜ."""
    hidden, w = c.shape[1], xp.ascontiguousarray(w_hh.T)
    y, cells = xp.empty((len(gates), h.shape[1]), h.dtype), xp.empty((len(gates), hidden), h.dtype)
    for rows, live in steps:
        z, cell = gates[rows], cells[rows]
        z += xp.matmul(h[:live], w)
        i, f, g, o = z[:, :hidden], z[:, hidden : 2 * hidden], z[:, 2 * hidden : 3 * hidden], z[:, 3 * hidden :]
        candidate = xp.tanh(g)
        _squash(xp, z)  # all four at once, in one piece of memory, is faster than three of them
        g[...] = candidate
        xp.multiply(f, c[:live], out=cell)
        cell += i * candidate
        shown = xp.tanh(cell)
        shown *= o
        y[rows] = shown if w_hr is None else xp.matmul(shown, w_hr.T)
        h[:live], c[:live] = y[rows], cell
    return y, cells


@with_kernel
def lstm_walk_back(xp, gates, cells, before, gy, dh, dc, w_hh, w_hr, steps):
    """Takes the steps back: dh and dc become the gradients of the first states. Returns that of z, and with W_hr what arrives at every hₜ."""
    hidden = cells.shape[1]
    i, f, g, o = (gates[:, part * hidden : (part + 1) * hidden] for part in range(4))
    tanh_c = xp.tanh(cells)
    dz = _lstm_slopes(xp, gates, (g, before, i, tanh_c))
    to_cell = o * (1 - tanh_c * tanh_c)
    dy = None if w_hr is None else xp.empty_like(gy)
    for rows, live in steps[::-1]:
        u, v = dh[:live], dc[:live]
        u += gy[rows]
        if w_hr is not None:
            dy[rows] = u
            u = xp.matmul(u, w_hr)
        v += u * to_cell[rows]
        z = dz[rows].reshape(live, 4, hidden)
        z[:, :3] *= v[:, None]  # i, f and g come by way of the cell
        z[:, 3] *= u
        v *= f[rows]
        xp.matmul(dz[rows], w_hh, out=dh[:live])
    return dz, dy


def _lstm_slopes(xp, gates, partners):
    """∂/∂z of each of the four parts, times what it is multiplied by in cₜ or hₜ."""
    hidden = gates.shape[1] // 4
    slopes = 1 - gates
    slopes *= gates  # s·(1 − s) for the sigmoids
    g = gates[:, 2 * hidden : 3 * hidden]
    slopes[:, 2 * hidden : 3 * hidden] = 1 - g * g
    for part, partner in enumerate(partners):
        slopes[:, part * hidden : (part + 1) * hidden] *= partner
    return slopes


@op
class gru_sequence(Fused):
    r"""A GRU along a sequence: $h_t = (1-z)\,n + z\,h_{t-1}$ with $n = \tanh(a_n + r\,b_n)$, r = σ(a_r + b_r), z = σ(a_z + b_z).

    a = W_ih·xₜ + b_ih and b = W_hh·hₜ₋₁ + b_hh hold three parts each, r, z and n. x (steps · N, I), h0 (N, H), W_ih (3H, I), W_hh (3H, H),
    biases (3H) or None → y (steps · N, H), every hₜ, and the last (N, H).

    Backwards, with u = ∂L/∂hₜ: ∂L/∂aₙ = u·(1 − z)·(1 − n²), ∂L/∂bₙ = r·∂L/∂aₙ, ∂L/∂a_r = ∂L/∂aₙ·bₙ·r·(1 − r), ∂L/∂a_z = u·(hₜ₋₁ − n)·z·(1 − z),
    and b_r, b_z as a_r, a_z; to step t − 1 goes u·z + W_hhᵀ·∂L/∂b.
    """

    public, outputs, n_diff, kinds = False, ("y", "h", "gates", "recalled"), 2, "f"
    composite = gru_steps

    def forward(xp, x, h0, w_ih, w_hh, b_ih, b_hh, *, batch_sizes, reverse):
        gates, h = _input_part(xp, x, w_ih, b_ih), h0.copy()
        y, recalled = gru_walk(xp, gates, h, w_hh, b_hh, walk(batch_sizes, reverse))
        return y, h, gates, recalled

    def grad_all(g, x, h0, w_ih, w_hh, b_ih, b_hh, y, gates, recalled, batch_sizes, reverse, wanted):
        xp, steps = namespace(x), walk(batch_sizes, reverse)
        dh, before = g[1].copy(), _before(xp, y, h0, steps)
        da, db = gru_walk_back(xp, gates, recalled, before, g[0], dh, w_hh, steps)
        to_x, _, *to_weights = wanted
        dx, *weights = _weight_gradients(xp, (to_x, *to_weights), da, db, x, w_ih, before)
        return (dx, dh, *weights)

    def samples(t):
        yield case(t(4, 1), t(2, 1), *_weights(t, 3, 1, 1), batch_sizes=(2, 2), reverse=False)
        yield case(constant(t(4, 1)), t(2, 2), *_weights(t, 6, 1, 2)[:2], None, None, batch_sizes=(2, 1, 1), reverse=True)


@with_kernel
def gru_walk(xp, gates, h, w_hh, b_hh, steps):
    """Takes the steps: what the input gives becomes r, z and n, h the last state. Returns every hₜ, and every bₙ, which the gradients need."""
    hidden = h.shape[1]
    y, recalled = xp.empty((len(gates), hidden), h.dtype), xp.empty((len(gates), hidden), h.dtype)
    for rows, live in steps:
        a, old = gates[rows], h[:live]
        b = _input_part(xp, old, w_hh, b_hh)
        recalled[rows] = b[:, 2 * hidden :]
        rz, n = a[:, : 2 * hidden], a[:, 2 * hidden :]
        rz += b[:, : 2 * hidden]
        _squash(xp, rz)
        n += rz[:, :hidden] * b[:, 2 * hidden :]
        xp.tanh(n, out=n)
        old -= n
        old *= rz[:, hidden:]
        old += n
        y[rows] = old
    return y, recalled


@with_kernel
def gru_walk_back(xp, gates, recalled, before, gy, dh, w_hh, steps):
    """Takes the steps back: dh becomes the gradient of the first state. Returns those of a and b."""
    hidden = dh.shape[1]
    r, z, n = (gates[:, part * hidden : (part + 1) * hidden] for part in range(3))
    to_n = (1 - z) * (1 - n * n)
    db = xp.concatenate([to_n * recalled * (r * (1 - r)), (before - n) * (z * (1 - z)), to_n * r], 1)
    for rows, live in steps[::-1]:
        u = dh[:live]
        u += gy[rows]
        part = db[rows].reshape(live, 3, hidden)
        part *= u[:, None]
        to_n[rows] *= u
        u *= z[rows]
        u += xp.matmul(db[rows], w_hh)
    da = db.copy()
    da[:, 2 * hidden :] = to_n
    return da, db
