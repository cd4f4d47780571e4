"""A linear layer and cross-entropy in one function, as language models end."""

import warnings
from dataclasses import dataclass

from ..core import dtypes
from ..core.errors import error
from ..ops.matmul import linear
from .functional_classes import cross_entropy

_POLICIES = ("accurate", "balanced", "compact", "auto")
_ACCUMULATORS = (None, dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


@dataclass(frozen=True, init=False)
class LinearCrossEntropyOptions:
    """How PyTorch cuts a batch into chunks to save memory. Here the options are checked and have no effect: the loss is the same.

    >>> import lesson_lib as torch
    >>> torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2).batch_chunk_size
    2

    Errors: ValueError for an option that there is not.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyOptions.html
    """

    allow_retain_graph: bool
    batch_chunk_size: int | None
    chunking_method: str | None
    acc_policy: str
    acc_dtype: dtypes.dtype | None

    def __init__(self, allow_retain_graph=False, batch_chunk_size=None, chunking_method="auto", acc_policy="auto", acc_dtype=None):
        if batch_chunk_size is not None and not (isinstance(batch_chunk_size, int) and batch_chunk_size > 0):
            raise error("chunk_option", message=f"batch_chunk_size must be positive int or None, got {batch_chunk_size}")
        if not _is_method(chunking_method):
            raise error("chunk_option", message=f"invalid chunking_method: {chunking_method!r}")
        if acc_policy not in _POLICIES:
            raise error("chunk_option", message=f"invalid acc_policy: {acc_policy!r}")
        if acc_dtype not in _ACCUMULATORS:
            known = ", ".join(map(repr, _ACCUMULATORS))
            message = f"acc_dtype must be one of {{{known}}}, got {acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            raise error("chunk_option", message=message)
        vars(self).update(
            allow_retain_graph=allow_retain_graph, batch_chunk_size=batch_chunk_size, chunking_method=chunking_method, acc_policy=acc_policy,
            acc_dtype=acc_dtype,
        )  # fmt: skip


def _is_method(method):
    """None, "auto", "aspect_ratio" or "aspect_ratio:n"."""
    if method in (None, "auto", "aspect_ratio"):
        return True
    name, _, ratio = str(method).partition(":")
    return name == "aspect_ratio" and ratio.isdigit() and int(ratio) > 0


def linear_cross_entropy(
    input, linear_weight, target, *, linear_bias=None, weight=None, reduction="mean", ignore_index=None, label_smoothing=0.0, options=None
):  # fmt: skip
    r"""``cross_entropy`` of the scores $x W^\top + b$: x (N, in) or (in), W (C, in) or (C, d₁, …, in), b (C) or (C, d₁, …).

    ``options`` ask PyTorch for chunks, which save memory; here they are checked, and change nothing.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.linear_cross_entropy(torch.ones(2, 3), torch.zeros(4, 3), torch.tensor([0, 1]))
    tensor(1.3863)

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html
    """
    _check(input, linear_weight, target, linear_bias, ignore_index)
    classes, *places = linear_weight.shape[:-1]
    if options is not None:
        _check_options(options, input, target, linear_bias, reduction, label_smoothing, tuple(places))
    bias = linear_bias if linear_bias is None else linear_bias.flatten()
    scores = linear(input, linear_weight.flatten(0, -2), bias).view(*input.shape[:-1], classes, *places)
    ignored = {"ignore_index": -100 if ignore_index is None else ignore_index}
    return cross_entropy(scores, target, weight, reduction=reduction, label_smoothing=label_smoothing, **ignored)


def _check(input, weight, target, bias, ignore_index):
    """PyTorch's errors."""
    if input.ndim not in (1, 2):
        raise error("linear_loss", message=f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if weight.ndim < 2:
        raise error("linear_loss", message=f"expected linear_weight with dimensionality at least 2, got {weight.ndim}")
    features, found = input.shape[-1], weight.shape[-1]
    if features != found:
        message = f"expected equal input and linear_weight last dimensions (in_features), got {features} and {found}, respectively"
        raise error("linear_loss", message=message)
    if ignore_index is not None and target.is_floating_point():
        raise error("linear_loss", message="ignore_index cannot be specified when target contains probabilities")
    if weight.ndim > 2 and input.ndim == 1:
        message = f"K-dimensional loss defined by linear_weight shape {tuple(weight.shape)} requires batched input, (N, {found}), "
        raise error("linear_loss", message=message + f"got unbatched input with shape {tuple(input.shape)}")
    if bias is not None and bias.shape != weight.shape[:-1]:
        raise error("linear_loss", message=f"expected linear_bias shape {tuple(weight.shape[:-1])}, got {tuple(bias.shape)}")


def _check_options(options, input, target, bias, reduction, label_smoothing, places):
    """The cases in which PyTorch has no chunks, with its warning; and the one in which it refuses."""
    if reduction not in ("mean", "sum", "none") or label_smoothing != 0 or target.dtype is not dtypes.int64 or places:
        shape = bias if bias is None else tuple(bias.shape)
        warnings.warn(
            "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, label_smoothing == 0, "
            f"target.dtype == int64, out_features == (). Got reduction={reduction!r}, label_smoothing={label_smoothing}, "
            f"target.dtype={target.dtype}, out_features={places}, tracing=False, linear_bias.shape={shape}.",
            stacklevel=3,
        )
        return
    wanted, found = options.acc_dtype, input.dtype
    if wanted not in (None, found) and not (wanted is dtypes.float32 and found in (dtypes.float16, dtypes.bfloat16)):
        message = f"linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, but got {wanted} acc_dtype and {found} inputs."
        raise error("linear_loss", message=message)
