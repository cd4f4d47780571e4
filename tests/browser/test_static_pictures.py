"""The pictures beneath an error, of trouble and of a comparison, in a real JupyterLab in a real browser."""

import pytest

from scripts.notebook_page import open_notebook

SETUP = "import lesson_lib as torch\nfrom lesson_lib import nn, viz\na, b = torch.ones(2, 3, requires_grad=True), torch.ones(2)"
FAILS = "y = a * 2 + b"
TROUBLE = "with viz.record():\n    loss = (a - 1).log().sum()\nviz.trouble(loss)"
COMPARED = "viz.compare((a * a).sum(), (a**2).sum(), titles=('product', 'power'))"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(browser, tmp_path_factory):
    with open_notebook(browser, tmp_path_factory.mktemp("lab"), SETUP, FAILS, TROUBLE, COMPARED, width=1400, height=1400) as notebook:
        yield notebook


def picture(notebook, cell):
    """The picture that a cell shows; JupyterLab draws an SVG output as an image, or sets it into the page if the notebook is trusted."""
    notebook.run(cell)
    found = notebook.cell(cell).locator(".jp-RenderedSVG").last
    found.wait_for()
    return found


def test_the_picture_stands_beneath_the_traceback(notebook):
    drawn = picture(notebook, 1)
    traceback = notebook.cell(1).locator(".jp-RenderedText[data-mime-type*='stderr'], .jp-RenderedText[data-mime-type*='error']").first
    assert "RuntimeError" in traceback.inner_text()
    assert "The size of tensor a (3) must match the size of tensor b (2)" in traceback.inner_text()
    above, below = traceback.bounding_box(), drawn.bounding_box()
    assert above["y"] + above["height"] <= below["y"] + 1
    assert below["width"] > 200
    assert below["height"] > 100


@pytest.mark.parametrize("cell", [2, 3], ids=["trouble", "compare"])
def test_the_other_pictures_are_shown(notebook, cell):
    box = picture(notebook, cell).bounding_box()
    assert box["width"] > 200
    assert box["height"] > 100
