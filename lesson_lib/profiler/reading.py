"""From what a session wrote to FunctionEvents."""

from bisect import bisect_left, bisect_right

from .events import FunctionEvent
from .session import BACKWARD, LIST, USER

STEP = "ProfilerStep#"
#: PyTorch's names of the dtypes in a trace
TYPES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "int64": "long int", "int32": "int", "int16": "short int",
    "int8": "signed char", "uint8": "unsigned char", "bool": "bool", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def events_of(session, use_shapes):
    """The session's events in the order of their beginnings."""
    memory, taken = _Memory(session), set()
    makers = {found.sequence: lane.number for lane in session.lanes for found in lane.ranges if found.sequence >= 0 and not is_backward(found)}
    events = []
    for lane in session.lanes:
        for found in lane.ranges:
            backward, inputs = is_backward(found), (found.inputs or ()) if use_shapes else ()
            events.append(
                FunctionEvent(
                    id=0, name="ProfilerStep*" if found.name.startswith(STEP) else found.name, trace_name=found.name, overload_name="",
                    thread=lane.number, start_us=(found.start - session.started) / 1000, end_us=(found.end - session.started) / 1000,
                    fwd_thread=(makers.get(found.sequence, lane.number) if found.sequence >= 0 else 0) if backward else 0,
                    input_shapes=[list(part[0]) if isinstance(part, tuple) and part[2] != LIST else [] for part in inputs],
                    structured_input_shapes=[list(part[0]) if isinstance(part, tuple) else [] for part in inputs],
                    structured_input_strides=[list(part[1]) if isinstance(part, tuple) else [] for part in inputs],
                    input_dtypes=[type_text(part) for part in inputs],
                    concrete_inputs=[part if isinstance(part, str) else "" for part in inputs], stack=list(found.stack or ()),
                    scope=found.scope, sequence_nr=found.sequence, is_user_annotation=found.scope == USER, flops=found.flops,
                    cpu_memory_usage=memory.within(lane.number, found.start, found.end, taken), module_hierarchy=".".join(found.modules or ()),
                )
            )  # fmt: skip
    events += [_memory_event(session, memory.entries[number]) for number in range(len(memory.entries)) if number not in taken]
    events.sort(key=lambda event: (event.time_range.start, -event.time_range.end))
    for number, event in enumerate(events):
        event.id = number + 1
    return events


def type_text(part):
    """What PyTorch calls the type of an argument in a trace."""
    if isinstance(part, tuple):
        return TYPES.get(part[2], part[2])
    return "" if part == "" else "ScalarList" if part.startswith("[") else "Scalar"


def is_backward(found):
    """Does a range belong to a node of the graph?"""
    return found.scope == BACKWARD or found.name.startswith("autograd::engine::")


def _memory_event(session, entry):
    """Memory that was let go outside of all ops."""
    when, size, thread = entry
    at = (when - session.started) / 1000
    return FunctionEvent(
        id=0,
        name="[memory]",
        overload_name="",
        thread=thread,
        start_us=at,
        end_us=at,
        fwd_thread=thread,
        input_shapes=[],
        stack=[],
        cpu_memory_usage=size,
    )


class _Memory:
    """The ledger's entries, by time."""

    def __init__(self, session):
        self.entries = sorted(session.ledger.entries, key=lambda entry: entry[0]) if session.ledger else []
        self.times = [entry[0] for entry in self.entries]

    def within(self, thread, start, end, taken):
        """The bytes taken less those let go from ``start`` to ``end``; the numbers of the entries go into ``taken``."""
        total = 0
        for number in range(bisect_left(self.times, start), bisect_right(self.times, end)):
            if self.entries[number][2] == thread:
                total += self.entries[number][1]
                taken.add(number)
        return total
