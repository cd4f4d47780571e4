"""Losses: how far a prediction is from its target, as one number (or one per element).

Each is one operation with its own gradient. ``reduction`` says what becomes of the numbers: "mean", "sum" or "none".
The functions with PyTorch's signatures, and the losses made of several operations, are in ``nn.functional``.
"""

from math import prod

from ..core.blocks import blockwise
from ..core.device import namespace
from ..core.errors import error
from ..core.op import Opaque, op
from ..core.promote import COMMON
from .case import case
from .select import clamp
from .transcend import log, log_one_plus, sigmoid


def reduced(xp, values, reduction):
    """All values folded into one, or left as they are."""
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else xp.true_divide(values.sum(), values.dtype.type(values.size))


def share(g, shape, reduction):
    """What each of the values of ``shape`` receives of the loss's gradient."""
    return g / max(prod(shape), 1) if reduction == "mean" else g


def _reductions(*tensors):
    """The same inputs under each reduction."""
    for reduction in ("mean", "sum", "none"):
        yield case(*tensors, reduction=reduction)


class PointwiseLoss(Opaque):
    """A loss of each element by itself, then reduced."""

    public, promotion = False, COMMON


@op
class mse_loss_kernel(PointwiseLoss):
    """Squared error, y = (a − b)².   ∂y/∂a = 2(a − b),  ∂y/∂b = −2(a − b)."""

    title, label = "MseLoss", "mse_loss"

    def forward(xp, a, b, *, reduction):
        difference = a - b
        return reduced(xp, difference * difference, reduction)

    def grad_a(g, a, b, reduction):
        return (a - b) * (2 * share(g, a.shape, reduction))

    def grad_b(g, a, b, reduction):
        return (b - a) * (2 * share(g, a.shape, reduction))

    def samples(t):
        yield from _reductions(t(2, 3), t(2, 3))


@op
class smooth_l1_loss_kernel(PointwiseLoss):
    """y = d²/2β where |d| < β, else |d| − β/2, with d = a − b.   ∂y/∂a = d/β, held within ±1;  ∂y/∂b = −∂y/∂a."""

    title, label = "SmoothL1Loss", "smooth_l1_loss"

    def forward(xp, a, b, *, reduction, beta):
        size = xp.abs(a - b)
        return reduced(xp, xp.where(size < beta, size * size * (0.5 / beta), size - 0.5 * beta), reduction)

    def grad_a(g, a, b, reduction, beta):
        return clamp.op.raw((a - b) / beta, -1, 1) * share(g, a.shape, reduction)

    def grad_b(g, a, b, reduction, beta):
        return clamp.op.raw((b - a) / beta, -1, 1) * share(g, a.shape, reduction)

    def samples(t):
        yield case(t(2, 3), t(2, 3), reduction="mean", beta=1.0)
        yield case(t(2, 3), t(2, 3), reduction="none", beta=0.5)


@op
class huber_loss_kernel(PointwiseLoss):
    """y = d²/2 where |d| < δ, else δ(|d| − δ/2), with d = a − b.   ∂y/∂a = d, held within ±δ;  ∂y/∂b = −∂y/∂a."""

    title, label = "HuberLoss", "huber_loss"

    def forward(xp, a, b, *, reduction, delta):
        size = xp.abs(a - b)
        return reduced(xp, xp.where(size < delta, 0.5 * size * size, delta * (size - 0.5 * delta)), reduction)

    def grad_a(g, a, b, reduction, delta):
        return clamp.op.raw(a - b, -delta, delta) * share(g, a.shape, reduction)

    def grad_b(g, a, b, reduction, delta):
        return clamp.op.raw(b - a, -delta, delta) * share(g, a.shape, reduction)

    def samples(t):
        yield case(t(2, 3), t(2, 3), reduction="mean", delta=1.0)
        yield case(t(2, 3), t(2, 3), reduction="none", delta=0.5)


