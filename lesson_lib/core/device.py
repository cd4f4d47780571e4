"""Devices: PyTorch's names for them, and which array library computes on each.

An array's *type* tells where it lives: ``numpy.ndarray`` is the CPU, ``cupy.ndarray`` the GPU. ``namespace(array)``
gives the module whose functions work on it, so no op ever asks "which device am I on?".
"""

import importlib
import importlib.util

import numpy as np

from . import cpu
from .errors import error

#: device types that PyTorch accepts; those without an array library here raise a clear error when used
KNOWN_TYPES = ("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan", "mps",
               "meta", "hpu", "mtia", "privateuseone")  # fmt: skip


class device:
    """Where a tensor lives: ``device("cpu")``, ``device("cuda:0")``, ``device("cuda", 1)``.

    >>> import lesson_lib as torch
    >>> torch.device("cuda:1").index
    1
    """

    def __init__(self, type, index=None):
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            type, index = "cuda", type
        elif isinstance(type, str) and ":" in type:
            type, index = self._split(type)
        if type not in KNOWN_TYPES:
            raise error("device_name", name=type, known=", ".join(KNOWN_TYPES))
        self.type, self.index = type, index

    @staticmethod
    def _split(text):
        kind, _, number = text.partition(":")
        if not number.isdigit():
            raise error("device_string", text=text)
        return kind, int(number)

    def __repr__(self):
        return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))

    def __reduce__(self):
        return device, (self.type, self.index)


CPU = device("cpu")

#: array type -> (namespace, function that gives the array's device)
_BACKENDS = {np.ndarray: (cpu, lambda array: CPU)}
#: device type -> namespace; "cuda" arrives on first use, because importing CuPy is slow
_NAMESPACES = {"cpu": cpu}


def register_backend(device_type, array_type, xp, device_of):
    """Say that arrays of ``array_type`` live on ``device_type`` and are computed by the functions of ``xp``."""
    _BACKENDS[array_type] = (xp, device_of)
    _NAMESPACES[device_type] = xp


def namespace(array):
    """The module whose functions work on ``array`` (NumPy's for a NumPy scalar)."""
    backend = _BACKENDS.get(type(array))
    return cpu if backend is None else backend[0]


def device_of(array):
    """The device on which ``array`` lives."""
    return _BACKENDS[type(array)][1](array)


def is_array(value):
    """True for an array of any registered library (a NumPy scalar counts: it is what 0-d arithmetic leaves)."""
    return type(value) in _BACKENDS or isinstance(value, np.generic)


def namespace_of_device(dev):
    """The module that makes arrays on ``dev``, or an error that says why there is none."""
    if dev.type not in _NAMESPACES:
        if dev.type != "cuda":
            raise error("device_unavailable", name=dev.type)
        _load_cuda()
    return _NAMESPACES[dev.type]


def cuda_is_available():
    """True if CuPy is installed and sees at least one CUDA device."""
    if "cuda" in _NAMESPACES:
        return True
    if importlib.util.find_spec("cupy") is None:
        return False
    try:
        _load_cuda()
    except (RuntimeError, AssertionError):
        return False
    return True


def _load_cuda():
    """Import CuPy and register it; PyTorch's own messages when it is not there."""
    if importlib.util.find_spec("cupy") is None:
        raise error("cuda_not_installed")
    gpu = importlib.import_module("lesson_lib.core.gpu")
    if gpu.device_count() == 0:
        raise error("cuda_no_device")
    register_backend("cuda", gpu.ndarray, gpu, lambda array: device("cuda", array.device.id))


def to_array(value, dev, np_dtype=None):
    """A host array, copied to ``dev`` if that is not the CPU."""
    array = np.asarray(value, dtype=np_dtype)
    return array if dev.type == "cpu" else namespace_of_device(dev).to_device(array, dev.index)


def to_host(array):
    """A NumPy array with the same values; the array itself if it is one."""
    return array if type(array) is np.ndarray else namespace(array).to_host(array)
