"""The words of the profiler's interface: activities, actions of a schedule, devices, kinds of ranges, options for experts."""

from dataclasses import dataclass
from enum import Enum


class ProfilerActivity(Enum):
    """What a profiler looks at. Here it is the CPU: Python's calls, those that start work on a GPU included.

    Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.ProfilerActivity
    """

    CPU, XPU, MTIA, CUDA, HPU, PrivateUse1 = 0, 1, 4, 2, 3, 5


class ProfilerAction(Enum):
    """What a profiler does in one step; a ``schedule`` gives one for each step number.

    Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.ProfilerAction
    """

    NONE, WARMUP, RECORD, RECORD_AND_SAVE, DEVICE_STOPPED = 0, 1, 2, 3, 4


class DeviceType(Enum):
    """Where an event took place. Events are those of the CPU here."""

    CPU, CUDA, MKLDNN, OPENGL, OPENCL, IDEEP, HIP, FPGA, MAIA, XLA, Vulkan = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    Metal, XPU, MPS, Meta, HPU, VE, Lazy, IPU, MTIA, PrivateUse1 = 11, 12, 13, 14, 15, 16, 17, 18, 19, 20


class RecordScope(Enum):
    """What kind of range an event is; ``event.scope`` is the number."""

    FUNCTION, BACKWARD_FUNCTION, TORCHSCRIPT_FUNCTION, KERNEL_FUNCTION_DTYPE, CUSTOM_CLASS = 0, 1, 2, 3, 4
    BUILD_FEATURE, LITE_INTERPRETER, USER_SCOPE, STATIC_RUNTIME_OP, STATIC_RUNTIME_MODEL = 5, 6, 7, 8, 9


@dataclass
class _ExperimentalConfig:
    """PyTorch's options for experts. ``profile_all_threads`` and ``trace_only`` are obeyed; the others belong to Kineto and change nothing."""

    profiler_metrics: tuple = ()
    profiler_measure_per_kernel: bool = False
    verbose: bool = False
    performance_events: tuple = ()
    enable_cuda_sync_events: bool = False
    adjust_profiler_step: bool = False
    disable_external_correlation: bool = False
    profile_all_threads: bool = False
    capture_overload_names: bool = False
    record_python_gc_info: bool = False
    expose_kineto_event_metadata: bool = False
    custom_profiler_config: str = ""
    adjust_timestamps: bool = False
    trace_only: bool = False


def supported_activities():
    """The activities that can be profiled.

    Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.supported_activities
    """
    return {ProfilerActivity.CPU}
