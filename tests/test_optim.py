"""What all optimizers share: groups, hooks, closures, state, errors. Their steps are compared in test_optimizers.py."""

import copy
import pickle

import numpy as np
import pytest

import lesson_lib

from .optimizers import setup, train
from .sameness import outcome


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


def test_hooks_of_all_optimizers(torch):
    """Those of all come first before a step, and last after it."""

    def program(torch):
        if torch is lesson_lib:
            from lesson_lib.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
        else:
            from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
        log, w = [], torch.ones(1, requires_grad=True)
        optimizer, other = torch.optim.SGD([w]), torch.optim.Adam([w])
        handles = [
            register_optimizer_step_pre_hook(lambda o, args, kwargs: log.append(("all before", type(o).__name__))),
            register_optimizer_step_post_hook(lambda o, args, kwargs: log.append(("all after", type(o).__name__))),
        ]
        optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append("before"))
        optimizer.register_step_post_hook(lambda o, args, kwargs: log.append("after"))
        optimizer.step()
        other.step()
        for handle in handles:
            handle.remove()
        other.step()
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


def test_swapped_in_parameters(torch):
    def program(torch):
        w, other = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
        w.grad, other.grad = torch.ones(2), torch.ones(2)
        optimizer = torch.optim.Adam([w], lr=0.25)
        log = []

        def swap(parameters, state):
            def used(torch):
                with torch.optim.swap_in_optimizer_params_and_state(optimizer, parameters, state):
                    optimizer.step()
                    log.append([p is other for p in optimizer.param_groups[0]["params"]])

            log.append(outcome(used, torch))

        state = optimizer.state_dict()
        swap({"w": other}, state)  # nothing to swap with yet
        optimizer.step()
        state = copy.deepcopy(optimizer.state_dict())
        state["param_groups"][0]["lr"] = 0.5
        swap({"w": other}, state)
        swap({"w": other, "more": w}, state)
        swap({}, state)
        swap({"w": other}, {**state, "param_groups": []})
        swap({"w": other}, {**state, "param_groups": [{**state["param_groups"][0], "params": [0, 1]}]})
        swap({"w": other}, {**state, "state": {**state["state"], 7: {}}})
        return log, other.tolist(), w.tolist(), float(state["state"][0]["step"]), optimizer.param_groups[0]["lr"], float(optimizer.state[w]["step"])

    ours, theirs = program(lesson_lib), program(torch)
    assert ours[0] == theirs[0]
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


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
    "Adam tensor lr for foreach": lambda torch, w: torch.optim.Adam([w], lr=torch.tensor(0.1), foreach=True),
    "Adam tensor betas for foreach": lambda torch, w: torch.optim.Adam([w], betas=(torch.tensor(0.1), torch.tensor(0.1)), foreach=True),
    "Adam mixed betas": lambda torch, w: torch.optim.Adam([w], betas=(torch.tensor(0.1), 0.1)),
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
