"""``torch.cpu``: the CPU under the names of ``torch.cuda``, for programs that are written for any device.

Source: https://pytorch.org/docs/stable/cpu.html
"""

from .core.parity import missing_from

__all__ = ["current_device", "device_count", "is_available", "is_initialized", "set_device", "synchronize"]


def is_available():
    """True: there is always a CPU."""
    return True


def is_initialized():
    """True: the CPU needs no preparation."""
    return True


def device_count():
    """1: all processors together count as one device."""
    return 1


def current_device():
    """``"cpu"``."""
    return "cpu"


def set_device(device):
    """Nothing: there is one CPU."""


def synchronize(device=None):
    """Nothing: the CPU is done when a function returns."""


__getattr__ = missing_from("torch.cpu")  # a name that is missing here says why
