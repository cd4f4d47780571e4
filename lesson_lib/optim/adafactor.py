"""Adafactor: Adam's mean squares of a matrix, kept as one number for each row and one for each column."""

from ..core.device import namespace
from ..core.dtypes import finfo, from_numpy_dtype
from ..core.tensor import Tensor
from ..ops.reduce import mean
from ..ops.statistics import vector_norm
from .formula import count_step, memory_like, scalar
from .optimizer import Optimizer
from .options import check


class Adafactor(Optimizer):
    r"""$\theta \leftarrow (1 - \gamma\lambda)\,\theta - \alpha\, u / \max(1,\ \mathrm{rms}(u)/d)$ with $u = g / \sqrt{v}$,
    $\alpha = \max(\epsilon_2,\ \mathrm{rms}(\theta))\, \min(\gamma,\ 1/\sqrt{t})$.

    v is the running mean of g² with the weights $t^\tau$ for the newest. Of a matrix it is put together from the means r of its
    rows and c of its columns, $v_{ij} = r_i c_j / \mathrm{mean}(r)$, so that m·n numbers need a memory of m + n; of a vector it is kept whole.

    γ = ``lr``, τ = ``beta2_decay``, (ε₁, ε₂) = ``eps`` with ε₁² the least v (None: the dtype's own eps), d = ``d``,
    λ = ``weight_decay``; ``maximize`` goes uphill; ``foreach`` is accepted, the numbers are the same.

    >>> import lesson_lib as torch
    >>> w = torch.ones(2, 3, requires_grad=True)
    >>> optimizer = torch.optim.Adafactor([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w[0], optimizer.state[w]["row_var"].shape, optimizer.state[w]["col_var"].shape
    (tensor([0.9000, 0.9000, 0.9000], grad_fn=<SelectBackward0>), torch.Size([2, 1]), torch.Size([1, 3]))

    Errors: ValueError for an option outside its range; RuntimeError for complex parameters; ZeroDivisionError for a parameter without numbers.
    Source: N. Shazeer and M. Stern, https://arxiv.org/abs/1804.04235; https://pytorch.org/docs/stable/generated/torch.optim.Adafactor.html
    """

    takes_complex = False

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *, foreach=None, maximize=False):
        check(not isinstance(lr, Tensor) or lr.numel() == 1, "Tensor lr must be 1-element")
        check(lr >= 0.0, f"Learning rate should be >= 0 but is: {lr}")
        check(beta2_decay <= 0.0, f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check(eps[0] is None or eps[0] >= 0.0, f"epsilon1 should be >= 0 but is: {eps[0]}")
        check(eps[1] >= 0.0, f"epsilon2 should be >= 0 but is: {eps[1]}")
        check(d >= 1.0, f"Clipping threshold d should be >= 1 but is: {d}")
        check(weight_decay >= 0.0, f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = dict(lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, foreach=foreach, maximize=maximize)
        super().__init__(params, defaults)

    def update(self, p, g, state, group):
        """One step for one parameter."""
        xp = namespace(p)
        if not state:
            state["step"] = scalar(0, p)
            if g.ndim > 1:
                state["row_var"], state["col_var"] = xp.zeros_like(g[..., :1]), xp.zeros_like(g[..., :1, :])
            else:
                state["variance"] = memory_like(p)
        t, lr, (eps1, eps2) = count_step(state, p), group["lr"], group["eps"]
        eps1 = finfo(from_numpy_dtype(p.dtype)).eps if eps1 is None else eps1
        if group["maximize"]:
            g = -g
        rate = max(eps2, rms(p)) * min(lr, 1 / t**0.5)
        p *= 1 - lr * group["weight_decay"]
        u = g / xp.maximum(self.mean_square(g, state, t ** group["beta2_decay"], eps1), eps1 * eps1) ** 0.5
        p -= rate / max(1.0, rms(u) / group["d"]) * u

    def mean_square(self, g, state, newest, eps1):
        """The running mean of g², the newest one with the weight ``newest``."""
        if g.ndim < 2:
            state["variance"] += newest * (g * g - state["variance"])
            return state["variance"]
        rows, columns = state["row_var"], state["col_var"]
        rows += newest * (vector_norm(g, 2, -1, True) ** 2 / g.shape[-1] - rows)
        columns += newest * (vector_norm(g, 2, -2, True) ** 2 / g.shape[-2] - columns)
        return rows * columns / namespace(rows).maximum(mean(rows, -2, True), eps1)


def rms(x):
    """Root of the mean square of all numbers."""
    return vector_norm(x).item() / x.size**0.5
