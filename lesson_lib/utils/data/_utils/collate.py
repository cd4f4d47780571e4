"""Collating: many samples become one batch, with a dimension in front."""

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

from ....core.dtypes import float64
from ....core.errors import error
from ....core.tensor import Tensor
from ....ops.data import as_tensor, tensor
from ....ops.join import stack


def collate(batch, *, collate_fn_map=None):
    """Join a list of samples: by the function that ``collate_fn_map`` has for their type, else element by element.

    ``collate_fn_map``: {type, or tuple of types: function(batch, *, collate_fn_map)}. The first sample tells the type.

    >>> from lesson_lib.utils.data._utils.collate import collate
    >>> collate([("a", 1), ("b", 2)], collate_fn_map={str: lambda batch, **_: "".join(batch), int: lambda batch, **_: sum(batch)})
    ['ab', 3]

    Errors: TypeError for a type that cannot be joined, RuntimeError for samples of different lengths.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
    """
    first, functions = batch[0], collate_fn_map or {}
    function = functions.get(type(first)) or next((functions[kind] for kind in functions if isinstance(first, kind)), None)
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return _like(first, {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise error("collate_size")
        columns = [collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise error("collate_type", type=type(first))


def collate_tensor_fn(batch, *, collate_fn_map=None):
    """Tensors: stacked, with one dimension more."""
    return stack(list(batch), 0)


def collate_numpy_array_fn(batch, *, collate_fn_map=None):
    """Arrays: as the tensors that they are made into."""
    if batch[0].dtype.kind in "SUO":
        raise error("collate_type", type=batch[0].dtype)
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None):
    """NumPy's numbers: a vector of their type."""
    return as_tensor(np.array(batch))


def collate_float_fn(batch, *, collate_fn_map=None):
    """Python's floats: a vector of float64."""
    return tensor(batch, dtype=float64)


def collate_int_fn(batch, *, collate_fn_map=None):
    """Python's whole numbers and truth values: a vector."""
    return tensor(batch)


def collate_str_fn(batch, *, collate_fn_map=None):
    """Texts: as they are."""
    return batch


#: what ``default_collate`` knows; a program may add types of its own
default_collate_fn_map = {
    Tensor: collate_tensor_fn, np.ndarray: collate_numpy_array_fn, (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn, int: collate_int_fn, str: collate_str_fn, bytes: collate_str_fn,
}  # fmt: skip


def default_collate(batch):
    """Stack the samples of a list: tensors to a tensor with one dimension more, numbers to a vector, tuples and dicts by element.

    >>> import lesson_lib as torch
    >>> torch.utils.data.default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]

    Errors: TypeError for a type that cannot be stacked, RuntimeError for samples of different lengths.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def default_convert(data):
    """One sample, unbatched: arrays become tensors, containers are walked, all else stays.

    >>> import lesson_lib as torch, numpy as np
    >>> torch.utils.data.default_convert({"x": np.array([1, 2]), "name": "a"})
    {'x': tensor([1, 2]), 'name': 'a'}

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
    """``values`` in a container of the same type: a copy that keeps its other attributes, or a new one; as they are if there is no such way."""
    try:
        if isinstance(container, MutableMapping):
            result = copy.copy(container)
            result.update(values)
            return result
        if isinstance(container, MutableSequence):
            result = copy.copy(container)
            for position, value in enumerate(values):
                result[position] = value
            return result
        return type(container)(values)
    except TypeError:
        return values
