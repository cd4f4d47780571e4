"""The losses of ``nn.functional``: PyTorch's signatures and checks around the operations of ``ops.loss``."""

import warnings

from ..core.dtypes import BOOL, COMPLEX, FLOATING, can_cast
from ..core.errors import error, operand_shapes_error
from ..core.promote import common_type
from ..ops.loss import (
    binary_cross_entropy_kernel,
    binary_cross_entropy_with_logits_kernel,
    huber_loss_kernel,
    mse_loss_kernel,
    smooth_l1_loss_kernel,
)
from ..ops.shapes import broadcast_tensors
from ..ops.transcend import xlogy
from ..ops.view import broadcast_shapes

_REDUCTIONS = ("none", "mean", "sum")


def legacy_reduction(size_average, reduce, reduction):
    """``reduction``, or what PyTorch's two old arguments ``size_average`` and ``reduce`` mean."""
    if size_average is None and reduce is None:
        return reduction
    averages, reduces = size_average is None or size_average, reduce is None or reduce
    meant = "none" if not reduces else "mean" if averages else "sum"
    warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.", stacklevel=3)
    return meant


def checked_reduction(size_average, reduce, reduction):
    """``legacy_reduction``, which must be one that there is."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    return reduction


def check_reduction(reduction):
    """PyTorch's error for a reduction that there is not."""
    if reduction not in _REDUCTIONS:
        raise error("reduction", found=reduction)


def folded(values, reduction):
    """All values made one, or left as they are."""
    return values.mean() if reduction == "mean" else values.sum() if reduction == "sum" else values


def _paired(input, target):
    """Both in one shape; a warning if they had different ones, because that is rarely meant."""
    if input.shape == target.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely lead to incorrect results "
        "due to broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    return broadcast_tensors(input, target)


def _check_float(kernel, *tensors):
    """PyTorch's kernels know real numbers with a point alone."""
    common = common_type(*tensors)
    if common.category != FLOATING:
        raise error("kernel_dtype", kernel=kernel, dtype=common.title)


def _weighted(values, weight, reduction):
    """The mean of weighted values divides by the sum of the weights."""
    weighted = values * weight
    return weighted.sum() / weight.sum() if reduction == "mean" else folded(weighted, reduction)


def _check_weight(input, weight, reduction):
    if weight.shape != input.shape:
        raise error("loss_weight")
    if reduction not in _REDUCTIONS:
        raise error("loss_weight_reduction", found=reduction)


def _in_dtype(values, dtype):
    """The result in the dtype of the tensor whose memory PyTorch would have given it."""
    if not can_cast(values.dtype, dtype):
        raise error("cast_result", found=values.dtype.title, wanted=dtype.title)
    return values if values.dtype is dtype else values.to(dtype)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Mean squared error, (x − t)².

    >>> import lesson_lib as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([0., 0.]))
    tensor(2.5000)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _paired(input, target)
    if weight is not None:
        _check_weight(input, weight, reduction)
        return _weighted((input - target) ** 2, weight, reduction)
    check_reduction(reduction)
    _check_float("mse_cpu", input, target)
    return mse_loss_kernel(input, target, reduction=reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Mean absolute error, |x − t|.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html"""
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _paired(input, target)
    values = (input - target).abs()
    if weight is not None:
        _check_weight(input, weight, reduction)
        return _weighted(values, weight, reduction)
    check_reduction(reduction)
    return folded(values, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d²/2β where |d| < β, else |d| − β/2, with d = x − t.

    Source: R. Girshick, https://arxiv.org/abs/1504.08083; https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    input, target = _paired(input, target)
    if beta < 0:
        raise error("loss_option", message="smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    _check_float("smooth_l1_cpu", input, target)
    return smooth_l1_loss_kernel(input, target, reduction=reduction, beta=beta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d²/2 where |d| < δ, else δ(|d| − δ/2), with d = x − t.

    Source: P. Huber, https://doi.org/10.1214/aoms/1177703732; https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
    """
    input, target = _paired(input, target)
    if weight is not None:
        _check_weight(input, weight, reduction)
    else:
        check_reduction(reduction)
    if delta <= 0:
        raise error("loss_option", message="huber_loss does not support non-positive values for delta.")
    _check_float("huber_cpu", input, target)
    values = huber_loss_kernel(input, target, reduction=reduction if weight is None else "none", delta=delta)
    values = _in_dtype(values, input.dtype)
    return values if weight is None else folded(values * weight, reduction)


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """−(t ln x + (1 − t) ln(1 − x)) for probabilities x.

    Errors: ValueError for different shapes, RuntimeError for an x outside [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise error("bce_shape", target=target.shape, input=input.shape)
    if input._a.dtype != target._a.dtype:
        raise error("bce_dtype", found=target.dtype.title, expected=input.dtype.title)
    _check_float("binary_cross_entropy", input)
    if weight is not None:
        _check_bce_weight(weight, target)
        weight = weight.to(input.dtype)
    return binary_cross_entropy_kernel(input, target, weight, reduction=reduction)


def _check_bce_weight(weight, target):
    for back, (found, expected) in enumerate(zip(weight.shape[::-1], target.shape[::-1], strict=False), 1):
        if found not in (1, expected) and expected != 1:
            raise error("bce_weight", found=found, dim=-back, shape=weight.shape, expected=list(target.shape))
    shape = broadcast_shapes(target.shape, weight.shape)
    if shape != target.shape:
        raise error("inplace_shape", shape=list(target.shape), broadcast=list(shape))


def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None):
    """Binary cross-entropy of σ(x), safe for large |x|.

    Errors: ValueError for different shapes.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise error("bce_logits_shape", target=target.shape, input=input.shape)
    _check_float("log_sigmoid_cpu", input)
    if target.dtype.category == BOOL:
        raise error("bool_subtract")
    if target.dtype.category < FLOATING:
        raise error("cast_result", found=input.dtype.title, wanted=target.dtype.title)
    for factor, first in ((pos_weight, pos_weight), (weight, target)):
        _check_factor(factor, target, first)
    return _in_dtype(binary_cross_entropy_with_logits_kernel(input, target, weight, pos_weight, reduction=reduction), target.dtype)


def _check_factor(weight, target, first):
    """PyTorch's errors for weights that do not fit the target, or would make the loss larger; ``first``: which of the two an error names first."""
    if weight is None:
        return
    clash = operand_shapes_error([x.shape for x in ((weight, target) if first is weight else (target, weight))])
    if clash is not None:
        raise clash
    shape = broadcast_shapes(target.shape, weight.shape)
    if shape != target.shape:
        raise error("inplace_shape", shape=list(target.shape), broadcast=list(shape))


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """t (ln t − x) for log-probabilities x and probabilities t; ``log_target``: t is a logarithm too.

    Source: S. Kullback and R. Leibler, https://doi.org/10.1214/aoms/1177729694;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction not in (*_REDUCTIONS, "batchmean"):
        raise error("reduction", found=reduction)
    if COMPLEX in (input.dtype.category, target.dtype.category):
        raise error("kl_dtype", what="Complex")
    if min(input.dtype.category, target.dtype.category) < FLOATING:
        raise error("kl_dtype", what="Integral")
    values = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return values.sum() / (input.size(0) if input.ndim else 1)
    return folded(values, reduction)
