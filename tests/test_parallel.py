"""A batch over several devices: pieces, copies and sums, held against the module itself and against PyTorch's cutting and joining."""

import collections

import numpy as np
import pytest

import lesson_lib as t

from .alike import alike
from .standin import TYPE, install

CPU = t.device("cpu")


class TwoInputs(t.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = t.nn.Linear(3, 2)
        self.register_buffer("shift", t.tensor([1.0, 2.0]))

    def forward(self, x, y, *, scale=1.0, label=None):
        return {"sum": self.linear(x) * scale + y + self.shift, "label": label, "parts": (x, [y])}


@pytest.mark.parametrize("pieces", [1, 2, 3, 9])
def test_equal_to_one_device(pieces):
    module, x, y = TwoInputs(), t.randn(5, 3, requires_grad=True), t.randn(5, 2)
    whole, parts = module(x, y, scale=3.0), t.nn.parallel.data_parallel(module, (x, y), [CPU] * pieces, module_kwargs={"scale": 3.0})
    t.testing.assert_close(parts["sum"], whole["sum"])
    assert parts["label"] is None
    assert parts["parts"][1][0].tolist() == y.tolist()
    gradients = [t.autograd.grad((out["sum"] ** 2).sum(), [x, *module.parameters()]) for out in (whole, parts)]
    for one, many in zip(*gradients):
        t.testing.assert_close(many, one)


def test_on_a_device_that_refuses_the_host():
    """The parameters stay where they are: only copies cross over, and the gradients come back."""
    install()
    device = t.device(TYPE)
    net = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.ReLU(), t.nn.Linear(4, 1))
    x = t.randn(6, 3)
    out = t.nn.parallel.data_parallel(net, x, [CPU, device])
    assert out.device == CPU
    t.testing.assert_close(out, net(x))
    out.sum().backward()
    assert all(p.device == p.grad.device == CPU for p in net.parameters())


Pair = collections.namedtuple("Pair", "a b")


def test_scatter_and_gather():
    x = t.arange(10).view(5, 2)
    value = {"pair": Pair(x, "same"), "list": [x + 1, 3], "none": None}
    pieces = t.nn.parallel.scatter(value, [CPU, CPU])
    assert [piece["pair"].a.shape[0] for piece in pieces] == [3, 2]
    assert pieces[1]["pair"].b == "same"
    assert pieces[1]["list"][1] == 3
    joined = t.nn.parallel.gather([{"pair": Pair(p["pair"].a, p["list"][0]), "none": None} for p in pieces], CPU)
    assert joined["pair"].a.equal(x)
    assert joined["pair"].b.equal(x + 1)
    assert t.nn.parallel.scatter(x, [CPU, CPU], dim=1)[1].tolist() == x[:, 1:].tolist()


def test_numbers_become_a_vector():
    with pytest.warns(UserWarning, match="Was asked to gather along dimension 0, but all input tensors were scalars"):
        joined = t.nn.parallel.gather([t.tensor(1.0), t.tensor(2.0)], CPU)
    assert np.array_equal(joined.numpy(), [1.0, 2.0])


def test_the_module_must_stand_on_the_first_device():
    with pytest.raises(RuntimeError, match=r"module must have its parameters and buffers on device cuda:0 \(device_ids\[0\]\) but found one of them on device: cpu"):
        t.nn.parallel.data_parallel(t.nn.Linear(1, 1), t.ones(1, 1), [0])
    with pytest.raises(RuntimeError, match="no available devices were found"):
        t.nn.parallel.data_parallel(t.nn.Linear(1, 1), t.ones(1, 1), [])


def test_without_a_gpu_it_is_the_module(torch):
    def program(torch):
        net = torch.nn.DataParallel(torch.nn.Linear(2, 2), device_ids=[0, 1])
        return [net.device_ids, sorted(net.state_dict()), repr(net)]

    alike(torch, program)


@pytest.mark.parametrize("shape", [(3,), (3, 0)])
def test_sync_batch_norm_refuses(torch, shape):
    alike(torch, lambda torch: torch.nn.SyncBatchNorm(4)(torch.ones(*shape)), fails=True)
