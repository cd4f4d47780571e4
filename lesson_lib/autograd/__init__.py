"""Automatic differentiation: the public face of the engine.

Source: https://pytorch.org/docs/stable/autograd.html
"""

from ..core.engine import backward, grad
from ..core.function import Function
from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import function, graph

__all__ = ["Function", "backward", "enable_grad", "function", "grad", "graph", "inference_mode", "no_grad", "set_grad_enabled"]
