"""Matrix products: results, node names, gradients of both orders and errors, as in PyTorch."""

import numpy as np
import pytest

import lesson_lib

from .sameness import node_names, same, same_gradients

PRODUCTS = """
x[0].mm(x[1].t())
t.mm(x[0].t(), x[1])
x[0] @ x[1].t()
x[0] @ x[1, 0]
x[0, 0] @ x[1].t()
x[0, 0] @ x[1, 0]
x @ x[0].t()
x @ x[0, 0]
x[0, 0] @ x.transpose(1, 2)
x @ x.transpose(1, 2)
x[:1] @ x.mT
x[None] @ x.mT
x.unsqueeze(1) @ x.mT
t.matmul(x, x.mT)
t.bmm(x, x.transpose(1, 2))
x.bmm(x.mT)
t.mv(x[0], x[1, 0])
t.dot(x[0, 0], x[1, 0])
t.outer(x[0, 0], x[0, :, 1])
t.inner(x[0], x[1])
t.inner(x[0, 0], x[1, 0])
t.addmm(x[0, 0, :3], x[0], x[1].t())
t.addmm(x[0, :, :3], x[0], x[1].t(), beta=0.5, alpha=2)
x[0, :, :3].addmm(x[0], x[1].t())
t.addmv(x[0, :, 0], x[0], x[1, 0])
t.baddbmm(x[:, :, :3], x, x.mT, beta=2, alpha=0.5)
t.tensordot(x, x, dims=([1, 2], [1, 2]))
t.tensordot(x, x[0].t(), dims=1)
t.einsum("ij,kj->ik", x[0], x[1])
t.einsum("bij,bkj->bik", x, x)
t.einsum("bij,bkj", x, x)
t.einsum("i,i->", x[0, 0], x[1, 0])
t.einsum("i,j->ij", x[0, 0], x[1, 0])
t.einsum("ij->ji", x[0])
t.einsum("bij->b", x)
t.einsum("ii->i", x[0, :, :3])
t.einsum("ii", x[0, :, :3])
t.einsum("...j,kj->...k", x, x[0])
t.einsum("bij,jk,bk->bi", x, x[0].t(), x[:, :, 0])
t.nn.functional.linear(x[0], x[1])
t.nn.functional.linear(x[0], x[1], x[0, :, 0])
t.nn.functional.linear(x, x[1], x[0, :, 0])
t.nn.functional.linear(x[0, 0], x[1], x[0, :, 0])
""".strip().split("\n")

ERRORS = """
x[0] @ x[1]
t.mm(x[0], x[1])
t.mm(x[0, 0], x[1])
t.mm(x[0], x)
t.bmm(x, x)
t.bmm(x[0], x)
t.mv(x[0], x[1, :, 0])
x[0] @ x[1, :, 0]
t.dot(x[0, 0], x[0, :, 0])
x[0, 0] @ x[0, :, 0]
x @ x
x @ t.ones(3, 4, 2, dtype=t.float64)
x[0, 0, 0] @ x
t.outer(x[0], x[0, 0])
t.addmm(x[0, 0], x[0], x[1].t())
t.addmm(x[0, 0], x[0], x[1])
x[0].float() @ x[1].t()
x[0].float() @ x[1, 0]
x.float() @ x.mT
t.dot(x[0, 0].float(), x[1, 0])
t.tensordot(x, x, dims=([1], [2]))
t.einsum("ij,jk->ik", x[0], x[1])
t.nn.functional.linear(x[0], x[1].t())
""".strip().split("\n")


@pytest.mark.parametrize("expression", PRODUCTS)
def test_same_result(expression, torch):
    ours, theirs = (eval(expression, {"t": t, "x": _grid(t)}).detach().numpy() for t in (lesson_lib, torch))
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def _grid(t):
    return t.tensor(np.linspace(-1, 2, 24).reshape(2, 3, 4), requires_grad=True)


NODES = """
x[0].mm(x[1].t())
x[0] @ x[1].t()
x[0] @ x[1, 0]
x[0, 0] @ x[1, 0]
x @ x[0].t()
x @ x[0, 0]
x @ x.transpose(1, 2)
t.bmm(x, x.transpose(1, 2))
t.addmm(x[0, 0, :3], x[0], x[1].t())
t.addmm(x[0, :, :3], x[0], x[1].t(), beta=0.5, alpha=2)
t.nn.functional.linear(x[0], x[1])
t.nn.functional.linear(x, x[1])
t.nn.functional.linear(x[0], x[1], x[0, 0, :3])
t.nn.functional.linear(x, x[1], x[0, 0, :3])
t.nn.functional.linear(x[0, 0], x[1], x[0, 0, :3])
""".strip().split("\n")


@pytest.mark.parametrize("expression", NODES)
def test_same_nodes(expression, torch):
    ours, theirs = (eval(expression, {"t": t, "x": _grid(t)}) for t in (lesson_lib, torch))
    assert node_names(ours) == node_names(theirs)


def test_a_layers_weight_comes_through_its_transpose(torch):
    for t in (lesson_lib, torch):
        w, b = t.ones(4, 3, requires_grad=True), t.ones(4, requires_grad=True)
        node = t.nn.functional.linear(t.ones(2, 3), w, b).grad_fn
        edges = [edge and edge.name().rpartition("::")[2] for edge, _ in node.next_functions]
        assert (node.name(), edges) == ("AddmmBackward0", ["AccumulateGrad", None, "TBackward0"])


@pytest.mark.parametrize("expression", PRODUCTS)
def test_same_gradients_of_both_orders(expression, torch):
    same_gradients(expression, torch)


@pytest.mark.parametrize("expression", ERRORS)
def test_same_error(expression, torch):
    same(expression, torch)


def test_empty_products(torch):
    for expression in ("t.ones(0, 3) @ t.ones(3, 2)", "t.ones(2, 0) @ t.ones(0, 3)", "t.ones(0, 2, 3) @ t.ones(3, 4)", "t.ones(0) @ t.ones(0)"):
        same(expression, torch)


def test_integers(torch):
    for expression in ("t.arange(6).view(2, 3) @ t.arange(3)", "t.arange(6).view(2, 3).mm(t.arange(6).view(3, 2))"):
        same(expression, torch)


def test_a_weights_gradient_needs_no_copy():
    """dW = Gᵀ·x arrives in W's own order, so that it can be taken over as it is."""
    x, w = lesson_lib.randn(5, 3), lesson_lib.randn(4, 3, requires_grad=True)
    lesson_lib.nn.functional.linear(x, w).sum().backward()
    assert w.grad.is_contiguous()
