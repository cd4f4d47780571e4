"""Modules as groups, and a graph folded by them: plain data, no screen."""

import contextlib
import gc
import json
import threading
import weakref

import pytest

import lesson_lib as torch
from benchmarks.gpt import GPT
from lesson_lib import nn, viz
from lesson_lib.nn.global_hooks import around_calls
from lesson_lib.viz.dot import layout_dot, to_dot
from lesson_lib.viz.fold import CARDS, fold
from lesson_lib.viz.lines import lines_of
from lesson_lib.viz.opening import first_open
from lesson_lib.viz.paint import fragments
from lesson_lib.viz.record import record_of
from lesson_lib.viz.rows import Rows
from lesson_lib.viz.view import State, View

EVIL = "<script>alert(1)</script>"


def gpt_model(layers=12):
    """The Model of a GPT's loss, and the module."""
    torch.manual_seed(0)
    gpt, ids = GPT(layers), torch.randint(0, 65, (2, 8))
    with viz.record():
        loss = nn.functional.cross_entropy(gpt(ids).view(-1, 65), ids.view(-1))
    return viz.graph(loss).model, gpt


@pytest.fixture(scope="module")
def whole():
    return gpt_model()[0]


@pytest.fixture(scope="module")
def rows(whole):
    return Rows(whole)


def keys(model, *names):
    """Ids of the groups with these paths."""
    return {key for key, group in model.groups.items() if group.name in names}


def small(net, *inputs):
    """The Model of a small module's output, recorded."""
    with viz.record():
        out = net(*inputs)
    return viz.graph(out, gradient=torch.ones_like(out)).model


# --- what a tape knows ------------------------------------------------------------------------------------------


def test_every_operation_knows_its_module(whole):
    gpt = gpt_model(1)[1]
    names = {name for name, _ in gpt.named_modules()} - {"blocks"}  # a list of modules is never called
    model = small(gpt, torch.zeros(1, 4, dtype=torch.int64))
    assert {group.name for group in model.groups.values()} - names == {"net"}  # the outermost is called as the variable that holds it
    assert {op.name for op in model.ops.values() if model.groups[op.group].kind == "GELU"} == {"gelu"}
    outside = {op.name for op in whole.ops.values() if op.group is None}
    assert outside == {"view", "cross_entropy"}


def test_the_groups_are_nested_as_the_calls_are(whole):
    (attention,) = keys(whole, "blocks.3.attn")
    block = whole.groups[whole.groups[attention].parent]
    assert (block.name, block.title, whole.groups[attention].title) == ("blocks.3", "Block 3", "Attention")
    assert whole.groups[block.parent].kind == "GPT"


def test_parameters_belong_to_the_innermost_module(whole):
    (head,) = keys(whole, "blocks.0.attn.q")
    assert whole.groups[head].own == (("blocks.0.attn.q.weight", (48, 48)), ("blocks.0.attn.q.bias", (48,)))
    assert {whole.tensors[key].group for key in whole.inputs_of(rows_first(whole, head, "addmm")) if whole.tensors[key].kind == "leaf"} == {head}


def rows_first(model, group, name):
    return next(key for key, op in model.ops.items() if op.group == group and op.name == name)


def test_a_parameter_of_a_module_that_is_not_called_belongs_to_the_one_around_it():
    net = nn.Module()
    net.part = nn.Linear(2, 2)
    net.forward = lambda x: x @ net.part.weight
    model = small(net, torch.ones(1, 2))
    assert [group.own for group in model.groups.values()] == [(("part.weight", (2, 2)), ("part.bias", (2,)))]


def test_records_carry_time_and_memory():
    with viz.record():
        y = torch.ones(100, 100, requires_grad=True) * 2
        z = y.view(-1)
    assert record_of(y.grad_fn).bytes == 40_000
    assert record_of(z.grad_fn).bytes == 0  # a view takes no memory
    assert 0 < record_of(y.grad_fn).seconds < 1


def test_nothing_is_hooked_when_no_tape_runs():
    before = list(around_calls)
    with viz.record():
        assert len(around_calls) > len(before)
    assert around_calls == before


def test_an_exception_in_a_forward_leaves_the_stack_right():
    class Fails(nn.Module):
        def forward(self, x):
            raise self.problem

    inner, after, x = Fails(), nn.ReLU(), torch.ones(2, requires_grad=True)
    outer = nn.Sequential(nn.Tanh(), inner)
    for inner.problem in (ValueError("no"), KeyboardInterrupt()):
        with viz.record() as tape:
            with contextlib.suppress(ValueError, KeyboardInterrupt):
                outer(x)
            y, z = x * 2, after(x)
        assert record_of(y.grad_fn).call is None
        assert record_of(z.grad_fn).call.kind == "ReLU"
        assert record_of(z.grad_fn).call.parent is None
        assert tape.calls.calls == []


