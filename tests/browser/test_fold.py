"""Modules that open and close in the widget, in a real JupyterLab in a real browser."""

import re

import pytest

from .helpers import GPT, module, said, shown

SETUP = f"{GPT}\nfrom benchmarks.graph_pictures import chain"
MODEL = """\
with viz.record():
    loss = nn.functional.cross_entropy(gpt(ids).view(-1, 65), ids.view(-1))
shown = viz.show(loss)
shown"""
FLAT = "viz.show(chain(1000)).widget()"
CELLS = (SETUP, MODEL, FLAT)
SIZE = (1300, 1100)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    """The GPT, freshly shown."""
    return shown(notebook, 1, "svg .box")


def modules(widget):
    """(name, is it open) of all modules in the picture."""
    labels = [found.get_attribute("aria-label") for found in widget.locator("svg [aria-expanded]").all()]
    return {(match[1], match[2] == "open") for match in (re.match(r"Module (.*), (open|closed), ", label) for label in labels)}


def test_a_large_model_opens_collapsed(widget):
    assert ("GPT", True) in modules(widget)
    assert ("Block 0", True) in modules(widget)
    assert ("Block 1 … 11 ×11", False) in modules(widget)
    assert widget.locator("svg [role=button]").count() < 25
    texts = widget.locator("svg text").all_text_contents()
    assert any("4×32×48" in text for text in texts)
    assert any("627 ops" in text for text in texts)
    assert module(widget, "GPT").is_visible()  # it begins at the beginning


def test_a_click_opens_a_module_and_it_stays_where_it_was(widget):
    box = module(widget, "Attention")
    box.scroll_into_view_if_needed()
    before = box.bounding_box()
    box.click()
    said(widget, "opened Attention, 44 operations")
    after = module(widget, "Attention").bounding_box()
    assert ("Attention", True) in modules(widget)
    assert abs(after["x"] - before["x"]) < 30
    assert abs(after["y"] - before["y"]) < 30
    module(widget, "Attention").click(position={"x": 8, "y": 8})
    said(widget, "closed Attention, 44 operations")
    assert ("Attention", False) in modules(widget)


def test_the_keyboard_opens_and_closes_and_keeps_the_focus(widget):
    keyboard = widget.page.keyboard
    label = "document.activeElement.getAttribute('aria-label')"
    module(widget, "MLP").focus()
    keyboard.press("Enter")
    said(widget, "opened MLP, 9 operations")
    assert widget.page.evaluate(label).startswith("Module MLP, open")
    keyboard.press("ArrowDown")
    assert widget.page.evaluate(label).startswith("Module Linear, closed")
    keyboard.press("o")
    said(widget, "opened Linear, 4 operations")
    keyboard.press("ArrowDown")
    assert widget.page.evaluate(label).split(",")[0] in ("operation view", "tensor gpt.blocks.0.mlp.up.weight")
    keyboard.press("o")  # closes the module around
    said(widget, "closed Linear, 4 operations")
    assert widget.page.evaluate(label).startswith("Module Linear, closed")


def test_a_row_of_blocks_opens_side_by_side(widget):
    module(widget, "Block 1 … 11 ×11").focus()
    widget.page.keyboard.press("Enter")
    said(widget, "opened Block 0 … 11, 684 operations")
    assert {(f"Block {number}", number == 0) for number in range(12)} <= modules(widget)
    assert ("Block 0 … 11", True) in modules(widget)


def test_a_closed_box_is_one_step(widget):
    sentence = widget.locator(".sentence")
    module(widget, "LayerNorm").first.focus()
    for _ in range(4):
        widget.page.keyboard.press("ArrowRight")
    assert sentence.inner_text() == "backward 3 of 14 · Linear (4 ops): gradient → layer_norm 25"
    assert widget.locator("svg .box.now-backward").get_attribute("aria-label").startswith("Module Linear")
    widget.locator("svg .backflow tspan", has_text="4×32×48").wait_for(state="attached")  # the kernel was asked for the arithmetic
    module(widget, "Linear").focus()
    widget.page.keyboard.press("Enter")
    said(widget, "opened Linear, 4 operations")
    assert sentence.inner_text().startswith("backward 6 of 18 · t: ")  # the last of its four operations


def test_numbers_are_fetched_when_they_are_looked_at(widget):
    widget.locator('svg [aria-label^="tensor ids"]').click()
    widget.get_by_text("4×16 of 4×32 is shown").wait_for()
    widget.locator('svg [aria-label^="operation cross_entropy"]').dispatch_event("click")
    details = widget.locator(".details")
    for words in ("time", "memory", "your line", "loss = nn.functional.cross_entropy"):
        assert words in details.inner_text()


def test_the_table_has_modules_too(widget):
    widget.get_by_role("button", name="Show as table").click()
    rows = widget.locator(".as-table tr.module")
    cells = rows.first.inner_text().split("\t")
    assert (cells[0], cells[1], cells[7], cells[10]) == ("▾ GPT", "Module · 692 ops", "347 k", "gpt")
    rows.get_by_role("button", name="Attention").click()
    said(widget, "opened Attention, 44 operations")
    assert rows.get_by_role("button", name="▾ Attention").evaluate("button => button === document.activeElement")  # still the table, still this row
    widget.page.keyboard.press("Enter")
    said(widget, "closed Attention, 44 operations")


def test_a_thousand_operations_are_drawn_and_stepped_through(notebook):
    notebook.run(2)
    widget = notebook.cell(2).locator(".lesson-graph-host")
    widget.locator("svg .op").nth(999).wait_for(state="attached", timeout=20_000)
    drawn = widget.locator("svg .op .frame")
    drawn.first.wait_for(state="attached")
    assert drawn.count() < 300  # those in sight
    widget.get_by_role("button", name="Last step").click()
    assert widget.locator("svg .now-backward .frame").count() == 1
    widget.locator(".sentence", has_text="AccumulateGrad: leaf.grad +=").wait_for()
    took = widget.evaluate(
        "root => { const button = root.querySelector('[data-action=back]'); const start = performance.now();"
        " for (let i = 0; i < 10; i++) button.click(); return (performance.now() - start) / 10 }"
    )
    assert took < 200, "the goal is 50 ms on a machine with nothing else to do"


def test_nothing_failed(notebook):
    assert notebook.problems == []
    assert notebook.hosts() == {"127.0.0.1"}
