"""The notebook of a test file, open in a real JupyterLab in a real browser."""

import pytest

from scripts.notebook_page import open_notebook


@pytest.fixture(scope="module")
def notebook(request, browser, tmp_path_factory):
    """The notebook with the file's CELLS, in a tab of its SIZE; the first cell has run."""
    size = getattr(request.module, "SIZE", (1400, 1000))
    with open_notebook(browser, tmp_path_factory.mktemp("lab"), *request.module.CELLS, width=size[0], height=size[1]) as notebook:
        yield notebook
