"""PyTorch's path to what a profile consists of."""

from ..profiler.event_list import EventList
from ..profiler.events import FormattedTimesMixin, FunctionEvent, FunctionEventAvg, Interval, Kernel

__all__ = ["EventList", "FormattedTimesMixin", "FunctionEvent", "FunctionEventAvg", "Interval", "Kernel"]
