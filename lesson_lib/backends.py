"""``torch.backends``: which back ends this build has. Programs ask before they choose a device.

Source: https://pytorch.org/docs/stable/backends.html
"""

from . import cuda as _cuda


class _Backend:
    """One back end; ``is_available()`` is all that a program needs to know before it uses the device."""

    def __init__(self, name, available):
        self._name, self.is_available, self.is_built = name, available, available

    def __repr__(self):
        return f"<backend {self._name}: {'available' if self.is_available() else 'not available'}>"


cuda = _Backend("cuda", _cuda.is_available)
mps = _Backend("mps", lambda: False)  # Apple's GPUs: the name is known, the arithmetic is not here
