"""Names that look like markup are shown as text, everywhere and in both languages, in a real JupyterLab in a real browser: no script ever runs."""

import pytest

from .helpers import said, shown

EVIL = "<script>ran=1</script>"
IMAGE = "<img src=x onerror=ran=2>"
SETUP = f"""\
import lesson_lib as torch
from lesson_lib import nn, viz
tape = viz.record()

def forward(self, x):
    out = x
    for part in self.children():
        out = part(out)
    return out * self._parameters[{EVIL!r}] + self._buffers[{IMAGE!r}]

Evil = type("<b onclick=ran=3>Evil</b>", (nn.Module,), {{"forward": forward}})
net = Evil()
net.add_module({IMAGE.replace("2", "7")!r}, nn.Linear(2, 2))
net.add_module({EVIL.replace("1", "8")!r}, nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
net.register_parameter({EVIL!r}, nn.Parameter(torch.ones(2)))
net.register_buffer({IMAGE!r}, torch.ones(2))
globals()["</text><script>ran=4</script>"] = net
code = compile("def run(x):  # <script>ran=5</script>\\n    return net(x).sum()  # {IMAGE}", "{IMAGE}.py", "exec")
import linecache
linecache.cache["{IMAGE}.py"] = (0, None, ["def run(x):\\n", "    return net(x).sum()  # {IMAGE}\\n"], "{IMAGE}.py")
exec(code)"""
FOLDED = "loss = run(torch.ones(1, 2))\nviz.show(loss, model=net).widget()"
STEPPED = "viz.step(loss, model=net)"
PICTURE = "viz.graph(loss, model=net)"
CELLS = (SETUP, FOLDED, STEPPED, PICTURE)

pytestmark = pytest.mark.browser


def check(notebook, root):
    """Nothing ran, and nothing of a name became an element."""
    assert notebook.page.evaluate("window.ran") is None
    assert root.locator("script, img, b, [onerror], [onclick]").count() == 0


def heard(root):
    return " ".join(one.get_attribute("aria-label") for one in root.locator("svg [role=button]").all())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_in_a_graph_of_modules(notebook, language):
    root = shown(notebook, 1)
    if language == "zh":
        root.locator('[data-action="language"]').click()
        root.locator('.lesson-graph[lang="zh"] svg [role=button]').first.wait_for()
    check(notebook, root)
    words = " ".join(root.locator("svg text").all_text_contents())
    assert "<b onclick" in words
    assert "<b onclick=ran=3>Evil" in heard(root)  # cut short, as on its box
    assert EVIL in heard(root)
    for module in root.locator('svg [aria-expanded="true"]').all():
        module.dispatch_event("click")
        break
    said(root, "Evil</b>")  # the live region
    check(notebook, root)
    root.locator('svg [aria-expanded="false"]').first.dispatch_event("click")
    root.locator('svg [aria-expanded="true"]').first.wait_for(state="attached")
    for one in root.locator("svg [role=button]:not([aria-expanded])").all():
        one.dispatch_event("click")
        check(notebook, root)
    root.locator('[data-action="as table"]').click()
    told = root.locator(".as-table").inner_text()
    assert EVIL in told
    assert f"return net(x).sum() # {IMAGE}" in told  # two spaces, which a table shows as one
    assert f"{IMAGE}.py:2" in told
    check(notebook, root)


def test_in_details_numbers_and_code(notebook):
    root = shown(notebook, 2)
    root.locator(f'svg [aria-label^="tensor {EVIL}"]').first.dispatch_event("click")
    assert root.locator(".details h3").inner_text() == f"{EVIL} leaf"
    field = root.get_by_role("spinbutton", name=f"{EVIL}[0, 0], value").or_(root.get_by_role("spinbutton", name=f"{EVIL}[0], value"))
    field.fill("<script>ran=6</script>")
    field.press("Enter")
    assert root.get_by_role("alert").inner_text() == "'<script>ran=6</script>' is not a number."
    field.fill("5")
    field.press("Enter")
    said(root, f"{EVIL}[0] = 5")
    root.locator('[data-action="copy code"]').click()
    assert "ran=1" in root.locator(".pokes pre").inner_text()
    root.locator('[data-action="last"]').click()
    root.locator('[data-action="language"]').click()
    root.locator(".details", has_text="叶子").wait_for()
    assert EVIL in root.locator(".details").inner_text()
    root.locator("svg .op").last.dispatch_event("click")
    assert f"{IMAGE}.py:2" in root.locator(".details").inner_text()
    check(notebook, root)


def test_in_the_picture_that_is_saved(notebook):
    notebook.run(3)
    output = notebook.cell(3).locator(".jp-OutputArea-output").first
    output.wait_for()
    notebook.page.wait_for_timeout(300)
    assert notebook.page.evaluate("window.ran") is None
    assert notebook.problems == []
