"""What one takes along: a cell of a real JupyterLab saves a graph in every format; the HTML file is opened in a browser that has no network."""

import shutil
import subprocess

import pypdf
import pytest
from PIL import Image

from scripts.notebook_page import open_notebook

SETUP = "import lesson_lib as torch\nfrom lesson_lib import nn, viz\nfrom benchmarks.gpt import GPT\ntape = viz.record()"
SAVES = """\
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
picture = viz.show(out)
for ending in ("svg", "png", "pdf", "dot", "html"):
    picture.save(f"s2.{ending}")"""
FOLDED = """\
gpt, ids = GPT(), torch.randint(0, 65, (4, 32))
viz.show(nn.functional.cross_entropy(gpt(ids).view(-1, 65), ids.view(-1))).save("gpt.html")"""
NAMED = """\
m = nn.Module()
m.register_parameter("<script>alert(1)</script>", nn.Parameter(torch.ones(2)))
viz.graph(next(m.parameters()).sum(), model=m).save("named.html")"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(browser, tmp_path_factory):
    """The files that the cells of a notebook saved beside it."""
    folder = tmp_path_factory.mktemp("lab")
    with open_notebook(browser, folder, SETUP, SAVES, FOLDED, NAMED) as notebook:
        for cell in (1, 2, 3):
            notebook.run(cell)
            assert "Error" not in notebook.cell(cell).inner_text()
    return folder


class Page:
    """A saved page in a browser without a network: what it asked for, and what went wrong."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900}, **options)
        self.page = self.context.new_page()
        self.asked, self.problems = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.page.goto(path.as_uri())
        self.page.locator("svg .tensor").first.wait_for(state="attached")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def sentence(self):
        return self.page.locator(".sentence").inner_text()

    def node(self, name):
        return self.page.locator(f'svg [role="button"][aria-label^="{name}"]')

    def said(self, words):
        self.page.locator(".said", has_text=words).wait_for(state="attached", timeout=5000)


@pytest.fixture
def s2(browser, folder):
    with Page(browser, folder / "s2.html") as page:
        yield page
        assert page.problems == []
        assert [url for url in page.asked if not url.startswith("blob:")] == [(folder / "s2.html").as_uri()]  # nothing but the file itself


def test_pictures_have_something_on_them(folder):
    with Image.open(folder / "s2.png") as picture:
        assert picture.width > 800 and len(picture.convert("RGB").getcolors(1_000_000)) > 100
    (page,) = pypdf.PdfReader(folder / "s2.pdf").pages
    assert {"x", "out", "value", "27"} <= set(page.extract_text().split())
    assert "<svg" in (folder / "s2.svg").read_text()


@pytest.mark.skipif(shutil.which("dot") is None, reason="there is no program dot")
def test_the_dot_file_is_dot(folder):
    drawn = subprocess.run(["dot", "-Tplain", folder / "s2.dot"], capture_output=True, text=True, check=True).stdout
    assert sum(line.startswith("node ") for line in drawn.splitlines()) == 9


def test_the_page_steps_by_button(s2):
    assert s2.page.title() == "Computation graph of out"
    assert s2.sentence() == "forward 4 of 4 · mean: z → out = 27"
    forward = s2.page.get_by_role("button", name="Step forward")
    for _ in range(3):
        forward.click()
    assert s2.sentence() == "backward 2 of 5 · mul: upstream 0.25 × local 3 = 0.75 → y²"
    assert s2.page.locator("svg .flow.on text").all_text_contents() == ["0.25 · 3", "= 0.75"]
    assert s2.page.locator(".arithmetic .term").all_inner_texts()[0].split() == ["0.25"] * 4 + ["upstream"]
    s2.page.get_by_role("slider").fill("1")
    assert s2.sentence() == "forward 1 of 4 · add + 2: x → y"


