"""``show``: one door for a loss and for a model, a picture that folds, a summary of what is too large to draw."""

import doctest
import gc
import importlib
import re
import sys
import weakref

import pytest

import lesson_lib as torch
from benchmarks.gpt import GPT
from benchmarks.graph_pictures import chain
from lesson_lib import nn, viz
from lesson_lib.viz.census import Census
from lesson_lib.viz.fold_widget import FoldView
from lesson_lib.viz.graph import SETTLED
from lesson_lib.viz.summary import summarise
from lesson_lib.viz.units import bytes_text, count_text, seconds_text

door = sys.modules["lesson_lib.viz.show"]  # viz.show is the function


@pytest.fixture(scope="module")
def gpt():
    torch.manual_seed(0)
    model, ids = GPT(), torch.randint(0, 65, (2, 8))
    with viz.record():
        loss = nn.functional.cross_entropy(model(ids).view(-1, 65), ids.view(-1))
    return viz.show(loss)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1))


def test_a_model_is_run_once_and_left_alone(net):
    x = torch.ones(4, 2)
    calls = []
    net.register_forward_hook(lambda *_: calls.append(1))
    shown = viz.show(net, x)
    assert calls == [1]
    assert net[1].num_batches_tracked.item() == 1
    assert all(parameter.grad is None for parameter in net.parameters())
    assert [group.title for group in shown.full.groups.values()] == ["Sequential", "Linear 0", "BatchNorm1d 1", "ReLU 2", "Linear 3"]
    assert {node.name for node in shown.full.tensors.values()} >= {"x", "0.weight", "output"}


def test_a_model_may_return_anything_with_tensors_in_it():
    lstm = nn.LSTM(2, 3)
    shown = viz.show(lstm, torch.ones(4, 1, 2))
    assert sorted(node.name for node in shown.full.tensors.values() if node.kind == "loss") == ["output", "output 2", "output 3"]


def test_a_loss_is_named_after_its_variable(net):
    with viz.record():
        loss = (net(torch.ones(4, 2)) ** 2).mean()
    shown = viz.show(loss)
    assert [node.name for node in shown.full.tensors.values() if node.kind == "loss"] == ["loss"]
    assert next(iter(shown.full.groups.values())).name == "net"


def test_without_a_recording_there_is_a_plain_graph():
    x = torch.ones(2, requires_grad=True)
    loss = (x * 3).sum()
    assert repr(viz.show(loss)) == repr(viz.graph(loss))


def test_the_text_of_a_model_is_an_outline(gpt):
    lines = repr(gpt).splitlines()
    assert lines[0].startswith("▾ GPT  347 k parameters") or lines[0].startswith("▾ GPT")
    assert lines[4] == "  ▾ Block 0  28.3 k parameters"
    assert any(line.startswith("  ▸ Block 1 … 11  ×11  311 k parameters · 627 ops") for line in lines)
    assert len(lines) < 20


def test_modules_are_opened_and_closed_by_name(gpt):
    shown = door.Shown(gpt.full, gpt.view)
    assert len(shown.open("blocks.5.attn").model.clusters) == 4  # the block around it opens, too
    assert "▾ Attention" in repr(shown)
    shown.close("GPT")
    assert repr(shown).splitlines()[0].startswith("▸ GPT")
    with pytest.raises(KeyError, match="'blocks.99'"):
        shown.open("blocks.99")


def test_opened_says_what_is_open():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 2))
    shown = viz.show(net, torch.ones(1, 2), opened=["0"])
    assert [group.title for group in shown.model.clusters.values()] == ["Sequential", "Sequential 0"]
    assert viz.show(net, torch.ones(1, 2), opened=[]).model.clusters == {}


def test_a_picture_at_a_step_has_its_sum():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    out = (y * y * 3).mean()
    assert "backward 2 of 5 · mul: upstream 0.25 × local 3 = 0.75 → y²" in [step.text for step in viz.show(out).model.steps]
    assert "0.25 · 3" in viz.show(out, step=-4).svg()


def test_a_notebook_without_widgets_gets_a_picture_and_text(gpt):
    bundle = gpt._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    for words in ("Block 1 … 11", "×11", "627 ops", "▾ Block 0", "2×8×48", "loss"):
        assert words in bundle["image/svg+xml"]


def test_a_notebook_with_widgets_keeps_a_picture_whose_place_a_widget_takes(gpt, monkeypatch):
    monkeypatch.setattr(door, "in_notebook", lambda: True)
    bundle = gpt._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}  # a widget's own output would be saved, and found by nobody who opens the file
    places = {view.place for view in gpt.views} - {""}
    assert bundle["image/svg+xml"].startswith(f'<svg id="{places.pop()}" ')
    monkeypatch.setattr(door, "can_draw", lambda: False)
    bundle = gpt._repr_mimebundle_()
    assert re.match('<pre id="[0-9a-f]{32}">▾ GPT', bundle["text/html"])


def test_the_text_is_the_same_each_time():
    def once():
        torch.manual_seed(0)
        with viz.record():
            loss = nn.Sequential(nn.Linear(600, 600), nn.ReLU())(torch.ones(400, 600)).sum()
        return viz.show(loss, opened=[])

    shown = once()
    assert " ms" in shown.svg()
    assert repr(shown) == repr(once())
    assert re.search(r"\d (µs|ms|s)\b", repr(shown)) is None


def test_light_and_dark_say_the_same(gpt):
    light, dark = (gpt.svg(theme=name) for name in ("light", "dark"))
    assert "#161b22" in dark
    assert light.count("<text") == dark.count("<text")


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match=r"show\(\) takes tensors, or a model and its inputs, not int"):
        viz.show(3)


