"""Adam: a step size of its own for each number, from running means of the gradient and of its square."""

import numpy as np

from ..core.device import namespace
from ..core.errors import error
from ..core.tensor import Tensor, wrap
from .optimizer import Optimizer, check_options, zeros_like


class Adam(Optimizer):
    r"""$m \leftarrow \beta_1 m + (1-\beta_1) g$,  $v \leftarrow \beta_2 v + (1-\beta_2) g^2$,
    $\theta \leftarrow \theta - \gamma\, \hat m / (\sqrt{\hat v} + \epsilon)$ with $\hat m = m/(1-\beta_1^t)$, $\hat v = v/(1-\beta_2^t)$.

    γ = ``lr``, (β₁, β₂) = ``betas``, ε = ``eps``. ``weight_decay`` λ adds λθ to g (``decoupled_weight_decay``: shrinks
    θ by γλθ instead, which is AdamW); ``amsgrad`` uses the largest v so far; ``maximize`` goes uphill.
    ``foreach``, ``fused`` and ``capturable`` are accepted; the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)

    Errors: ValueError for an option outside its range.
    Source: D. Kingma and J. Ba, https://arxiv.org/abs/1412.6980; https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False, fused=None, decoupled_weight_decay=False,
    ):  # fmt: skip
        _check_betas(betas, eps)
        check_options(lr, weight_decay, foreach=foreach, differentiable=differentiable, fused=fused)
        betas = tuple(beta.item() if isinstance(beta, Tensor) else beta for beta in betas)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize, foreach=foreach,
                        capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=decoupled_weight_decay)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter, in place, with one array of scratch memory."""
        xp, (beta1, beta2), lr, weight_decay = namespace(p), group["betas"], float(group["lr"]), group["weight_decay"]
        if not state:
            state["step"] = wrap(np.zeros((), np.float32))
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(p)
        state["step"]._a += 1
        t = state["step"].item()
        if group["maximize"]:
            g = -g
        if weight_decay and group["decoupled_weight_decay"]:
            p *= 1 - lr * weight_decay
        elif weight_decay:
            g = g + weight_decay * p
        p, g, m, v = (_as_real(a) for a in (p, g, state["exp_avg"]._a, state["exp_avg_sq"]._a))

        scratch = g - m  # m ← m + (1 − β₁)(g − m)
        scratch *= 1 - beta1
        m += scratch
        v *= beta2  # v ← β₂ v + (1 − β₂) g²
        xp.multiply(g, g, out=scratch)
        scratch *= 1 - beta2
        v += scratch
        if group["amsgrad"]:
            largest = _as_real(state["max_exp_avg_sq"]._a)
            v = xp.maximum(largest, v, out=largest)
        xp.sqrt(v, out=scratch)  # θ ← θ − γ m̂ / (√v̂ + ε)
        scratch /= (1 - beta2**t) ** 0.5
        scratch += group["eps"]
        xp.divide(m, scratch, out=scratch)
        scratch *= lr / (1 - beta1**t)
        p -= scratch


def _check_betas(betas, eps):
    if not eps >= 0.0:
        raise error("optimizer_value", message=f"Invalid epsilon value: {eps}")
    for index, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise error("optimizer_value", message=f"Invalid beta parameter at index {index}: {beta}")
    if not (all(isinstance(beta, float) for beta in betas) or all(isinstance(beta, Tensor) for beta in betas)):
        raise error("optimizer_value", message="betas must be either both floats or both Tensors")


def _as_real(array):
    """Complex numbers as pairs of real ones: each part has its own mean square."""
    return array[..., None].view(array.real.dtype) if array.dtype.kind == "c" else array
