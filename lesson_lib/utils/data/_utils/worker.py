"""What runs in a worker process: wait for indices, read, collate, send; and end when the main process ends."""

import contextlib
import functools
import gc
import importlib.util
import os
import queue
import random
import signal
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....core.rng import default_generator
from ....core.threads import set_thread_count
from .failure import Failure
from .fetch import StreamFetcher
from .transport import Channel, close_inherited

_WATCH = 1.0  # seconds between two looks at whether the main process lives


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is: ``id`` of ``num_workers``, its ``seed`` and its copy of the ``dataset``."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str = "multiprocessing"


#: messages besides batches and failures
RESUME = "resume"  # to a worker: another pass begins


@dataclass(frozen=True)
class End:
    """From a worker: its part of the stream has ended."""


_info = None


def get_worker_info():
    """The WorkerInfo of this process; None in the main process.

    A stream that is read by several workers gives every sample several times, unless each worker takes its own part:

    >>> import lesson_lib as torch
    >>> class Numbers(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         info = torch.utils.data.get_worker_info()
    ...         return iter(range(10)) if info is None else iter(range(info.id, 10, info.num_workers))

    Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
    """
    return _info


@dataclass
class Job:
    """What a worker is told at its start."""

    id: int
    num_workers: int
    base_seed: int
    dataset: Any
    fetcher: Any  # the class: MapFetcher or StreamFetcher
    options: tuple  # batched, collate_fn, drop_last
    init: Any  # worker_init_fn
    forked: bool  # this process is a copy of its parent
    parent: int | None  # the process whose child this is; None: a server's, which outlives the main process


def run(job, sock):
    """The life of a worker."""
    _shield()
    if job.forked:
        gc.freeze()  # what the main process left to its collector is not this one's to end; and pages that nobody writes to stay shared
        close_inherited()
    channel = Channel(sock)
    with contextlib.suppress(ConnectionError):  # the main process wants no more batches
        _work(job, channel, _heard(channel, job.parent))


def _shield():
    """Ctrl-C reaches every process of a terminal; the main one decides what ends. SIGTERM ends this one at once, whatever it inherited."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)  # an inherited one would tell the main process's event loop of signals that were not for it


def _heard(channel, parent):
    """The queue of what the main process says; None at its end.

    A thread fills it, so that the main process never waits until this one listens. When the main process dies, the thread ends this one.
    """
    tasks = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, tasks, parent), daemon=True).start()
    return tasks


def _listen(channel, tasks, parent):
    import multiprocessing.connection  # here: in a worker it is loaded already

    # Processes that were forked later hold copies of the pipe behind ``sentinel``, so that its end may come late: the parent is looked at as well.
    sentinel = multiprocessing.parent_process().sentinel
    sources = [channel, sentinel]
    while True:
        ready = multiprocessing.connection.wait(sources, _WATCH)
        if sentinel in ready or parent not in (None, os.getppid()):
            os._exit(1)
        if channel in ready:
            try:
                tasks.put(channel.receive())
            except Exception:  # the connection was ended
                tasks.put(None)
                sources.remove(channel)


def _work(job, channel, tasks):
    where = f"in DataLoader worker process {job.id}"
    fetcher = trouble = None
    try:
        _prepare(job)
    except Exception as exc:
        trouble = Failure(exc, where)
    while (task := tasks.get()) is not None:
        if task == RESUME:
            fetcher = None
            continue
        answer = trouble
        if trouble is None:
            try:
                fetcher = fetcher or job.fetcher(job.dataset, *job.options)
                answer = fetcher.fetch(task[0])
            except Exception as exc:
                ended = isinstance(exc, StopIteration) and job.fetcher is StreamFetcher
                answer = End() if ended else Failure(exc, where)
        _send(channel, answer, where)


def _send(channel, answer, where):
    try:
        channel.send(answer)
    except ConnectionError:
        raise
    except Exception as exc:  # it cannot be pickled: that too is told
        channel.send(Failure(exc, where))


@functools.cache
def thread_pools():
    """What sets the threads of NumPy's matrix products: a search through all loaded libraries, which a forked process inherits. None without threadpoolctl."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return None
    import threadpoolctl  # here: an optional package

    return threadpoolctl.ThreadpoolController()


def _prepare(job):
    """Seeds that differ from worker to worker, one thread for each, and the user's own preparations."""
    global _info
    seed = job.base_seed + job.id
    set_thread_count(1)
    if thread_pools() is not None:
        thread_pools().limit(limits=1)
    default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(np.random.SeedSequence([job.id, job.base_seed & 0xFFFFFFFF, job.base_seed >> 32]).generate_state(4))  # noqa: NPY002 - the one that programs use
    _info = WorkerInfo(job.id, job.num_workers, seed, job.dataset)
    if job.init is not None:
        job.init(job.id)
