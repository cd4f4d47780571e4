"""Losses against PyTorch: every reduction, weights, ignored targets, the graph, the gradients of prediction and target."""

import warnings

import numpy as np
import pytest

import lesson_lib

from .parity import as_array, compare, graph

ROWS, IMAGES, SEQUENCES = (5, 4), (2, 4, 9, 8), (3, 4, 7)  # shapes of predictions


def name_of(value):
    return value if isinstance(value, str) else None


def classes(torch, x, kind):
    """Scores and their targets."""
    rng = np.random.RandomState(1)
    n, c = x.shape[:2]
    target = rng.randint(0, c, (n, *x.shape[2:]))
    if kind == "probabilities":
        p = rng.rand(*x.shape).astype(np.float32)
        return torch.from_numpy(p / p.sum(1, keepdims=True))
    if kind == "some ignored":
        target.flat[0] = 1
    return torch.from_numpy(target.astype(np.int64))


WEIGHTS = (0.5, 1.0, 2.0, 0.25)

#: (name, constructor with the reduction left open, shape, kind of target)
LOSSES = [
    ("MSELoss", {}, ROWS, "real"),
    ("L1Loss", {}, ROWS, "real"),
    ("SmoothL1Loss", {"beta": 0.5}, ROWS, "real"),
    ("SmoothL1Loss", {"beta": 0}, ROWS, "real"),
    ("HuberLoss", {"delta": 0.75}, ROWS, "real"),
    ("BCELoss", {}, ROWS, "probability of probability"),
    ("BCEWithLogitsLoss", {}, ROWS, "probability"),
    ("BCEWithLogitsLoss", {"weight": WEIGHTS, "pos_weight": WEIGHTS[::-1]}, ROWS, "probability"),
    ("KLDivLoss", {}, ROWS, "probability"),
    ("KLDivLoss", {"log_target": True}, ROWS, "real"),
    ("NLLLoss", {}, ROWS, "class"),
    ("NLLLoss", {"weight": WEIGHTS, "ignore_index": 1}, ROWS, "some ignored"),
    ("NLLLoss", {"weight": WEIGHTS}, IMAGES, "class"),
    ("NLLLoss", {"ignore_index": 1}, SEQUENCES, "some ignored"),
    ("CrossEntropyLoss", {}, ROWS, "class"),
    ("CrossEntropyLoss", {"weight": WEIGHTS, "ignore_index": 1}, ROWS, "some ignored"),
    ("CrossEntropyLoss", {"label_smoothing": 0.2}, ROWS, "class"),
    ("CrossEntropyLoss", {"label_smoothing": 0.2, "weight": WEIGHTS, "ignore_index": 1}, ROWS, "some ignored"),
    ("CrossEntropyLoss", {"weight": WEIGHTS}, IMAGES, "class"),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, SEQUENCES, "class"),
    ("CrossEntropyLoss", {}, ROWS, "probabilities"),
    ("CrossEntropyLoss", {"weight": WEIGHTS, "label_smoothing": 0.1}, IMAGES, "probabilities"),
    ("SoftMarginLoss", {}, ROWS, "sign"),
    ("HingeEmbeddingLoss", {"margin": 0.5}, ROWS, "sign"),
    ("MultiLabelSoftMarginLoss", {}, ROWS, "probability"),
    ("MultiLabelSoftMarginLoss", {"weight": WEIGHTS}, ROWS, "probability"),
    ("MultiMarginLoss", {}, ROWS, "class"),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHTS}, ROWS, "class"),
    ("MultiLabelMarginLoss", {}, ROWS, "list of classes"),
    ("PoissonNLLLoss", {}, ROWS, "probability"),
    ("PoissonNLLLoss", {"log_input": False, "full": True}, ROWS, "count"),
]


def targets(torch, x, kind):
    rng = np.random.RandomState(2)
    if kind == "real":
        return torch.from_numpy(rng.randn(*x.shape).astype(np.float32))
    if kind.startswith("probability"):
        return torch.from_numpy(rng.rand(*x.shape).astype(np.float32))
    if kind == "sign":
        return torch.from_numpy(np.sign(rng.randn(*x.shape)).astype(np.int64))
    if kind == "count":
        return torch.from_numpy(rng.randint(1, 5, x.shape).astype(np.float32))
    if kind == "list of classes":
        return torch.from_numpy(np.array([[0, -1, 2, 1], [3, 1, -1, 0], [-1, 0, 1, 2], [2, 2, 0, 1], [0, 1, 2, 3]]))
    return classes(torch, x, kind)


def run_loss(torch, name, options, reduction, shape, kind):
    x = np.random.RandomState(0).randn(*shape).astype(np.float32)
    if kind in ("probability of probability", "count"):
        x = 1 / (1 + np.exp(-x))
    options = {key: torch.tensor(value) if isinstance(value, tuple) else value for key, value in options.items()}
    loss = getattr(torch.nn, name)(reduction=reduction, **options)
    inputs = torch.from_numpy(x.copy()).requires_grad_()
    target = targets(torch, x, kind)
    if target.is_floating_point():
        target.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # KLDivLoss: about "mean"
        y = loss(inputs, target)
    y.backward(torch.from_numpy(np.cos(np.arange(y.numel(), dtype=np.float32)).reshape(tuple(y.shape))))
    values = {"loss": as_array(y), "gradient": as_array(inputs.grad)}
    if target.requires_grad:
        values["target gradient"] = as_array(target.grad)
    return (repr(loss), graph(y.grad_fn)), values


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "options", "shape", "kind"), LOSSES, ids=name_of)
def test_loss_equals_pytorch(torch, name, options, shape, kind, reduction):
    """Value, graph and the gradients of prediction and target."""
    (text, nodes), values = run_loss(lesson_lib, name, options, reduction, shape, kind)
    (their_text, their_nodes), their_values = run_loss(torch, name, options, reduction, shape, kind)
    assert text == their_text
    if name == "CrossEntropyLoss":  # one node where PyTorch has two or more
        assert nodes[0].startswith("NllLoss")
    else:
        assert nodes == their_nodes
    compare(values, their_values)


