"""How fast lesson_lib is beside PyTorch, and beside MyGrad, HIPS autograd, tinygrad and JAX where they are installed.

    python -m benchmarks                    everything, then RESULTS.md and its picture (make bench)
    python -m benchmarks --quick            PyTorch alone, without growth and with rougher figures, in some five minutes
    python -m benchmarks lenet conv         the ratios of the workloads that begin so, or of a group
    python -m benchmarks --resume           what an interrupted run did not reach
    python -m benchmarks --report           RESULTS.md and the picture from what the last run measured

The libraries take turns in one process for each number of threads, and the shortest time of each counts. Before that their results are compared.
"""

import argparse
import json
import signal
import sys

from . import report, runs
from .libraries import BOTH, OTHERS, installed
from .machine import described
from .progress import Progress
from .registry import chosen


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a workload's name, or a group")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, help="so many rounds for each workload, in place of a budget of seconds")
    parser.add_argument("--budget", type=float, default=1.5, help="seconds for each workload (default 1.5)")
    parser.add_argument("--others", action="store_true", help="with names: the other libraries too")
    parser.add_argument("--growth", action="store_true", help="with names: time against size as well")
    parser.add_argument("--memory", action="store_true", help="with names: the peak memory of training steps as well")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--report", action="store_true")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parsed(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the processes that measure end, too
    if not installed("torch"):
        raise SystemExit("PyTorch is not installed: pip install torch==2.13.0, or `make bench`, which does it.")
    works = chosen(options.names)
    if options.names:
        print_ratios(options, works)
    else:
        if not options.report:
            measure_everything(options, works)
        elif not runs.KEPT.exists():
            raise SystemExit("No run has been kept yet: python -m benchmarks measures.")
        report.write(report.read(runs.KEPT))


def print_ratios(options, works):
    """The quick look: a line for each workload, nothing written."""
    libraries = [*BOTH, *(name for name in OTHERS if options.others and installed(name))]
    plan = runs.Plan(works, options.threads, libraries, options.budget, options.rounds)
    results = plan.times()
    if options.memory:
        results = [*results, *plan.memory()]
    if options.growth:
        results = [*results, *plan.growth()]
    for result in runs.measured(results):
        print(report.line(result), flush=True)


def measure_everything(options, works):
    """Measure and keep every result at once, so that an interrupted run loses nothing."""
    libraries = [*BOTH, *(name for name in OTHERS if installed(name) and not options.quick)]
    budget = 0.2 if options.quick else options.budget
    plan = runs.Plan(works, options.threads, libraries, budget, 3 if options.quick else options.rounds)
    orders = [*plan.imports(3 if options.quick else 6), *plan.times(), *plan.memory(), *([] if options.quick else plan.growth())]
    runs.KEPT.parent.mkdir(exist_ok=True)
    done = report.read(runs.KEPT) if options.resume and runs.KEPT.exists() else []
    with open(runs.KEPT, "a" if options.resume else "w") as file:
        try:
            keep(file, {"task": "machine", "described": described()})
            for result in runs.measured(orders, done, Progress()):
                keep(file, result)
        except KeyboardInterrupt:
            print(f"\nInterrupted. The results are kept in {runs.KEPT}: --resume measures the rest, --report writes what there is.", file=sys.stderr)
            raise SystemExit(130) from None


def keep(file, result):
    """A line of its own, also behind one that was cut."""
    file.write(("\n" if file.tell() else "") + json.dumps(result))
    file.flush()


if __name__ == "__main__":
    main()
