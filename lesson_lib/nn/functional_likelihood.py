"""The losses of ``nn.functional`` that are the negative logarithm of a probability: of a count, of a measurement, of a class after a linear layer."""

import math

from ..core.errors import error
from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from ..ops.create import ones_like
from ..ops.ctc import ctc_loss_kernel
from ..ops.data import tensor
from ..ops.select import where
from ..ops.transcend import exp, log
from ..ops.truth import any
from .functional_loss import checked_reduction, folded


def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
):  # fmt: skip
    """λ − t ln λ for counts t ~ Poisson(λ); ``log_input``: x = ln λ, else x = λ. ``full`` adds Stirling's formula for ln t! where t > 1.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.]), torch.tensor([3.]))
    tensor(1.)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
    """
    reduction = checked_reduction(size_average, reduce, reduction)
    loss = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return folded(loss, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """½ (ln v + (x − t)²/v) for measurements t ~ N(x, v), the variance v at least ``eps``; ``full`` adds ½ ln 2π.

    ``var``: a float, one variance for each element, or one for all elements along a dimension.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([1.]), torch.tensor([3.]), torch.tensor([1.]))
    tensor(2.)

    Errors: ValueError for a negative variance, or a shape that does not fit the input.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
    """
    if isinstance(var, float):
        if var < 0:
            raise error("gaussian_negative")
        var = var * ones_like(input)
    elif any(var < 0):
        raise error("gaussian_negative")
    if var.shape != input.shape:
        var = _fitting(var, input)
    if reduction not in ("none", "mean", "sum"):
        raise error("reduction_short", found=reduction)
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (log(var) + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return folded(loss, reduction)


def _fitting(var, input):
    """A variance with a dimension of size 1 where it is the same for all elements."""
    if var.shape == input.shape[:-1]:
        return var.unsqueeze(-1)
    different = [size for size, wanted in zip(var.shape, input.shape, strict=False) if size != wanted]
    if var.ndim != input.ndim or sum(different) != 1:
        raise error("gaussian_var")
    return var


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """−ln of the probability that the network spells the target, whenever each label begins and however long it lasts (see ``ops/ctc.py``).

    log_probs (T, N, C): logarithms of probabilities, from ``log_softmax``; (T, C) for one sample. targets: (N, S), or all one after the other.
    "mean" divides each loss by its target's length, then takes the mean. ``zero_infinity``: targets that are too long count 0.

    >>> import lesson_lib as torch
    >>> scores = torch.zeros(2, 1, 2).log_softmax(2)
    >>> torch.nn.functional.ctc_loss(scores, torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)

    Errors: RuntimeError for lengths that do not fit, IndexError for a label that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
    """
    checked_reduction(None, None, reduction)
    single = log_probs.ndim == 2
    x = log_probs.unsqueeze(1) if single else log_probs
    input_lengths, target_lengths = (_lengths(name, value) for name, value in (("input", input_lengths), ("target", target_lengths)))
    _check_ctc(x, targets, input_lengths, target_lengths, blank)
    options = {"input_lengths": input_lengths, "target_lengths": target_lengths, "blank": blank, "zero_infinity": zero_infinity}
    loss = ctc_loss_kernel.op.raw(x, _padded(targets, target_lengths, blank, x.size(2)), **options)[0]
    if zero_infinity:
        loss = where(loss == math.inf, 0.0, loss)
    if reduction == "mean":
        return (loss / tensor(target_lengths, dtype=loss.dtype, device=loss.device).clamp_min(1)).mean()
    return loss.sum() if reduction == "sum" else loss.squeeze(0) if single else loss


def _lengths(name, lengths):
    """The lengths as a tuple of numbers."""
    if not isinstance(lengths, Tensor):
        return tuple(map(int, lengths))
    if lengths.is_floating_point():
        raise error("ctc_integral", name=name)
    return tuple(lengths.reshape(-1).tolist())


def _check_ctc(x, targets, input_lengths, target_lengths, blank):
    """PyTorch's errors."""
    if not x.numel():
        raise error("ctc_empty")
    if x.ndim != 3:
        raise error("ctc_dims", wanted="3-dimensional tensor", ndim=x.ndim, number=1, name="log_probs")
    moments, samples, classes = x.shape
    if not 0 <= blank < classes:
        raise error("ctc_blank", classes=classes)
    for name, lengths in (("input", input_lengths), ("target", target_lengths)):
        if len(lengths) != samples:
            raise error("ctc_batch", name=name, samples=samples)
        if min(lengths) < 0:
            raise error("ctc_length", name=name, bound="least 0", found=min(lengths))
    if targets.ndim not in (1, 2):
        raise error("ctc_dims", wanted="1 to 2 dimensions", ndim=targets.ndim, number=2, name="targets")
    expected = (sum(target_lengths),) if targets.ndim == 1 else (samples, targets.size(1))
    if targets.size(0) != expected[0]:
        raise error("ctc_targets", wanted=expected[0], dim=0, found=targets.size(0))
    if targets.ndim == 2 and targets.size(1) < max(target_lengths):
        raise error("ctc_targets", wanted=f"at least {max(target_lengths)}", dim=1, found=targets.size(1))
    if max(input_lengths) > moments:
        raise error("ctc_length", name="input", bound=f"most {moments}", found=max(input_lengths))
    if not x.is_floating_point():
        raise error("not_implemented_for", kernel="ctc_loss_cpu", dtype=x.dtype.title)


def _padded(targets, lengths, blank, classes):
    """The targets as (N, longest) int64, with blanks after the end of each; checked to be classes."""
    targets = targets.detach().long()
    rows = targets if targets.ndim == 2 else targets.split(list(lengths))
    labels = [row[:length].tolist() for row, length in zip(rows, lengths, strict=True)]
    wrong = [label for row in labels for label in row if not 0 <= label < classes]
    if wrong:
        raise error("target_range", target=wrong[0], high=classes - 1)
    longest = max(lengths)
    table = [row + [blank] * (longest - len(row)) for row in labels]
    return tensor(table, dtype=targets.dtype, device=targets.device).reshape(len(lengths), longest)
