"""The harness of the benchmarks on fixed figures, and a wide guard on the speed of tiny operations in one run with PyTorch."""

import json
import math

import numpy as np
import pytest

from benchmarks import memory, report, runs, timing
from benchmarks.figures import Figures, verdicts
from benchmarks.libraries import BOTH, environment
from benchmarks.registry import WORKLOADS, chosen, work_named

WORKS = chosen([])


def test_tiny_ops_keep_their_lead(torch):
    (result,) = runs.measured(runs.Plan([work_named("tiny_ops")], [1], BOTH, budget=1.0).times())
    ratio = result["seconds"]["lesson_lib"] / result["seconds"]["torch"]
    assert ratio < 1.2, "the goal is 0.75; this much slower means that a call or a turn of the engine has taken on new work"


def test_minima_take_turns_and_the_shortest_counts(monkeypatch):
    calls, now = [], 0.0

    def slow():
        nonlocal now
        calls.append("slow")
        now += 0.03 if calls.count("slow") == 3 else 0.04

    def quick():
        nonlocal now
        calls.append("quick")
        now += 0.012

    monkeypatch.setattr(timing.time, "perf_counter", lambda: now)
    assert timing.minima([slow, quick], budget=0, least=2) == pytest.approx([0.03, 0.012])
    assert calls == ["slow", "slow", "quick", "quick"] * 2


def test_results_that_differ_are_not_timed():
    a = np.ones(3, np.float32)
    timing.check_same("x", [a], [a * 1.00001], 1e-4)
    with pytest.raises(AssertionError, match=r"x: result 1 is off by 1\.0e-03"):
        timing.check_same("x", [a, a * 1.001], [a, a], 1e-4)
    with pytest.raises(AssertionError, match="is off by nan"):
        timing.check_same("x", [a * math.nan], [a], 1e-4)
    with pytest.raises(AssertionError, match="shape"):
        timing.check_same("x", [a[:2]], [a], 1e-4)


def test_an_exponent_is_the_slope_of_the_logarithms():
    assert timing.exponent([1, 2, 4, 8], [3, 12, 48, 192]) == pytest.approx(2)
    assert timing.geometric_mean([0.5, 2, 8]) == pytest.approx(2)