@op
class binary_cross_entropy_kernel(Opaque):
    """y = −w (t ln x + (1 − t) ln(1 − x)) for probabilities x; logarithms stop at −100.

    ∂y/∂x = w (x − t) / (x(1 − x)),  ∂y/∂t = w (ln(1 − x) − ln x).
    """

    public, title, label = False, "BinaryCrossEntropy", "binary_cross_entropy"
    native = label

    def forward(xp, x, target, weight, *, reduction):
        if xp.name == "numpy" and x.size and not ((x >= 0) & (x <= 1)).all():  # a GPU would have to be waited for
            raise error("bce_range")
        if xp.name == "numpy" and not ((target >= 0) & (target <= 1)).all():
            raise error("bce_target_range")
        y = (target - 1) * xp.maximum(xp.log1p(-x), -100) - target * xp.maximum(xp.log(x), -100)
        return reduced(xp, y if weight is None else y * weight, reduction)

    def grad_x(g, x, target, weight, reduction):
        slope = (x - target) / clamp.op.raw((1 - x) * x, 1e-12, None) * share(g, x.shape, reduction)
        return slope if weight is None else slope * weight

    def grad_target(g, x, weight, reduction):
        slope = (log(1 - x) - log(x)) * share(g, x.shape, reduction)
        return slope if weight is None else slope * weight

    def samples(t):
        for reduction in ("mean", "sum", "none"):
            yield case(t(2, 3, low=0.1, high=0.9), t(2, 3, low=0, high=1), None, reduction=reduction)
        yield case(t(2, 3, low=0.1, high=0.9), t(2, 3, low=0, high=1), t(3).detach(), reduction="mean")


@op
class binary_cross_entropy_with_logits_kernel(Opaque):
    """y = w ((1 − t) x + (1 + (p − 1) t) ln(1 + e⁻ˣ)): binary cross-entropy of σ(x), safe for large |x|.

    ∂y/∂x = w ((1 − t) − (1 + (p − 1) t)(1 − σ(x))),  ∂y/∂t = w ((p − 1) ln(1 + e⁻ˣ) − x).
    """

    public, title, label = False, "BinaryCrossEntropyWithLogits", "binary_cross_entropy_with_logits"
    native = label

    def composite(x, target, weight, pos_weight, *, reduction):
        y = (1 - target) * x - _log_weight(target, pos_weight) * log(sigmoid(x))
        y = y if weight is None else y * weight
        return y if reduction == "none" else y.sum() if reduction == "sum" else y.mean()

    def forward(xp, x, target, weight, pos_weight, *, reduction):
        def values(target, x, weight, pos_weight):  # PyTorch's result lies in memory as the target does
            y = (1 - target) * x + _log_weight(target, pos_weight) * _softplus_of_negative(xp, x)
            return y if weight is None else y * weight

        return reduced(xp, blockwise(xp, values, target, x, weight, pos_weight), reduction)

    def grad_x(g, x, target, weight, pos_weight, reduction):
        slope = sigmoid(x) - target if pos_weight is None else (1 - target) - _log_weight(target, pos_weight) * (1 - sigmoid(x))
        slope = slope * share(g, x.shape, reduction)
        return slope if weight is None else slope * weight

    def fast_grad_x(g, x, target, weight, pos_weight, reduction):
        def slope(x, g, target, weight, pos_weight):
            return binary_cross_entropy_with_logits_kernel.op.grad_x(g, x, target, weight, pos_weight, "sum")

        return blockwise(namespace(x), slope, x, share(g, x.shape, reduction), target, weight, pos_weight)

    def grad_target(g, x, weight, pos_weight, reduction):
        slope = -x if pos_weight is None else -x - (pos_weight - 1) * log(sigmoid(x))
        slope = slope * share(g, x.shape, reduction)
        return slope if weight is None else slope * weight

    def samples(t):
        for reduction in ("mean", "sum", "none"):
            yield case(t(2, 3), t(2, 3, low=0, high=1), None, None, reduction=reduction)
        yield case(t(2, 3), t(2, 3, low=0, high=1), t(3).detach(), t(3, low=1).detach(), reduction="mean")


def _log_weight(target, pos_weight):
    """The weight of the logarithm: positive examples count ``pos_weight`` times."""
    return 1 if pos_weight is None else 1 + (pos_weight - 1) * target


def _softplus_of_negative(xp, x):
    """ln(1 + e⁻ˣ) = max(−x, 0) + ln(1 + e^−|x|), which never overflows."""
    return xp.maximum(-x, 0) + log_one_plus(xp, xp.exp(-xp.abs(x)))


