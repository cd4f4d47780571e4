"""Cell tags in notebooks and the `--require-...` options, each in a pytest run of its own on a notebook made here."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as notebook
import pytest

ROOT = Path(__file__).resolve().parent.parent
NO_DEVICE = """
class CUDARuntimeError(RuntimeError):
    pass


def getDeviceCount():
    raise CUDARuntimeError("no device here")
"""


@pytest.fixture
def without_device(tmp_path):
    """An environment whose CuPy finds no device, whatever this machine has."""
    runtime = tmp_path / "fake" / "cupy" / "cuda" / "runtime"
    runtime.mkdir(parents=True)
    (runtime / "__init__.py").write_text(NO_DEVICE)
    (runtime.parent / "__init__.py").write_text("from . import runtime")
    (runtime.parent.parent / "__init__.py").write_text("from . import cuda")
    return {**os.environ, "PYTHONPATH": str(tmp_path / "fake")}


def validate(folder, cells, *options, env=None):
    """Run the cells, pairs of source and tags, under nbval: exit code and output."""
    book = notebook.new_notebook(cells=[notebook.new_code_cell(source, metadata={"tags": tags}) for source, tags in cells])
    (folder / "book.ipynb").write_text(notebook.writes(book))
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-c", ROOT / "pyproject.toml", "--nbval", "--nbval-current-env", *options]
    answer = subprocess.run([*command, folder / "book.ipynb"], cwd=ROOT, env=env, capture_output=True, text=True)
    return answer.returncode, answer.stdout


def test_a_gpu_cell_is_skipped_with_the_reason(tmp_path, without_device):
    code, output = validate(tmp_path, [("1 / 0", ["gpu"]), ("x = 1", [])], env=without_device)
    assert code == 0, output
    assert "GPU cells and tests need a CUDA device: no device here" in output
    assert "1 passed, 1 skipped" in output


def test_require_gpu_makes_the_skip_a_failure(tmp_path, without_device):
    code, output = validate(tmp_path, [("x = 1", ["gpu"]), ("x = 1", [])], "--require-gpu", env=without_device)
    assert code == 1, output
    assert "GPU cells and tests need a CUDA device: no device here" in output
    assert "1 passed, 1 error" in output


def test_a_timeout_tag_sets_the_limit_of_one_cell(tmp_path):
    slow = "import time\n\ntime.sleep(3)"
    code, output = validate(tmp_path, [(slow, ["timeout-20"]), ("x = 1", [])], "--nbval-cell-timeout", "1")
    assert code == 0, output
    code, output = validate(tmp_path, [(slow, ["timeout-1"])], "--nbval-cell-timeout", "20")
    assert code == 1, output
    assert "Timeout of 1 seconds exceeded" in output


def test_printed_output_is_compared_but_for_what_differs_from_run_to_run(tmp_path):
    """The recorded output holds another address, time and progress bar; the sanitizer lets these pass and nothing else."""
    source = "print('at 0x1234abcd, 12.5 ms, loss 0.25')\nprint('\\r 10%|#| 1/10 [00:01<00:09, 1.0it/s]\\r100%|#| 10/10 [00:10<00:00, 1.0it/s]')"
    recorded = "at 0x7f00ffff, 3 ms, loss {}\n 50%|##  | 5/10 [00:02<00:02, 2.5it/s]\n"
    for loss, expected in (("0.25", 0), ("0.26", 1)):
        cell = notebook.new_code_cell(source, execution_count=1, outputs=[notebook.new_output("stream", name="stdout", text=recorded.format(loss))])
        (tmp_path / "book.ipynb").write_text(notebook.writes(notebook.new_notebook(cells=[cell])))
        command = [sys.executable, "-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--nbval", "--nbval-current-env"]
        options = ["--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg", tmp_path / "book.ipynb"]
        answer = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
        assert answer.returncode == expected, answer.stdout
