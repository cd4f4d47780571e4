"""Stepping in a real JupyterLab in a real browser: the arithmetic, what is saved and freed, where gradients meet, and naive recursion."""

import pytest

from .helpers import RECORDING, STEP_S2, node, press, printed, shown

DIAMOND = """\
a = torch.tensor(2., requires_grad=True)
b = a * a
c = b + b * 2
view = viz.step(c)
view"""
KERNEL = 'print("kernel:", view.position, view.naive)'
CHAIN = """\
v = torch.tensor(1., requires_grad=True)
for _ in range(30):
    v = v + v * 0.5
view = viz.step(v)
view"""
FOLDED = """\
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
done = net(torch.ones(3, 4)).exp().sum()
done.backward()
view = viz.show(done, model=net, opened=["Sequential"]).widget()
view"""
SET = "view.naive = 4"
BACK = "view.naive = -1"
NOWHERE = "viz.step(torch.ones(2, requires_grad=True) * 2)"
CELLS = (RECORDING, STEP_S2, DIAMOND, KERNEL, CHAIN, FOLDED, SET, BACK, NOWHERE)

pytestmark = pytest.mark.browser


@pytest.fixture
def s2(notebook):
    return shown(notebook, 1, root=".lesson-graph")


@pytest.fixture
def diamond(notebook):
    return shown(notebook, 2, root=".lesson-graph")


def heard(notebook):
    """(position, naive) as the kernel has them."""
    words = printed(notebook, 3).split()
    return int(words[1]), int(words[2])


def line(widget, name):
    return widget.locator(f".strip .{name}").inner_text()


def to(widget, position):
    widget.get_by_role("slider").fill(str(position))


def badge(widget, name):
    found = node(widget, name).locator(".badge text")
    return found.text_content() if found.count() else ""


def terms(place):
    """The small tables of a picture: [(numbers, caption), ...]."""
    return [(term.locator("td").all_inner_texts(), term.locator(".name").inner_text()) for term in place.locator(".term").all()]


# --- forward and backward, saved and freed ------------------------------------------------------------------------------


def test_button_slider_and_key_step_and_the_kernel_hears(notebook, s2):
    to(s2, 1)
    assert line(s2, "sentence") == "forward 1 of 4 · add + 2: x → y"
    s2.get_by_role("button", name="Step forward").click()
    assert line(s2, "sentence") == "forward 2 of 4 · mul y·y: y → y²"
    press(s2, "ArrowRight", times=5)
    assert line(s2, "sentence") == "backward 2 of 5 · mul: upstream 0.25 × local 3 = 0.75 → y²"
    assert terms(s2.locator(".arithmetic").first) == [(["0.25"] * 4, "upstream"), (["3"] * 4, "local"), (["0.75"] * 4, "contribution → y²")]
    assert heard(notebook) == (7, -1)
    s2.get_by_role("button", name="Step back").click()
    assert line(s2, "sentence").startswith("backward 1 of 5 · mean")
    assert heard(notebook) == (6, -1)


def test_a_saved_tensor_is_marked_until_its_operation_is_through(s2):
    to(s2, 1)
    assert (badge(s2, "tensor y,"), line(s2, "held")) == ("", "held for backward: 0 tensors, 0 bytes")
    press(s2, "ArrowRight")
    to(s2, 2)
    assert badge(s2, "tensor y,") == "saved for backward"
    assert line(s2, "held") == "held for backward: 1 tensor, 16 bytes · saved now: y"
    to(s2, 7)
    assert line(s2, "held") == "held for backward: 1 tensor, 16 bytes"
    assert node(s2, "tensor y,").get_attribute("aria-label").endswith("gradient not computed, saved for backward")
    to(s2, 8)
    assert badge(s2, "tensor y,") == "freed"
    assert line(s2, "held") == "held for backward: 0 tensors, 0 bytes · freed now: y"
    assert [badge(s2, f"tensor {name}") for name in ("x,", "y²,", "z,", "out,")] == [""] * 4
    to(s2, 10)
    assert (badge(s2, "tensor y,"), line(s2, "held")) == ("freed", "held for backward: 0 tensors, 0 bytes")


