r"""Cross-entropy in one operation: scores become probabilities $p = \mathrm{softmax}(x)$, and these are compared with the target's.

With classes c, a weight w_c for each, and a distribution q over the classes as the target:
$y = -\sum_c q_c w_c \ln p_c$ and $\partial y/\partial x_c = p_c \sum_k q_k w_k - q_c w_c$.
A class number t is the distribution that is 1 at t; label smoothing ε makes any q into (1 − ε)·q + ε/C.

The scores x (N, C, …) are walked over in blocks of samples, so that the steps in between need no memory of their size.
"""

from math import prod

from ..core.blocks import row_blocks
from ..core.compiled import with_kernel
from ..core.device import namespace
from ..core.op import Fused, op
from .case import case
from .loss import at_class, checked_classes, nll_loss_kernel
from .softmax import log_softmax


def class_dim(x):
    """The dimension of the classes: x is (N, C, …) or (C)."""
    return min(x.ndim - 1, 1)


def along_classes(w, x):
    """A number per class so that it multiplies that dimension of x."""
    return w.reshape((-1, *(1,) * (x.ndim - 1 - class_dim(x))))


def by_sample(x):
    """(N, C, …) as (N, C, d₁·d₂·…), or as (N, C) where there is nothing more; (C) as one sample."""
    return x.reshape(-1, x.shape[-1]) if x.ndim < 3 else x.reshape(*x.shape[:2], prod(x.shape[2:]))


def sample_blocks(xp, scores):
    """Slices of a few samples each."""
    return row_blocks(xp, scores.reshape(len(scores), prod(scores.shape[1:])))


def column(xp, v, scores):
    """Numbers for each sample (and place), or one for all, in a shape that goes with ``scores``: (N, 1, …)."""
    shape = (len(scores), *scores.shape[2:])
    return xp.expand_dims(xp.broadcast_to(v.reshape(shape if v.ndim else ()), shape), 1)


# --- class numbers ----------------------------------------------------------------------------------------------------------------


@with_kernel
def class_probabilities(xp, scores, weight, label_smoothing):
    """(p = softmax(x), max x, ln Σ eˣ⁻ᵐᵃˣ, Σ w·(x − max)) along dimension 1 of the scores x; the last for label smoothing only, w = 1 without
    weights."""
    p = xp.empty(scores.shape, scores.dtype)
    largest, total, smooth = xp.zeros((3, len(scores), 1, *scores.shape[2:]), scores.dtype)
    for at in sample_blocks(xp, scores):
        out = p[at]
        largest[at] = xp.max(scores[at], axis=1, keepdims=True)
        xp.subtract(scores[at], largest[at], out=out)
        if label_smoothing:
            smooth[at] = xp.sum(out if weight is None else out * along_classes(weight, out), axis=1, keepdims=True)
        xp.exp(out, out=out)
        total[at] = xp.sum(out, axis=1, keepdims=True)
        out /= total[at]
    return p, largest, xp.log(total), smooth


@with_kernel
def class_gradient(xp, p, factor, every, weight):
    """p·factor − every·w for each class; without ``every`` p·factor."""
    dx = xp.empty(p.shape, p.dtype)
    for at in sample_blocks(xp, p):
        out = dx[at]
        xp.multiply(p[at], factor[at], out=out)
        if every is not None:
            out -= every[at] if weight is None else every[at] * along_classes(weight, out)
    return dx


