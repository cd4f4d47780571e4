"""How much of a graph travels, is kept and is computed: sizes are counted, not timed. ``benchmarks/graph_pictures.py`` has the times."""

import json

import pytest

import lesson_lib as torch
from benchmarks.graph_pictures import chain
from lesson_lib import viz

pytest.importorskip("anywidget")

KB = 1000
PER_OPERATION = 900  # bytes of the first message of a large graph
CARD = 7 * KB  # the largest card: 4×4 numbers and their gradient
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


def test_cards_and_numbers_come_when_they_are_asked_for_and_never_too_many():
    view = viz.step(matrices(1000))
    answer = answers(view, type="cards", ids=["t5", "o5", "nothing"])
    assert set(answer["fragments"]) == {"t5", "o5"}
    assert len(answer["tensors"]["t5"]["value"]["texts"]) == 4
    assert answer["ops"]["o5"]["line"]["code"].startswith("y = (y * w)")
    everything = answers(view, type="cards", ids=[*view.model.tensors, *view.model.ops])
    assert len(everything["fragments"]) == 64
    assert size(everything) < CARDS


@pytest.mark.parametrize("operations", [100, 1000])
def test_a_poke_sends_what_is_in_sight(operations):
    view = viz.step(matrices(operations))
    seen = ["t3", "t4", "o3"]
    first = answers(view, type="poke", id="t0", index=[0, 0], value="0.5", seen=seen)
    assert set(first["fragments"]) == {"t3", "t4"}
    assert set(first["tensors"]) == {"t3", "t4"}
    assert "steps" not in first
    assert len(first["poked"]["values"]) > operations  # the changes themselves reach to the end
    assert size(first) < 2 * CARD + 30 * operations
    assert answers(view, type="poke", reset=True, seen=[])["tensors"] == {}


def test_no_answer_about_a_large_graph_is_large():
    """Whatever is asked: the bound is that of 64 cards."""
    view = viz.step(matrices(1000))
    last = len(view.model.steps) - 1
    questions = [
        {"type": "cards", "ids": list(view.model.tensors)}, {"type": "step", "number": last}, {"type": "window", "id": "t500", "which": "value"},
        {"type": "poke", "id": "t0", "index": [0, 0], "value": "2", "seen": list(view.model.tensors)},
    ]  # fmt: skip
    assert max(size(answers(view, **question)) for question in questions) < CARDS + 30 * KB