def test_the_badge_overhangs_a_narrow_card_as_far_on_either_side(s2):
    card = node(s2, "tensor y,").locator(".frame").first.bounding_box()
    pill = node(s2, "tensor y,").locator(".badge .pill").bounding_box()
    assert abs((pill["x"] - card["x"]) - (card["x"] + card["width"] - pill["x"] - pill["width"])) < 2


def test_the_badge_has_a_shape_besides_its_colour(s2):
    square, dash = node(s2, "tensor y,").locator(".badge .square"), "e => getComputedStyle(e).fill"
    full = square.evaluate(dash)
    to(s2, 8)
    assert full != "none" == square.evaluate(dash)


def test_details_say_by_which_operation_and_as_what(s2):
    node(s2, "tensor y,").click()
    row = s2.locator(".details .row", has_text="saved by")
    assert row.inner_text().split("\n") == ["saved by", "mul y·y its input, 16 bytes", "saved for backward"]
    row.get_by_role("button", name="mul").click()
    assert s2.locator(".details .row", has_text="saves").inner_text().split("\n") == ["saves", "y its input, 16 bytes saved for backward"]
    to(s2, 8)
    assert s2.locator(".details .row", has_text="saves").inner_text().endswith("freed")


def test_the_table_tells_what_is_saved(s2):
    s2.get_by_role("button", name="Show as table").click()
    column = lambda: [row.locator("td").nth(5).inner_text() for row in s2.locator(".as-table tbody tr").all()]  # noqa: E731
    assert column() == ["", "", "saved for backward", "y: 16 bytes", "", "", "", "", ""]
    to(s2, 8)
    assert column() == ["", "", "freed", "", "", "", "", "", ""]
    s2.get_by_role("button", name="Show as graph").click()


def test_a_folded_graph_tells_the_same_and_backward_has_run(notebook):
    widget = shown(notebook, 5, root=".lesson-graph")
    to(widget, 0)
    assert line(widget, "held").startswith("held for backward: 0 tensors, 0 bytes")
    to(widget, 2)
    assert badge(widget, "tensor relu") == "saved"
    widget.get_by_role("button", name="Last step").click()
    assert line(widget, "held").startswith("held for backward: 0 tensors, 0 bytes")
    assert badge(widget, "tensor relu") == "freed"
    widget.get_by_role("button", name="Show as table").click()
    to(widget, 3)
    rows = {row.locator("th").inner_text(): row.locator("td").nth(5).inner_text() for row in widget.locator(".as-table tr.module").all()}
    assert rows["▸ Linear 0"].endswith("48 bytes")
    widget.get_by_role("button", name="Show as graph").click()


# --- where gradients meet -----------------------------------------------------------------------------------------------


def test_gradients_that_meet_are_added_in_numbers_and_as_a_picture(diamond):
    to(diamond, 5)
    assert line(diamond, "meets") == "gradients meet at b: 1 · 1 of 2 added"
    picture = diamond.locator(".meeting")
    assert terms(picture) == [(["1"], "from add")]
    assert picture.locator(".waits").inner_text() == "1 of 2 added"
    press(diamond, "ArrowRight")
    to(diamond, 6)
    assert line(diamond, "meets") == "gradients meet at b: 1 + 2 = 3"
    assert terms(picture) == [(["1"], "from add"), (["2"], "from mul · 2"), (["3"], "gradient · b")]
    assert picture.locator(".sign").all_inner_texts() == ["+", "="]


