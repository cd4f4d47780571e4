"""Schedules that follow half a cosine down, with and without restarts.

Source: I. Loshchilov and F. Hutter, https://arxiv.org/abs/1608.03983
"""

import math

from ..core.errors import error
from .schedule import LRScheduler


def cosine(lr, lowest, t, period):
    r"""$\eta + (\gamma - \eta)(1 + \cos(\pi t/T))/2$: from ``lr`` $\gamma$ at $t$ = 0 down to ``lowest`` $\eta$ at $t$ = ``period`` $T$."""
    return lowest + (lr - lowest) * (1 + math.cos(math.pi * t / period)) / 2


class CosineAnnealingLR(LRScheduler):
    r"""Down half a cosine, then up again: $\gamma_t = \eta + (\gamma_0 - \eta)\,(1 + \cos(\pi t/T))/2$ with $T$ = ``T_max``, $\eta$ = ``eta_min``.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 3) for rate in rates]
    [1.0, 0.854, 0.5, 0.146, 0.0]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _get_closed_form_lr(self):
        return [cosine(lr, self.eta_min, self.last_epoch, self.T_max) for lr in self.base_lrs]

    def get_lr(self):
        """The next point of the curve, from the rates as they are, so that schedules can be chained."""
        self._warn_if_asked_by_user()
        rates = [group["lr"] for group in self.optimizer.param_groups]
        t, period, lowest = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return rates
        if (t - 1 - period) % (2 * period) == 0:  # at the bottom there is nothing to multiply
            rise = (1 - math.cos(math.pi / period)) / 2
            return [now + (lr - lowest) * rise for lr, now in zip(self.base_lrs, rates, strict=True)]
        change = (1 + math.cos(math.pi * t / period)) / (1 + math.cos(math.pi * (t - 1) / period))
        return [change * (now - lowest) + lowest for now in rates]


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Down half a cosine, then back to the top at once: $\gamma_t = \eta + (\gamma_0 - \eta)\,(1 + \cos(\pi T_{cur}/T_i))/2$.

    $T_{cur}$ counts from the last restart. The first period is $T_i$ = ``T_0`` epochs long, each next one ``T_mult`` times as long.
    ``step`` also takes an epoch, which may be a fraction: ``scheduler.step(epoch + batch / batches)``.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 3) for rate in rates]
    [1.0, 0.5, 1.0, 0.5, 1.0]

    Errors: ValueError for a period that is no positive integer, and for an epoch before 0.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise error("scheduler_value", message=f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise error("scheduler_value", message=f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise error("scheduler_value", message=f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The curve at ``T_cur``."""
        self._warn_if_asked_by_user()
        return [cosine(lr, self.eta_min, self.T_cur, self.T_i) for lr in self.base_lrs]

    def step(self, epoch=None):
        """Go to the next epoch, or to ``epoch``, which may lie between two."""
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self._next()
        else:
            epoch = 0 if epoch is None else epoch
            self._find(epoch)
        self.last_epoch = math.floor(epoch)
        self._set_rates(self._rates(self.get_lr))

    def _next(self):
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur %= self.T_i
            self.T_i *= self.T_mult

    def _find(self, epoch):
        """Set the period in which an epoch lies, and how far in: the periods before it last $T_0 (m^n - 1)/(m - 1)$ epochs."""
        if epoch < 0:
            raise error("scheduler_value", message=f"Expected non-negative epoch, but got {epoch}")
        first, growth = self.T_0, self.T_mult
        if epoch < first:
            self.T_i, self.T_cur = first, epoch
        elif growth == 1:
            self.T_cur = epoch % first
        else:
            number = int(math.log(epoch / first * (growth - 1) + 1, growth))
            self.T_i, self.T_cur = first * growth**number, epoch - first * (growth**number - 1) / (growth - 1)
