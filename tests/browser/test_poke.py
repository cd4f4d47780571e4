"""Numbers that are changed on screen, in a real JupyterLab in a real browser: what the page shows then, and what the kernel holds."""

import pytest

from .helpers import BUSY, RECORDING, STEP_S2, busy_kernel, node, printed, said, shown

SETUP = f"{RECORDING}\nfrom benchmarks.replay import chain"
KERNEL = """\
cards = {card.name: card for card in view.model.tensors.values()}
print("now:", cards["out"].value.rows[0][0], cards["x"].gradient.rows, "yours:", out.item(), y[0, 1].item())"""
LONG = "viz.show(chain(100))"
LARGE = "w = torch.ones(30, 20, requires_grad=True)\nviz.step((w * 2).sum())"
NOISY = """\
class Noisy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * torch.rand(3)

    @staticmethod
    def backward(ctx, g):
        return g

a = torch.ones(3, requires_grad=True)
b = a * 2
viz.step(Noisy.apply(b).sum())"""
FOLDED = "net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))\nviz.show(net, torch.ones(4, 2))"
CELLS = (SETUP, STEP_S2, KERNEL, BUSY, LONG, LARGE, NOISY, FOLDED)

pytestmark = pytest.mark.browser


@pytest.fixture
def widget(notebook):
    """The widget of S2, freshly run, with the details of y open."""
    root = shown(notebook, 1, "svg .tensor")
    node(root, "tensor y,").click()
    return root


def field(widget, name):
    """The field in the details for one element."""
    return widget.get_by_role("spinbutton", name=name, exact=True)


def type_in(widget, name, words):
    field(widget, name).click()
    field(widget, name).fill(words)
    field(widget, name).press("Enter")


def numbers(locator):
    """What stands in the cells of a card that are visible now."""
    return locator.evaluate("card => [...card.querySelectorAll('.known .cells text')].map(t => t.textContent)")


def test_a_number_that_is_typed_moves_everything_after_it(notebook, widget):
    type_in(widget, "y[0, 1], value", "5")
    said(widget, "y[0, 1] = 5: 3 values and 2 gradients changed")
    assert node(widget, "tensor out").get_attribute("aria-label") == "tensor out, scalar, output, value 39 · changed, gradient not computed"
    assert numbers(node(widget, "tensor z,")) == ["27", "75", "27", "27"]
    assert widget.locator(".sentence").inner_text() == "forward 4 of 4 · mean: z → out = 39"
    widget.get_by_role("button", name="Last step").click()
    widget.locator(".sentence", has_text="AccumulateGrad: x.grad +=").wait_for()
    assert widget.locator("svg .tensor.changed").count() == 5
    assert numbers(node(widget, "tensor x,")) == ["1", "1", "1", "1", "4.5", "7.5", "4.5", "4.5"]
    assert printed(notebook, 2) == "now: 39.0 ((4.5, 7.5), (4.5, 4.5)) yours: 27.0 3.0"


def test_what_changed_is_marked_by_a_word_and_the_focus_stays(widget):
    type_in(widget, "y[0, 1], value", "5")
    said(widget, "y[0, 1] = 5")
    assert field(widget, "y[0, 1], value").evaluate("input => input === document.activeElement")
    marked = widget.locator("svg .tensor.changed")
    assert marked.count() == 4  # what is known at this step: no gradients yet
    assert set(marked.locator(".changed-word").all_text_contents()) == {"changed"}
    assert widget.locator(".details h4").first.inner_text() == "value · changed"
    widget.get_by_role("button", name="Show as table").click()
    rows = {row.split("\t")[0].strip(): row.split("\t")[4:6] for row in widget.locator(".as-table tbody tr").all_inner_texts()}
    assert rows["y"][0] == "3 5 ; 3 3 · changed"
    assert rows["x"][0] == "1 1 ; 1 1"


def test_arrow_keys_go_in_small_steps(widget):
    one = field(widget, "y[0, 1], value")
    one.focus()
    one.press("ArrowUp")
    said(widget, "y[0, 1] = 3.1: 3 values and 2 gradients changed")
    assert one.input_value() == "3.1"
    one.press("ArrowDown")
    said(widget, "y[0, 1] = 3:")
    one.press("PageDown")
    said(widget, "y[0, 1] = 2:")
    assert widget.locator(".sentence").inner_text().startswith("forward 4 of 4")  # the keys were the field's


def test_a_drag_changes_it_too(widget):
    box = field(widget, "y[0, 0], value").bounding_box()
    mouse = widget.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=10)
    mouse.up()
    said(widget, "y[0, 0] = 3.5:")
    widget.page.wait_for_timeout(100)
    assert numbers(node(widget, "tensor y,"))[0] == "3.5"


def test_reset_takes_everything_back(notebook, widget):
    reset = widget.get_by_role("button", name="Reset")
    assert reset.count() == 0
    type_in(widget, "y[1, 1], value", "−2")
    said(widget, "y[1, 1] = −2")
    reset.click()
    said(widget, "everything as the program computed it: 4 values and 2 gradients changed")
    assert widget.locator("svg .changed-word").count() == 0
    assert field(widget, "y[1, 1], value").input_value() == "3"
    assert reset.get_attribute("aria-disabled") == "true"
    assert reset.evaluate("button => button === document.activeElement")
    assert printed(notebook, 2).startswith("now: 27.0 ((4.5, 4.5), (4.5, 4.5))")


