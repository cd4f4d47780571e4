"""Trouble in a graph, in a real JupyterLab in a real browser: each kind with its sentence, on a card or on the closed module that hides it."""

import pytest

from .helpers import printed, said, shown, wait_until

SETUP = """\
import lesson_lib as torch
from lesson_lib import nn, viz
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(32, 32), nn.Sigmoid())])
        self.head = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
        self.spare = nn.Linear(3, 3, bias=False)

    def forward(self, x):
        return self.head(self.body(x))

net = Net()
with torch.no_grad():
    net.head[0].bias[:9] = -100
x, target = torch.randn(16, 32), torch.randn(16)"""
LARGE = """\
with viz.record():
    loss = ((net(x) - target) ** 2).mean()
found = viz.trouble(loss, model=net)
found"""
SMALL = """\
w, zeros = torch.ones(2, 2, requires_grad=True), torch.zeros(2, 2)
with viz.record():
    cut = (w * 3).detach()
    loss = ((w / zeros) + (w - 2).log() * cut).sum()
viz.trouble(loss)"""
GROWS = """\
steep = nn.Sequential(*[nn.Linear(32, 32, bias=False) for _ in range(10)])
with torch.no_grad():
    for p in steep.parameters():
        p.mul_(8)
with viz.record():
    loss = steep(x).pow(2).mean()
viz.trouble(loss, model=steep)"""
KERNEL = "print(sorted(found.full.groups[key].title for key in found.opened))"
SOUND = "viz.trouble((torch.ones(3, requires_grad=True) * 2).sum())"
CELLS = (SETUP, LARGE, SMALL, GROWS, KERNEL, SOUND)
SIZE = (1300, 1400)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    """The net, freshly shown: its two halves are closed."""
    return shown(notebook, 1, "svg .op")


def pick(widget, words):
    return widget.locator(".pick", has_text=words)


def seen(widget, node):
    """True if a node is in the frame of the drawing."""
    box, frame = node.bounding_box(), widget.locator(".canvas").bounding_box()
    return all(frame[at] <= box[at] + 1 and box[at] + box[size] <= frame[at] + frame[size] + 1 for at, size in (("x", "width"), ("y", "height")))


def marked(widget):
    """The accessible names of what is marked -> the words of the mark."""
    return {node.get_attribute("aria-label").split(",")[0]: node.get_attribute("aria-description") for node in widget.locator("svg .marked").all()}


def test_every_kind_has_its_word_and_sentence(notebook, widget):
    kinds = {}
    for number in (1, 2, 3):
        root = widget if number == 1 else shown(notebook, number, "svg .op")
        for item in root.locator(".pick").all():
            kinds[item.locator("b").inner_text()] = kinds.get(item.locator("b").inner_text(), "") + item.inner_text()
        assert root.locator(".pick .icon").count() == root.locator(".pick").count()
    assert set(kinds) == {"NaN", "infinite", "vanishing", "exploding", "dead", "unused", "broadcast", "cut off"}
    for word, sentence in {
        "NaN": "log made 4 of 4 numbers NaN, out of inputs that had none.",
        "infinite": "made 4 of 4 numbers infinite, out of inputs that were finite.",
        "vanishing": "operations the gradient shrinks to",
        "exploding": "operations the gradient grows to",
        "dead": "units of relu are 0 for all 16 examples, so no gradient passes them.",
        "unused": "spare.weight (9 numbers) is not in this graph: no gradient reaches it. (not in the graph)",
        "broadcast": "(16×1) and target (16) were stretched to 16×16 on the way to one number.",
        "cut off": "cut was detached (detach() or .data): no gradient reaches what it was computed from.",
    }.items():
        assert sentence in kinds[word]
        assert "Try: " in kinds[word]


def test_a_card_is_marked_with_a_sign_and_a_word(notebook):
    root = shown(notebook, 2, "svg .op")
    marks = marked(root)
    assert marks["operation log"] == "NaN"
    assert marks["operation true_div"] == "infinite"
    assert marks["tensor cut"] == "cut off"
    assert {"!NaN", "!infinite", "!cut off"} <= set(root.locator("svg .mark").all_text_contents())
    frame = root.locator("svg .marked .frame").first
    assert frame.evaluate("f => getComputedStyle(f).fill") == "rgb(255, 240, 201)"


