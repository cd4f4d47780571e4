"""A training stopped anywhere and taken up in a new process ends bit for bit where the uninterrupted one ends."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lesson_lib

from .resume_program import EPOCHS, run

ROOT = Path(__file__).resolve().parent.parent
IN_ALL = EPOCHS * 6  # batches


def in_a_new_process(library, path, stop=None):
    options = [] if stop is None else ["--stop", str(stop)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "tests.resume_program", library, str(path), *options], check=True, cwd=ROOT, env=environment)


def leaves(value, name=""):
    """Every number and array of what was saved, under its path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else None
    if items is None:
        yield name, value.numpy() if hasattr(value, "numpy") else value
    else:
        for key, inner in items:
            yield from leaves(inner, f"{name}.{key}")


def assert_bit_equal(first, second):
    first, second = dict(leaves(lesson_lib.load(first))), dict(leaves(lesson_lib.load(second)))
    assert list(first) == list(second)
    for name, value in first.items():
        same = value.tobytes() == second[name].tobytes() if isinstance(value, np.ndarray) else value == second[name]
        assert same, name


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """What the uninterrupted training saves at its end."""
    path = tmp_path_factory.mktemp("straight") / "run.pt"
    in_a_new_process("lesson_lib", path)
    return path


def test_stopped_three_times(straight, tmp_path):
    """In the middle of an epoch, again in the same epoch, and at the end of one; each part is a process of its own."""
    path = tmp_path / "run.pt"
    for stop in (3, 5, 12, None):
        in_a_new_process("lesson_lib", path, stop)
    assert_bit_equal(path, straight)


@pytest.mark.parametrize("stop", [1, 6, 8, IN_ALL - 1])
def test_stopped_anywhere(straight, tmp_path, stop):
    path = tmp_path / "run.pt"
    run(lesson_lib, path, stop)
    run(lesson_lib, path)
    assert_bit_equal(path, straight)


@pytest.mark.parametrize("part", ["net", "optimizer", "scheduler", "order", "random_state"])
def test_every_part_is_needed(straight, tmp_path, part):
    """Whatever is left out of what is restored, the training goes another way: so the tests above see all of it."""
    path = tmp_path / "run.pt"
    run(lesson_lib, path, 8)
    run(lesson_lib, path, forget=part)
    ours, theirs = lesson_lib.load(path)["net"], lesson_lib.load(straight)["net"]
    assert any(value.tolist() != theirs[name].tolist() for name, value in ours.items())


def test_the_position_is_needed(tmp_path):
    """An epoch that begins anew has more steps than the schedule."""
    run(lesson_lib, tmp_path / "run.pt", 8)
    with pytest.raises(ValueError, match="Tried to step 19 times"):
        run(lesson_lib, tmp_path / "run.pt", forget="done")


@pytest.mark.parametrize(("first", "second"), [("torch", "lesson_lib"), ("lesson_lib", "torch")])
def test_taken_up_by_the_other_library(torch, straight, tmp_path, first, second):
    """What one library saved in the middle of an epoch, the other one goes on with, generators included."""
    path = tmp_path / "run.pt"
    libraries = {"torch": torch, "lesson_lib": lesson_lib}
    run(libraries[first], path, 8)
    run(libraries[second], path)
    ours, theirs = dict(leaves(lesson_lib.load(path))), dict(leaves(lesson_lib.load(straight)))
    for name in ours:
        if name in (".order", ".random_state"):
            assert ours[name].tobytes() == theirs[name].tobytes()
        elif name.startswith(".net"):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-4, err_msg=name)
