"""``autograd.profiler``: one recording, and ranges that the user marks."""

import functools
import warnings

from ..core.errors import error
from .chrome_trace import write_trace
from .event_list import EventList
from .kinds import ProfilerActivity, _ExperimentalConfig
from .reading import events_of
from .session import USER, Session, running
from .stopwatch import install

NO_SESSION = "disableProfiler called but no active profiling session found. This can happen if profiling was cancelled during warmup."


class profile:
    """Record every op between ``__enter__`` and ``__exit__``. This is the lower level: ``lesson_lib.profiler.profile`` is made of it.

    ``enabled=False``: do nothing. ``record_shapes``, ``with_flops``, ``profile_memory``, ``with_stack``, ``with_modules``: see
    ``lesson_lib.profiler.profile``. ``acc_events``: events of several recordings add up. Devices other than the CPU are not timed.

    >>> import lesson_lib as torch
    >>> x = torch.ones(2, 2)
    >>> with torch.autograd.profiler.profile() as prof:
    ...     y = x * x + x
    >>> [(event.key, event.count) for event in prof.key_averages()]
    [('aten::mul', 1), ('aten::add', 1)]

    Errors: RuntimeError when it is entered twice.
    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.profile
    """

    def __init__(
        self, enabled=True, *, use_cuda=False, use_device=None, record_shapes=False, with_flops=False, profile_memory=False, with_stack=False,
        with_modules=False, use_kineto=False, use_cpu=True, experimental_config=None, acc_events=False, custom_trace_id_callback=None,
        post_processing_timeout_s=None, activity_filters=None,
    ):  # fmt: skip
        self.enabled = enabled
        if not enabled:
            return
        if use_cuda:
            warnings.warn(
                "The attribute `use_cuda` will be deprecated soon, please use ``use_device = 'cuda'`` instead.", FutureWarning, stacklevel=2
            )
        if use_cuda or use_device == "cuda":
            warnings.warn("CUDA is not available, disabling CUDA profiling", stacklevel=2)
        elif use_device is not None:
            warnings.warn(f"The {use_device} is not a valid device option.", stacklevel=2)
        if not use_cpu:
            raise error(
                "profiler_state", message="No activities specified for the profiler", hint="Leave use_cpu=True: only the CPU is profiled here."
            )
        if post_processing_timeout_s is not None and post_processing_timeout_s < 0:
            raise error("profiler_timeout")
        self.record_shapes, self.with_flops, self.profile_memory = record_shapes or with_flops, with_flops, profile_memory
        self.with_stack, self.with_modules, self.acc_events, self.use_device = with_stack, with_modules, acc_events, None
        self.experimental_config = experimental_config or _ExperimentalConfig()
        self.entered, self.session = False, None
        self._function_events = self._earlier = self._done = None

    def __enter__(self):
        if not self.enabled:
            return None
        if self.entered:
            raise error("profiler_reentrant")
        self._start_trace()
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        if not self.enabled:
            return None
        if self._function_events and self.acc_events:
            self._earlier = self._function_events
        self._function_events, self._done = None, None
        if self.session is None or running.session is not self.session:
            warnings.warn(NO_SESSION, stacklevel=2)
        else:
            running.session = None
            self.session.stop()
            self._done = self.session
        if self.acc_events:
            self._ensure_events()
        return False

    def _start_trace(self):
        self.entered = True
        if running.session is not None:
            running.session.stop()  # there is one session at a time: the new one takes the place of the old one
        self.session = running.session = Session(
            shapes=self.record_shapes, flops=self.with_flops, memory=self.profile_memory, stack=self.with_stack, modules=self.with_modules,
            all_threads=self.experimental_config.profile_all_threads,
        )  # fmt: skip
        self.session.start(install)

    def _ensure_events(self):
        """The events, worked out when somebody asks for them."""
        if self.experimental_config.trace_only:
            raise error("profiler_trace_only")
        if self._function_events is None:
            found = events_of(self._done, self.record_shapes) if self._done else []
            self._function_events = EventList(found, profile_memory=self.profile_memory, with_flops=self.with_flops)
            self._function_events._build_tree()
            self._function_events.extend(self._earlier or ())
            self._earlier = None
        return self._function_events

    def _finished(self):
        return self._function_events is not None or self._done is not None

    def __repr__(self):
        return repr(self._ensure_events()) if self._finished() else "<unfinished torch.autograd.profile>"

    def __str__(self):
        return str(self._ensure_events()) if self._finished() else "<unfinished torch.autograd.profile>"

    @property
    def function_events(self):
        """All events, in the order of their beginnings."""
        return self._ensure_events()

    def table(self, *args, **kwargs):
        """See ``EventList.table``."""
        return self._ensure_events().table(*args, **kwargs)

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, group_by_overload_name=False):
        """Sums of the events by name; see ``EventList.key_averages``."""
        return self._ensure_events().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def total_average(self):
        """The sum of all events."""
        return self._ensure_events().total_average()

    @property
    def self_cpu_time_total(self):
        """The time of all events, each counted once, in microseconds."""
        return self._ensure_events().self_cpu_time_total

    def export_chrome_trace(self, path, metadata=None):
        """Write the recording for chrome://tracing and ui.perfetto.dev."""
        if self._done is None:
            raise error("profiler_no_trace")
        write_trace(self._done, path, metadata or {})

    def toggle_collection_dynamic(self, enabled, activities):
        """Stop recording for a while (False), and go on (True)."""
        if self.session is not None and ProfilerActivity.CPU in set(activities):
            self.session.paused = not enabled

    def export_stacks(self, path, metric="self_cpu_time_total"):
        """Write the stacks for a flame graph; see ``EventList.export_stacks``."""
        if not self.with_stack:
            raise error("profiler_state", message="export_stacks() requires with_stack=True", hint="Make the profiler with with_stack=True.")
        self._ensure_events().export_stacks(path, metric)


class record_function:
    """A range with a name of your own around a block or a function.

    >>> import lesson_lib as torch
    >>> with torch.profiler.profile() as prof:
    ...     with torch.profiler.record_function("my block"):
    ...         y = torch.ones(2) * 3
    >>> [event.key for event in prof.key_averages()]
    ['my block', 'aten::mul']

    As a decorator: ``@record_function("my function")``. Without a profiler that runs it does nothing.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.profiler.record_function.html
    """

    def __init__(self, name, args=None):
        self.name, self.args = name, args
        self._opened = None

    def __enter__(self):
        if not isinstance(self.name, str):
            raise error("profiler_name", type=type(self.name).__name__)
        session = running.session
        lane = session is not None and session.here()
        self._opened = (session, session.begin(lane, self.name, USER)) if lane else None
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        if self._opened is not None:
            session, opened = self._opened
            session.close(opened)
            self._opened = None

    def __call__(self, function):
        @functools.wraps(function)
        def marked(*args, **kwargs):
            with type(self)(self.name, self.args):
                return function(*args, **kwargs)

        return marked
