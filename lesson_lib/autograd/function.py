"""``torch.autograd.function``: hand-written operations."""

from ..core.function import Function, FunctionCtx, once_differentiable
from ..core.parity import missing_from

__all__ = ["Function", "FunctionCtx", "once_differentiable"]

__getattr__ = missing_from("torch.autograd.function")  # a name that is missing here says why
