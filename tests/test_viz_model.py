"""The graph as plain data: what is known, what it is called, and the steps through it."""

import json

import numpy as np
import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz.summary import number, summarise, window


def s2():
    """The first program of the course, recorded."""
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        y = x + 2
        z = y * y * 3
        out = z.mean()
    return x, out, viz.graph(out)


def by_name(graph):
    return {node.name: node for node in graph.model.tensors.values()}


def test_building_a_graph_calls_no_hook():
    called = []
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(called.append)
    viz.graph((y * y).sum())
    assert y.grad is None
    assert x.grad is None
    assert called == []


def test_names_kinds_and_shapes():
    _, _, graph = s2()
    nodes = by_name(graph)
    assert list(nodes) == ["x", "y", "y²", "z", "out"]
    assert [node.kind for node in nodes.values()] == ["leaf", "intermediate", "intermediate", "intermediate", "loss"]
    assert [node.shape for node in nodes.values()] == [(2, 2)] * 4 + [()]
    assert {node.dtype for node in nodes.values()} == {"float32"}


def test_operations_know_their_constant_formula_line_and_source():
    _, _, graph = s2()
    add, square, times, mean = graph.model.ops.values()
    assert [op.title for op in (add, square, times, mean)] == ["AddBackward0", "MulBackward0", "MulBackward0", "MeanBackward0"]
    assert [add.caption, square.caption, times.caption] == ["+ 2", "y·y", "· 3"]
    assert times.symbol == "×"
    assert "y = a·b" in times.formula
    assert times.line.code == "z = y * y * 3"
    assert times.line.place.startswith("test_viz_model.py:")
    assert graph.model.sources[times.source].startswith("@op\nclass mul(")


def test_edges_carry_the_argument_position():
    _, _, graph = s2()
    square = next(op.id for op in graph.model.ops.values() if op.caption == "y·y")
    y = by_name(graph)["y"].id
    assert [(e.source, e.position) for e in graph.model.edges if e.target == square] == [(y, 0), (y, 1)]


def test_values_are_recorded():
    _, _, graph = s2()
    assert {name: node.value.uniform for name, node in by_name(graph).items()} == {"x": 1, "y": 3, "y²": 9, "z": 27, "out": 27}


def test_steps_go_forward_then_backward():
    _, _, graph = s2()
    kinds = [step.kind for step in graph.model.steps]
    assert kinds == ["start"] + ["forward"] * 4 + ["seed"] + ["backward"] * 4 + ["accumulate"]
    texts = [step.text for step in graph.model.steps]
    assert texts[3] == "forward 3 of 4 · mul · 3: y² → z"
    assert texts[7] == "backward 2 of 5 · mul: upstream 0.25 × local 3 = 0.75 → y²"
    assert texts[10] == "backward 5 of 5 · AccumulateGrad: x.grad += 4.5"


def test_the_gradients_are_those_of_backward():
    x, out, graph = s2()
    assert x.grad is None  # building the graph touched nothing
    assert {name: node.gradient.uniform for name, node in by_name(graph).items()} == {"x": 4.5, "y": 4.5, "y²": 0.75, "z": 0.25, "out": 1}
    out.backward()
    assert np.array_equal(x.grad.numpy(), by_name(graph)["x"].gradient_handle)


def test_two_uses_of_a_tensor_are_two_parts_of_one_flow():
    _, _, graph = s2()
    flow = next(flow for flow in graph.model.flows.values() if len(flow.parts) == 2)
    assert flow.label == "0.75 · 3\n+ 0.75 · 3\n= 4.5"
    assert [part.rule for part in flow.parts] == ["∂y/∂a = b", "∂y/∂b = a"]


def test_a_gradient_that_is_still_being_summed_says_so():
    with viz.record():
        x = torch.tensor(2.0, requires_grad=True)
        out = x * 3 + x * 4
    steps = viz.graph(out).model.steps
    x_id = next(iter(viz.graph(out).model.tensors))
    assert [words for step in steps for key, words in step.partly if key == x_id] == ["1 of 2 added", "not added yet"]
    assert [step.kind for step in steps if x_id in step.gradients] == ["accumulate"]


