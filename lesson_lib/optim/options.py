"""Checks of options that several methods share, in PyTorch's words."""

from ..core.errors import error
from ..core.tensor import Tensor

#: options that states saved by old versions of PyTorch lack, and what they stand for then
LATER_OPTIONS = {"amsgrad": False, "maximize": False, "foreach": None, "capturable": False, "differentiable": False, "decoupled_weight_decay": False,
                 "fused": None, "nesterov": False,
                 "momentum": 0, "centered": False}  # fmt: skip


def check(holds, message):
    """ValueError with this message unless the condition holds."""
    if not holds:
        raise error("optimizer_value", message=message)


def check_lr(lr):
    """A learning rate is a number or a tensor of one element, not below 0."""
    check(not isinstance(lr, Tensor) or lr.numel() == 1, "Tensor lr must be 1-element")
    check(lr >= 0.0, f"Invalid learning rate: {lr}")


def check_betas(betas):
    """The weights of two running means: 0 ≤ β < 1."""
    for index in (0, 1):
        check(0.0 <= betas[index] < 1.0, f"Invalid beta parameter at index {index}: {betas[index]}")


def check_not_negative(**options):
    """Each of these options is 0 or more; its message calls it by its name."""
    for name, value in options.items():
        check(value >= 0.0, f"Invalid {name} value: {value}")


def check_fused(fused, foreach, differentiable):
    """``fused`` and ``foreach`` ask for faster ways to the same numbers, so only one can be asked for; there is one way here."""
    if fused and differentiable:
        raise error("optimizer_flags", message="`fused` does not support `differentiable`")
    if fused and foreach:
        raise error("optimizer_flags", message="`fused` and `foreach` cannot be `True` together.")
