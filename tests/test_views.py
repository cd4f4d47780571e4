"""Views: shapes, node names, errors, gradients of both orders, and shared memory, all as in PyTorch."""

import warnings

import numpy as np
import pytest

import lesson_lib

from .sameness import same, same_gradients

SHAPES = """
x.expand(5, 2, 3, 4)
x[:, :1].expand(-1, 3, -1)
x.expand_as(t.ones(2, 2, 3, 4))
t.broadcast_to(x, (5, 2, 3, 4))
x.reshape(6, 4)
x.reshape((-1, 2))
x.transpose(0, 1).reshape(6, 4)
x.reshape(2, 3, 4)
x.view(-1)
x.view(3, 8)
x.view_as(t.ones(6, 4))
x.reshape_as(t.ones(6, 4))
x.unsqueeze(0)
x.unsqueeze(-1)
x[:1].squeeze()
x[:1].squeeze(0)
x.squeeze(1)
x[:1, :1].squeeze((0, 1))
x.squeeze(())
x.transpose(0, 2)
x.swapaxes(0, 1)
x.swapdims(-1, 0)
x[0].t()
x[0, 0].t()
x[0].T
x[0].mT
x.mT
x[0].H
x.mH
x.adjoint()
x.permute(2, 0, 1)
x.permute((2, 0, 1))
t.permute(x, (0, -1, 1))
x.movedim(0, 2)
x.movedim((0, 1), (1, 0))
x.moveaxis(0, -1)
x.flatten()
x.flatten(1)
x.flatten(0, 1)
x.flatten(1, 1)
x[0, 0, 0].flatten()
x.transpose(0, 1).flatten()
x.unflatten(1, (3, 1))
x.unflatten(2, (2, -1))
x.ravel()
x.transpose(0, 1).ravel()
x.narrow(1, 0, 2)
x.narrow(-1, -2, 2)
x.select(0, 1)
x.select(-1, -1)
x.diagonal()
x.diagonal(1, 0, 2)
x.diagonal(-1, 2, 1)
x.diagonal(9)
x.unfold(1, 2, 1)
x.unfold(2, 2, 2)
x.unfold(-1, 3, 1)
x[0, 0, 0].unfold(0, 1, 1)
x.as_strided((2, 2), (1, 2))
x.as_strided((3, 3), (1, 1), 2)
x[1].as_strided((2, 2), (4, 1), 0)
x.transpose(0, 2).as_strided((4, 2), (3, 5))
x.unbind()
x.unbind(-1)
x.split(2, 1)
x.split(3, 2)
x.split([1, 2], 1)
x.split((0, 3, 0), 1)
x.chunk(2)
x.chunk(3, 2)
x.tensor_split(2, 2)
x.tensor_split((1, 3), dim=2)
x.tensor_split(i([1, 2]), 1)
t.hsplit(x, 3)
t.vsplit(x, (1,))
t.dsplit(x, 2)
t.atleast_1d(x[0, 0, 0])
t.atleast_2d(x[0, 0])
t.atleast_3d(x[0])
t.atleast_2d(x[0, 0], x[0])
t.broadcast_tensors(x[0], x[:, :1])
t.meshgrid(x[0, 0], x[0, :, 0], indexing="ij")
t.meshgrid(x[0, 0], x[0, :, 0], x[:, 0, 0], indexing="xy")
x.contiguous()
x.transpose(0, 1).contiguous()
x.clone()
x.detach()
""".strip().split("\n")

COPIES = """
x.flip(0)
x.flip(0, 2)
t.flip(x, (1,))
x.fliplr()
t.flipud(x)
x.roll(1)
x.roll(-2, 2)
x.roll((1, 2), (0, 1))
t.rot90(x, 1, (0, 2))
t.rot90(x, -2, (1, 2))
x.repeat(1, 1, 2)
x.repeat(2, 1, 1, 3)
x[0].tile(2)
t.tile(x, (2, 1, 1, 1))
x.repeat_interleave(2)
x.repeat_interleave(2, 0)
t.repeat_interleave(x, i([1, 0, 2]), dim=1)
t.cat([x, x * 2], 1)
t.cat((x[0], x[1][:1]), dim=0)
t.concat([x, x], -1)
t.stack([x[0], x[1]])
t.stack((x[0], x[1] * 3), -1)
t.hstack([x[0], x[1]])
t.vstack((x[0, 0], x[1]))
t.dstack([x[0], x[1]])
t.column_stack([x[0], x[1, :, 0]])
t.tril(x)
x.triu(1)
x[0, 0].diag()
x[0].diag(1)
t.diag_embed(x[0], -1)
t.diagflat(x[0])
""".strip().split("\n")

