"""``torch.autograd.function``: hand-written operations."""

from ..core.function import Function, FunctionCtx, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