def test_two_uses_in_one_operation_meet_too_and_a_leaf_waits_for_its_sum(diamond):
    to(diamond, 7)
    assert line(diamond, "meets") == "gradients meet at a: 6 + 6 · not added yet"
    to(diamond, 8)
    assert line(diamond, "meets") == "gradients meet at a: 6 + 6 = 12"
    assert line(diamond, "sentence") == "backward 4 of 4 · AccumulateGrad: a.grad += 12"


def test_one_contribution_is_no_meeting(s2):
    to(s2, 7)
    assert s2.locator(".meeting").count() == 0
    assert s2.locator(".meets").text_content() == ""


# --- naive recursion ----------------------------------------------------------------------------------------------------


def order(widget, number):
    return widget.locator(".order").nth(number).locator("li")


def current(widget, number):
    return widget.locator(".order").nth(number).locator('li[aria-current="step"]').inner_text()


def test_the_toggle_shows_both_orders_and_the_same_buttons_step(notebook, diamond):
    to(diamond, 5)
    button = diamond.get_by_role("button", name="Naive recursion")
    button.click()
    diamond.locator(".orders").wait_for()
    assert button.get_attribute("aria-pressed") == "true"
    assert [row.split(" ")[0] for row in order(diamond, 0).all_inner_texts()] == ["add", "mul", "a.grad", "a.grad", "mul", "mul", "a.grad", "a.grad"]
    assert order(diamond, 1).all_inner_texts() == ["add", "mul · 2", "mul a·a", "a.grad"]
    assert line(diamond, "sentence").startswith("naive recursion starts at c")
    diamond.get_by_role("button", name="Step forward").click()
    diamond.get_by_text("naive visit 1 of 8 · add, visit 1 of 1: upstream 1 × local 1 = 1 → b").wait_for()
    to(diamond, 6)
    diamond.get_by_text("naive visit 6 of 8 · mul a·a, visit 2 of 2: upstream 2 × local 2 = 4 → a").wait_for()
    assert current(diamond, 0) == "mul a·a visit 2 of 2 again"
    assert current(diamond, 1) == "a.grad"
    assert diamond.locator(".count").inner_text() == "naive: 6 of 8 visits; right order: 4 of 4 turns"
    assert "now-backward" in node(diamond, "operation mul a·a").get_attribute("class")
    assert terms(diamond.locator(".arithmetic").first)[:3] == [(["2"], "upstream"), (["2"], "local"), (["4"], "contribution → a")]
    assert line(diamond, "held").endswith("none can be freed on the way: a later visit may need it again")
    assert heard(notebook) == (5, 6)


def test_the_partial_gradients_add_up_to_the_same(diamond):
    press_on(diamond)
    for number, words in ((3, "+= 2, now 2"), (4, "+= 2, now 4"), (7, "+= 4, now 8"), (8, "+= 4, now 12")):
        to(diamond, number)
        diamond.get_by_text(words).wait_for()
    assert terms(diamond.locator(".arithmetic").first) == [(["8"], "gradient"), (["4"], "contribution"), (["12"], "gradient")]
    assert node(diamond, "tensor a,").get_attribute("aria-label").startswith("tensor a, scalar, leaf, value 2, gradient 12")
    to(diamond, 7)
    assert "gradient 3 of 4 came" in node(diamond, "tensor a,").get_attribute("aria-label")


def press_on(widget):
    """Switch naive recursion on by its key."""
    node(widget, "tensor a,").focus()
    press(widget, "n")
    widget.locator(".orders").wait_for()


def test_the_key_leads_there_and_back_to_the_same_step(notebook, diamond):
    to(diamond, 6)
    press_on(diamond)
    press(diamond, "ArrowRight", times=2)
    diamond.get_by_text("naive visit 2 of 8").wait_for()
    press(diamond, "n")
    diamond.locator(".orders").wait_for(state="hidden")
    assert line(diamond, "sentence").startswith("backward 2 of 4")
    assert notebook.cell(2).locator(".said").text_content() == "the right order again"
    assert heard(notebook) == (6, -1)


