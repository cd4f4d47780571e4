"""One pass through a loader: in this process, or with worker processes."""

import collections
import warnings
import weakref

from ....core.errors import error
from ....core.rng import default_generator
from ..dataset import IterableDataset
from ..sampler import draw_seed
from .failure import Failure
from .fetch import MapFetcher, StreamFetcher
from .pin_memory import warn_of_pinning
from .pool import Pool
from .worker import RESUME, End


class LoaderIterator:
    """What both kinds have in common: the order, the seed, the count.

    An iterator does not know its loader: a loader knows its persistent iterator, and the two would be a circle that keeps the workers alive.
    """

    def __init__(self, loader):
        self._dataset, self._index_sampler, self._num_workers = loader.dataset, loader._index_sampler, loader.num_workers
        self._streams = isinstance(loader.dataset, IterableDataset)
        self._fetcher = StreamFetcher if self._streams else MapFetcher
        self._options = (loader._auto_collation, loader.collate_fn, loader.drop_last)
        warn_of_pinning(loader)
        self._begin(loader)
        # Drawn even where there are no workers, as PyTorch does, so that the random stream stays the same.
        self._base_seed = draw_seed(loader.generator or default_generator)

    def _begin(self, loader):
        """Start at the first batch."""
        self._announced, self._count = loader._announced, 0
        self._order = iter(self._index_sampler)

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._index_sampler)

    def __next__(self):
        batch = self._next_batch()
        self._count += 1
        if self._announced is not None and self._streams and self._count > self._announced:
            self._warn_of_length()
        return batch

    def _warn_of_length(self):
        message = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._announced}(when accessing len(dataloader)), "
            f"but {self._count} samples have been fetched. "
        )
        if self._num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at each worker. "
                "Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
            )
        warnings.warn(message, stacklevel=3)


class SingleProcessIterator(LoaderIterator):
    """Reads each batch when it is asked for."""

    def __init__(self, loader):
        super().__init__(loader)
        if loader.timeout != 0:
            raise error("loader_assertion", message="_SingleProcessDataLoaderIter requires timeout == 0")
        self._source = self._fetcher(loader.dataset, *self._options)

    def _next_batch(self):
        return self._source.fetch(next(self._order))


class WorkersIterator(LoaderIterator):
    """Gives the lists of indices to the workers in turn, ``prefetch_factor`` lists ahead, and takes their batches in the same order."""

    def __init__(self, loader):
        super().__init__(loader)
        if loader.prefetch_factor <= 0:
            raise error("loader_assertion", message="prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._workers, self._prefetch, self._persistent = range(loader.num_workers), loader.prefetch_factor, loader.persistent_workers
        self._timeout, self._in_order = loader.timeout, loader.in_order
        self._pool = Pool(loader, self._base_seed, self._fetcher, self._options)
        self._close = weakref.finalize(self, self._pool.close)  # also at the end of the program, and after an exception
        self._late = [0] * loader.num_workers  # answers of each worker that nobody waits for any more
        self._ready(loader)

    def restart(self, loader):
        """Another pass with the same workers. What is left of the last one is not waited for, but thrown away when it comes."""
        try:
            for number, count in enumerate(self._waiting):
                self._late[number] += count
                self._pool.send(number, RESUME)
            self._ready(loader)
        except BaseException:  # half a message may have gone out
            self._close()
            raise

    def _ready(self, loader):
        self._begin(loader)
        self._turn = 0  # whose turn it is
        self._ended = [False] * len(self._workers)
        self._waiting = [0] * len(self._workers)  # tasks of each worker that are not answered yet
        self._due = collections.deque()  # the worker of each such task, in the order of the batches
        for _ in range(self._prefetch * len(self._workers)):
            self._give_task()

    @property
    def closed(self):
        """True once the workers have ended."""
        return self._pool.closed

    # --- one task --------------------------------------------------------------------------------------------------

    def _give_task(self):
        """The next list of indices to the worker whose turn it is; nothing if there are no more."""
        try:
            indices = next(self._order)
        except StopIteration:
            return
        number = self._next_worker()
        if number is None:
            return
        self._waiting[number] += 1
        self._due.append(number)
        self._pool.send(number, (indices,))

    def _next_worker(self):
        """In turn. Where order does not count, a worker with fewer tasks than the others goes first."""
        active = [number for number in self._workers if not self._ended[number]]
        if not active:
            return None
        turns = sorted(active, key=lambda number: (number - self._turn) % len(self._workers))
        chosen = turns[0] if self._in_order else min(turns, key=self._waiting.__getitem__)
        self._turn = chosen + 1
        return chosen

    def _next_batch(self):
        try:
            while self._due:
                number, answer = self._answer()
                if isinstance(answer, End):
                    self._end_of(number)
                self._give_task()
                if isinstance(answer, Failure):
                    raise answer.exception()
                if not isinstance(answer, End):
                    return answer
        except (KeyboardInterrupt, SystemExit):
            self._pool.close(grace=0.5)  # who interrupts does not want to wait for a slow sample
            raise
        if not self._persistent:
            self._close()
        raise StopIteration

    def _answer(self):
        """(worker, answer): in the order of the tasks, or whichever comes first."""
        numbers = [self._due[0]] if self._in_order else [number for number in self._workers if self._waiting[number]]
        while True:
            number, answer = self._pool.receive(numbers, self._timeout)
            if self._late[number]:
                self._late[number] -= 1
                continue
            self._waiting[number] -= 1
            self._due.remove(number)
            return number, answer

    def _end_of(self, number):
        """The worker's stream has ended: its other tasks will be answered so too, and nobody waits for that."""
        self._ended[number] = True
        self._late[number] += self._waiting[number]
        self._waiting[number] = 0
        self._due = collections.deque(other for other in self._due if other != number)