def test_a_caught_exception_inside_a_module():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.risky = nn.Linear(3, 3)

        def forward(self, x):
            with contextlib.suppress(RuntimeError):
                self.risky(x)  # the shapes do not fit
            return x * 2

    model = small(Careful(), torch.ones(2, requires_grad=True))
    assert [model.groups[op.group].kind for op in model.ops.values()] == ["Careful"]


def test_another_thread_has_a_stack_of_its_own():
    seen = []
    x = torch.ones(2, requires_grad=True)

    class Starts(nn.Module):
        def forward(self, x):
            thread = threading.Thread(target=lambda: seen.append(x * 3))
            thread.start()
            thread.join()
            return x * 2

    with viz.record():
        Starts()(x)
    assert record_of(seen[0].grad_fn).call is None


def test_the_graph_does_not_keep_the_module_alive():
    net = nn.Sequential(nn.Linear(2, 2))
    with viz.record():
        out = net(torch.ones(1, 2))
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None
    assert viz.graph(out.sum()).model.groups["g0"].kind == "Sequential"


# --- folding -----------------------------------------------------------------------------------------------------


def test_everything_closed_is_one_box(whole, rows):
    folded = fold(whole, (), rows)
    assert [op.box.title if op.box else op.name for op in folded.ops.values()] == ["GPT", "view", "cross_entropy"]
    box = next(iter(folded.ops.values())).box
    assert box.parameters == sum(p.numel() for p in gpt_model()[1].parameters())
    assert len(box.operations) == len(whole.ops) - 2
    assert all(node.kind != "leaf" for node in folded.tensors.values())  # the parameters are inside


def test_equal_neighbours_are_one_box_with_their_number(whole, rows):
    folded = fold(whole, keys(whole, "gpt"), rows)
    titles = [(op.box.title, op.box.count) for op in folded.ops.values() if op.box]
    assert titles == [("Embedding", 1), ("Embedding", 1), ("Block 0 … 11", 12), ("LayerNorm", 1), ("Linear", 1)]


def test_an_open_block_leaves_its_neighbours_folded(whole, rows):
    folded = fold(whole, keys(whole, "gpt", "blocks.5"), rows)
    titles = [op.box.title for op in folded.ops.values() if op.box]
    assert titles == ["Embedding", "Embedding", "Block 0 … 4", "LayerNorm", "Attention", "LayerNorm", "MLP", "Block 6 … 11", "LayerNorm", "Linear"]
    assert [group.title for group in folded.clusters.values()] == ["GPT", "Block 5"]
    assert folded.clusters[next(iter(keys(whole, "blocks.5")))].parent in keys(whole, "gpt")


def test_an_open_row_has_its_members_side_by_side(whole, rows):
    (row,) = [row for row in rows.by_id.values() if len(row.members) == 12]
    folded = fold(whole, keys(whole, "gpt") | {row.id}, rows)
    assert sum(op.box is not None and op.box.title.startswith("Block") for op in folded.ops.values()) == 12
    assert folded.clusters[row.id].title == "Block 0 … 11"
    assert {op.group for op in folded.ops.values() if op.box and op.box.title.startswith("Block")} == {row.id}


def test_different_structure_does_not_fold():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    model = small(net, torch.ones(1, 2))
    folded = fold(model, {"g0"})
    assert [(op.box.title, op.box.count) for op in folded.ops.values()] == [("Linear 0", 1), ("Linear 1", 1), ("Linear 2 … 3", 2)]


def test_everything_open_is_the_whole_graph(whole, rows):
    folded = fold(whole, whole.groups, rows)
    assert list(folded.ops) == list(whole.ops)
    assert set(folded.tensors) == set(whole.tensors)
    assert {(e.source, e.target, e.position) for e in folded.edges} == {(e.source, e.target, e.position) for e in whole.edges}


def test_folding_is_pure(whole, rows):
    before = json.dumps(whole.groups), [*whole.ops], {key: node.made_by for key, node in whole.tensors.items()}
    one, other = fold(whole, keys(whole, "gpt"), rows), fold(whole, keys(whole, "gpt"), Rows(whole))
    assert layout_dot(one) == layout_dot(other)
    assert before == (json.dumps(whole.groups), [*whole.ops], {key: node.made_by for key, node in whole.tensors.items()})


def test_shapes_stand_on_the_lines(whole, rows):
    folded = fold(whole, keys(whole, "gpt"), rows)
    lines = {(folded.ops[line.source].label, folded.ops[line.target].label): line.label for line in lines_of(folded) if {line.source, line.target} <= set(folded.ops)}
    assert lines["Block 0 … 11 (684 ops)", "LayerNorm (1 op)"] == "2×8×48"


