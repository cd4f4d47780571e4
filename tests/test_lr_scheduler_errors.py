"""Schedules made or used wrongly: the exception and its first line are PyTorch's."""

import copy

import pytest

import lesson_lib

from .test_lr_scheduler import optimizer_with_groups, schedules, stepped

#: mistakes: the exception and its first line are PyTorch's
MISTAKES = {
    **{
        f"{name} of a number": lambda s, o, name=name, options=options: getattr(s, name)(3, **options)
        for name, options in {
            "StepLR": {"step_size": 1}, "ExponentialLR": {"gamma": 0.1}, "CosineAnnealingLR": {"T_max": 3}, "CosineAnnealingWarmRestarts": {"T_0": 3},
            "CyclicLR": {"base_lr": 0.1, "max_lr": 1.0}, "OneCycleLR": {"max_lr": 1.0, "total_steps": 3}, "ReduceLROnPlateau": {}, "ConstantLR": {},
            "LinearLR": {}, "PolynomialLR": {}, "MultiStepLR": {"milestones": []}, "LambdaLR": {"lr_lambda": abs}, "SWALR": {"swa_lr": 0.1},
        }.items()
    },
    "functions": lambda s, o: s.LambdaLR(o, [abs]),
    "factors": lambda s, o: s.MultiplicativeLR(o, [abs, abs, abs]),
    "functions without attributes": lambda s, o: s.LambdaLR(o, abs).state_dict(),
    "resumed": lambda s, o: s.StepLR(o, 1, last_epoch=3),
    "resumed cycle": lambda s, o: s.CyclicLR(o, 0.1, 1.0, last_epoch=0),
    "resumed one cycle": lambda s, o: s.OneCycleLR(o, 1.0, 4, last_epoch=0),
    "constant": lambda s, o: s.ConstantLR(o, 1.5),
    "constant below": lambda s, o: s.ConstantLR(o, -0.1),
    "line from 0": lambda s, o: s.LinearLR(o, 0.0),
    "line from above": lambda s, o: s.LinearLR(o, 1.5),
    "line to above": lambda s, o: s.LinearLR(o, end_factor=1.5),
    "line to below": lambda s, o: s.LinearLR(o, end_factor=-0.1),
    "no period": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "broken period": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2.0),
    "no growth": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0),
    "broken growth": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1.5),
    "lowest": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "x"),
    "epoch before": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    "line of no iterations": lambda s, o: s.LinearLR(o, total_iters=0)._get_closed_form_lr(),
    "cosine of no epochs": lambda s, o: stepped(o, s.CosineAnnealingLR(o, 0)),
    "stairs of no epochs": lambda s, o: stepped(o, s.StepLR(o, 0)),
    "constant 0": lambda s, o: stepped(o, s.ConstantLR(o, 0.0, 1)),
    "cycle mode": lambda s, o: s.CyclicLR(o, 0.1, 1.0, mode="x"),
    "cycle rates": lambda s, o: s.CyclicLR(o, [0.1], 1.0),
    "cycle highest rates": lambda s, o: s.CyclicLR(o, 0.1, [1.0, 2.0, 3.0]),
    "cycle momenta": lambda s, o: s.CyclicLR(o, 0.1, 1.0, base_momentum=[1.0]),
    "cycle highest momenta": lambda s, o: s.CyclicLR(o, 0.1, 1.0, max_momentum=[1.0]),
    "cycle state": lambda s, o: s.CyclicLR(o, 0.1, 1.0).load_state_dict({}),
    "no steps": lambda s, o: s.OneCycleLR(o, 1.0),
    "epochs only": lambda s, o: s.OneCycleLR(o, 1.0, epochs=3),
    "steps per epoch only": lambda s, o: s.OneCycleLR(o, 1.0, steps_per_epoch=3),
    "steps": lambda s, o: s.OneCycleLR(o, 1.0, 0),
    "broken steps": lambda s, o: s.OneCycleLR(o, 1.0, 2.0),
    "epochs": lambda s, o: s.OneCycleLR(o, 1.0, epochs=-1, steps_per_epoch=2),
    "steps per epoch": lambda s, o: s.OneCycleLR(o, 1.0, epochs=1, steps_per_epoch=2.0),
    "share": lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=1.5),
    "whole share": lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=1),
    "strategy": lambda s, o: s.OneCycleLR(o, 1.0, 10, anneal_strategy="x"),
    "one cycle rates": lambda s, o: s.OneCycleLR(o, [1.0], 10),
    "one cycle momenta": lambda s, o: s.OneCycleLR(o, 1.0, 10, base_momentum=[0.1]),
    "step after the last": lambda s, o: stepped(o, s.OneCycleLR(o, 1.0, 3), 4),
    "plateau factor": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "plateau mode": lambda s, o: s.ReduceLROnPlateau(o, mode="x"),
    "plateau threshold mode": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"),
    "plateau lowest": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1.0]),
    "plateau without metrics": lambda s, o: s.ReduceLROnPlateau(o).step(),
    "plateau of a word": lambda s, o: s.ReduceLROnPlateau(o).step("x"),
    "no sequence": lambda s, o: s.SequentialLR(o, [], []),
    "sequence of numbers": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), 3], [1]),
    "sequence with a plateau": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.ReduceLROnPlateau(o)], [1]),
    "sequence of others": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.StepLR(copy.deepcopy(o), 1)], [1]),
    "milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.StepLR(o, 1)], [1, 2]),
    "sequence and epoch": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], []).step(3),
    "sequence state": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], []).load_state_dict({}),
    "no chain": lambda s, o: s.ChainedScheduler([]),
    "chain of numbers": lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), 3]),
    "chain of a number": lambda s, o: s.ChainedScheduler([3]),
    "chain with a plateau": lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), s.ReduceLROnPlateau(o)]),
    "chain of others": lambda s, o: s.ChainedScheduler([s.StepLR(o, 1)], copy.deepcopy(o)),
    "chain and epoch": lambda s, o: s.ChainedScheduler([s.StepLR(o, 1)]).step(3),
    "averaging rates": lambda s, o: s.SWALR(o, [0.1]),
    "averaging strategy": lambda s, o: s.SWALR(o, 0.1, anneal_strategy="x"),
    "averaging epochs": lambda s, o: s.SWALR(o, 0.1, -1),
    "broken averaging epochs": lambda s, o: s.SWALR(o, 0.1, 1.5),
    "last rates of none": lambda s, o: s.LRScheduler.__new__(s.LRScheduler).get_last_lr(),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        names, optimizer = schedules(library), optimizer_with_groups(library)
        with pytest.raises(Exception) as caught:
            MISTAKES[name](names, optimizer)
        found.append((caught.type.__name__, str(caught.value.args[0]).splitlines()[0]))
    assert found[0] == found[1]


def test_momentum_is_needed_to_cycle_it(torch):
    def program(torch):
        s = torch.optim.lr_scheduler

        class Plain(torch.optim.Optimizer):
            def step(self, closure=None):
                pass

        optimizer = Plain([torch.ones(1, requires_grad=True)], {"lr": 0.1})
        for make in (lambda **more: s.CyclicLR(optimizer, 0.1, 1.0, **more), lambda **more: s.OneCycleLR(optimizer, 1.0, 9, **more)):
            with pytest.raises(ValueError, match="momentum") as caught:
                make()
            yield str(caught.value).splitlines()[0], make(cycle_momentum=False).state_dict()

    assert list(program(lesson_lib)) == list(program(torch))


def test_no_rates_of_its_own():
    """Where PyTorch's message is empty, ours says what is missing."""
    optimizer = optimizer_with_groups(lesson_lib)
    with pytest.raises(NotImplementedError, match="LRScheduler has no get_lr"):
        lesson_lib.optim.lr_scheduler.LRScheduler(optimizer)
    with pytest.raises(NotImplementedError, match="ReduceLROnPlateau has no get_lr"):
        lesson_lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer).get_lr()