def test_the_environment_sets_the_threads_and_lets_blas_choose(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "OPENBLAS_CORETYPE" not in environment(2)
    assert environment(2)["OMP_NUM_THREADS"] == environment(2)["OPENBLAS_NUM_THREADS"] == "2"


def test_names_choose_by_beginning_and_by_group():
    assert [work.name for work in chosen(["lenet"])] == ["lenet"]
    assert {work.group for work in chosen(["convolutions"])} == {"Convolutions"}
    with pytest.raises(SystemExit, match="No workload begins with nonsense"):
        chosen(["nonsense"])


def test_every_workload_shows_its_growth_at_four_sizes():
    grown = {work.function for work in WORKS if work.grows}
    assert grown == {work.function for work in WORKS}
    assert {len(values) for work in WORKS for values in work.grows.values()} == {4}


@pytest.mark.skipif(not memory.STATUS.exists(), reason="needs /proc")
def test_the_peak_counts_what_a_step_holds_and_not_what_was_there():
    def prepare():
        ballast = np.ones(30_000_000, np.uint8)
        return lambda: np.ones(20_000_000, np.uint8).sum() + ballast[0]

    assert 19e6 < memory.peak(prepare) < 29e6


def results():
    """A small run with known figures: tiny_ops is quick, lenet slow, gpt failed."""

    def timed(name, ours, **others):
        seconds = {"lesson_lib": ours, **others}
        return [{"task": "time", "threads": n, "name": name, "seconds": seconds, "failures": {}} for n in (1, 2)]

    failed = {"task": "time", "threads": 1, "name": "gpt", "seconds": {"torch": 1.0}, "failures": {"lesson_lib": "AssertionError: off"}}
    peaks = [{"task": "memory", "threads": 1, "name": "lenet", "library": name, "bytes": size} for name, size in zip(BOTH, (3e6, 2e6))]
    imports = [{"task": "import", "threads": 1, "library": "lesson_lib", "seconds": s, "bytes": 40e6} for s in (0.3, 0.1)]
    growth = {"task": "growth", "threads": 1, "name": "lenet", "axis": "batch", "values": [1, 2, 4, 8]}
    growth["seconds"] = {"lesson_lib": [1, 4, 16, 64], "torch": [1, 2, 4, 8]}
    machine = {"task": "machine", "described": {"Processor": "a fast one"}}
    return [machine, *timed("tiny_ops", 0.001, torch=0.002, mygrad=0.008), *timed("lenet", 0.016, torch=0.008), failed, *peaks, *imports, growth]


def test_targets_are_judged_on_the_figures():
    found = {verdict.target: (verdict.measured, verdict.met) for verdict in verdicts(Figures.of(results()))}
    assert found["geometric mean of the ratios at most 0.9, 1 thread"] == ("1.00", False)
    assert found["no workload above 1.3, 2 threads"] == ("1 above; lenet 2.00", False)
    assert found["tiny operations at most 0.75, 1 thread"] == ("0.50", True)
    assert found["peak memory of a training step at most PyTorch's"] == ("1 of 1 above; lenet 1.50", False)
    assert found["import at most 0.2 s and 60 MB"] == ("0.100 s, 40 MB", True)
    assert found["at least 3 times faster than mygrad, 1 thread"] == ("8.0 times, 1 workloads", True)
    assert found["no exponent of growth 0.15 above PyTorch's"] == ("1 of 1", False)


def test_the_page_has_every_figure_and_the_reasons(tmp_path):
    pytest.importorskip("matplotlib")
    reasons = {"lenet": "its loops are in Python", "memory lenet": "copies", "tiny_ops": "not shown, as it is quick"}
    text = report.page(Figures.of(results()), reasons)
    assert "| `lenet` | 16 | 8 | **2.00** | 16 | 8 | **2.00** | its loops are in Python |" in text
    assert "| `tiny_ops` | 1 | 2 | 0.50 | 1 | 2 | 0.50 |  |" in text
    assert "| `gpt` |  | 1000 |  |  |  |  | lesson_lib: AssertionError: off |" in text
    assert "| `lenet` | 3.0 | 2.0 | **1.50** | copies |" in text
    assert "| `lenet` | batch | 1 … 8 | **2.00** | 1.00 |" in text
    assert "not shown" not in text and "a fast one" in text
    report.write(results(), tmp_path)
    assert (tmp_path / "RESULTS.md").exists() and "tiny_ops" in (tmp_path / "results.svg").read_text()


def test_reasons_are_read_from_their_file(tmp_path):
    (tmp_path / "reasons.md").write_text("# Why\n\nWords.\n\n- `lenet`: slow `im2col`\n- `memory gpt`: scores\n")
    assert report.read_reasons(tmp_path / "reasons.md") == {"lenet": "slow `im2col`", "memory gpt": "scores"}


def test_a_run_goes_on_where_it_was_interrupted_and_behind_a_crash(monkeypatch):
    started = []

    class Process:
        """Answers orders until one of a name that ends it."""

        returncode = -9

        def __init__(self, command, **_):
            started.append(json.loads(command[-1]))
            names = [order["name"] for order in started[-1]]
            until = names.index("mlp") if "mlp" in names else len(names)
            self.stdout = ["a library's own words\n", *(json.dumps({**order, "seconds": {}}) + "\n" for order in started[-1][:until])]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(runs.subprocess, "Popen", Process)
    plan = runs.Plan([WORKLOADS[name] for name in ("dataloader", "tiny_ops", "mlp", "lenet")], [1], BOTH, 1.0)
    done = [{"task": "time", "threads": 1, "name": "dataloader"}]
    assert [result["name"] for result in runs.measured(plan.times(), done)] == ["tiny_ops", "lenet"]
    assert [[order["name"] for order in orders] for orders in started] == [["tiny_ops", "mlp", "lenet"], ["lenet"]]