class ClassNumbers(Fused):
    """y = −w[t]·ln p[t], and with label smoothing ε: y = −(1 − ε)·w[t]·ln p[t] − ε/C·Σ w_c ln p_c, for p = softmax(x).

    x (N, C, …) or (C), target (N, …) or () int64, weight (C) or None → y, the sum of the targets' weights (by which "mean" divides), and p.
    Targets equal to ``ignore_index`` count nothing.
    ∂y/∂x = ((1 − ε)·w[t] + ε/C·Σw)·p − ε/C·w, less (1 − ε)·w[t] at the class t.
    """

    public, label, native, kinds = False, "cross_entropy", "cross_entropy_loss", "f"
    outputs, constants = ("y", "total_weight", "p"), ("target", "weight")

    def composite(x, target, weight, *, reduction, ignore_index, label_smoothing):
        log_p = log_softmax(x, class_dim(x))
        loss, total_weight = nll_loss_kernel.op.raw(log_p, target, weight, reduction=reduction, ignore_index=ignore_index)
        if label_smoothing == 0:
            return loss
        smooth = -(log_p if weight is None else log_p * along_classes(weight, x)).sum(class_dim(x))
        smooth = smooth.masked_fill(target == ignore_index, 0)
        if reduction != "none":
            smooth = smooth.sum() / total_weight if reduction == "mean" else smooth.sum()
        return loss * (1 - label_smoothing) + smooth * (label_smoothing / x.shape[class_dim(x)])

    def stand_in(xp, p):
        """For x, which is not saved: scores that differ from it by one number for each sample, which changes neither y nor a gradient."""
        return xp.log(p)

    def forward(xp, x, target, weight, *, reduction, ignore_index, label_smoothing):
        right, weights = checked_classes(xp, x.shape, target, weight, ignore_index, x.dtype)
        scores = by_sample(x)
        p, *sums = class_probabilities(xp, scores, weight, label_smoothing)
        largest, log_total, smooth = (v.reshape(target.shape) for v in sums)
        y = (log_total - (x[at_class(xp, right)] - largest)) * weights
        if label_smoothing:
            smooth = log_total * (scores.shape[1] if weight is None else weight.sum()) - smooth
            y = y * (1 - label_smoothing) + smooth * (target != ignore_index) * (label_smoothing / scores.shape[1])
        total_weight = weights.sum(dtype=x.dtype)
        if reduction != "none":
            y = xp.true_divide(y.sum(), total_weight) if reduction == "mean" else y.sum()
        return y, total_weight, p.reshape(x.shape)

    def grad_all(g, target, weight, total_weight, p, reduction, ignore_index, label_smoothing, wanted):
        xp, scores = namespace(p), by_sample(p)
        right, weights = checked_classes(xp, p.shape, target, weight, ignore_index, p.dtype)
        if reduction == "mean":
            g = xp.true_divide(g, total_weight)
        for_right = weights * g * (1 - label_smoothing)
        for_all = (target != ignore_index) * g * (label_smoothing / scores.shape[1])
        factor = column(xp, for_right + for_all * (scores.shape[1] if weight is None else weight.sum()), scores)
        every = column(xp, for_all, scores) if label_smoothing else None
        dx = class_gradient(xp, scores, factor, every, weight).reshape(p.shape)
        dx[at_class(xp, right)] -= for_right
        return (dx,)

    def samples(t):
        classes, options = t(3, low=0, high=3, dtype="int64"), {"ignore_index": 1, "label_smoothing": 0.0}
        for reduction in ("mean", "sum", "none"):
            yield case(t(3, 4), classes, t(4, low=0.5).detach(), reduction=reduction, **options)
        yield case(t(3, 4), classes, t(4, low=0.5).detach(), reduction="mean", ignore_index=1, label_smoothing=0.3)
        yield case(t(3, 4), classes, None, reduction="none", ignore_index=1, label_smoothing=0.3)
        yield case(t(4), t(low=0, high=3, dtype="int64"), None, reduction="mean", ignore_index=-100, label_smoothing=0.0)


@op
class cross_entropy_kernel(ClassNumbers):
    __doc__ = ClassNumbers.__doc__
    title = "NllLoss"


@op
class cross_entropy2d_kernel(ClassNumbers):
    __doc__ = ClassNumbers.__doc__
    title = "NllLoss2D"

    def samples(t):
        for smoothing, weight in ((0.0, None), (0.2, t(3, low=0.5).detach())):
            yield case(t(2, 3, 2, 2), t(2, 2, 2, low=0, high=2, dtype="int64"), weight, reduction="mean", ignore_index=-100, label_smoothing=smoothing)


# --- probabilities ----------------------------------------------------------------------------------------------------------------


