"""What one task of a loader is: from a list of indices to a batch. The same in the main process and in a worker."""


class MapFetcher:
    """Reads a data set with ``__getitem__``: ``indices`` is one index, or the list of a batch."""

    def __init__(self, dataset, batched, collate_fn, drop_last):
        self.dataset, self.batched, self.collate_fn = dataset, batched, collate_fn

    def fetch(self, indices):
        """The batch of these indices; a data set with ``__getitems__`` gives all samples at once."""
        if not self.batched:
            return self.collate_fn(self.dataset[indices])
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
