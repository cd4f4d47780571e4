"""Averaged models: the averages, the buffers, the batch norms and the errors are PyTorch's. The schedule SWALR is in test_lr_scheduler.py."""

import copy
import pickle

import numpy as np
import pytest

import lesson_lib

from . import standin

#: name -> the options of AveragedModel
AVERAGES = {
    "default": lambda s: {},
    "swa": lambda s: {"avg_fn": s.get_swa_avg_fn()},
    "ema": lambda s: {"avg_fn": s.get_ema_avg_fn(0.7)},
    "ema, default": lambda s: {"avg_fn": s.get_ema_avg_fn()},
    "own": lambda s: {"avg_fn": lambda average, value, count: average * 0.25 + value / (count + 1)},
    "swa of all": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    "ema of all": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.7)},
    "own of all": lambda s: {"multi_avg_fn": lambda averages, values, count: [a.add_(v, alpha=0.5) for a, v in zip(averages, values, strict=True)]},
}


def network(torch):
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2))


def batches(torch, count, seed=7):
    return [torch.from_numpy(array) for array in np.random.RandomState(seed).randn(count, 16, 3).astype("float32")]


def assert_same_state(ours, theirs):
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert str(ours[name].dtype).split(".")[-1] == str(value.dtype).split(".")[-1], name
        np.testing.assert_allclose(ours[name].numpy(), value.numpy(), rtol=2e-6, atol=1e-6, err_msg=name)


#: with buffers they meet the integer num_batches_tracked, to which PyTorch adds no fraction in place
IN_PLACE = ("swa of all", "own of all")


@pytest.mark.parametrize(("name", "use_buffers"), [(name, use) for name in AVERAGES for use in (False, True) if not (use and name in IN_PLACE)])
def test_averages_equal_pytorch(torch, name, use_buffers):
    """After each of five updates of a network in training; the state has PyTorch's names, and the average computes."""

    def program(torch):
        net = network(torch)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        average = torch.optim.swa_utils.AveragedModel(net, use_buffers=use_buffers, **AVERAGES[name](torch.optim.swa_utils))
        states = [copy.deepcopy(average.state_dict())]
        for x in batches(torch, 5):
            optimizer.zero_grad()
            (net(x) ** 2).mean().backward()
            optimizer.step()
            average.update_parameters(net)
            states.append(copy.deepcopy(average.state_dict()))
        average.eval()
        out = average(batches(torch, 1)[0])
        return states, {"out": out.detach()}, [p.requires_grad for p in average.parameters()], repr(average)

    ours, theirs = program(lesson_lib), program(torch)
    for a, b in zip(ours[0], theirs[0], strict=True):
        assert_same_state(a, b)
    assert_same_state(ours[1], theirs[1])
    assert ours[2:] == theirs[2:]


def test_functions_equal_pytorch(torch):
    """Called with a number or a tensor as the count, on float and integer parameters."""

    def program(torch):
        s = torch.optim.swa_utils
        a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -2.0])
        for function in (s.get_swa_avg_fn(), s.get_ema_avg_fn(0.9), s.get_ema_avg_fn(0), s.get_ema_avg_fn(1)):
            yield function(a, b, 3).tolist(), function(a, b, torch.tensor(4)).tolist(), function.__name__
        for function in (s.get_swa_multi_avg_fn(), s.get_ema_multi_avg_fn(0.5)):
            averages = [a.clone(), b.double()]
            yield function(averages, [b, a.double()], torch.tensor(2)), [x.tolist() for x in averages], function.__name__
        whole = [torch.tensor([5, 7])]
        s.get_ema_multi_avg_fn(0.9)(whole, [torch.tensor([0, 1])], torch.tensor(2))
        yield whole[0].tolist()

    for ours, theirs in zip(program(lesson_lib), program(torch), strict=True):
        assert repr(ours).split("[")[0] == repr(theirs).split("[")[0]
        for a, b in zip(ours, theirs, strict=True):
            assert a == b or np.allclose(a, b, rtol=1e-6)


def test_averages_are_recorded_nowhere(torch):
    """What the functions get needs no gradient; the first update copies without asking them."""

    def program(torch):
        calls = []
        net = torch.nn.Linear(2, 1)
        average = torch.optim.swa_utils.AveragedModel(
            net, multi_avg_fn=lambda averages, values, count: calls.append((len(averages), int(count), [x.requires_grad for x in averages + values]))
        )
        for _ in range(3):
            average.update_parameters(net)
        return calls, int(average.n_averaged), average.module.weight.grad_fn

    assert program(lesson_lib) == program(torch)


