"""A failed operation on the graph, in a real JupyterLab in a real browser: PyTorch's exception, the picture beneath it, and fixes to choose from."""

import pytest

from .helpers import printed, said, shown

SETUP = "import lesson_lib as torch\nfrom lesson_lib import viz\na = torch.ones(2, 3, requires_grad=True)\nb = torch.ones(4, 3)"
FAILS = "y = (a * 2) @ b"
PLAIN = "1 / 0"
MANY = "q = a + b"
TALL = """\
class Deep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = torch.nn.Conv2d(1, 6, 3), torch.nn.Conv2d(6, 16, 3), torch.nn.Linear(576, 120)

    def forward(self, x):
        pool = torch.nn.functional.max_pool2d
        return self.head(pool(self.two(pool(self.one(x).relu(), 2)).relu(), 2).view(1, -1))

Deep()(torch.rand(1, 1, 28, 28))"""
PYTORCH = "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x3)"
CELLS = (SETUP, FAILS, "", PLAIN, MANY, TALL)
SIZE = (1300, 1200)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    """The widget beneath the failed product."""
    return shown(notebook, 1, "svg .marked")


def test_pytorchs_exception_stands_above_the_picture(notebook, widget):
    error = notebook.cell(1).locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText[data-mime-type*='stderr']").first
    assert "RuntimeError" in error.inner_text()
    assert PYTORCH in error.inner_text()
    above, below = error.bounding_box(), widget.bounding_box()
    assert above["y"] + above["height"] <= below["y"] + 1


def test_the_operation_is_red_and_says_so(widget):
    failed = widget.locator("svg .marked")
    assert failed.count() == 1
    assert failed.get_attribute("aria-label") == "operation matmul"
    assert failed.get_attribute("aria-description") == "failed"
    assert widget.locator("svg .mark").text_content() == "✕failed"
    assert failed.locator(".frame").evaluate("f => getComputedStyle(f).stroke") == "rgb(180, 35, 24)"
    assert {node.get_attribute("aria-label").split(",")[0] for node in widget.locator("svg .tensor").all()} == {"tensor a", "tensor a * 2", "tensor b"}


def test_both_shapes_and_the_users_line_are_written_out(widget):
    panel = widget.locator(".failure")
    words = panel.inner_text()
    assert f"✕ matmul failed: {PYTORCH}" in words
    assert "a * 2   2×[3]" in words
    assert "b   [4]×3" in words
    assert panel.locator("u").all_inner_texts() == ["[3]", "[4]"]
    assert f"line 1 of the cell  {FAILS}" in words


def test_a_fix_is_copied_and_runs_when_it_is_pasted(notebook, widget):
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fixes = widget.locator(".fix")
    assert fixes.locator("code").all_inner_texts() == ["y = (a * 2) @ b.T"]
    fixes.first.click()
    said(widget, "In the clipboard: y = (a * 2) @ b.T")
    assert widget.locator(".answer").inner_text() == "In the clipboard: y = (a * 2) @ b.T"
    assert fixes.first.get_attribute("aria-pressed") == "true"
    assert page.evaluate("navigator.clipboard.readText()") == "y = (a * 2) @ b.T"
    notebook.cell(2).locator(".cm-content").click()
    page.keyboard.press("Control+v")
    page.keyboard.type("\ny.shape")
    assert printed(notebook, 2) == "torch.Size([2, 4])"


def test_the_keyboard_chooses_too_and_without_a_clipboard_the_line_is_selected(notebook, widget):
    page = notebook.page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    widget.locator("svg .op").first.focus()
    page.keyboard.press("1")
    said(widget, "To be copied by hand: y = (a * 2) @ b.T")
    assert widget.locator(".answer").inner_text() == "y = (a * 2) @ b.T"
    assert page.evaluate("getSelection().toString()") == "y = (a * 2) @ b.T"


def test_the_operands_can_be_looked_into_and_there_is_a_table(widget):
    widget.locator('svg [aria-label^="tensor b"]').click()
    widget.locator(".details h3", has_text="b").wait_for()
    widget.get_by_role("button", name="Show as table").click()
    assert widget.locator(".as-table th", has_text="✕ failed").count() == 1
    assert widget.locator(".toolbar .counter").is_hidden()  # there is nowhere to step


def test_it_speaks_chinese_but_for_pytorchs_message(widget):
    widget.locator("[data-action=language]").click()
    widget.locator(".failure .title", has_text=f"matmul 失败：{PYTORCH}").wait_for()
    assert widget.locator("svg .mark").text_content() == "✕失败"
    assert widget.locator(".fix code").all_inner_texts() == ["y = (a * 2) @ b.T"]


def test_other_errors_have_no_picture(notebook):
    notebook.run(3)
    assert "ZeroDivisionError" in notebook.cell(3).inner_text()
    assert notebook.cell(3).locator(".lesson-graph-host, .jp-RenderedSVG").count() == 0


def test_only_the_latest_failures_are_live_and_the_others_are_pictures(notebook, widget):
    picture = notebook.cell(1).locator(".jp-RenderedSVG img")
    assert picture.is_hidden()
    for _ in range(5):
        shown(notebook, 4, "svg .marked")
    picture.wait_for()
    assert widget.count() == 0
    words = notebook.page.evaluate("src => fetch(src).then(found => found.text())", picture.get_attribute("src"))
    assert PYTORCH in words
    assert "y = (a * 2) @ b.T" in words


def test_of_a_tall_graph_the_failed_operation_is_in_sight(notebook):
    root = shown(notebook, 5, "svg .marked")
    canvas, failed = root.locator(".canvas").bounding_box(), root.locator("svg .marked").bounding_box()
    assert canvas["y"] < failed["y"]
    assert failed["y"] + failed["height"] < canvas["y"] + canvas["height"]


def test_nothing_failed_on_the_page(notebook):
    assert notebook.problems == []
