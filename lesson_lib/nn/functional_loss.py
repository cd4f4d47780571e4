"""The losses of ``nn.functional``: PyTorch's signatures and checks around the operations of ``ops.loss``."""

import warnings

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..ops.loss import (
    binary_cross_entropy_kernel,
    binary_cross_entropy_with_logits_kernel,
    huber_loss_kernel,
    mse_loss_kernel,
    nll_loss2d_kernel,
    nll_loss_kernel,
    smooth_l1_loss_kernel,
)
from ..ops.shapes import broadcast_tensors
from ..ops.softmax import log_softmax
from ..ops.transcend import xlogy

_REDUCTIONS = ("none", "mean", "sum")


def legacy_reduction(size_average, reduce, reduction):
    """``reduction``, or what PyTorch's two old arguments ``size_average`` and ``reduce`` mean."""
    if size_average is None and reduce is None:
        return reduction
    averages, reduces = size_average is None or size_average, reduce is None or reduce
    meant = "none" if not reduces else "mean" if averages else "sum"
    warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.", stacklevel=3)
    return meant


def _checked(size_average, reduce, reduction):
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction not in _REDUCTIONS:
        raise error("reduction", found=reduction)
    return reduction


def _folded(values, reduction):
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


def _check_float(kernel, input, target):
    """PyTorch has no losses of integers."""
    for tensor in (input, target):
        if tensor._a.dtype.kind in "biu" and input._a.dtype.kind in "biu":
            raise error("kernel_dtype", kernel=kernel, dtype=from_numpy_dtype(tensor._a.dtype).title)


