"""A film to leaf through, in a real JupyterLab in a real browser: what the page shows, and what the kernel hears of it."""

import re

import pytest

from scripts.example_cells import switching

from .helpers import press, printed, shown

SETUP = """\
import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz import film as recording
made = []
class Kept(recording.FilmView):
    def __init__(self, *args):
        super().__init__(*args)
        self.sent = []
        made.append(self)
    def _show(self, message):
        self.sent.append(message["number"])
        super()._show(message)
recording.FilmView = Kept"""
S10 = switching("if turn == 12:", "    loss = loss + (w2 * w2).sum()")
KERNEL = 'print("kernel:", made[-1].position, made[-1].sent, made[-1].language, made[-1].selected or "-")'
TREE = """\
class Tree(nn.Module):
    def __init__(self):
        super().__init__()
        self.word, self.pair = nn.Linear(1, 2), nn.Linear(4, 2)
    def forward(self, tree):
        if isinstance(tree, tuple):
            return torch.tanh(self.pair(torch.cat([self(part) for part in tree])))
        return self.word(torch.tensor([float(tree)]))
net = Tree()
with viz.watch(keep=3) as trees:
    for tree in ((1, 2), (3, (1, 2)), (((1, 2), (1, 2)), (3, (4, (5, 6)))), (5, 6), 7):
        net.zero_grad()
        net(tree).sum().backward()
trees"""
LONG = """\
w = torch.tensor([4.0, 2.0], requires_grad=True)
with viz.watch() as long:
    for turn in range(2):
        (w * w if turn == 0 else w * w * 1.5).sum().backward()
one, two = long.structures
long.frames.clear()
for number in range(10_000):
    structure = two if number % 700 == 699 else one
    size = float("nan") if number == 5001 else 0.999**number
    long.frames.append(recording.Frame(number, size, size, structure, number % 700 in (699, 0) and number > 0))
long"""
CELLS = (SETUP, S10, KERNEL, TREE, LONG)
SIZE = (1300, 1100)

pytestmark = pytest.mark.browser


def first_frame(root, count):
    """The film, at its first frame."""
    root.locator(".time-line svg").focus()
    press(root, "Escape", "Home")
    reached(root, 0, count)
    return root


def run(notebook, cell):
    """The film of a cell."""
    return shown(notebook, cell, "svg .op", root=".lesson-graph.film")


@pytest.fixture(scope="module")
def s10(notebook):
    return run(notebook, 1)


@pytest.fixture(scope="module")
def recursive(notebook, s10):
    return run(notebook, 3)


@pytest.fixture
def film(s10):
    return first_frame(s10, 20)


@pytest.fixture
def trees(recursive):
    return first_frame(recursive, 5)


def reached(film, number, count=20):
    """Wait until the page tells about this frame; its sentence."""
    film.locator(".sentence", has_text=re.compile(rf"^frame {number} of {count} · ")).wait_for(timeout=5000)
    assert film.locator(".counter").inner_text() == f"{number} / {count - 1}"
    assert film.locator(".time-line svg").get_attribute("aria-valuenow") == str(number)
    return film.locator(".sentence").inner_text()


def kernel(notebook):
    """Position, numbers of the graphs that were sent, language and selection, as the kernel has them."""
    return printed(notebook, 2).removeprefix("kernel: ")


def appeared(film):
    """{accessible name: word} of what is marked in the drawing."""
    return {
        mark.evaluate("mark => mark.parentNode.getAttribute('aria-label')").split(",")[0]: mark.text_content()
        for mark in film.locator("svg g.appeared").all()
    }


def test_it_takes_the_place_of_the_picture_and_begins_at_the_first_frame(notebook, film):
    assert film.page.locator(".jp-OutputArea-output img[src^='data:image/svg+xml']").first.is_hidden()
    assert reached(film, 0).endswith(" · 6 ops")
    assert film.locator(".note, .reason").last.inner_text() == "Shapes, values and gradients are those of frame 0, the first with this graph."
    assert film.locator('svg [aria-label^="tensor w2b"]').count() == 1
    assert film.locator('svg [aria-label^="tensor w2a"]').count() == 0
    assert kernel(notebook).startswith("0 [0] en")  # only the graph that is looked at was asked for


def test_buttons_lead_through_the_frames(notebook, film):
    film.get_by_role("button", name="Next frame").click()
    words = reached(film, 1)
    assert words.endswith(" · appeared: w2a · vanished: w2b")
    assert re.search(r" · loss [\d.]+ · gradient norm [\d.]+ · ", words)
    assert appeared(film) == {"tensor w2a": "+ appeared"}
    assert film.locator("svg g.appeared rect").evaluate("rect => getComputedStyle(rect).strokeDasharray") != "none"  # a shape besides the colour
    assert film.locator('svg [aria-label^="tensor w2a"]').get_attribute("aria-label").endswith(", appeared")
    assert film.locator(".gone").inner_text().split() == ["−", "vanished", "w2b"]
    film.get_by_role("button", name="Next frame").click()
    assert reached(film, 2).endswith(" · as before")
    assert appeared(film) == {}
    assert film.locator(".gone").is_hidden()
    film.get_by_role("button", name="Last frame").click()
    reached(film, 19)
    film.get_by_role("button", name="First frame").click()
    reached(film, 0)
    assert kernel(notebook).startswith("0 [0, 1] en")  # each of the two graphs was sent once


