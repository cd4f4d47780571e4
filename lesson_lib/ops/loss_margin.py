"""Losses with a margin: nothing is paid once the right score leads by enough."""

from ..core.errors import operand_shapes_error
from ..core.op import Opaque, op
from .case import case, constant
from .loss import reduced, share
from .reduce import sum
from .select import where_else
from .transcend import sigmoid
from .view import unsqueeze


@op
class soft_margin_loss_kernel(Opaque):
    """y = ln(1 + e^{−t·x}) for targets t = ±1.   ∂y/∂x = −t·σ(−t·x)."""

    public, title, label, native = False, "SoftMarginLoss", "soft_margin_loss", "soft_margin_loss"
    explain = lambda exc, arrays, params: operand_shapes_error([array.shape for array in arrays])  # noqa: E731
    half = "exact"  # PyTorch keeps each step in 16 bits, where the power soon overflows

    def forward(xp, x, target, *, reduction):
        y = xp.log1p(xp.exp(-(x * target.astype(x.dtype))))
        return reduced(xp, y.astype("float32") if x.dtype.itemsize == 2 else y, reduction).astype(x.dtype)

    def grad_x(g, x, target, reduction):
        return -target * sigmoid(-(x * target)) * share(g, x.shape, reduction)

    def samples(t):
        for reduction in ("mean", "sum", "none"):
            yield case(t(2, 3), constant(t(2, 3)), reduction=reduction)


@op
class multi_margin_loss_kernel(Opaque):
    r"""$y_n = \frac{w_n}C\sum_{i \neq t}\max(0, m - x_{nt} + x_{ni})^p$; ``right`` (N, C) is 1 at the class t of each sample, else 0.

    ∂y/∂xᵢ = w·p·max(0, m − xₜ + xᵢ)^{p−1}/C where that is above 0,  ∂y/∂xₜ = −Σ of these.
    """

    public, title, label, native = False, "MultiMarginLoss", "multi_margin_loss", "multi_margin_loss"
    kinds, half, kernel = "f", "refused", "multi_margin_loss_cpu_kernel"

    def forward(xp, x, right, weight, *, p, margin, reduction):
        behind = margin - xp.sum(xp.where(right == 1, x, 0), 1, keepdims=True) + x
        cost = xp.where(right == 1, 0, xp.maximum(behind, 0)) ** p
        y = xp.sum(cost if weight is None else cost * weight, 1) / x.dtype.type(x.shape[1])
        return reduced(xp, y, reduction)

    def grad_x(g, x, right, weight, p, margin, reduction):
        behind = margin - sum(where_else.op.raw(right == 1, x, 0), 1, keepdim=True) + x
        slope = _per_sample(g, x.shape, reduction) * ((behind > 0) & (right == 0))
        if p == 2:
            slope = slope * (2 * behind)
        if weight is not None:
            slope = slope * weight
        return where_else.op.raw(right == 1, -sum(slope, 1, keepdim=True), slope)

    def samples(t):
        scores = t(3, 4).detach()
        right = (scores == scores.amax(1, keepdim=True)).to(scores.dtype)
        for reduction in ("mean", "sum", "none"):
            yield case(t(3, 4), right, None, p=1, margin=1.0, reduction=reduction)
        yield case(t(3, 4), right, t(3, 1, low=0.5).detach(), p=2, margin=0.5, reduction="mean")


@op
class multilabel_margin_loss_kernel(Opaque):
    r"""$y_n = \frac1C\sum_j\sum_{i \notin t}\max(0, 1 - x_{n t_j} + x_{ni})$; ``right`` (N, C) counts how often each class is a target.

    ∂y/∂xᵢ = the number of targets that lead by less than 1, over C;  ∂y/∂xₜ = −the number of classes that t leads by less than 1, over C.
    """

    public, title, label, native = False, "MultilabelMarginLoss", "multilabel_margin_loss", "multilabel_margin_loss"
    kinds, half, kernel = "f", "refused", "multilabel_margin_loss_forward_out_frame"

    def forward(xp, x, right, *, reduction):
        behind = 1 - x[:, :, None] + x[:, None]
        counted = right[:, :, None] * (right == 0)[:, None]
        y = xp.sum(xp.maximum(behind, 0) * counted, (1, 2)) / x.dtype.type(x.shape[1])
        return reduced(xp, y, reduction)

    def grad_x(g, x, right, reduction):
        behind = 1 - unsqueeze(x, 2) + unsqueeze(x, 1)
        pull = unsqueeze(right, 2) * unsqueeze(right == 0, 1) * (behind > 0)
        return (sum(pull, 1) - sum(pull, 2)) * _per_sample(g, x.shape, reduction)

    def samples(t):
        right = (t(3, 4) > 0).to(t().dtype) * 2
        for reduction in ("mean", "sum", "none"):
            yield case(t(3, 4), right.detach(), reduction=reduction)


def _per_sample(g, shape, reduction):
    """What each element of a row receives of the loss's gradient: the row's share over the number of classes."""
    g = share(g, shape[:1], reduction) / shape[1]
    return unsqueeze(g, 1) if reduction == "none" else g
