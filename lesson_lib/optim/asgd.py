"""ASGD: gradient descent that also keeps the mean of the points it has passed."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check_lr, check_not_negative


class ASGD(Optimizer):
    r"""$\theta \leftarrow (1 - \lambda\eta)\,\theta - \eta\, g$ with $\eta = \gamma / (1 + \lambda\gamma t)^\alpha$; the mean is
    $\bar\theta \leftarrow \bar\theta + \mu(\theta - \bar\theta)$ with $\mu = 1/\max(1,\ t - t_0)$.

    γ = ``lr``, λ = ``lambd``, α = ``alpha``, t₀ = ``t0``. The mean is kept in the state as "ax": until t₀ it is θ itself.
    ``weight_decay`` w adds wθ to g; ``maximize`` goes uphill; ``differentiable`` lets autograd record the step; ``foreach``
    is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: B. Polyak and A. Juditsky, https://doi.org/10.1137/0330046; https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
    """

    capturable_state = "params, mus, etas, and state_steps"

    def __init__(
        self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, maximize=False, differentiable=False, capturable=False
    ):
        check_lr(lr)
        check_not_negative(weight_decay=weight_decay)
        defaults = dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
                        differentiable=differentiable, capturable=capturable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter; η and μ are those of the step before."""
        lr, lambd = group["lr"], group["lambd"]
        if not state:
            state.update(step=scalar(0, p), eta=scalar(lr, p), mu=scalar(1, p), ax=memory_like(p))
        mean, eta, mu, t = state["ax"], state["eta"].item(), state["mu"].item(), count_step(state, p)
        g = with_decay(p, g, group)
        p *= 1 - lambd * eta
        p -= eta * g
        if mu == 1:
            mean[...] = p
        else:
            mean += mu * (p - mean)
        state["eta"][...] = lr / (1 + lambd * lr * t) ** group["alpha"]
        state["mu"][...] = 1 / max(1, t - group["t0"])