# --- negative log likelihood --------------------------------------------------------------------------------------


class Likelihood(Opaque):
    """Pick the log-probability of the right class: y = −w[t] · x[n, t, …], divided by the sum of the weights for "mean".

    x (N, C, …) or (C), target (N, …) or () int64, weight (C) or None. Targets equal to ``ignore_index`` count nothing.
    ∂y/∂x = −w[t] at the class t, 0 elsewhere.
    """

    public, label, native = False, "nll_loss", "nll_loss_forward"
    outputs = ("y", "total_weight")

    def forward(xp, x, target, weight, *, reduction, ignore_index):
        target, weights = checked_classes(xp, x.shape, target, weight, ignore_index, x.dtype)
        y = -x[at_class(xp, target)] * weights
        total_weight = weights.sum(dtype=x.dtype)
        if reduction == "none":
            return y, total_weight
        y = y.sum()
        return (xp.true_divide(y, total_weight) if reduction == "mean" else y), total_weight

    def grad_x(g, target, weight, total_weight, x_shape, reduction, ignore_index):
        return nll_loss_spread(g, target, weight, total_weight, size=x_shape, reduction=reduction, ignore_index=ignore_index)

    def samples(t):
        for reduction in ("mean", "sum", "none"):
            yield case(t(3, 4), t(3, low=0, high=3, dtype="int64"), t(4, low=0.5).detach(), reduction=reduction, ignore_index=1)

    def errors(t):
        options = {"reduction": "mean", "ignore_index": -100}
        yield case(t(3, 2), t(3, low=2, high=2, dtype="int64"), None, **options), IndexError, "Target 2 is out of bounds."


@op
class nll_loss_kernel(Likelihood):
    __doc__ = Likelihood.__doc__
    title = "NllLoss"


@op
class nll_loss2d_kernel(Likelihood):
    __doc__ = Likelihood.__doc__
    title = "NllLoss2D"

    def samples(t):
        yield case(t(2, 3, 2, 2), t(2, 2, 2, low=0, high=2, dtype="int64"), None, reduction="mean", ignore_index=-100)


@op
class nll_loss_spread(Opaque):
    """The gradient of ``nll_loss``: ∂L/∂x[n, t] = −w[t]·g at the right class t, 0 elsewhere."""

    public, title = False, "NllLossBackwardBackward0"

    def forward(xp, g, target, weight, total_weight, *, size, reduction, ignore_index):
        target, weights = checked_classes(xp, size, target, weight, ignore_index, g.dtype)
        if reduction == "mean":
            g = xp.true_divide(g, total_weight)
        dx = xp.zeros(size, g.dtype)
        dx[at_class(xp, target)] = -g * weights
        return dx

    def grad_g(u, target, weight, reduction, ignore_index):
        return nll_loss_kernel(u, target, weight, reduction=reduction, ignore_index=ignore_index)[0]

    def samples(t):
        total_weight = t(2, low=0.5).sum().detach()
        yield case(t(3).sum(), t(3, low=0, high=3, dtype="int64"), t(4, low=0.5).detach(), total_weight, size=(3, 4), reduction="sum", ignore_index=1)


def at_class(xp, target):
    """The index that picks x[n, target[n, …], …] out of (N, C, …); x[target] out of (C)."""
    ndim = target.ndim
    index = [xp.arange(size).reshape(-1, *(1,) * (ndim - 1 - dim)) for dim, size in enumerate(target.shape)]
    return (index[0], target, *index[1:]) if ndim else (target,)


def checked_classes(xp, shape, target, weight, ignore_index, np_dtype):
    """(targets that are safe to index with, each one's weight)."""
    classes = shape[1] if len(shape) > 1 else shape[0]
    ignored = target == ignore_index
    wrong = ((target < 0) | (target >= classes)) & ~ignored
    if xp.name == "numpy" and wrong.any():  # a GPU would have to be waited for
        raise error("target_range", target=int(target[wrong].ravel()[0]), high=classes - 1)
    safe = xp.where(ignored, 0, target)
    weights = xp.ones(target.shape, np_dtype) if weight is None else weight[safe]
    return safe, xp.where(ignored, np_dtype.type(0), weights)
