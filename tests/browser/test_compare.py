"""Two graphs side by side, in a real JupyterLab in a real browser: composite against ``autograd.Function``, before and after a change."""

import pytest

from scripts.example_cells import SIGMOID

from .helpers import printed, wait_until

SETUP = f"import lesson_lib as torch\nfrom lesson_lib import nn, viz\n\n{SIGMOID}"
SIGMOIDS = """\
x = torch.tensor([1.5, 0.3, -1.0], requires_grad=True)
with viz.record():
    pair = (1 / (1 + (-x).exp())).sum(), Sigmoid.apply(x).sum()
viz.compare(*pair, titles=("composite", "Function"))"""
PASSES = """\
def loss(*middle):
    torch.manual_seed(0)
    net = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(8, 8), *middle)], nn.Linear(8, 1))
    with viz.record():
        return net(torch.ones(4, 8)).mean()

view = viz.compare(loss(nn.ReLU(), nn.Dropout(0.5)), loss(nn.ReLU()), titles=("before", "after")).widget()
view"""
KERNEL = "print([len(side.opened) for side in view.comparison.sides], view.language, [side.language for side in view.views])"
SAME = "viz.compare((x * 2).sum(), (x * 2).sum())"
CELLS = (SETUP, SIGMOIDS, PASSES, KERNEL, SAME)
SIZE = (1500, 1300)

pytestmark = pytest.mark.browser


def shown(notebook, number):
    notebook.run(number)
    root = notebook.cell(number).locator(".compare")
    for side in (0, 1):
        root.locator(".side").nth(side).locator("svg .op, svg .box").first.wait_for()
    return root


@pytest.fixture
def sigmoids(notebook):
    return shown(notebook, 1)


def said(root, words):
    root.locator("xpath=..").locator(":scope > .said", has_text=words).wait_for(state="attached", timeout=5000)


def marked(root, side):
    return [node.get_attribute("aria-label").split(",")[0] for node in root.locator(".side").nth(side).locator("svg .marked").all()]


def comes_into_sight(root, side, node):
    """The picture moves there for a quarter of a second."""
    wait_until(root.page, lambda: in_sight(root, side, node))


def in_sight(root, side, node):
    box, frame = node.bounding_box(), root.locator(".side").nth(side).locator(".canvas").bounding_box()
    return frame["y"] <= box["y"] + 1 and box["y"] + box["height"] <= frame["y"] + frame["height"] + 1


def test_both_graphs_stand_side_by_side_under_their_titles(sigmoids):
    assert sigmoids.locator("h3").all_inner_texts()[:2] == ["composite", "Function"]
    left, right = (sigmoids.locator(".side").nth(side).bounding_box() for side in (0, 1))
    assert left["x"] + left["width"] <= right["x"] + 1
    assert abs(left["y"] - right["y"]) < 2
    assert sigmoids.locator(".summary").inner_text() == "composite: 6 ops. Function: 2 ops. In both: 1. Only in composite: 5. Only in Function: 1."


def test_differences_have_a_word_a_sign_and_a_dash(sigmoids):
    assert marked(sigmoids, 0) == ["operation neg", "operation exp", "operation add 1 +", "operation reciprocal", "operation mul · 1"]
    assert marked(sigmoids, 1) == ["operation Sigmoid"]
    assert set(sigmoids.locator("svg .mark").all_text_contents()) == {"±only here"}
    dashes = sigmoids.locator("svg .op .frame").evaluate_all("all => all.map(f => getComputedStyle(f).strokeDasharray !== 'none')")
    assert dashes == [True] * 5 + [False, True, False]


def test_a_difference_comes_into_view_on_both_sides(sigmoids):
    item = sigmoids.locator(".pick")
    assert item.inner_text() == "exchanged composite: neg, exp, add 1 +, reciprocal and 1 more. Function: Sigmoid."
    item.click()
    said(sigmoids, "1 of 1 · exchanged: composite: neg")
    for side, name in enumerate(("neg", "Sigmoid")):
        node = sigmoids.locator(".side").nth(side).locator(f'svg .selected[aria-label="operation {name}"]')
        node.wait_for()
        comes_into_sight(sigmoids, side, node)


def test_each_side_is_a_graph_to_step_through(sigmoids):
    side = sigmoids.locator(".side").nth(1)
    side.get_by_role("button", name="Last step").click()
    side.locator(".sentence", has_text="AccumulateGrad: x.grad +=").wait_for()
    side.get_by_role("button", name="Show as table").click()
    assert side.locator(".as-table th", has_text="± only here").count() == 1
    assert sigmoids.locator(".side").nth(0).locator(".sentence").inner_text().startswith("forward")  # the other one stands where it stood


def test_before_and_after_a_change_with_modules_that_open(notebook):
    root = shown(notebook, 2)
    assert root.locator(".picks .words").inner_text().endswith(" differences")
    assert root.locator(".side").nth(0).locator("svg .mark", has_text="only here, inside").count() > 0
    closed = root.locator('.side svg [aria-label^="Module Dropout"]').count()
    root.locator(".pick").first.focus()
    root.page.keyboard.press("f")
    said(root, "1 of ")
    lit = root.locator(".side").nth(0).locator("svg .selected.marked")
    lit.wait_for()
    comes_into_sight(root, 0, lit)
    assert root.locator(".side").nth(0).locator('svg [aria-label^="Module Dropout"]').count() >= closed
    assert root.locator(".pick").first.get_attribute("aria-pressed") == "true"
    root.get_by_role("button", name="Next (F)").click()
    said(root, "2 of ")
    root.page.keyboard.press("Shift+F")
    said(root, "1 of ")


def test_a_press_in_one_of_the_graphs_turns_to_the_next_difference(sigmoids):
    sigmoids.locator(".side").nth(1).locator("svg .op").first.focus()
    sigmoids.page.keyboard.press("f")
    said(sigmoids, "1 of 1 · exchanged")


def test_all_of_it_speaks_chinese(notebook):
    root = shown(notebook, 2)
    root.locator(".picks [data-action=language]").click()
    root.locator(".summary", has_text="两者都有").wait_for()
    for side in (0, 1):
        root.locator(".side").nth(side).get_by_role("button", name="前进一步").wait_for()
    root.locator("svg .mark", has_text="仅此处有").first.wait_for()
    assert "zh ['zh', 'zh']" in printed(notebook, 3)


def test_equal_graphs_say_so(notebook):
    root = shown(notebook, 4)
    assert "No difference found." in root.locator(".picks").inner_text()
    assert root.locator("svg .marked").count() == 0


def test_a_narrow_page_has_one_above_the_other(notebook, sigmoids):
    notebook.page.set_viewport_size({"width": 900, "height": 1300})
    upper, lower = (sigmoids.locator(".side").nth(side).bounding_box() for side in (0, 1))
    assert upper["y"] + upper["height"] <= lower["y"] + 1
    assert abs(upper["x"] - lower["x"]) < 2
    notebook.page.set_viewport_size({"width": 1500, "height": 1300})


def test_what_is_saved_is_one_picture(notebook, sigmoids):
    picture = notebook.cell(1).locator(".jp-RenderedSVG img")
    assert picture.is_hidden()
    words = notebook.page.evaluate("src => fetch(src).then(found => found.text())", picture.get_attribute("src"))
    assert "In both: 1. Only in composite: 5." in words


def test_nothing_failed(notebook):
    assert notebook.problems == []