def test_no_backward_yet_means_no_gradient_shown():
    _, out, graph = s2()
    assert not graph.model.ran_backward
    assert all(node.grad is None for node in graph.model.tensors.values())
    out.backward()
    after = viz.graph(out)
    assert after.model.ran_backward
    assert after.model.tensors["t0"].grad.uniform == 4.5


def test_a_recorded_graph_can_be_stepped_through_after_backward_freed_it():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        out = (x * 3).mean()
    before = viz.graph(out)
    out.backward()
    after = viz.graph(out)
    assert [step.text for step in after.model.steps] == [step.text for step in before.model.steps]
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        out.backward()


def test_unrecorded_values_are_unknown_not_zero():
    def hidden(x):
        middle = torch.exp(x + 1) + 1
        return (middle + 2).sum()

    x = torch.ones(3, requires_grad=True)
    out = hidden(x)
    nodes = list(viz.graph(out).model.tensors.values())
    assert nodes[0].value.uniform == 1
    assert [node.value for node in nodes if node.name.startswith("add")][-1] is None
    out.backward()
    freed = viz.graph(out).model
    assert [step.kind for step in freed.steps if step.kind == "backward"] == []
    assert "viz.record()" in freed.reason


def test_an_overwritten_value_is_not_shown_as_it_was():
    with viz.record():
        x = torch.ones(2, requires_grad=True)
        product = x * 2
        out = product.sum()
    shown = viz.graph(out)
    with torch.no_grad():
        product.zero_()
    del product
    assert by_name(shown)["product"].value.uniform == 2
    assert [node.value for node in viz.graph(out).model.tensors.values() if node.shape == (2,)][1] is None


def test_parameters_have_their_dotted_names():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    out = net(torch.ones(4, 3)).sum()
    assert {"net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias"} <= set(by_name(viz.graph(out)))
    assert {"0.weight", "0.bias", "2.weight", "2.bias"} <= set(by_name(viz.graph(out, model=net)))


def test_tensors_without_gradient_are_constant_cards():
    with viz.record():
        data = torch.ones(4, 3)
        w = torch.ones(3, 2, requires_grad=True)
        out = (data @ w).sum()
    nodes = by_name(viz.graph(out))
    assert nodes["data"].kind == "constant"
    assert nodes["data"].gradient is None


def test_a_rule_that_is_no_product_is_told_in_words():
    with viz.record():
        data = torch.ones(4, 3)
        w = torch.ones(3, 2, requires_grad=True)
        out = (data @ w).sum()
    graph = viz.graph(out)
    (flow,) = [flow for flow in graph.model.flows.values() if graph.model.tensors[flow.tensor].name == "w"]
    (part,) = flow.parts
    assert part.local is None
    assert part.rule == "∂L/∂B = Aᵀ·G"
    assert part.contribution.shape == (3, 2)
    assert flow.label == "4×2 → 3×2"


def test_broadcast_contributions_are_summed():
    with viz.record():
        b = torch.zeros(2, requires_grad=True)
        out = (torch.ones(4, 2) + b).sum()
    graph = viz.graph(out)
    flow = next(flow for flow in graph.model.flows.values() if graph.model.tensors[flow.tensor].name == "b")
    assert flow.parts[0].summed
    assert flow.label == "Σ 1 · 1\n= 4"
    assert by_name(graph)["b"].gradient.uniform == 4


def test_unequal_elements_show_one_of_them():
    with viz.record():
        x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        out = (x * x).sum()
    flow = viz.graph(out).model.flows["f1"]
    assert flow.label == "[2]\n1 · 3\n+ 1 · 3\n= 6"


def test_several_outputs_and_a_gradient_for_a_vector():
    with viz.record():
        x = torch.ones(2, requires_grad=True)
        y = x * 2
    graph = viz.graph(y)
    assert "gradient=" in graph.model.reason
    graph = viz.graph(y, gradient=torch.tensor([1.0, 10.0]))
    assert by_name(graph)["x"].gradient.rows == ((2, 20),)


