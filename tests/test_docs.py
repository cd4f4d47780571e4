"""The pages: their pictures and links exist, and their Python runs and prints what stands beside it."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [ROOT / "README.md", ROOT / "docs" / "visualizer.md"]
IMAGE = re.compile(r"!\[([^\]]*)\]\((?!http)([^)]+)\)")
LARGEST = 150_000  # bytes of a picture


def names(paths):
    return [path.name for path in paths]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_pictures_and_links_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    targets = re.findall(r"\]\((?!http|#)([^)#\s]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_each_picture_is_described(page):
    assert [path for words, path in IMAGE.findall(page.read_text()) if len(words.split()) < 5] == []


def test_each_picture_is_used_and_small():
    used = {(page.parent / path).resolve() for page in PAGES for _, path in IMAGE.findall(page.read_text())}
    kept = set((ROOT / "docs" / "images").iterdir())
    assert names(kept - used) == []
    assert [path.name for path in kept if path.stat().st_size > LARGEST] == []


def test_each_thing_to_do_has_code_and_a_picture():
    parts = re.split(r"^## ", (ROOT / "docs" / "visualizer.md").read_text(), flags=re.M)[1:]
    titles = [part.split("\n")[0] for part in parts]
    things = ["See", "Step", "Poke", "Watch it change", "Find trouble", "Errors on the graph", "Compare", "Take it along"]
    assert titles[:8] == things
    assert [title for title, part in zip(things, parts) if "```python" not in part or not IMAGE.search(part)] == []


def test_the_keys_are_those_of_the_widget():
    """Each key of the list that the widget shows stands on the page."""
    listed = re.findall(r'"(?:key [a-z]+)": \[([^\]]+)\]', (ROOT / "lesson_lib" / "viz" / "js" / "help.js").read_text())
    keys = {key for line in listed for words in re.findall(r'"([^"]+)"', line) for key in words.split()}
    page = (ROOT / "docs" / "visualizer.md").read_text()
    assert "Home" in keys
    assert {key for key in keys if f"<kbd>{key}</kbd>" not in page} == set()


def test_the_index_leads_to_the_page():
    assert "\nvisualizer\n" in (ROOT / "docs" / "index.md").read_text()
    assert "(docs/visualizer.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", RUN, ids=names(RUN))
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    """Block by block in one program; the last line is shown as a notebook shows it; ``# raises X`` and ``print(...)  # words`` are held to."""
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": page.stem}
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.S)
    assert blocks
    for block in blocks:
        failure = re.search(r"# raises (\w+)$", block.strip())
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            if failure:
                with pytest.raises(__builtins__[failure[1]]):
                    run(block, scope)
            else:
                run(block, scope)
        assert re.fullmatch(expected(block), " ".join(said.getvalue().split())), said.getvalue()


def run(block, scope):
    """Run a block as a notebook cell: what its last line gives is shown."""
    tree = ast.parse(block)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "page", "exec"), scope)
    shown = last and eval(compile(last, "page", "eval"), scope)
    if shown is not None:
        assert repr(shown)
        assert shown._repr_mimebundle_()


def expected(block):
    """What the comments beside ``print`` and on their own lines say, as a pattern; ``...`` is anything."""
    lines = [line for line in block.splitlines() if re.match(r"print\(| +#", line)]
    words = " ".join(" ".join(line.split("#", 1)[1].split()) for line in lines if "#" in line)
    return re.escape(words).replace(re.escape("..."), ".*")
