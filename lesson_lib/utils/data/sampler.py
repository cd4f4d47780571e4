"""Samplers: in which order the indices of a data set come."""

import itertools
from typing import Generic, TypeVar

import numpy as np

from ...core.dtypes import float64
from ...core.errors import error
from ...core.rng import Generator, default_generator
from ...ops.data import as_tensor

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """An iterable of indices (or of lists of them). Write ``__iter__`` and, if it is known, ``__len__``.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
    """

    def __iter__(self):
        raise NotImplementedError


class SequentialSampler(Sampler):
    """0, 1, 2, … in order.   Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler"""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new random order each time; ``replacement`` draws each index anew instead, ``num_samples`` sets how many.

    >>> import lesson_lib as torch
    >>> _ = torch.manual_seed(0)
    >>> sorted(torch.utils.data.RandomSampler(range(4)))
    [0, 1, 2, 3]

    Without ``generator`` each pass starts a generator of its own, seeded from the default one.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        self.data_source, self.replacement, self._num_samples, self.generator = data_source, replacement, num_samples, generator
        if not isinstance(replacement, bool):
            raise error("boolean", name="replacement", value=replacement)
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise error("positive_integer", name="num_samples", value=self.num_samples)

    @property
    def num_samples(self):
        """How many indices one pass gives; the size of the data set if it was not said."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        count = len(self.data_source)
        generator = self.generator or Generator().manual_seed(draw_seed(default_generator))
        if self.replacement:
            for start in range(0, self.num_samples, 32):  # drawn in portions of 32, as PyTorch draws them
                yield from generator.integers(0, count, (min(32, self.num_samples - start),)).tolist()
        else:
            for start in range(0, self.num_samples, count):
                yield from generator.permutation(count).tolist()[: self.num_samples - start]
            if self.num_samples % count == 0:
                generator.permutation(count)  # PyTorch draws the order of the rest, even of an empty one

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given ``indices`` in a new random order each time.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
    """

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for position in (self.generator or default_generator).permutation(len(self.indices)).tolist():
            yield self.indices[position]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """``num_samples`` indices, drawn with probabilities in proportion to ``weights``.

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise error("positive_integer", name="num_samples", value=num_samples)
        if not isinstance(replacement, bool):
            raise error("replacement", value=replacement)
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise error("sampler_weights", shape=tuple(self.weights.shape))
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self):
        generator = self.generator or default_generator
        yield from generator.multinomial(self.weights.numpy(), self.num_samples, self.replacement).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of ``batch_size`` indices from another sampler; ``drop_last`` leaves out a last one that is not full.

    >>> import lesson_lib as torch
    >>> list(torch.utils.data.BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
    """

    def __init__(self, sampler, batch_size, drop_last):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise error("positive_integer", name="batch_size", value=batch_size)
        if not isinstance(drop_last, bool):
            raise error("drop_last", value=drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def draw_seed(generator):
    """A seed from ``generator``: 63 random bits, the number that PyTorch's ``random_()`` gives an int64 tensor."""
    return int(generator.bits((), np.dtype(np.int64)))