def test_the_page_steps_by_key(s2):
    s2.node("tensor x").focus()
    s2.page.keyboard.press("End")
    assert s2.sentence() == "backward 5 of 5 · AccumulateGrad: x.grad += 4.5"
    s2.page.keyboard.press("ArrowLeft")
    assert s2.sentence() == "backward 4 of 5 · add: upstream 4.5 × local 1 = 4.5 → x"
    s2.page.keyboard.press("ArrowDown")
    s2.page.keyboard.press("Enter")
    assert s2.page.locator(".details h3").inner_text().startswith("add")
    s2.page.keyboard.press("t")
    assert "4.5  4.5 ; 4.5  4.5" in s2.page.locator(".as-table tr.intermediate").first.text_content()


def test_naive_recursion_needs_no_kernel_either(s2):
    s2.page.wait_for_timeout(300)
    assert s2.page.locator(".orders").is_hidden()  # nobody asked for it
    s2.node("tensor x").focus()
    s2.page.keyboard.press("n")
    s2.page.locator(".orders").wait_for()
    s2.page.keyboard.press("End")
    s2.page.locator(".sentence", has_text="visit 2 of 2").wait_for()
    assert "4.5" in s2.sentence() and s2.page.locator(".orders li.again").count() > 0


def test_what_needs_python_is_not_offered(s2):
    s2.node("tensor x").click()
    assert s2.page.locator(".details .cells td").count() == 8 - 4  # the value; no gradient yet
    assert s2.page.locator("input.number").count() == 0
    assert "This page needs no Python and no network. To change numbers, show the graph in a notebook." in s2.page.locator("#graph").inner_text()


def test_the_page_speaks_the_other_language(s2):
    s2.page.get_by_role("button", name="Show in 中文").click()
    s2.page.locator(".sentence", has_text="前向 4/4").wait_for()
    assert s2.page.evaluate("document.documentElement.lang") == "zh"
    s2.page.get_by_role("button", name="English").click()
    s2.page.locator(".sentence", has_text="forward 4 of 4").wait_for()


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 27, 34)")])
def test_the_page_is_as_light_or_dark_as_the_reader_likes_it(browser, folder, scheme, colour):
    with Page(browser, folder / "s2.html", color_scheme=scheme) as page:
        assert page.page.evaluate("getComputedStyle(document.body).backgroundColor") == colour
        assert page.page.locator(".lesson-graph").get_attribute("data-theme") == scheme


def test_without_javascript_there_is_the_picture_and_the_table(browser, folder):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "s2.html").as_uri())
    assert page.locator("noscript svg").bounding_box()["width"] > 300
    page.locator("summary").click()
    assert page.locator("td", has_text="2×2").first.is_visible()
    context.close()


def test_modules_open_and_close_without_a_kernel(browser, folder):
    with Page(browser, folder / "gpt.html") as page:
        attention = page.page.locator('svg [aria-expanded][aria-label^="Module Attention,"]').first
        attention.dispatch_event("click")
        page.said("opened Attention, 44 operations")
        assert attention.get_attribute("aria-expanded") == "true"
        page.page.get_by_role("button", name="Last step").click()
        assert page.sentence() == "backward 45 of 45 · Embedding (1 op): gradient → its own parameters only"
        attention.focus()
        page.page.keyboard.press("Enter")
        page.said("closed Attention, 44 operations")
        page.node("tensor ids").dispatch_event("click")
        page.page.get_by_text("4×16 of 4×32 is shown").wait_for()  # numbers for which a widget asks the kernel
        for _ in range(60):  # as far as the pictures of this file go
            closed = page.page.locator('svg [aria-expanded="false"]')
            before = page.page.locator("svg [aria-expanded]").count()
            closed.last.dispatch_event("click")
            page.page.wait_for_timeout(150)
            if page.page.locator(".said.seen").count():
                break
            assert page.page.locator("svg [aria-expanded]").count() != before or closed.count()
        assert page.page.locator(".said.seen").inner_text().startswith("This file holds the nearest pictures and numbers only.")
        assert page.problems == []


def test_a_name_that_is_markup_is_text(browser, folder):
    with Page(browser, folder / "named.html") as page:
        dialogs = []
        page.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        assert page.node("tensor <script>alert(1)</script>").count() == 1
        assert page.page.locator("#graph script").count() == 0
        assert dialogs == page.problems == []
