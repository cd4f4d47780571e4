"""Everything that `make test` checks: lint, unit tests, the examples in docstrings, every notebook. The last line counts them.

Arguments that are not its own go to every pytest run, as in `make test ARGS="--require-gpu -k conv2d"`. Two processes at a time, for two cores:
one runs the unit tests; the other begins with the rest and then takes over the unit tests that have not been run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
PYTEST = ["-m", "pytest", "--quiet", "-o", "console_output_style=classic"]
DOCTEST = ["--doctest-modules", "lesson_lib/viz", "lesson_lib/course"]  # those of the library proper: tests/test_examples.py
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", "--nbval-cell-timeout", "30"]


class Step:
    """Python run with `arguments`; afterwards counts by outcome, and the reasons of skips."""

    def __init__(self, title, *arguments, report=None, may_be_empty=False):
        self.title, self.arguments, self.report, self.may_be_empty = title, arguments, report, may_be_empty
        self.counts, self.reasons = Counter(failed=1), Counter()  # if it is never run

    def run(self, live=True):
        """Run it and say how it went. What it prints appears at once, or as a whole at the end."""
        start = time.perf_counter()
        with tempfile.TemporaryFile("w+") as printed:
            if live:
                print(f"\n== {self.title}", flush=True)
            output = None if live else printed
            code = subprocess.run([sys.executable, *self.arguments], cwd=ROOT, env=environment(), stdout=output, stderr=output).returncode
            printed.seek(0)
            text = "" if live else f"\n== {self.title}\n{printed.read()}"
        print(f"{text}   {self.title}: {time.perf_counter() - start:.0f} s", flush=True)
        self.counts, self.reasons = read_report(self.report) if self.report and self.report.exists() else (Counter(), Counter())
        if code and not self.counts["failed"] and not (code == 5 and self.may_be_empty):
            self.counts["failed"] += 1  # a linter, or a run that broke before it could report


def environment():
    # Two processes on two cores: with more than one thread each they would only wait for each other.
    return {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **os.environ}


def read_report(path):
    """Outcomes in a JUnit file: how many of each, and how many tests were skipped for each reason."""
    counts, reasons = Counter(), Counter()
    for case in ElementTree.parse(path).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts["failed"] += 1
        elif skipped is not None:
            counts["skipped"] += 1
            reasons[skipped.get("message")] += 1
        else:
            counts["passed"] += 1
    return counts, reasons


def pytest_step(title, name, *arguments, extra):
    report = REPORTS / f"{name}.xml"
    return Step(title, *PYTEST, f"--junitxml={report}", *arguments, *extra, report=report, may_be_empty=bool(extra))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with-binder", action="store_true", help="also prove that Binder could build and run the course")
    own, extra = parser.parse_known_args()
    REPORTS.mkdir(exist_ok=True)
    for old in REPORTS.glob("*.xml"):
        old.unlink()

    with tempfile.TemporaryDirectory() as folder:
        shared = ["-p", "tests.schedule", f"--share={folder}", "tests"]
        lint = Step("lint", "-m", "ruff", "check", "--output-format=concise", ".")
        unit = pytest_step("unit tests", "unit", *shared, extra=extra)
        others = [
            pytest_step("examples of viz and course", "examples", *DOCTEST, extra=extra),
            pytest_step("notebooks", "notebooks", *NBVAL, "notebooks", extra=extra),
            pytest_step("more unit tests", "unit-2", *shared, extra=extra),
        ]
        if own.with_binder:
            report = REPORTS / "binder.xml"
            others.insert(0, Step("Binder", "scripts/check_binder.py", f"--junitxml={report}", report=report))
        lint.run()
        beside = threading.Thread(target=lambda: [step.run(live=False) for step in others], daemon=True)
        beside.start()
        unit.run()
        beside.join()

    results = [lint, unit, *others]
    counts = sum((step.counts for step in results), Counter())
    print()
    for reason, times in sum((step.reasons for step in results), Counter()).items():
        print(f"skipped {times}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main()
