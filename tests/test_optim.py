"""Optimizers: step for step equal to PyTorch's, options, groups, hooks, state, printing, errors."""

import copy
import pickle

import numpy as np
import pytest

import lesson_lib

SETTINGS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.02}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    ("SGD", {"lr": 0.01, "weight_decay": 0.5, "foreach": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.02, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.02, "amsgrad": True}),
    ("Adam", {"lr": 0.02, "maximize": True, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.3, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "betas": (0.8, 0.99), "maximize": True}),
]


def setup(torch, name, options, dtype="float32"):
    """A small network with a parameter that never gets a gradient, data, and an optimizer with two groups."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).to(getattr(torch, dtype))
    idle = torch.nn.Parameter(torch.ones(2))
    first, second = list(net[0].parameters()), list(net[2].parameters())
    optimizer = getattr(torch.optim, name)([{"params": [*first, idle]}, {"params": second, "lr": options.get("lr", 1e-3) / 2}], **options)
    x, t = (torch.from_numpy(np.random.RandomState(7).randn(16, n).astype(dtype)) for n in (4, 2))
    return net, optimizer, lambda: torch.nn.functional.mse_loss(net(x), t)


def train(net, optimizer, loss_of, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
    return [p.detach().numpy().copy() for p in net.parameters()]


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_twenty_steps_equal_pytorch(torch, name, options):
    ours, theirs = (train(*setup(library, name, options, "float64"), 20) for library in (lesson_lib, torch))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    ours, theirs = (train(*setup(library, name, options), 20) for library in (lesson_lib, torch))
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_text_and_state_equal_pytorch(torch, name, options):
    """What is printed, and the state dictionary: keys, shapes, dtypes, values."""
    found = []
    for library in (lesson_lib, torch):
        net, optimizer, loss_of = setup(library, name, options)
        fresh = optimizer.state_dict()
        train(net, optimizer, loss_of, 3)
        state = optimizer.state_dict()
        values = {
            (number, key): (str(value.dtype), value.numpy())
            for number, inner in state["state"].items()
            for key, value in inner.items()
            if value is not None
        }
        found.append(((repr(optimizer), fresh, state["param_groups"], list(state["state"]), list(values)), values))
    assert found[0][0] == found[1][0]
    for key, (dtype, value) in found[0][1].items():
        assert dtype == found[1][1][key][0]
        np.testing.assert_allclose(value, found[1][1][key][1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_resumed_training_is_uninterrupted_training(name, options):
    """Parameters and optimizer restored from their dictionaries go on bit for bit as if nothing had happened."""
    net, optimizer, loss_of = setup(lesson_lib, name, options)
    train(net, optimizer, loss_of, 5)
    saved = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    straight = train(net, optimizer, loss_of, 5)
    net, optimizer, loss_of = setup(lesson_lib, name, options)
    net.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    for a, b in zip(train(net, optimizer, loss_of, 5), straight, strict=True):
        assert a.tobytes() == b.tobytes()


def test_loaded_state_is_a_copy():
    """Two optimizers that loaded one dictionary do not share their running means."""
    net, optimizer, loss_of = setup(lesson_lib, "Adam", {})
    train(net, optimizer, loss_of, 2)
    _, other, _ = setup(lesson_lib, "Adam", {})
    other.load_state_dict(optimizer.state_dict())
    before = other.state_dict()["state"][0]["exp_avg"].tolist()
    train(net, optimizer, loss_of, 1)
    assert other.state_dict()["state"][0]["exp_avg"].tolist() == before


def test_steps_bump_versions_and_keep_memory():
    """The update is in place, and autograd notices it: going back through the old graph is PyTorch's error."""
    w = lesson_lib.ones(2, requires_grad=True)
    memory = w.data_ptr()
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    lesson_lib.optim.SGD([w], lr=0.1).step()
    assert w.data_ptr() == memory
    assert w._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_gradients_are_left_alone():
    """No option writes into ``.grad``."""
    for name, options in SETTINGS:
        w = lesson_lib.ones(3, requires_grad=True)
        w.grad = lesson_lib.tensor([1.0, 2.0, 3.0])
        w.grad.numpy().flags.writeable = False
        optimizer = getattr(lesson_lib.optim, name)([w], **options)
        optimizer.step()
        optimizer.step()
        assert w.grad.tolist() == [1, 2, 3]


