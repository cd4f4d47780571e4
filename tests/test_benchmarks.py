"""The harness of the benchmarks: on fixed figures, and with small programs in place of its workers."""

import io
import math
import time
from pathlib import Path

import numpy as np
import pytest

import benchmarks.__main__ as benchmark_main
import benchmarks.worker as benchmark_worker
import lesson_lib
from benchmarks import memory, report, runs, timing
from benchmarks.figures import Figures, verdicts
from benchmarks.libraries import BOTH, environment
from benchmarks.others import numpy_style
from benchmarks.progress import Progress, named
from benchmarks.registry import WORKLOADS, chosen, work_named

WORKS = chosen([])


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
        ballast, kept = np.ones(30_000_000, np.uint8), []

        def step():
            if not kept:  # what a first step loads, or an optimizer's state
                kept.append(np.ones(40_000_000, np.uint8))
            return np.ones(20_000_000, np.uint8).sum() + ballast[0]

        return step

    assert 19e6 < memory.peak(prepare) < 29e6


def results():
    """A small run with known figures: tiny_ops is quick, lenet slow, gpt failed."""

    def timed(name, ours, **others):
        seconds = {"lesson_lib": ours, **others}
        return [{"task": "time", "threads": n, "name": name, "seconds": seconds, "failures": {}} for n in (1, 2)]

    failed = {"task": "time", "threads": 1, "name": "gpt", "seconds": {"torch": 1.0}, "failures": {"lesson_lib": "AssertionError: off"}}
    hung = {"task": "time", "threads": 2, "name": "bert", "failures": {"lesson_lib": "no answer in 100 s"}}
    guests = [
        {"task": "time", "threads": 1, "name": name, "seconds": {}, "failures": {"tinygrad": "no clang"}, "took": 45.0} for name in ("softmax", "sum")
    ]
    peaks = [{"task": "memory", "threads": 1, "name": "lenet", "library": name, "bytes": size} for name, size in zip(BOTH, (3e6, 2e6))]
    imports = [{"task": "import", "threads": 1, "library": "lesson_lib", "seconds": s, "bytes": 40e6} for s in (0.3, 0.1)]
    growth = {"task": "growth", "threads": 1, "name": "lenet", "axis": "batch", "values": [1, 2, 4, 8]}
    growth["seconds"] = {"lesson_lib": [1, 4, 16, 64], "torch": [1, 2, 4, 8]}
    machine = {"task": "machine", "described": {"Processor": "a fast one", "Measured": "today"}}
    quick, slow = timed("tiny_ops", 0.001, torch=0.002, mygrad=0.008), timed("lenet", 0.016, torch=0.008)
    return [machine, *quick, *slow, failed, hung, *guests, *peaks, *imports, growth]


def test_targets_are_judged_on_the_figures():
    found = {verdict.target: (verdict.measured, verdict.met) for verdict in verdicts(Figures.of(results()))}
    assert found["geometric mean of the ratios at most 0.9, 1 thread"] == ("1.00 (2 of 71 measured)", False)
    assert found["no workload above 1.3, 2 threads"] == ("1 above; lenet 2.00 (2 of 71 measured)", False)
    assert found["tiny operations at most 0.75, 1 thread"] == ("0.50", True)
    assert found["peak memory of a training step at most PyTorch's"] == ("1 of 1 above; lenet 1.50 (1 of 8 measured)", False)
    assert found["import at most 0.2 s and 60 MB"] == ("0.100 s, 40 MB", True)
    assert found["at least 3 times faster than mygrad, 1 thread"] == ("8.0 times, 1 workloads", True)
    assert found["no exponent of growth 0.15 above PyTorch's"] == ("1 of 1 (1 of 57 measured)", False)


