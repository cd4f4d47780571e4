"""Naive recursion: its order, its counts and its numbers, held against a recursion that really recurs."""

import gc
import weakref

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz.naive import MOST, carried, counted, many, walk

# z = y + 2·y with y = x·x, and what each place multiplies with at x = 3
PLACE = {"z": "add", "d": "double", "y": "square", "x": "x"}
SENT = {"add": [("y", 1), ("d", 1)], "double": [("y", 2)], "square": [("x", 3), ("x", 3)]}
INPUTS = {at: [tensor for tensor, _ in sent] for at, sent in SENT.items()}
ORDER = ["add", "double", "square", "x"]


def recursion(tensor, gradient, calls):
    """The real thing."""
    calls.append((tensor, gradient))
    for child, local in SENT.get(PLACE[tensor], ()):
        recursion(child, gradient * local, calls)


def test_the_visits_are_those_of_a_real_recursion():
    calls = []
    recursion("z", 1, calls)
    send = lambda tensor, g: [(child, g * local) for child, local in SENT.get(PLACE[tensor], ())]  # noqa: E731
    assert [(tensor, g) for tensor, g, _ in carried([("z", 1)], send)] == calls
    assert [visit.tensor for visit in walk(INPUTS, PLACE, ["z"])] == [tensor for tensor, _ in calls]
    assert sum(g for tensor, g in calls if tensor == "x") == 18  # the derivative of 3x² at 3


def test_each_visit_of_a_place_is_counted():
    visits = walk(INPUTS, PLACE, ["z"])
    assert [(visit.place, visit.number) for visit in visits if visit.place == "square"] == [("square", 1), ("square", 2)]
    assert counted(ORDER, INPUTS, PLACE, ["z"]) == {"add": 1, "double": 1, "square": 2, "x": 4}
    assert [visit.depth for visit in visits] == [0, 1, 2, 2, 1, 2, 3, 3]


def test_a_chain_of_diamonds_is_counted_without_walking_it():
    place = {f"t{i}": f"o{i}" for i in range(1000)} | {"x": "x"}
    inputs = {f"o{i}": [f"t{i + 1}"] * 2 for i in range(999)} | {"o999": ["x", "x"]}
    counts = counted([*(f"o{i}" for i in range(1000)), "x"], inputs, place, ["t0"])
    assert counts["x"] == 2**1000
    assert len(walk(inputs, place, ["t0"])) == MOST
    assert many(counts["x"]) == "1.07 × 10^301"


def visits_of(model):
    plan = model.recursion.plan(model)
    return plan, [model.recursion.tell(number) for number in range(1, len(plan["visits"]) + 1)]


def test_the_partial_gradients_add_up_to_the_gradient():
    x = torch.tensor([[2.0, -1.0], [0.5, 3.0]], requires_grad=True)
    with viz.record():
        y = x * x
        out = (y.exp() * 0.01 + y * x.sum(0)).sum()  # broadcast, shared, used twice
    model = viz.graph(out).model
    recursion, sums = model.recursion, {}
    send = lambda tensor, g: [sent[:2] for sent in recursion.send(tensor, g)]  # noqa: E731
    for tensor, g, _ in carried(recursion.starts, send):
        sums[tensor] = sums.get(tensor, 0) + g
    out.backward()
    assert sums["t0"] == pytest.approx(x.grad.numpy(), rel=1e-5)
    _, told = visits_of(model)
    assert told[-1]["sum"] is None or told[-1]["sum"][-1]["texts"] == model.tensors["t0"].gradient.to_json()["texts"]


def test_the_plan_stands_beside_the_right_order():
    x = torch.tensor(2.0, requires_grad=True)
    with viz.record():
        y = x * x
        z = y + y * 2
    plan, told = visits_of(viz.graph(z).model)
    assert (plan["total"], plan["turns"], plan["more"]) == ("8", "4", "")
    assert [turn["name"] for turn in plan["right"]] == ["add", "mul · 2", "mul x·x", "x.grad"]
    assert [visit["name"] for visit in plan["visits"]] == ["add", "mul x·x", "x.grad", "x.grad", "mul · 2", "mul x·x", "x.grad", "x.grad"]
    assert told[5]["text"] == "naive visit 6 of 8 · mul x·x, visit 2 of 2: upstream 2 × local 2 = 4 → x · upstream 2 × local 2 = 4 → x"
    assert told[7]["text"] == "naive visit 8 of 8 · x.grad, visit 4 of 4: += 4, now 12"
    assert [visit["whole"] for visit in plan["visits"] if visit["tensor"] == "t1"] == [False, True]


def test_any_visit_can_be_told_in_any_order():
    x = torch.tensor(2.0, requires_grad=True)
    with viz.record():
        z = (x * x).exp()
    model = viz.graph(z).model
    forward = [model.recursion.tell(number)["text"] for number in (1, 2, 3, 4)]
    assert [model.recursion.tell(number)["text"] for number in (4, 3, 2, 1)] == forward[::-1]


def test_operations_with_several_outputs_are_visited_for_each():
    x = torch.arange(4.0, requires_grad=True)
    with viz.record():
        one, other = x.split(2)
        out = (one * other).sum()
    model = viz.graph(out).model
    plan, told = visits_of(model)
    assert [visit["name"] for visit in plan["visits"]].count("split dim=0") == 2
    assert told[-1]["sum"][-1]["texts"] == [["2", "3", "0", "1"]]


def test_a_users_function_takes_part():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.tensor(3.0, requires_grad=True)
    with viz.record():
        y = Twice.apply(x)
        out = y + y
    _, told = visits_of(viz.graph(out).model)
    assert told[-1]["text"].endswith("+= 2, now 4")


def test_many_visits_are_left_out_and_said_to_be():
    v = x = torch.tensor(1.0, requires_grad=True)
    with viz.record():
        for _ in range(30):
            v = v + v * 0.5
    plan = viz.graph(v).model.recursion.plan(viz.graph(v).model)
    assert len(plan["visits"]) == MOST
    assert (plan["total"], plan["more"], plan["turns"]) == ("3.22 × 10^9", "3.22 × 10^9", "61")
    assert x.grad is None


def test_a_folded_graph_says_in_which_box_a_visit_is():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with viz.record():
        loss = net(torch.ones(1, 2)).sum()
    shown = viz.show(loss, model=net, opened=[])
    places = {visit["at"] for visit in shown.model.recursion.plan(shown.model)["visits"]}
    assert places <= shown.model.ops.keys() | shown.model.tensors.keys() | {None}
    assert "g0" in places


def test_saved_values_that_are_gone_are_an_error():
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    model = viz.graph(y).model
    y.backward()
    with pytest.raises(RuntimeError):
        model.recursion.tell(1)


def test_nothing_is_kept_of_a_graph_that_nobody_looks_at():
    def made():
        x = torch.tensor(2.0, requires_grad=True)
        with viz.record():
            z = (x * x).exp()
        model = viz.graph(z).model
        model.recursion.tell(3)
        return model, weakref.ref(z.grad_fn)

    model, node = made()
    gc.collect()
    assert node() is not None
    gc.disable()
    try:
        del model
        assert node() is None  # at once: no circle waits for the collector
    finally:
        gc.enable()
