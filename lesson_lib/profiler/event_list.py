"""A list of events: who called whom, sums by name, the table, files."""

import json

from ..core.atomic_file import replacing
from ..core.errors import error
from .bars import bars_html
from .events import FunctionEventAvg
from .kinds import DeviceType
from .table import table

METRICS = ["self_cpu_time_total", "self_cuda_time_total", "self_xpu_time_total", "self_privateuse1_time_total"]


class EventList(list):
    """Events, or sums of events. ``prof.events()`` and ``prof.key_averages()`` give one; in a notebook the latter is shown with bars."""

    def __init__(self, *args, use_device=None, profile_memory=False, with_flops=False):
        super().__init__(*args)
        self._use_device, self._profile_memory, self._with_flops, self._tree_built = use_device, profile_memory, with_flops, False

    def __str__(self):
        return self.table()

    def _repr_html_(self):
        return bars_html(self)

    # --- who called whom ---------------------------------------------------------------------------------------

    def _build_tree(self):
        """Find parents and children, drop the repetitions of a name, and give backward events the stack of their forward."""
        self._find_children()
        self._drop_repetitions()
        self._give_stacks()
        self._tree_built = True

    def _find_children(self):
        """An event is a child of the shortest one that it lies in, on the same thread. What overlaps in part is not."""
        ordered = sorted(
            (event for event in self if not event.is_async and event.device_type is DeviceType.CPU),
            key=lambda event: (event.thread, event.node_id, event.time_range.start, -event.time_range.end),
        )
        around, place = [], None
        for event in ordered:
            if (event.thread, event.node_id) != place:
                around, place = [], (event.thread, event.node_id)
            start, end = event.time_range.start, event.time_range.end
            while around and (start >= around[-1].time_range.end or end > around[-1].time_range.end):
                around.pop()
            if around:
                around[-1].append_cpu_child(event)
                event.set_cpu_parent(around[-1])
            around.append(event)

    def _drop_repetitions(self):
        """An event that is the only child of one of the same name adds nothing; its parent takes its children."""
        kept = []
        for event in self:  # parents come before their children
            parent = event.cpu_parent
            if parent is not None and parent.name == event.name and len(parent.cpu_children) == 1:
                parent.cpu_children, parent.kernels = event.cpu_children, event.kernels
                for child in event.cpu_children:
                    child.set_cpu_parent(parent)
            else:
                kept.append(event)
        self[:] = kept

    def _give_stacks(self):
        """What a node does on the way back, the user's line on the way there has caused."""
        stacks = {}
        for event in self:
            if event.stack and _node_around(event) is None:
                stacks.setdefault((event.sequence_nr, event.thread), event.stack)
        for event in self:
            node = _node_around(event)
            if node is not None:
                event.stack = stacks.get((node.sequence_nr, node.fwd_thread), [])

    # --- sums --------------------------------------------------------------------------------------------------

    def key_averages(self, group_by_input_shapes=False, group_by_stack_n=0, group_by_overload_name=False):
        """A FunctionEventAvg for each name; or for each name and input shapes, or for each name and first lines of the stack.

        Source: https://pytorch.org/docs/stable/generated/torch.autograd.profiler.profile.key_averages.html
        """
        if not self._tree_built:
            raise error(
                "profiler_state", message="Expected tree to be built before calling key_averages", hint="Call it on prof.events(), not on sums."
            )
        sums = {}
        for event in self:
            key = (event.key, event.node_id, event.device_type, event.is_legacy, event.is_user_annotation)
            key += (event.overload_name,) if group_by_overload_name else ()
            key += (str(event.input_shapes),) if group_by_input_shapes else ()
            key += tuple((event.stack or ())[:group_by_stack_n])
            sums.setdefault(key, FunctionEventAvg()).add(event)
        for average in sums.values():
            average.stack = (average.stack or [])[:group_by_stack_n]
            average.input_shapes = average.input_shapes if group_by_input_shapes else ""
            average.overload_name = average.overload_name if group_by_overload_name else ""
        return EventList(sums.values(), use_device=self._use_device, profile_memory=self._profile_memory, with_flops=self._with_flops)

    def total_average(self):
        """One FunctionEventAvg of all events, with the key "Total"."""
        total = FunctionEventAvg()
        for event in self:
            total.add(event)
            total.key = None
        total.key = "Total"
        return total

    @property
    def self_cpu_time_total(self):
        """The time of all events, each counted once, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    # --- what is shown and written -----------------------------------------------------------------------------

    def table(
        self, sort_by=None, row_limit=100, max_src_column_width=75, max_name_column_width=55, max_shapes_column_width=80, header=None,
        top_level_events_only=False, time_unit=None,
    ):  # fmt: skip
        """The events as a table of text, those with the largest ``sort_by`` first (a name of an attribute, such as "self_cpu_time_total").

        ``row_limit``: so many rows, -1 for all. ``time_unit``: "s", "ms" or "us" for all times. ``top_level_events_only``: without those that
        took place inside others.

        Errors: AttributeError if events have no attribute ``sort_by``.
        Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.EventList
        """
        return table(
            self, sort_by, header, row_limit, max_src_column_width, max_name_column_width, max_shapes_column_width, self._with_flops,
            self._profile_memory, top_level_events_only, time_unit,
        )  # fmt: skip

    def export_chrome_trace(self, path):
        """Write the events, without their details, for chrome://tracing and ui.perfetto.dev. That of ``profile`` has the details."""
        rows = [
            {
                "name": event.trace_name, "ph": "X", "ts": event.time_range.start, "dur": event.time_range.elapsed_us(), "tid": event.thread,
                "pid": "CPU functions", "args": {},
            }
            for event in self if event.trace_name is not None
        ]  # fmt: skip
        with replacing(path) as file:
            file.write(json.dumps(rows).encode())

    def supported_export_stacks_metrics(self):
        """The names that ``export_stacks`` takes."""
        return list(METRICS)

    def export_stacks(self, path, metric):
        """Write a line ``outermost;...;innermost microseconds`` for each event with a stack: what programs that draw flame graphs read."""
        if metric not in METRICS:
            raise error("profiler_metric", metrics=METRICS)
        attribute, cleaned, lines = metric, str.maketrans(" ;\t\n", "____"), []
        for device in ("cuda", "xpu", "privateuse1"):
            attribute = attribute.replace(device, "device")
        for event in self:
            value = int(getattr(event, attribute))
            if event.stack and value > 0:
                lines.append(";".join(line.translate(cleaned) for line in reversed(event.stack)) + f" {value}\n")
        with replacing(path) as file:
            file.write("".join(lines).encode())


def _node_around(event):
    """The event of a node's rule that this one is, or lies in."""
    while event is not None and event.scope != 1:
        event = event.cpu_parent
    return event
