"""Collating: many samples become one batch, with a dimension in front."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...core.dtypes import float64
from ...core.errors import error
from ...core.tensor import Tensor
from ...ops.data import as_tensor, tensor
from ...ops.join import stack


def default_collate(batch):
    """Stack the samples of a list: tensors to a tensor with one dimension more, numbers to a vector, tuples and dicts by element.

    >>> import lesson_lib as torch
    >>> torch.utils.data.default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]

    Errors: TypeError for a type that cannot be stacked, RuntimeError for samples of different lengths.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray | np.generic):
        if first.dtype.kind in "SUO":
            raise error("collate_type", type=first.dtype)
        return stack([as_tensor(sample) for sample in batch], 0) if isinstance(first, np.ndarray) else as_tensor(np.array(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise error("collate_size")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise error("collate_type", type=type(first))


def default_convert(data):
    """One sample, unbatched: arrays become tensors, containers are walked, all else stays.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_convert
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind not in "SUO":
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like(data, [default_convert(value) for value in data])
    return data


def _like(container, values):
    """``values`` in a container of the same type, or as they are if that type cannot be made so."""
    try:
        return type(container)(values)
    except TypeError:
        return values
