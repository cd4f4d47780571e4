"""A wide guard on the speed of tiny operations, in one run with PyTorch; `make bench` has the figures."""

from benchmarks import runs
from benchmarks.libraries import BOTH
from benchmarks.registry import chosen


def test_tiny_ops_keep_their_lead(torch):
    (result,) = runs.measured(runs.Plan(chosen(["tiny_ops"]), [1], BOTH, budget=1.0).times())
    ratio = result["seconds"]["lesson_lib"] / result["seconds"]["torch"]
    assert ratio < 1.2, "the goal is 0.75; this much slower means that a call or a turn of the engine has taken on new work"
