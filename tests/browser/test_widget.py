"""The widget in a real JupyterLab in a real browser: what the page shows, and what the kernel hears of it."""

from pathlib import Path

import pytest

from .helpers import BUSY, RECORDING, STEP_S2, busy_kernel, node, press, printed, sentence, shown, wait_until

KERNEL = 'print("kernel:", view.position, view.selected or "-")'
LARGE = "w = torch.ones(30, 20, requires_grad=True)\nviz.step((w * 2).sum())"
NAMED = """\
m = nn.Module()
m.register_parameter("<script>alert(1)</script>", nn.Parameter(torch.ones(2)))
viz.step(next(m.parameters()).sum(), model=m)"""
KERNEL = 'print("kernel:", view.position, view.selected or "-")'
STATIC = "viz.graph(out)"
LOOP = """\
s = torch.full((2, 2), 0.5, requires_grad=True)
h = torch.ones(1, 2)
for _ in range(20):
    h = torch.tanh(h @ s)
viz.step(h.sum())"""
CELLS = (RECORDING, STEP_S2, KERNEL, LARGE, NAMED, BUSY, STATIC, LOOP)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    """The widget of S2, freshly run: it stands at the end of the forward pass."""
    return shown(notebook, 1, "svg .tensor", root=".lesson-graph")


def seen(locator):
    """The words and numbers of a card that are visible now."""
    return locator.evaluate(
        "card => [...card.querySelectorAll('text')].filter(t => !t.closest('.header') && !t.closest('.badge')"
        " && !(t.closest('.cells') && !t.closest('.known')) && !(t.matches('.absent') && t.closest('.known'))).map(t => t.textContent)"
    )


def test_it_opens_with_all_values_and_no_gradient(widget):
    assert sentence(widget) == "forward 4 of 4 · mean: z → out = 27"
    assert seen(node(widget, "tensor y,")) == ["3", "3", "3", "3", "value", "not computed", "gradient"]
    assert node(widget, "tensor out").get_attribute("aria-label") == "tensor out, scalar, output, value 27, gradient not computed"
    assert widget.locator("svg .flow.on").count() == 0


def test_buttons_step_backward_through_the_chain_rule(widget):
    forward = widget.get_by_role("button", name="Step forward")
    for _ in range(3):
        forward.click()
    assert sentence(widget) == "backward 2 of 5 · mul: upstream 0.25 × local 3 = 0.75 → y²"
    arrow = widget.locator("svg .flow.on")
    assert arrow.count() == 1
    assert arrow.locator("text").all_text_contents() == ["0.25 · 3", "= 0.75"]
    assert "now-backward" in node(widget, "operation mul · 3").get_attribute("class")
    assert seen(node(widget, "tensor y²"))[5:] == ["0.75"] * 4 + ["gradient"]
    assert seen(node(widget, "tensor y,"))[5:] == ["not computed", "gradient"]
    assert widget.locator(".arithmetic .term").all_inner_texts()[0].split() == ["0.25"] * 4 + ["upstream"]
    widget.get_by_role("button", name="Step back", exact=False).first.click()
    assert sentence(widget).startswith("backward 1 of 5")


def test_arrow_keys_step_and_home_and_end_jump(widget):
    node(widget, "tensor x").focus()
    press(widget, "ArrowRight", times=2)
    assert sentence(widget).startswith("backward 1 of 5 · mean")
    press(widget, "ArrowLeft", times=3)
    assert sentence(widget) == "forward 3 of 4 · mul · 3: y² → z"
    assert seen(node(widget, "tensor out"))[:2] == ["not computed", "value"]
    press(widget, "Home")
    assert sentence(widget).startswith("start")
    press(widget, "End")
    assert sentence(widget) == "backward 5 of 5 · AccumulateGrad: x.grad += 4.5"
    assert seen(node(widget, "tensor x"))[5:] == ["4.5"] * 4 + ["gradient"]


def test_control_s_saves_the_notebook_and_a_letter_is_the_widgets(widget, notebook):
    """The widget has the keyboard; what is pressed with Ctrl stays JupyterLab's."""
    saved = Path(notebook.folder) / "notebook.ipynb"
    widget.locator(".stage").click(position={"x": 3, "y": 3})
    widget.get_by_role("slider").focus()
    before = saved.stat().st_mtime_ns
    press(widget, "Control+s")
    wait_until(widget.page, lambda: saved.stat().st_mtime_ns > before)
    position = sentence(widget)
    press(widget, "ArrowLeft")
    assert sentence(widget) != position


