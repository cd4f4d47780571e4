"""Take the pictures of the graph widget again: docs/images/widget.png and widget-dark.png, from a real JupyterLab.

    python scripts/screenshot.py
"""

import tempfile
from pathlib import Path

from browser import chromium
from notebook_page import NotebookPage, running_lab, write_notebook
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SETUP = """\
import lesson_lib as torch
from lesson_lib import viz"""
GRAPH = """\
with viz.record():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
viz.step(out)"""
STEPS = 3  # from the end of the forward pass: the start of the backward pass, mean, and the product with 3
WIDTH, HEIGHT = 1500, 1100


def main():
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_lab(folder) as (address, token), sync_playwright() as playwright:
        write_notebook(Path(folder) / "graph.ipynb", SETUP, GRAPH)
        with chromium(playwright) as browser:
            size = {"width": WIDTH, "height": HEIGHT}
            notebook = NotebookPage(browser, address, token, "graph.ipynb", viewport=size, device_scale_factor=1.5)
            notebook.run(0)
            notebook.run(1)
            take(notebook, "Light", IMAGES / "widget.png")
            take(notebook, "Dark", IMAGES / "widget-dark.png")


def take(notebook, theme, path):
    """A picture of the cell with its widget, at the third step of the backward pass, with one node's details open."""
    notebook.theme(theme)
    widget = notebook.cell(1).locator(".lesson-graph")
    widget.locator("svg .tensor").first.wait_for()
    if theme == "Light":
        for _ in range(STEPS):
            widget.get_by_role("button", name="Step forward").click()
        widget.locator("svg .op").nth(2).click()
        widget.get_by_role("button", name="Show source").click()
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(400)  # the fades take 220 ms
    notebook.cell(1).screenshot(path=path)


if __name__ == "__main__":
    main()
