"""What a test may need beyond Python, and what a notebook's cell tags mean: a pytest plugin for tests/ and for the notebooks.

A test or cell marked `gpu`, `browser`, `torch` or `numba` is skipped, with the reason, where that thing is missing; `--require-gpu` and its
sisters make the skip a failure. A cell tagged `gpu` gets the mark; one tagged `timeout-60` may run for 60 seconds.
"""

import functools
import importlib.metadata
import importlib.util
import warnings

import pytest

from scripts.browser import find_chromium

TORCH = "2.13"
FIXTURE_MARKS = {"torch": "torch", "chromium": "browser", "browser": "browser"}


@functools.cache
def missing_gpu():
    if importlib.util.find_spec("cupy") is None:
        return "GPU cells and tests need CuPy: pip install 'lesson_lib[gpu]'"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CuPy warns of libraries that a machine without a GPU lacks
        import cupy
    try:
        cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"GPU cells and tests need a CUDA device: {error}"
    return None


@functools.cache
def missing_browser():
    if find_chromium():
        return None
    return "browser tests need a Chromium: run 'sudo apt install chromium' or '.venv/bin/playwright install chromium', or set CHROMIUM=/path/to/it"


@functools.cache
def missing_torch():
    if importlib.util.find_spec("torch") is None:
        return f"parity tests need PyTorch {TORCH}: run '.venv/bin/python -m pip install torch=={TORCH}.0'"
    version = importlib.metadata.version("torch")
    return None if version.startswith(f"{TORCH}.") else f"parity tests need PyTorch {TORCH}, and {version} is installed"


def missing_numba():
    return None if importlib.util.find_spec("numba") else "tests of compiled kernels need Numba: pip install 'lesson_lib[fast]'"


NEEDS = {"numba": missing_numba, "gpu": missing_gpu, "browser": missing_browser, "torch": missing_torch}


def pytest_addoption(parser):
    group = parser.getgroup("lesson_lib")
    for name in NEEDS:
        group.addoption(f"--require-{name}", action="store_true", help=f"fail, not skip, what is marked {name} where it cannot run")


def cell_tags(item):
    return item.cell.metadata.get("tags", []) if hasattr(item, "cell") else []


def pytest_collection_modifyitems(items):
    for item in items:
        if "gpu" in cell_tags(item):
            item.add_marker("gpu")
        if hasattr(item, "cell") and "image/svg+xml" not in item.parent.skip_compare:
            item.parent.skip_compare += ("image/svg+xml",)  # its text differs between versions of Graphviz
        for fixture in FIXTURE_MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(FIXTURE_MARKS[fixture])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for name, missing in NEEDS.items():
        reason = missing() if item.get_closest_marker(name) else None
        if reason and item.config.getoption(f"--require-{name}"):
            pytest.fail(reason, pytrace=False)
        elif reason:
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Give a cell tagged `timeout-N` N seconds in place of nbval's one limit for all cells."""
    limits = [int(tag.removeprefix("timeout-")) for tag in cell_tags(item) if tag.startswith("timeout-")]
    if not limits:
        return (yield)
    option = item.config.option
    usual, option.nbval_cell_timeout = option.nbval_cell_timeout, max(limits)
    try:
        return (yield)
    finally:
        option.nbval_cell_timeout = usual
