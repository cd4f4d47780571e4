"""What the tests of the widget share: cells of their notebooks, and how its parts are found, pressed and waited for."""

import contextlib
import time
from pathlib import Path

from scripts.example_cells import S2

RECORDING = "import lesson_lib as torch\nfrom lesson_lib import nn, viz\ntape = viz.record()"
STEP_S2 = f"{S2}\nview = viz.step(out)\nview"
GPT = """\
import lesson_lib as torch
from lesson_lib import nn, viz
from benchmarks.gpt import GPT
torch.manual_seed(0)
gpt, ids = GPT(), torch.randint(0, 65, (4, 32))"""
#: Keeps the kernel busy: see `busy_kernel`.
BUSY = """\
import pathlib, time
while not pathlib.Path("free").exists():
    time.sleep(0.02)
pathlib.Path("free").unlink()"""


def shown(notebook, number, part="svg [role=button]", state="visible", root=".lesson-graph-host"):
    """The widget of a cell, freshly run, as soon as `part` of it is there."""
    notebook.run(number)
    widget = notebook.cell(number).locator(root).first
    widget.locator(part).first.wait_for(state=state)
    return widget


def printed(notebook, number):
    """What a cell prints when it is run."""
    notebook.run(number)
    return notebook.cell(number).locator(".jp-OutputArea-output").inner_text().strip()


@contextlib.contextmanager
def busy_kernel(notebook, number):
    """Cell `number`, which is BUSY, runs until the end of the block."""
    status = notebook.page.locator(".jp-Notebook-ExecutionIndicator")
    notebook.cell(number).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.cell(number).locator(".jp-InputPrompt", has_text="[*]").first.wait_for(timeout=5000)
    try:
        yield
        assert status.get_attribute("data-status") == "busy"
    finally:
        (Path(notebook.folder) / "free").touch()
    notebook.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()


def node(widget, name):
    """The drawn tensor or operation whose accessible name begins with `name`."""
    return widget.locator(f'svg [role="button"][aria-label^="{name}"]')


def module(widget, name):
    """The box or heading of the module with this name."""
    return widget.locator(f'svg [aria-expanded][aria-label^="Module {name},"]')


def sentence(widget):
    return widget.locator(".sentence").inner_text()


def press(widget, *keys, times=1):
    for key in keys * times:
        widget.page.keyboard.press(key)


def said(widget, words):
    """Wait until the live region says so."""
    widget.locator(".said", has_text=words).wait_for(state="attached", timeout=5000)


def wait_until(page, condition, seconds=10):
    """Wait until `condition()` is true: of a file, say, of which the page knows nothing."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        page.wait_for_timeout(50)
