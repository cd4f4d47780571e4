"""How long large graphs take to be shown, and what they keep: a folded GPT, a flat graph of 1,000 operations, one of 100,000.

    python benchmarks/graph_pictures.py

Writes PICTURES.md: what the kernel does, and what a reader waits for in a browser (``graph_page.py``).
"""

import gc
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import lesson_lib as torch
from benchmarks import replay
from benchmarks.gpt import GPT
from benchmarks.machine import ROOT, described
from lesson_lib import nn, viz


def timed(function):
    """(seconds, what the function returned)."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def gpt_loss():
    """A recorded loss of the 12-layer GPT."""
    torch.manual_seed(0)
    model, ids = GPT(), torch.randint(0, 65, (4, 32))
    with viz.record():
        return nn.functional.cross_entropy(model(ids).view(-1, 65), ids.view(-1))


def chain(operations):
    """A recorded loss that so many tiny operations led to."""
    x = torch.ones(2, requires_grad=True)
    with viz.record():
        h = x
        for _ in range(operations // 2):
            h = h * 1.0001 + x
        return h.sum()


def kernel():
    """(what, figure, unit, promise) for the part that the kernel has in a picture."""
    loss = gpt_loss()
    yield "GPT of 12 layers: `show`", timed(lambda: viz.show(loss))[0] * 1e3, "ms", ""
    shown = viz.show(loss)
    yield "its picture", timed(shown.svg)[0] * 1e3, "ms", ""
    yield "its widget", timed(shown.widget)[0] * 1e3, "ms", ""
    yield "a block opens", timed(lambda: shown.open("blocks.5"))[0] * 1e3, "ms", "500"
    seconds, shown = timed(lambda: viz.show(chain(1000)))
    yield "1,000 operations: recorded and shown", seconds * 1e3, "ms", "2,000"
    yield "a step in words", timed(lambda: shown.model.steps[-500].text)[0] * 1e3, "ms", "50"
    huge = chain(100_000)
    seconds, found = timed(lambda: viz.show(huge))
    yield "100,000 operations: `show`", seconds * 1e3, "ms", ""
    yield "a search", timed(lambda: found.search("sum"))[0] * 1e3, "ms", ""
    yield "100 operations: a changed number", replay.measure(lambda: replay.chain(100))[2] * 1e3, "ms", "200"
    yield "an operation that is recorded, of 10,000", kept(lambda: chain(10_000)) / 10_000, "bytes", ""
    yield "an operation that is shown, of 1,000", kept(lambda: viz.show(chain(1000)).widget()) / 1000, "bytes", ""
    yield "a tiny operation with viz imported, against without", tiny("import lesson_lib.viz") / tiny(""), "", "1"


def kept(make):
    """Bytes that what ``make`` returns keeps."""
    make()
    gc.collect()
    tracemalloc.start()
    result = make()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del result
    return size


def tiny(imports):
    """Seconds of the quickest of many tiny operations, in a process of its own."""
    program = f"import lesson_lib as torch, timeit\n{imports}\nx = torch.ones(2, requires_grad=True)\nprint(min(timeit.repeat(lambda: x * x, number=200, repeat=300)))"
    run = [sys.executable, "-c", program]
    return min(float(subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout) for _ in range(3))


def page_of(parts):
    """The markdown page of ``{title: rows}``."""
    lines = ["# Pictures of graphs", "", "Written by `python benchmarks/graph_pictures.py`. The times are of one run each, but for medians.", ""]
    lines += [f"- {what}: {which}" for what, which in described().items() if what != "Libraries"]
    for title, rows in parts.items():
        lines += ["", f"## {title}", "", "| | | at most |", "|---|--:|--:|", *(row_of(*row) for row in rows)]
    return "\n".join([*lines, ""])


def row_of(what, figure, unit, promise):
    """A line of the table, with the promise in the same unit and a word where it is broken."""
    digits = f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
    broken = bool(unit and promise) and figure > float(promise.replace(",", ""))
    return f"| {what} | {digits} {unit} | {promise}{' (missed)' if broken else ''} |"


def main():
    """Measure, print, and write the page."""
    from benchmarks import graph_page  # needs Playwright, which those who import `chain` may not have

    parts = {"In the kernel": list(kernel()), "On the page": list(graph_page.measured())}
    page = page_of(parts)
    print(page)
    (ROOT / "benchmarks" / "PICTURES.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
