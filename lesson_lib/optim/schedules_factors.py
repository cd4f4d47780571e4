r"""Schedules that multiply the first rate by a curve: $\gamma_t = \gamma_0 f(t)$. Each writes $f$ in ``_curve``.

``_change`` is $f(t)/f(t-1)$ with whatever cancels taken away: the factor from one epoch to the next. Multiplied onto the rate as
it is, it lets other schedules change the rate as well.
"""

from bisect import bisect_right
from collections import Counter

from ..core.errors import error
from .schedule import LRScheduler, without_functions


class _Factor(LRScheduler):
    """A first rate times a curve."""

    def _get_closed_form_lr(self):
        return [lr * self._curve(self.last_epoch) for lr in self.base_lrs]

    def get_lr(self):
        """The rates as they are, times the change of the curve in this epoch."""
        self._warn_if_asked_by_user()
        change = self._change(self.last_epoch)
        return [group["lr"] * change for group in self.optimizer.param_groups]


class StepLR(_Factor):
    r"""Stairs down: $\gamma_t = \gamma_0\, g^{\lfloor t/s \rfloor}$, times $g$ = ``gamma`` every $s$ = ``step_size`` epochs.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(6):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return self.gamma ** (t // self.step_size)

    def _change(self, t):
        return 1 if t == 0 or t % self.step_size else self.gamma


class MultiStepLR(_Factor):
    r"""Stairs down, with uneven steps: $\gamma_t = \gamma_0\, g^{n_t}$ with $n_t$ the number of ``milestones`` up to $t$.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 4], gamma=0.5)
    >>> rates = []
    >>> for epoch in range(6):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), t)

    def _change(self, t):
        return self.gamma ** self.milestones[t] if t in self.milestones else 1


class ConstantLR(_Factor):
    r"""One stair up: $\gamma_t = \gamma_0 c$ with $c$ = ``factor`` before the epoch ``total_iters``, $\gamma_0$ from there on.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 1.0]

    Errors: ValueError if the factor is not in [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
    """

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        if factor > 1.0 or factor < 0:
            raise error("scheduler_factor", message="Constant multiplicative factor expected to be between 0 and 1.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return self.factor + (t >= self.total_iters) * (1 - self.factor)

    def _change(self, t):
        if t == 0:
            return self.factor
        return 1.0 / self.factor if t == self.total_iters else 1


class LinearLR(_Factor):
    r"""A straight line, then level: $\gamma_t = \gamma_0 (a + (b - a) \min(t, T)/T)$, from $a$ = ``start_factor`` to $b$ = ``end_factor``
    in $T$ = ``total_iters`` epochs. With $a < b$ it is a warm-up.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 1.0]

    Errors: ValueError if the first factor is not in (0, 1] or the last not in [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
    """

    def __init__(self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if start_factor > 1.0 or start_factor <= 0:
            raise error("scheduler_factor", message="Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if end_factor > 1.0 or end_factor < 0:
            raise error("scheduler_factor", message="Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, t) / self.total_iters

    def _change(self, t):
        if t == 0:
            return self.start_factor
        if self._is_initial or t > self.total_iters:
            return 1
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)


class ExponentialLR(_Factor):
    r"""A curve that falls by the same share every epoch: $\gamma_t = \gamma_0\, g^t$ with $g$ = ``gamma``.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.25, 0.125]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return self.gamma**t

    def _change(self, t):
        return 1 if self._is_initial else self.gamma


class PolynomialLR(_Factor):
    r"""Down to zero: $\gamma_t = \gamma_0 (1 - \min(t, T)/T)^p$ in $T$ = ``total_iters`` epochs, a straight line for $p$ = ``power`` 1.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5625, 0.25, 0.0625, 0.0]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _curve(self, t):
        return (1.0 - min(self.total_iters, t) / self.total_iters) ** self.power

    def _change(self, t):
        if self._is_initial or t > self.total_iters:
            return 1
        return ((1.0 - t / self.total_iters) / (1.0 - (t - 1) / self.total_iters)) ** self.power


class _Functions(LRScheduler):
    """Schedules made of the user's functions. Functions are not saved; of callable objects the attributes are."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(self.lr_lambdas) != count:
            raise error("scheduler_lambdas", expected=count, found=len(self.lr_lambdas))
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        """As for every schedule, with the attributes of callable objects."""
        state = super().state_dict()
        del state["lr_lambdas"]
        return {**state, "lr_lambdas": [without_functions(function) for function in self.lr_lambdas]}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        own, kept = self.lr_lambdas, state_dict["lr_lambdas"]
        super().load_state_dict({**state_dict, "lr_lambdas": own})
        for function, attributes in zip(own, kept, strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_Functions):
    r"""Any curve: $\gamma_t = \gamma_0\, \lambda(t)$ with the function ``lr_lambda``; a list gives each group a function of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]

    Errors: ValueError if the number of functions is not that of the groups.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
    """

    def get_lr(self):
        """The first rates times the function."""
        self._warn_if_asked_by_user()
        return [lr * function(self.last_epoch) for function, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_Functions):
    r"""Any change from epoch to epoch: $\gamma_t = \gamma_{t-1}\, \lambda(t)$; a list gives each group a function of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5 if epoch > 1 else 1.0)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]

    Errors: ValueError if the number of functions is not that of the groups.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
    """

    def get_lr(self):
        """The rates as they are, times the function."""
        self._warn_if_asked_by_user()
        groups = self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] for group in groups]
        return [group["lr"] * function(self.last_epoch) for function, group in zip(self.lr_lambdas, groups, strict=True)]
