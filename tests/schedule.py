"""How the processes of `make test` divide the test files: a pytest plugin with the option ``--share FOLDER``.

Each process collects all tests and goes through the files in the same order. Who comes first to a file leaves its name in FOLDER and runs the
file as a whole. The tests of the browser count as one file: they share a JupyterLab, and never do two browsers wait for each other. They begin,
then come the other long files, so that no process is left alone with a long one at the end.
"""

import gc
import itertools
from pathlib import Path

import pytest

BROWSER = "tests/browser"
#: The longest files, the longest first.
LONG = (
    "test_ops_registry", "test_viz_scale", "test_generated", "test_notebooks", "test_dataloader_kill", "test_op_db", "test_dataloader_workers",
    "test_hooks", "test_speed_guard", "test_lab",
)  # fmt: skip


def unit_of(nodeid):
    """What one process runs as a whole: the file, or all the tests of the browser."""
    file = nodeid.partition("::")[0]
    return BROWSER if file.startswith(f"{BROWSER}/") else file


def place(nodeid):
    """The browser first, then the long files, then the others in their order."""
    unit = unit_of(nodeid)
    name = unit.rpartition("/")[2].removesuffix(".py")
    return -1 if unit == BROWSER else LONG.index(name) if name in LONG else len(LONG)


def taken(folder, unit):
    """Take a unit for this process; False if another one has it."""
    try:
        (folder / unit.replace("/", " ")).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def own(items, folder):
    """The tests that this process runs; a unit is taken when its first test is asked for."""
    for unit, tests in itertools.groupby(items, key=lambda item: unit_of(item.nodeid)):
        if taken(folder, unit):
            yield from tests


def pytest_addoption(parser):
    parser.getgroup("lesson_lib").addoption("--share", type=Path, metavar="FOLDER", help="run what no other process with this FOLDER runs")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items, config):
    if config.option.share:
        items.sort(key=lambda item: place(item.nodeid))


def pytest_collection_finish(session):
    """A collector of garbage need not look through all the collected tests each time."""
    if session.config.option.share:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """As pytest's own loop, which knows of no other process."""
    if not session.config.option.share or session.config.option.collectonly or session.testsfailed:
        return None
    tests = own(session.items, session.config.option.share)
    item = next(tests, None)
    while item is not None:
        following = next(tests, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True