def test_a_closed_module_carries_the_marks_of_what_is_in_it(widget):
    marks = marked(widget)
    boxes = {name: word for name, word in marks.items() if name.startswith("Module")}
    assert boxes == {"Module Sequential": "1 finding inside"}
    assert widget.locator("svg .box.marked").count() == 2
    assert widget.locator("svg .mark", has_text="1 finding inside").count() == 2


def test_choosing_a_finding_opens_the_modules_on_the_way(notebook, widget):
    assert widget.locator('svg [aria-label="operation relu"]').count() == 0
    pick(widget, "units of relu").click()
    relu = widget.locator('svg .marked[aria-label="operation relu"]')
    relu.wait_for()
    said(widget, "2 of 4 · dead: 12 of 16 units of relu are 0 for all 16 examples, so no gradient passes them.")
    wait_until(widget.page, lambda: seen(widget, relu))
    assert "selected" in relu.get_attribute("class")
    widget.locator(".details h3", has_text="relu").wait_for()
    assert pick(widget, "units of relu").get_attribute("aria-pressed") == "true"
    assert pick(widget, "units of relu").evaluate("button => button === document.activeElement")
    assert widget.locator('svg [aria-label^="Module Sequential, closed"]').count() == 1  # the other half
    assert "'ReLU 1', 'Sequential'" in printed(notebook, 4)


def test_the_keyboard_goes_through_the_findings(widget):
    widget.locator("svg .op").first.focus()
    widget.page.keyboard.press("f")
    said(widget, "1 of 4 · vanishing: ")
    weight = widget.locator('svg .marked[aria-label^="tensor body.0.weight"]')
    weight.wait_for()
    wait_until(widget.page, lambda: seen(widget, weight))
    widget.locator(".pick").first.focus()
    widget.page.keyboard.press("f")
    said(widget, "2 of 4 · dead: ")
    widget.locator('svg .marked[aria-label="operation relu"]').wait_for()
    widget.page.keyboard.press("f")
    said(widget, "3 of 4 · broadcast: ")
    wait_until(widget.page, lambda: seen(widget, widget.locator('svg .selected[aria-label="operation sub"]')))
    widget.page.keyboard.press("Shift+F")
    said(widget, "2 of 4 · dead: ")
    pick(widget, "spare.weight").focus()
    widget.page.keyboard.press("Enter")
    said(widget, "4 of 4 · unused: spare.weight (9 numbers) is not in this graph: no gradient reaches it.")
    widget.get_by_role("button", name="Next (F)").click()
    said(widget, "1 of 4 · vanishing: ")  # after the last comes the first


def test_the_table_has_the_words_too(widget):
    widget.get_by_role("button", name="Show as table").click()
    assert widget.locator(".as-table th", has_text="! broadcast").count() == 1
    assert widget.locator(".as-table tr.module th", has_text="! 1 finding inside").count() == 2


def test_it_speaks_chinese(widget):
    widget.locator("[data-action=language]").click()
    widget.locator(".pick b", has_text="梯度消失").wait_for()
    assert widget.locator(".picks .words").inner_text() == "4 个问题"
    widget.locator("svg .mark", has_text="内有 1 个问题").first.wait_for()
    pick(widget, "失活").click()
    said(widget, "第 2 个，共 4 个 · 失活：")


def test_a_sound_graph_says_so(notebook):
    root = shown(notebook, 5, "svg .op")
    assert root.locator(".picks").inner_text() == "No trouble found."
    assert root.locator("svg .marked").count() == 0


def test_what_is_saved_is_a_picture_with_the_sentences(notebook, widget):
    picture = notebook.cell(1).locator(".jp-RenderedSVG img")
    assert picture.count() == 1
    assert picture.is_hidden()  # the widget stands there
    words = notebook.page.evaluate("src => fetch(src).then(found => found.text())", picture.get_attribute("src"))
    assert "1 finding inside" in words
    assert "units of relu are 0 for all 16 examples" in words


def test_nothing_failed(notebook):
    assert notebook.problems == []