#: losses of three tensors, and of two and a target: (name, options, shapes, target)
TRIPLES = [
    ("TripletMarginLoss", {}, [(4, 3)] * 3, None),
    ("TripletMarginLoss", {"p": 1, "swap": True, "margin": 0.5}, [(4, 3)] * 3, None),
    ("TripletMarginWithDistanceLoss", {}, [(4, 3)] * 3, None),
    ("TripletMarginWithDistanceLoss", {"swap": True, "distance_function": lambda a, b: (a - b).pow(2).sum(1)}, [(4, 3)] * 3, None),
    ("MarginRankingLoss", {"margin": 0.5}, [(4,)] * 2, (1, -1, -1, 1)),
    ("CosineEmbeddingLoss", {}, [(4, 3)] * 2, (1, -1, -1, 1)),
    ("CosineEmbeddingLoss", {"margin": 0.25}, [(3,)] * 2, -1),
    ("GaussianNLLLoss", {}, [(4, 3)] * 3, None),
    ("GaussianNLLLoss", {"full": True, "eps": 0.5}, [(4, 3), (4, 3), (4, 1)], None),
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "options", "shapes", "target"), TRIPLES, ids=name_of)
def test_loss_of_several_inputs_equals_pytorch(torch, name, options, shapes, target, reduction):
    """Value, graph and the gradient of every input."""

    def program(torch):
        draw = np.random.RandomState(0)
        inputs = [draw.randn(*shape).astype(np.float32) for shape in shapes]
        if name == "GaussianNLLLoss":
            inputs[2] = inputs[2] ** 2
        inputs = [torch.from_numpy(x).requires_grad_() for x in inputs]
        loss = getattr(torch.nn, name)(reduction=reduction, **options)
        y = loss(*inputs, *(() if target is None else (torch.tensor(target),)))
        y.sum().backward()
        return (repr(loss), graph(y.grad_fn)), {"loss": as_array(y), **{f"gradient {i}": as_array(x.grad) for i, x in enumerate(inputs)}}

    (facts, values), (their_facts, their_values) = program(lesson_lib), program(torch)
    assert facts == their_facts
    compare(values, their_values)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [{}, {"blank": 3}, {"zero_infinity": True}], ids=str)
@pytest.mark.parametrize("layout", ["rows", "one after the other"])
def test_ctc_loss_equals_pytorch(torch, options, reduction, layout):
    """Value, graph and gradient, through log_softmax and without it; with ``zero_infinity`` the third target is too long for its input."""

    def program(torch, normalised):
        x = torch.from_numpy(np.random.RandomState(0).randn(7, 4, 5).astype(np.float32)).requires_grad_()
        lengths = torch.tensor([3, 1, 2, 0])
        targets = torch.tensor([[1, 2, 2], [4, 1, 1], [2, 2, 1], [1, 1, 1]])
        if layout == "one after the other":
            targets = torch.tensor([1, 2, 2, 4, 2, 2])
        loss = torch.nn.CTCLoss(reduction=reduction, **options)
        y = loss(x.log_softmax(2) if normalised else x, targets, torch.tensor([7, 5, 2 if "zero_infinity" in options else 3, 6]), lengths)
        y.sum().backward()
        return (repr(loss), graph(y.grad_fn)), {"loss": as_array(y), "gradient": as_array(x.grad)}

    for normalised in (True, False):
        (facts, values), (their_facts, their_values) = program(lesson_lib, normalised), program(torch, normalised)
        assert facts == their_facts
        compare(values, their_values)


def test_ctc_loss_has_no_second_derivative(torch):
    for library in (lesson_lib, torch):
        x = library.zeros(4, 1, 3, requires_grad=True)
        y = library.nn.functional.ctc_loss(x, library.tensor([[1]]), (4,), (1,))
        (g,) = library.autograd.grad(y, x, create_graph=True)
        with pytest.raises(RuntimeError, match="derivative for aten::_ctc_loss_backward is not implemented"):
            g.sum().backward()


@pytest.mark.parametrize("options", [{}, {"bias": True, "out_features": (2,)}, {"label_smoothing": 0.1, "reduction": "sum"}], ids=str)
def test_linear_cross_entropy_equals_pytorch(torch, options):
    def program(torch):
        torch.manual_seed(0)
        loss = torch.nn.LinearCrossEntropyLoss(3, 5, ignore_index=4, **options)
        x = torch.from_numpy(np.random.RandomState(0).randn(4, 3).astype(np.float32)).requires_grad_()
        target = torch.tensor([0, 4, 2, 1])
        y = loss(x, target.unsqueeze(1).expand(4, 2) if "out_features" in options else target)
        y.backward()
        gradients = {f"gradient of {name}": as_array(p.grad) for name, p in loss.named_parameters()}
        return (repr(loss), graph(y.grad_fn)), {"loss": as_array(y), "gradient": as_array(x.grad), **gradients}

    (facts, values), (their_facts, their_values) = program(lesson_lib), program(torch)
    assert facts[0] == their_facts[0]
    compare(values, their_values)
