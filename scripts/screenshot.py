"""Take the pictures of the visualizer again, docs/images/*.png, from a real JupyterLab.

    python scripts/screenshot.py                    those that the pages show
    python scripts/screenshot.py --look FOLDER      all of them, light and dark, into another folder, to be looked at
    python scripts/screenshot.py film compare       these alone
"""

import argparse
import io
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import numpy as np
from browser import chromium
from example_cells import S2, SIGMOID, switching
from notebook_page import NotebookPage, running_lab, write_notebook
from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
DARK = ("widget",)  # pictures that the pages have in both themes
LARGEST = 150_000  # bytes
NEAR = 40  # the square of the distance of two colours that look the same
SHARPER = 1.5  # pixels of the picture for one of the page
WIDTH, HEIGHT = 1360, 2400
# Room for a whole graph; and without letters for it, no button that says 中文 in empty squares.
LOOK = ".lesson-graph.tall .canvas { height: 1000px !important }"
NO_CHINESE = ".lesson-graph button:has(span[lang='zh']) { display: none !important }"

SETUP = """\
import lesson_lib as torch
from benchmarks.gpt import GPT
from lesson_lib import nn, viz

gpt, ids = GPT(), torch.randint(0, 65, (4, 32))
gpt(ids)  # the first time takes longer
viz.show(gpt, ids).close("blocks.0").save("gpt.html")"""
STEP = f"with viz.record():\n{textwrap.indent(S2, '    ')}\nviz.step(out)"
SHOW = "viz.show(gpt, ids)"
POKE = "viz.show(out)"
WATCH = switching()
TROUBLE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.spare, self.last = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.last(self.first(x).relu())

net = Net()
with torch.no_grad():
    net.first.bias[:3] = -100
with viz.record():
    loss = net(torch.rand(16, 3)).pow(2).mean()
viz.trouble(loss, model=net)"""
FAIL = """\
a = torch.ones(2, 3, requires_grad=True)
b = torch.ones(4, 3)
y = (a * 2) @ b"""
COMPARE = f"""\
{SIGMOID}
x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
with viz.record():
    plain, whole = (1 / (1 + (-x).exp())).sum(), Sigmoid.apply(x).sum()
