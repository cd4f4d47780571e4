"""What `show` leaves in a notebook, in a real JupyterLab in a real browser: live while its kernel runs, a picture for whoever opens the file."""

import json
import urllib.request

import pytest

from scripts.notebook_page import NotebookPage, running_lab, write_notebook

SETUP = "import lesson_lib as torch\nfrom lesson_lib import nn, viz\nnet = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))"
SHOWN = "viz.show(net, torch.ones(3, 4), opened=[])"

pytestmark = pytest.mark.browser


class Place:
    """A JupyterLab with the notebook, and what its server and the file say."""

    def __init__(self, browser, address, token, folder):
        self.browser, self.address, self.token, self.file = browser, address, token, folder / "saved.ipynb"

    def open(self):
        return NotebookPage(self.browser, self.address, self.token, self.file.name, viewport={"width": 1300, "height": 1000})

    def outputs(self, number):
        return json.loads(self.file.read_text())["cells"][number]["outputs"]

    def end_kernels(self):
        for session in json.load(self._ask("GET", "api/sessions")):
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def _ask(self, method, path):
        return urllib.request.urlopen(urllib.request.Request(f"{self.address}/{path}?token={self.token}", method=method))


@pytest.fixture(scope="module")
def place(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "saved.ipynb", SETUP, SHOWN)
    with running_lab(folder) as (address, token):
        yield Place(browser, address, token, folder)


def widgets(notebook):
    return notebook.cell(1).locator(".lesson-graph")


def picture(notebook):
    return notebook.cell(1).locator(".jp-OutputArea-output img[src^='data:image/svg+xml']")


def save(notebook, file):
    before = file.stat().st_mtime_ns
    notebook.page.keyboard.press("Control+s")
    for _ in range(100):
        if file.stat().st_mtime_ns != before:
            return
        notebook.page.wait_for_timeout(100)
    raise TimeoutError("the notebook was not saved")


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
