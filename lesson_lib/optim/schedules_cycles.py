"""Schedules that move the momentum against the learning rate: ``CyclicLR`` and ``OneCycleLR``, stepped after each batch.

The momentum is the option "momentum", or the first of the "betas".
"""

import math

from ..core.errors import error
from .schedule import LRScheduler, check_optimizer, one_each, put, without_functions


class _CyclesMomentum(LRScheduler):
    """A schedule with ``get_momentum``, the momentum of each group at the step ``self.last_epoch``."""

    def _find_momentum(self):
        """Set ``use_beta1``: where the optimizer keeps its momentum."""
        if not {"momentum", "betas"} & self.optimizer.defaults.keys():
            raise error("scheduler_momentum")
        self.use_beta1 = "betas" in self.optimizer.defaults

    def _update_lr(self, epoch=None):
        super()._update_lr(epoch)
        if self.cycle_momentum:
            for group, momentum in zip(self.optimizer.param_groups, self._momenta(), strict=True):
                if self.use_beta1:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    put(group, "momentum", momentum)


class CyclicLR(_CyclesMomentum):
    r"""Saw teeth between two rates: $\gamma_t = b + (m - b)\, x_t\, s$ with $b$ = ``base_lr``, $m$ = ``max_lr``.

    $x_t$ is a triangle: from 0 up to 1 in ``step_size_up`` steps and down in ``step_size_down`` (as many, if None). The factor $s$ is

    - 1 in the mode "triangular": all teeth are equally high,
    - $1/2^{c-1}$ in the cycle $c$ = 1, 2, … in the mode "triangular2",
    - ``gamma``$^t$ at the step $t$ in the mode "exp_range",
    - ``scale_fn(c)`` or, with ``scale_mode="iterations"``, ``scale_fn(t)``, if given.

    With ``cycle_momentum`` the momentum goes the other way, from ``max_momentum`` down to ``base_momentum`` and back. Lists give
    each group a value of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.5, max_lr=1.0, step_size_up=2, mode="triangular2")
    >>> rates = []
    >>> for step in range(8):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.75, 0.5, 0.625, 0.75, 0.625]

    Errors: ValueError for an unknown mode, for lists of another length, and if the optimizer has no momentum.
    Source: L. Smith, https://arxiv.org/abs/1506.01186; https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
    """

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0, scale_fn=None, scale_mode="cycle",
        cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1,
    ):  # fmt: skip
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = one_each("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                put(group, "lr", lr)
        self.max_lrs = one_each("max_lr", optimizer, max_lr)
        self.total_size = float(step_size_up) + float(step_size_up if step_size_down is None else step_size_down)
        self.step_ratio = float(step_size_up) / self.total_size
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise error("scheduler_value", message="mode is invalid and scale_fn is None")
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            self.base_momentums = one_each("base_momentum", optimizer, base_momentum)
            self.max_momentums = one_each("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """How high the tooth is, as a part of the full height; ``x`` is the number of the cycle or of the step."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / (2.0 ** (x - 1)) if self.mode == "triangular2" else self.gamma**x

    def _part(self, height):
        """How much of a height the wave has at this step."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        triangle = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        return height * triangle * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def get_lr(self):
        """The wave above the low rates."""
        self._warn_if_asked_by_user()
        return [low + self._part(high - low) for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _momenta(self):
        return [high - self._part(high - low) for low, high in zip(self.base_momentums, self.max_momentums, strict=True)]

    def state_dict(self):
        """As for every schedule. A function is not saved; of a callable object the attributes are."""
        state = super().state_dict()
        del state["_scale_fn_custom"]
        return {**state, "_scale_fn_custom": without_functions(self._scale_fn_custom)}

    def load_state_dict(self, state_dict):
        """Take back what ``state_dict`` gave."""
        own, kept = self._scale_fn_custom, state_dict["_scale_fn_custom"]
        super().load_state_dict({**state_dict, "_scale_fn_custom": own})
        if kept is not None:
            own.__dict__.update(kept)


class OneCycleLR(_CyclesMomentum):
    r"""One hill: from ``max_lr / div_factor`` up to ``max_lr``, then down to a rate ``final_div_factor`` times smaller than the first.

    Up in the first ``pct_start`` of the ``total_steps`` (or ``epochs * steps_per_epoch``), down in the others. With ``three_phase`` it goes
    down to the first rate as fast as it went up, then on to the last. Each way is half a cosine, $e + (s - e)(1 + \cos \pi x)/2$ for
    the part $x$ of the way, or with ``anneal_strategy="linear"`` straight. With ``cycle_momentum`` the momentum goes the other way,
    from ``max_momentum`` down to ``base_momentum`` and back. Lists give each group a value of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=6, pct_start=0.5, div_factor=4, anneal_strategy="linear")
    >>> rates = []
    >>> for step in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 3) for rate in rates + scheduler.get_last_lr()]
    [0.25, 0.625, 1.0, 0.667, 0.333, 0.0]

    Errors: ValueError without a number of steps, for options out of range, if the optimizer has no momentum, and for a step after the last.
    Source: L. Smith and N. Topin, https://arxiv.org/abs/1708.07120;
    https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
    """

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos", cycle_momentum=True,
        base_momentum=0.85, max_momentum=0.95, div_factor=25.0, final_div_factor=1e4, three_phase=False, last_epoch=-1,
    ):  # fmt: skip
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise error("scheduler_value", message=f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if anneal_strategy not in ANNEALING:
            raise error("scheduler_value", message=f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        highest = one_each("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, highest, strict=True):
                group["initial_lr"] = lr / div_factor
                group["max_lr"], group["min_lr"] = lr, group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            highest, lowest = one_each("max_momentum", optimizer, max_momentum), one_each("base_momentum", optimizer, base_momentum)
            if last_epoch == -1:
                for group, high, low in zip(optimizer.param_groups, highest, lowest, strict=True):
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def _annealed(self, what):
        """For each group the value of "lr" or "momentum" at this step."""
        step, start = self.last_epoch, 0.0
        if step > self.total_steps:
            raise error("scheduler_value", message=f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        anneal, part = ANNEALING[self._anneal_func_type], (step - start) / (phase["end_step"] - start)
        return [anneal(group[phase[f"start_{what}"]], group[phase[f"end_{what}"]], part) for group in self.optimizer.param_groups]

    def get_lr(self):
        """The rates on the way of the phase that this step lies in."""
        self._warn_if_asked_by_user()
        return self._annealed("lr")

    def _momenta(self):
        return self._annealed("momentum")


#: a value between ``start`` and ``end``, ``part`` (0 to 1) of the way
ANNEALING = {
    "cos": lambda start, end, part: end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1),
    "linear": lambda start, end, part: (end - start) * part + start,
}


def _total_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise error("scheduler_value", message="You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"total_steps": total_steps} if total_steps is not None else {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in given.items():
        if value <= 0 or not isinstance(value, int):
            raise error("scheduler_value", message=f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(total_steps, pct_start, three_phase):
    """The ways of a cycle: where each ends, and between which options of a group it leads."""
    up = {"end_step": float(pct_start * total_steps) - 1, "start_lr": "initial_lr", "end_lr": "max_lr",
          "start_momentum": "max_momentum", "end_momentum": "base_momentum"}  # fmt: skip
    down = {"start_lr": "max_lr", "start_momentum": "base_momentum", "end_momentum": "max_momentum"}
    if not three_phase:
        return [up, {"end_step": total_steps - 1, **down, "end_lr": "min_lr"}]
    out = {
        "end_step": total_steps - 1,
        "start_lr": "initial_lr",
        "end_lr": "min_lr",
        "start_momentum": "max_momentum",
        "end_momentum": "max_momentum",
    }
    return [up, {"end_step": float(2 * pct_start * total_steps) - 2, **down, "end_lr": "initial_lr"}, out]