viz.compare(plain, whole, titles=("plain operations", "Function"))"""
CELLS = (SETUP, STEP, SHOW, POKE, WATCH, TROUBLE, FAIL, COMPARE)


# --- what is done before a picture is taken: each gets the widget ------------------------------------------------------


def step_back(widget):
    """Three steps from the end of the forward pass, with the details of the operation that multiplies y by itself."""
    for _ in range(3):
        widget.get_by_role("button", name="Step forward").click()
    widget.locator("svg .op").nth(1).click()
    widget.get_by_role("button", name="Show source").click()


def close_blocks(widget):
    """All twelve blocks as one box."""
    module(widget, "Block 0").click()
    widget.locator(".said", has_text="closed Block 0").wait_for(state="attached")
    fit(widget)


def open_block(widget):
    widget.evaluate("root => (root.querySelector('.lesson-graph') || root).classList.add('tall')")
    fit(widget)


def module(widget, name):
    return widget.locator(f'svg [aria-expanded][aria-label^="Module {name},"]').first


def fit(widget):
    widget.get_by_role("button", name="Fit the whole graph").click()


def poke(widget):
    """5 in place of the 3 at the upper left of y, and then the last step, where all gradients are known."""
    widget.locator('svg [aria-label^="tensor y,"]').click()
    field = widget.get_by_role("spinbutton").first
    field.fill("5")
    field.press("Enter")
    widget.locator(".said", has_text="= 5").wait_for(state="attached")
    widget.get_by_role("button", name="Last step").click()


def next_change(widget):
    widget.get_by_role("button", name="Next change of the graph").click()
    fit(widget)


def next_finding(widget):
    widget.get_by_role("button", name="Next (F)").click()


def chinese(widget):
    widget.get_by_role("button", name="中文").click()


def nothing(widget):
    pass


# name of the picture, cell, what is done, what is on it: the whole cell, the widget, or the widget and so many points above it
PICTURES = (
    ("widget", 1, step_back, "cell"),
    ("gpt", 2, close_blocks, "cell"),
    ("gpt-open", 2, open_block, "widget"),
    ("poke", 3, poke, "cell"),
    ("film", 4, next_change, "widget"),
    ("trouble", 5, next_finding, "widget"),
    ("error", 6, nothing, 64),  # the last lines of the traceback
    ("compare", 7, next_finding, "widget"),
    ("chinese", 1, chinese, "widget"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--look", type=Path, metavar="FOLDER")
    parser.add_argument("names", nargs="*", metavar="NAME", help="pictures to take; all without it")
    options = parser.parse_args()
    folder = options.look or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    letters = chinese_letters()
    wanted = [one for one in PICTURES if not options.names or one[0] in options.names]
    if not letters:
        print("no picture in Chinese: no font of this computer has the letters")
        wanted = [one for one in wanted if one[0] != "chinese"]
    size = {"viewport": {"width": WIDTH, "height": HEIGHT}, "device_scale_factor": SHARPER}
    with tempfile.TemporaryDirectory() as place, running_lab(place) as lab, sync_playwright() as playwright, chromium(playwright) as browser:
        file = Path(place) / "pictures.ipynb"
        write_notebook(file, *CELLS)
        notebook = NotebookPage(browser, lab, file, **size)
        notebook.page.keyboard.press("Control+b")  # the list of files away
        notebook.page.add_style_tag(content=LOOK + ("" if letters else NO_CHINESE))
        notebook.run(0)
        if {one[1] for one in wanted} - {1}:
            notebook.run(1)
        for name, cell, act, part in wanted:
            notebook.run(cell)
            act(widget_of(notebook, cell))
            take(notebook, cell, part, folder / f"{name}.png")
            if options.look or name in DARK:
                notebook.theme("Dark")
                take(notebook, cell, part, folder / f"{name}-dark.png")
                notebook.theme("Light")
        if not options.names or "page" in options.names:
            take_page(browser, Path(place) / "gpt.html", size, letters, folder / "page.png")


def take_page(browser, file, size, letters, path):
    """The page that the first cell saved, in a tab of its own."""
    page = browser.new_page(**{**size, "viewport": {"width": WIDTH, "height": 900}})
    page.goto(file.as_uri())
    page.add_style_tag(content="" if letters else NO_CHINESE)
    page.locator("svg .box").first.wait_for()
    page.wait_for_timeout(600)
    save(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), path)


def chinese_letters():
    """True if a font of this computer has Chinese letters."""
    tool = shutil.which("fc-list")
    return bool(tool) and bool(subprocess.run([tool, ":lang=zh"], capture_output=True).stdout.strip())


def widget_of(notebook, cell):
    widget = notebook.cell(cell).locator(".lesson-graph-host, .lesson-graph").first
    widget.locator("svg .tensor, svg .op, svg .box").first.wait_for(timeout=60_000)
    return widget


def take(notebook, cell, part, path):
    """A picture of the cell, or of its widget."""
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(600)  # the fades take 220 ms
    shown = notebook.cell(cell) if part == "cell" else widget_of(notebook, cell)
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    above = part if isinstance(part, int) else 0
    clip = {"x": box["x"], "y": box["y"] - above, "width": box["width"], "height": box["height"] + above}
    save(Image.open(io.BytesIO(notebook.page.screenshot(clip=clip))).convert("RGB"), path)


def save(picture, path):
    """Save with a palette: the colours that come most often, none of them too near to another; each pixel has the nearest."""
    red, green, blue = np.moveaxis(np.asarray(picture, np.int64), -1, 0)
    codes, places, counts = np.unique((red << 16) + (green << 8) + blue, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    palette, free = [], np.ones(len(colours), bool)
    for i in np.argsort(-counts, kind="stable"):
        if free[i] and len(palette) < 256:
            palette.append(colours[i])
            free[((colours - colours[i]) ** 2).sum(axis=1) < NEAR] = False
    nearest = np.array([((np.array(palette) - colour) ** 2).sum(axis=1).argmin() for colour in colours], np.uint8)
    few = Image.fromarray(nearest[places].reshape(red.shape), "P")
    few.putpalette(np.array(palette, np.uint8).tobytes())
    few.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {picture.width} × {picture.height}, {size // 1000} kB{', too large' if size > LARGEST else ''}", flush=True)


if __name__ == "__main__":
    main()
