"""Find trouble: each kind in a program that has it, and none in its healthy twin; marked in the picture, in the text, each with a sentence."""

import re
from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.nn import functional as F
from lesson_lib.viz import svg
from lesson_lib.viz.marks import SVG
from lesson_lib.viz.texts import speaking

PROGRAMS = {}


def program(kind):
    """Register a program (healthy) -> (loss, module or None), whose sick form has exactly this kind of trouble."""

    def register(function):
        PROGRAMS[function.__name__] = kind, function
        return function

    return register


def batch(rows=16, columns=8):
    return torch.randn(rows, columns)


def deep(make, count=10, width=32):
    layers = [layer for _ in range(count) for layer in make(width)]
    return nn.Sequential(*layers)


@program({"nan"})
def a_root_of_a_negative_number(healthy):
    x = torch.tensor([4.0, 1.0 if healthy else -1.0], requires_grad=True)
    return x.sqrt().sum(), None


@program({"nan"})
def data_with_a_hole(healthy):
    x, w = torch.tensor([1.0, 2.0 if healthy else float("nan")]), torch.ones(2, requires_grad=True)
    return (x * w).sum(), None


@program({"nan"})
def a_gradient_that_is_zero_times_infinity(healthy):
    x = torch.tensor([1.0, 0.5 if healthy else 0.0], requires_grad=True)
    return (x.sqrt() * torch.tensor([1.0, 0.0])).sum(), None


@program({"inf"})
def an_exponential_of_a_large_number(healthy):
    x = torch.tensor([1.0, 3.0 if healthy else 300.0], requires_grad=True)
    return x.exp().sum(), None


@program({"vanishing"})
def many_sigmoids(healthy):
    net = deep(lambda width: (nn.Linear(width, width), nn.Tanh() if healthy else nn.Sigmoid()))
    return net(batch(16, 32)).pow(2).mean(), net


@program({"exploding"})
def large_weights(healthy):
    net = deep(lambda width: (nn.Linear(width, width, bias=False),))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.7 if healthy else 8)
    return net(batch(16, 32)).pow(2).mean(), net


@program({"dead"})
def a_bias_far_below_zero(healthy):
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    if not healthy:
        net[0].bias.data[:8] = -100
    return net(batch(64)).mean(), net


@program({"dead"})
def a_dead_channel_of_an_image(healthy):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 1))
    if not healthy:
        net[0].bias.data[:2] = -100
    return net(torch.randn(16, 1, 6, 6)).mean(), net


class Branches(nn.Module):
    def __init__(self, healthy):
        super().__init__()
        self.used, self.spare, self.healthy = nn.Linear(8, 4), nn.Linear(8, 4), healthy

    def forward(self, x):
        return self.used(x) + self.spare(x) if self.healthy else self.used(x)


@program({"unused"})
def a_layer_that_forward_forgets(healthy):
    net = Branches(healthy)
    return net(batch()).pow(2).mean(), net


@program({"broadcast"})
def a_column_minus_a_row(healthy):
    net, target = nn.Linear(8, 1), torch.randn(16)
    prediction = net(batch())
    return ((prediction.squeeze(1) if healthy else prediction) - target).pow(2).mean(), net


@program({"broadcast"})
@pytest.mark.filterwarnings("ignore")
def a_loss_of_a_column_and_a_row(healthy):
    net, target = nn.Linear(8, 1), torch.randn(16)
    return F.mse_loss(net(batch()), target.unsqueeze(1) if healthy else target), net


@program({"detached"})
def a_branch_that_was_detached(healthy):
    first, second, x = nn.Linear(8, 4), nn.Linear(8, 4), batch()
    other = second(x)
    return (first(x) * (other if healthy else other.detach())).mean(), None


@program({"detached"})
def a_parameter_read_through_data(healthy):
    net, x = nn.Linear(8, 4), batch()
    return (net(x) + (net.weight if healthy else net.weight.data).sum(1)).mean() + (net.weight if healthy else net.weight.data).T.matmul(net.bias).sum(), net


