"""``LRScheduler``: what all learning-rate schedules share. The schedules themselves stand in ``schedules_*.py``."""

import types
import warnings

from ..core.errors import error
from ..core.tensor import Tensor
from .optimizer import Optimizer

HELP = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use `scheduler.step()` to step the "
    "scheduler. During the deprecation, if epoch is different from None, the closed form is used instead of the new chainable form, where "
    "available. Please open an issue if you are unable to replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose."
)
OVERRIDDEN_WARNING = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make sure to call "
    f"`optimizer.step()` before `lr_scheduler.step()`. See more details at {HELP}"
)
ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them in the opposite "
    "order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value of the "
    f"learning rate schedule. See more details at {HELP}"
)


class LRScheduler:
    r"""A schedule: $\gamma_t = f(t)$ for the epochs $t = 0, 1, 2, \dots$, counted by ``last_epoch``.

    A subclass writes ``get_lr``, the rates of the epoch ``self.last_epoch``, one for each group. Most compute them from the rates of
    the epoch before, so that schedules can be chained; ``_get_closed_form_lr``, if there is one, needs no rate but the first.
    The first rates are kept in each group as ``initial_lr`` and in ``self.base_lrs``. A rate that is a tensor is written in place.

    To go on with a saved run: make optimizer and scheduler as before, then ``load_state_dict`` both. Without the scheduler's state,
    ``last_epoch`` says after which epoch it goes on; the groups need their ``initial_lr``, as a loaded optimizer has it.

    >>> import lesson_lib as torch
    >>> class Harmonic(torch.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / (1 + self.last_epoch) for lr in self.base_lrs]
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = Harmonic(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]

    Errors: TypeError if it is no optimizer; KeyError if ``initial_lr`` is missing.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
    """

    _is_initial = False  # True while the constructor sets the first rates

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise error("scheduler_resume", number=number)
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _watch(optimizer)
        self._initial_step()

    def _initial_step(self):
        """Set the rates of the first epoch."""
        self._step_count, self._is_initial = 0, True
        self.step()
        self._is_initial = False

    def get_lr(self):
        """The rates of this epoch, one for each group; a subclass writes it. What was set last is in ``get_last_lr()``."""
        raise error("scheduler_get_lr", type=type(self).__name__)

    def get_last_lr(self):
        """The rates that were set last."""
        return self._last_lr

    def step(self, epoch=None):
        """Go to the next epoch. A given ``epoch`` is gone to at once (deprecated)."""
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self):
        """Warn if the optimizer has not made a step before the first one of the schedule."""
        if _function(self.optimizer.step) is not getattr(self.optimizer, "_scheduled_step", None):
            warnings.warn(OVERRIDDEN_WARNING, stacklevel=3)
        elif not self.optimizer._opt_called:
            warnings.warn(ORDER_WARNING, stacklevel=3)

    def _update_lr(self, epoch=None):
        """Count the epoch and set its rates."""
        if epoch is None:
            self.last_epoch += 1
            rates = self._rates(self.get_lr)
        else:
            self.last_epoch = epoch
            rates = self._rates(getattr(self, "_get_closed_form_lr", self.get_lr))
        self._set_rates(rates)

    def _rates(self, compute):
        """What ``compute`` gives; by the mark ``get_lr`` knows that it is not the user who asks."""
        self._get_lr_called_within_step = True
        try:
            return compute()
        finally:
            self._get_lr_called_within_step = False

    def _set_rates(self, rates):
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            put(group, "lr", lr)
        self._last_lr = values_of(self.optimizer, "lr")

    def _warn_if_asked_by_user(self):
        if not self._get_lr_called_within_step:
            warnings.warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.", stacklevel=3)

    def state_dict(self):
        """All that is needed to go on later: every attribute but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """The name of ``LRScheduler`` in older programs."""


def _watch(optimizer):
    """Remember the optimizer's ``step``, and that it has not run since there is a schedule."""
    if not hasattr(optimizer, "_scheduled_step"):
        optimizer._opt_called = False  # step() sets it
    optimizer._scheduled_step = _function(optimizer.step)


def _function(method):
    return getattr(method, "__func__", method)


def check_optimizer(optimizer):
    """Raise unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise error("scheduler_optimizer", type=type(optimizer).__name__)


def copied(value):
    """A rate that nobody else changes."""
    return value.clone() if isinstance(value, Tensor) else value


def values_of(optimizer, name):
    """One option of every group, copied."""
    return [copied(group[name]) for group in optimizer.param_groups]


def put(group, name, value):
    """Set an option of a group; a tensor keeps its identity, so that whoever holds it sees the new number."""
    if isinstance(group[name], Tensor):
        group[name].fill_(value.squeeze() if isinstance(value, Tensor) else value)
    else:
        group[name] = value


def one_each(name, optimizer, values):
    """A list with one value for each group, made from such a list or from one value for all."""
    groups = optimizer.param_groups
    if not isinstance(values, list | tuple):
        return [copied(values) for _ in groups]
    if len(values) != len(groups):
        raise error("scheduler_length", name=name, given=len(values), groups=len(groups))
    return list(values)


def without_functions(function):
    """The attributes of a callable object, which can be saved; None for a function."""
    return None if function is None or isinstance(function, types.FunctionType) else dict(function.__dict__)
