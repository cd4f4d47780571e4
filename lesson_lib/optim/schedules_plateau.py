"""A schedule that follows the training: the rate falls when a measured quantity stops getting better."""

import math
import warnings

from ..core.errors import error
from .schedule import EPOCH_DEPRECATION_WARNING, LRScheduler, check_optimizer, put, values_of


class ReduceLROnPlateau(LRScheduler):
    r"""Stairs down, one when it is needed: $\gamma \leftarrow \max(f\gamma, \gamma_{min})$ after more than ``patience`` epochs without progress.

    ``step(metrics)`` takes what is measured after each epoch. Progress is a value below the best one so far (``mode="min"``) or above
    it ("max"), by more than ``threshold``: times the best value (``threshold_mode="rel"``) or as it is ("abs"). $f$ = ``factor``;
    after a stair nothing is counted for ``cooldown`` epochs; a change by ``eps`` or less is not made. A list ``min_lr`` gives each group
    a lowest rate of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> rates = []
    >>> for loss in [3.0, 2.0, 2.0, 2.0, 1.0]:
    ...     scheduler.step(loss)
    ...     rates += scheduler.get_last_lr()
    >>> rates
    [1.0, 1.0, 1.0, 0.5, 0.5]

    Errors: ValueError for a factor of 1 or more, for an unknown mode, and for a list of another length than the groups.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
    """

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0, eps=1e-8,
    ):  # fmt: skip
        if factor >= 1.0:
            raise error("scheduler_factor", message="Factor should be < 1.0.")
        self.factor = factor
        check_optimizer(optimizer)
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        if isinstance(min_lr, list | tuple):
            if len(min_lr) != count:
                raise error("scheduler_value", message=f"expected {count} min_lrs, got {len(min_lr)}")
            self.default_min_lr, self.min_lrs = None, list(min_lr)
        else:
            self.default_min_lr, self.min_lrs = min_lr, [min_lr] * count
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.last_epoch, self._last_lr = 0, values_of(optimizer, "lr")
        if mode not in ("min", "max"):
            raise error("scheduler_value", message=f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise error("scheduler_value", message=f"threshold mode {threshold_mode} is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self._reset()

    def _reset(self):
        """Forget what was measured."""
        self.best, self.cooldown_counter, self.num_bad_epochs = self.mode_worse, 0, 0

    @property
    def in_cooldown(self):
        """Whether the last stair is too recent for the next one."""
        return self.cooldown_counter > 0

    def is_better(self, a, best):
        """Whether ``a`` is progress against ``best``."""
        if self.mode == "min":
            return a < (best * (1.0 - self.threshold) if self.threshold_mode == "rel" else best - self.threshold)
        return a > (best * (self.threshold + 1.0) if self.threshold_mode == "rel" else best + self.threshold)

    def step(self, metrics, epoch=None):
        """Take what was measured in this epoch."""
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(EPOCH_DEPRECATION_WARNING, stacklevel=2)
        self.last_epoch = epoch
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr(epoch)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = values_of(self.optimizer, "lr")

    def _reduce_lr(self, epoch):
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise error("scheduler_plateau_groups", now=len(groups), then=len(self.min_lrs))
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                put(group, "lr", new)