@op
class cross_entropy_soft_kernel(Fused):
    """y = −Σ q_c w_c ln p_c for p = softmax(x), with the target's probabilities (1 − ε)·target + ε/C as q.

    x, target (N, C, …) or (C), weight (C) or None → y, and ln Σ eˣ of each sample. "mean" divides by the number of samples and places.
    ∂y/∂x = p·Σ q_c w_c − q·w,  ∂y/∂target = −(1 − ε)·w·ln p,  ∂y/∂w = −Σ q·ln p.
    """

    public, title, label, native, kinds = False, "NllLoss", "cross_entropy", "cross_entropy_loss", "f"
    outputs = ("y", "log_sum")

    def composite(x, target, weight, *, reduction, label_smoothing):
        if label_smoothing > 0:
            target = target * (1 - label_smoothing) + label_smoothing / x.shape[class_dim(x)]
        y = -log_softmax(x, class_dim(x)) * target
        y = (y if weight is None else y * along_classes(weight, x)).sum(class_dim(x))
        return y if reduction == "none" else y.sum() if reduction == "sum" else y.sum() / samples_in(x)

    def forward(xp, x, target, weight, *, reduction, label_smoothing):
        scores, q = by_sample(x), by_sample(target)
        log_sum, y = xp.empty((2, len(scores), 1, *scores.shape[2:]), x.dtype)
        for at in sample_blocks(xp, scores):
            largest = xp.max(scores[at], axis=1, keepdims=True)
            z = scores[at] - largest
            log_total = xp.log(xp.exp(z).sum(axis=1, keepdims=True))
            qw = weighted(q[at], weight, label_smoothing)
            y[at] = log_total * qw.sum(axis=1, keepdims=True) - (qw * z).sum(axis=1, keepdims=True)
            log_sum[at] = log_total + largest
        if reduction == "none":
            return y.reshape(target.shape[: class_dim(x)] + target.shape[class_dim(x) + 1 :]), log_sum
        return y.sum() if reduction == "sum" else xp.true_divide(y.sum(), samples_in(x)), log_sum

    def grad_all(g, x, target, weight, log_sum, reduction, label_smoothing, wanted):
        xp, scores, q = namespace(x), by_sample(x), by_sample(target)
        g = column(xp, g / samples_in(x) if reduction == "mean" else g, scores)
        dx, dq = xp.empty(scores.shape, x.dtype), xp.empty(scores.shape, x.dtype) if wanted[1] else None
        dw = xp.zeros(scores.shape[1], x.dtype)
        others = tuple(dim for dim in range(scores.ndim) if dim != 1)
        for at in sample_blocks(xp, scores):
            log_p = scores[at] - log_sum[at]
            if wanted[1]:
                dq[at] = weighted(log_p * g[at], weight, 0.0) * (label_smoothing - 1)
            if wanted[2]:
                dw -= (weighted(q[at], None, label_smoothing) * log_p * g[at]).sum(axis=others)
            qw = weighted(q[at], weight, label_smoothing)
            dx[at] = (xp.exp(log_p) * qw.sum(axis=1, keepdims=True) - qw) * g[at]
        return dx.reshape(x.shape), dq if dq is None else dq.reshape(x.shape), dw

    def samples(t):
        for reduction in ("mean", "sum", "none"):
            yield case(t(3, 4), t(3, 4, low=0, high=1), t(4, low=0.5), reduction=reduction, label_smoothing=0.0)
        yield case(t(2, 3, 2), t(2, 3, 2, low=0, high=1), t(3, low=0.5), reduction="none", label_smoothing=0.3)
        yield case(t(4), t(4, low=0, high=1), None, reduction="mean", label_smoothing=0.3)


def weighted(q, weight, label_smoothing):
    """The target's probabilities with smoothing, times the classes' weights."""
    q = q * (1 - label_smoothing) + label_smoothing / q.shape[1] if label_smoothing else q
    return q if weight is None else q * along_classes(weight, q)


def samples_in(x):
    """How many distributions there are in x."""
    return x.shape[0] * prod(x.shape[2:]) if x.ndim > 1 else 1
