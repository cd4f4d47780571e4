"""What `show` shows, item by item, and ten widgets on one page that share one engine: in a real JupyterLab in a real browser."""

import pytest

from scripts.build_widget import STATIC

from .helpers import GPT, module, printed, said, shown

SETUP = f"{GPT}\nx = torch.ones(2, 2, requires_grad=True)"
MODEL = "viz.show(gpt, ids)"
TEN = """\
from IPython.display import display
for number in range(10):
    with viz.record():
        out = ((x + number) * 3).mean()
    display(viz.step(out))"""
KERNEL = "import gc; print('engines:', sum(type(one).__name__ == 'GraphEngine' for one in gc.get_objects()))"
CELLS = (SETUP, MODEL, TEN, KERNEL)
SIZE = (1300, 1100)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    return shown(notebook, 1, "svg .box")


def words(locator):
    return " ".join(locator.all_text_contents())


def test_modules_are_nested_boxes_that_open_and_close(widget):
    assert module(widget, "Attention").get_attribute("aria-expanded") == "false"
    module(widget, "Attention").click()
    said(widget, "opened Attention, 44 operations")
    frames = [widget.locator(f"svg .group#{key} > path").bounding_box() for key in widget.locator("svg .group").evaluate_all("all => all.map(one => one.id)")]
    assert len(frames) == 3  # GPT around Block 0 around Attention
    outer, middle, inner = sorted(frames, key=lambda box: -box["width"] * box["height"])
    for large, small in ((outer, middle), (middle, inner)):
        assert large["x"] < small["x"]
        assert large["y"] < small["y"]
        assert large["x"] + large["width"] > small["x"] + small["width"]
        assert large["y"] + large["height"] > small["y"] + small["height"]
    module(widget, "Attention").click(position={"x": 8, "y": 8})
    said(widget, "closed Attention")
    assert widget.locator("svg .group").count() == 2


def test_equal_blocks_are_one_box_with_their_number(widget):
    box = module(widget, "Block 1 … 11 ×11")
    assert "×11" in words(box.locator("text"))
    assert widget.locator('svg [aria-label^="Module Block"]').count() == 2


def test_shapes_stand_on_the_arrows(widget):
    shapes = widget.locator("svg .edge.data text").all_text_contents()
    assert shapes.count(" 4×32×48 ") >= 6 or [one.strip() for one in shapes].count("4×32×48") >= 6


def test_every_box_has_parameters_operations_time_and_memory(widget):
    for name in ("Attention", "MLP", "Block 1 … 11 ×11"):
        facts = module(widget, name).locator(".facts").text_content()
        for unit in (" parameters · ", " ops · ", " ms · "):
            assert unit in facts, facts
        assert facts.rstrip().endswith(("B", "saved for backward"))
    assert "347 k parameters" in words(module(widget, "GPT").locator("text"))


def test_an_operation_has_time_memory_module_and_the_users_line(widget):
    module(widget, "MLP").dispatch_event("click")
    said(widget, "opened MLP")
    module(widget, "GELU").dispatch_event("click")
    said(widget, "opened GELU")
    widget.locator('svg [aria-label^="operation gelu"]').first.dispatch_event("click")
    rows = dict(row.split("\n", 1) for row in widget.locator(".details .row").all_inner_texts())
    assert rows["Module"].endswith("· blocks.0.mlp.act")
    assert rows["time"].endswith("ms") or rows["time"].endswith("µs")
    assert rows["memory"].endswith("kB")
    assert "gpt.py:" in rows["your line"]
    widget.get_by_role("button", name="Show as table").click()
    row = widget.locator(".as-table tr.operation", has_text="gelu").first.inner_text().split("\t")
    assert row[8] == rows["memory"]
    assert row[9] == rows["time"]
    assert row[10] == rows["Module"]
    assert "gpt.py:" in row[11]


def test_the_table_says_what_the_picture_says(widget):
    """Each module of the picture, with each of its facts, each shape on an arrow, and where each arrow comes from."""
    facts = {one.get_attribute("aria-label").split(", ")[0][7:]: one.locator(".facts").text_content() for one in widget.locator("svg .box").all()}
    shapes = {text.strip() for text in widget.locator("svg .edge.data text").all_text_contents()}
    widget.get_by_role("button", name="Show as table").click()
    head = widget.locator(".as-table thead th").all_inner_texts()
    rows = [dict(zip(head, row.split("\t"), strict=True)) for row in widget.locator(".as-table tbody tr").all_inner_texts()]
    assert shapes <= {row["shape"] for row in rows}
    for name, told_there in facts.items():
        fitting = [row for row in rows if row["name"] == f"▸ {name}"]
        told = [" ".join(row.values()) for row in fitting]
        assert any(all(part.replace(" parameters", "") in line for part in told_there.split(" · ")) for line in told), (name, told_there, told)
        assert all(row["module"] and row["your line"] for row in fitting)
    (embedding,) = [row for row in rows if row["name"] == "▸ Attention"]
    assert embedding["from"] == "layer_norm"
    assert [row["kind"] for row in rows if "this step" in row["kind"]] == [row["kind"] for row in rows if row["kind"].endswith(" · this step, forward")]
    assert sum("this step" in row["kind"] for row in rows) == 1


def test_ten_widgets_share_one_engine(notebook):
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("Network.enable")
    sizes = []
    session.on("Network.webSocketFrameReceived", lambda event: sizes.append(len(event["response"]["payloadData"])))
    notebook.run(2)
    widgets = notebook.cell(2).locator(".lesson-graph-host")
    widgets.nth(9).locator("svg .tensor").first.wait_for()
    assert widgets.count() == 10
    assert printed(notebook, 3) == "engines: 1"
    engine = (STATIC / "engine.js").stat().st_size
    assert len(sizes) > 10
    assert max(sizes) < engine / 2  # nobody brought an engine along
    assert sum(sizes) < 4 * engine  # ten of them would be ten


def test_nothing_failed(notebook):
    assert notebook.problems == []
    assert notebook.hosts() == {"127.0.0.1"}
