r"""Connectionist temporal classification: how likely a row of labels is, whenever each of them may begin and however long it may last.

The network says for each moment which label it hears, or none (the *blank*). A path is one label or blank per moment; it spells a target
if the target is left after repetitions are made one and blanks are dropped. The loss is −ln of the sum over all paths that spell it.
There are very many; but a path's future depends only on where in the target it stands. The *states* of a target a b are ∅ a ∅ b ∅, and
from one moment to the next a path stays, takes the next state, or skips the blank between two different labels:

$\alpha_t(s) = p_t(s)\,\bigl(\alpha_{t-1}(s) + \alpha_{t-1}(s-1) + [\text{may skip}]\,\alpha_{t-1}(s-2)\bigr)$,

the probability of all beginnings that end in s; β, of all ends that begin in s, runs backwards. Everything is kept as a logarithm.

Source: A. Graves et al., https://doi.org/10.1145/1143844.1143891
"""

import numpy as np

from ..core.errors import error
from ..core.op import Opaque, op
from .case import case, constant


@op
class ctc_loss_kernel(Opaque):
    """y = −ln Σ over the paths that spell the target: x (T, N, C) logarithms of probabilities, targets (N, S) → (N).

    ∂y/∂x = e^x − the probability that the path is in the class, given the target: the gradient of ``log_softmax`` is part of it already.
    """

    public, title, label, native, outputs = False, "CtcLoss", "ctc_loss", "ctc_loss", ("y", "alpha")
    kernel, half = "ctc_loss_cpu", "refused"

    def forward(xp, x, targets, *, input_lengths, target_lengths, blank, zero_infinity):
        score, skips, _ = _states(xp, x, targets, blank)
        alpha = xp.full(score.shape, -np.inf, x.dtype)
        alpha[0, :, :2] = score[0, :, :2]
        for moment in range(1, len(x)):
            alpha[moment] = _arrivals(xp, alpha[moment - 1], skips) + score[moment]
        samples, lengths, ends = xp.arange(x.shape[1]), xp.asarray(input_lengths), 2 * xp.asarray(target_lengths)
        last = alpha[lengths - 1, samples, ends]
        before = xp.where(ends > 0, alpha[lengths - 1, samples, ends - 1], -np.inf)
        in_no_time = xp.where(ends > 0, np.inf, 0)  # only the empty target can be spelt
        y = xp.where(lengths > 0, -_log_of_sums(xp, [last, before]), in_no_time)
        return y.astype(x.dtype), alpha

    def grad_x(g, x, targets, y, alpha, input_lengths, target_lengths, blank, zero_infinity):
        return ctc_loss_spread(
            g, x, targets, y, alpha, input_lengths=input_lengths, target_lengths=target_lengths, blank=blank, zero_infinity=zero_infinity
        )  # fmt: skip

    def samples(t):
        options = {"input_lengths": (5, 4), "target_lengths": (2, 1), "blank": 0, "zero_infinity": False}
        yield case(constant(t(5, 2, 4)), t(2, 2, low=1, high=3, dtype="int64"), **options)


def _no_second_derivative(g):
    raise error("no_derivative", name="_ctc_loss_backward")


@op
class ctc_loss_spread(Opaque):
    """The gradient of ``ctc_loss``: ∂L/∂x = g·(e^x − the share of the paths that are in the class at that moment)."""

    public, title = False, "torch::autograd::NotImplemented"
    grad_g = grad_x = grad_loss = _no_second_derivative

    def forward(xp, g, x, targets, loss, alpha, *, input_lengths, target_lengths, blank, zero_infinity):
        score, skips, states = _states(xp, x, targets, blank)
        beta = _ways_to_the_end(xp, score, skips, xp.asarray(input_lengths), 2 * xp.asarray(target_lengths))
        share = xp.exp(alpha + beta - score + loss[:, None])  # both count the moment itself
        moments, samples = x.shape[:2]
        index = (xp.arange(moments)[:, None, None], xp.arange(samples)[:, None], states)
        dx = (xp.exp(x) - xp.scatter_add(x.shape, index, share)) * g[:, None]
        impossible = loss[:, None] == np.inf
        dx = xp.where(impossible, 0 if zero_infinity else np.nan, dx)
        return xp.where(xp.arange(moments)[:, None, None] < xp.asarray(input_lengths)[:, None], dx, 0).astype(x.dtype)

    def samples(t):
        options = {"input_lengths": (5, 4), "target_lengths": (2, 1), "blank": 0, "zero_infinity": False}
        x, targets = constant(t(5, 2, 4)), t(2, 2, low=1, high=3, dtype="int64")
        loss, alpha = ctc_loss_kernel.op.raw(x, targets, **options)
        yield case(constant(t(2)), x, targets, loss, alpha, **options)


def _states(xp, x, targets, blank):
    """For the states ∅ t₁ ∅ t₂ … ∅: (ln p of each at each moment (T, N, L), whether it is reached past a blank (N, L), its class (N, L))."""
    samples, length = targets.shape
    states = xp.full((samples, 2 * length + 1), blank, targets.dtype)
    states[:, 1::2] = targets
    skips = xp.zeros(states.shape, bool)
    skips[:, 2:] = states[:, 2:] != states[:, :-2]
    return x[:, xp.arange(samples)[:, None], states], skips, states


def _arrivals(xp, row, skips):
    """ln of what comes into each state from itself, the one before it and, past a blank, the one before that; all (N, L)."""
    nowhere = xp.full((len(row), 2), -np.inf, row.dtype)
    padded = xp.concatenate([nowhere, row], 1)
    return _log_of_sums(xp, [row, padded[:, 1:-1], xp.where(skips, padded[:, :-2], -np.inf)])


def _ways_to_the_end(xp, score, skips, lengths, ends):
    """β, from each sample's last moment back to the first."""
    states = xp.arange(score.shape[2])
    final = (states == ends[:, None]) | (states == ends[:, None] - 1)
    leaps = xp.concatenate([skips[:, 2:], xp.zeros((len(skips), min(2, len(states))), bool)], 1)[:, ::-1]  # whether a skip starts here
    beta = xp.full(score.shape, -np.inf, score.dtype)
    row = beta[0].copy()
    for moment in reversed(range(len(score))):
        ahead = _arrivals(xp, row[:, ::-1], leaps)[:, ::-1]
        row = xp.where(lengths[:, None] - 1 == moment, xp.where(final, 0, -np.inf), ahead) + score[moment]
        row = row.astype(score.dtype)
        beta[moment] = row
    return beta


def _log_of_sums(xp, terms):
    """ln Σ e^term, with the largest taken out; −∞ where all are."""
    largest = terms[0]
    for term in terms[1:]:
        largest = xp.maximum(largest, term)
    nothing = largest == -np.inf
    largest = xp.where(nothing, 0, largest)
    total = xp.zeros_like(largest)
    for term in terms:
        total = total + xp.exp(term - largest)
    return xp.where(nothing, -np.inf, xp.log(xp.where(nothing, 1, total)) + largest)
