"""The worker processes of one iterator: started together, ended together."""

import contextlib
import os
import threading
import time
import warnings

from ....core.errors import error
from .failure import Failure
from .transport import Channel
from .worker import Job, run, thread_pools

# A process that is forked while another thread imports a module, or searches the libraries, would wait for that thread's lock for ever.
_starting = threading.RLock()
_GRACE = 5.0  # seconds for a worker to finish its sample, before it is made to end


class Pool:
    """``loader.num_workers`` processes, each at the other end of a channel.

    Nothing has a name that could outlive them. ``close`` may be called at any time, any number of times, and in a forked copy of the process.
    """

    def __init__(self, loader, base_seed, fetcher, options):
        with _starting:  # here: these take 20 ms, and most programs have no workers; whole before a fork, as the workers use them
            import mmap  # noqa: F401
            import multiprocessing.connection
            import socket

        context = loader.multiprocessing_context or multiprocessing.get_context()
        method = context.get_start_method()
        self._owner, self._pids, self.channels, self.processes = os.getpid(), [], [], []
        try:
            for number in range(loader.num_workers):
                parent = None if method == "forkserver" else self._owner
                job = Job(number, loader.num_workers, base_seed, loader.dataset, fetcher, options, loader.worker_init_fn, method == "fork", parent)
                ours, theirs = socket.socketpair()
                self.channels.append(Channel(ours))
                with theirs, _starting:
                    thread_pools()  # searched for once, not by each worker
                    process = context.Process(target=run, args=(job, theirs), daemon=True)
                    _start(process)
                self.processes.append(process)
        except BaseException:
            self.close()
            raise

    def send(self, number, message):
        """Tell worker ``number`` something. If it is dead, ``receive`` will say so."""
        with contextlib.suppress(ConnectionError):
            self.channels[number].send(message)

    def receive(self, numbers, timeout):
        """(number, answer) of the first of these workers to answer.

        Errors: RuntimeError if a worker died, which ends the others, or if none answered within ``timeout`` seconds (0: no limit).
        """
        if self.closed:
            raise self._death(self._pids)
        from multiprocessing.connection import wait  # here: see above

        channels = [self.channels[number] for number in numbers]
        ready = wait([*channels, *(process.sentinel for process in self.processes)], timeout or None)
        if not ready:
            raise error("loader_timeout", seconds=timeout)
        for number, channel in zip(numbers, channels):
            if channel in ready:
                try:
                    return number, channel.receive()
                except EOFError:
                    ready.append(self.processes[number].sentinel)
                except Exception as exc:  # it came whole, but cannot be unpacked here
                    return number, Failure(exc, f"when its batch was unpacked: DataLoader worker process {number}")
        dead = [process for process in self.processes if process.sentinel in ready]
        for process in dead:
            process.join(_GRACE)  # the end of its pipes may be seen before that of the process
        dead = [process.pid for process in dead]
        self.close()
        raise self._death(dead)

    @staticmethod
    def _death(pids):
        return error("worker_died", pids=", ".join(map(str, pids)))

    def close(self, grace=None):
        """End all workers. One that is in the middle of a sample gets ``grace`` seconds to finish it."""
        if os.getpid() != self._owner:
            return  # a forked copy of this object: the workers are not this process's children
        for channel in self.channels:
            channel.hang_up()
        deadline = time.monotonic() + (_GRACE if grace is None else grace)
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in self.processes:
            if process.is_alive():
                process.terminate()
                process.join(1.0)
            if process.is_alive():
                process.kill()
                process.join()
        self._pids = [process.pid for process in self.processes]
        for process in self.processes:
            process.close()
        self.channels, self.processes = [], []

    @property
    def closed(self):
        """True once the workers have ended."""
        return not self.processes


def _start(process):
    """Start without Python's warning (from 3.12) of threads at a fork.

    The warning is of locks that another thread holds at that moment. The worker takes none of them: Python renews its own after a fork, and so
    does OpenBLAS.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*use of fork\\(\\) may lead to deadlocks", DeprecationWarning)
        process.start()
