"""``pin_memory``: memory that a GPU may copy from by itself. NumPy's memory is never pinned, so batches stay what they are."""

import warnings

from ....core.device import cuda_is_available


def pin_memory(data, device=None):
    """``data`` itself: there is no pinned memory here.

    Source: https://pytorch.org/docs/stable/data.html#memory-pinning
    """
    return data


def warn_of_pinning(loader):
    """PyTorch's warnings for a loader that asks for pinned memory."""
    if loader.pin_memory and loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=6,
        )
    if loader.pin_memory and not cuda_is_available():
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
            stacklevel=6,
        )
