"""Events: one that was recorded, and the sum of those of the same name. Names and attributes are PyTorch's."""

import warnings
from typing import NamedTuple

from ..core.errors import error
from .kinds import DeviceType
from .table import time_text


class Interval:
    """From ``start`` to ``end``, in microseconds."""

    def __init__(self, start, end):
        self.start, self.end = start, end

    def elapsed_us(self):
        """How long it is."""
        return self.end - self.start


class Kernel(NamedTuple):
    """Work on a device. There is none among our events."""

    name: str
    device: int
    duration: float


def _text_of(name):
    return property(lambda self: time_text(getattr(self, name)), doc=f"``{name}`` as the table shows it.")


def _renamed(name, said):
    """An attribute under its old name."""

    def old(self):
        warnings.warn(said, FutureWarning, stacklevel=2)
        return getattr(self, name)

    return property(old, doc=f"The old name of ``{name}``.")


class FormattedTimesMixin:
    """Times per call, and times as text."""

    cpu_time_str, device_time_str = _text_of("cpu_time"), _text_of("device_time")
    cpu_time_total_str, device_time_total_str = _text_of("cpu_time_total"), _text_of("device_time_total")
    self_cpu_time_total_str, self_device_time_total_str = _text_of("self_cpu_time_total"), _text_of("self_device_time_total")
    cuda_time = _renamed("device_time", "`cuda_time` is deprecated, please use `device_time` instead.")

    @property
    def cpu_time(self):
        """Microseconds per call, with what it called."""
        return 0.0 if self.count == 0 else 1.0 * self.cpu_time_total / self.count

    @property
    def device_time(self):
        """Microseconds per call on a device."""
        return 0.0 if self.count == 0 else 1.0 * self.device_time_total / self.count


class FunctionEvent(FormattedTimesMixin):
    """One call of an op, one turn of the backward pass, or one range that the user marked. Times are in microseconds.

    ``cpu_time_total`` is how long it took, ``self_cpu_time_total`` the same without its ``cpu_children``; in the same way ``cpu_memory_usage``
    and ``self_cpu_memory_usage``, in bytes. ``input_shapes``, ``stack`` and ``flops`` are there if the profiler was asked for them.
    """

    device_time_total = self_device_time_total = self_device_memory_usage = 0
    cuda_time_total = _renamed("device_time_total", "`cuda_time_total` is deprecated. Use `device_time_total` instead.")
    self_cuda_time_total = _renamed("self_device_time_total", "`self_cuda_time_total` is deprecated. Use `self_device_time_total` instead.")
    self_cuda_memory_usage = _renamed("self_device_memory_usage", "`self_cuda_memory_usage` is deprecated. Use `self_device_memory_usage` instead.")

    def __init__(
        self, id, name, thread, start_us, end_us, overload_name=None, fwd_thread=None, input_shapes=None, stack=None, scope=0, use_device=None,
        cpu_memory_usage=0, device_memory_usage=0, is_async=False, is_remote=False, sequence_nr=-1, node_id=-1, device_type=DeviceType.CPU,
        device_index=0, device_resource_id=None, is_legacy=False, flops=None, trace_name=None, concrete_inputs=None, kwinputs=None,
        is_user_annotation=False, is_python_function=False, structured_input_shapes=None, structured_input_strides=None, input_dtypes=None,
        module_hierarchy="",
    ):  # fmt: skip
        self.id, self.name, self.thread, self.overload_name, self.trace_name = id, name, thread, overload_name, trace_name
        self.time_range, self.fwd_thread, self.count, self.kernels = Interval(start_us, end_us), fwd_thread, 1, []
        self.cpu_children, self.cpu_parent = [], None
        self.input_shapes, self.concrete_inputs, self.kwinputs, self.input_dtypes = input_shapes, concrete_inputs, kwinputs, input_dtypes
        self.structured_input_shapes, self.structured_input_strides = structured_input_shapes, structured_input_strides
        self.stack, self.scope, self.sequence_nr, self.flops, self.module_hierarchy = stack, scope, sequence_nr, flops, module_hierarchy
        self.use_device, self.device_type, self.device_index = use_device, device_type, device_index
        self.device_resource_id = thread if device_resource_id is None else device_resource_id
        self.cpu_memory_usage, self.device_memory_usage = cpu_memory_usage, device_memory_usage
        self.is_async, self.is_remote, self.is_legacy, self.node_id = is_async, is_remote, is_legacy, node_id
        self.is_user_annotation, self.is_python_function = is_user_annotation, is_python_function
        self.self_cpu_percent = self.total_cpu_percent = self.total_device_percent = -1

    @property
    def key(self):
        """By what it is grouped: its name."""
        return self.name

    def append_cpu_child(self, child):
        """Say that ``child`` took place inside."""
        self.cpu_children.append(child)

    def set_cpu_parent(self, parent):
        """Say inside what it took place."""
        self.cpu_parent = parent

    @property
    def cpu_time_total(self):
        """How long it took."""
        return self.time_range.elapsed_us() if self.device_type is DeviceType.CPU else 0

    @property
    def self_cpu_time_total(self):
        """How long it took, without what it called."""
        if self.is_async or self.device_type is not DeviceType.CPU:
            return 0
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def self_cpu_memory_usage(self):
        """Bytes taken, less bytes let go, without what it called."""
        if self.is_async or self.device_type is not DeviceType.CPU:
            return 0
        return self.cpu_memory_usage - sum(child.cpu_memory_usage for child in self.cpu_children)

    def __repr__(self):
        device = self.use_device
        return (
            f"<FunctionEvent id={self.id} name={self.name} overload_name={self.overload_name} device_type={self.device_type} node_id={self.node_id} "
            f"cpu_time={self.cpu_time_str} start_us={self.time_range.start} end_us={self.time_range.end} "
            f"cpu_children={[child.id for child in self.cpu_children]} {device}_time={self.device_time_str} name={self.name} thread={self.thread} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} {device}_memory_usage={self.device_memory_usage} "
            f"is_async={self.is_async} is_remote={self.is_remote} seq_nr={self.sequence_nr} is_legacy={self.is_legacy}>"
        )


