"""The widget for everyone, in a real JupyterLab in a real browser: axe finds nothing, the keyboard does everything, and a live region tells what happened."""

import pytest

from scripts.build_widget import SOURCES, missing

from .helpers import GPT, STEP_S2, node, press, printed, said, sentence, shown

SETUP = f"{GPT}\ntape = viz.record()"
MODEL = """\
loss = nn.functional.cross_entropy(gpt(ids).view(-1, 65), ids.view(-1))
shown = viz.show(loss).widget()
shown"""
KERNEL = 'print("kernel:", view.position, view.model.tensors["t1"].value.rows, view.language, len(shown.graph.opened))'

# Violations, and what axe could not decide, but the contrast of what it cannot see through (tests/test_viz_contrast.py measures that) and names of
# one sign ("?"). A card's name says the numbers on it in words of its own (four equal ones once), so its text is no label that the name must repeat.
AUDIT = """async (root) => {
    const { violations, incomplete } = await axe.run(root);
    const isCard = (id, { html }) => id === 'label-content-name-mismatch' && html.startsWith('<g ');
    const told = (rules) => rules.flatMap(({ id, nodes }) => nodes.filter((node) => !isCard(id, node)).map(({ html, any, all, none }) =>
        `${id}: ${html.slice(0, 150)} ${[...any, ...all, ...none].map(({ message }) => message)}`));
    return told([...violations, ...incomplete.filter(({ id }) => !['color-contrast', 'label-content-name-mismatch'].includes(id))]);
}"""
LISTEN = "root => { root.moved = 0; for (const kind of ['transitionrun', 'animationstart']) root.addEventListener(kind, () => (root.moved += 1)) }"
MOVED = "root => root.moved"
PLACE = "root => root.querySelector('svg > g').getAttribute('transform')"
CELLS = (SETUP, STEP_S2, MODEL, KERNEL)
SIZE = (1300, 1100)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(missing() is not None, reason=f"{missing()}")]


@pytest.fixture(scope="module")
def notebook(notebook):
    notebook.page.add_style_tag(content="html, body { height: 100% }")  # JupyterLab's body has no height, and axe then takes all in it for hidden
    notebook.page.set_default_timeout(10_000)
    notebook.page.evaluate((SOURCES / "node_modules" / "axe-core" / "axe.min.js").read_text())
    return notebook


@pytest.fixture
def widget(notebook):
    return shown(notebook, 1, "svg .tensor")


@pytest.fixture
def folded(notebook):
    return shown(notebook, 2, "svg .box")


def reach(widget, selector, most=40):
    """Go with Tab until the focus is on an element that matches; every stop on the way must show that it has the focus."""
    for _ in range(most):
        press(widget, "Tab")
        found, visible = widget.page.evaluate(
            """async selector => {
                await Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)));
                const element = document.activeElement;
                const frame = element.querySelector?.('.frame');
                const style = getComputedStyle(element);
                return [element.matches(selector), (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
                    (frame && parseFloat(getComputedStyle(frame).strokeWidth) >= 3)];
            }""",
            selector,
        )
        assert visible, widget.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if found:
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def focused(widget):
    return widget.page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")


# --- axe --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing(notebook, widget, folded, theme):
    notebook.theme(theme)
    seen = {"fresh": widget.evaluate(AUDIT), "folded": folded.evaluate(AUDIT)}
    press(folded, "?")
    node(folded, "operation cross_entropy").dispatch_event("click")
    folded.get_by_role("button", name="Keys").click()
    seen["details and keys"] = folded.evaluate(AUDIT)
    node(widget, "tensor y,").click()
    field = widget.get_by_role("spinbutton").first
    field.fill("much")
    field.press("Enter")
    widget.get_by_role("alert").wait_for()
    seen["refused"] = widget.evaluate(AUDIT)
    field.fill("5")
    field.press("Enter")
    said(widget, "y[0, 0] = 5")
    widget.get_by_role("button", name="Copy the code").click()
    widget.get_by_role("button", name="Last step").click()
    seen["changed"] = widget.evaluate(AUDIT)
    for root in (widget, folded):
        root.get_by_role("button", name="Show as table").click()
    seen["tables"] = [*widget.evaluate(AUDIT), *folded.evaluate(AUDIT)]
    folded.get_by_role("button", name="Show in 中文").click()
    folded.get_by_role("button", name="显示").first.wait_for()
    seen["Chinese"] = folded.evaluate(AUDIT)
    problems = [f"{state} · {line}" for state, found in seen.items() for line in found]
    assert not problems, "\n".join(problems)


