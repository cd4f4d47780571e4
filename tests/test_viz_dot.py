"""DOT text and painted cards: pure functions of the model and the view, safe for any name."""

import re

import pytest

import lesson_lib as torch
from lesson_lib import viz
from lesson_lib.viz.dot import layout_dot, quoted, to_dot
from lesson_lib.viz.model import Edge, Model, OpNode, TensorNode
from lesson_lib.viz.paint import fragments
from lesson_lib.viz.theme import COLOURS, theme
from lesson_lib.viz.view import State, View

EVIL = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def model():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        y = x + 2
        z = y * y * 3
        out = z.mean()
    return viz.graph(out).model


def step_of(model, text):
    return next(i for i, step in enumerate(model.steps) if step.text.startswith(text))


def test_the_same_model_and_view_give_the_same_text(model):
    view = View(step=7)
    assert to_dot(model, view) == to_dot(model, view)
    assert layout_dot(model, view) == layout_dot(model, view)


def test_every_node_and_edge_has_an_id(model):
    dot = layout_dot(model)
    for key in (*model.tensors, *model.ops):
        assert f'id="{key}"' in dot
    assert dot.count(" -> ") == len(model.edges)


def test_a_backward_step_shows_its_arrow_alone(model):
    dot = to_dot(model, View(step=step_of(model, "backward 2")))
    visible = [line for line in dot.splitlines() if "style=dashed" in line]
    assert len(visible) == 1
    assert 'label="0.25 · 3\\n= 0.75"' in visible[0]
    assert COLOURS["gradient"][0] in visible[0]
    assert "constraint=false" in visible[0]


def test_stepping_moves_nothing(model):
    """The layout's boxes have the same sizes at every step, so the picture stays where it is."""
    boxes = {tuple(re.findall(r"^(\w+ \[shape=.*?)\b(?:id)", layout_dot(model, View(step=i)), re.M)) for i in range(len(model.steps))}
    assert len(boxes) == 1


def test_the_current_operation_has_a_thick_ring(model):
    at = step_of(model, "backward 2")
    ring = [line for line in to_dot(model, View(step=at)).splitlines() if "penwidth=2.4" in line]
    assert [line.split()[0] for line in ring] == [model.steps[at].at]
    assert COLOURS["gradient"][0] in ring[0]


def test_unknown_gradients_are_words_never_zero(model):
    svg = "".join(fragments(State(model, View(step=0))).values())
    assert svg.count(">not computed<") == 9  # five gradients and the four values that are not computed either
    assert ">0<" not in svg
    unrecorded = Model(tensors={"t0": TensorNode("t0", "a", "loss", (2,), "float32")})
    assert ">not recorded<" in fragments(State(unrecorded, View()))["t0"]
    assert "not recorded" in to_dot(unrecorded)


def test_names_are_text_and_nothing_else():
    hostile = Model(
        tensors={"t0": TensorNode("t0", EVIL, "leaf", (), "float32"), "t1": TensorNode("t1", "\\n]\"; }", "loss", (), "float32", made_by="o0")},
        ops={"o0": OpNode("o0", EVIL, EVIL, EVIL, caption=EVIL)},
        edges=[Edge("t0", "o0", 0), Edge("o0", "t1", 0)],
    )
    for text in (to_dot(hostile), *fragments(State(hostile, View())).values()):
        assert "<script" not in text
    assert "&lt;script&gt;" in fragments(State(hostile, View()))["o0"]
    viz.Graph(hostile, View()).svg()  # what Graphviz makes of it is still well-formed


def test_a_parameter_named_script_shows_as_text():
    net = torch.nn.Module()
    net.register_parameter("<script>", torch.nn.Parameter(torch.ones(2)))
    out = net._parameters["<script>"].sum()
    graph = viz.graph(out, model=net)
    assert "&lt;script&gt;" in graph.svg()
    assert "<script>" not in graph.svg() + graph.dot


def test_quoted_strings_end_where_they_should():
    assert quoted('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_has_contrast(name):
    colours = theme(name)
    grounds = {"card": ("text", "small", "value_ink", "gradient_ink", "leaf_ink", "loss_ink"), "page": ("text", "small", "gradient_ink")}
    grounds |= {"op": ("text",), "value_wash": ("text",), "gradient_wash": ("text",)}
    for ground, inks in grounds.items():
        for ink in inks:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="'light' or 'dark'"):
        theme("sepia")


def test_a_step_out_of_range_is_refused(model):
    with pytest.raises(IndexError, match="this graph has steps 0 to 10"):
        to_dot(model, View(step=11))


def test_large_graphs_run_from_top_to_bottom():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(12):
        y = y * 2
    assert "rankdir=TB" in viz.graph(y).dot
    assert "rankdir=LR" in viz.graph(x * 2).dot


@pytest.fixture
def loop():
    """A recurrent loop: one weight, read at every step."""
    with viz.record():
        w = torch.full((2, 2), 0.5, requires_grad=True)
        h = torch.ones(1, 2)
        for _ in range(20):
            h = torch.tanh(h @ w)
        out = h.sum()
    return viz.graph(out).model


def test_a_tensor_that_is_far_away_has_a_stand_in(loop):
    stand_ins = loop.references()
    (weight,) = [key for key, node in loop.tensors.items() if node.kind == "leaf"]
    assert {loop.edges[number].source for number in stand_ins} == {weight}
    assert 10 < len(stand_ins) < 20  # its first uses lead to the card itself
    assert set(stand_ins.values()) <= set(fragments(State(loop, View())))
    for text in (to_dot(loop), layout_dot(loop)):
        assert all(f'id="{key}"' in text for key in stand_ins.values())


def test_in_a_large_graph_the_step_turns_the_line_round(loop):
    at = next(i for i, step in enumerate(loop.steps) if step.kind == "backward" and "tanh" in step.text)
    dot = layout_dot(loop, View(step=at))
    assert 'class="flow"' not in dot
    (line,) = [line for line in dot.splitlines() if "dir=back" in line]
    assert 'class="data"' in line
    assert "xlabel=" in line