#: what a sum takes from the first event, and what it adds up
_FROM_FIRST = (
    "key", "node_id", "is_async", "is_remote", "cpu_parent", "cpu_children", "overload_name", "input_shapes", "stack", "scope", "device_type",
    "is_legacy", "use_device", "is_user_annotation",
)  # fmt: skip
_ADDED = (
    "cpu_time_total", "device_time_total", "self_cpu_time_total", "self_device_time_total", "cpu_memory_usage", "device_memory_usage",
    "self_cpu_memory_usage", "self_device_memory_usage", "count",
)  # fmt: skip


class FunctionEventAvg(FormattedTimesMixin):
    """The sum of several events of one key. ``cpu_time`` is the mean per call; all other times and bytes are totals."""

    def __init__(self):
        self.key = self.use_device = self.input_shapes = self.overload_name = self.stack = self.scope = self.cpu_children = self.cpu_parent = None
        self.is_async = self.is_remote = self.is_legacy = False
        self.node_id, self.flops, self.device_type = 0, 0, DeviceType.CPU
        for name in _ADDED:
            setattr(self, name, 0)

    def add(self, other):
        """One more event, or the sum of some."""
        if not isinstance(other, FunctionEvent | FunctionEventAvg):
            raise error("profiler_state", message="Expected other to be a FunctionEvent or FunctionEventAvg", hint="Add what events() gave.")
        if self.key is None:
            for name in _FROM_FIRST:
                setattr(self, name, getattr(other, name))
        if other.key != self.key:
            raise error("profiler_state", message=f"Expected keys to match, but got {other.key} vs {self.key}", hint="Add events of one name.")
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.flops is not None:
            self.flops = (self.flops or 0) + other.flops
        return self

    __iadd__ = add

    def __repr__(self):
        device = self.use_device or "cuda"
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str} "
            f" self_{device}_time={self.self_device_time_total_str} {device}_time={self.device_time_str} input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage} {device}_memory_usage={self.device_memory_usage}>"
        )
