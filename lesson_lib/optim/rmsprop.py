"""RMSprop: steps divided by the root of the gradient's mean square."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_lr, check_not_negative


class RMSprop(Optimizer):
    r"""$v \leftarrow \alpha v + (1-\alpha) g^2$,  $\theta \leftarrow \theta - \gamma\, g / (\sqrt{v} + \epsilon)$.

    γ = ``lr``, α = ``alpha``, ε = ``eps``. ``centered`` divides by the deviation from the mean: $\sqrt{v - a^2}$ with
    $a \leftarrow \alpha a + (1-\alpha) g$. ``momentum`` μ > 0 steps by γb with $b \leftarrow \mu b + g/(\sqrt{v} + \epsilon)$.
    ``weight_decay`` λ adds λθ to g; ``maximize`` goes uphill; ``differentiable`` lets autograd record the step; ``foreach``
    is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: T. Tieleman and G. Hinton, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf; A. Graves (centered),
    https://arxiv.org/abs/1308.0850; https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, capturable=False, foreach=None, maximize=False,
        differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_not_negative(momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = dict(lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay, capturable=capturable,
                        foreach=foreach, maximize=maximize, differentiable=differentiable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), square_avg=memory_like(p))
            if group["momentum"] > 0:
                state["momentum_buffer"] = memory_like(p)
            if group["centered"]:
                state["grad_avg"] = memory_like(p)
        v, alpha = state["square_avg"], group["alpha"]
        count_step(state, p)
        g = with_decay(p, g, group)
        v *= alpha
        v += (1 - alpha) * g * g
        if group["centered"]:
            a = state["grad_avg"]
            a += (1 - alpha) * (g - a)
            v = v - a * a
        step = g / (v**0.5 + group["eps"])
        if group["momentum"] > 0:
            b = state["momentum_buffer"]
            b *= group["momentum"]
            b += step
            step = b
        p -= group["lr"] * step
