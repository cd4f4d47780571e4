"""``torch.accelerator``: the best device of this machine, whatever it is called.

Source: https://pytorch.org/docs/stable/accelerator.html
"""

from . import cuda
from .core.device import device
from .core.parity import missing_from

__all__ = ["current_accelerator", "current_device_index", "device_count", "is_available", "set_device_index", "synchronize"]


def is_available():
    """True if there is an accelerator that can be used."""
    return cuda.is_available()


def current_accelerator(check_available=False):
    """``device(type='cuda')`` where there is one, else None.

    >>> import lesson_lib as torch
    >>> dev = torch.accelerator.current_accelerator() or torch.device("cpu")
    """
    return device("cuda") if is_available() else None


def device_count():
    """How many accelerators there are."""
    return cuda.device_count()


def current_device_index():
    """The number of the accelerator that new tensors go to."""
    return cuda.current_device()


def set_device_index(device):
    """Make accelerator ``device`` the one that new tensors go to."""
    cuda.set_device(device)


def synchronize(device=None):
    """Wait until the accelerator has finished what it was given."""
    cuda.synchronize(device)

__getattr__ = missing_from("torch.accelerator")  # a name that is missing here says why
