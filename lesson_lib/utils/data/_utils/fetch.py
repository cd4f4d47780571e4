"""What one task of a loader is: from a list of indices to a batch. The same in the main process and in a worker."""

import numpy as np

from ....core.state import plain_seen
from ....core.tensor import Tensor, wrap
from ..dataset import Subset, TensorDataset
from .collate import collate_tensor_fn, default_collate, default_collate_fn_map


def rows_at_once(dataset, indices, collate_fn):
    """The batch of a plain TensorDataset (or parts of one), each tensor's rows in one reading; None where a user's own code may have a say.

    64 samples of 784 numbers: 0.1 ms, one by one and then stacked 2 ms.
    """
    if collate_fn is not default_collate or default_collate_fn_map.get(Tensor) is not collate_tensor_fn or plain_seen():
        return None
    if not indices or any(type(index) is not int for index in indices):
        return None
    while type(dataset) is Subset and isinstance(dataset.indices, list | range):
        indices, dataset = [dataset.indices[index] for index in indices], dataset.dataset
    if type(dataset) is not TensorDataset or any(type(x) is not Tensor or type(x._a) is not np.ndarray or x.requires_grad for x in dataset.tensors):
        return None
    try:
        at = np.array(indices, np.int64)
        return [wrap(x._a.take(at, axis=0) if x._a.flags.c_contiguous else np.ascontiguousarray(x._a[at])) for x in dataset.tensors]
    except (IndexError, TypeError):
        return None  # which sample it is, the slow way says


class MapFetcher:
    """Reads a data set with ``__getitem__``: ``indices`` is one index, or the list of a batch."""

    def __init__(self, dataset, batched, collate_fn, drop_last):
        self.dataset, self.batched, self.collate_fn = dataset, batched, collate_fn

    def fetch(self, indices):
        """The batch of these indices; a data set with ``__getitems__`` gives all samples at once."""
        if not self.batched:
            return self.collate_fn(self.dataset[indices])
        batch = rows_at_once(self.dataset, indices, self.collate_fn)
        if batch is not None:
            return batch
        whole = getattr(self.dataset, "__getitems__", None)
        return self.collate_fn(whole(indices) if whole else [self.dataset[index] for index in indices])


class StreamFetcher:
    """Reads an IterableDataset: of ``indices`` only the number of entries counts."""

    def __init__(self, dataset, batched, collate_fn, drop_last):
        self.batched, self.collate_fn, self.drop_last = batched, collate_fn, drop_last
        self.samples, self.ended = iter(dataset), False

    def fetch(self, indices):
        """The next batch.  Errors: StopIteration at the end."""
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in indices:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return self.collate_fn(batch)
