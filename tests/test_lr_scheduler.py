"""Learning-rate schedules: step for step PyTorch's, with every option; saved, resumed, chained, refused and warned about alike."""

import copy
import pickle
import warnings
from collections import namedtuple

import numpy as np
import pytest

import lesson_lib

STEPS = 30


class Share:
    """A callable object: its attributes are saved."""

    def __init__(self, share):
        self.share = share

    def __call__(self, epoch):
        return self.share**epoch


#: name -> how to make the schedule, from the module's names and an optimizer with two groups (rates 0.5 and 0.25)
SAMPLES = {
    "LambdaLR": lambda s, o, **more: s.LambdaLR(o, lambda epoch: 1 / (1 + epoch), **more),
    "LambdaLR, one each": lambda s, o, **more: s.LambdaLR(o, lr_lambda=[lambda epoch: 0.9**epoch, lambda epoch: epoch], **more),
    "LambdaLR of objects": lambda s, o, **more: s.LambdaLR(o, Share(0.9), **more),
    "MultiplicativeLR": lambda s, o, **more: s.MultiplicativeLR(o, lambda epoch: 0.95, **more),
    "MultiplicativeLR, one each": lambda s, o, **more: s.MultiplicativeLR(o, (lambda epoch: 0.9, Share(0.99)), **more),
    "StepLR": lambda s, o, **more: s.StepLR(o, 3, **more),
    "StepLR, gamma": lambda s, o, **more: s.StepLR(o, step_size=1, gamma=0.9, **more),
    "MultiStepLR": lambda s, o, **more: s.MultiStepLR(o, [2, 5, 5, 20], **more),
    "MultiStepLR, unsorted": lambda s, o, **more: s.MultiStepLR(o, milestones=(9, 4), gamma=0.3, **more),
    "ConstantLR": lambda s, o, **more: s.ConstantLR(o, **more),
    "ConstantLR, options": lambda s, o, **more: s.ConstantLR(o, factor=0.7, total_iters=11, **more),
    "ConstantLR, no iterations": lambda s, o, **more: s.ConstantLR(o, 0.5, 0, **more),
    "LinearLR": lambda s, o, **more: s.LinearLR(o, **more),
    "LinearLR, down": lambda s, o, **more: s.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=7, **more),
    "LinearLR, to zero": lambda s, o, **more: s.LinearLR(o, 0.5, 0.0, 4, **more),
    "LinearLR, no iterations": lambda s, o, **more: s.LinearLR(o, total_iters=0, **more),
    "ExponentialLR": lambda s, o, **more: s.ExponentialLR(o, 0.9, **more),
    "PolynomialLR": lambda s, o, **more: s.PolynomialLR(o, **more),
    "PolynomialLR, no iterations": lambda s, o, **more: s.PolynomialLR(o, 0, **more),
    "PolynomialLR, power": lambda s, o, **more: s.PolynomialLR(o, total_iters=20, power=2.5, **more),
    "CosineAnnealingLR": lambda s, o, **more: s.CosineAnnealingLR(o, 6, **more),
    "CosineAnnealingLR, lowest": lambda s, o, **more: s.CosineAnnealingLR(o, T_max=9, eta_min=0.01, **more),
    "CosineAnnealingLR, one epoch": lambda s, o, **more: s.CosineAnnealingLR(o, 1, **more),
    "CosineAnnealingWarmRestarts": lambda s, o, **more: s.CosineAnnealingWarmRestarts(o, 6, **more),
    "CosineAnnealingWarmRestarts, longer": lambda s, o, **more: s.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2, eta_min=0.01, **more),
    "CyclicLR": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, 4, **more),
    "CyclicLR, uneven": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, step_size_up=3, step_size_down=5, mode="triangular2", **more),
    "CyclicLR, exp_range": lambda s, o, **more: s.CyclicLR(o, [0.1, 0.2], [1.0, 0.4], 4, mode="exp_range", gamma=0.9, scale_mode="cycle", **more),
    "CyclicLR, function": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, 4, scale_fn=lambda x: 1 / x, mode="unknown", **more),
    "CyclicLR, object": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, 4, scale_fn=Share(0.9), scale_mode="iterations", **more),
    "CyclicLR, rates only": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, 4, cycle_momentum=False, **more),
    "CyclicLR, momenta": lambda s, o, **more: s.CyclicLR(o, 0.1, 1.0, 4, base_momentum=[0.5, 0.6], max_momentum=[0.7, 0.8], **more),
    "OneCycleLR": lambda s, o, **more: s.OneCycleLR(o, 1.0, 40, **more),
    "OneCycleLR, epochs": lambda s, o, **more: s.OneCycleLR(o, max_lr=[1.0, 0.5], epochs=4, steps_per_epoch=10, pct_start=0.4, **more),
    "OneCycleLR, three phases": lambda s, o, **more: s.OneCycleLR(o, 1.0, total_steps=36, three_phase=True, div_factor=10, **more),
    "OneCycleLR, linear": lambda s, o, **more: s.OneCycleLR(o, 1.0, 40, anneal_strategy="linear", final_div_factor=100, **more),
    "OneCycleLR, rates only": lambda s, o, **more: s.OneCycleLR(o, 1.0, 40, cycle_momentum=False, **more),
    "OneCycleLR, momenta": lambda s, o, **more: s.OneCycleLR(o, 1.0, 40, base_momentum=[0.5, 0.6], max_momentum=[0.8, 0.7], **more),
    "OneCycleLR, down only": lambda s, o, **more: s.OneCycleLR(o, 1.0, 40, pct_start=0.0, **more),
    "SWALR": lambda s, o, **more: s.SWALR(o, 0.05, **more),
    "SWALR, linear": lambda s, o, **more: s.SWALR(o, swa_lr=[0.05, 0.1], anneal_epochs=4, anneal_strategy="linear", **more),
    "SWALR, at once": lambda s, o, **more: s.SWALR(o, 0.05, 0, **more),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o),
    "ReduceLROnPlateau, options": lambda s, o: s.ReduceLROnPlateau(o, "min", 0.5, patience=1, threshold=0.1, cooldown=2, min_lr=0.1),
    "ReduceLROnPlateau, max": lambda s, o: s.ReduceLROnPlateau(o, mode="max", factor=0.7, patience=2, threshold=0.2, min_lr=[0.01, 0.2]),
    "ReduceLROnPlateau, abs": lambda s, o: s.ReduceLROnPlateau(o, factor=0.7, patience=0, threshold=0.3, threshold_mode="abs", eps=0.05),
    "ReduceLROnPlateau, max abs": lambda s, o: s.ReduceLROnPlateau(o, "max", patience=2, threshold=0.05, threshold_mode="abs"),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=4), s.ExponentialLR(o, 0.9)], [4]),
    "SequentialLR of one": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 4)], milestones=[]),
    "SequentialLR of three": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.CosineAnnealingLR(o, 6), s.StepLR(o, 3)], [5, 12]),
    "SequentialLR, restarts": lambda s, o: s.SequentialLR(o, [s.ExponentialLR(o, 0.8), s.CosineAnnealingWarmRestarts(o, 5)], [3]),
    "SequentialLR, restarts first": lambda s, o: s.SequentialLR(o, [s.CosineAnnealingWarmRestarts(o, 5, 2), s.LinearLR(o)], [8]),
    "SequentialLR, one cycle": lambda s, o: s.SequentialLR(o, [s.PolynomialLR(o, 4), s.OneCycleLR(o, 1.0, 40)], [3]),
    "SequentialLR, cycles": lambda s, o: s.SequentialLR(o, [s.MultiStepLR(o, [1]), s.CyclicLR(o, 0.1, 1.0, 4)], [2]),
    "SequentialLR, functions": lambda s, o: s.SequentialLR(o, [s.LambdaLR(o, lambda n: 1 / (n + 1)), s.MultiplicativeLR(o, lambda n: 0.9)], [6]),
    "SequentialLR, averaging": lambda s, o: s.SequentialLR(o, [s.ExponentialLR(o, 0.9), s.SWALR(o, 0.05, 5)], [6]),
    "SequentialLR, chained": lambda s, o: s.SequentialLR(o, [s.ChainedScheduler([s.ConstantLR(o), s.ExponentialLR(o, 0.9)]), s.StepLR(o, 2)], [6]),
    "SequentialLR, nested": lambda s, o: s.SequentialLR(o, [s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [3]), s.StepLR(o, 2)], [6]),
    "SequentialLR, later": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [8], last_epoch=3),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o), s.ExponentialLR(o, 0.9)]),
    "ChainedScheduler of three": lambda s, o: s.ChainedScheduler([s.LinearLR(o), s.CosineAnnealingLR(o, 7, 0.01), s.StepLR(o, 4, 0.5)], optimizer=o),
    "ChainedScheduler, sequence": lambda s, o: s.ChainedScheduler([s.StepLR(o, 5), s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [3])]),
    "ChainedScheduler, cycle": lambda s, o: s.ChainedScheduler([s.ExponentialLR(o, 0.9), s.CyclicLR(o, 0.1, 1.0, 3)]),
}  # fmt: skip
NO_ITERATIONS = [name for name in SAMPLES if "no iterations" in name]  # their closed forms divide by zero, or are another curve
RESUMABLE = [name for name in SAMPLES if not name.startswith(("Reduce", "Sequential", "Chained"))]


