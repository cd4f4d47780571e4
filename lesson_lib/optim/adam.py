"""Adam: a step size of its own for each number, from running means of the gradient and of its square."""

from ..core.compiled import with_kernel
from ..core.tensor import Tensor
from ..ops.select import maximum
from .formula import count_step, in_blocks, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_betas, check_fused, check_lr, check_not_negative


class Adam(Optimizer):
    r"""$m \leftarrow \beta_1 m + (1-\beta_1) g$,  $v \leftarrow \beta_2 v + (1-\beta_2) g^2$,
    $\theta \leftarrow \theta - \gamma\, \hat m / (\sqrt{\hat v} + \epsilon)$ with $\hat m = m/(1-\beta_1^t)$, $\hat v = v/(1-\beta_2^t)$.

    γ = ``lr``, (β₁, β₂) = ``betas``, ε = ``eps``. ``weight_decay`` λ adds λθ to g (``decoupled_weight_decay``: shrinks
    θ by γλθ instead, which is AdamW); ``amsgrad`` uses the largest v so far; ``maximize`` goes uphill.
    ``differentiable`` lets autograd record the step; ``foreach`` and ``fused`` are accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: D. Kingma and J. Ba, https://arxiv.org/abs/1412.6980; https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False, fused=None, decoupled_weight_decay=False,
    ):  # fmt: skip
        one_by_one = not foreach or capturable  # else tensors are not taken as options
        check_lr(lr)
        check(one_by_one or not isinstance(lr, Tensor), "lr as a Tensor is not supported for capturable=False and foreach=True")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        tensors, floats = (all(isinstance(beta, kind) for beta in betas) for kind in (Tensor, float))
        check(tensors or floats, "betas must be either both floats or both Tensors")
        check(one_by_one or not tensors, "betas[0] as a Tensor is not supported for capturable=False and foreach=True")
        check_fused(fused, foreach, differentiable)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize, foreach=foreach,
                        capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=decoupled_weight_decay)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), exp_avg=memory_like(p), exp_avg_sq=memory_like(p))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = memory_like(p)
        (beta1, beta2), t = group["betas"], count_step(state, p)
        root = (1 - beta2**t) ** 0.5  # √v̂ = √v / root; taken out of the fraction, it costs no pass over the numbers
        rate, eps = group["lr"] * root / (1 - beta1**t), group["eps"] * root
        arrays = p, g, *(state[name] for name in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if name in state)

        def formula(p, g, m, v, largest=None):
            adam_step(p, with_decay(p, g, group), m, v, largest if group["amsgrad"] else None, beta1, beta2, rate, eps)

        in_blocks(formula, *arrays)


@with_kernel
def adam_step(p, g, m, v, largest, beta1, beta2, rate, eps):
    """The formula, in place; with ``largest`` (amsgrad) that takes the place of v in the step."""
    d = g - m  # m ← m + (1 − β₁)(g − m), in one array of scratch memory
    d *= 1 - beta1
    m += d
    d = g * g  # v ← β₂ v + (1 − β₂) g²
    d *= 1 - beta2
    v *= beta2
    v += d
    if largest is not None:
        v = maximum(1 * largest, v)  # a copy: autograd looks at it again when the memory has changed
        largest[...] = v
    d = m / (v**0.5 + eps)  # θ ← θ − γ m̂ / (√v̂ + ε)
    d *= rate
    p -= d