# --- scale -----------------------------------------------------------------------------------------------------------


def test_pictures_of_arrays_are_made_when_they_are_looked_at(gpt, monkeypatch):
    made = []
    monkeypatch.setattr("lesson_lib.viz.trace.summarise", lambda array: made.append(1) or summarise(array))
    x = torch.ones(3, requires_grad=True)
    with viz.record():
        small, large = x, x
        for _ in range(5):
            small = small * 2
        for _ in range(SETTLED + 1):
            large = large * 2
    viz.show(small.sum())
    assert len(made) >= 5
    made.clear()
    shown = viz.show(large.sum())
    shown.svg()
    assert len(made) <= 2  # the chips of the leaf and of the result


def test_the_widget_of_a_large_model_gets_only_what_is_visible(gpt):
    data = FoldView(gpt).data
    assert len(data["ops"]) == len(gpt.model.ops) < 20 < len(gpt.full.ops)
    assert len(str(data)) < 100_000
    assert all(node["value"] is None or node["value"].get("later") for node in data["tensors"].values() if node["shape"])
    assert all(flow["parts"] is None for flow in data["flows"].values())


def test_a_module_opens_in_the_widget_and_the_step_stays(gpt):
    shown = door.Shown(gpt.full, gpt.view)
    view = FoldView(shown)
    sent = []
    view.send = lambda message, buffers=None: sent.append(message)
    (attention,) = [key for key, group in shown.full.groups.items() if group.name == "blocks.0.attn"]
    at = next(i for i, step in enumerate(view.data["steps"]) if step["at"] == attention and step["kind"] == "backward")
    view.position = at
    reached = shown.model.until[at]
    view._answer(view, {"type": "toggle", "id": attention}, [])
    assert view.data["said"] == "opened Attention, 44 operations"
    assert shown.model.until[view.position] == reached
    view._answer(view, {"type": "toggle", "id": attention}, [])
    assert view.data["said"] == "closed Attention, 44 operations"
    assert view.position == at
    view._answer(view, {"type": "toggle", "id": "nobody"}, [])
    assert view.data["said"] == "closed Attention, 44 operations"
    view._answer(view, {"type": "steps", "numbers": [at, 10**6], "key": "k"}, [])
    (told,) = sent[0]["steps"]
    assert told["text"] == shown.model.steps[at].text
    assert told["flows"].keys() == set(shown.model.steps[at].flows)
    hidden = next(key for key in shown.full.tensors if key not in shown.model.tensors)
    view._answer(view, {"type": "window", "id": hidden, "which": "value", "key": "k"}, [])
    assert len(sent) == 1


def test_a_picture_that_is_opened_from_the_kernel_opens_in_every_widget(gpt):
    shown = door.Shown(gpt.full, gpt.view)
    views = [FoldView(shown), FoldView(shown)]
    shown.open("blocks.7")
    assert all("Block 7" in {group["name"] for group in view.data["groups"].values() if group["open"]} for view in views)
    assert views[0].data["said"] == "opened Block 7, 57 operations"


def test_a_very_large_graph_is_summed_up_and_searched(monkeypatch):
    assert door.MOST < 100_000
    monkeypatch.setattr(door, "MOST", 500)
    monkeypatch.setattr(door, "traced", lambda *_: pytest.fail("a model of it was built"))
    census = viz.show(chain(1000))
    assert isinstance(census, Census)
    assert census.names == {"mul": 500, "add": 500, "sum": 1}
    assert "mul ×500, add ×500, sum ×1" in repr(census)
    assert [entry.name for entry in census.search("sum")] == ["sum"]
    assert "h = h * 1.0001 + x" in repr(census.search("1.0001", count=3))
    assert len(census.search("add")) == 500
    assert len(list(census.search("add", count=7))) == 7
    times = [entry.seconds for entry in census.slowest(20)]
    assert times == sorted(times, reverse=True)


def test_a_flat_graph_that_no_picture_could_show_is_summed_up(monkeypatch):
    monkeypatch.setattr(door, "SEEN", 50)
    assert isinstance(viz.show(chain(100)), Census)
    assert not isinstance(viz.show(chain(40)), Census)


def test_a_closed_widget_frees_its_graph():
    view = FoldView(viz.show(nn.Linear(2, 2), torch.ones(1, 2)))
    gone = weakref.ref(view.graph)
    view.close()
    del view
    gc.collect()
    assert gone() is None


def test_the_summary_knows_modules_and_sizes_and_escapes_names():
    class Evil(nn.Module):
        def forward(self, x):
            return (x @ x).exp()

    Evil.__name__ = "<script>"
    with viz.record():
        out = Evil()(torch.ones(30, 30, requires_grad=True)).sum()
    census = Census(door.nodes_of(door.roots_of([out])))
    assert census.modules == {"<script>": 1}
    assert [entry.bytes for entry in census.largest(2)] == [3600, 3600]
    assert "<script>" not in census._repr_html_()
    assert "&lt;script&gt; ×1" in census._repr_html_()


@pytest.mark.parametrize("name", ["census", "deferred", "record", "show", "units"])
def test_the_examples_print_what_they_say(name):
    results = doctest.testmod(importlib.import_module(f"lesson_lib.viz.{name}"))
    assert results.attempted
    assert not results.failed


def test_figures_are_short():
    assert [count_text(n) for n in (0, 999, 1000, 999_999)] == ["0", "999", "1 k", "1 M"]
    assert [bytes_text(n) for n in (0, 1500)] == ["0 B", "1.5 kB"]
    assert [seconds_text(s) for s in (0, 5e-6, 1.0, 90.0)] == ["0 µs", "5 µs", "1 s", "90 s"]
