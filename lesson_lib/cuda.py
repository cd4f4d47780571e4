"""``torch.cuda``: what can be asked of NVIDIA GPUs. CuPy does the work; without it every answer is "none here".

Source: https://pytorch.org/docs/stable/cuda.html
"""

from .core.device import cuda_is_available as is_available
from .core.device import device, namespace_of_device
from .core.dtypes import bfloat16, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .core.messages_memory import OutOfMemoryError  # noqa: F401 - torch.cuda.OutOfMemoryError
from .core.parity import missing_from
from .ops.data import old_type

__all__ = ["current_device", "device_count", "empty_cache", "get_device_name", "is_available", "manual_seed", "manual_seed_all", "max_memory_allocated",
           "memory_allocated", "set_device", "synchronize"]  # fmt: skip


def _gpu():
    """CuPy's namespace, or PyTorch's error that says why there is none."""
    return namespace_of_device(device("cuda"))


def device_count():
    """How many GPUs there are; 0 where there is no CUDA."""
    return _gpu().device_count() if is_available() else 0


def current_device():
    """The number of the GPU that new tensors go to."""
    return _gpu().cuda.Device().id


def set_device(device):
    """Make GPU ``device`` (a number or a device) the one that new tensors go to."""
    _gpu().cuda.Device(getattr(device, "index", device) or 0).use()


def get_device_name(device=None):
    """The GPU's name, such as ``NVIDIA H100``."""
    index = getattr(device, "index", device)
    gpu = _gpu()
    return gpu.cuda.runtime.getDeviceProperties(current_device() if index is None else index)["name"].decode()


def synchronize(device=None):
    """Wait until the GPU has finished everything it was given. A time measured without this is the time to ask, not to do."""
    _gpu().cuda.Device(getattr(device, "index", device)).synchronize()


def memory_allocated(device=None):
    """Bytes of GPU memory that live arrays hold; 0 where there is no CUDA."""
    return _gpu().get_default_memory_pool().used_bytes() if is_available() else 0


def max_memory_allocated(device=None):
    """Bytes of GPU memory that the pool has taken so far; 0 where there is no CUDA."""
    return _gpu().get_default_memory_pool().total_bytes() if is_available() else 0


def empty_cache():
    """Give unused GPU memory back to the driver; nothing to do without CUDA."""
    if is_available():
        _gpu().get_default_memory_pool().free_all_blocks()


def manual_seed(seed):
    """Seed the GPU's random stream. Random tensors are drawn on the CPU here, so ``torch.manual_seed`` already covers it; kept for programs that call it."""
    if is_available():
        _gpu().random.seed(seed)


manual_seed_all = manual_seed


# The old constructors: FloatTensor and its like.
for _dtype in (float16, bfloat16, float32, float64, uint8, int8, int16, int32, int64, bool_):
    globals()[f"{_dtype.title}Tensor"] = old_type(_dtype, "cuda")

__getattr__ = missing_from("torch.cuda")  # a name that is missing here says why
