"""How long large graphs take to be shown: a folded GPT, a flat graph of 1,000 operations, one of 100,000.

    python benchmarks/graph_pictures.py

Each line has the time in the kernel: from ``show`` to the picture, or to what the widget is sent. The browser adds its own layout.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import lesson_lib as torch
from benchmarks.gpt import GPT
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


def report(title, seconds, note=""):
    """One line."""
    print(f"{title:44} {seconds * 1e3:8.0f} ms  {note}")


def main():
    """Measure and print."""
    loss = gpt_loss()
    seconds, shown = timed(lambda: viz.show(loss))
    report(f"GPT, {len(shown.full.ops)} operations: show", seconds, f"{len(shown.model.ops)} boxes and operations visible")
    report("  its picture", timed(shown.svg)[0])
    seconds, view = timed(shown.widget)
    report("  its widget", seconds, f"{len(json.dumps(view.data)) // 1000} kB")
    report("  a block opens", timed(lambda: shown.open("blocks.5"))[0])
    report("  a block closes", timed(lambda: shown.close("blocks.5"))[0])
    loss = chain(1000)
    seconds, shown = timed(lambda: viz.show(loss))
    report("1,000 operations: show", seconds)
    report("  their picture", timed(shown.svg)[0])
    report("  a step in words", timed(lambda: shown.model.steps[-500].text)[0])
    loss = chain(100_000)
    seconds, census = timed(lambda: viz.show(loss))
    report("100,000 operations: show", seconds)
    report("  their summary", timed(lambda: repr(census))[0])
    report("  a search", timed(lambda: census.search("sum"))[0])


if __name__ == "__main__":
    main()
