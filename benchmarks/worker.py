"""One process that measures, for one number of threads: `python -m benchmarks.worker '[{"task": "time", …}, …]'`.

It prints a line of JSON for each order: the order with the results added. A second argument is a file in which the library at work is written down,
for whoever ends a process that hangs.
"""

import faulthandler
import functools
import json
import os
import sys
import time
import traceback

import numpy as np

from . import libraries, memory
from .registry import work_named
from .timing import as_array, check_same, minima


def prepared(work, names, threads):
    """({library: step}, {library: what went wrong}), after two calls of each that gave the same results as PyTorch's."""
    steps, failures, oracle = {}, {}, None
    for name in sorted(names, key=lambda name: name != "torch"):
        at_work(name)
        try:
            step = libraries.step_of(work, name, threads)
            if step is None:
                continue
            first, second = results(step), results(step)
            oracle = oracle or (first, second)
            # After one step everything must agree; after two the loss, in which the update shows. Roundings grow in deep networks.
            tolerance = 1e-2 if work.training else 1e-4
            check_same(work.name, first, oracle[0], tolerance)
            check_same(work.name, second[:1], oracle[1][:1], tolerance)
            steps[name] = step
        except Exception as problem:
            if name in libraries.BOTH:
                traceback.print_exc()
            failures[name] = described(problem)
    return {name: steps[name] for name in names if name in steps}, failures


def described(problem):
    """An exception in one line."""
    return f"{type(problem).__name__}: {problem}".splitlines()[0]


def at_work(name):
    """Write down which library works now. No other process wakes up for it."""
    if PLACE is not None:
        os.pwrite(PLACE, name.ljust(20).encode(), 0)


PLACE = None  # the file


def results(step):
    """Copies of what a step gives, since the next one may write over it."""
    return [np.array(as_array(value)) for value in step()]


def measure_time(name, threads, libraries, budget, rounds=None, failures=()):
    """The minima of all libraries, which take turns. ``failures`` are those of an earlier attempt."""
    steps, problems = prepared(work_named(name), libraries, threads)
    limits = {"most": rounds, "least": min(rounds, 3)} if rounds else {}
    turns = [functools.partial(at_work, name) for name in steps]
    return {"seconds": dict(zip(steps, minima(list(steps.values()), budget, before=turns, **limits))), "failures": {**dict(failures), **problems}}


def measure_growth(name, axis, threads, budget):
    """The minima at each value of one size, in lesson_lib and in PyTorch."""
    work, seconds = work_named(name), {lib: [] for lib in libraries.BOTH}
    values = work.grows[axis]
    for value in values:
        steps = [libraries.step_of(work, lib, threads, **{axis: value}) for lib in seconds]
        turns = [functools.partial(at_work, lib) for lib in seconds]
        for times, best in zip(seconds.values(), minima(steps, budget / len(values), before=turns)):
            times.append(best)
    return {"values": values, "seconds": seconds}


def measure_memory(name, library, threads):
    """The peak of a training step in one library."""
    lib = libraries.loaded(library, threads)
    assert lib.nn and lib.optim  # what is imported when it is first named is not the step's memory
    return {"bytes": memory.peak(lambda: work_named(name).prepared(lib))}


def measure_import(library, threads, turn=0):
    """Seconds and resident memory of an import in a fresh process. Python's own start counts in the memory, not in the time."""
    start = time.perf_counter()
    if library:
        __import__(library)
    return {"seconds": time.perf_counter() - start, "bytes": memory.resident()}


TASKS = {"time": measure_time, "growth": measure_growth, "memory": measure_memory, "import": measure_import}


def answer(order):
    """The order with its results, or with what went wrong, and how long it took."""
    start = time.perf_counter()
    at_work(order.get("library", ""))
    try:
        found = TASKS[order["task"]](**{name: value for name, value in order.items() if name != "task"})
    except Exception as problem:
        traceback.print_exc()
        found = {"failures": {order.get("library", ""): described(problem)}}
    return {**order, **found, "took": round(time.perf_counter() - start, 2)}


if __name__ == "__main__":
    faulthandler.enable()  # an ended process prints where it was
    if len(sys.argv) > 2:
        PLACE = os.open(sys.argv[2], os.O_WRONLY)
    for order in json.loads(sys.argv[1]):
        print(json.dumps(answer(order)), flush=True)
