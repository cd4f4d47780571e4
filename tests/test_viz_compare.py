"""Two graphs side by side: what both have, what only one has, in a sentence, in the text and in the picture."""

from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz.marks import SVG
from lesson_lib.viz.svg import can_draw
from scripts.example_cells import Sigmoid

drawn = pytest.mark.skipif(not can_draw(), reason="no Graphviz is installed")


@pytest.fixture
def comparison():
    x = torch.tensor([1.5, 0.3, -1.0], requires_grad=True)
    composite = (1 / (1 + (-x).exp())).sum()
    function = Sigmoid.apply(x).sum()
    return viz.compare(composite, function, titles=("composite", "Function"))


def names(comparison, side):
    model = comparison.models[side]
    return [model.ops[key].name for key in comparison.only[side]]


def test_a_composite_and_a_function(comparison):
    assert names(comparison, 0)[:2] == ["neg", "exp"]
    assert names(comparison, 1) == ["Sigmoid"]
    count = len(comparison.models[0].ops)
    assert comparison.sentence == f"composite: {count} ops. Function: 2 ops. In both: 1. Only in composite: {count - 1}. Only in Function: 1."


def test_the_text_marks_what_only_one_has(comparison):
    text = repr(comparison)
    assert text.count("! only here") == len(comparison.models[0].ops)
    assert "Sigmoid  [SigmoidBackward]  ! only here" in text
    assert text.endswith(comparison.sentence)


def test_equal_graphs_have_no_difference():
    x = torch.ones(2, 3, requires_grad=True)
    same = viz.compare((x * 2).exp().sum(), (x * 3).exp().sum())
    assert same.only == ([], [])
    assert same.common == 3


def test_an_operation_put_in_between_is_the_only_difference():
    x, net = torch.ones(2, 4), nn.Linear(4, 4)
    more = viz.compare(net(x).sum(), net(x).relu().sum(), titles=("before", "after"))
    assert (names(more, 0), names(more, 1)) == ([], ["relu"])


def test_a_graph_that_differs_from_run_to_run():
    def steps(x, count):
        for _ in range(count):
            x = x.tanh()
        return x.sum()

    x = torch.ones(3, requires_grad=True)
    runs = viz.compare(viz.graph(steps(x, 2)), steps(x, 5), titles=("short", "long"))
    assert (names(runs, 0), names(runs, 1)) == ([], ["tanh"] * 3)
    assert runs.common == 3


def test_shapes_and_inputs_count():
    x, y = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    other = viz.compare((x * 2).sum(), (y * 2).sum())
    assert other.only == (["o0", "o1", "t0"], ["o0", "o1", "t0"])
    assert other.common == 0


@drawn
def test_the_picture_has_both_side_by_side(comparison):
    root = ElementTree.fromstring(comparison.svg())
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {f"a-{key}" for key in comparison.models[0].ops} | {f"b-{key}" for key in comparison.models[1].ops} <= set(ids)
    first, second = [group for group in root if group.tag == f"{{{SVG}}}g"]
    places = [tuple(map(float, group.get("transform")[10:-1].split())) for group in (first, second)]
    assert places[0][0] < places[1][0]
    assert places[0][1] == places[1][1]
    words = ["".join(text.itertext()) for text in root.iter(f"{{{SVG}}}text")]
    assert {"composite", "Function", comparison.sentence} <= set(words)
    assert words.count("only here") == len(comparison.models[0].ops)


@drawn
def test_a_difference_is_dashed_and_what_is_common_is_not(comparison):
    root = ElementTree.fromstring(comparison.svg())
    frames = {group.get("id"): group.find(f".//{{{SVG}}}rect") for group in root.iter(f"{{{SVG}}}g") if (group.get("id") or "").startswith(("a-o", "b-o"))}
    dashed = {key for key, frame in frames.items() if frame.get("stroke-dasharray")}
    assert dashed == {f"a-{key}" for key in comparison.only[0]} | {f"b-{key}" for key in comparison.only[1]}


@drawn
def test_it_is_the_same_each_time_and_escaped():
    x = torch.ones(2, requires_grad=True)
    pictures = {viz.compare(x.exp().sum(), x.sin().sum(), titles=("<script>", "&")).svg() for _ in range(3)}
    assert len(pictures) == 1
    assert "<script" not in next(iter(pictures))


def test_differences_are_listed_with_where_to_look_on_both_sides(comparison):
    (item,) = comparison.picks()["items"]
    assert comparison.picks()["heading"] == "1 difference"
    assert (item["word"], item["text"]) == ("exchanged", "composite: neg, exp, add, reciprocal and 1 more. Function: Sigmoid.")
    assert [side.full.ops[key].name for side, key in zip(comparison.sides, item["near"], strict=True)] == ["neg", "Sigmoid"]


def test_where_one_has_nothing_the_operation_before_is_looked_at():
    x = torch.ones(2, 3, requires_grad=True)
    other = viz.compare((x * 2).exp().sum(), (x * 2).sum(), titles=("before", "after"))
    (item,) = other.picks()["items"]
    assert (item["word"], item["text"], item["own"]) == ("only in before", "exp", [True, False])
    assert [other.models[side].ops[key].name for side, key in enumerate(item["near"])] == ["exp", "mul"]


def test_a_graph_that_was_shown_is_compared_as_a_whole():
    net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(30)])
    with viz.record():
        one, two = net(torch.ones(2, 4)).sum(), net(torch.ones(2, 4)).relu().sum()
    other = viz.compare(viz.show(one, opened=[]), viz.show(two))
    assert (len(other.models[0].ops), len(other.models[1].ops)) == (61, 62)
    assert [other.models[1].ops[key].name for key in other.only[1]] == ["relu"]


def test_differences_in_a_closed_module_mark_the_module():
    def side(*middle):
        net = nn.Sequential(nn.Linear(4, 4), *middle, *[nn.Linear(4, 4) for _ in range(30)])
        with viz.record():
            return net(torch.ones(2, 4)).sum()

    first = viz.compare(side(nn.ReLU(), nn.Tanh()), side()).sides[0]
    first.opened = []
    assert [mark.word for mark in first.marks_on(first.model).values()] == ["2 only here, inside"]


def test_a_widget_holds_two_views_that_speak_one_language(comparison):
    view = comparison.widget()
    view.language = "zh"
    assert [side.language for side in view.views] == ["zh", "zh"]
    assert view.data["picks"]["heading"] == "1 处差别"
    view.views[0].language = "en"
    assert view.language == view.views[1].language == "en"
    view.close()
    assert [side.comm for side in view.views] == [None, None]
