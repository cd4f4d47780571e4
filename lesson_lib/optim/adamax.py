"""Adamax: Adam with the largest gradient of late in place of the mean square."""

from ..ops.arithmetic import abs
from ..ops.select import maximum
from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_betas, check_lr, check_not_negative


class Adamax(Optimizer):
    r"""$m \leftarrow \beta_1 m + (1-\beta_1) g$,  $u \leftarrow \max(\beta_2 u,\ |g| + \epsilon)$,
    $\theta \leftarrow \theta - \dfrac{\gamma}{1-\beta_1^t}\, \dfrac{m}{u}$.

    γ = ``lr``, (β₁, β₂) = ``betas``, ε = ``eps``. ``weight_decay`` λ adds λθ to g; ``maximize`` goes uphill;
    ``differentiable`` lets autograd record the step; ``foreach`` is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: D. Kingma and J. Ba, https://arxiv.org/abs/1412.6980; https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
    """

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, maximize=False, differentiable=False, capturable=False
    ):
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, foreach=foreach, maximize=maximize, differentiable=differentiable,
                        capturable=capturable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), exp_avg=memory_like(p), exp_inf=memory_like(p))
        m, u, (beta1, beta2), t = state["exp_avg"], state["exp_inf"], group["betas"], count_step(state, p)
        g = with_decay(p, g, group)
        m += (1 - beta1) * (g - m)
        largest = maximum(beta2 * u, abs(g) + group["eps"])
        u[...] = largest
        p -= group["lr"] / (1 - beta1**t) * m / largest
