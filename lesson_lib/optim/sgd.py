"""Stochastic gradient descent, with momentum."""

from ..core.errors import error
from ..core.tensor import wrap
from .optimizer import Optimizer, check_options


class SGD(Optimizer):
    r"""Step against the gradient: $\theta \leftarrow \theta - \gamma\, b$ with $b \leftarrow \mu\, b + (1-\tau)\, g$.

    γ = ``lr``, μ = ``momentum``, τ = ``dampening`` (the first b is g itself); without momentum b = g.
    ``weight_decay`` λ adds λθ to g; ``nesterov`` steps by g + μb; ``maximize`` goes uphill.
    ``foreach`` and ``fused`` are accepted; the numbers are the same.

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
        check_options(lr, weight_decay, foreach=foreach, differentiable=differentiable, fused=fused)
        if momentum < 0.0:
            raise error("optimizer_value", message=f"Invalid momentum value: {momentum}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise error("optimizer_value", message="Nesterov momentum requires a momentum and zero dampening")
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize,
                        foreach=foreach, differentiable=differentiable, fused=fused)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """θ ← θ − γ b, in place."""
        momentum, weight_decay = group["momentum"], float(group["weight_decay"])
        if group["maximize"]:
            g = -g
        if weight_decay:
            g = g + weight_decay * p
        if momentum:
            if state.get("momentum_buffer") is None:
                b = g.copy()
                state["momentum_buffer"] = wrap(b)
            else:
                b = state["momentum_buffer"]._a
                b *= momentum
                b += (1 - group["dampening"]) * g
            g = g + momentum * b if group["nesterov"] else b
        p -= float(group["lr"]) * g