def test_a_residual_path_passes_by(whole, rows):
    folded = fold(whole, keys(whole, "gpt", "blocks.0"), rows)
    passing = [line for line in lines_of(folded) if line.passing]
    assert [folded.ops[line.target].name for line in passing] == ["add", "add"]
    assert "style=dotted" in layout_dot(folded)


def test_a_weight_that_two_modules_share_leads_from_its_owner():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 3)

        def forward(self, ids):
            return self.embed(ids) @ self.embed.weight.T

    model = small(Tied(), torch.zeros(2, dtype=torch.int64))
    folded = fold(model, keys(model, "net"))
    (weight,) = [node for node in folded.tensors.values() if node.kind == "leaf"]
    assert folded.ops[weight.made_by].box.title == "Embedding"
    (user,) = folded.users_of(weight.id)
    assert folded.ops[user].box is None
    assert next(line for line in lines_of(folded) if line.target == user).passing  # dotted: it does not run in the direction of the computation


def test_a_module_that_is_called_twice():
    net = nn.Sequential(*[nn.Linear(2, 2)] * 2)
    model = small(net, torch.ones(1, 2))
    folded = fold(model, {"g0"})
    (box,) = [op.box for op in folded.ops.values()]
    assert (box.count, box.parameters) == (2, 6)


# --- stepping ------------------------------------------------------------------------------------------------------


def test_a_closed_box_is_one_step(whole, rows):
    folded = fold(whole, keys(whole, "gpt"), rows)
    assert [step.kind for step in folded.steps].count("forward") == len(folded.ops)
    assert sum(step.kind == "backward" for step in folded.steps) == len(folded.ops)
    texts = [step.text for step in folded.steps]
    assert texts[4] == "forward 4 of 8 · Block 0 … 11 (684 ops): add → add 25"
    block = next(step for step in folded.steps if step.kind == "backward" and folded.ops[step.at].box and folded.ops[step.at].box.count == 12)
    assert block.text == "backward 5 of 8 · Block 0 … 11 (684 ops): gradient → add"
    assert [folded.tensors[key].name for key in block.gradients] == ["add"]
    assert folded.flows[block.flows[0]].label == "∂ 2×8×48"


@pytest.mark.parametrize("names", [(), ("gpt",), ("gpt", "blocks.2"), ("gpt", "blocks.2", "blocks.2.attn", "blocks.2.attn.q")])
def test_every_gradient_is_complete_at_the_end(whole, rows, names):
    folded = fold(whole, keys(whole, *names), rows)
    complete = {key for step in folded.steps for key in step.gradients}
    assert {key for key, node in folded.tensors.items() if node.gradient_handle is not None} == complete
    assert folded.until == sorted(folded.until)
    assert len(folded.until) == len(folded.steps)


# --- drawing --------------------------------------------------------------------------------------------------------


def test_clusters_are_nested_in_the_dot_text(whole, rows):
    folded = fold(whole, keys(whole, "gpt", "blocks.0"), rows)
    for dot in (layout_dot(folded), to_dot(folded)):
        assert dot.count("subgraph cluster_") == 2
        outer, inner = (dot.index(f"cluster_{key}") for key in folded.clusters)
        assert outer < inner
        assert dot.count("{") == dot.count("}")


def test_a_small_folded_graph_keeps_its_cards():
    model = small(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), torch.ones(1, 2))
    assert len(model.ops) < CARDS
    folded = fold(model, {"g0"})
    assert not folded.compact
    assert "not computed" in to_dot(folded, View(step=0))


def test_names_are_text():
    class Named(nn.Sequential):
        pass

    Named.__name__ = EVIL
    net = Named()
    net.add_module(EVIL.replace(".", ""), nn.Linear(2, 2))
    model = small(net, torch.ones(1, 2))
    for opened in ((), {"g0"}, set(model.groups)):
        folded = fold(model, opened)
        assert "<script" not in viz.Shown(model, View(), opened).svg()
        assert "<<B>▸ <script" not in to_dot(folded)
        assert "<script" not in "".join(fragments(State(folded, View())).values())


def test_what_is_open_at_first_fits_on_a_screen(whole, rows):
    opened = first_open(whole, rows)
    folded = fold(whole, opened, rows)
    assert len(folded.ops) <= 16
    assert {whole.groups[key].title for key in opened} == {"GPT", "Block 0"}
    tiny = small(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), torch.ones(1, 2))
    assert first_open(tiny, Rows(tiny)) == set(tiny.groups)