def test_the_last_step_can_be_left_by_key_again(widget):
    """A button that has nothing left to do keeps the focus, or the arrow keys would go to the notebook."""
    widget.get_by_role("button", name="Last step").click()
    press(widget, "ArrowLeft")
    assert sentence(widget).startswith("backward 4 of 5")


def test_the_slider_and_play_move_too(widget):
    widget.get_by_role("slider").fill("1")
    assert sentence(widget).startswith("forward 1 of 4")
    widget.get_by_role("button", name="Play").click()
    widget.get_by_text("forward 2 of 4").wait_for(timeout=4000)
    widget.get_by_role("button", name="Pause").click()


def test_the_keyboard_walks_the_nodes_and_opens_one(widget):
    node(widget, "tensor x").focus()
    press(widget, "ArrowDown", times=2)
    press(widget, "Enter")
    assert widget.locator(".details h3").inner_text() == "y intermediate"
    press(widget, "Escape")
    assert widget.locator(".details").is_hidden()


def test_a_click_on_an_operation_shows_formula_line_and_source(widget):
    node(widget, "operation mul · 3").click()
    details = widget.locator(".details")
    for words in ("MulBackward0", "y = a·b", "z = y * y * 3", "line 3 of the cell"):
        assert words in details.inner_text()
    details.get_by_role("button", name="Show source").click()
    assert "def grad_a(g, b):" in details.locator("pre").inner_text()
    details.get_by_role("button", name="y²").click()
    assert details.locator("h3").inner_text() == "y² intermediate"
    assert [field.input_value() for field in details.get_by_role("spinbutton").all()] == ["9"] * 4


def test_the_kernel_hears_of_step_and_selection(notebook, widget):
    node(widget, "tensor z").click()
    widget.get_by_role("button", name="Step forward").click()
    assert printed(notebook, 2) == "kernel: 5 t3"


def test_stepping_works_while_the_kernel_is_busy(notebook, widget):
    with busy_kernel(notebook, 5):
        widget.get_by_role("button", name="Last step").click()
        assert sentence(widget).startswith("backward 5 of 5")


def test_the_table_tells_the_same(widget):
    widget.get_by_role("button", name="Last step").click()
    widget.get_by_role("button", name="Show as table").click()
    rows = [row.split("\t") for row in widget.locator(".as-table tbody tr").all_inner_texts()]
    assert [row[0].strip() for row in rows] == ["x", "add + 2", "y", "mul y·y", "y²", "mul · 3", "z", "mean", "out"]
    assert rows[0][4:6] == ["1 1 ; 1 1", "4.5 4.5 ; 4.5 4.5"]
    assert widget.locator('.as-table [aria-current="step"]').count() == 1
    widget.get_by_role("button", name="Show as graph").click()
    assert widget.locator("svg .tensor").first.is_visible()


def test_zoom_and_fit(widget):
    scale = "g => g.transform.baseVal.consolidate().matrix.a"
    stage = widget.locator("svg > g").first
    before = stage.evaluate(scale)
    widget.get_by_role("button", name="Zoom in").click()
    widget.page.wait_for_timeout(350)
    assert stage.evaluate(scale) == pytest.approx(before * 1.3, rel=0.01)
    widget.get_by_role("button", name="Fit the whole graph").click()
    widget.page.wait_for_timeout(350)
    assert stage.evaluate(scale) == pytest.approx(before, rel=0.01)


def test_a_drag_pans(widget):
    place = "g => g.transform.baseVal.consolidate().matrix.e"
    stage, canvas, mouse = widget.locator("svg > g").first, widget.locator(".canvas"), widget.page.mouse
    canvas.scroll_into_view_if_needed()
    before, box = stage.evaluate(place), canvas.bounding_box()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 6)  # above the nodes
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + 90, box["y"] + 6, steps=6)
    mouse.up()
    assert stage.evaluate(place) > before
    widget.get_by_role("button", name="Fit the whole graph").click()
    widget.page.wait_for_timeout(350)
    assert stage.evaluate(place) == pytest.approx(before, abs=1)


