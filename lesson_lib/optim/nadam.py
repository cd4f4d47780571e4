"""NAdam: Adam that looks one step ahead, as Nesterov's momentum does."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_betas, check_lr, check_not_negative


class NAdam(Optimizer):
    r"""m and v as in Adam, and $\theta \leftarrow \theta - \gamma\, \hat m / (\sqrt{v/(1-\beta_2^t)} + \epsilon)$ with
    $\hat m = \dfrac{\mu_{t+1}}{1-\prod_{i \le t+1}\mu_i}\, m + \dfrac{1-\mu_t}{1-\prod_{i \le t}\mu_i}\, g$,
    $\mu_t = \beta_1 (1 - \tfrac12\, 0.96^{t\psi})$.

    γ = ``lr``, (β₁, β₂) = ``betas``, ε = ``eps``, ψ = ``momentum_decay``. ``weight_decay`` λ adds λθ to g
    (``decoupled_weight_decay``: shrinks θ by γλθ instead); ``maximize`` goes uphill; ``differentiable`` lets autograd
    record the step; ``foreach`` is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: T. Dozat, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ; https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
    """

    capturable_state = "params, mu_products and state_steps"

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, decoupled_weight_decay=False, *, foreach=None,
        maximize=False, capturable=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay,
                        decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
                        differentiable=differentiable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), mu_product=scalar(1, p), exp_avg=memory_like(p), exp_avg_sq=memory_like(p))
        m, v, (beta1, beta2), t = state["exp_avg"], state["exp_avg_sq"], group["betas"], count_step(state, p)
        mu, next_mu = (beta1 * (1 - 0.5 * 0.96 ** (time * group["momentum_decay"])) for time in (t, t + 1))
        state["mu_product"] *= mu
        product = state["mu_product"].item()
        g = with_decay(p, g, group)
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        size = (v / (1 - beta2**t)) ** 0.5 + group["eps"]
        p -= group["lr"] * (1 - mu) / (1 - product) * g / size
        p -= group["lr"] * next_mu / (1 - product * next_mu) * m / size
