"""The table of a profile, in PyTorch's layout."""

import math

from ..core.errors import error

WIDTH, GAP = 12, 2  # of a column of numbers; between columns
FLOPS = ("FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs")
DEVICES = ("cuda", "xpu", "privateuse1")  # an old name for "device" in the names of attributes


def time_text(microseconds, unit=None):
    """12.000us, 1.500ms, 2.000s; ``unit`` decides, or the size of the number."""
    if unit not in ("s", "ms", "us"):
        unit = "s" if microseconds >= 1e6 else "ms" if microseconds >= 1e3 else "us"
    return f"{microseconds / {'s': 1e6, 'ms': 1e3, 'us': 1.0}[unit]:.3f}{unit}"


def share_text(part, whole):
    """A share of the time, in percent."""
    return "NaN" if whole == 0 else f"{part * 100.0 / whole:.2f}%"


def memory_text(size):
    """A number of bytes in the largest fitting unit."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(size) >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} B"


def sorted_by(events, name):
    """The events with the largest ``name`` first; as they are if it is None."""
    if name is None:
        return list(events)
    attribute = name
    for device in DEVICES:
        attribute = attribute.replace(device, "device")
    for event in events:
        if not hasattr(event, attribute):
            raise error("profiler_sort", type=type(event).__name__, name=attribute)
    return sorted(events, key=lambda event: getattr(event, attribute), reverse=True)


class Column:
    """A column: its title, its width, the text of an event in it."""

    def __init__(self, title, text, width=WIDTH, align=">"):
        self.title, self.text, self.width, self.align = title, text, width, align


def table(
    events, sort_by=None, header=None, row_limit=100, max_src_column_width=75, max_name_column_width=55, max_shapes_column_width=80,
    with_flops=False, profile_memory=False, top_level_events_only=False, time_unit=None,
):  # fmt: skip
    """The text. The arguments are those of ``EventList.table``."""
    if len(events) == 0:
        return ""
    events = sorted_by(events, sort_by)
    total = sum(event.self_cpu_time_total for event in events)
    for event in events:
        event.self_cpu_percent = share_text(event.self_cpu_time_total, total)
        event.total_cpu_percent = 0 if event.is_async else share_text(event.cpu_time_total, total)
    source_width = _source_width(events, max_src_column_width)
    columns = _columns(events, max_name_column_width, max_shapes_column_width, source_width, with_flops, profile_memory, time_unit)
    line = "".join("-" * column.width + " " * GAP for column in columns)
    length = sum(column.width + GAP for column in columns) - GAP
    lines = ["=" * length, header] if header is not None else []
    if top_level_events_only:
        lines += ["=" * length, "This report only display top-level ops statistics"]
    lines += [line, _row(columns, [column.title for column in columns]), line]
    listed = [event for event in events if not (top_level_events_only and event.cpu_parent is not None)]
    for event in listed if row_limit < 0 else listed[:row_limit]:
        lines.append(_row(columns, [column.text(event) for column in columns]))
        if source_width:
            lines += _source_lines(columns, event, source_width)
    lines += [line, f"Self CPU time total: {time_text(total, time_unit)}"]
    return "\n".join(lines) + "\n"


def _columns(events, name_limit, shapes_limit, source_width, with_flops, profile_memory, unit):
    name_width = _narrowed(max(len(event.key) for event in events) + 4, name_limit)
    columns = [
        Column("Name", lambda event: _cut(event.key, name_limit), name_width),
        *([Column("Overload Name", lambda event: _cut(event.overload_name, name_limit), name_width)] if any(e.overload_name for e in events) else []),
        Column("Self CPU %", lambda event: event.self_cpu_percent),
        Column("Self CPU", lambda event: time_text(event.self_cpu_time_total, unit)),
        Column("CPU total %", lambda event: event.total_cpu_percent),
        Column("CPU total", lambda event: time_text(event.cpu_time_total, unit)),
        Column("CPU time avg", lambda event: time_text(event.cpu_time, unit)),
    ]
    if profile_memory:
        columns.append(Column("CPU Mem", lambda event: memory_text(event.cpu_memory_usage)))
        columns.append(Column("Self CPU Mem", lambda event: memory_text(event.self_cpu_memory_usage)))
    columns.append(Column("# of Calls", lambda event: event.count))
    if any(event.node_id != -1 for event in events):
        columns.append(Column("Node ID", lambda event: event.node_id))
    if any(event.input_shapes for event in events):
        width = _narrowed(max(len(str(event.input_shapes)) for event in events) + 4, shapes_limit)
        columns.append(Column("Input Shapes", lambda event: str(event.input_shapes)[:width], width))
    if source_width:
        columns.append(Column("Source Location", lambda event: _end_of(event.stack[0], source_width) if event.stack else "", source_width, "<"))
    counted = [event.flops for event in events if event.flops and event.flops > 0]
    if with_flops and counted:
        power = int(max(0, min(math.log10(min(counted)) / 3, len(FLOPS) - 1)))
        scale = 10 ** (power * -3.0)
        columns.append(Column(f"Total {FLOPS[power]}", lambda event: f"{event.flops * scale:8.3f}" if event.flops and event.flops > 0 else "--"))
    return columns


def _row(columns, values):
    return "".join(f"{value: {column.align}{column.width}}" + " " * GAP for column, value in zip(columns, values, strict=True))


def _narrowed(width, limit):
    return width if limit is None else min(width, limit)


def _cut(name, limit):
    return name if limit is None or len(name) < limit - 3 else name[: limit - 3] + "..."


def _source_width(events, limit):
    """0 if no event has a stack."""
    lines = [line for event in events for line in event.stack or ()]
    return _narrowed(max(map(len, lines)) + 4, limit) if lines else 0


def _end_of(path, width):
    """The end of a line that is too long: there is what tells lines apart."""
    if len(path) <= width:
        return path
    path = path[-width:]
    return "..." + path[3:] if len(path) > 3 else path


def _source_lines(columns, event, width):
    """The rest of the stack beneath its first line, and an empty line."""
    at = next(number for number, column in enumerate(columns) if column.title == "Source Location")
    rest = [*(_end_of(line, width) for line in (event.stack or ())[1:]), ""]
    return [_row(columns, [line if number == at else "" for number in range(len(columns))]) for line in rest]
