"""``DataLoader``: a data set in batches, in the order of a sampler."""

import os
import warnings
from typing import Generic, TypeVar

from ...core.errors import error
from ._utils.collate import default_collate, default_convert
from ._utils.iterators import SingleProcessIterator, WorkersIterator
from ._utils.worker import get_worker_info  # noqa: F401 - torch.utils.data.dataloader.get_worker_info
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)

#: what may not change after the loader was made
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[T_co]):
    """Iterate over ``dataset`` in batches of ``batch_size``.

    ``shuffle``: a new random order each time. ``sampler`` or ``batch_sampler``: an order of your own. ``drop_last``:
    leave out a last batch that is not full. ``collate_fn``: makes a batch of a list of samples. ``generator``: where
    chance comes from. ``batch_size=None``: single samples.

    >>> import lesson_lib as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5))
    >>> for (x,) in torch.utils.data.DataLoader(data, batch_size=2):
    ...     print(x)
    tensor([0, 1])
    tensor([2, 3])
    tensor([4])

    ``num_workers``: so many processes read the samples, each a whole batch at a time, while this one computes; the order stays the
    same. ``prefetch_factor``: how many batches each of them is ahead (2). ``persistent_workers``: keep them for the next pass.
    ``worker_init_fn(id)`` runs in each at its start. ``timeout``: how many seconds to wait for a batch. ``in_order=False``: take
    batches as they come. ``multiprocessing_context``: "fork", "spawn" or "forkserver". ``pin_memory`` changes nothing here.

    Workers pay off where a sample takes long: a file is read, a picture decoded and transformed. They take some 20 ms to start and some
    0.1 ms for each batch. Where samples lie in memory, as those of a TensorDataset, no workers are faster. There should be no more workers
    than processors. With "spawn" (the default on macOS and Windows) the data set must be importable: a class from a notebook's cell is not.

    Errors: ValueError for options that exclude each other; an exception of a worker, with its traceback in the text; RuntimeError when a
    worker dies or ``timeout`` has passed.
    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
    """

    _made = False
    _iterator = None  # the one that is kept for the next pass, with persistent workers
    _announced = None  # the length of a stream, once someone asked for it

    def __init__(
        self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None, pin_memory=False,
        drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None, generator=None, *, prefetch_factor=None,
        persistent_workers=False, pin_memory_device="", in_order=True,
    ):  # fmt: skip
        self._check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.num_workers, self.timeout, self.worker_init_fn, self.in_order = num_workers, timeout, worker_init_fn, in_order
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.multiprocessing_context = persistent_workers, multiprocessing_context
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        streams = isinstance(dataset, IterableDataset)
        _check_order(streams, shuffle, sampler, batch_sampler, batch_size, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if streams:
            sampler = _Endless()
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self._made = True
        self.check_worker_number_rationality()

    def __setattr__(self, name, value):
        if self._made and name in _FIXED:
            raise error("loader_option", message=f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @staticmethod
    def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
        message = None
        if num_workers < 0:
            message = "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
        elif timeout < 0:
            message = "timeout option should be non-negative"
        elif num_workers == 0 and prefetch_factor is not None:
            message = "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, "
            message += "otherwise set prefetch_factor to None."
        elif prefetch_factor is not None and prefetch_factor < 0:
            message = "prefetch_factor option should be non-negative"
        elif persistent_workers and num_workers == 0:
            message = "persistent_workers option needs num_workers > 0"
        if message:
            raise error("loader_option", message=message)

    @property
    def multiprocessing_context(self):
        """How workers are started: a context of Python's multiprocessing, or None for its default."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context):
        self._context = None
        if context is None:
            return
        if self.num_workers == 0:
            message = f"multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers={self.num_workers}"
            raise error("loader_option", message=message)
        import multiprocessing  # here: it takes 10 ms, and most programs have no workers

        if isinstance(context, str):
            methods = multiprocessing.get_all_start_methods()
            if context not in methods:
                raise error("loader_start_method", methods=methods, given=context)
            context = multiprocessing.get_context(context)
        if not isinstance(context, multiprocessing.context.BaseContext):
            raise error("loader_context", given=context)
        self._context = context

    @property
    def _auto_collation(self):
        return self.batch_sampler is not None

    @property
    def _index_sampler(self):
        return self.batch_sampler if self._auto_collation else self.sampler

    def _get_iterator(self):
        return WorkersIterator(self) if self.num_workers > 0 else SingleProcessIterator(self)

    def __iter__(self):
        if not self.persistent_workers or self.num_workers == 0:
            return self._get_iterator()
        if self._iterator is None or self._iterator.closed:
            self._iterator = self._get_iterator()
        else:
            self._iterator.restart(self)
        return self._iterator

    def __len__(self):
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        self._announced = count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def check_worker_number_rationality(self):
        """Warn if there are more workers than processors."""
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        if self.num_workers and processors and self.num_workers > processors:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number of worker in current system "
                f"is {processors}, which is smaller than what this DataLoader is going to create. Please be aware that excessive worker creation "
                "might get DataLoader running slow or even freeze, lower the worker number to avoid potential slowness/freeze if necessary.",
                stacklevel=3,
            )


def _check_order(streams, shuffle, sampler, batch_sampler, batch_size, drop_last):
    """PyTorch's errors for options that contradict each other."""
    message = None
    if streams:
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


class _Endless:
    """The sampler of a stream, which has no indices."""

    def __iter__(self):
        while True:
            yield None
