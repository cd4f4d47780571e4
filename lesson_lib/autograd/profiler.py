"""The older, lower level of the profiler. ``lesson_lib.profiler`` is for every day.

Source: https://pytorch.org/docs/stable/autograd.html#profiler
"""

from ..core.parity import missing_from
from ..profiler.event_list import EventList
from ..profiler.events import FunctionEvent
from ..profiler.recording import profile, record_function
from .variable import kineto_available

__all__ = ["EventList", "FunctionEvent", "kineto_available", "profile", "record_function"]

__getattr__ = missing_from("torch.autograd.profiler")  # a name that is missing here says why