@program({"detached"})
def a_branch_under_no_grad(healthy):
    first, second, x = nn.Linear(8, 4), nn.Linear(8, 4), batch()
    with torch.set_grad_enabled(healthy):
        other = second(x)
    return (first(x) * other).mean(), None


@program({"detached"})
def a_cast_to_whole_numbers(healthy):
    first, second, x = nn.Linear(8, 4), nn.Linear(8, 4), batch()
    other = second(x) * 10
    return (first(x) * (other.double() if healthy else other.long())).mean(), None


def diagnosed(name, healthy):
    torch.manual_seed(0)
    with viz.record():
        loss, module = PROGRAMS[name][1](healthy)
    return viz.trouble(loss, model=module)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_trouble_is_found(name):
    graph = diagnosed(name, healthy=False)
    assert {finding.kind for finding in graph.findings} == PROGRAMS[name][0]
    for finding in graph.findings:
        assert re.search(r"\d", finding.text) or finding.kind == "detached"
        assert finding.remedy
        assert str(finding) == f"{finding.text} Try: {finding.remedy}."
        assert finding.node in (*graph.full.ops, *graph.full.tensors, "")


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_healthy_twin_has_none(name):
    graph = diagnosed(name, healthy=True)
    assert graph.findings == []
    assert repr(graph).endswith("No trouble found.")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a_root_of_a_negative_number", "sqrt made 1 of 2 numbers NaN, out of inputs that had none."),
        ("data_with_a_hole", "x came with 1 NaN among 2 numbers."),
        ("a_gradient_that_is_zero_times_infinity", "On the way back sqrt made 1 of 2 numbers of the gradient of x NaN."),
        ("an_exponential_of_a_large_number", "exp made 1 of 2 numbers infinite, out of inputs that were finite."),
        ("a_bias_far_below_zero", "8 of 16 units of relu are 0 for all 64 examples, so no gradient passes them."),
        ("a_dead_channel_of_an_image", "2 of 4 units of relu are 0 for all 16 examples, so no gradient passes them."),
        ("a_layer_that_forward_forgets", "spare.weight (32 numbers) is not in this graph: no gradient reaches it."),
        ("a_column_minus_a_row", "addmm (16×1) and x (16) were stretched to 16×16 on the way to one number."),
    ],
)
def test_the_sentence_has_the_numbers(name, sentence):
    found = diagnosed(name, healthy=False).findings[0].text  # the program's variables are gone, and with them their names
    assert re.sub(r"(leaf|constant)( \d+)?", "x", found) == sentence


def test_only_the_first_operation_is_blamed():
    x = torch.tensor([-1.0, 1.0], requires_grad=True)
    with viz.record():
        loss = ((x.log() + 1) * 2).exp().sum()
    assert [(finding.kind, finding.node) for finding in viz.trouble(loss).findings if "way back" not in finding.text] == [("nan", "o0")]


def test_a_mask_and_a_comparison_are_no_trouble():
    scores = torch.randn(2, 4, 4, requires_grad=True)
    mask = torch.full((4, 4), float("-inf")).triu(1)
    with viz.record():
        loss = ((scores + mask).softmax(-1) * (scores > 0)).sum()
    assert viz.trouble(loss).findings == []


def test_stretching_that_was_asked_for_is_no_trouble():
    x = torch.randn(5, requires_grad=True)
    with viz.record():
        distances = (x.unsqueeze(1) - x).abs().mean()
    assert viz.trouble(distances).findings == []


def test_a_loss_without_history():
    with torch.no_grad():
        loss = nn.Linear(2, 1)(torch.ones(3, 2)).mean()
    (finding,) = viz.trouble(loss).findings
    assert (finding.kind, finding.text) == ("detached", "loss has no history: no gradient reaches anything.")


