"""The tiny-operation path and the convolution path keep their lead: limits on counts, which noise does not change, and one wide ratio.

A limit leaves less than a quarter above what was counted when it was set: tiny operations take 0.7 of PyTorch's time, so a quarter more work
is more than half of their lead. Who makes a path shorter lowers its limit.
"""

import pytest

import lesson_lib
from benchmarks import counting, runs, timing
from benchmarks.libraries import BOTH
from benchmarks.registry import work_named

# calls of functions, instructions of the interpreter, most bytes at once: of one step, forward and backward
LIMITS = {
    "tiny_ops": (3_400, 120_000, 61_000),
    "mlp": (1_260, 20_900, 1_250_000),
    "conv_1x32x32": (1_900, 26_000, 1_800_000),
    "conv_6x15x15": (860, 11_200, 1_400_000),
    "conv_16x32x32": (1_250, 17_000, 5_200_000),
    "conv_64x8x8": (900, 12_900, 5_600_000),
    "conv_1x1": (800, 10_800, 20_500_000),
}
COUNTS = {"calls": counting.calls, "instructions": counting.instructions, "bytes": counting.peak_bytes}


def excess(name, **sizes):
    """{what: how much} for each limit that a step of this workload passes."""
    step = work_named(name).prepared(lesson_lib, **sizes)
    counted = {what: count(step) for what, count in COUNTS.items()}
    return {what: n for (what, n), limit in zip(counted.items(), LIMITS[name]) if n > limit}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.numba] * name.startswith("conv")) for name in LIMITS])
def test_a_step_takes_no_more_than_it_took(name):
    assert excess(name) == {}, "more than the limit"


@pytest.mark.numba
def test_the_limits_notice_a_quarter_more_work():
    assert set(excess("tiny_ops", ops=250)) == set(COUNTS)
    assert set(excess("conv_16x32x32", images=64)) == set(COUNTS)


def test_the_counts_are_the_same_each_time():
    step = work_named("tiny_ops").prepared(lesson_lib)
    assert counting.calls(step) == counting.calls(step)
    assert counting.instructions(step) == counting.instructions(step)


def test_convolutions_stay_beside_pytorchs(torch):
    works = [work_named(name) for name in ("conv_1x32x32", "conv_16x32x32", "conv_64x8x8")]
    seconds = [result["seconds"] for result in runs.measured(runs.Plan(works, [1], BOTH, budget=1.0).times())]
    ratio = timing.geometric_mean(both["lesson_lib"] / both["torch"] for both in seconds)
    assert ratio < 1.4, "the goal is 0.9; a busy machine explains some of it, not this"