def test_the_page_has_every_figure_and_the_reasons(tmp_path):
    pytest.importorskip("matplotlib")
    reasons = {"lenet": "its loops are in Python", "memory lenet": "copies", "tiny_ops": "not shown, as it is quick"}
    text = report.page(Figures.of(results()), reasons)
    assert "| `lenet` | 16 | 8 | **2.00** | 16 | 8 | **2.00** | its loops are in Python |" in text
    assert "| `tiny_ops` | 1 | 2 | 0.50 | 1 | 2 | 0.50 |  |" in text
    assert "| `gpt` |  | 1000 |  |  |  |  | lesson_lib: AssertionError: off |" in text
    assert "| `lenet` | 3.0 | 2.0 | **1.50** | copies |" in text
    assert "| `lenet` | batch | 1 … 8 | **2.00** | 1.00 | 1.00 | 8.00 |" in text
    assert "Measured: today; 2 minutes" in text
    assert "not shown" not in text and "a fast one" in text
    report.write(results(), tmp_path)
    assert "(others.svg)" in (tmp_path / "RESULTS.md").read_text()
    words = (tmp_path / "results.svg").read_text()
    assert all(f">{text}<" in words for text in ("tiny_ops", "0.50", "2.00", "1.3", "2 thr.")) and "nan" not in words
    words = (tmp_path / "others.svg").read_text()
    assert all(f">{text}<" in words for text in ("MyGrad", "8.0 times, 1 workloads"))


def test_what_was_not_measured_is_said_and_no_mean_is_nan():
    text = report.page(Figures.of(results()), {})
    assert "nan" not in text.replace("finance", "")
    assert "| Sequences | 4 |  |" not in text  # a group of which nothing was measured has no row
    assert "| Small | 2 | 0.50 (1 of 2 measured) | 0.50 (1 of 2 measured) |" in text
    assert "| tinygrad | time, 1 thread | no clang | `softmax`, `sum` |" in text
    assert "| lesson_lib | time, 2 threads | no answer in 100 s | `bert` |" in text
    assert "|  | time, 2 threads | the run was ended before | 68 of 71 workloads |" in text
    assert "| `softmax` |  | failed |" in text and "| workloads | 1 | 0 (2 failed) |" in text
    assert "Not installed: HIPS autograd, JAX." in text


def test_a_second_attempt_takes_the_place_of_a_failure():
    again = {"task": "time", "threads": 1, "name": "gpt", "seconds": {"lesson_lib": 0.5, "torch": 1.0}, "failures": {}}
    figures = Figures.of([*results(), again])
    assert figures.ratios(1)["gpt"] == 0.5
    assert "gpt" not in {order["name"] for order, _, _ in figures.failures()}


def test_reasons_are_read_from_their_file(tmp_path):
    (tmp_path / "reasons.md").write_text("# Why\n\nWords.\n\n- `lenet`: slow `im2col`\n- `memory gpt`: scores\n")
    assert report.read_reasons(tmp_path / "reasons.md") == {"lenet": "slow `im2col`", "memory gpt": "scores"}


INTRICATE = [
    "max_pool",
    "avg_pool",
    "cross_entropy_smoothed",
    "bce_with_logits",
    "layer_norm",
    "rms_norm",
    "batch_norm",
    "group_norm",
    "instance_norm",
]
INTRICATE += ["attention_causal", "index_pairs", "gather", "embedding"]


@pytest.mark.parametrize("name", INTRICATE)
def test_a_formula_for_other_libraries_computes_the_workload(name):
    function, arrays, g = numpy_style.operation(name)
    y, *_ = work_named(name).prepared(lesson_lib)()
    timing.check_same(name, [function(np, *arrays)], [y], 1e-5)
    assert g.shape == y.shape


def test_a_convolution_is_described_with_every_option():
    how = numpy_style.convolution("conv_strided")
    assert (how["stride"], how["padding"], how["groups"], how["transposed"]) == (2, 1, 1, False)
    assert numpy_style.convolution("max_pool") is None
    assert [array.shape for array in numpy_style.inputs("conv_transposed")[0]] == [(32, 32, 16, 16), (32, 16, 4, 4), (16,)]


def plan(*names, threads=(1,), libraries=BOTH):
    return runs.Plan([WORKLOADS[name] for name in names], list(threads), libraries, 0.0)


@pytest.fixture
def worker(monkeypatch, tmp_path):
    """worker(program) puts a small program in the place of benchmarks/worker.py. It calls ``work(order)``, ``at(library)`` and ``answer(order)``."""
    head = """
import json, os, subprocess, sys, time
def at(library): os.pwrite(os.open(sys.argv[2], os.O_WRONLY), library.ljust(20).encode(), 0)
def answer(order): print(json.dumps({**order, "seconds": {name: 1.0 for name in order["libraries"]}}), flush=True)
print("a library's own words", flush=True)
"""
    tail = "\nfor order in json.loads(sys.argv[1]): work(order)"
    monkeypatch.setattr(runs, "LIMIT", 20.0)
    return lambda program: monkeypatch.setattr(runs, "PROGRAM", ["-c", head + program + tail])


