"""``embedding``, ``embedding_bag`` and ``one_hot``: numbers of words or classes as vectors."""

import warnings

from ..core.errors import error
from ..ops import embedding as lookup
from ..ops.create import arange
from ..ops.embedding_bag import MODES
from ..ops.embedding_bag import embedding_bag as look_up_bags


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """Row ``input[i]`` of ``weight`` for each i: input (*) int, weight (rows, d) → (*, d).

    ``padding_idx``: a row that gets no gradient. ``max_norm``: longer rows are first shortened, in place.
    ``scale_grad_by_freq``: a row's gradient is divided by how often it was looked up.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 1]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [3., 4.]])

    Errors: IndexError for a row that does not exist, NotImplementedError for the gradient of ``sparse``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    if padding_idx is None:
        padding_idx = -1
    else:
        if not -weight.size(0) <= padding_idx < weight.size(0):
            raise error("embedding_padding")
        padding_idx %= weight.size(0)
    if max_norm is not None:
        lookup.embedding_renorm_(weight, input, max_norm, norm_type)
    return lookup.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode="mean", sparse=False, per_sample_weights=None,
    include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """The "sum", "mean" or "max" of the rows of each bag of numbers: weight (rows, d) → (bags, d).

    Each row of a 2-d input is a bag. In a 1-d input bag b begins at ``offsets[b]``; ``include_last_offset``: the last offset is the end.
    ``per_sample_weights`` multiplies each row before a sum. Numbers equal to ``padding_idx`` do not count.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.embedding_bag(torch.tensor([0, 1, 1]), torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 2]))
    tensor([[2., 3.],
            [3., 4.]])

    Errors: ValueError for offsets that do not fit the input, RuntimeError for a row that does not exist.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
    """
    if weight.dtype.name == "int64" and input.is_floating_point():
        warnings.warn("Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, and should "
                      "now be `embedding_bag(input, weight, ...)`.", stacklevel=2)  # fmt: skip
        weight, input = input, weight
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise error("bag_weights_shape", weights=per_sample_weights.shape, input=input.shape)
    if weight.ndim != 2:
        raise error("bag_option", message=f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    offsets = _offsets(input, offsets)
    _check_mode(mode, scale_grad_by_freq, sparse)
    if max_norm is not None:
        lookup.embedding_renorm_(weight, input.reshape(-1), max_norm, norm_type)
    if per_sample_weights is not None:
        if mode != "sum":
            raise error("bag_weights_mode", mode=mode)
        per_sample_weights = per_sample_weights.reshape(-1)
    return look_up_bags(
        weight, input.reshape(-1), offsets, scale_grad_by_freq, MODES[mode], sparse, per_sample_weights, include_last_offset, padding_idx
    )[0]  # fmt: skip


def _offsets(input, offsets):
    """Where the bags begin; the rows of a 2-d input are bags of equal length."""
    if input.ndim == 2:
        if offsets is not None:
            raise error("bag_offsets_2d")
        return arange(0, input.numel(), input.size(1), dtype=input.dtype, device=input.device)
    if input.ndim != 1:
        raise error("bag_option", message=f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None or offsets.ndim != 1:
        raise error("bag_option", message="offsets has to be a 1D Tensor" + (" but got None" if offsets is None else ""))
    return offsets


def _check_mode(mode, scale_grad_by_freq, sparse):
    if mode not in MODES:
        raise error("bag_option", message="mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise error("bag_option", message="max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise error("bag_option", message="max mode does not support sparse weights")


def one_hot(tensor, num_classes=-1):
    """Class numbers as rows of zeros with a single 1: (*) int64 → (*, num_classes).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])

    Errors: RuntimeError for a class number that is negative or not below ``num_classes``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """
    if tensor._a.dtype != "int64":
        raise error("one_hot", message="one_hot is only applicable to index tensor of type LongTensor.")
    if tensor.numel() and tensor.min() < 0:
        raise error("one_hot", message="Class values must be non-negative.")
    if not tensor.numel() and num_classes <= 0:
        raise error("one_hot", message="Can not infer total number of classes from empty tensor.")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    elif tensor.numel() and tensor.max() >= num_classes:
        raise error("one_hot", message="Class values must be smaller than num_classes.")
    result = tensor.new_zeros((*tensor.shape, num_classes))
    return result.scatter_(-1, tensor.unsqueeze(-1), 1)
