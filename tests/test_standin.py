"""Training on a strict device: nothing crosses to the host unnoticed, nothing makes the host wait, and the numbers are the CPU's."""

import numpy as np
import pytest

import lesson_lib as torch
from lesson_lib.core.device import to_host

from . import standin

standin.install()
F = torch.nn.functional


def on_device(values):
    return torch.tensor(values).to(standin.TYPE)


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(18, 3),
    )


def trained(device, optimizer, **options):
    """Losses and final weights of three steps on six images."""
    net = network().to(device)
    optimizer = optimizer(net.parameters(), **options)
    images = torch.linspace(-1, 1, 6 * 36).reshape(6, 1, 6, 6).to(device)
    labels = torch.tensor([0, 1, 2, 0, 1, 2]).to(device)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [to_host(tensor._a) for tensor in (*losses, *(p.detach() for p in net.parameters()))]


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}), (torch.optim.Adam, {"lr": 0.01, "amsgrad": True}), (torch.optim.AdamW, {"lr": 0.01}),
        (torch.optim.Adamax, {}), (torch.optim.NAdam, {}), (torch.optim.RAdam, {}), (torch.optim.Adagrad, {}), (torch.optim.Adadelta, {}),
        (torch.optim.RMSprop, {"lr": 0.001, "centered": True, "momentum": 0.5}), (torch.optim.Rprop, {"lr": 0.001}), (torch.optim.ASGD, {"t0": 1}),
    ],
)
def test_training_equals_the_cpu(optimizer, options):
    host = trained("cpu", optimizer, **options)
    before = standin.Array.syncs
    strange = trained(standin.TYPE, optimizer, **options)
    assert standin.Array.syncs == before, "a training step waited for the device"
    for a, b in zip(host, strange, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_reading_a_value_is_counted():
    x = on_device([1.5])
    for read in (lambda: x.item(), lambda: float(x), lambda: bool(x), lambda: x.tolist()):
        before = standin.Array.syncs
        read()
        assert standin.Array.syncs == before + 1


def test_mixing_host_and_device_is_pytorchs_error():
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device, but found at least two devices"):
        on_device([1.0, 2.0]) + torch.ones(2)
    assert (on_device([1.0, 2.0]) * torch.tensor(2.0)).tolist() == [2.0, 4.0]  # a 0-d tensor counts as a number


def test_the_device_guards_itself():
    array = on_device([1.0, 2.0])._a
    for crossing in (lambda: np.asarray(array), lambda: np.exp(array), lambda: np.sum(array), lambda: array + np.ones(2), lambda: np.ones(2) + array):
        with pytest.raises(TypeError):
            crossing()
    with pytest.raises(TypeError, match="can't convert privateuseone:0 device type tensor to numpy"):
        on_device([1.0]).numpy()


def test_there_and_back():
    x = torch.arange(3.0)
    there = x.to(standin.TYPE)
    assert str(there.device) == "privateuseone:0"
    assert there.cpu().tolist() == x.tolist()
    assert there.cpu().device.type == "cpu"
    assert "device='privateuseone:0'" in repr(there)