def test_the_code_that_is_shown_does_the_same(notebook, widget):
    import lesson_lib as torch

    type_in(widget, "y[0, 1], value", "5")
    said(widget, "y[0, 1] = 5")
    widget.get_by_role("button", name="Copy the code").click()
    code = widget.locator(".pokes pre").inner_text()
    assert "y = x + 2" in code
    names = {"torch": torch}
    lines = STEP_S2.replace("y = x + 2", code).splitlines()
    exec("\n".join(line for line in lines if not line.startswith("view")), names)
    names["out"].backward()
    assert names["out"].item() == 39
    assert names["x"].grad.tolist() == [[4.5, 7.5], [4.5, 4.5]]
    type_in(widget, "y[0, 1], value", "6")
    widget.locator(".pokes pre", has_text="y[0, 1] = 6.0").wait_for()


def test_a_wrong_entry_is_refused_beside_the_field(notebook, widget):
    type_in(widget, "y[0, 1], value", "five")
    problem = widget.locator(".details tr", has=widget.page.get_by_role("spinbutton", name="y[0, 1], value")).get_by_role("alert")
    assert problem.inner_text() == "'five' is not a number."
    assert field(widget, "y[0, 1], value").get_attribute("aria-invalid") == "true"
    assert widget.locator("svg .changed-word").count() == 0
    assert printed(notebook, 2).startswith("now: 27.0")
    field(widget, "y[0, 1], value").press("Escape")
    assert problem.count() == 0
    assert field(widget, "y[0, 1], value").input_value() == "3"
    field(widget, "y[0, 1], value").press("Escape")
    assert widget.locator(".details").is_hidden()


def test_a_kernel_that_does_not_answer_is_told_of(notebook, widget):
    with busy_kernel(notebook, 3):
        type_in(widget, "y[0, 1], value", "5")
        widget.get_by_role("alert").filter(has_text="The kernel does not answer").wait_for(timeout=9000)
    widget.locator(".said", has_text="y[0, 1] = 5").wait_for(state="attached", timeout=10_000)  # it was only busy
    assert widget.get_by_role("alert").count() == 0


def test_a_hundred_operations_follow_at_once(notebook):
    widget = shown(notebook, 4, "svg .op .frame")
    node(widget, "tensor leaf,").dispatch_event("click")
    one = field(widget, "leaf[0, 0], value")
    one.wait_for()
    took = one.evaluate("""async (input) => {
        const times = [];
        for (let i = 0; i < 5; i++) {
            const here = () => document.querySelector('[data-at="t0 0,0"]');
            const before = here().value, start = performance.now();
            here().dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
            while (here()?.value === before || !here()) await new Promise(requestAnimationFrame);
            times.push(performance.now() - start);
        }
        return times;
    }""")
    print("times", took)
    assert min(took) < 200
    assert widget.locator("svg .op.changed .changed-word").count() > 5


def test_numbers_of_a_large_tensor_change_where_they_are(notebook):
    widget = shown(notebook, 5)
    node(widget, "tensor w,").click()
    type_in(widget, "w[3, 2], value", "7")
    said(widget, "w[3, 2] = 7: 2 values changed")
    assert field(widget, "w[3, 2], value").input_value() == "7"
    assert field(widget, "w[3, 2], value").evaluate("input => input === document.activeElement")
    assert widget.locator(".details td .number").count() == 24 * 16


def test_what_cannot_be_followed_says_why(notebook):
    widget = shown(notebook, 6)
    node(widget, "tensor b,").click()
    type_in(widget, "b[1], value", "5")
    said(widget, "b[1] = 5: ")
    assert widget.locator(".pokes .why").inner_text() == "Its forward draws random numbers, which would be others this time."
    noisy = node(widget, "tensor Noisy")
    assert "value not followed" in noisy.get_attribute("aria-label")
    noisy.click()
    assert "not followed: Its forward draws random numbers" in widget.locator(".details").inner_text()
    assert widget.get_by_role("slider").get_attribute("max") == "3"  # no way back
    widget.get_by_role("button", name="Reset").click()
    said(widget, "everything as the program computed it")
    assert int(widget.get_by_role("slider").get_attribute("max")) > 3


def test_it_works_in_a_graph_of_modules(notebook):
    widget = shown(notebook, 7, "svg .box, svg .op")
    widget.locator('svg .tensor[aria-label*="leaf"]').first.dispatch_event("click")
    one = widget.get_by_role("spinbutton").first
    one.wait_for()
    one.fill("2.5")
    one.press("Enter")
    said(widget, "= 2.5: ")
    assert widget.locator("svg .changed-word").count() > 0
    widget.locator("svg [aria-expanded=true]").first.dispatch_event("click")
    said(widget, "closed")
    assert widget.locator(".pokes .words").inner_text().count("= 2.5")
    widget.get_by_role("button", name="Reset").click()
    said(widget, "everything as the program computed it")


def test_nothing_failed(notebook):
    assert notebook.problems == []
    assert notebook.hosts() == {"127.0.0.1"}
