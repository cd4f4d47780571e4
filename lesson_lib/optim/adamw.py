"""AdamW: Adam whose weight decay does not pass through the running means."""

from .adam import Adam


class AdamW(Adam):
    r"""Adam with $\theta \leftarrow (1 - \gamma\lambda)\,\theta$ before each step, λ = ``weight_decay``; all else as in Adam.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> w.grad = torch.tensor([0.0])
    >>> torch.optim.AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w
    tensor([0.9500], requires_grad=True)

    Source: I. Loshchilov and F. Hutter, https://arxiv.org/abs/1711.05101; https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False, foreach=None, capturable=False,
        differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable, differentiable=differentiable,
            fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:  # also when a state of plain Adam was loaded
            group["decoupled_weight_decay"] = True