def test_axe_would_find_something(widget):
    widget.evaluate("root => (root.querySelector('.sentence').style.cssText = 'color: #888; background: #999')")
    widget.evaluate("root => ['aria-label', 'title'].forEach(name => root.querySelector('[data-action=fit]').removeAttribute(name))")
    found = {line.partition(":")[0] for line in widget.evaluate(AUDIT)}
    assert {"color-contrast", "button-name"} <= found


# --- the keyboard -----------------------------------------------------------------------------------------------------


def test_steps_zoom_and_table_by_keys_alone(notebook, widget):
    notebook.cell(1).locator(".cm-content").click()
    press(widget, "Escape")  # from the editor to the cell
    widget.locator('[data-action="first"]').focus()
    press(widget, "Home")
    assert sentence(widget).startswith("start")
    press(widget, "ArrowRight", "ArrowRight")
    assert sentence(widget).startswith("forward 2 of 4")
    press(widget, "ArrowLeft")
    assert sentence(widget).startswith("forward 1 of 4")
    press(widget, "End")
    assert sentence(widget).startswith("backward 5 of 5")
    press(widget, "Home", "p")
    widget.get_by_text("forward 1 of 4").wait_for(timeout=4000)
    press(widget, "p")
    assert widget.get_by_role("button", name="Play").count() == 1
    reach(widget, "input[type=range]")
    press(widget, "ArrowRight")
    whole = widget.evaluate(PLACE)
    press(widget, "+")
    widget.page.wait_for_timeout(350)
    larger = widget.evaluate(PLACE)
    assert larger != whole
    press(widget, "Shift+ArrowRight", "Shift+ArrowDown")
    panned = widget.evaluate(PLACE)
    assert panned != larger
    press(widget, "Shift+ArrowLeft", "Shift+ArrowUp", "-")
    widget.page.wait_for_timeout(350)
    assert widget.evaluate(PLACE) != larger
    press(widget, "0")
    widget.page.wait_for_timeout(350)
    assert widget.evaluate(PLACE) == whole
    press(widget, "t")
    assert widget.locator(".as-table table").is_visible()
    reach(widget, ".as-table .link")
    assert focused(widget) == "x"
    press(widget, "Enter")
    assert widget.locator(".details h3").inner_text() == "x leaf"
    assert widget.locator('.as-table [aria-pressed="true"]').all_inner_texts() == ["x"]
    press(widget, "Escape", "t")
    assert widget.locator("svg .tensor").first.is_visible()


def test_a_number_is_changed_and_its_code_copied_by_keys_alone(notebook, widget):
    widget.locator('[data-action="first"]').focus()
    reach(widget, "svg .tensor")
    press(widget, "ArrowDown", "ArrowDown", "Enter")
    assert widget.locator(".details h3").inner_text() == "y intermediate"
    reach(widget, "[aria-label='y[0, 1], value']")
    press(widget, "Control+a", "5", "Enter")
    said(widget, "y[0, 1] = 5")
    press(widget, "ArrowUp")
    said(widget, "y[0, 1] = 5.1")
    reach(widget, '[data-action="copy code"]')
    press(widget, "Enter")
    said(widget, "The code is")
    assert "y[0, 1] = 5.1" in widget.locator(".pokes pre").inner_text()
    press(widget, "Shift+Tab")
    assert focused(widget) == "Reset"
    press(widget, "Space")
    said(widget, "everything as the program computed it")
    reach(widget, ".pokes pre") if widget.locator(".pokes pre").is_visible() else None
    press(widget, "Escape")
    assert widget.locator(".details").is_hidden()


