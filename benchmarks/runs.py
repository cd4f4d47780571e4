"""Which processes are started for a run, and what they answered."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from .libraries import BOTH, environment
from .progress import named

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".reports" / "bench.jsonl"
PROGRAM = ("-m", "benchmarks.worker")
LIMIT = 100.0  # seconds for an answer beyond twice the budget; the slowest workload needs 20


@dataclass
class Plan:
    """What to measure. Each method gives lists of orders for benchmarks/worker.py, one list for each process."""

    works: list
    threads: list
    libraries: list
    budget: float
    rounds: int | None = None

    def times(self):
        """A process for each number of threads; the other libraries take part at the first one."""
        common = {"task": "time", "budget": self.budget, "rounds": self.rounds}
        return [
            [{**common, "threads": n, "name": work.name, "libraries": list(self.libraries if n == self.threads[0] else BOTH)} for work in self.works]
            for n in self.threads
        ]

    def growth(self):
        """On one thread."""
        common = {"task": "growth", "threads": 1, "budget": self.budget}
        return [[{**common, "name": work.name, "axis": axis} for work in self.works for axis in work.grows]]

    def memory(self):
        """A process for each library and each training workload: peaks cannot be taken in turn."""
        common = {"task": "memory", "threads": 1}
        return [[{**common, "name": work.name, "library": library}] for work in self.works if work.training for library in BOTH]

    def imports(self, times):
        """Fresh processes; the empty name is Python alone. The turn tells them apart."""
        return [[{"task": "import", "threads": 1, "library": lib, "turn": turn}] for turn in range(times) for lib in ("", "numpy", *BOTH)]


def key(order):
    """What an order asks for, and what its result answers."""
    return tuple(order.get(name) for name in ("task", "threads", "name", "library", "axis", "turn"))


def finished(result):
    """Whether a result need not be measured again: neither lesson_lib nor PyTorch failed."""
    return not set(result.get("failures", ())) & {*BOTH, ""}


def measured(processes, done=(), progress=None):
    """The results of these orders, as they come; those that are done already are not measured again."""
    known = {key(result) for result in done if finished(result)}
    processes = [[order for order in orders if key(order) not in known] for orders in processes]
    if progress:
        progress.plan([order for orders in processes for order in orders])
    for orders in processes:
        yield from answers(orders, progress)


def answers(orders, progress=None):
    """The results of one process. Where it ends early or an answer takes too long, the order at hand has failed, and a new process goes on behind it.

    If the time of several libraries was asked for and one of the guests was at work, the same is asked again without it.
    """
    while orders:
        with tempfile.NamedTemporaryFile() as place, Worker(orders, place.name) as worker:
            for result in worker.results(progress):
                orders = done(orders, progress)
                yield result
            if orders:
                library = place.read().decode().strip()  # which one was at work
                problem = {library: worker.problem()}
                print(f"\n{named(orders[0])}: {library or 'the harness'}: {problem[library]}", file=sys.stderr)
                order = {**orders[0], "failures": orders[0].get("failures", {}) | problem}
                if order["task"] == "time" and library not in (*BOTH, ""):
                    orders = [{**order, "libraries": [name for name in order["libraries"] if name != library]}, *orders[1:]]
                else:
                    orders = done(orders, progress)
                    yield order


def done(orders, progress):
    """The orders behind the first one."""
    if progress:
        progress.ends(orders[0])
    return orders[1:]


class Worker:
    """A process of benchmarks/worker.py, with everything that it starts; ended when an answer takes too long."""

    def __init__(self, orders, place):
        self.orders, self.late, self.timer = orders, False, None
        command = [sys.executable, *PROGRAM, json.dumps(orders), place]
        here = dict(cwd=ROOT, env=environment(orders[0]["threads"]), start_new_session=True)  # Ctrl-C is for this process
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **here)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wait_until(None)
        self.end()
        self.process.stdout.close()
        self.process.wait()

    def results(self, progress):
        """What it answers, until it ends."""
        for order in self.orders:
            self.wait_until(limit(order))
            if progress:
                progress.begins(order)
            # A library may print lines of its own.
            text = next((text for text in self.process.stdout if text.startswith('{"task"')), None)
            if text is None:
                break
            yield json.loads(text)
        self.wait_until(None)

    def wait_until(self, seconds):
        """Set the alarm anew, or off."""
        if self.timer:
            self.timer.cancel()
        self.timer = seconds and threading.Timer(seconds, self.ring)
        if self.timer:
            self.timer.daemon = True
            self.timer.start()

    def ring(self):
        self.late = True
        self.end(signal.SIGABRT)  # the worker prints where it was
        threading.Timer(1, self.end).start()

    def end(self, how=None):
        """End the process and those that it started."""
        try:
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, how or signal.SIGKILL)
            else:
                self.process.kill()
        except ProcessLookupError:
            pass

    def problem(self):
        """Why an answer is missing."""
        return f"no answer in {limit(self.orders[0]):.0f} s" if self.late else f"ended with code {self.process.wait()}"


def limit(order):
    """The seconds after which an order has failed."""
    return LIMIT + 2 * order.get("budget", 0)
