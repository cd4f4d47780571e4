"""Automatic differentiation: the public face of the engine.

Source: https://pytorch.org/docs/stable/autograd.html
"""

from ..core.engine import backward, grad
from ..core.function import Function
from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..core.parity import missing_from
from . import forward_ad, function, functional, graph
from .anomaly import detect_anomaly, set_detect_anomaly
from .gradcheck import gradcheck, gradgradcheck
from .variable import Variable, is_multithreading_enabled, is_view_replay_enabled, kineto_available, set_multithreading_enabled

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function", "functional", "grad", "gradcheck",
    "gradgradcheck", "graph", "inference_mode", "is_multithreading_enabled", "is_view_replay_enabled", "kineto_available", "no_grad",
    "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip

__getattr__ = missing_from("torch.autograd", later=dict.fromkeys(("profiler", "profiler_util")))  # a name that is missing here says why