def schedules(torch):
    """All schedules of a library under their names."""
    found = {**vars(torch.optim.lr_scheduler), "SWALR": torch.optim.swa_utils.SWALR}
    names = [name for name in found if name[0].isupper()]
    return namedtuple("Schedules", names)(*(found[name] for name in names))


def optimizer_with_groups(torch, kind="SGD", rate=lambda lr: lr):
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))]}, {"params": [torch.nn.Parameter(torch.ones(3))], "lr": rate(0.25)}]
    return getattr(torch.optim, kind)(groups, lr=rate(0.5), **({"momentum": 0.9} if kind == "SGD" else {}))


def made(torch, name, kind="SGD", **more):
    optimizer = optimizer_with_groups(torch, kind)
    return optimizer, SAMPLES[name](schedules(torch), optimizer, **more)


def one_step(optimizer, scheduler, number):
    optimizer.step()
    if "ReduceLROnPlateau" in str(type(scheduler)):
        scheduler.step(2 + np.sin(number * number))
    else:
        scheduler.step()


def plain(value):
    """A copy with lists for tensors, so that both libraries' values compare."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(inner) for inner in value)
    return value.tolist() if hasattr(value, "tolist") else value


def seen(optimizer, scheduler):
    """What a user can see: the options of every group, the last rates, the state."""
    groups = [{name: plain(value) for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
    state = scheduler.state_dict()
    return {"groups": groups, "last": plain(scheduler.get_last_lr()), "state": plain(state), "keys": list(state)}


def course(torch, name, kind):
    """What is seen at each step, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        optimizer, scheduler = made(torch, name, kind)
        found = [seen(optimizer, scheduler)]
        for number in range(STEPS):
            one_step(optimizer, scheduler, number)
            found.append(seen(optimizer, scheduler))
    return found, [(warning.category, str(warning.message)) for warning in caught]


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_step_equals_pytorch(torch, name, kind):
    """To the last bit: rates, momentum, betas, every other option, the state and the order of its keys, warnings."""
    (ours, our_warnings), (theirs, their_warnings) = course(lesson_lib, name, kind), course(torch, name, kind)
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert a == b, f"step {number}"
    assert our_warnings == their_warnings


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.filterwarnings("ignore:Detected call")
def test_state_crosses_over(torch, name):
    """Half of the run in one library, half in the other, in both directions, is the run in one."""
    straight = course(torch, name, "SGD")[0][-1]
    for first, second in ((lesson_lib, torch), (torch, lesson_lib)):
        optimizer, scheduler = made(first, name)
        for number in range(STEPS // 2):
            one_step(optimizer, scheduler, number)
        saved = pickle.loads(pickle.dumps((optimizer.state_dict(), scheduler.state_dict())))
        optimizer, scheduler = made(second, name)
        before = copy.deepcopy(saved[1])
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        assert saved[1] == before or second is torch  # PyTorch's CyclicLR takes a key out of what it is given
        for number in range(STEPS // 2, STEPS):
            one_step(optimizer, scheduler, number)
        assert seen(optimizer, scheduler) == straight


@pytest.mark.parametrize("epochs", [1, 3, 6])
@pytest.mark.parametrize("name", RESUMABLE)
def test_resumed_by_last_epoch_equals_pytorch(torch, name, epochs):
    """A new schedule on the old optimizer, told how far the old one had come."""

    def program(torch):
        optimizer, scheduler = made(torch, name)
        for number in range(epochs):
            one_step(optimizer, scheduler, number)
        scheduler = SAMPLES[name](schedules(torch), optimizer, last_epoch=scheduler.last_epoch)
        found = [seen(optimizer, scheduler)]
        for number in range(10):
            one_step(optimizer, scheduler, number)
            found.append(seen(optimizer, scheduler))
        return found

    assert program(lesson_lib) == program(torch)


@pytest.mark.parametrize("name", [name for name in RESUMABLE if name not in NO_ITERATIONS])
def test_given_epochs_equal_pytorch(torch, name):
    """``step(epoch)`` goes there at once, by the closed form where there is one, and says that it is deprecated."""

    def program(torch):
        optimizer, scheduler = made(torch, name)
        optimizer.step()
        for epoch in (3, 4, 1, 0, 12, None, 8):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scheduler.step(epoch)
            yield seen(optimizer, scheduler), [(w.category, str(w.message), w.filename) for w in caught]

    assert list(program(lesson_lib)) == list(program(torch))


def test_fractions_of_epochs_equal_pytorch(torch):
    def program(torch):
        for options in ((3,), (3, 2), (2, 3, 0.01)):
            optimizer = optimizer_with_groups(torch)
            scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, *options)
            for batch in range(40):
                scheduler.step(batch / 3)
                yield seen(optimizer, scheduler)

    assert list(program(lesson_lib)) == list(program(torch))


@pytest.mark.parametrize(
    "name", [name for name in RESUMABLE if name not in NO_ITERATIONS and hasattr(made(lesson_lib, name)[1], "_get_closed_form_lr")]
)
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_both_forms_are_one_curve(name):
    """The rate after t single steps is that of the closed form at t."""
    optimizer, chained = made(lesson_lib, name)
    _, direct = made(lesson_lib, name)
    optimizer.step()
    direct.optimizer.step()
    for epoch in range(1, STEPS):
        chained.step()
        direct.step(epoch)
        np.testing.assert_allclose(chained.get_last_lr(), direct.get_last_lr(), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.filterwarnings("ignore:Detected call")
def test_rates_in_tensors(torch, name):
    """They are written in place, and what is handed out is a copy."""

    def program(torch):
        optimizer = optimizer_with_groups(torch, rate=torch.tensor)
        tensors = [group["lr"] for group in optimizer.param_groups]
        scheduler = SAMPLES[name](schedules(torch), optimizer)
        for number in range(12):
            one_step(optimizer, scheduler, number)
            yield [plain(rate) for rate in scheduler.get_last_lr()]
        assert all(group["lr"] is tensor for group, tensor in zip(optimizer.param_groups, tensors, strict=True))
        assert not any(rate is tensor for rate in scheduler.get_last_lr() for tensor in tensors)

    np.testing.assert_allclose(list(program(lesson_lib)), list(program(torch)), rtol=2e-6, atol=1e-7)


def stepped(optimizer, scheduler, count=1):
    for number in range(count):
        one_step(optimizer, scheduler, number)


def test_options_in_tensors(torch):
    """Bounds that are tensors, for rates that are tensors and for rates that are numbers."""

    def program(torch):
        s = schedules(torch)
        for make in (
            lambda o: s.OneCycleLR(o, torch.tensor(1.0), 30), lambda o: s.OneCycleLR(o, [torch.tensor(1.0), torch.tensor(0.5)], 30),
            lambda o: s.CyclicLR(o, torch.tensor(0.1), torch.tensor(1.0), 4), lambda o: s.SWALR(o, torch.tensor(0.1), 4),
        ):  # fmt: skip
            for rate in (torch.tensor, float):
                optimizer = optimizer_with_groups(torch, rate=rate)
                scheduler = make(optimizer)
                kinds = [type(group[name]).__name__ for group in optimizer.param_groups for name in ("lr", "initial_lr")]
                rates = []
                for number in range(10):
                    one_step(optimizer, scheduler, number)
                    rates.append([plain(lr) for lr in scheduler.get_last_lr()])
                yield kinds, rates

    for (our_kinds, ours), (their_kinds, theirs) in zip(program(lesson_lib), program(torch), strict=True):
        assert our_kinds == their_kinds
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-7)


def order(torch, s, o):
    s.StepLR(o, 1).step()


def order_of_two(torch, s, o):
    first, second = s.StepLR(o, 1), s.ExponentialLR(o, 0.9)
    o.step()
    first.step()
    second.step()


def stepped_before(torch, s, o):
    o.step()
    s.StepLR(o, 1).step()


def late_schedule(torch, s, o):
    first = s.StepLR(o, 1)
    o.step()
    first.step()
    s.SWALR(o, 0.1).step()


def overridden(torch, s, o):
    scheduler = s.StepLR(o, 1)
    o.step = lambda: None
    o.step()
    scheduler.step()


def second_step(torch, s, o):
    scheduler = s.StepLR(o, 1)
    o.step()
    scheduler.step()
    scheduler.step()


def restarts(torch, s, o):
    s.CosineAnnealingWarmRestarts(o, 1).step()


def copied_schedule(torch, s, o):
    scheduler = copy.deepcopy(s.StepLR(o, 1))
    scheduler.optimizer.step()
    scheduler.step()
    yield scheduler.state_dict(), o.param_groups[0]["lr"]


def asked(torch, s, o):
    for name in [name for name in RESUMABLE if name not in NO_ITERATIONS]:
        yield plain(SAMPLES[name](s, optimizer_with_groups(torch)).get_lr())


def plateau_epoch(torch, s, o):
    scheduler = s.ReduceLROnPlateau(o)
    scheduler.step(1.0, 5)
    yield scheduler.state_dict()


def own_schedule(torch, s, o):
    class Halves(torch.optim.lr_scheduler._LRScheduler):
        def get_lr(self):
            if not self._get_lr_called_within_step:
                warnings.warn("asked", stacklevel=2)
            return [lr / 2**self.last_epoch for lr in self.base_lrs]

    scheduler = Halves(o)
    yield isinstance(scheduler, s.LRScheduler)
    o.step()
    scheduler.step()
    yield scheduler.get_last_lr(), scheduler.get_lr(), scheduler.state_dict()


@pytest.mark.parametrize(
    "program",
    [order, order_of_two, stepped_before, late_schedule, overridden, second_step, restarts, copied_schedule, asked, plateau_epoch, own_schedule],
)
def test_warnings_equal_pytorch(torch, program):
    found = []
    for library in (lesson_lib, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = list(program(library, schedules(library), optimizer_with_groups(library)) or [])
        found.append((result, [(w.category, str(w.message)) for w in caught]))
    assert found[0] == found[1]


def test_warnings_point_at_the_users_line():
    optimizer = optimizer_with_groups(lesson_lib)
    scheduler = lesson_lib.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for call in (lambda: scheduler.step(), lambda: scheduler.step(3), lambda: scheduler.get_lr()):
        with pytest.warns(UserWarning, match="call|epoch|get_last_lr") as caught:
            call()
        assert {warning.filename for warning in caught} == {__file__}


def test_new_groups_equal_pytorch(torch):
    """Groups that are added later: schedules that multiply take them along, a plateau with a list of lowest rates does not."""

    def program(torch):
        s = schedules(torch)
        for make in (
            lambda o: s.StepLR(o, 1), lambda o: s.LambdaLR(o, Share(0.9)), lambda o: s.OneCycleLR(o, 1.0, 9), lambda o: s.CyclicLR(o, 0.1, 1.0),
            lambda o: s.ReduceLROnPlateau(o, patience=0, min_lr=0.1), lambda o: s.ReduceLROnPlateau(o, patience=0, min_lr=[0.1, 0.2]),
        ):  # fmt: skip
            optimizer = optimizer_with_groups(torch)
            scheduler = make(optimizer)
            optimizer.add_param_group({"params": [torch.ones(1, requires_grad=True)]})
            try:
                for _ in range(3):
                    one_step(optimizer, scheduler, 0)
                yield scheduler.get_last_lr(), scheduler.state_dict()
            except (ValueError, KeyError, RuntimeError) as error:
                yield type(error), str(error.args[0]).splitlines()[0]

    assert list(program(lesson_lib)) == list(program(torch))


def test_functions_keep_their_attributes():
    """A callable object gets the attributes that were saved; a function stays as it is."""
    _, scheduler = made(lesson_lib, "LambdaLR of objects")
    saved = copy.deepcopy(scheduler.state_dict())
    saved["lr_lambdas"] = [{"share": 0.5}, {"share": 0.5}]
    scheduler.load_state_dict(saved)
    assert scheduler.lr_lambdas[0].share == 0.5
    _, scheduler = made(lesson_lib, "CyclicLR, object")
    scheduler.load_state_dict({**scheduler.state_dict(), "_scale_fn_custom": {"share": 0.5}})
    assert scheduler.scale_fn(1) == 0.5


def test_every_schedule_of_pytorch_is_sampled(torch):
    names = {name for name in torch.optim.lr_scheduler.__all__ if name != "LRScheduler"} | {"SWALR"}
    assert names == {name.split()[0].rstrip(",") for name in SAMPLES}
    assert set(torch.optim.lr_scheduler.__all__) <= set(vars(lesson_lib.optim.lr_scheduler))
    assert set(torch.optim.swa_utils.__all__) <= set(vars(lesson_lib.optim.swa_utils))
