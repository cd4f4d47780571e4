"""Schedules made of schedules: one after the other, or several at once."""

from bisect import bisect_right

from ..core.errors import error
from .schedule import LRScheduler, put, values_of
from .schedules_plateau import ReduceLROnPlateau


class _Combined(LRScheduler):
    """Schedules of one optimizer, in ``self._schedulers``."""

    def state_dict(self):
        """As for every schedule, with the states of the schedules that it is made of."""
        state = super().state_dict()
        del state["_schedulers"]
        return {**state, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        own, saved = self._schedulers, state_dict["_schedulers"]
        super().load_state_dict({**state_dict, "_schedulers": own})
        for scheduler, state in zip(own, saved, strict=False):
            scheduler.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other, each from its own epoch 0: the next one begins at each of the ``milestones``.

    With ``schedulers`` s₀, s₁, … and milestones m₁ < m₂ < …, the rate at the epoch t in [mᵢ, mᵢ₊₁) is that of sᵢ at t − mᵢ.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.5, 0.25]

    Errors: ValueError if there is no schedule, if they belong to different optimizers, for ReduceLROnPlateau, and if there is not one
    milestone less than schedules; TypeError if one is no schedule.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        if len(schedulers) < 1:
            raise error("scheduler_value", message="SequentialLR expects at least one scheduler, but got no scheduler.")
        _check_schedulers("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise error("scheduler_milestones", schedulers=len(schedulers), milestones=len(milestones))
        self._schedulers, self._milestones, self.last_epoch, self.optimizer = schedulers, milestones, last_epoch + 1, optimizer
        for group in optimizer.param_groups:  # every schedule has set its first rate: go back to the start, then let the first one begin
            put(group, "lr", group["initial_lr"])
        self.recursive_undo()
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def recursive_undo(self, sched=None):
        """Take back the epoch that each schedule counted when it was made."""
        for scheduler in (self if sched is None else sched)._schedulers:
            if hasattr(scheduler, "_schedulers"):
                self.recursive_undo(scheduler)
            else:
                scheduler.last_epoch -= 1

    def step(self):
        """Go to the next epoch, and at a milestone to the next schedule."""
        self.last_epoch += 1
        number = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[number]
        if number > 0 and self._milestones[number - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """Several schedules at once: each changes in turn the rates that the one before has left, so that their factors are multiplied.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> warmup = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.ChainedScheduler([warmup, decay])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.25, 0.25, 0.125]

    Errors: ValueError if there is no schedule, if they belong to different optimizers, and for ReduceLROnPlateau; TypeError if one is
    no schedule.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
    """

    def __init__(self, schedulers, optimizer=None):
        if len(schedulers) < 1:
            raise error("scheduler_value", message="ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        optimizer = optimizer or schedulers[0].optimizer
        _check_schedulers("ChainedScheduler", schedulers, optimizer)
        self._schedulers, self.optimizer = schedulers, optimizer
        self._last_lr = values_of(self._schedulers[-1].optimizer, "lr")

    def step(self):
        """Let every schedule make its step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values_of(self._schedulers[-1].optimizer, "lr")


def _check_schedulers(name, schedulers, optimizer):
    """Raise unless these are schedules of this optimizer that need nothing but ``step()``."""
    for index, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise error("scheduler_no_optimizer", name=name, index=index)
        if isinstance(scheduler, ReduceLROnPlateau):
            raise error("scheduler_plateau", name=name, index=index)
        if scheduler.optimizer != optimizer:
            raise error(
                "scheduler_other", name=name, type=type(scheduler).__name__, index=index, its=scheduler.optimizer, own=type(optimizer).__name__
            )
