"""What `show` leaves in a notebook, in a real JupyterLab in a real browser: live while its kernel runs, a picture for whoever opens the file."""

import json

import pytest
from nbconvert import HTMLExporter

from scripts.notebook_page import NotebookPage, lab_of, write_notebook

from .helpers import wait_until

SETUP = "import lesson_lib as torch\nfrom lesson_lib import nn, viz\nnet = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))"
SHOWN = "viz.show(net, torch.ones(3, 4), opened=[])"
STEPPED = "viz.step((torch.ones(2, requires_grad=True) * 3).sum())"
ASKED = "viz.show(net, torch.ones(3, 4)).widget()"

pytestmark = pytest.mark.browser


class Place:
    """A folder with the notebook, its JupyterLab, and what the file says."""

    def __init__(self, browser, folder):
        self.browser, self.file, self.lab = browser, folder / "saved.ipynb", lab_of(folder)

    def open(self, name="saved.ipynb", **options):
        return NotebookPage(self.browser, self.lab, self.file.with_name(name), viewport={"width": 1300, "height": 1000}, **options)

    def outputs(self, number):
        return json.loads(self.file.read_text())["cells"][number]["outputs"]

    def end_kernels(self):
        self.lab.end_kernels()


@pytest.fixture(scope="module")
def place(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "saved.ipynb", SETUP, SHOWN, STEPPED, ASKED)
    write_notebook(folder / "seven.ipynb", SETUP, SHOWN, STEPPED)
    place = Place(browser, folder)
    yield place
    place.lab.forget()


def widgets(notebook, cell=1):
    return notebook.cell(cell).locator(".lesson-graph")


def picture(notebook, cell=1):
    return notebook.cell(cell).locator(".jp-OutputArea-output img[src^='data:image/svg+xml']")


def save(notebook, file):
    before = file.stat().st_mtime_ns
    notebook.cell(0).locator(".cm-content").click()  # the keys that a widget hears are not JupyterLab's
    notebook.page.keyboard.press("Control+s")
    wait_until(notebook.page, lambda: file.stat().st_mtime_ns != before)


def test_it_is_live_while_the_kernel_runs_and_a_picture_afterwards(place):
    notebook = place.open()
    notebook.run(0)
    notebook.run(1)
    box = widgets(notebook).locator("svg .box")
    box.wait_for()
    assert picture(notebook).is_hidden()
    box.click()  # its kernel answers
    widgets(notebook).locator("svg .heading").wait_for()
    notebook.run(1)  # the old one goes with its output
    widgets(notebook).locator("svg .box").wait_for()
    assert widgets(notebook).count() == picture(notebook).count() == 1
    save(notebook, place.file)
    assert notebook.problems == []
    (output,) = place.outputs(1)
    assert set(output["data"]) == {"text/plain", "image/svg+xml"}

    notebook.page.reload()  # the kernel goes on
    widgets(notebook).locator("svg .box").wait_for(timeout=60_000)
    assert picture(notebook).is_hidden()
    notebook.page.close()

    place.end_kernels()
    notebook = place.open()
    picture(notebook).wait_for()
    notebook.page.wait_for_timeout(1500)  # long enough for a widget, had there been one
    assert picture(notebook).evaluate("i => i.complete && i.clientWidth") > 100
    assert widgets(notebook).count() == 0
    assert "not found" not in notebook.cell(1).inner_text()
    assert notebook.problems == []
    notebook.page.close()


def test_a_widget_that_was_asked_for_is_a_picture_afterwards_too(place):
    notebook = place.open()
    notebook.run(0)
    for cell in (2, 3):
        notebook.run(cell)
        widgets(notebook, cell).locator("svg .op").first.wait_for()
        assert picture(notebook, cell).is_hidden()
    widgets(notebook, 2).get_by_role("button", name="Last step").click()
    assert "AccumulateGrad" in widgets(notebook, 2).locator(".sentence").inner_text()
    save(notebook, place.file)
    notebook.page.close()
    for cell in (2, 3):
        (output,) = place.outputs(cell)
        assert set(output["data"]) == {"text/plain", "image/svg+xml"}

    place.end_kernels()
    notebook = place.open()
    for cell in (2, 3):
        picture(notebook, cell).scroll_into_view_if_needed()
        assert picture(notebook, cell).evaluate("i => i.complete && i.clientWidth") > 100
    notebook.page.wait_for_timeout(1000)
    assert widgets(notebook, 2).count() == widgets(notebook, 3).count() == 0
    assert "not found" not in notebook.page.locator(".jp-Notebook").inner_text()
    notebook.page.close()


def test_it_works_in_notebook_7(place):
    notebook = place.open("seven.ipynb", door="notebooks")
    assert notebook.page.evaluate("document.body.dataset.notebook") == "notebooks"  # it is not JupyterLab
    notebook.run(0)
    notebook.run(1)
    widgets(notebook).locator("svg .box").click()
    widgets(notebook).locator("svg .heading").wait_for()
    notebook.run(2)
    widgets(notebook, 2).locator("svg .op").first.wait_for()
    widgets(notebook, 2).get_by_role("button", name="Step forward").click()
    assert widgets(notebook, 2).locator(".sentence").inner_text().startswith("backward starts")
    assert picture(notebook, 2).is_hidden()
    notebook.page.close()


def test_an_export_without_any_program_shows_the_pictures(place):
    """nbconvert draws what nbviewer and GitHub draw: the outputs in the file."""
    html, _ = HTMLExporter().from_filename(str(place.file))
    assert html.count("data:image/svg+xml;base64,") >= 3  # each an image of its own, so that ids do not meet
    assert "application/vnd.jupyter.widget-view+json" not in html
