"""Graphs of 100, 1,000 and 100,000 operations in a real JupyterLab in a real browser: what travels, what is drawn, what is let go."""

import base64

import pytest

from .helpers import printed, shown

SETUP = """\
import lesson_lib as torch
from lesson_lib import viz
from benchmarks.graph_pictures import chain
from benchmarks.replay import chain as matrices
with viz.record():
    hundred = matrices(100)"""
HUNDRED = "viz.step(hundred)"
HUGE = "viz.show(chain(100_000))"
COUNT = """\
import gc
from lesson_lib.viz.census_widget import CensusView
from lesson_lib.viz.widget import GraphView
gc.collect()
alive = [o for o in gc.get_objects() if isinstance(o, (GraphView, CensusView)) and o.comm is not None]
print("views:", len(alive))"""
LARGEST = 300_000  # bytes of a message to the page, the widget's own code aside
CELLS = (SETUP, HUNDRED, HUGE, COUNT)
SIZE = (1300, 1100)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(notebook):
    notebook.cdp = notebook.page.context.new_cdp_session(notebook.page)
    notebook.cdp.send("Performance.enable")
    notebook.cdp.send("Network.enable")
    notebook.frames = []
    notebook.cdp.on("Network.webSocketFrameReceived", lambda event: notebook.frames.append(event["response"]))
    return notebook


@pytest.fixture
def hundred(notebook):
    """A graph of 100 operations, freshly shown."""
    return shown(notebook, 1, "svg .tensor .cells", "attached")


def size(frame):
    """Bytes of a message."""
    return len(frame["payloadData"]) if frame["opcode"] == 1 else len(base64.b64decode(frame["payloadData"]))


def metric(notebook, name):
    """A number of the browser's own, after it has thrown away what nobody needs."""
    notebook.cdp.send("HeapProfiler.collectGarbage")
    return next(m["value"] for m in notebook.cdp.send("Performance.getMetrics")["metrics"] if m["name"] == name)


def settled(widget, script):
    """Wait until `script`, a condition on the widget, is true."""
    widget.page.wait_for_function(f"root => {script}", arg=widget.element_handle(), timeout=10_000)


def test_only_what_is_in_sight_is_drawn_and_more_comes_with_the_steps(hundred):
    outlines = hundred.locator("svg :is(.tensor, .op)")
    drawn = hundred.locator("svg :is(.tensor, .op) .frame")
    assert outlines.count() > 200
    assert 0 < drawn.count() < 60
    hundred.locator("[data-action=first]").click()
    settled(hundred, "root.querySelector('svg .now-forward .frame') || root.querySelector('svg [aria-label$=\"gradient not computed\"] .frame')")
    hundred.locator("[data-action=next]").click()
    settled(hundred, "root.querySelector('svg .op.now-forward .frame')")
    label = hundred.locator('svg .tensor[aria-label*=", intermediate, value 1,"]').first
    assert label.get_attribute("aria-label").endswith("gradient not computed")


def test_the_next_steps_are_told_before_the_reader_is_there(hundred):
    """Sentences come from the kernel, and ahead of the reader: a step on screen waits for nobody, in either direction."""
    for end, action in (("first", "next"), ("last", "back")):
        hundred.locator(f"[data-action={end}]").click()
        hundred.locator(f"[data-action={action}]").click()
        settled(hundred, "root.querySelector('.strip .sentence').textContent")
        step = f"root => {{ root.querySelector('[data-action={action}]').click(); return root.querySelector('.strip .sentence').textContent }}"
        assert len({hundred.evaluate(step) for _ in range(10)} - {""}) == 10


def test_a_poke_updates_what_is_in_sight_and_what_comes_into_sight_later(notebook, hundred):
    leaf = hundred.locator('svg .tensor[aria-label*=", leaf,"]').first
    leaf.dispatch_event("click")
    number = hundred.locator("input.number").first
    number.wait_for()
    notebook.frames.clear()
    number.focus()
    number.press("ArrowUp")
    hundred.locator(".said", has_text="changed").wait_for(state="attached", timeout=10_000)
    assert hundred.locator("input.number").first.input_value() == "1.1"
    assert max(map(size, notebook.frames)) < 150_000  # 650 kB if all cards came
    hundred.locator("[data-action=first]").click()
    hundred.locator("[data-action=next]").click()
    settled(hundred, "[...root.querySelectorAll('svg .tensor .cells text')].some((text) => text.textContent === '1.1')")


def test_the_table_fetches_its_numbers(hundred):
    hundred.locator('[data-action="as table"]').click()
    settled(hundred, "[...root.querySelectorAll('.as-table tbody tr:not(.operation) td.value')].every((cell) => cell.textContent)")


def test_a_cell_that_runs_again_leaves_no_widget_behind_and_little_on_the_page(notebook):
    seen = []
    for turn in range(10):
        shown(notebook, 1, "svg .tensor .cells", "attached")
        if turn in (2, 9):
            notebook.page.wait_for_timeout(300)
            seen.append({name: metric(notebook, name) for name in ("Nodes", "JSHeapUsedSize")})
    early, late = seen
    assert late["Nodes"] < early["Nodes"] + 7 * 50, seen  # the graph itself has 1,800
    assert late["JSHeapUsedSize"] < early["JSHeapUsedSize"] + 7 * 0.35e6, seen  # a widget of one word leaves 0.06e6, by JupyterLab's memory of each comm
    assert "views: 1" in printed(notebook, 3)


def test_a_hundred_thousand_operations_are_summed_up_searched_and_looked_at(notebook):
    notebook.frames.clear()
    notebook.run(2, timeout=300_000)
    census = notebook.cell(2).locator(".lesson-graph-host").first
    field = census.get_by_role("searchbox", name="Search by name, module, path, shape or line")
    field.wait_for()
    keyboard = notebook.page.keyboard
    field.click()
    keyboard.type("sum")
    census.locator("> .said", has_text="1 of 100001 operations contain 'sum'").wait_for(state="attached")
    assert "return h.sum()" in census.locator("tbody tr").inner_text()
    assert census.locator(".as-table").first.evaluate("table => table.scrollWidth <= table.clientWidth")  # the user's line is in sight
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    census.locator("> .said", has_text="30 operations around sum, number 100000").wait_for(state="attached")
    near = census.locator(".near .lesson-graph")
    near.locator('svg [aria-label="operation sum"].now-forward').wait_for(state="attached")
    keyboard.press("Escape")
    assert field.evaluate("field => field === document.activeElement")
    keyboard.press("Control+a")
    keyboard.type("1.0001")
    census.locator("> .said", has_text="100000 of 100001").wait_for(state="attached")
    assert census.locator("tbody tr").count() == 50
    census.get_by_role("button", name="中文").first.click()
    census.get_by_role("searchbox", name="按名称").wait_for()
    census.locator("> .said", has_text="100001 个运算中有 100000 个").wait_for(state="attached")
    assert near.get_attribute("lang") == "zh"


def test_no_message_was_large(notebook):
    sizes = sorted(map(size, notebook.frames))
    assert 0 < sizes[-1] < LARGEST


def test_nothing_failed(notebook):
    assert notebook.problems == []
