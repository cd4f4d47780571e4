"""The losses of ``nn.functional`` with a margin: they compare scores, or distances, and ask for a lead."""

from ..core.dtypes import BOOL, FLOATING, can_cast
from ..core.errors import error
from ..core.promote import common_type
from ..ops import loss_margin as ops
from ..ops.activation import logsigmoid
from ..ops.create import full_like, ones_like, zeros_like
from ..ops.distance import pairwise_distance
from ..ops.power import sqrt
from ..ops.select import clamp_min, minimum, where
from .functional_loss import checked_reduction, folded, legacy_reduction


def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """x for targets 1, max(0, margin − x) for targets −1: distances that are to be small or large.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.5, 0.25]), torch.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.7500])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    zeros = zeros_like(input)
    far = where(target != 1, clamp_min(full_like(input, margin) - input, 0), zeros)
    return folded(far + where(target != -1, input, zeros), reduction)


def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """max(0, −t·(a − b) + margin): a is to lead by the margin where t = 1, b where t = −1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.margin_ranking_loss(torch.tensor([1.]), torch.tensor([3.]), torch.tensor([1.]))
    tensor(2.)

    Errors: RuntimeError for tensors of different numbers of dimensions.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise error("ranking_dims", a=input1.shape, b=input2.shape, target=target.shape)
    return folded(clamp_min(-target * (input1 - input2) + float(margin), 0), reduction)


def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """1 − cos(a, b) for targets 1, max(0, cos(a, b) − margin) for targets −1: a, b (N, d), target (N).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.cosine_embedding_loss(torch.ones(1, 2), torch.tensor([[1., 0.]]), torch.tensor([1]))
    tensor(0.2929)

    Errors: RuntimeError unless there is one target for each row.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    if target.ndim > 1:
        raise error("nll_target_many")
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise error("cosine_dims", target=target.ndim, wanted=target.ndim + 1, a=list(input1.shape), b=list(input2.shape))
    squares = [(x * x).sum(target.ndim) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(target.ndim) / sqrt(squares[0] * squares[1])
    zeros = zeros_like(cosine)
    alike, apart = where(target == 1, ones_like(cosine) - cosine, zeros), where(target == -1, clamp_min(cosine - margin, 0), zeros)
    return folded(alike + apart, reduction)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None, reduce=None, reduction="mean"
):  # fmt: skip
    """max(0, d(a, p) − d(a, n) + margin) with the p-norm's distance: the positive example is to be nearer than the negative one.

    ``swap``: where the negative example is nearer to the positive one than to the anchor, that distance counts.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.triplet_margin_loss(torch.tensor([[0.]]), torch.tensor([[3.]]), torch.tensor([[2.]]))
    tensor(2.)

    Errors: ValueError for a margin that is not above 0, RuntimeError for tensors of different numbers of dimensions.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    return _triplet(anchor, positive, negative, lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, reduction)


def triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
    """``triplet_margin_loss`` with any function of two tensors as the distance; ``pairwise_distance`` if none is given.

    >>> import lesson_lib as torch
    >>> a, p, n = torch.tensor([[0.]]), torch.tensor([[3.]]), torch.tensor([[2.]])
    >>> torch.nn.functional.triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: (x - y).pow(2).sum(1))
    tensor(6.)

    Errors: ValueError for a margin that is not above 0, RuntimeError for tensors of different numbers of dimensions.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
    """
    reduction = checked_reduction(None, None, reduction)
    return _triplet(anchor, positive, negative, distance_function or pairwise_distance, margin, swap, reduction)


