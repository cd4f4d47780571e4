"""The flipbook's Python side: what travels at once, what travels when it is looked at, and in which words."""

import gc
import json
import math
import weakref

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz import film as recording
from lesson_lib.viz.curve import curve, spread, thinned
from lesson_lib.viz.film import Frame
from lesson_lib.viz.film_widget import FilmView, Picture
from lesson_lib.viz.texts import CHINESE
from tests.test_viz_film import Tree, switching


def long_film(count=10_000):
    """A film whose frames are written down by hand: two graphs in turn, a NaN and a frame without numbers among them."""
    film, _ = switching(2)
    one, two = film.structures
    film.frames.clear()
    for number in range(count):
        structure = two if number % 100 == 50 else one
        changed = bool(number) and film.frames[-1].structure is not structure
        loss = {7001: math.nan, 8003: None}.get(number, 1000 * 0.999**number)
        film.frames.append(Frame(number, loss, 1.0 if number != 5000 else 77.0, structure, changed))
    return film


def heard(view, **message):
    """What the widget answers to a message."""
    sent = []
    view.send = sent.append
    view._hear(view, {"key": "k", **message}, [])
    assert len(sent) == 1
    assert sent[0]["key"] == "k"
    return json.loads(json.dumps(sent[0]))  # nothing that does not travel


@pytest.fixture
def view():
    film, _ = switching()
    return film.widget()


# --- the time line --------------------------------------------------------------------------------------------------


def test_a_curve_has_the_scale_that_suits_it():
    even = curve([1.0, 3.0, 2.0], 10)
    assert (even.points, even.low, even.high, even.log) == (((0, 0.0), (1, 1.0), (2, 0.5)), 1.0, 3.0, False)
    steep = curve([1.0, 10.0, 100.0, 0.0], 10)
    assert steep.log
    assert [share for _, share in steep.points] == [0.0, 0.5, 1.0, 0.0]  # 0 stands on the lower edge
    assert steep.low == 0.0
    assert not curve([-1.0, 1000.0], 10).log
    assert curve([2.0, 2.0], 10).points == ((0, 0.5), (1, 0.5))
    assert curve([None, None], 10) == ((None, None), None, None, False, ())
    assert curve([0.0], 10).points == ((0, 0.5),)


def test_what_is_no_number_is_a_gap_and_what_is_not_finite_has_a_sign():
    found = curve([1.0, None, 2.0, math.nan, math.inf, 3.0], 10)
    assert found.points == ((0, 0.0), None, (2, 0.5), None, None, (5, 1.0))
    assert found.wild == (3, 4)
    assert found.high == 3.0


def test_thinning_keeps_extremes_ends_and_gaps():
    values = [math.sin(number / 50) for number in range(10_000)]
    values[3333], values[6666], values[4321] = 9.0, -9.0, None
    places = thinned(values, 1000)
    assert len(places) <= 1100
    assert {0, 9999, 3333, 6666, 4321} <= set(places)
    assert places == sorted(set(places))
    assert thinned([1.0] * 5, 10) == [0, 1, 2, 3, 4]
    assert spread([1, 2, 3], 10, 10) == [1, 2, 3]
    assert len(spread(list(range(1, 10_000)), 10_000, 500)) == 500


def test_a_long_film_sends_little():
    view = long_film().widget()
    data = json.dumps(view.data)
    assert view.data["count"] == 10_000
    assert len(data) < 100_000
    loss, norm = view.data["curves"]
    assert (loss["name"], norm["name"]) == ("loss value", "gradient norm")
    assert loss["log"]
    assert not norm["log"]
    assert loss["wild"] == (7001,)
    assert (5000, 1.0) in norm["points"]
    assert len(loss["points"]) < 2500
    assert 1 < len(view.data["changed"]) <= 1200
    assert len(json.dumps(heard(view, type="frames", numbers=[9950, 9951]))) < 3000
    assert len(heard(view, type="frames", numbers=list(range(500)))["frames"]) <= 64


def test_the_frames_are_those_that_were_there(view):
    film = view.film
    film.frames.append(film.frames[-1])
    assert view.count == view.data["count"] == 6
    view.position = 99
    assert view.position == 5
    assert heard(view, type="frames", numbers=[6, -1])["frames"] == {}
    assert repr(view) == "<FilmView: 6 frames, frame 5>"


# --- a frame --------------------------------------------------------------------------------------------------------


def test_a_frame_in_words(view):
    told = heard(view, type="frames", numbers=[0, 1, 2])["frames"]
    loss, norm = (viz.summary.number(values[1]) for values in (view.film.losses, view.film.gradient_norms))
    assert told["1"]["text"] == f"frame 1 of 6 · loss {loss} · gradient norm {norm} · appeared: w2a · vanished: w2b"
    assert told["1"]["values"] == [loss, norm]
    assert told["1"]["vanished"] == ["w2b"]
    assert told["2"]["text"].endswith(" · as before")
    assert (told["2"]["marks"], told["2"]["vanished"]) == ({}, [])
    assert told["0"]["words"] == "6 ops"
    assert [told[number]["structure"] for number in "012"] == [0, 1, 1]
    assert [told[number]["turns"] for number in "012"] == [[None, 1], [None, None], [1, None]]


def test_what_appeared_is_marked_where_it_is_drawn(view):
    (marked,) = view.told(1)["marks"].items()
    graph = heard(view, type="structure", number=1)["graph"]
    assert graph["tensors"][marked[0]]["name"] == "w2a"
    assert marked[1] == "appeared"


def test_it_speaks_the_language_that_the_page_asks_for(view):
    view.language = "zh"
    told = heard(view, type="frames", numbers=[1])["frames"]["1"]
    assert told["text"].startswith("第 1 帧，共 6 帧 · 损失 ")
    assert "新出现：w2a" in told["text"]
    assert set(told["marks"].values()) == {CHINESE["appeared"]}
    assert "第 1 帧" in heard(view, type="structure", number=1)["words"]
    assert viz.language() == "en"


