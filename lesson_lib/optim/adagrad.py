"""Adagrad: each number's steps shrink with all the gradients it has seen."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_fused, check_lr, check_not_negative


class Adagrad(Optimizer):
    r"""$s \leftarrow s + g^2$,  $\theta \leftarrow \theta - \dfrac{\gamma}{1 + (t-1)\eta}\, \dfrac{g}{\sqrt{s} + \epsilon}$.

    γ = ``lr``, η = ``lr_decay``, ε = ``eps``; s begins at ``initial_accumulator_value``. ``weight_decay`` λ adds λθ to g;
    ``maximize`` goes uphill; ``differentiable`` lets autograd record the step; ``foreach`` and ``fused`` are accepted,
    the numbers are the same. The state of every parameter is there from the start.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)

    Errors: ValueError for an option outside its range.
    Source: J. Duchi and others, https://jmlr.org/papers/v12/duchi11a.html; https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *, maximize=False,
        differentiable=False, fused=None,
    ):  # fmt: skip
        check_lr(lr)
        check_not_negative(lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_fused(fused, foreach, differentiable)
        defaults = dict(lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value,
                        foreach=foreach, maximize=maximize, differentiable=differentiable, fused=fused)  # fmt: skip
        super().__init__(params, defaults)

    def add_param_group(self, param_group):
        """Add parameters with options of their own; their sums begin here."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for p in group["params"]:
            self.state[p] = {"step": scalar(0, p), "sum": memory_like(p, group["initial_accumulator_value"])}

    def share_memory(self):
        """Do nothing: one process computes here."""

    def update(self, p, g, state, group):
        """One step for one parameter."""
        total, t = state["sum"], count_step(state, p)
        g = with_decay(p, g, group)
        total += g * g
        p -= group["lr"] / (1 + (t - 1) * group["lr_decay"]) * g / (total**0.5 + group["eps"])
