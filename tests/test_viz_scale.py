"""How much of a graph travels, is kept and is computed: sizes are counted, not timed. ``benchmarks/graph_pictures.py`` has the times."""

import gc
import json
import subprocess
import sys
import tracemalloc
import weakref
from types import SimpleNamespace

import pytest

import lesson_lib as torch
from benchmarks.graph_pictures import chain, page_of, row_of
from lesson_lib import viz
from lesson_lib.core import state
from lesson_lib.viz import shown_in
from lesson_lib.viz.census import Census
from lesson_lib.viz.trace import nodes_of, roots_of

pytest.importorskip("anywidget")

KB = 1000
PER_OPERATION = 900  # bytes of the first message of a large graph
CARD = 7 * KB  # the largest card: 4×4 numbers and their gradient
MODEL = 20 * KB  # memory in the kernel for each operation: model, steps, flows, and what the widget sent
CARDS = 64 * CARD  # what one answer may bring


def matrices(operations):
    """A recorded loss of a loop on 4×4 numbers: the largest cards there are."""
    x, w = torch.ones(4, 4, requires_grad=True), torch.ones(4, 4, requires_grad=True)
    with viz.record():
        y = x
        for _ in range(operations // 2):
            y = (y * w).tanh()
        return y.mean()


def size(message):
    """Bytes as they travel."""
    return len(json.dumps(message).encode())


def answers(view, **question):
    """What the kernel answers."""
    sent = []
    view.send = lambda message, *_: sent.append(message)
    view._handle_custom_msg({"key": "k", **question}, [])
    (answer,) = sent
    return answer


@pytest.mark.parametrize("program", [chain, matrices])
@pytest.mark.parametrize("door", [viz.step, lambda loss: viz.show(loss).widget()])
def test_a_large_graph_travels_as_its_outline(program, door):
    data = door(program(1000)).data
    assert data["follows"]
    assert data["fragments"] == {}
    assert size(data) < 1000 * PER_OPERATION
    assert not any(part["value"] and part["value"]["texts"] for part in (data["usual"]["tensors"], *data["tensors"].values()) if "value" in part)


def test_a_small_graph_travels_as_a_whole():
    """So it can be stepped through while the kernel is busy."""
    data = viz.step(matrices(20)).data
    assert not data["follows"]
    assert set(data["fragments"]) >= set(data["tensors"]) | set(data["ops"])
    assert all(step["text"] for step in data["steps"])


def test_what_is_usual_is_written_once_and_nothing_is_lost():
    view = viz.step(chain(200))
    data, whole = view.data, view.model.to_json(outline=True)
    for kind, usual in data["usual"].items():
        keys = data[kind] if isinstance(data[kind], dict) else range(len(data[kind]))
        assert {key: {**usual, **data[kind][key]} for key in keys} == {key: whole[kind][key] for key in keys}


@pytest.fixture(scope="module")
def thousand():
    """A graph of 1,000 operations, opened to be stepped through."""
    return viz.step(matrices(1000))


def test_cards_and_numbers_come_when_they_are_asked_for_and_never_too_many(thousand):
    view = thousand
    answer = answers(view, type="cards", ids=["t5", "o5", "nothing"])
    assert set(answer["fragments"]) == {"t5", "o5"}
    assert len(answer["tensors"]["t5"]["value"]["texts"]) == 4
    assert answer["ops"]["o5"]["line"]["code"].startswith("y = (y * w)")
    everything = answers(view, type="cards", ids=[*view.model.tensors, *view.model.ops])
    assert len(everything["fragments"]) == 64
    assert size(everything) < CARDS


@pytest.mark.parametrize("operations", [100, 1000])
def test_a_poke_sends_what_is_in_sight(operations, thousand):
    view = thousand if operations == 1000 else viz.step(matrices(operations))
    seen = ["t3", "t4", "o3"]
    first = answers(view, type="poke", id="t0", index=[0, 0], value="0.5", seen=seen)
    assert set(first["fragments"]) == {"t3", "t4"}
    assert set(first["tensors"]) == {"t3", "t4"}
    assert "steps" not in first
    assert len(first["poked"]["values"]) > operations  # the changes themselves reach to the end
    assert size(first) < 2 * CARD + 30 * operations
    assert answers(view, type="poke", reset=True, seen=[])["tensors"] == {}


def test_no_answer_about_a_large_graph_is_large(thousand):
    """Whatever is asked: the bound is that of 64 cards."""
    view = thousand
    last = len(view.model.steps) - 1
    questions = [
        {"type": "cards", "ids": list(view.model.tensors)}, {"type": "steps", "numbers": list(range(last))}, {"type": "window", "id": "t500", "which": "value"},
        {"type": "poke", "id": "t0", "index": [0, 0], "value": "2", "seen": list(view.model.tensors)},
    ]  # fmt: skip
    assert max(size(answers(view, **question)) for question in questions) < CARDS + 30 * KB


# --- a hundred thousand operations ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def huge():
    return viz.show(chain(100_000))


def test_a_huge_graph_is_searched_and_no_answer_is_large(huge):
    view = huge.widget()
    assert size(view.data) < 20 * KB
    for words, found in (("sum", 1), ("1.0001", 100_000), ("scalar", 1), ("test_viz", 0), ("", None)):
        answer = answers(view, type="search", words=words)
        assert size(answer) < 30 * KB
        assert answer["found"] is None if found is None else answer["found"]["title"].startswith(f"{found} of 100001 operations")
    row = answers(view, type="search", words="SUM")["found"]["rows"][0]
    assert row["number"] == 100_000
    assert row["cells"][0] == "sum"
    assert "return h.sum()" in row["cells"][-1]


def test_what_is_around_an_operation_is_drawn(huge):
    view = huge.widget()
    said = answers(view, type="near", number=50_000)["said"]
    assert said == "30 operations around mul · 1, number 50000"
    around = view.around
    assert around.model_id == view.near
    assert size(around.data) < 300 * KB
    assert around.model.ops[around.model.steps[around.position].at].name == "mul"
    assert all(card.value_handle is not None for card in around.model.tensors.values() if card.made_by)  # recorded
    answers(view, type="near", number=0)
    assert around.comm is None  # the picture before is closed
    view.close()
    assert view.around is None


def test_a_neighbourhood_goes_both_ways_and_not_through_shared_leaves():
    w = torch.ones(2, requires_grad=True)
    with viz.record():
        branches = [(w * number).exp() for number in range(20)]
        out = sum(branch.sum() for branch in branches)
    census = Census(nodes_of(roots_of([out])))
    at = next(entry.number for entry in census.search("exp") if entry.name == "exp")
    graph = census.near(at, 5)
    assert len(graph.model.ops) == 5
    names = {op.name for op in graph.model.ops.values()}
    assert {"mul", "exp", "sum"} <= names
    assert sum(op.name == "mul" for op in graph.model.ops.values()) <= 2
    assert graph.model.ops[graph.model.steps[graph.view.step].at].name == "exp"
    assert "forward only" in graph.model.reason
    assert "<svg" in graph.svg()


# --- memory ---------------------------------------------------------------------------------------------------------


def test_the_model_of_an_operation_is_small():
    """Kernel memory per operation: the nodes and values of the graph itself are there before."""
    loss = chain(1000)
    viz.show(chain(100)).widget().close()  # what is loaded once
    gc.collect()
    tracemalloc.start()
    shown = viz.show(loss)
    view = shown.widget()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken < 1000 * MODEL, f"{taken / 1000:.0f} bytes"
    view.close()


@pytest.mark.parametrize("door", [viz.step, lambda loss: viz.show(loss).widget()])
def test_a_closed_widget_frees_graph_and_tensors(door):

    def opened():
        loss = matrices(20)
        view = door(loss)
        answers(view, type="poke", id="t0", index=[0, 0], value="0.5")
        return view, [weakref.ref(part) for part in (view.model, view.graph, view.poking, loss, loss.grad_fn)]

    view, gone = opened()
    view.close()
    gc.collect()
    assert [ref() for ref in gone] == [None] * 5  # though the view itself is held, as a notebook's list of outputs does
    assert repr(view) == "<GraphView: closed>"


class Shell:
    """As much of IPython as ``shown_in`` needs."""

    def __init__(self):
        self.events, self.user_ns, self.cell = self, {}, "a"
        self.listeners = []

    def register(self, name, listener):
        assert name == "pre_run_cell"
        self.listeners.append(listener)

    def get_parent(self):
        return {"metadata": {"cellId": self.cell}}

    def run(self, cell):
        self.cell = cell
        for listener in self.listeners:
            listener(SimpleNamespace(cell_id=cell))


@pytest.mark.parametrize("leaves_picture", [False, True])
def test_a_cell_that_runs_again_closes_what_it_showed(monkeypatch, leaves_picture):
    monkeypatch.setattr(sys.modules["lesson_lib.viz.widget"], "in_notebook", lambda: leaves_picture)
    shell = Shell()
    monkeypatch.setattr(shown_in, "_shell", lambda: shell)
    first, held, elsewhere = (viz.step(matrices(4)) for _ in range(3))
    for view in (first, held, elsewhere):
        view._repr_mimebundle_()
    shell.user_ns = {"view": held, "_12": first}
    shell.run("b")
    elsewhere._repr_mimebundle_()
    assert first.comm is not None
    shell.run("a")
    assert [view.comm is None for view in (first, held, elsewhere)] == [True, False, False]
    assert len(shell.listeners) == 1


# --- nothing is paid for what nobody looks at -------------------------------------------------------------------------


def test_the_core_is_not_watched_when_no_recording_runs():
    """Neither the import nor a recording, a widget or a number changed in it leaves a watcher or a listener to passes."""
    before = list(state.watchers), list(state.passes)
    x = torch.ones(2, requires_grad=True)
    with viz.record():
        loss = (x * 2).sum()
    view = viz.show(loss).widget()
    answers(view, type="poke", id="t0", index=[0], value="3")
    view.close()
    program = "import lesson_lib, lesson_lib.viz; from lesson_lib.core import state; print(list(state.watchers), list(state.passes))"
    assert (list(state.watchers), list(state.passes)) == before
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert fresh.stdout.split("\n")[0] == "[] []"


def test_an_operation_makes_the_same_calls_with_viz_imported_and_without():
    """Counted, not timed: the functions that run for one small operation."""
    program = """\
import sys
import lesson_lib as torch
{imports}
x = torch.ones(2, requires_grad=True)
calls = []
(x * 2).sum().backward()
sys.setprofile(lambda frame, event, arg: calls.append(event))
(x * 2).sum().backward()
sys.setprofile(None)
print(len(calls))"""
    counts = [
        subprocess.run([sys.executable, "-c", program.format(imports=imports)], capture_output=True, text=True, check=True).stdout
        for imports in ("", "from lesson_lib import viz")
    ]
    assert counts[0] == counts[1]


# --- the page of figures ----------------------------------------------------------------------------------------------


def test_a_broken_promise_is_marked_in_the_page_of_figures():
    assert row_of("a step", 12.34, "ms", "50") == "| a step | 12.3 ms | 50 |"
    assert row_of("first picture", 2100.4, "ms", "2,000") == "| first picture | 2,100 ms | 2,000 (missed) |"
    page = page_of({"In the kernel": [("a search", 3, "ms", "")]})
    assert "## In the kernel\n" in page and "| a search | 3 ms |  |" in page and "- Measured: " in page