def test_without_an_outline_it_says_that_the_graph_changed(monkeypatch):
    monkeypatch.setattr(recording, "MOST_STRUCTURES", 1)
    film, _ = switching(2)
    told = film.widget().told(1)
    assert told["words"] == "graph changed"
    assert (told["marks"], told["vanished"]) == ({}, [])


# --- a graph --------------------------------------------------------------------------------------------------------


def test_a_graph_travels_when_it_is_looked_at_and_without_steps(view):
    assert "fragments" not in json.dumps(view.data)
    assert view._pictures == {}
    answer = heard(view, type="structure", number=1)
    assert list(view._pictures) == [1]
    graph = answer["graph"]
    assert answer["words"] == "Shapes, values and gradients are those of frame 1, the first with this graph."
    assert (graph["steps"], graph["flows"]) == ([], {})
    leaves = {key for key, node in graph["tensors"].items() if node["kind"] == "leaf"}
    assert leaves <= set(graph["known"]["values"])
    assert leaves <= set(graph["known"]["gradients"])
    assert len(view.film.structures[1].model.steps) > 1  # the film's own stays whole


def test_a_graph_that_is_not_kept_is_told_so():
    film, _ = switching(keep=1)
    answer = heard(film.widget(), type="structure", number=1)
    assert answer["graph"] is None
    assert answer["words"].startswith("This graph is not drawn: the film keeps the values of the first 1 different ones.")
    assert film.widget().told(1)["vanished"] == ["w2b"]  # what changed is known all the same


def test_a_graph_too_large_for_a_page_is_told_so(view, monkeypatch):
    monkeypatch.setattr("lesson_lib.viz.film_widget.SEEN", 5)
    assert heard(view, type="structure", number=1) == {
        "type": "structure", "key": "k", "graph": None, "words": "This graph is not drawn: 6 operations are too many.",
    }  # fmt: skip


def test_numbers_of_large_tensors_are_fetched():
    w = torch.ones(30, 20, requires_grad=True)
    with viz.watch() as film:
        (w * 2).sum().backward()
    view = film.widget()
    key = next(key for key, node in film.structures[0].model.tensors.items() if node.name == "w")
    answer = heard(view, type="window", structure=0, id=key, which="value")
    assert answer["window"]["texts"][0][0] == "1"
    assert "24×16 of 30×20" in answer["window"]["note"]


def test_a_box_says_how_much_of_it_is_new():
    net = Tree()
    with viz.watch() as film:
        for tree in ((1, 2), ((1, 2), (3, 4)), (((1, 2), (3, 4)), (5, 6))):
            net.zero_grad()
            net(tree).sum().backward()
    view = film.widget()
    picture = view._picture(film.structures[2])
    for key in tuple(picture.opened):
        picture.toggle(key)
    (box,) = [key for key, op in picture.shown.ops.items() if op.box is not None]
    new = sum(piece.kind == "op" for piece in film.changes(2).appeared)
    assert 0 < new < len(picture.shown.ops[box].box.operations)
    assert view.told(2)["marks"] == {box: f"{new} of {len(picture.shown.ops[box].box.operations)} appeared"}
    graph = heard(view, type="structure", number=2, toggle=graph_token(view, box))["graph"]
    assert len(graph["ops"]) > len([box])
    assert "appeared" in view.told(2)["marks"].values()


def graph_token(view, box):
    return view._picture(view.film.structures[2]).to_json()["groups"][box]["opens"]


def test_everything_of_a_graph_stands_somewhere():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with viz.watch() as film:
        net(torch.ones(1, 2)).sum().backward()
    model = film.structures[0].model
    for opened in (model.groups, ()):
        picture = Picture(model)
        for key in picture.opened ^ set(opened):
            picture.toggle(key)
        drawn = {*picture.shown.ops, *picture.shown.tensors}
        assert {picture.standing(key) for key in film.structures[0].ids} <= drawn


# --- in a notebook --------------------------------------------------------------------------------------------------


def test_a_closed_widget_frees_its_film():
    view = FilmView(switching(2)[0])
    heard(view, type="structure", number=1)
    gone = weakref.ref(view.film)
    del view.send
    view.close()
    del view
    gc.collect()
    assert gone() is None


def test_in_a_notebook_the_picture_carries_the_place_of_the_widget(monkeypatch):
    film, _ = switching(2)
    assert "id=" not in film._repr_mimebundle_()["image/svg+xml"].partition(">")[0]
    made = []
    monkeypatch.setattr(recording, "FilmView", lambda film, place: made.append((film, place)))
    monkeypatch.setattr(recording, "in_notebook", lambda: True)
    bundle = film._repr_mimebundle_()
    ((shown, place),) = made
    assert shown is film
    assert bundle["image/svg+xml"].startswith(f'<svg id="{place}" ')
    assert set(bundle) == {"text/plain", "image/svg+xml"}  # no widget is saved
    monkeypatch.setattr(recording, "can_draw", lambda: False)
    assert film._repr_mimebundle_()["text/html"].startswith(f'<pre id="{made[-1][1]}">Film: 2 frames')
    with viz.watch() as empty:
        pass
    assert set(empty._repr_mimebundle_()) == {"text/plain"}


def test_without_anywidget_there_is_the_picture(monkeypatch):
    film, _ = switching(2)
    monkeypatch.setattr(recording, "in_notebook", lambda: True)
    monkeypatch.setattr(recording, "FilmView", recording.GraphView)  # what stands in for it then
    bundle = film._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    assert not bundle["image/svg+xml"].startswith("<svg id=")