def test_a_users_own_function_is_one_node():
    class Square(torch.autograd.Function):
        """y = x²."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    with viz.record():
        x = torch.tensor(3.0, requires_grad=True)
        out = Square.apply(x)
    out.backward()
    graph = viz.graph(out)
    assert [op.title for op in graph.model.ops.values()] == ["SquareBackward"]
    assert graph.model.steps[-2].text == "backward 1 of 2 · Square: upstream 1 × local 6 = 6 → x"


def test_the_model_is_json():
    _, _, graph = s2()
    data = json.loads(json.dumps(graph.model.to_json()))
    assert data["tensors"]["t0"]["value"]["texts"] == [["1", "1"], ["1", "1"]]
    assert data["now"] == 4


def test_nan_and_infinity_are_json_too():
    with viz.record():
        x = torch.tensor([float("nan"), float("inf"), -1.0], requires_grad=True)
        out = x.sum()
    json.loads(json.dumps(viz.graph(out).model.to_json(), allow_nan=False))


def test_a_long_chain_needs_no_recursion():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 1
    graph = viz.graph(y)
    assert len(graph.model.ops) == 3000
    assert "… and" in repr(graph)
    assert "image/svg+xml" not in graph._repr_mimebundle_()


def test_the_text_form_is_a_tree():
    _, _, graph = s2()
    assert repr(graph).splitlines() == [
        "out  scalar = 27",
        "└─ mean  [MeanBackward0]",
        "   └─ z  2×2",
        "      └─ mul · 3  [MulBackward0]",
        "         └─ y²  2×2",
        "            └─ mul y·y  [MulBackward0]",
        "               ├─ y  2×2",
        "               │  └─ add + 2  [AddBackward0]",
        "               │     └─ x  2×2  leaf",
        "               └─ y  2×2  (see above)",
    ]


def test_a_tape_can_be_switched_on_and_off():
    tape = viz.record()
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    tape.stop()
    tape.stop()
    z = y * 2
    assert repr(tape) == "<Tape: stopped, 1 operation>"
    assert "record" in y.grad_fn.metadata
    assert "record" not in z.grad_fn.metadata


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match="graph\\(\\) takes tensors, not float"):
        viz.graph(1.0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (3.0, "3"), (-0.5, "−0.5"), (1 / 3, "0.333"), (1234.5, "1234"), (99999.0, "99999"), (1e5, "1e5"), (0.01, "0.01"), (0.001, "1e-3"),
     (float("-inf"), "−inf"), (True, "True"), (1 + 2j, "1+2i")],
)  # fmt: skip
def test_numbers_are_short(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("shape", "rows", "exact"),
    [((), (1, 1), True), ((3,), (1, 3), True), ((4, 4), (4, 4), True), ((5, 5), (5, 5), False), ((100,), (1, 10), False), ((28, 28), (8, 10), False),
     ((2, 3, 4, 4), (4, 4), False), ((1, 1, 2, 2), (2, 2), True), ((0, 3), (0, 0), True)],
)  # fmt: skip
def test_a_summary_is_small(shape, rows, exact):
    summary = summarise(np.ones(shape, "float32"))
    assert (len(summary.rows), len(summary.rows[0]) if summary.rows else 0) == rows
    assert summary.exact is exact
    assert bool(summary.note) is (not exact) or 0 in shape


def test_a_grid_averages_its_blocks():
    plane = np.arange(16 * 20, dtype="float32").reshape(16, 20)
    assert np.allclose(summarise(plane).rows, plane.reshape(8, 2, 10, 2).mean((1, 3)))


def test_the_window_says_how_much_it_shows():
    data = window(np.full((100, 100), 2.0, "float32"))
    assert (len(data["texts"]), len(data["texts"][0])) == (24, 16)
    assert data["note"] == "24×16 of 100×100 is shown"
    assert data["stats"] == "min 2 · mean 2 · max 2"
    assert window(np.array([1.0, np.nan, np.inf]))["stats"] == "min 1 · mean 1 · max 1 · 1 NaN · 1 infinite"
