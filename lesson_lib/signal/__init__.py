"""``torch.signal``: its windows.

Source: https://pytorch.org/docs/stable/signal.html
"""

from . import windows

__all__ = ["windows"]