def test_the_dark_theme_changes_the_colours_and_nothing_else(notebook, widget):
    frame = node(widget, "tensor y,").locator(".frame")
    place, colour = frame.bounding_box(), "e => getComputedStyle(e).fill"
    light = frame.evaluate(colour)
    notebook.theme("Dark")
    notebook.page.wait_for_timeout(300)
    assert widget.get_attribute("data-theme") == "dark"
    assert frame.evaluate(colour) == "rgb(33, 41, 51)" != light
    assert frame.bounding_box()["width"] == place["width"]
    notebook.theme("Light")


def test_reduced_motion_is_respected(widget):
    cells = widget.locator("svg .cells").first
    duration = "e => getComputedStyle(e).transitionDuration"
    assert cells.evaluate(duration) != "0s"
    widget.page.emulate_media(reduced_motion="reduce")
    assert cells.evaluate(duration) == "0s"
    widget.page.emulate_media(reduced_motion="no-preference")


def test_the_language_button_changes_the_words_and_back(notebook, widget):
    assert (widget.get_attribute("lang"), notebook.page.locator("html").get_attribute("lang")) != ("zh", "zh")
    node(widget, "tensor y,").click()
    widget.get_by_role("button", name="Show in 中文 (L)").click()
    widget.get_by_text("前向 4/4 · mean：z → out = 27").wait_for()
    assert widget.get_attribute("lang") == "zh"
    assert widget.get_by_role("button", name="前进一步").is_visible()
    assert widget.locator(".details h3").inner_text() == "y 中间值"
    assert seen(node(widget, "张量 y,")) == ["3", "3", "3", "3", "值", "尚未计算", "梯度"]
    assert node(widget, "张量 y,").get_attribute("aria-label").startswith("张量 y, 2×2, 中间值, 值 3")
    assert widget.locator("[data-action=language]").evaluate("b => b === document.activeElement")
    press(widget, "ArrowRight")
    assert sentence(widget) == "反向传播开始 · out 对自身的梯度是 1"
    press(widget, "l")
    widget.get_by_text("backward starts · the gradient of out").wait_for()
    assert widget.get_attribute("lang") == "en"
    assert widget.get_by_role("button", name="Step forward").is_visible()
    assert seen(node(widget, "tensor y,"))[4:] == ["value", "not computed", "gradient"]


def test_buttons_change_their_language_while_the_kernel_is_busy(notebook, widget):
    with busy_kernel(notebook, 5):
        widget.get_by_role("button", name="Show in 中文").click()
        widget.get_by_role("button", name="前进一步").wait_for(timeout=2000)
    widget.get_by_text("前向 4/4").wait_for()


def test_numbers_of_a_large_tensor_arrive_when_it_is_opened(notebook):
    notebook.run(3)
    widget = notebook.cell(3).locator(".lesson-graph")
    node(widget, "tensor w,").click()
    widget.get_by_text("24×16 of 30×20 is shown").wait_for()
    assert widget.locator(".details td").count() == 24 * 16


def test_a_parameter_named_script_is_text(notebook):
    notebook.run(4)
    widget = notebook.cell(4).locator(".lesson-graph")
    widget.locator("svg .tensor").first.wait_for()
    assert widget.locator("script").count() == 0
    node(widget, "tensor <script>alert(1)</script>").click()
    assert widget.locator(".details h3").inner_text() == "<script>alert(1)</script> leaf"


def test_the_static_graph_is_a_picture(notebook):
    notebook.run(6)
    image = notebook.cell(6).locator(".jp-OutputArea-output img[src^='data:image/svg+xml']")
    assert image.evaluate("i => i.complete && i.clientWidth") > 500


def test_a_large_graph_goes_along_with_the_steps(notebook):
    notebook.run(7)
    widget = notebook.cell(7).locator(".lesson-graph")
    forward = widget.get_by_role("button", name="Step forward")
    for _ in range(9):  # the start, Σ, and then tanh and @ in turn
        forward.click()
    notebook.page.wait_for_timeout(400)
    assert sentence(widget).startswith("backward 8 of 42 · tanh")
    now, frame = widget.locator("svg .now-backward").bounding_box(), widget.locator(".canvas").bounding_box()
    assert frame["y"] <= now["y"]
    assert now["y"] + now["height"] <= frame["y"] + frame["height"]
    assert widget.locator("svg .backflow path").count() == 1
    widget.locator("svg .reference").first.dispatch_event("click")
    assert widget.locator(".details h3").inner_text() == "s leaf"


def test_no_request_left_localhost_and_nothing_failed(notebook):
    assert notebook.hosts() == {"127.0.0.1"}
    assert notebook.problems == []
