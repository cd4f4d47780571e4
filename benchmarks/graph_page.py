"""What a reader waits for, in a real JupyterLab in a real Chromium: from the key to the frame in which the answer is drawn; and what travels and stays."""

import base64
import contextlib
import os
import statistics
import tempfile
from pathlib import Path

from scripts.browser import chromium
from scripts.notebook_page import open_notebook, shared_labs

SETUP = """\
import lesson_lib as torch
from lesson_lib import viz
from benchmarks.graph_pictures import chain, gpt_loss
from benchmarks.replay import chain as matrices
with viz.record():
    hundred = matrices(100)
thousand, gpt, huge = chain(1000), gpt_loss(), chain(100_000)
viz.step(torch.ones(1, requires_grad=True) * 2)"""
CELLS = {"step": "viz.step(hundred)", "flat": "viz.show(thousand)", "gpt": "viz.show(gpt)", "census": "viz.show(huge)"}
# Begins at the next press of a key, and ends when the frame in which the condition is true is drawn. Whatever the page writes is looked at before that frame.
WATCH = """\
window.took = new Promise((resolve) => {
  const begin = (event) => {
    if (event.key !== KEY) return;
    removeEventListener("keydown", begin, true);
    const start = performance.now();
    const drawn = new MessageChannel();
    drawn.port1.onmessage = () => resolve(performance.now() - start);
    const look = () => {
      if (!(CONDITION)) return;
      writes.disconnect();
      requestAnimationFrame(() => drawn.port2.postMessage(null));
    };
    const writes = new MutationObserver(look);
    writes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  };
  addEventListener("keydown", begin, true);
}); null"""
RUNS, STEPS = 10, 30
PACE = 200  # milliseconds between a reader's steps


class Page:
    """The notebook of `CELLS`, and what its browser tells about itself."""

    def __init__(self, notebook):
        self.notebook, self.page, self.keyboard = notebook, notebook.page, notebook.page.keyboard
        self.sizes = []
        self.browser = self.page.context.new_cdp_session(self.page)
        self.browser.on("Network.webSocketFrameReceived", lambda event: self.sizes.append(size(event["response"])))
        for domain in ("Performance", "Network"):
            self.browser.send(f"{domain}.enable")

    def took(self, key, condition, press=None):
        """Milliseconds from `key` until the condition, in JavaScript, is true and drawn."""
        self.page.evaluate(WATCH.replace("KEY", repr(key)).replace("CONDITION", condition))
        self.sizes.clear()
        (press or (lambda: self.keyboard.press(key)))()
        return self.page.evaluate("window.took")

    def run(self, name, selector):
        """Run a cell; milliseconds until `selector` is in its output."""
        number = 1 + list(CELLS).index(name)
        self.notebook.cell(number).locator(".cm-content").click()
        return self.took("Enter", f"{output(number)}.querySelector({selector!r})", lambda: self.keyboard.press("Control+Enter"))

    def find(self, name, selector):
        """The first element in a cell's output that fits."""
        return self.notebook.cell(1 + list(CELLS).index(name)).locator(selector).first

    def heap(self):
        """Bytes of JavaScript that somebody still needs."""
        self.browser.send("HeapProfiler.collectGarbage")
        return next(m["value"] for m in self.browser.send("Performance.getMetrics")["metrics"] if m["name"] == "JSHeapUsedSize")


def output(number):
    """The output of a cell, in JavaScript."""
    return f"document.querySelectorAll('.jp-Notebook .jp-Cell')[{number}].querySelector('.jp-Cell-outputWrapper')"


def size(frame):
    """Bytes of a message."""
    return len(frame["payloadData"]) if frame["opcode"] == 1 else len(base64.b64decode(frame["payloadData"]))


@contextlib.contextmanager
def opened():
    """A Page in which the graphs are recorded and the engine is there."""
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()), "lab")
        folder.mkdir()
        stack.enter_context(shared_labs())
        browser = stack.enter_context(chromium(stack.enter_context(sync_playwright())))
        notebook = stack.enter_context(open_notebook(browser, folder, SETUP, *CELLS.values()))
        notebook.cell(0).locator(".lesson-graph svg .tensor").first.wait_for(state="attached")
        yield Page(notebook)


def flat(page):
    """A flat graph of 1,000 operations: its first picture, and a step."""
    first = page.run("flat", ".lesson-graph svg .op .frame")
    yield "1,000 operations: first picture", first, "ms", "2,000"
    yield "its largest message", max(page.sizes) / 1e3, "kB", ""
    page.find("flat", "[data-action=first]").click()
    steps = [step(page, number, PACE) for number in range(1, STEPS + 1)]
    yield "a step, the median", statistics.median(steps), "ms", "50"
    yield "a step, the slowest", max(steps), "ms", "50"
    steps = [step(page, number, 0) for number in range(STEPS + 1, 2 * STEPS + 1)]
    yield "a step at once after another, the median", statistics.median(steps), "ms", "50"


def step(page, number, pause):
    """Milliseconds of the step to a position, with its sentence, after a pause."""
    page.page.wait_for_timeout(pause)
    part = f"{output(2)}.querySelector"
    return page.took("ArrowRight", f"{part}('.counter').value.startsWith('{number} /') && {part}('.sentence').textContent")


def gpt(page):
    """A GPT of 12 layers: closed, and a block that opens."""
    first = page.run("gpt", ".lesson-graph svg .op .frame, .lesson-graph svg [aria-expanded]")
    yield "GPT of 12 layers: first picture", first, "ms", "2,000"
    yield "its largest message", max(page.sizes) / 1e3, "kB", ""
    page.find("gpt", 'svg [aria-expanded="false"]').focus()
    is_open = f"{output(3)}.querySelectorAll('svg [aria-expanded=true]').length"
    count = page.page.evaluate(is_open)
    yield "a block opens", page.took("Enter", f"{is_open} > {count}"), "ms", "500"


def census(page):
    """100,000 operations: a summary, and a search."""
    yield "100,000 operations: the summary", page.run("census", "input.search"), "ms", ""
    page.find("census", "input.search").click()
    said = f"{output(4)}.querySelector('.said').textContent.startsWith('1 of')"
    yield "a search, from the last letter", page.took("m", said, lambda: page.keyboard.type("sum")), "ms", ""


def poke(page):
    """A number of 100 operations that is changed on screen."""
    page.run("step", ".lesson-graph svg .tensor .cells")
    page.find("step", 'svg .tensor[aria-label*=", leaf,"]').dispatch_event("click")
    number = page.find("step", "input.number")
    number.focus()
    value = f"{output(1)}.querySelector('input.number').value"
    times, sizes = [], []
    for _ in range(RUNS):
        times.append(page.took("ArrowUp", f"{value} !== {number.input_value()!r}"))
        sizes.append(max(page.sizes))
    yield "100 operations: a changed number, the median", statistics.median(times), "ms", "200"
    yield "the answer to it", max(sizes) / 1e3, "kB", ""


def memory(page):
    """What a cell of 100 operations leaves on the page each time that it runs again."""
    seen = []
    for _ in range(RUNS + 2):
        page.notebook.run(1)
        page.find("step", ".lesson-graph svg .tensor .cells").wait_for(state="attached")
        page.page.wait_for_timeout(500)
        seen.append(page.heap())
    yield f"left on the page by a run, of {RUNS}", (seen[-1] - seen[1]) / RUNS / 1e3, "kB", ""


def measured():
    """(what, figure, unit, promise) for all of it."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    with opened() as page:
        for part in (flat, gpt, census, poke, memory):
            yield from part(page)