def _triplet(anchor, positive, negative, distance, margin, swap, reduction):
    if margin <= 0:
        raise error("triplet_margin", margin=margin)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise error("triplet_dims", anchor=anchor.ndim, positive=positive.ndim, negative=negative.ndim)
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return folded(clamp_min(margin + near - far, 0), reduction)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """ln(1 + e^{−t·x}) for targets t = ±1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.soft_margin_loss(torch.zeros(2), torch.tensor([1, -1]))
    tensor(0.6931)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    common = common_type(input, target)
    if input.dtype.category == BOOL:
        raise error("bool_negative")
    if not can_cast(common, input.dtype) or input.dtype.category < FLOATING:
        raise error("cast_result", found="Float" if common.category <= FLOATING else common.title, wanted=input.dtype.title)
    return ops.soft_margin_loss_kernel.op.raw(input, target, reduction=reduction)


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """The mean over the classes of −(t ln σ(x) + (1 − t) ln σ(−x)): x and t (N, C), each class by itself is there or not.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 3), torch.tensor([[1., 0., 1.]]))
    tensor(0.6931)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    loss = loss.sum(-1) / input.size(-1)
    if reduction not in ("none", "mean", "sum"):
        raise error("reduction_short", found=reduction)
    return folded(loss, reduction)


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
    r"""$\frac{w_t}C\sum_{i \neq t}\max(0, m - x_t + x_i)^p$ for scores x (N, C) and classes t (N): the right score is to lead by the margin m.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
    tensor(0.3250)

    Errors: ValueError for a p other than 1 and 2, RuntimeError for a class that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise error("multi_margin_p")
    if weight is not None and weight.ndim != 1:
        raise error("multi_margin_weight_dims")
    rows = _rows(input)
    classes = rows.size(1)
    if target.ndim > 1 or target.numel() != rows.size(0):
        raise error("multi_margin_target", wanted=rows.size(0), found=list(target.shape), shape=list(input.shape))
    if weight is not None and weight.numel() != classes:
        raise error("multi_margin_weight", classes=classes, found=list(weight.shape))
    if input.is_floating_point():
        _check_dtype("Long", target)
    if target.numel() and bool(((target < 0) | (target >= classes)).any()):
        raise error("multi_margin_range", classes=classes)
    if weight is not None:
        _check_dtype(input.dtype.title, weight)
        weight = weight.detach()[target].reshape(-1, 1)
    right = rows.detach().new_zeros(rows.shape).scatter_(1, target.reshape(-1, 1), 1)
    loss = ops.multi_margin_loss_kernel.op.raw(rows, right, weight, p=p, margin=margin, reduction=reduction)
    return loss.reshape(()) if reduction == "none" and target.ndim == 0 else loss


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    r"""$\frac1C\sum_j\sum_{i \notin t}\max(0, 1 - x_{t_j} + x_i)$ for scores x (N, C); a row of t lists the right classes, up to the first −1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.multilabel_margin_loss(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)

    Errors: RuntimeError for a class that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    rows = _rows(input)
    if target.shape != input.shape and (target.ndim > 1 or input.ndim > 1 or target.numel() != input.numel()):
        raise error("multilabel_target", found=list(target.shape), shape=list(input.shape))
    classes = rows.size(1)
    if target.numel() and bool(((target < -1) | (target >= classes)).any()):
        raise error("multilabel_range", classes=classes)
    if input.is_floating_point():
        _check_dtype("Long", target)
    listed = target.reshape(rows.shape)
    counts = (listed == -1).cumsum(1) == 0  # of the list's places: those before the first −1
    right = rows.detach().new_zeros(rows.shape).scatter_add_(1, where(counts, listed, 0), counts.to(input.dtype))
    loss = ops.multilabel_margin_loss_kernel.op.raw(rows, right, reduction=reduction)
    return loss.reshape(()) if reduction == "none" and target.ndim <= 1 else loss


def _rows(input):
    """Scores as (N, C)."""
    if input.ndim > 2 or (input.ndim and not input.size(-1)):
        raise error("margin_dims", shape=list(input.shape))
    return input if input.ndim == 2 else input.reshape(1, -1)


def _check_dtype(expected, tensor):
    if tensor.dtype.title != expected:
        raise error("dtype_expected", expected=expected, found=tensor.dtype.title)