def test_state_crosses_over(torch):
    """The state of an averaged model of one library loads into the other's."""
    for first, second in ((lesson_lib, torch), (torch, lesson_lib)):
        net = network(first)
        average = first.optim.swa_utils.AveragedModel(net)
        for _ in range(3):
            with first.no_grad():
                net[0].weight.add_(1.0)
            average.update_parameters(net)
        other = second.optim.swa_utils.AveragedModel(network(second))
        other.load_state_dict({name: second.from_numpy(value.numpy().copy()) for name, value in average.state_dict().items()})
        assert int(other.n_averaged) == 3
        assert_same_state(*((average.state_dict(), other.state_dict()) if first is lesson_lib else (other.state_dict(), average.state_dict())))


def test_average_is_a_copy():
    """The network's parameters are its own; the average can be copied and pickled."""
    net = network(lesson_lib)
    average = lesson_lib.optim.swa_utils.AveragedModel(net, device="cpu")
    average.update_parameters(net)
    before = average.module[0].weight.tolist()
    with lesson_lib.no_grad():
        net[0].weight.zero_()
    assert average.module[0].weight.tolist() == before
    for again in (copy.deepcopy(average), pickle.loads(pickle.dumps(average))):
        again.update_parameters(net)
        assert again.n_averaged.item() == 2
        np.testing.assert_allclose(again.module[0].weight.detach().numpy(), np.array(before) / 2, rtol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("form", ["tensors", "pairs", "lists", "with device"])
def test_update_bn_equals_pytorch(torch, form, training):
    """Statistics of the data alone; momentum and mode are afterwards what they were."""

    def program(torch):
        net = torch.nn.Sequential(
            torch.nn.BatchNorm1d(3, momentum=0.3), torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4, momentum=None), torch.nn.Dropout(0.0)
        )
        with torch.no_grad():
            for p, q in zip(net[1].parameters(), network(torch)[0].parameters(), strict=True):
                p.copy_(q)
        net(batches(torch, 1, seed=1)[0] * 9)
        net.train(training)
        data = batches(torch, 4)
        loader = {"pairs": [(x, 1) for x in data], "lists": [[x, 1] for x in data]}.get(form, data)
        torch.optim.swa_utils.update_bn(loader, net, **({"device": "cpu"} if form == "with device" else {}))
        return net.state_dict(), [module.training for module in net.modules()], [net[0].momentum, net[2].momentum]

    ours, theirs = program(lesson_lib), program(torch)
    assert_same_state(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_update_bn_without_batch_norm_reads_nothing():
    lesson_lib.optim.swa_utils.update_bn(iter([1, 2]), lesson_lib.nn.Linear(2, 1))


MISTAKES = {
    "two functions": lambda torch, s: s.AveragedModel(torch.nn.Linear(1, 1), avg_fn=abs, multi_avg_fn=abs),
    "decay above 1": lambda torch, s: s.get_ema_avg_fn(1.5),
    "decay below 0": lambda torch, s: s.get_ema_multi_avg_fn(-0.1),
    "another network": lambda torch, s: twice_updated(s.AveragedModel(torch.nn.Linear(2, 1)), torch.nn.Linear(3, 1)),
}


def twice_updated(average, net):
    average.update_parameters(net)
    average.update_parameters(net)


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        with pytest.raises(Exception) as caught:
            MISTAKES[name](library, library.optim.swa_utils)
        found.append((caught.type, str(caught.value).splitlines()[0]))
    assert found[0] == found[1]


@pytest.mark.parametrize("device", [None, standin.TYPE])
@pytest.mark.parametrize("name", AVERAGES)
def test_average_beside_the_network(name, device):
    """A network on another device: its average lies there too; the count may stay on the host."""

    def program(place):
        net = network(lesson_lib).to(place)
        average = lesson_lib.optim.swa_utils.AveragedModel(net, device=device and place, **AVERAGES[name](lesson_lib.optim.swa_utils))
        for x in batches(lesson_lib, 3):
            net(x.to(place))
            with lesson_lib.no_grad():
                net[0].weight.add_(0.5)
            average.update_parameters(net)
        lesson_lib.optim.swa_utils.update_bn(batches(lesson_lib, 2), average, device=place)
        assert {p.device.type for p in average.parameters()} == {place}
        return {key: value.cpu() for key, value in average.state_dict().items()}

    standin.install()
    assert_same_state(program(standin.TYPE), program("cpu"))
