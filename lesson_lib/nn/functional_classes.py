"""The losses of ``nn.functional`` for classes: the negative logarithm of the right class's probability."""

from ..core.dtypes import FLOATING
from ..core.errors import error
from ..ops.cross_entropy import cross_entropy2d_kernel, cross_entropy_kernel, cross_entropy_soft_kernel
from ..ops.loss import nll_loss2d_kernel, nll_loss_kernel
from ..ops.softmax import log_softmax
from .functional_loss import checked_reduction


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """−w[t] · x[t] for log-probabilities x (N, C, …) and class numbers t (N, …); the mean divides by the sum of the weights.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.]]), torch.tensor([1]))
    tensor(2.)

    Errors: ValueError for batches of different sizes, IndexError for a class that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    _check_target(input, target, weight)
    options = {"reduction": reduction, "ignore_index": ignore_index}
    if input.ndim <= 2:
        return nll_loss_kernel.op.raw(input, target if input.ndim == 2 or target.ndim == 0 else target[0], weight, **options)[0]
    if weight is not None:
        weight = weight.flatten()
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
    elif input.ndim == 4 and target.ndim != 3:
        raise error("nll_target_dims", ndim=target.ndim)
    elif input.ndim == 4 and target.shape[1:] != input.shape[2:]:
        raise error("nll_target_image", input=list(input.shape), target=list(target.shape))
    elif input.ndim > 2 and tuple(target.shape[1:]) != tuple(input.shape[2:]):
        raise error("nll_target_size", expected=[input.size(0), *input.shape[2:]], found=list(target.shape))
    if target._a.dtype.name not in ("int64", "uint8"):
        raise error("target_dtype", dtype=target.dtype.title)
    if input.ndim > 2 and target._a.dtype.name == "uint8":
        raise error("dtype_expected", expected="Long", found="Byte")
    if input.dtype.category != FLOATING:
        kernel = "nll_loss_out_frame" if input.ndim <= 2 else "nll_loss2d_forward_out_frame"
        raise error("kernel_dtype", kernel=kernel, dtype=input.dtype.title)
    if weight is not None:
        _check_class_weight(input, weight, "")
        if weight._a.dtype != input._a.dtype:
            raise error("dtype_expected", expected=input.dtype.title, found=weight.dtype.title)


def _check_class_weight(input, weight, prefix):
    classes = input.size(0 if input.ndim == 1 else 1)
    if input.ndim > 2 and not prefix:
        if weight.numel() != classes:
            raise error("class_weight_image")
        return
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
    reduction = checked_reduction(size_average, reduce, reduction)
    if label_smoothing > 1:
        raise error("loss_option", message=f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.ndim == 0 or input.dtype.category != FLOATING:
        log_softmax(input, 1)  # raises
    if input.shape == target.shape:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    _check_target(input, target, weight)
    if input.ndim == 1 and target.ndim == 1:
        target = target[0]
    kernel = cross_entropy_kernel.op if input.ndim <= 2 else cross_entropy2d_kernel.op
    weight = weight if weight is None else weight.flatten()
    options = {"reduction": reduction, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    if input.dtype.itemsize == 2:  # PyTorch rounds the logarithms in between
        return kernel.composite(input, target, weight, **options)
    return kernel.raw(input, target, weight, **options)[0]


def _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing):
    """Cross-entropy with a probability for each class."""
    if not target.is_floating_point():
        raise error("soft_target_dtype", dtype=target.dtype.title)
    if ignore_index >= 0:
        raise error("loss_option", message="ignore_index is not supported for floating point target")
    if weight is not None:
        _check_class_weight(input, weight, "cross_entropy: ")
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    if input.dtype.itemsize == 2 or any(x is not None and x.dtype is not input.dtype for x in (target, weight)):
        return cross_entropy_soft_kernel.op.composite(input, target, weight, **options)
    return cross_entropy_soft_kernel.op.raw(input, target, weight, **options)[0]