def test_keys_lead_through_the_frames(notebook, film):
    film.locator(".time-line svg").focus()
    press(film, "ArrowRight", "ArrowRight", "ArrowRight")
    reached(film, 3)
    press(film, "ArrowLeft")
    reached(film, 2)
    press(film, "End")
    reached(film, 19)
    press(film, "PageUp")
    reached(film, 17)
    press(film, "Home")
    reached(film, 0)
    press(film, "n")
    reached(film, 1)
    press(film, "n")
    assert "mul (line 10 of the cell)" in reached(film, 12)
    assert appeared(film) == {"operation mul w2a·w2a": "+ appeared", "operation sum": "+ appeared", "operation add": "+ appeared"}
    press(film, "b")
    reached(film, 1)
    assert kernel(notebook).startswith("1 ")


def test_jumps_to_changes_by_button_and_none_where_there_is_none(film):
    before, after = (film.get_by_role("button", name=f"{which} change of the graph") for which in ("Previous", "Next"))
    assert before.get_attribute("aria-disabled") == "true"
    assert after.get_attribute("aria-disabled") == "false"
    for number in (1, 12, 13, 14):
        after.click()
        reached(film, number)
    assert after.get_attribute("aria-disabled") == "true"
    after.dispatch_event("click")
    film.page.wait_for_timeout(300)
    reached(film, 14)


def test_the_slider_leads_to_a_frame(notebook, film):
    film.locator('input[type="range"]').fill("7")
    words = reached(film, 7)
    assert film.locator('input[type="range"]').get_attribute("aria-valuetext") == words
    assert kernel(notebook).startswith("7 ")


def test_the_time_line_shows_the_run_and_leads_to_a_frame(notebook, film):
    line = film.locator(".time-line svg")
    assert line.locator(".curve").count() == 2
    assert line.locator(".turn").count() == 4
    assert line.locator(".legend").text_content() == "▲ graph changed"
    first, last = (line.locator(f"text.range >> text={number}").last.bounding_box() for number in ("0", "19"))
    left, right = (box["x"] + box["width"] / 2 for box in (first, last))
    box = line.bounding_box()
    film.page.mouse.click(left + (right - left) * 12 / 19, box["y"] + 30)
    words = reached(film, 12)
    readout = line.locator(".now").all_text_contents()
    assert f"loss {readout[0]} · gradient norm {readout[1]} · " in words
    assert line.get_attribute("aria-valuetext") == words
    film.page.mouse.move(left + (right - left) * 12 / 19, box["y"] + 30)
    film.page.mouse.down()
    film.page.mouse.move(left + (right - left) * 5 / 19, box["y"] + 30, steps=5)
    film.page.mouse.up()
    reached(film, 5)
    press(film, "ArrowRight")  # the keyboard is on it
    reached(film, 6)
    assert kernel(notebook).startswith("6 ")


def test_it_plays_and_pauses(film):
    film.get_by_role("button", name="Play").click()
    reached(film, 2)
    film.get_by_role("button", name="Pause").click()
    number = int(film.locator(".counter").inner_text().split(" ")[0])
    film.page.wait_for_timeout(1200)
    reached(film, number)


def test_the_live_region_says_each_frame(film):
    said = film.locator(".sentence")
    assert said.get_attribute("aria-live") == "polite"
    film.get_by_role("button", name="Next change").click()
    reached(film, 1)
    assert said.inner_text().split(" · ")[3:] == ["appeared: w2a", "vanished: w2b"]


def test_the_table_has_the_same(film):
    film.get_by_role("button", name="Next change").click()
    press(film, "t")
    rows = film.locator(".frames tbody tr")
    now = film.locator('.frames tr[aria-current="step"]')
    now.wait_for()
    words = reached(film, 1).split(" · ")
    assert now.inner_text().split("\t") == ["1", words[1].removeprefix("loss "), words[2].removeprefix("gradient norm "), "; ".join(words[3:])]
    assert rows.last.inner_text().startswith("19")
    (marked,) = film.locator(".as-table tr:has(.appeared)").all()
    assert marked.locator("th").inner_text().split() == ["w2a", "+", "appeared"]
    rows.get_by_role("button", name="19", exact=True).click()
    reached(film, 19)
    film.locator('.frames tr[aria-current="step"] >> text="19"').wait_for()
    assert film.locator(".as-table .appeared").count() == 0
    press(film, "t")
    assert film.locator(".frames").is_hidden()


