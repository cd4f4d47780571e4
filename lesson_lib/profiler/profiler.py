"""``profile``: what takes how long, which shapes it works on, how much memory it takes."""

import functools
import json
import uuid
import warnings

from ..core.errors import error
from . import recording
from .kinds import ProfilerAction, ProfilerActivity, supported_activities
from .schedules import TRANSITIONS, always

CLEARS = (
    "Warning: Profiler clears events at the end of each cycle. Only events from the current cycle will be reported. "
    "To keep events across cycles, set acc_events=True."
)


class profile:
    """Record what runs in a ``with`` block: ops, backward, optimizers' steps, a DataLoader's batches, and ranges marked by ``record_function``.

    ``record_shapes``: the shapes that go in. ``with_flops``: an estimate for matrix products, conv2d, mul and add. ``with_stack``: the user's
    lines. ``with_modules``: whose ``forward`` was running, in the trace. ``schedule``, ``on_trace_ready`` and ``step()``: record only some steps
    of a long training; see ``schedule``. ``acc_events``: keep the events of earlier cycles. ``activities``: only the CPU is profiled.

    ``profile_memory`` measures this: the bytes of arrays that ops and gradient rules returned in memory of their own, less the bytes of such arrays
    that were let go meanwhile; what is let go outside of all ops stands under "[memory]". Arrays that an op makes for itself and drops are not
    seen, nor are those that were there before, nor memory of a GPU.

    An op is timed from when its computation begins to when its result is on the graph; on a GPU that is the time to start the work. An in-place
    op is recorded as the op that it is made of.

    >>> import lesson_lib as torch
    >>> net = torch.nn.Linear(4, 2)
    >>> with torch.profiler.profile(record_shapes=True) as prof:
    ...     net(torch.ones(3, 4)).sum().backward()
    >>> for event in prof.key_averages(group_by_input_shape=True)[:3]:
    ...     print(event.key, event.count, event.input_shapes[:3])
    aten::t 1 [[2, 4]]
    aten::addmm 1 [[2], [3, 4], [4, 2]]
    aten::sum 1 [[3, 2], [], []]
    >>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=5))    # doctest: +SKIP

    In a notebook the value ``prof.key_averages()`` is shown with bars. One profiler records at a time: another that starts takes its place. It
    records the thread that started it; ``experimental_config=_ExperimentalConfig(profile_all_threads=True)`` records all.

    Errors: AssertionError when results are asked for, or ``stop()`` called, before ``start()``.
    Source: https://pytorch.org/docs/stable/profiler.html#torch.profiler.profile
    """

    def __init__(
        self, *, activities=None, schedule=None, on_trace_ready=None, record_shapes=False, profile_memory=False, with_stack=False, with_flops=False,
        with_modules=False, experimental_config=None, execution_trace_observer=None, acc_events=False, use_cuda=None,
        custom_trace_id_callback=None, post_processing_timeout_s=None,
    ):  # fmt: skip
        if use_cuda is not None:
            warnings.warn("`use_cuda` is deprecated, use `activities` argument instead", FutureWarning, stacklevel=2)
        self.activities = supported_activities() if activities is None else _checked(activities)
        self.record_shapes, self.profile_memory, self.with_stack, self.with_flops = record_shapes, profile_memory, with_stack, with_flops
        self.with_modules, self.acc_events, self.experimental_config = with_modules, acc_events, experimental_config
        self.execution_trace_observer, self.custom_trace_id_callback = execution_trace_observer, custom_trace_id_callback
        self.post_processing_timeout_s, self.use_device = post_processing_timeout_s, None
        self.profiler = self.step_rec_fn = None
        self.preset_metadata, self._metadata, self._trace_id = {}, {}, None
        self.schedule, self.record_steps = schedule or always, bool(schedule)
        self.on_trace_ready, self.step_num = on_trace_ready, 0
        self.current_action = self._planned(0)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.stop()

    def start(self):
        """Begin; what ``with`` does on entering."""
        self._go(ProfilerAction.NONE, self.current_action)
        self._begin_step()

    def stop(self):
        """End; what ``with`` does on leaving."""
        self._end_step()
        self._go(self.current_action, None)

    def step(self):
        """Say that a step of the training is over, so that the schedule goes on."""
        self._end_step()
        before, following = self.current_action, self._planned(self.step_num + 1)
        self.step_num, self.current_action = self.step_num + 1, following
        self._go(before, following)
        self._begin_step()

    # --- from action to action ---------------------------------------------------------------------------------

    def _planned(self, step):
        action = self.schedule(step)
        if action == ProfilerAction.DEVICE_STOPPED:
            raise error("profiler_stopped")
        return action

    def _go(self, before, after):
        for what in TRANSITIONS.get((before, after), ()):
            if what == "warn":
                warnings.warn(f"Incorrect schedule: {before.name} followed by {after.name}", stacklevel=3)
            elif what == "ready":
                if self.on_trace_ready:
                    self.on_trace_ready(self)
            else:
                {"prepare": self.prepare_trace, "start": self.start_trace, "stop": self.stop_trace}[what]()

    def _begin_step(self):
        if self.record_steps:
            self.step_rec_fn = recording.record_function(f"ProfilerStep#{self.step_num}")
            self.step_rec_fn.__enter__()

    def _end_step(self):
        if self.step_rec_fn is not None:
            self.step_rec_fn.__exit__(None, None, None)
            self.step_rec_fn = None

    def prepare_trace(self):
        """Make ready for a cycle: earlier events are dropped, unless they add up."""
        if self.profiler is not None and not self.acc_events:
            _warn_once(CLEARS)
        if self.profiler is None or not self.acc_events:
            self.profiler = recording.profile(
                use_cpu=ProfilerActivity.CPU in self.activities, record_shapes=self.record_shapes, with_flops=self.with_flops,
                profile_memory=self.profile_memory, with_stack=self.with_stack, with_modules=self.with_modules, use_kineto=True,
                experimental_config=self.experimental_config, acc_events=self.acc_events, post_processing_timeout_s=self.post_processing_timeout_s,
            )  # fmt: skip
        self._trace_id = self.custom_trace_id_callback() if self.custom_trace_id_callback else f"{uuid.uuid4().int:032X}"

    def start_trace(self):
        """Begin to record."""
        if self.execution_trace_observer:
            self.execution_trace_observer.start()
        self._started("starting trace")._start_trace()
        for name in ("profile_memory", "with_stack", "record_shapes", "with_modules", "with_flops"):
            if getattr(self, name):
                self.add_metadata_json(name, "1")
        self._metadata |= self.preset_metadata

    def stop_trace(self):
        """End the recording."""
        if self.execution_trace_observer:
            self.execution_trace_observer.stop()
        self._started("stopping trace").__exit__(None, None, None)

    def _started(self, doing):
        if self.profiler is None:
            message = f"Profiler must be initialized before {doing}"
            raise error("profiler_state", message=message, hint="Call start() first, or use the profiler in a with block.")
        return self.profiler

    def toggle_collection_dynamic(self, enable, activities):
        """Stop recording for a while (False), and go on (True); ``activities`` is [ProfilerActivity.CPU]."""
        if self.profiler is not None:
            self.profiler.toggle_collection_dynamic(enable, activities)

    # --- results -----------------------------------------------------------------------------------------------

    def events(self):
        """An EventList of all FunctionEvents of the last cycle, in the order of their beginnings."""
        return self._started("accessing events").function_events

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, group_by_overload_name=False):
        """An EventList of FunctionEventAvgs, one for each name; or each name and input shapes, or each name and so many lines of the stack."""
        return self._started("getting key averages").key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path, use_python_export=False):
        """Write the last cycle as a trace that chrome://tracing and ui.perfetto.dev open; compressed if the name ends in ".gz"."""
        metadata = {"trace_id": self._trace_id, **{name: json.loads(value) for name, value in self._metadata.items()}}
        self._started("exporting chrome trace").export_chrome_trace(path, metadata)

    def export_stacks(self, path, metric="self_cpu_time_total"):
        """Write the user's lines and their times for a flame graph. Needs ``with_stack=True``."""
        self._started("exporting stacks").export_stacks(path, metric)

    def add_metadata(self, key, value):
        """A text to be written into the trace."""
        self._metadata[key] = json.dumps(value)

    def add_metadata_json(self, key, value):
        """Something to be written into the trace, given as JSON."""
        self._metadata[key] = value

    def preset_metadata_json(self, key, value):
        """The same, before the profiler is started."""
        self.preset_metadata[key] = value

    def set_custom_trace_id_callback(self, callback):
        """A function that names the following traces."""
        self.custom_trace_id_callback = callback

    def get_trace_id(self):
        """The name of the last trace; None before there is one."""
        return None if self.profiler is None else self._trace_id


@functools.cache
def _warn_once(message):
    warnings.warn(message, stacklevel=4)


def _checked(activities):
    """The activities as a set; one may also be given as {activity: [names]}."""
    found = set()
    listed = list(activities)
    if not any(isinstance(item, ProfilerActivity | dict) for item in listed):
        raise error("profiler_state", message="No valid profiler activities found", hint="Use activities=[ProfilerActivity.CPU].")
    for item in listed:
        if not isinstance(item, ProfilerActivity | dict):
            raise error("profiler_activity_type", type=type(item))
        for activity in item if isinstance(item, dict) else (item,):
            if activity in found:
                raise error("profiler_activity_twice", activity=activity)
            found.add(activity)
    return found
