"""Muon: the momentum of a weight matrix, made orthogonal before the step."""

from ..core.tensor import Tensor, wrap
from ..ops.matmul import addmm
from .formula import memory_like
from .optimizer import Optimizer
from .options import check


class Muon(Optimizer):
    r"""$B \leftarrow \mu B + (1-\mu)\, G$,  $\theta \leftarrow (1 - \gamma\lambda)\,\theta - \gamma'\, \mathrm{orthogonal}(\mu B + (1-\mu)\, G)$.

    For the matrices of hidden layers; biases, embeddings and the last layer are better left to AdamW.
    γ = ``lr``, λ = ``weight_decay``, μ = ``momentum``; without ``nesterov`` it is B that is made orthogonal, by ``ns_steps`` steps of
    Newton and Schulz with the coefficients ``ns_coefficients``, in bfloat16. For a matrix of m rows and n columns
    γ′ = γ·√max(1, m/n), or γ′ = 0.2·γ·√max(m, n) with ``adjust_lr_fn="match_rms_adamw"``, which fits rates chosen for AdamW.

    >>> import lesson_lib as torch
    >>> w = torch.eye(2, requires_grad=True)
    >>> optimizer = torch.optim.Muon([w], lr=0.1)
    >>> (w ** 2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([[0.8775, 0.0000],
            [0.0000, 0.8775]], requires_grad=True)

    Errors: ValueError for an option outside its range or a parameter that is not a matrix; RuntimeError for complex numbers.
    Source: K. Jordan and others, https://kellerjordan.github.io/posts/muon/; J. Liu and others (match_rms_adamw),
    https://arxiv.org/abs/2502.16982; https://pytorch.org/docs/stable/generated/torch.optim.Muon.html
    """

    takes_complex = False

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5,
        adjust_lr_fn=None,
    ):  # fmt: skip
        check(not isinstance(lr, Tensor) or lr.numel() == 1, "Tensor lr must be 1-element")
        check(lr >= 0.0, f"Learning rate should be >= 0 but is: {lr}")
        check(momentum >= 0.0, f"momentum should be >= 0 but is: {momentum}")
        check(weight_decay >= 0.0, f"weight decay should be >= 0 but is: {weight_decay}")
        check(adjust_lr_fn in (None, "original", "match_rms_adamw"), f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = dict(lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov, ns_coefficients=ns_coefficients, eps=eps,
                        ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn)  # fmt: skip
        super().__init__(params, defaults)

    def add_param_group(self, param_group):
        """Add matrices with options of their own."""
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            check(p.ndim == 2, f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}")

    def update(self, p, g, state, group):
        """One step for one matrix."""
        if not state:
            state["momentum_buffer"] = memory_like(p)
        b, momentum = state["momentum_buffer"], group["momentum"]
        b += (1 - momentum) * (g - b)
        direction = b + (1 - momentum) * (g - b) if group["nesterov"] else b
        step = orthogonal(wrap(direction), group["ns_coefficients"], group["ns_steps"], group["eps"])
        p *= 1 - group["lr"] * group["weight_decay"]
        p -= adjusted(group["lr"], group["adjust_lr_fn"], *p.shape) * step._a


def orthogonal(matrix, coefficients, steps, eps):
    r"""Singular values near 1 in place of the matrix's own: $X \leftarrow aX + (bA + cA^2)X$ with $A = XX^\top$, several times.

    The polynomial ax + bx³ + cx⁵ drives each singular value x towards 1; dividing by the norm first brings all of them below 1.
    """
    check(steps < 100, "Number of steps must be less than 100 for computational efficiency")
    check(len(coefficients) == 3, "Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:  # the smaller product is that of the short side
        x = x.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        square = x @ x.T
        polynomial = addmm(square, square, square, beta=b, alpha=c)
        x = addmm(x, polynomial, x, beta=a)
    return (x.T if tall else x).to(matrix.dtype)


def adjusted(lr, method, rows, columns):
    """The rate that gives matrices of every shape steps of the same size."""
    return lr * (0.2 * max(rows, columns) ** 0.5 if method == "match_rms_adamw" else max(1, rows / columns) ** 0.5)