def test_a_run_goes_on_where_it_was_interrupted_and_behind_a_crash(worker, capfd):
    worker("""
def work(order):
    at("torch")
    if order["name"] == "mlp": os._exit(7)
    answer(order)
""")
    done = [{"task": "time", "threads": 1, "name": "dataloader"}, {"task": "time", "threads": 1, "name": "tiny_ops", "failures": {"torch": "x"}}]
    results = list(runs.measured(plan("dataloader", "tiny_ops", "mlp", "lenet").times(), done))
    assert [(result["name"], result.get("failures")) for result in results] == [
        ("tiny_ops", None),  # it failed the last time
        ("mlp", {"torch": "ended with code 7"}),
        ("lenet", None),
    ]
    assert "time, 1 thread: mlp: torch: ended with code 7" in capfd.readouterr().err


@pytest.mark.skipif(not memory.STATUS.exists(), reason="needs /proc")
def test_a_worker_that_hangs_is_ended_with_its_children_and_the_run_goes_on(worker, monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "LIMIT", 1.0)
    worker(f"""
def work(order):
    at("lesson_lib")
    if order["name"] == "mlp":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
        time.sleep(60)
    answer(order)
""")
    start = time.perf_counter()
    results = list(runs.measured(plan("tiny_ops", "mlp", "lenet").times()))
    assert [result.get("failures") for result in results] == [None, {"lesson_lib": "no answer in 1 s"}, None]
    assert time.perf_counter() - start < 10
    child = Path("/proc", (tmp_path / "child").read_text(), "stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_a_guest_that_fails_leaves_the_others_their_time(worker):
    worker("""
def work(order):
    at("tinygrad" if "tinygrad" in order["libraries"] else "torch")
    if "tinygrad" in order["libraries"]: os._exit(3)
    answer(order)
""")
    order = plan("mlp", libraries=[*BOTH, "tinygrad"]).times()
    (result,) = runs.measured(order)
    assert set(result["seconds"]) == set(BOTH) and result["failures"] == {"tinygrad": "ended with code 3"}


def test_the_others_take_part_at_the_first_number_of_threads():
    orders = plan("mlp", threads=(1, 2), libraries=[*BOTH, "jax"]).times()
    assert [[order["libraries"] for order in process] for process in orders] == [[[*BOTH, "jax"]], [list(BOTH)]]


def test_a_worker_says_what_went_wrong_and_how_long_it_took():
    result = benchmark_worker.answer({"task": "memory", "name": "mlp", "library": "no_such_library", "threads": 1})
    assert "No module named" in result["failures"]["no_such_library"] and result["took"] >= 0


def test_the_screen_has_a_line_for_each_order():
    class Screen(io.StringIO):
        def isatty(self):
            return False

    now = iter([0, 300])
    screen = Screen()
    line = Progress(screen, clock=lambda: next(now))
    orders = [{"task": "time", "threads": 2, "name": name, "libraries": list(BOTH)} for name in ["mlp"] * 30 + ["lenet"]]
    line.plan(orders)
    line.begins(orders[0])
    for order in orders[:30]:
        line.ends(order)
    line.begins(orders[30])
    assert screen.getvalue().splitlines() == ["[ 1 of 31] time, 2 threads: mlp; 2 minutes left", "[31 of 31] time, 2 threads: lenet; 1 minute left"]
    assert named({"task": "growth", "threads": 1, "name": "mlp", "axis": "batch"}) == "growth: mlp, batch"
    assert named({"task": "memory", "threads": 1, "name": "mlp", "library": "torch"}) == "memory: mlp, torch"


def test_a_line_that_was_cut_does_not_count(tmp_path):
    file = tmp_path / "kept.jsonl"
    with open(file, "w") as kept:
        benchmark_main.keep(kept, {"task": "time"})
        kept.write('\n{"task": "time", "seconds": {}')
    with open(file, "a") as kept:
        benchmark_main.keep(kept, {"task": "memory"})
    assert report.read(file) == [{"task": "time"}, {"task": "memory"}]