ERRORS = """
x.view(6, 5)
x.view(-1, -1)
x.view(-1, 5)
x.view(2, -1, 0)
t.zeros(0).view(-1, 0)
x.view(-2, 12)
x.view(2.5)
x.view(2, "a")
x.reshape(7)
x.reshape(2.5)
x.reshape(2, 2.5)
x.transpose(0, 1).view(-1)
x.expand(3)
x.expand(2, -1, 7)
x.expand(-1, 2, 3, 4)
x.expand(2, 3, -4)
x.unsqueeze(7)
x.squeeze(5)
x.transpose(0, 7)
x.t()
x.H
t.ones(3).mT
x.permute(0, 1)
x.permute(0, 0, 1)
x.movedim((0, 1), (1,))
x.movedim((0, 0), (1, 0))
x.flatten(2, 1)
x.flatten(0, 7)
x.unflatten(1, (2, -1))
x.unflatten(1, ())
x.narrow(1, 0, 9)
x.narrow(1, 5, 1)
x.narrow(1, 0, -1)
x[0, 0, 0].narrow(0, 0, 1)
x.select(0, 5)
x[0, 0, 0].select(0, 0)
t.diagonal(x, 1, 0, 0)
x.unfold(1, 5, 1)
x.unfold(1, 2, 0)
x.unfold(1, -1, 1)
x[0].as_strided((20, 20), (10, 20))
x.as_strided((2,), (1, 2))
x.as_strided((2,), (-1,))
x.unbind(4)
x[0, 0, 0].unbind()
x.split([1, 1], 1)
x.split(-1)
x.split(0, 1)
x.split([1, -2, 4], 1)
x[0, 0, 0].split(1)
x.chunk(0)
x.tensor_split(0)
t.hsplit(x[0], 3)
t.dsplit(x[0], 1)
t.meshgrid(x[0, 0], indexing="k")
t.broadcast_tensors(x, t.zeros(3))
x.flip((0, 0))
x.flip(5)
x.roll((1, 2), 0)
x.roll((1, 2))
t.rot90(x, 1, [0, 0])
x.repeat(2)
x.repeat(1, -1, 2)
x.repeat_interleave(-1)
x.repeat_interleave(i([1, 2]), 1)
x.repeat_interleave(i([1, -2, 1]), 1)
t.cat([])
t.cat([x, t.ones(2)], 0)
t.cat([x[0], t.ones(2, 5)], 0)
t.cat([x, x], 3)
t.cat([t.tensor(1.)])
t.cat(x)
t.cat([x, 3])
t.stack([])
t.stack([x, t.ones(2)])
t.stack([x, x], 5)
t.stack(x)
t.hstack([])
t.tril(t.ones(3))
t.diag(x)
""".strip().split("\n")


@pytest.fixture(autouse=True)
def without_deprecations():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of .T on three dimensions
        yield


@pytest.mark.parametrize("expression", SHAPES + COPIES)
def test_same_result_and_nodes(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("expression", [e for e in SHAPES + COPIES if "detach" not in e])
def test_same_gradients_of_both_orders(expression, torch):
    same_gradients(expression, torch)


@pytest.mark.parametrize("expression", ERRORS)
def test_same_error(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("expression", SHAPES)
def test_shares_memory_if_and_only_if_pytorch_does(expression, torch):
    def shared(t):
        x = t.tensor(np.linspace(-1, 2, 24).reshape(2, 3, 4))
        y = eval(expression, {"t": t, "x": x, "i": t.tensor})
        return [np.shares_memory(part.numpy(), x.numpy()) for part in (y if isinstance(y, tuple | list) else [y])]

    assert shared(lesson_lib) == shared(torch)


def test_versions_are_shared_by_views_alone():
    x = lesson_lib.zeros(2, 3)
    row, copy = x[0], x.clone()
    row.add_(1)
    assert (x._version, row._version, copy._version) == (1, 1, 0)
    assert row._base is x and row.T._base is x and x._base is None


def test_a_view_as_another_dtype_reads_the_same_bytes(torch):
    same("t.tensor([1., -2.]).view(t.int32)", torch)
    x = lesson_lib.zeros(2)
    x.view(lesson_lib.int32)[0] = 1065353216  # the bits of 1.0
    assert x.tolist() == [1.0, 0.0]


def test_promotion_when_joining(torch):
    same("t.cat([t.ones(2, dtype=t.int32), t.ones(1, dtype=t.float16)])", torch)
    same("t.stack([t.ones(2, dtype=t.bool), t.ones(2, dtype=t.int64)])", torch)
    same("t.cat([x, t.ones(0)])", torch)


def test_iterating_gives_rows(torch):
    same(lambda t: list(t.arange(6).reshape(2, 3)), torch)


def test_parts_of_a_tensor_can_go_backward_one_by_one():
    x = lesson_lib.ones(2, 3, requires_grad=True)
    for row in x.unbind(0):
        row.sum().backward()
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_empty_tensors(torch):
    for expression in ("t.zeros(0, 3).unbind(0)", "t.zeros(0, 3).split(2)", "t.zeros(0, 3).flatten()", "t.zeros(0).chunk(2)", "t.zeros(2, 0).reshape(0, 5)"):
        same(expression, torch)
