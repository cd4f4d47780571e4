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


def code(source, *tags, printed=None):
    """A code cell; one that has run, if it has printed something."""
    outputs = {} if printed is None else {"execution_count": 1, "outputs": [notebook.new_output("stream", name="stdout", text=printed)]}
    return notebook.new_code_cell(source, metadata={"tags": list(tags)}, **outputs)


def validate(folder, *options, env=None, **books):
    """Run notebooks, each a list of cells, under nbval: exit code and output."""
    for name, cells in books.items():
        (folder / f"{name}.ipynb").write_text(notebook.writes(notebook.new_notebook(cells=cells)))
    command = [sys.executable, "-m", "pytest", "-q", "-rsf", "-c", ROOT / "pyproject.toml", "--nbval", "--nbval-current-env", *options]
    answer = subprocess.run([*command, *(folder / f"{name}.ipynb" for name in books)], cwd=ROOT, env=env, capture_output=True, text=True)
    return answer.returncode, answer.stdout


def test_a_gpu_cell_is_skipped_with_the_reason(tmp_path, without_device):
    status, output = validate(tmp_path, book=[code("1 / 0", "gpu"), code("x = 1")], env=without_device)
    assert status == 0, output
    assert "GPU cells and tests need a CUDA device: no device here" in output
    assert "1 passed, 1 skipped" in output


def test_require_gpu_makes_the_skip_a_failure(tmp_path, without_device):
    status, output = validate(tmp_path, "--require-gpu", book=[code("x = 1", "gpu"), code("x = 1")], env=without_device)
    assert status == 1, output
    assert "GPU cells and tests need a CUDA device: no device here" in output
    assert "1 passed, 1 error" in output


def test_a_timeout_tag_sets_the_limit_of_one_cell(tmp_path):
    """Above the usual 2 seconds and below them."""
    cells = [code("import time\n\ntime.sleep(3)", "timeout-20"), code("x = 1"), code("time.sleep(60)", "timeout-1")]
    status, output = validate(tmp_path, "--nbval-cell-timeout", "2", book=cells)
    assert status == 1, output
    assert "2 passed" in output.splitlines()[-1] and "1 failed" in output.splitlines()[-1]
    assert "Timeout of 1 seconds exceeded" in output


def test_printed_output_is_compared_but_for_what_differs_from_run_to_run(tmp_path):
    """The recorded output holds another address, time and progress bar; the sanitizer lets these pass and nothing else."""
    source = "print('at 0x1234abcd, 12.5 ms, loss 0.25')\nprint('\\r 10%|#| 1/10 [00:01<00:09, 1.0it/s]\\r100%|#| 10/10 [00:10<00:00, 1.0it/s]')"
    recorded = "at 0x7f00ffff, 3 ms, loss {}\n 50%|##  | 5/10 [00:02<00:02, 2.5it/s]\n"
    same, other = ([code(source, printed=recorded.format(loss))] for loss in ("0.25", "0.26"))
    status, output = validate(tmp_path, "--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg", same=same, other=other)
    assert status == 1, output
    assert "1 failed, 1 passed" in output
    assert "loss 0.26" in output
