"""The training programs of the introductory texts, S5 and S7 to S10: only the import is changed, and the losses are PyTorch's."""

import math

import numpy as np
import pytest

import lesson_lib

from .parity import both

# --- S5: two layers by hand -------------------------------------------------------------------------------------------------


def s5(torch, steps=500):
    N, D_in, H, D_out = 64, 1000, 100, 10
    x = torch.randn(N, D_in)
    y = torch.randn(N, D_out)
    w1 = torch.randn(D_in, H, requires_grad=True)
    w2 = torch.randn(H, D_out, requires_grad=True)
    learning_rate = 1e-6
    losses = []
    for _ in range(steps):
        y_pred = x.mm(w1).clamp(min=0).mm(w2)
        loss = (y_pred - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w1 -= learning_rate * w1.grad
            w2 -= learning_rate * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
    return losses


def test_s5(torch):
    ours, theirs = both(torch, s5, 50)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_s5_by_numbers():
    lesson_lib.manual_seed(0)
    losses = s5(lesson_lib)
    assert 1e7 < losses[0] < 1e8
    assert losses[-1] < 1e-3


# --- S7 and S8: nn, then optim ----------------------------------------------------------------------------------------------


def s7(torch, steps=500):
    N, D_in, H, D_out = 64, 1000, 100, 10
    x = torch.randn(N, D_in)
    y = torch.randn(N, D_out)
    model = torch.nn.Sequential(torch.nn.Linear(D_in, H), torch.nn.ReLU(), torch.nn.Linear(H, D_out))
    learning_rate = 1e-2
    losses = []
    for _ in range(steps):
        y_pred = model(x)
        loss = torch.nn.functional.mse_loss(y_pred, y)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for param in model.parameters():
                param -= learning_rate * param.grad
        model.zero_grad()
    return losses


def s8(torch, steps=500):
    N, D_in, H, D_out = 64, 1000, 100, 10
    x = torch.randn(N, D_in)
    y = torch.randn(N, D_out)
    model = torch.nn.Sequential(torch.nn.Linear(D_in, H), torch.nn.ReLU(), torch.nn.Linear(H, D_out))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(steps):
        y_pred = model(x)
        loss = torch.nn.functional.mse_loss(y_pred, y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return losses


# --- S9: a module of one's own ----------------------------------------------------------------------------------------------


def s9(torch, steps=500):
    class TwoLayerNet(torch.nn.Module):
        def __init__(self, D_in, H, D_out):
            super().__init__()
            self.linear1 = torch.nn.Linear(D_in, H)
            self.linear2 = torch.nn.Linear(H, D_out)

        def forward(self, x):
            h_relu = self.linear1(x).clamp(min=0)
            y_pred = self.linear2(h_relu)
            return y_pred

    N, D_in, H, D_out = 64, 1000, 100, 10
    x = torch.randn(N, D_in)
    y = torch.randn(N, D_out)
    model = TwoLayerNet(D_in, H, D_out)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(steps):
        y_pred = model(x)
        loss = torch.nn.functional.mse_loss(y_pred, y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return losses


@pytest.mark.parametrize("program", [s7, s8, s9])
def test_training_equals_pytorch(torch, program):
    ours, theirs = both(torch, program, 100)
    np.testing.assert_allclose(ours, theirs, rtol=2e-4)


@pytest.mark.parametrize(("program", "low", "high", "steps"), [(s7, 0.005, 0.05, 500), (s8, 0, 1e-6, 1000), (s9, 0.9, 1.1, 500)])
def test_training_by_numbers(program, low, high, steps):
    """S7 falls from about 1.0 to about 0.01, S8 below 1e-6; S9 falls, but slowly: its learning rate is very small."""
    lesson_lib.manual_seed(0)
    losses = program(lesson_lib, steps)
    assert 0.9 < losses[0] < 1.3
    assert low <= losses[-1] <= high
    assert losses[-1] < losses[0]


# --- S10: a graph that changes ----------------------------------------------------------------------------------------------


def s10(torch, steps=30):
    N, D_in, H, D_out = 64, 1000, 100, 10
    x = torch.randn(N, D_in)
    y = torch.randn(N, D_out)
    w1 = torch.randn(D_in, H, requires_grad=True)
    w2a = torch.randn(H, D_out, requires_grad=True)
    w2b = torch.randn(H, D_out, requires_grad=True)
    learning_rate = 1e-6
    prev_loss = 5.0
    branches, losses = [], []
    for t in range(steps):
        w2 = w2a if prev_loss < (5.0 if t else math.inf) else w2b
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        loss.backward()
        leaves = leaves_of(loss.grad_fn)
        branches.append("a" if any(leaf is w2a for leaf in leaves) else "b")
        prev_loss = loss.item()
        losses.append(prev_loss)
        with torch.no_grad():
            for w in (w1, w2):
                w -= learning_rate * w.grad
                w.grad.zero_()
    return branches, losses


def leaves_of(node):
    """The tensors at the ends of a graph."""
    if hasattr(node, "variable"):
        return [node.variable]
    return [leaf for parent, _ in node.next_functions if parent is not None for leaf in leaves_of(parent)]


def test_s10(torch):
    (branches, losses), (their_branches, their_losses) = both(torch, s10)
    assert branches == their_branches
    np.testing.assert_allclose(losses, their_losses, rtol=1e-3)


def test_s10_by_numbers():
    """Which weights the graph leads to depends on the loss before."""
    branches, _ = s10(lesson_lib)
    assert set(branches) == {"a", "b"}