def test_modules_open_and_close_by_keys_alone(notebook, folded):
    folded.locator('[data-action="first"]').focus()
    reach(folded, "svg [role=button]")
    for _ in range(30):
        if focused(folded).startswith("Module MLP, closed"):
            break
        press(folded, "ArrowDown")
    press(folded, "Space")
    assert folded.locator(".details h3").inner_text() == "MLP Module"
    press(folded, "Escape", "Enter")
    said(folded, "opened MLP, 9 operations")
    assert focused(folded).startswith("Module MLP, open")
    press(folded, "ArrowDown", "ArrowUp", "Enter")
    said(folded, "closed MLP, 9 operations")
    press(folded, "l")
    folded.locator(".said:lang(zh)").wait_for(state="attached")
    folded.get_by_role("button", name="适应整个图").wait_for()
    folded.locator('svg [aria-label^="模块 MLP"]:focus').wait_for()  # still on the module
    press(folded, "l")
    folded.get_by_role("button", name="Fit the whole graph").wait_for()
    assert printed(notebook, 3).endswith("en 2")


def test_the_keys_are_listed_in_both_languages(widget):
    widget.locator('[data-action="first"]').focus()
    help_, button = widget.locator(".keys"), widget.locator('[data-action="keys"]')
    assert help_.is_hidden()
    press(widget, "?")
    assert help_.is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    assert {"Home", "Enter", "Esc", "PageUp", "T", "L", "P", "O"} <= set(help_.locator("kbd").all_inner_texts())
    assert "play or pause" in help_.inner_text()
    press(widget, "l")
    widget.locator(".keys", has_text="播放或暂停").wait_for()
    press(widget, "l", "Escape")
    widget.locator(".keys").wait_for(state="hidden")
    reach(widget, '[data-action="keys"]')
    press(widget, "Enter")
    assert help_.is_visible()
    press(widget, "Enter")
    assert help_.is_hidden()


# --- what is said, and what moves -------------------------------------------------------------------------------------


def test_a_live_region_says_each_step(widget):
    widget.locator('[data-action="first"]').focus()
    live = widget.locator(".sentence")
    assert live.get_attribute("aria-live") == "polite"
    assert live.get_attribute("aria-atomic") == "true"
    heard = widget.evaluate_handle(
        "root => { const heard = []; new MutationObserver(() => heard.push(root.querySelector('.sentence').textContent))"
        ".observe(root.querySelector('.sentence'), { childList: true, characterData: true, subtree: true }); return heard }"
    )
    press(widget, "Home", "ArrowRight", "End")
    words = heard.json_value()
    assert [line.partition(" · ")[0] for line in words] == ["start", "forward 1 of 4", "backward 5 of 5"]
    assert widget.get_by_role("slider").get_attribute("aria-valuetext") == words[-1]
    assert widget.locator(".said").get_attribute("role") == "status"
    assert widget.locator(".counter").get_attribute("aria-live") == "off"  # or each step would be told twice
    assert widget.locator(".said").get_attribute("aria-live") == "polite"


def test_nothing_moves_for_those_who_asked_for_stillness(notebook, widget):
    moves = {}
    widget.evaluate(LISTEN)
    for wish in ("no-preference", "reduce"):
        widget.page.emulate_media(reduced_motion=wish)
        widget.locator('[data-action="first"]').focus()
        press(widget, "0", "End")
        widget.page.wait_for_timeout(400)
        before, count = widget.evaluate(PLACE), widget.evaluate(MOVED)
        press(widget, "Home", "End")
        places = widget.evaluate(f"root => {{ const place = {PLACE}; root.querySelector('[data-action=\"zoom in\"]').click(); return place(root) }}")
        widget.page.wait_for_timeout(400)
        moves[wish] = widget.evaluate(MOVED) - count, places != before and places == widget.evaluate(PLACE)
    widget.page.emulate_media(reduced_motion="no-preference")
    assert moves["reduce"] == (0, True)
    assert moves["no-preference"][0] > 0, "or this test would see nothing"
    assert moves["no-preference"][1] is False


def test_nothing_failed(notebook):
    assert notebook.problems == []
