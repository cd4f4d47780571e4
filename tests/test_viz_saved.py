"""What the picture says is kept for the way back: held against what the nodes themselves keep."""

import json

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz.changes import told_step


def saved(model):
    """label of each operation -> [(name of the tensor or None, role, bytes, leaf), ...]."""
    names = {key: card.name for key, card in model.tensors.items()}
    return {op.label: [(names.get(s.tensor), s.role, s.bytes, s.leaf) for s in op.saved] for op in model.ops.values() if op.saved}


def test_a_tensor_that_is_saved_twice_is_named_once():
    x = torch.ones(2, 2, requires_grad=True)
    with viz.record():
        y = x + 2
        z = y * y * 3
        out = z.mean()
    assert saved(viz.graph(out).model) == {"mul y·y": [("y", "input", 16, False)]}  # neither the 3 nor a shape is a tensor


def test_inputs_outputs_leaves_and_arrays_of_its_own():
    x = torch.ones(2, 3, requires_grad=True)
    with viz.record():
        e = x.exp()
        s = x.sin()
        out = nn.functional.layer_norm(e * s, (3,)).sum()
    kept = saved(viz.graph(out).model)
    assert kept["exp"] == [("e", "output", 24, False)]
    assert kept["sin"] == [("x", "input", 24, True)]
    assert [role for _, role, _, _ in kept["layer_norm"]] == ["input", "own", "own"]


def test_it_is_still_told_when_backward_has_run_under_a_recording():
    x = torch.ones(3, requires_grad=True)
    with viz.record():
        out = x.exp().sum()
    before = saved(viz.graph(out).model)
    out.backward()
    assert saved(viz.graph(out).model) == before != {}


def test_without_a_recording_nobody_knows_after_backward():
    x = torch.ones(3, requires_grad=True)
    out = x.exp().sum()
    out.backward()
    assert saved(viz.graph(out).model) == {}


def test_a_users_function_saves_inputs_and_outputs():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x**3
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, _ = ctx.saved_tensors
            return g * 3 * x**2

    x = torch.ones(2, requires_grad=True)
    with viz.record():
        y = Cube.apply(x)
        out = y.sum()
    assert saved(viz.graph(out).model)["Cube"] == [("x", "input", 8, True), ("y", "output", 8, False)]


def test_a_box_has_the_sum_of_what_is_seen_nowhere_else():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    picture = viz.show(net, torch.ones(3, 4), opened=["Sequential"], gradient=torch.ones(3, 2))
    whole = {s.memory: s.bytes for op in picture.full.ops.values() for s in op.saved}
    folded = {s.memory: s.bytes for op in picture.model.ops.values() for s in op.saved}
    assert sum(whole.values()) == sum(folded.values())
    closed = viz.show(net, torch.ones(3, 4), opened=[], gradient=torch.ones(3, 2)).model
    (box,) = closed.ops.values()
    assert sum(s.bytes for s in box.saved) == sum(whole.values())
    assert sum(s.count for s in box.saved) == len({(s.tensor, s.memory) for op in picture.full.ops.values() for s in op.saved})
    assert sum(s.bytes for s in box.saved if not s.leaf) == box.box.kept


def test_the_page_gets_ids_and_counts_only():
    x = torch.ones(2, requires_grad=True)
    with viz.record():
        out = (x * x).sum()
    assert json.loads(json.dumps(viz.graph(out).model.to_json()["saved"])) == {"o0": [["t0", 0, 0, 8, 1, 1]]}


def test_a_step_brings_what_met_there_before():
    x = torch.tensor(2.0, requires_grad=True)
    with viz.record():
        y = x * x
        z = y + y * 2
    model = viz.graph(z).model
    number = next(n for n, step in enumerate(model.steps) if step.kind == "backward" and model.ops[step.at].label == "mul · 2")
    met = [flow["parts"][0]["contribution"]["texts"] for flow in told_step(model, number)["flows"].values() if flow["tensor"] == "t1"]
    assert met == [[["2"]], [["1"]]]  # its own, then the one that came before


def test_what_was_given_to_start_from_is_one_of_the_terms():
    x = torch.tensor(2.0, requires_grad=True)
    with viz.record():
        y = x * 3
        z = y * y
    model = viz.graph(y, z).model
    assert {model.tensors[key].name: seed.uniform for key, seed in model.seeds.items()} == {"y": 1.0}
