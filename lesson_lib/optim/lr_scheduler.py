"""Learning-rate schedules: ``scheduler.step()`` after each epoch sets every group's ``lr`` anew.

Source: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

import math
import types
import warnings
from bisect import bisect_right

from ..core.errors import error
from ..core.parity import missing_from
from ..core.tensor import Tensor
from .optimizer import Optimizer


class LRScheduler:
    """A schedule: a subclass writes ``get_lr``, the learning rates of the epoch ``self.last_epoch``, one for each group.

    The first rates are kept in each group as ``initial_lr`` and in ``self.base_lrs``.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
    """

    def __init__(self, optimizer, last_epoch=-1):
        if not isinstance(optimizer, Optimizer):
            raise error("scheduler_optimizer", type=type(optimizer).__name__)
        self.optimizer = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise error("scheduler_resume", number=number)
        self.base_lrs = [_copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch, self._step_count = last_epoch, 0
        self.step()

    def get_lr(self):
        """The rates of this epoch; a subclass writes it."""
        raise NotImplementedError

    def get_last_lr(self):
        """The rates that were set last."""
        return self._last_lr

    def step(self):
        """Go to the next epoch."""
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them in the opposite "
                "order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value of the "
                "learning rate schedule. See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
                stacklevel=2,
            )
        self._step_count += 1
        self.last_epoch += 1
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr
        self._last_lr = self._current()

    def _current(self):
        return [_copied(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self):
        """All that is needed to go on later: every attribute but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        self.__dict__.update(state_dict)


class LambdaLR(LRScheduler):
    """The first rate times ``lr_lambda(epoch)``; a list gives each group a function of its own.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
    """

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        count = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(self.lr_lambdas) != count:
            raise error("scheduler_lambdas", expected=count, found=len(self.lr_lambdas))
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """γ = γ₀·λ(epoch)."""
        return [lr * function(self.last_epoch) for function, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def state_dict(self):
        """As for every schedule; functions are left out, of callable objects the attributes are kept."""
        kept = [None if isinstance(function, types.FunctionType) else dict(function.__dict__) for function in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        own, kept = self.lr_lambdas, state_dict["lr_lambdas"]
        super().load_state_dict({**state_dict, "lr_lambdas": own})
        for function, attributes in zip(own, kept, strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)


class MultiStepLR(LRScheduler):
    """Times ``gamma`` at each of the epochs in ``milestones``.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """γ·gamma, once for every time that this epoch is a milestone."""
        times = bisect_right(self.milestones, self.last_epoch) - bisect_right(self.milestones, self.last_epoch - 1)
        return [lr * self.gamma**times if times else lr for lr in self._current()]


class StepLR(LRScheduler):
    """Times ``gamma`` every ``step_size`` epochs.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """γ·gamma if the epoch is a multiple of ``step_size``."""
        now = self.last_epoch != 0 and self.last_epoch % self.step_size == 0
        return [lr * self.gamma if now else lr for lr in self._current()]


class ExponentialLR(LRScheduler):
    """Times ``gamma`` every epoch.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """γ·gamma, except at the start."""
        return [lr * self.gamma if self._step_count > 1 else lr for lr in self._current()]


class CosineAnnealingLR(LRScheduler):
    r"""Down half a cosine from the first rate to ``eta_min`` in ``T_max`` epochs, then up again:

    $\gamma_t = \eta + (\gamma_0 - \eta)\,(1 + \cos(\pi t/T))/2$, computed from the rate before, so that schedules can be chained.

    Source: I. Loshchilov and F. Hutter, https://arxiv.org/abs/1608.03983;
    https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The next point of the curve."""
        t, period, low = self.last_epoch, self.T_max, self.eta_min
        if self._step_count == 1:
            rates = self._current() if t == 0 else [low + (lr - low) * self._height(t) for lr in self.base_lrs]
        elif (t - 1 - period) % (2 * period) == 0:  # at the bottom there is nothing to multiply
            rates = [now + (lr - low) * (1 - math.cos(math.pi / period)) / 2 for lr, now in zip(self.base_lrs, self._current(), strict=True)]
        else:
            rates = [self._height(t) / self._height(t - 1) * (now - low) + low for now in self._current()]
        return rates

    def _height(self, epoch):
        """From 1 at the start to 0 after ``T_max`` epochs."""
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


def _copied(lr):
    """A rate that nobody else changes."""
    return lr.clone() if isinstance(lr, Tensor) else lr

__getattr__ = missing_from("torch.optim.lr_scheduler")  # a name that is missing here says why
