"""A profiler: what takes how long.

>>> import lesson_lib as torch
>>> with torch.profiler.profile() as prof:
...     _ = torch.ones(3) + 1
>>> print(prof.key_averages().table())    # doctest: +SKIP

Source: https://pytorch.org/docs/stable/profiler.html
"""

from ..autograd.variable import kineto_available
from ..core.parity import missing_from
from .kinds import DeviceType, ProfilerAction, ProfilerActivity, RecordScope, _ExperimentalConfig, supported_activities
from .profiler import profile
from .recording import record_function
from .schedules import schedule, tensorboard_trace_handler

__all__ = [
    "DeviceType", "ProfilerAction", "ProfilerActivity", "RecordScope", "_ExperimentalConfig", "kineto_available", "profile", "record_function",
    "schedule", "supported_activities", "tensorboard_trace_handler",
]  # fmt: skip

__getattr__ = missing_from("torch.profiler")  # a name that is missing here says why
