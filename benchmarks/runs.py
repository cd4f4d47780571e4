"""Which processes are started for a run, and what they answered."""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .libraries import BOTH, environment

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".reports" / "bench.jsonl"


@dataclass
class Plan:
    """What to measure. Each method gives lists of orders for benchmarks/worker.py, one list for each process."""

    works: list
    threads: list
    libraries: list
    budget: float
    rounds: int | None = None

    def times(self):
        """A process for each number of threads."""
        common = {"task": "time", "libraries": list(self.libraries), "budget": self.budget, "rounds": self.rounds}
        return [[{**common, "threads": threads, "name": work.name} for work in self.works] for threads in self.threads]

    def growth(self):
        """On one thread."""
        common = {"task": "growth", "threads": 1, "budget": self.budget}
        return [[{**common, "name": work.name, "axis": axis} for work in self.works for axis in work.grows]]

    def memory(self):
        """A process for each library and each training workload: peaks cannot be taken in turn."""
        common = {"task": "memory", "threads": 1}
        return [[{**common, "name": work.name, "library": library}] for work in self.works if work.training for library in BOTH]

    def imports(self, times):
        """Fresh processes; the empty name is Python alone."""
        return [[{"task": "import", "threads": 1, "library": library}] for _ in range(times) for library in ("", "numpy", *BOTH)]


def key(order):
    """What an order asks for, and what its result answers."""
    return tuple(order.get(name) for name in ("task", "threads", "name", "library", "axis"))


def measured(processes, done=(), progress=False):
    """The results of these orders, as they come; those that are done already are not measured again."""
    known = {key(result) for result in done}
    processes = [[order for order in orders if key(order) not in known] for orders in processes]
    with bar(sum(map(len, processes)), progress) as advance:
        for orders in processes:
            for result in answers(orders):
                advance(result)
                yield result


@contextlib.contextmanager
def bar(total, wanted):
    """A function to be told of each result, which moves a progress bar on the screen if one is wanted."""
    if not wanted:
        yield lambda result: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="", dynamic_ncols=True) as line:

        def advance(result):
            line.set_description(
                f"{result['task']} {result.get('name') or result['library'] or 'python'}, threads: {result['threads']}", refresh=False
            )
            line.update()

        yield advance


def answers(orders):
    """The results of one process. Where it ends early, the order at which it ended has failed, and a new process goes on behind it."""
    while orders:
        command = [sys.executable, "-m", "benchmarks.worker", json.dumps(orders)]
        here = dict(cwd=ROOT, env=environment(orders[0]["threads"]), start_new_session=True)  # Ctrl-C is for this process
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **here) as process:
            try:
                for text in process.stdout:
                    if text.startswith('{"task"'):  # a library may print lines of its own
                        orders = orders[1:]
                        yield json.loads(text)
            except BaseException:
                process.kill()
                raise
        if orders:
            print(f"{key(orders[0])} ended with code {process.returncode}", file=sys.stderr)
            orders = orders[1:]
