"""Stochastic gradient descent, with momentum."""

from ..core.tensor import Tensor
from .formula import with_decay
from .optimizer import Optimizer
from .options import check, check_fused, check_not_negative


class SGD(Optimizer):
    r"""Step against the gradient: $\theta \leftarrow \theta - \gamma\, b$ with $b \leftarrow \mu\, b + (1-\tau)\, g$.

    γ = ``lr``, μ = ``momentum``, τ = ``dampening`` (the first b is g itself); without momentum b = g.
    ``weight_decay`` λ adds λθ to g; ``nesterov`` steps by g + μb; ``maximize`` goes uphill.
    ``differentiable`` lets autograd record the step; ``foreach`` and ``fused`` are accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Errors: ValueError for a negative option, or nesterov without momentum.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        check(not isinstance(lr, Tensor) or lr.numel() == 1, "Tensor lr must be 1-element")
        check(not lr < 0.0, f"Invalid learning rate: {lr}")
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        check(not nesterov or (momentum > 0 and dampening == 0), "Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize,
                        foreach=foreach, differentiable=differentiable, fused=fused)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """θ ← θ − γ b."""
        momentum = group["momentum"]
        g = with_decay(p, g, group)
        if momentum:
            b = state.get("momentum_buffer")
            if b is None:
                b = state["momentum_buffer"] = 1 * g  # memory of its own
            else:
                b *= momentum
                b += (1 - group["dampening"]) * g
            g = g + momentum * b if group["nesterov"] else b
        p -= group["lr"] * g