def _weighted(values, weight, reduction):
    """The mean of weighted values divides by the sum of the weights."""
    weighted = values * weight
    return weighted.sum() / weight.sum() if reduction == "mean" else _folded(weighted, reduction)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Mean squared error, (x − t)².

    >>> import lesson_lib as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([0., 0.]))
    tensor(2.5000)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    reduction = _checked(size_average, reduce, reduction)
    input, target = _paired(input, target)
    if weight is not None:
        _check_weight(input, weight)
        return _weighted((input - target) ** 2, weight, reduction)
    _check_float("mse_cpu", input, target)
    return mse_loss_kernel(input, target, reduction=reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Mean absolute error, |x − t|.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html"""
    reduction = _checked(size_average, reduce, reduction)
    input, target = _paired(input, target)
    values = (input - target).abs()
    if weight is not None:
        _check_weight(input, weight)
        return _weighted(values, weight, reduction)
    return _folded(values, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d²/2β where |d| < β, else |d| − β/2, with d = x − t.

    Source: R. Girshick, https://arxiv.org/abs/1504.08083; https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
    """
    reduction = _checked(size_average, reduce, reduction)
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
    reduction = _checked(None, None, reduction)
    input, target = _paired(input, target)
    if delta <= 0:
        raise error("loss_option", message="huber_loss does not support non-positive values for delta.")
    _check_float("huber_cpu", input, target)
    if weight is not None:
        _check_weight(input, weight)
        return _weighted(huber_loss_kernel(input, target, reduction="none", delta=delta), weight, reduction)
    return huber_loss_kernel(input, target, reduction=reduction, delta=delta)


def _check_weight(input, weight):
    if weight.shape != input.shape:
        raise error("loss_weight")


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """−(t ln x + (1 − t) ln(1 − x)) for probabilities x.

    Errors: ValueError for different shapes, RuntimeError for an x outside [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    reduction = _checked(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise error("bce_shape", target=target.shape, input=input.shape)
    if input._a.dtype != target._a.dtype:
        raise error("bce_dtype", found=target.dtype.title, expected=input.dtype.title)
    return binary_cross_entropy_kernel(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None):
    """Binary cross-entropy of σ(x), safe for large |x|.

    Errors: ValueError for different shapes.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduction = _checked(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise error("bce_logits_shape", target=target.shape, input=input.shape)
    if target._a.dtype.kind == "b":
        raise error("bool_subtract")
    if target._a.dtype.kind != "f":
        raise error("cast_result", found=input.dtype.title, wanted=target.dtype.title)
    return binary_cross_entropy_with_logits_kernel(input, target, weight, pos_weight, reduction=reduction)


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
    values = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return values.sum() / (input.size(0) if input.ndim else 1)
    return _folded(values, reduction)


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """−w[t] · x[t] for log-probabilities x (N, C, …) and class numbers t (N, …); the mean divides by the sum of the weights.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.]]), torch.tensor([1]))
    tensor(2.)

    Errors: ValueError for batches of different sizes, IndexError for a class that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    reduction = _checked(size_average, reduce, reduction)
    _check_target(input, target, weight)
    options = {"reduction": reduction, "ignore_index": ignore_index}
    if input.ndim <= 2:
        return nll_loss_kernel.op.raw(input, target if input.ndim == 2 or target.ndim == 0 else target[0], weight, **options)[0]
    if input.ndim == 4:
        return nll_loss2d_kernel.op.raw(input, target, weight, **options)[0]
    images = input.reshape(input.size(0), input.size(1), 1, -1)  # (N, C, 1, d1·d2·…)
    values = nll_loss2d_kernel.op.raw(images, target.reshape(target.size(0), 1, -1), weight, **options)[0]
    return values.reshape(target.shape) if reduction == "none" else values


def _check_target(input, target, weight):
    """PyTorch's errors for targets that do not belong to the input."""
    if input.ndim == 0:
        raise error("nll_dims")
    if input.ndim == 1:
        if target.ndim > 1 or target.numel() != 1:
            raise error("nll_target_1d", size=target.numel())
    elif target.ndim == 0 or input.size(0) != target.size(0):
        raise error("batch_size", input=input.size(0), target=target.size(0) if target.ndim else 1)
    elif input.ndim == 2 and target.ndim > 1:
        raise error("nll_target_many")
    elif input.ndim > 2 and tuple(target.shape[1:]) != tuple(input.shape[2:]):
        raise error("nll_target_size", expected=[input.size(0), *input.shape[2:]], found=list(target.shape))
    if target._a.dtype.name not in ("int64", "uint8"):
        raise error("target_dtype", dtype=from_numpy_dtype(target._a.dtype).title)
    if weight is not None:
        _check_class_weight(input, weight, "")
        if weight._a.dtype != input._a.dtype:
            raise error("dtype_expected", expected=input.dtype.title, found=weight.dtype.title)


def _check_class_weight(input, weight, prefix):
    classes = input.size(0 if input.ndim == 1 else 1)
    if weight.ndim != 1 or weight.numel() != classes:
        raise error("class_weight", prefix=prefix, classes=classes, shape=list(weight.shape))


def cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0):
    """−ln softmax(x)[t] for scores x (N, C, …) and class numbers t (N, …), or −Σ p ln softmax(x) for probabilities p (N, C, …).

    ``label_smoothing`` ε mixes the target with the uniform distribution, (1 − ε)·t + ε/C.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)

    Errors: ValueError for batches of different sizes, IndexError for a class that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
    """
    reduction = _checked(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise error("loss_option", message=f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    class_dim = 0 if input.ndim == 1 else 1
    if input.shape == target.shape:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing, class_dim)
    log_p = log_softmax(input, class_dim)
    loss = nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing == 0:
        return loss
    ignored = target == ignore_index
    smooth = -(log_p if weight is None else log_p * weight.view(_along(class_dim, input.ndim))).sum(class_dim)
    smooth = smooth.masked_fill(ignored, 0)
    if reduction == "mean":
        counted = (~ignored).sum() if weight is None else weight[target.masked_fill(ignored, 0)].masked_fill(ignored, 0).sum()
        smooth = smooth.sum() / counted
    elif reduction == "sum":
        smooth = smooth.sum()
    return loss * (1 - label_smoothing) + smooth * (label_smoothing / input.size(class_dim))


def _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing, class_dim):
    """Cross-entropy with a probability for each class."""
    if not target.is_floating_point():
        raise error("soft_target_dtype", dtype=target.dtype.title)
    if ignore_index >= 0:
        raise error("loss_option", message="ignore_index is not supported for floating point target")
    if label_smoothing > 0:
        target = target * (1 - label_smoothing) + label_smoothing / input.size(class_dim)
    log_p = log_softmax(input, class_dim) * target
    if weight is not None:
        _check_class_weight(input, weight, "cross_entropy: ")
        log_p = log_p * weight.view(_along(class_dim, input.ndim))
    if reduction == "none":
        return -log_p.sum(class_dim)
    if reduction == "sum":
        return -log_p.sum()
    return -log_p.sum() / max(input.numel() // input.size(class_dim), 1)


def _along(dim, ndim):
    """The shape of a vector that lies along ``dim``."""
    return tuple(-1 if d == dim else 1 for d in range(ndim))
