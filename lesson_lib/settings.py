"""The switches of the whole library: threads, determinism, precision, the default type. Those that NumPy has nothing for are kept and said to be so.

Source: https://pytorch.org/docs/stable/torch.html#utilities
"""

import importlib
import importlib.util
import warnings

from . import cpu, cuda
from .core import dtypes
from .core.errors import error
from .core.threads import set_thread_count, thread_count
from .ops.cast import BY_TITLE, as_device
from .ops.data import OldType, set_default_device

_state = {"threads": None, "interop": None, "deterministic": 0, "precision": "highest", "warn_always": False}


def _whole(name, value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise error("setting_type", name=name, wanted="n int", type=type(value).__name__)
    if value <= 0:
        raise error("threads_positive", name=name)
    return value


def _flag(name, value):
    if not isinstance(value, bool):
        raise error("setting_type", name=name, wanted=" bool", type=type(value).__name__)
    return value


# --- threads ------------------------------------------------------------------------------------------------------------


def _pools():
    """The package threadpoolctl, which reaches the threads of NumPy's matrix products; None if it is not installed."""
    return importlib.import_module("threadpoolctl") if importlib.util.find_spec("threadpoolctl") else None


def set_num_threads(n):
    """Let matrix products and passes over large arrays use ``n`` threads.

    The matrix products need the package threadpoolctl for that: without it there is a warning, and they keep theirs.

    Source: https://pytorch.org/docs/stable/generated/torch.set_num_threads.html
    """
    _whole("set_num_threads", n)
    set_thread_count(n)
    pools = _pools()
    if pools is None:
        warnings.warn("NumPy's threads can be set with OMP_NUM_THREADS before Python starts, or here if threadpoolctl is installed.", stacklevel=2)
        return
    pools.threadpool_limits(n)
    _state["threads"] = n


def get_num_threads():
    """How many threads matrix products and passes over large arrays use. Source: https://pytorch.org/docs/stable/generated/torch.get_num_threads.html"""
    pools = _pools()
    found = [pool["num_threads"] for pool in pools.threadpool_info()] if pools else []
    return max(found) if found else _state["threads"] or thread_count()


def set_num_interop_threads(n):
    """Kept, without effect: operations run one after the other. Source: https://pytorch.org/docs/stable/generated/torch.set_num_interop_threads.html"""
    _whole("set_num_interop_threads", n)
    if _state["interop"] is not None:
        raise error("interop_twice")
    _state["interop"] = n


def get_num_interop_threads():
    """1, or what was set: operations run one after the other. Source: https://pytorch.org/docs/stable/generated/torch.get_num_interop_threads.html"""
    return _state["interop"] or 1


def init_num_threads():
    """Nothing: threads need no preparation here."""


# --- determinism --------------------------------------------------------------------------------------------------------


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Kept, without effect: on the CPU every operation gives the same bits each time.

    Source: https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
    """
    if not isinstance(mode, bool):
        raise error("mode_type", type=type(mode).__name__)
    _state["deterministic"] = 0 if not mode else 1 if warn_only else 2


def are_deterministic_algorithms_enabled():
    """True if ``use_deterministic_algorithms`` is on.

    Source: https://pytorch.org/docs/stable/generated/torch.are_deterministic_algorithms_enabled.html
    """
    return _state["deterministic"] > 0


def is_deterministic_algorithms_warn_only_enabled():
    """True if ``use_deterministic_algorithms`` is on and only warns.

    Source: https://pytorch.org/docs/stable/generated/torch.is_deterministic_algorithms_warn_only_enabled.html
    """
    return _state["deterministic"] == 1


def set_deterministic_debug_mode(debug_mode):
    """``use_deterministic_algorithms`` as a number or word: 0 "default", 1 "warn", 2 "error".

    Source: https://pytorch.org/docs/stable/generated/torch.set_deterministic_debug_mode.html
    """
    words = ("default", "warn", "error")
    if isinstance(debug_mode, str):
        if debug_mode not in words:
            raise error("debug_mode_name", value=debug_mode)
        debug_mode = words.index(debug_mode)
    if not isinstance(debug_mode, int):
        raise error("debug_mode_type", type=type(debug_mode))
    if debug_mode not in (0, 1, 2):
        raise error("debug_mode_number", value=debug_mode)
    _state["deterministic"] = debug_mode


def get_deterministic_debug_mode():
    """0, 1 or 2. Source: https://pytorch.org/docs/stable/generated/torch.get_deterministic_debug_mode.html"""
    return _state["deterministic"]


# --- precision and warnings ---------------------------------------------------------------------------------------------


def set_float32_matmul_precision(precision):
    """Kept, without effect: products of float32 matrices are always of the "highest" precision here.

    Source: https://pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html
    """
    if not isinstance(precision, str):
        raise error("setting_type", name="set_float32_matmul_precision", wanted=" str", type=type(precision).__name__)
    if precision not in ("highest", "high", "medium"):
        warnings.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; the current setFloat32MatmulPrecision call has no effect.", stacklevel=2)
        return
    _state["precision"] = precision


def get_float32_matmul_precision():
    """What was set. Source: https://pytorch.org/docs/stable/generated/torch.get_float32_matmul_precision.html"""
    return _state["precision"]


def set_flush_denormal(mode):
    """False: NumPy cannot be told to take the smallest numbers for 0. Source: https://pytorch.org/docs/stable/generated/torch.set_flush_denormal.html"""
    _flag("flush_denormal", mode)
    return False


def set_warn_always(b):
    """Kept for programs that ask: Python's own filters decide how often a warning is shown.

    Source: https://pytorch.org/docs/stable/generated/torch.set_warn_always.html
    """
    _state["warn_always"] = _flag("setWarnOnlyOnce", b)


def is_warn_always_enabled():
    """What was set. Source: https://pytorch.org/docs/stable/generated/torch.is_warn_always_enabled.html"""
    return _state["warn_always"]


# --- the default type, and devices --------------------------------------------------------------------------------------


def set_default_tensor_type(t):
    """``set_default_dtype`` and ``set_default_device`` in one (old): ``torch.DoubleTensor`` or ``"torch.cuda.FloatTensor"``.

    Source: https://pytorch.org/docs/stable/generated/torch.set_default_tensor_type.html
    """
    if isinstance(t, str):
        prefix, _, name = t.rpartition(".")
        dtype, on_gpu = BY_TITLE.get(name.removesuffix("Tensor")), prefix == "torch.cuda"
        if dtype is None:
            raise error("type_name", name=t)
    elif isinstance(t, OldType):
        dtype, on_gpu = t.dtype, t.device_type == "cuda"
    else:
        raise error("default_type", start="invalid type object: ")
    if dtype.category != dtypes.FLOATING:
        raise error("default_type", start="")
    dtypes.set_default_dtype(dtype)
    set_default_device("cuda" if on_gpu else "cpu")


def get_device_module(device=None):
    """The module of a device: ``torch.cpu`` or ``torch.cuda``. Source: https://pytorch.org/docs/stable/generated/torch.get_device_module.html"""
    kind = "cpu" if device is None and not cuda.is_available() else as_device("cuda" if device is None else device).type
    if kind not in ("cpu", "cuda"):
        raise error("device_module", name=kind)
    return cuda if kind == "cuda" else cpu


def compiled_with_cxx11_abi():
    """True: there is no C++ here that another library's could clash with."""
    return True