def test_complex_adam(torch):
    def program(torch):
        w = torch.tensor([1 + 2j, -1j], requires_grad=True)
        optimizer = torch.optim.Adam([w], lr=0.1, amsgrad=True)
        for step in range(3):
            w.grad = torch.tensor([1 - 1j, step + 2j])
            optimizer.step()
        return w.detach().numpy()

    np.testing.assert_allclose(program(lesson_lib), program(torch), rtol=1e-5)


def test_learning_rate_in_a_tensor(torch):
    def program(torch):
        w = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=torch.tensor(0.5))
        w.grad = torch.ones(2)
        optimizer.step()
        return w.tolist(), w.dtype == torch.float32

    assert program(lesson_lib) == program(torch)


def test_closure(torch):
    def program(torch):
        w = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.25)

        def closure():
            optimizer.zero_grad()
            loss = (w**2).sum()
            loss.backward()
            return loss

        with torch.no_grad():
            return [float(optimizer.step(closure).detach()) for _ in range(3)], w.tolist()

    assert program(lesson_lib) == program(torch)


def test_hooks(torch):
    def program(torch):
        log = []
        w = torch.ones(1, requires_grad=True)
        w.grad = torch.ones(1)
        optimizer = torch.optim.SGD([w], lr=0.5)
        before = optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append(("before", w.item())))
        optimizer.register_step_post_hook(lambda o, args, kwargs: log.append(("after", w.item())))
        optimizer.register_state_dict_pre_hook(lambda o: log.append("collecting"))
        optimizer.register_state_dict_post_hook(lambda o, state: {**state, "note": 1})
        optimizer.register_load_state_dict_pre_hook(lambda o, state: log.append(sorted(state)))
        optimizer.register_load_state_dict_post_hook(lambda o: log.append("loaded"))
        with torch.no_grad():
            optimizer.step()
            before.remove()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        return log

    assert program(lesson_lib) == program(torch)


def test_own_optimizer(torch):
    """A subclass that writes its own ``step``, in PyTorch's style."""

    def program(torch):
        class Signs(torch.optim.Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr})

            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        p.data.add_(p.grad.sign(), alpha=-group["lr"])

        w = torch.tensor([1.0, -1.0], requires_grad=True)
        optimizer = Signs([w], lr=0.25)
        calls = []
        optimizer.register_step_post_hook(lambda *_: calls.append(1))
        w.grad = torch.tensor([3.0, -2.0])
        optimizer.step()
        return w.tolist(), calls, repr(optimizer)

    assert program(lesson_lib) == program(torch)


def test_zero_grad(torch):
    def program(torch):
        w = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)
        w.grad = torch.ones(2)
        kept = w.grad
        optimizer.zero_grad(set_to_none=False)
        zeros = kept.tolist()
        optimizer.zero_grad()
        return zeros, w.grad

    assert program(lesson_lib) == program(torch)


def test_named_parameters(torch):
    def program(torch):
        net = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.named_parameters(), lr=0.1)
        return optimizer.state_dict(), [tuple(p.shape) for p in optimizer.param_groups[0]["params"]]

    assert program(lesson_lib) == program(torch)


def test_pickle_and_deepcopy():
    net, optimizer, loss_of = setup(lesson_lib, "Adam", {})
    train(net, optimizer, loss_of, 2)
    for again in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert repr(again) == repr(optimizer)
        assert again.state_dict()["state"][0]["exp_avg"].tolist() == optimizer.state_dict()["state"][0]["exp_avg"].tolist()
        again.step()


