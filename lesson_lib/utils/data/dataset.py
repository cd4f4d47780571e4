"""Data sets: objects that give one sample for one index, and the ways to combine them."""

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable
from typing import Generic, TypeVar

from ...core.errors import error
from ...core.rng import default_generator

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A map from index to sample. Write ``__getitem__(self, index)`` and ``__len__(self)``.

    >>> import lesson_lib as torch
    >>> class Squares(torch.utils.data.Dataset):
    ...     def __len__(self): return 4
    ...     def __getitem__(self, i): return i, i * i
    >>> Squares()[3]
    (3, 9)

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
    """

    def __getitem__(self, index):
        raise error("dataset_getitem")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A stream of samples. Write ``__iter__(self)``.

    Where several workers read it, each has a copy and gives all of it, unless it asks ``get_worker_info()`` for its part.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
    """

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Sample i is row i of each tensor.

    >>> import lesson_lib as torch
    >>> torch.utils.data.TensorDataset(torch.tensor([1., 2.]), torch.tensor([0, 1]))[1]
    (tensor(2.), tensor(1))

    Errors: AssertionError if the tensors differ in their first dimension.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
    """

    def __init__(self, *tensors):
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise error("dataset_sizes")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self):
        return self.tensors[0].size(0)


class Subset(Dataset[T_co]):
    """The samples of ``dataset`` at ``indices``.

    >>> import lesson_lib as torch
    >>> list(torch.utils.data.Subset("abcdef", [0, 2]))
    ['a', 'c']

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        """A whole batch at once, if the data set below can do that."""
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__([self.indices[i] for i in indices])
        return [self.dataset[self.indices[i]] for i in indices]

    def __len__(self):
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """Several data sets, one after the other.

    >>> import lesson_lib as torch
    >>> torch.utils.data.ConcatDataset(["ab", "cde"])[3]
    'd'

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise error("concat_empty")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise error("concat_iterable")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence):
        """Where each data set ends: [3, 5] for lengths 3 and 2."""
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    @property
    def cummulative_sizes(self):
        """The old spelling of ``cumulative_sizes``."""
        warnings.warn("`cummulative_sizes` attribute is renamed to `cumulative_sizes`", FutureWarning, stacklevel=2)
        return self.cumulative_sizes

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        if index < 0:
            if -index > len(self):
                raise error("concat_index", count=len(self))
            index += len(self)
        number = bisect.bisect_right(self.cumulative_sizes, index)
        start = self.cumulative_sizes[number - 1] if number else 0
        return self.datasets[number][index - start]


class ChainDataset(IterableDataset):
    """Several streams, one after the other.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
    """

    def __init__(self, datasets):
        self.datasets = datasets

    def __iter__(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise error("chain_iterable")
            yield from dataset

    def __len__(self):
        if not all(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise error("chain_iterable")
        return sum(len(dataset) for dataset in self.datasets)


class StackDataset(Dataset[T_co]):
    """Several data sets side by side: sample i is the tuple of their samples i, or a dict if they were given by name.

    >>> import lesson_lib as torch
    >>> torch.utils.data.StackDataset("ab", [0, 1])[1]
    ('b', 1)
    >>> torch.utils.data.StackDataset(letter="ab", number=[0, 1])[1]
    {'letter': 'b', 'number': 1}

    Errors: ValueError if the lengths differ, or for no data set, or for both ways of giving them.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.StackDataset
    """

    def __init__(self, *args, **kwargs):
        if args and kwargs:
            raise error("stack_both")
        if not args and not kwargs:
            raise error("stack_empty")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if len(set(lengths)) > 1:
            raise error("stack_sizes")
        self._length = lengths[0]

    def _parts(self):
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _joined(self, values):
        return dict(zip(self.datasets, values)) if isinstance(self.datasets, dict) else tuple(values)

    def __getitem__(self, index):
        return self._joined([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices):
        """A whole batch at once: as a list of samples."""
        columns = []
        for dataset in self._parts():
            whole = getattr(dataset, "__getitems__", None)
            columns.append(whole(indices) if callable(whole) else [dataset[index] for index in indices])
            if len(columns[-1]) != len(indices):
                raise error("stack_items", expected=len(indices), found=len(columns[-1]))
        return [self._joined(values) for values in zip(*columns)]

    def __len__(self):
        return self._length


def random_split(dataset, lengths, generator=default_generator):
    """Cut ``dataset`` into random parts of the given lengths (or fractions that add up to 1) without overlap.

    >>> import lesson_lib as torch
    >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.8, 0.2])]
    [8, 2]

    Errors: ValueError if the lengths do not add up.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
    """
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_fractions(lengths, len(dataset))
    if sum(lengths) != len(dataset):
        raise error("split_sum", count=len(dataset), total=sum(lengths))
    order = generator.permutation(len(dataset)).tolist()
    return [Subset(dataset, order[end - length : end]) for end, length in zip(itertools.accumulate(lengths), lengths)]


def _from_fractions(fractions, count):
    """Whole numbers in the proportion of ``fractions``; what rounding leaves goes to the first parts, one each in turn."""
    lengths = []
    for index, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise error("split_fraction", index=index)
        lengths.append(math.floor(count * fraction))
    for extra in range(count - sum(lengths)):
        lengths[extra % len(lengths)] += 1
    for index, length in enumerate(lengths):
        if length == 0:
            warnings.warn(f"Length of split at index {index} is 0. This might result in an empty dataset.", stacklevel=3)
    return lengths
