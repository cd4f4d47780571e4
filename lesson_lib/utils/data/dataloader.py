"""``DataLoader``: a data set in batches, in the order of a sampler."""

import warnings

from ...core.errors import error
from ...core.rng import default_generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed

#: what may not change after the loader was made
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader:
    """Iterate over ``dataset`` in batches of ``batch_size``.

    ``shuffle``: a new random order each time. ``sampler`` or ``batch_sampler``: an order of your own. ``drop_last``:
    leave out a last batch that is not full. ``collate_fn``: makes a batch of a list of samples. ``generator``: where
    chance comes from. ``batch_size=None``: single samples. Samples are read in this process (``num_workers=0``).

    >>> import lesson_lib as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5))
    >>> for (x,) in torch.utils.data.DataLoader(data, batch_size=2):
    ...     print(x)
    tensor([0, 1])
    tensor([2, 3])
    tensor([4])

    Errors: ValueError for options that exclude each other, NotImplementedError for ``num_workers`` > 0.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
    """

    _made = False

    def __init__(
        self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None, pin_memory=False,
        drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None, generator=None, *, prefetch_factor=None,
        persistent_workers=False, pin_memory_device="", in_order=True,
    ):  # fmt: skip
        self._check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self._streams = isinstance(dataset, IterableDataset)
        self._check_order(shuffle, sampler, batch_sampler, batch_size, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None and not self._streams:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(_Endless() if self._streams else sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = _Endless() if self._streams else sampler, batch_sampler, generator
        self.num_workers, self.timeout, self.worker_init_fn, self.in_order = num_workers, timeout, worker_init_fn, in_order
        self.prefetch_factor, self.persistent_workers, self.multiprocessing_context = prefetch_factor, persistent_workers, multiprocessing_context
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._made = True

    def __setattr__(self, name, value):
        if self._made and name in _FIXED:
            raise error("loader_option", message=f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @staticmethod
    def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context):
        if num_workers < 0:
            raise error("loader_option", message="num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if num_workers > 0:
            raise error("loader_workers", count=num_workers)
        if timeout < 0:
            raise error("loader_option", message="timeout option should be non-negative")
        if prefetch_factor is not None:
            message = "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, "
            raise error("loader_option", message=message + "otherwise set prefetch_factor to None.")
        if persistent_workers:
            raise error("loader_option", message="persistent_workers option needs num_workers > 0")
        if multiprocessing_context is not None:
            message = f"multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers={num_workers}"
            raise error("loader_option", message=message)

    def _check_order(self, shuffle, sampler, batch_sampler, batch_size, drop_last):
        """PyTorch's errors for options that contradict each other."""
        message = None
        if self._streams:
            given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
            for name, value in given.items():
                if value is not None:
                    message = f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    break
        elif sampler is not None and shuffle:
            message = "sampler option is mutually exclusive with shuffle"
        elif batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            message = "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        elif batch_sampler is None and batch_size is None and drop_last:
            message = "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        if message:
            raise error("loader_option", message=message)

    def __iter__(self):
        # PyTorch draws a seed for its workers even when there are none; so the stream stays the same as PyTorch's.
        draw_seed(self.generator or default_generator)
        return self._from_stream() if self._streams else self._from_map()

    def _from_map(self):
        if self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
            return
        whole = getattr(self.dataset, "__getitems__", None)
        for indices in self.batch_sampler:
            yield self.collate_fn(whole(indices) if whole else [self.dataset[i] for i in indices])

    def _from_stream(self):
        samples, announced = iter(self.dataset), self.__dict__.get("_announced")
        batches = samples if self.batch_size is None else _portions(samples, self.batch_size, self.drop_last)
        for number, batch in enumerate(batches, 1):
            if announced is not None and number > announced:
                warnings.warn(
                    f"Length of IterableDataset {self.dataset} was reported to be {announced}(when accessing len(dataloader)), "
                    f"but {number} samples have been fetched. ",
                    stacklevel=2,
                )
            yield self.collate_fn(batch)

    def __len__(self):
        if not self._streams:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        self._announced = count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class _Endless:
    """The sampler of a stream, which has no indices."""

    def __iter__(self):
        while True:
            yield None


def _portions(samples, size, drop_last):
    """Lists of ``size`` samples."""
    batch = []
    for sample in samples:
        batch.append(sample)
        if len(batch) == size:
            yield batch
            batch = []
    if batch and not drop_last:
        yield batch
