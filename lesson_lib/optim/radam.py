"""RAdam: Adam that waits until its mean square can be trusted."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_betas, check_lr, check_not_negative


class RAdam(Optimizer):
    r"""m and v as in Adam, and $\theta \leftarrow \theta - \gamma\, \hat m\, r\, \dfrac{\sqrt{1-\beta_2^t}}{\sqrt{v} + \epsilon}$ with $\hat m = m/(1-\beta_1^t)$.

    The rectification is $r = \sqrt{\dfrac{(\rho-4)(\rho-2)\,\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\,\rho}}$ with
    $\rho_\infty = \dfrac{2}{1-\beta_2} - 1$, $\rho = \rho_\infty - \dfrac{2t\beta_2^t}{1-\beta_2^t}$. While ρ ≤ 5, in the first
    steps, v has seen too few gradients and is left out: $\theta \leftarrow \theta - \gamma\, \hat m$.

    γ = ``lr``, (β₁, β₂) = ``betas``, ε = ``eps``. ``weight_decay`` λ adds λθ to g (``decoupled_weight_decay``: shrinks θ
    by γλθ instead); ``maximize`` goes uphill; ``differentiable`` lets autograd record the step; ``foreach`` is
    accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RAdam([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: L. Liu and others, https://arxiv.org/abs/1908.03265; https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *, foreach=None, maximize=False,
        capturable=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
                        decoupled_weight_decay=decoupled_weight_decay, differentiable=differentiable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), exp_avg=memory_like(p), exp_avg_sq=memory_like(p))
        m, v, (beta1, beta2), t = state["exp_avg"], state["exp_avg_sq"], group["betas"], count_step(state, p)
        g = with_decay(p, g, group)
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        step = group["lr"] / (1 - beta1**t) * m
        last = 2 / (1 - beta2) - 1  # ρ∞
        rho = last - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            rectification = ((rho - 4) * (rho - 2) * last / ((last - 4) * (last - 2) * rho)) ** 0.5
            step = rectification * (1 - beta2**t) ** 0.5 * step / (v**0.5 + group["eps"])
        p -= step
