"""Adadelta: steps in the parameter's own units, without a learning rate to choose."""

from .formula import count_step, memory_like, scalar, with_decay
from .optimizer import Optimizer
from .options import check, check_lr, check_not_negative


class Adadelta(Optimizer):
    r"""$v \leftarrow \rho v + (1-\rho) g^2$,  $\Delta = \sqrt{\dfrac{u + \epsilon}{v + \epsilon}}\, g$,
    $u \leftarrow \rho u + (1-\rho) \Delta^2$,  $\theta \leftarrow \theta - \gamma \Delta$.

    γ = ``lr``, ρ = ``rho``, ε = ``eps``. ``weight_decay`` λ adds λθ to g; ``maximize`` goes uphill; ``differentiable`` lets
    autograd record the step; ``foreach`` is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w], lr=10)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9684], requires_grad=True)

    Errors: ValueError for an option outside its range; AssertionError for ``capturable`` with parameters on the CPU.
    Source: M. Zeiler, https://arxiv.org/abs/1212.5701; https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
    """

    capturable_devices = "['cuda', 'xpu', 'hpu', 'privateuseone']"

    def __init__(
        self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, maximize=False, differentiable=False
    ):
        check_lr(lr)
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_not_negative(weight_decay=weight_decay)
        defaults = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize, capturable=capturable, foreach=foreach,
                        differentiable=differentiable)  # fmt: skip
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        if not state:
            state.update(step=scalar(0, p), square_avg=memory_like(p), acc_delta=memory_like(p))
        v, u, rho, eps = state["square_avg"], state["acc_delta"], group["rho"], group["eps"]
        count_step(state, p)
        g = with_decay(p, g, group)
        v *= rho
        v += (1 - rho) * g * g
        delta = (u + eps) ** 0.5 / (v + eps) ** 0.5 * g
        u *= rho
        u += (1 - rho) * delta * delta
        p -= group["lr"] * delta
