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
]


def targets(torch, x, kind):
    rng = np.random.RandomState(2)
    if kind == "real":
        return torch.from_numpy(rng.randn(*x.shape).astype(np.float32))
    if kind.startswith("probability"):
        return torch.from_numpy(rng.rand(*x.shape).astype(np.float32))
    return classes(torch, x, kind)


def run_loss(torch, name, options, reduction, shape, kind):
    x = np.random.RandomState(0).randn(*shape).astype(np.float32)
    if kind == "probability of probability":
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
    facts, values = run_loss(lesson_lib, name, options, reduction, shape, kind)
    their_facts, their_values = run_loss(torch, name, options, reduction, shape, kind)
    assert facts == their_facts
    compare(values, their_values)
