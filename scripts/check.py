"""Everything that `make test` checks: lint, unit tests, the examples in docstrings, every notebook. The last line counts them.

Arguments that are not its own go to every pytest run, as in `make test ARGS="--require-gpu -k conv2d"`.
"""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
PYTEST = ["-m", "pytest", "--quiet", "-n", "2", "--dist", "loadfile"]
DOCTEST = ["--doctest-modules", "lesson_lib/viz", "lesson_lib/course"]  # those of the library proper: tests/test_examples.py
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", "--nbval-cell-timeout", "30"]


def run(title, *arguments, report=None):
    """Run Python with `arguments` and say how it went: (exit code, counts by outcome, reasons of skips)."""
    print(f"\n== {title}", flush=True)
    start = time.perf_counter()
    code = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment()).returncode
    print(f"   {title}: {time.perf_counter() - start:.0f} s", flush=True)
    counts, reasons = read_report(report) if report and report.exists() else (Counter(), Counter())
    if code and not counts["failed"]:
        counts["failed"] += 1  # a linter, or a run that broke before it could report
    return code, counts, reasons


def environment():
    # Two test processes on two cores: with more than one thread each they would only wait for each other.
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
    code, counts, reasons = run(title, *PYTEST, f"--junitxml={report}", *arguments, *extra, report=report)
    nothing_selected = code == 5 and extra
    return (Counter(), reasons) if nothing_selected else (counts, reasons)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with-binder", action="store_true", help="also prove that Binder could build and run the course")
    own, extra = parser.parse_known_args()
    REPORTS.mkdir(exist_ok=True)
    for old in REPORTS.glob("*.xml"):
        old.unlink()

    results = [
        run("lint", "-m", "ruff", "check", "--output-format=concise", ".")[1:],
        pytest_step("unit tests", "unit", "tests", extra=extra),
        pytest_step("examples of viz and course", "examples", *DOCTEST, extra=extra),
        pytest_step("notebooks", "notebooks", *NBVAL, "notebooks", extra=extra),
    ]
    if own.with_binder:
        report = REPORTS / "binder.xml"
        results.append(run("Binder", "scripts/check_binder.py", f"--junitxml={report}", report=report)[1:])

    counts = sum((counts for counts, _ in results), Counter())
    print()
    for reason, times in sum((reasons for _, reasons in results), Counter()).items():
        print(f"skipped {times}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main()