def test_it_switches_to_chinese_and_back(notebook, film):
    film.get_by_role("button", name="Next change").click()
    reached(film, 1)
    press(film, "l")
    film.locator(".sentence", has_text="第 1 帧，共 20 帧 · 损失").wait_for(timeout=5000)
    assert "新出现：w2a · 已消失：w2b" in film.locator(".sentence").inner_text()
    assert set(appeared(film).values()) == {"+ 新出现"}
    assert film.get_by_role("button", name="图的下一次变化").count() == 1
    assert film.locator(".legend").text_content() == "▲ 图变了"
    assert kernel(notebook).split("]")[1].split()[0] == "zh"
    film.get_by_role("button", name="English").click()
    reached(film, 1)


def test_a_node_shows_its_details_and_its_numbers_cannot_be_changed(notebook, film):
    film.locator('svg [aria-label^="operation relu"]').click()
    details = film.locator(".details")
    assert "((x @ w1).relu() @ w2 - y)" in details.inner_text()
    film.locator('svg [aria-label^="tensor w1"]').click()
    assert details.locator("table.cells").count() >= 2
    assert details.locator("input").count() == 0
    assert re.search(r" t\d+$", kernel(notebook))
    film.get_by_role("button", name="Next change").click()
    reached(film, 1)
    assert details.is_hidden()
    assert kernel(notebook).endswith("-")


def test_the_film_follows_the_kernel(notebook, film):
    notebook.cell(2).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.type("made[-1].position = 13; " + KERNEL)
    notebook.run(2)
    reached(film, 13)


# --- a recursive net ------------------------------------------------------------------------------------------------


def test_a_recursive_net_grows_and_shrinks(trees):
    trees.locator(".time-line svg").focus()
    press(trees, "ArrowRight")
    words = reached(trees, 1, 5)
    assert "appeared: " in words
    assert "tanh (line 7 of the cell)" in words
    assert "vanished" not in words
    marked = appeared(trees)
    assert any(name.startswith("operation cat") for name in marked)
    assert 2 <= len(marked) < trees.locator("svg :is(.op, .box)").count()
    press(trees, "ArrowRight")
    reached(trees, 2, 5)
    parts = [words for words in appeared(trees).values() if re.fullmatch(r"\+ \d+ of \d+ appeared", words)]
    assert parts  # closed modules say how much of them is new
    press(trees, "ArrowRight")
    assert "vanished: " in reached(trees, 3, 5)
    assert trees.locator(".gone li").count() >= 2
    assert appeared(trees) == {}


def test_a_module_opens_and_its_marks_go_along(trees):
    trees.locator(".time-line svg").focus()
    press(trees, "ArrowRight", "ArrowRight")
    reached(trees, 2, 5)
    box = trees.locator('svg [aria-expanded="false"]:has(g.appeared)').first
    before = trees.locator("svg :is(.op, .box)").count()
    box.focus()
    press(trees, "Enter")
    trees.page.wait_for_function("([root, count]) => root.querySelectorAll('svg .op, svg .box').length > count", arg=[trees.element_handle(), before])
    trees.locator('svg [aria-expanded="true"]:focus').wait_for()
    assert appeared(trees)


def test_a_graph_that_is_not_kept_is_told_in_words(trees):
    trees.locator(".time-line svg").focus()
    press(trees, "End")
    assert "vanished: " in reached(trees, 4, 5)
    assert "keeps the values of the first 3 different ones" in trees.locator(".reason").inner_text()
    assert trees.locator(".stage svg").count() == 0
    press(trees, "Home")
    reached(trees, 0, 5)
    trees.locator(".stage svg .op").first.wait_for()


# --- a long run -----------------------------------------------------------------------------------------------------


def test_ten_thousand_frames_are_drawn_thinned_and_dragged_through(notebook):
    film = run(notebook, 4)
    reached(film, 0, 10_000)
    line = film.locator(".time-line svg")
    assert line.locator(".curve").first.evaluate("path => path.getAttribute('d').length") < 40_000
    assert line.locator("*").count() < 100
    assert line.locator(".wild").count() == 2  # NaN, in both curves
    assert line.locator(".curve").first.evaluate("path => path.getAttribute('d').match(/M/g).length") == 2  # a gap between two pieces
    assert "log" in line.locator(".range").first.text_content()
    slider = film.locator('input[type="range"]')
    took = slider.evaluate(
        "slider => { const start = performance.now();"
        " for (let i = 0; i < 500; i++) { slider.value = i * 20; slider.dispatchEvent(new Event('input')); } return (performance.now() - start) / 500 }"
    )
    assert took < 20, "milliseconds for each of 500 positions"
    reached(film, 9980, 10_000)
    film.get_by_role("button", name="Previous change").click()
    assert "vanished: mul" in reached(film, 9800, 10_000)
    # A press beside a sign of change means the change.
    sign = line.locator(".turn").first.bounding_box()
    film.page.mouse.click(sign["x"] + sign["width"] / 2 + 2, sign["y"] - 10)
    assert "appeared: mul" in reached(film, 699, 10_000)


def test_nothing_failed(notebook):
    assert notebook.problems == []
    assert notebook.hosts() == {"127.0.0.1"}