def test_looking_changes_nothing():
    net, x = nn.Linear(4, 2), torch.randn(8, 4)
    with viz.record():
        loss = net(x).relu().mean()
    before = repr(viz.graph(loss, model=net))
    viz.trouble(loss, model=net)
    assert repr(viz.graph(loss, model=net)) == before
    assert net.weight.grad is None


def test_the_text_marks_the_line_and_ends_with_the_sentences():
    lines = repr(diagnosed("a_root_of_a_negative_number", healthy=False)).splitlines()
    assert [line for line in lines if line.endswith("[SqrtBackward0]  ! NaN")]
    assert lines[-2].startswith("! sqrt made 1 of 2 numbers NaN")


@pytest.mark.skipif(not svg.can_draw(), reason="no Graphviz is installed")
def test_the_picture_marks_the_node_with_a_sign_and_a_word():
    graph = diagnosed("a_bias_far_below_zero", healthy=False)
    (finding,) = graph.findings
    root = ElementTree.fromstring(graph.svg())
    group = next(g for g in root.iter(f"{{{SVG}}}g") if g.get("id") == finding.node)
    assert {"!", "dead"} <= {"".join(text.itertext()) for text in group.iter(f"{{{SVG}}}text")}
    assert "fill-trouble_wash" in group.find(f".//{{{SVG}}}rect").get("class")
    written = " ".join("".join(text.itertext()) for text in root.iter(f"{{{SVG}}}text") if text.get("class") == "note")
    assert finding.text in written
    assert root.find(f"{{{SVG}}}title").text == f"! {finding}"
    unmarked = ElementTree.fromstring(viz.Graph(graph.model, graph.view).svg())
    places = [{g.get("id"): g.get("transform") for g in one.iter(f"{{{SVG}}}g")} for one in (root, unmarked)]
    assert places[0] == places[1]  # marks move nothing


def hidden():
    """A net of two closed halves, a dead layer in the second; (Trouble, its one finding)."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Sequential(*[nn.Linear(8, 8) for _ in range(20)]), nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)))
    net[1][0].bias.data[:8] = -100
    with viz.record():
        loss = net(batch(64)).mean()
    found = viz.trouble(loss, model=net)
    (finding,) = [one for one in found.findings if one.kind == "dead"]
    return found, finding


def test_a_closed_module_carries_the_marks_of_what_is_in_it():
    found, finding = hidden()
    found.opened = []
    ((box, mark),) = found.marks_on(found.model).items()
    assert found.model.ops[box].box is not None
    assert (mark.sign, mark.word) == ("!", f"{len({one.node for one in found.findings})} findings inside" if len(found.findings) > 1 else "1 finding inside")
    found.reveal(finding.node)
    assert {found.full.groups[key].title for key in found.opened} == {"Sequential", "Sequential 1", "ReLU 1"}
    (relu,) = [key for key, op in found.model.ops.items() if op.name == "relu"]
    assert found.marks_on(found.model)[relu].word == "dead"  # its value is a line, which has no place of its own


def test_a_widget_gets_the_marks_and_the_sentences():
    found, finding = hidden()
    told = found.extras(found.model)
    assert [one["at"] for one in told["picks"]["items"]] == [one.node for one in found.findings]
    assert finding.text in [one["text"] for one in told["picks"]["items"]]
    assert {mark["tone"] for mark in told["marks"].values()} == {"trouble"}


def test_what_was_found_is_told_in_every_language():
    found, finding = hidden()
    with speaking("zh"):
        assert finding.text.startswith("relu 的 16 个单元中")
        assert "失活" in [one["word"] for one in found.extras(found.model)["picks"]["items"]]
    assert finding.text.startswith("12 of 16 units of relu")


def test_a_loss_that_is_nan_can_be_shown_folded():
    net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(30)])
    with viz.record():
        loss = net(torch.full((2, 4), float("nan"))).mean()
    assert "loss  scalar = nan" in repr(viz.trouble(loss))
    assert not svg.can_draw() or ">nan<" in viz.show(loss).svg()