#: mistakes: the exception and its first line are PyTorch's
MISTAKES = {
    "tensor for a list": lambda torch, w: torch.optim.SGD(w, lr=0.1),
    "nothing": lambda torch, w: torch.optim.SGD([], lr=0.1),
    "numbers": lambda torch, w: torch.optim.SGD([1.0], lr=0.1),
    "set": lambda torch, w: torch.optim.SGD([{"params": {w}}], lr=0.1),
    "computed": lambda torch, w: torch.optim.SGD([w * 2], lr=0.1),
    "group that is a list": lambda torch, w: torch.optim.SGD([w], lr=0.1).add_param_group([w]),
    "twice": lambda torch, w: torch.optim.SGD([w], lr=0.1).add_param_group({"params": w}),
    "names and none": lambda torch, w: torch.optim.SGD([("w", w)], lr=0.1).add_param_group({"params": [torch.ones(1)]}),
    "some names": lambda torch, w: torch.optim.SGD([("w", w), torch.ones(1)], lr=0.1),
    "negative lr": lambda torch, w: torch.optim.SGD([w], lr=-0.1),
    "negative momentum": lambda torch, w: torch.optim.SGD([w], lr=0.1, momentum=-1),
    "negative decay": lambda torch, w: torch.optim.SGD([w], lr=0.1, weight_decay=-1),
    "nesterov alone": lambda torch, w: torch.optim.SGD([w], lr=0.1, nesterov=True),
    "lr of two": lambda torch, w: torch.optim.SGD([w], lr=torch.ones(2)),
    "Adam negative lr": lambda torch, w: torch.optim.Adam([w], lr=-0.1),
    "Adam eps": lambda torch, w: torch.optim.Adam([w], eps=-1),
    "Adam beta": lambda torch, w: torch.optim.Adam([w], betas=(1.0, 0.9)),
    "Adam second beta": lambda torch, w: torch.optim.Adam([w], betas=(0.9, -0.1)),
    "Adam integer beta": lambda torch, w: torch.optim.Adam([w], betas=(0, 0.9)),
    "Adam decay": lambda torch, w: torch.optim.AdamW([w], weight_decay=-1),
    "fused and foreach": lambda torch, w: torch.optim.Adam([w], fused=True, foreach=True),
    "state of another number of groups": lambda torch, w: torch.optim.SGD([w]).load_state_dict({"state": {}, "param_groups": []}),
    "state of another size": lambda torch, w: torch.optim.SGD([w]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    "pre-hook": lambda torch, w: with_wrong_hook(torch.optim.SGD([w])),
}


def with_wrong_hook(optimizer):
    optimizer.register_step_pre_hook(lambda *_: 3)
    optimizer.step()


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        with pytest.raises(Exception) as caught:
            MISTAKES[name](library, library.ones(1, requires_grad=True))
        found.append((caught.type, str(caught.value).splitlines()[0]))
    if name == "pre-hook":  # the text contains the address of a function
        found = [(kind, text.split(">")[-1]) for kind, text in found]
    assert found[0] == found[1]


def test_recorded_steps_are_refused():
    with pytest.raises(NotImplementedError, match="differentiable=True"):
        lesson_lib.optim.SGD([lesson_lib.ones(1, requires_grad=True)], differentiable=True)


# --- schedules -------------------------------------------------------------------------------------------------------------

SCHEDULES = {
    "StepLR": {"step_size": 3, "gamma": 0.5},
    "MultiStepLR": {"milestones": [2, 5, 5], "gamma": 0.3},
    "ExponentialLR": {"gamma": 0.9},
    "CosineAnnealingLR": {"T_max": 6, "eta_min": 0.01},
    "LambdaLR": {"lr_lambda": lambda epoch: 1 / (1 + epoch)},
}


def scheduled(torch, name, **more):
    _, optimizer, _ = setup(torch, "SGD", {"lr": 0.5})
    return optimizer, getattr(torch.optim.lr_scheduler, name)(optimizer, **SCHEDULES[name], **more)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_equals_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        optimizer, scheduler = scheduled(library, name)
        rates = [scheduler.get_last_lr()]
        for _ in range(20):
            optimizer.step()
            scheduler.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
        found.append(rates)
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_resumes(name):
    optimizer, scheduler = scheduled(lesson_lib, name)
    for _ in range(4):
        optimizer.step()
        scheduler.step()
    again, other = scheduled(lesson_lib, name)
    other.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    again.load_state_dict(optimizer.state_dict())
    for pair in ((optimizer, scheduler), (again, other)):
        pair[0].step()
        pair[1].step()
    assert other.get_last_lr() == scheduler.get_last_lr()


def test_schedule_before_the_optimizer_is_warned_about(torch):
    found = []
    for library in (lesson_lib, torch):
        _, scheduler = scheduled(library, "StepLR")
        with pytest.warns(UserWarning, match="before `optimizer.step") as seen:
            scheduler.step()
        found.append(str(seen[0].message))
    assert found[0] == found[1]


def test_mistakes_of_schedules_equal_pytorch(torch):
    def wrong(torch):
        _, optimizer, _ = setup(torch, "SGD", {})
        schedules = torch.optim.lr_scheduler
        for program in (
            lambda: schedules.StepLR(3, 1),
            lambda: schedules.LambdaLR(optimizer, [abs]),
            lambda: schedules.StepLR(optimizer, 1, last_epoch=3),
        ):
            with pytest.raises((TypeError, ValueError, KeyError)) as caught:
                program()
            yield caught.value.args[0].splitlines()[0]

    assert list(wrong(lesson_lib)) == list(wrong(torch))
