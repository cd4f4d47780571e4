"""Rprop: only the sign of the gradient counts; each number learns the size of its own steps."""

from ..ops.arithmetic import sign
from ..ops.select import clamp, where
from .formula import count_step, memory_like, scalar
from .optimizer import Optimizer
from .options import check, check_lr


class Rprop(Optimizer):
    r"""$\theta \leftarrow \theta - \eta\, \mathrm{sign}(g)$, where η grows by η₊ while the sign of g stays, and shrinks by η₋ when it
    turns; a number whose sign has just turned rests for one step.

    (η₋, η₊) = ``etas``; η begins at ``lr`` and stays within ``step_sizes``. ``maximize`` goes uphill; ``differentiable`` lets
    autograd record the step; ``foreach`` is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w], lr=0.25)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w ** 2).sum().backward()
    ...     optimizer.step()
    >>> w
    tensor([0.4500], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: M. Riedmiller and H. Braun, https://doi.org/10.1109/ICNN.1993.298623; https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
    """

    def __init__(
        self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None, maximize=False, differentiable=False
    ):
        check_lr(lr)
        check(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = dict(lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize, differentiable=differentiable,
                        capturable=capturable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), prev=memory_like(p), step_size=memory_like(p, group["lr"]))
        count_step(state, p)
        if group["maximize"]:
            g = -g
        shrink, grow = group["etas"]
        trend = g * state["prev"]  # below 0 where the gradient has turned
        size = state["step_size"]
        size = clamp.op.raw(where(trend > 0, grow * size, where(trend < 0, shrink * size, size)), *group["step_sizes"])
        g = where(trend < 0, 0.0, g)
        state["step_size"][...] = size
        state["prev"][...] = g
        p -= sign(g) * size