def test_the_kernel_can_ask_for_a_visit(notebook, diamond):
    notebook.run(6)
    diamond.get_by_text("naive visit 4 of 8").wait_for()
    notebook.run(7)
    diamond.locator(".orders").wait_for(state="hidden")


def test_the_visits_speak_chinese(diamond):
    press_on(diamond)
    to(diamond, 6)
    diamond.get_by_text("naive visit 6").wait_for()
    press(diamond, "l")
    diamond.get_by_text("朴素访问 6/8 · mul a·a，第 2/2 次").wait_for()
    assert diamond.locator(".count").inner_text() == "朴素递归：6/8 次访问；正确顺序：4/4 轮"
    assert line(diamond, "held").startswith("为反向传播保留：1 个张量，4 字节")
    press(diamond, "l")
    diamond.get_by_text("naive visit 6").wait_for()


def test_numbers_changed_on_screen_change_the_visits(diamond):
    press_on(diamond)
    to(diamond, 6)
    diamond.get_by_text("naive visit 6").wait_for()
    node(diamond, "tensor a,").click()
    field = diamond.locator(".details").get_by_role("spinbutton").first
    field.fill("3")
    field.press("Enter")
    diamond.get_by_text("mul a·a, visit 2 of 2: upstream 2 × local 3 = 6 → a").wait_for()


def test_a_chain_of_diamonds_is_counted_and_most_of_it_left_out(notebook):
    widget = shown(notebook, 4, root=".lesson-graph")
    widget.get_by_role("button", name="Naive recursion").click()
    widget.locator(".orders").wait_for()
    assert widget.locator(".order h4").first.inner_text() == "naive recursion 3.22 × 10^9 visits, a node once for every path"
    assert order(widget, 0).count() == 301
    assert order(widget, 0).last.inner_text() == "… 3.22 × 10^9 more visits are left out"
    assert widget.locator(".order h4").last.inner_text() == "right order 61 turns, the youngest first, each node once"
    widget.get_by_role("button", name="Last step").click()
    widget.get_by_text("naive visit 300 of 3.22 × 10^9").wait_for()


# --- for everybody ------------------------------------------------------------------------------------------------------


def test_words_are_spoken_and_every_colour_can_be_read(notebook, diamond):
    for name in ("sentence", "meets", "held"):
        assert diamond.locator(f".strip .{name}").get_attribute("aria-live") == "polite"
    press_on(diamond)
    assert diamond.locator(".count").get_attribute("aria-live") == "polite"
    to(diamond, 6)
    colour = "e => getComputedStyle(e).backgroundColor"
    row = diamond.locator('li[aria-current="step"]').first
    light = row.evaluate(colour)
    notebook.page.evaluate("document.body.dataset.jpThemeLight = 'false'")  # what JupyterLab does for its dark theme
    diamond.locator(":scope[data-theme=dark]").wait_for()
    assert row.evaluate(colour) != light
    notebook.page.evaluate("document.body.dataset.jpThemeLight = 'true'")


def test_with_less_motion_nothing_moves_by_itself(diamond):
    diamond.page.emulate_media(reduced_motion="reduce")
    press_on(diamond)
    to(diamond, 6)
    moving = "root => [...root.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s' || getComputedStyle(e).animationName !== 'none').length"
    assert diamond.evaluate(moving) == 0
    diamond.page.emulate_media(reduced_motion="no-preference")


def test_where_there_is_no_way_back_a_sentence_says_so(notebook):
    widget = shown(notebook, 8, root=".lesson-graph")
    widget.get_by_role("button", name="Naive recursion").click()
    notebook.cell(8).get_by_text("There is no way back here that naive recursion could go.").wait_for()
    assert widget.locator(".orders").is_hidden()
    assert notebook.cell(8).locator(".said").evaluate("e => e.classList.contains('seen')")


def test_nothing_failed(notebook):
    assert notebook.problems == []
