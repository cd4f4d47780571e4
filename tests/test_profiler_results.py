"""What a profiler gives: the table byte for byte, files, memory, stacks, errors."""

import gzip
import html.parser
import json
import os
import random
import threading

import pytest

import lesson_lib
from lesson_lib.autograd import profiler_util as ours_util
from lesson_lib.profiler import table as our_table


def made_up(util, device, seed, *, nested=True):
    """The same events for both libraries: some inside others, on two threads."""
    chance, events = random.Random(seed), []
    for number in range(30):
        start = chance.choice([1, 1e3, 1e6]) * number
        length = chance.choice([0.5, 12.0, 3456.7, 2.5e6]) if nested else 0.25
        events.append(
            util.FunctionEvent(
                id=number, name=chance.choice(["aten::mul", "aten::add", "aten::a_name_that_is_much_too_long_for_the_first_column_of_a_table", "mine"]),
                thread=chance.choice([1, 2]), start_us=start, end_us=start + length, overload_name="", trace_name="t", stack=[],
                input_shapes=chance.choice([[], [[2, 3], []], [[64, 3, 224, 224], [64, 3, 7, 7], [], [], [], [], [], [], [], [], [], [], [], [], [], []]]),
                cpu_memory_usage=chance.choice([0, -80, 2048, 3 << 20, 5 << 30]), flops=chance.choice([0, 0, 120, 7_000_000]), device_type=device.CPU,
            )
        )  # fmt: skip
    events = util.EventList(events, profile_memory=bool(seed % 2), with_flops=bool(seed % 3))
    events._build_tree()
    return events


LAYOUTS = [
    {}, dict(sort_by="cpu_time_total"), dict(sort_by="self_cpu_memory_usage", row_limit=5), dict(sort_by="cuda_time_total", header="A header"),
    dict(time_unit="ms"), dict(time_unit="s", top_level_events_only=True), dict(max_name_column_width=20, max_shapes_column_width=12),
    dict(max_name_column_width=None, max_shapes_column_width=None, row_limit=-1), dict(row_limit=0), dict(sort_by="count", time_unit="us"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_table_is_pytorchs_byte_for_byte(torch, seed, layout):
    theirs = made_up(torch.autograd.profiler_util, torch.profiler.DeviceType, seed)
    ours = made_up(ours_util, lesson_lib.profiler.DeviceType, seed)
    assert ours.table(**layout) == theirs.table(**layout)
    for options in (dict(), dict(group_by_input_shapes=True)):
        assert ours.key_averages(**options).table(**layout) == theirs.key_averages(**options).table(**layout)
    assert repr(ours.total_average()) == repr(theirs.total_average())
    assert repr(ours.key_averages()) == repr(theirs.key_averages()) and str(ours) == str(theirs)


def test_events_that_last_no_time_and_no_events(torch):
    tables = []
    for util, device in ((ours_util, lesson_lib.profiler.DeviceType), (torch.autograd.profiler_util, torch.profiler.DeviceType)):
        event = util.FunctionEvent(0, "nothing", 1, 5, 5, stack=[], flops=0, overload_name="", device_type=device.CPU)
        tables.append((util.EventList([event]).table(), util.EventList().table(), repr(event)))
    assert tables[0] == tables[1]


def test_the_table_with_lines_of_the_source(torch):
    tables = []
    for util, device in ((ours_util, lesson_lib.profiler.DeviceType), (torch.autograd.profiler_util, torch.profiler.DeviceType)):
        stacks = [["a.py(1): f", "a.py(20): <module>"], ["very_long_folder/" * 8 + "b.py(3): g"], []]
        events = [
            util.FunctionEvent(n, f"op{n}", 1, n, n + 0.5, stack=stack, flops=0, overload_name="", device_type=device.CPU)
            for n, stack in enumerate(stacks)
        ]
        events = util.EventList(events)
        events._build_tree()
        tables.append((events.table(max_src_column_width=40), events.key_averages(group_by_stack_n=1).table(), events.key_averages().table()))
    assert tables[0] == tables[1]
    assert "Source Location" in tables[0][0]


@pytest.mark.parametrize("number", [0, 0.0004, 1, 999.9999, 1000, 123456.789, 1e6, 1e9])
def test_numbers_as_text(torch, number):
    util = torch.autograd.profiler_util
    assert our_table.time_text(number) == util._format_time(number)
    assert our_table.memory_text(int(number)) == util._format_memory(int(number)) and our_table.memory_text(-int(number)) == util._format_memory(
        -int(number)
    )
    assert our_table.share_text(number, 2e9) == util._format_time_share(number, 2e9)


# --- what is measured --------------------------------------------------------------------------------------------


def test_memory_of_results(torch):
    def program(torch):
        x = torch.ones(5, 4)
        with torch.profiler.profile(profile_memory=True) as prof:
            a = torch.mul(x, x)
            b = a.view(-1)
            del a  # b looks into it
            c = torch.add(b, b)
            del b, c
        return [(event.name, event.cpu_memory_usage, event.self_cpu_memory_usage) for event in prof.events()]

    assert program(lesson_lib) == program(torch)


def test_memory_inside_of_a_range_and_of_a_backward_pass():
    x = lesson_lib.ones(100, requires_grad=True)
    with lesson_lib.profiler.profile(profile_memory=True) as prof:
        with lesson_lib.profiler.record_function("both"):
            square = x * x
            y = square.sum()
        y.backward()
    used = {event.name: event for event in prof.events()}
    assert used["both"].cpu_memory_usage == 404 and used["both"].self_cpu_memory_usage == 0 and used["aten::mul"].cpu_memory_usage == 400
    assert used["MulBackward0"].cpu_memory_usage >= 400
    assert "Self CPU Mem" in prof.key_averages().table() and "404 B" in prof.key_averages().table()


def test_flops(torch):
    def program(torch, name):
        x = torch.ones
        with torch.profiler.profile(with_flops=True) as prof:
            (
                torch.mm(x(3, 4), x(4, 5)),
                torch.bmm(x(2, 3, 4), x(2, 4, 5)),
                torch.addmm(x(5), x(3, 4), x(4, 5)),
                torch.mul(x(3, 4), x(4)),
                torch.add(x(3), x(3)),
            )
            torch.baddbmm(x(2, 3, 5), x(2, 3, 4), x(2, 4, 5)), torch.nn.functional.conv_transpose2d(x(1, 4, 8, 8), x(4, 6, 3, 3)), x(3).tanh()
            (
                torch.nn.functional.conv2d(x(2, 4, 8, 8), x(6, 2, 3, 3), stride=2, padding=1, groups=2),
                torch.nn.functional.conv1d(x(1, 2, 8), x(2, 2, 3)),
            )
        assert "Total FLOPs" in prof.key_averages().table()
        return {event.key.replace(name, "conv"): event.flops for event in prof.key_averages() if event.flops}

    assert program(lesson_lib, "convolution") == program(torch, "conv2d")


def test_lines_of_the_user(tmp_path):
    x = lesson_lib.ones(3, requires_grad=True)

    def helper():
        return lesson_lib.nn.functional.mse_loss(x, x.detach() + 1)

    with lesson_lib.profiler.profile(with_stack=True) as prof:
        loss = helper()
        loss.backward()
    stacks = {event.name: event.stack for event in prof.events()}
    assert [line.rpartition(" ")[2] for line in stacks["aten::mse_loss"][:2]] == ["helper", "test_lines_of_the_user"]
    assert "test_profiler_results.py(" in stacks["aten::mse_loss"][0] and not any("lesson_lib/" in line for line in stacks["aten::mse_loss"])
    assert stacks["MseLossBackward0"] == stacks["aten::mse_loss"]  # the line that wrote the node
    assert "Source Location" in prof.key_averages(group_by_stack_n=2).table()
    prof.export_stacks(tmp_path / "stacks")
    lines = (tmp_path / "stacks").read_text().splitlines()
    assert any("test_lines_of_the_user;" in line and line.rpartition(" ")[2].isdigit() for line in lines)


# --- the trace ---------------------------------------------------------------------------------------------------


def keys_of(trace):
    found = {}
    for row in trace["traceEvents"]:
        place = found.setdefault((row["ph"], row.get("cat"), row["name"] if row["ph"] == "M" else ""), (set(), set()))
        place[0].update(row)
        place[1].update(row.get("args", ()))
    return found


def traced(torch, path, **options):
    x, net = torch.ones(3, 4), torch.nn.Linear(4, 2)
    with torch.profiler.profile(record_shapes=True, profile_memory=True, **options) as prof:
        with torch.profiler.record_function("mine"):
            net(x).sum().backward()
        prof.add_metadata("said", "by me")
    prof.export_chrome_trace(str(path))
    return prof


def test_the_trace_has_pytorchs_keys(torch, tmp_path):
    traces = []
    for one, name in ((lesson_lib, "ours.json"), (torch, "theirs.json")):
        traced(one, tmp_path / name)
        traces.append(json.loads((tmp_path / name).read_text()))
    ours, theirs = traces
    assert set(ours) == set(theirs) and ours["said"] == theirs["said"] and ours["record_shapes"] == theirs["record_shapes"]
    here, there = keys_of(ours), keys_of(theirs)
    for kind, (keys, args) in here.items():
        assert keys == there[kind][0] and args <= there[kind][1], kind
    dims = lambda trace: {row["name"]: row["args"].get("Input Dims") for row in trace["traceEvents"] if row["ph"] == "X"}  # noqa: E731
    for name in ("aten::addmm", "aten::t", "mine", "AddmmBackward0", "torch::autograd::AccumulateGrad"):
        assert dims(ours)[name] == dims(theirs)[name], name


def test_the_trace_is_what_perfetto_reads(tmp_path):
    prof = traced(lesson_lib, tmp_path / "trace.json", with_stack=True, with_modules=True)
    trace = json.loads((tmp_path / "trace.json").read_text())
    ranges = [row for row in trace["traceEvents"] if row["ph"] == "X" and row["cat"] != "Trace"]
    assert len(ranges) == sum(event.trace_name is not None for event in prof.events())
    for row in ranges:
        assert row["dur"] >= 0 and row["ts"] > 0 and row["pid"] == os.getpid() and row["tid"] == threading.get_native_id()
    addmm = next(row for row in ranges if row["name"] == "aten::addmm")["args"]
    assert addmm["Module Hierarchy"] == "Linear" and addmm["Call stack"].endswith(": traced") and addmm["Input type"][:3] == ["float"] * 3
    starts, ends = ({row["id"]: row["ts"] for row in trace["traceEvents"] if row["ph"] == phase} for phase in "sf")
    assert starts.keys() == ends.keys() and len(starts) >= 3 and all(starts[number] < ends[number] for number in starts)


def test_a_trace_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    prof = traced(lesson_lib, tmp_path / "trace.json.gz")
    assert json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))["schemaVersion"] == 1
    path = tmp_path / "trace.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", lambda number: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prof.export_chrome_trace(str(path))
    assert path.read_text() == "old" and sorted(os.listdir(tmp_path)) == ["trace.json", "trace.json.gz"]


def test_a_file_for_each_cycle(tmp_path):
    plan = lesson_lib.profiler.schedule(wait=0, warmup=1, active=1, repeat=2)
    handler = lesson_lib.profiler.tensorboard_trace_handler(str(tmp_path / "new" / "logs"), worker_name="me", use_gzip=True)
    with lesson_lib.profiler.profile(schedule=plan, on_trace_ready=handler, acc_events=True) as prof:
        for _ in range(4):
            lesson_lib.ones(2).relu()
            prof.step()
    names = os.listdir(tmp_path / "new" / "logs")
    assert len(names) == 2 and all(name.startswith("me.") and name.endswith(".pt.trace.json.gz") for name in names)
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError, match="Can't create directory"):
        lesson_lib.profiler.tensorboard_trace_handler(str(tmp_path / "file" / "logs"))(prof)


def test_an_event_list_writes_a_trace_too(tmp_path, torch):
    rows = []
    for util, device in ((ours_util, lesson_lib.profiler.DeviceType), (torch.autograd.profiler_util, torch.profiler.DeviceType)):
        made_up(util, device, 1).export_chrome_trace(str(tmp_path / "list.json"))
        rows.append(json.loads((tmp_path / "list.json").read_text()))
    assert rows[0] == rows[1]


# --- errors, and the older interface -----------------------------------------------------------------------------

MISTAKES = {
    "stop before start": lambda t, p: p.profile().stop(),
    "sums before start": lambda t, p: p.profile().key_averages(),
    "events before start": lambda t, p: p.profile().events(),
    "trace before start": lambda t, p: p.profile().export_chrome_trace("nowhere"),
    "stacks before start": lambda t, p: p.profile().export_stacks("nowhere"),
    "stacks without stacks": lambda t, p: _recorded(p).export_stacks("nowhere"),
    "metric": lambda t, p: _recorded(p).events().export_stacks("nowhere", "bad"),
    "sort": lambda t, p: t.autograd.profiler_util.EventList([_event(t)]).table(sort_by="nonsense"),
    "sums of sums": lambda t, p: _recorded(p).key_averages().key_averages(),
    "no activity": lambda t, p: p.profile(activities=[]),
    "activity": lambda t, p: p.profile(activities=[p.ProfilerActivity.CPU, 3]),
    "activity twice": lambda t, p: p.profile(activities=[p.ProfilerActivity.CPU] * 2),
    "position": lambda t, p: p.profile([p.ProfilerActivity.CPU]),
    "schedule negative": lambda t, p: p.schedule(wait=-1, warmup=1, active=1),
    "schedule without active": lambda t, p: p.schedule(wait=1, warmup=1, active=0),
    "schedule of nothing": lambda t, p: p.schedule(),
    "step": lambda t, p: p.schedule(wait=1, warmup=1, active=1)(-1),
    "timeout": lambda t, p: p.profile(post_processing_timeout_s=-1).start(),
    "trace only": lambda t, p: _recorded(p, experimental_config=p._ExperimentalConfig(trace_only=True)).events(),
    "name": lambda t, p: p.record_function(3).__enter__(),
    "twice": lambda t, p: _entered_twice(t),
}


def _recorded(profiler, **options):
    with profiler.profile(**options) as prof:
        pass
    return prof


def _event(torch):
    return torch.autograd.profiler_util.FunctionEvent(0, "a", 1, 0, 1, stack=[])


def _entered_twice(torch):
    with torch.autograd.profiler.profile() as prof:
        pass
    prof.__enter__()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors(torch, mistake):
    caught = []
    for one in (lesson_lib, torch):
        with pytest.raises((AssertionError, AttributeError, RuntimeError, TypeError, ValueError)) as raised:
            MISTAKES[mistake](one, one.profiler)
        caught.append((raised.type, str(raised.value).splitlines()[0]))
    assert caught[0] == caught[1]


def test_the_older_interface(torch):
    def program(torch):
        profile = torch.autograd.profiler.profile
        with profile() as prof:
            torch.mul(torch.ones(2), torch.ones(2))
        with profile(enabled=False) as nothing:
            pass
        sums = [(event.key, event.count) for event in prof.key_averages() if event.key == "aten::mul"]
        return nothing, repr(profile()), str(profile()), prof.total_average().key, prof.self_cpu_time_total > 0, sums

    assert program(lesson_lib) == program(torch)
    with pytest.raises(AttributeError, match="NVIDIA"):
        lesson_lib.autograd.profiler.emit_nvtx  # noqa: B018
    with pytest.warns(UserWarning, match="CUDA is not available"):
        lesson_lib.autograd.profiler.profile(use_device="cuda")


def test_old_names(torch):
    for util in (ours_util, torch.autograd.profiler_util):
        event = util.FunctionEvent(0, "a", 1, 0, 1, stack=[])
        for name in ("cuda_time", "cuda_time_total", "self_cuda_time_total", "self_cuda_memory_usage"):
            with pytest.warns(FutureWarning, match=f"`{name}` is deprecated"):
                assert getattr(event, name) == 0


def test_no_trace_before_the_end(tmp_path):
    with lesson_lib.profiler.profile() as prof, pytest.raises(RuntimeError, match="has not finished a recording"):
        prof.export_chrome_trace(str(tmp_path / "trace.json"))


def test_enumerations(torch):
    for name in ("ProfilerActivity", "ProfilerAction", "DeviceType", "RecordScope"):
        ours, theirs = getattr(lesson_lib.profiler, name), getattr(torch.profiler, name)
        assert {key: member.value for key, member in ours.__members__.items()} == {key: member.value for key, member in theirs.__members__.items()}
        assert repr(ours(0)) == repr(theirs(0)) and str(ours(0)) == str(theirs(0))
    assert repr(lesson_lib.profiler.supported_activities()) == repr(torch.profiler.supported_activities())


# --- in a notebook -----------------------------------------------------------------------------------------------


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_sums_are_shown_with_bars():
    with lesson_lib.profiler.profile() as prof, lesson_lib.profiler.record_function("<script>alert(1)</script>"):
        lesson_lib.ones(2) * 2
    page = prof.key_averages()._repr_html_()
    tags = _Tags()
    tags.feed(page)
    assert tags.open == [] and "script" not in {tag for tag, _ in tags.seen} and "<script>alert(1)</script>" in tags.text
    bars = [attributes["style"] for tag, attributes in tags.seen if tag == "span"]
    assert len(bars) == 2 and "width:12.0em" in bars[0]
    assert "color:inherit" in page and page == prof.key_averages()._repr_html_()
    assert repr(prof.key_averages()).startswith("[<FunctionEventAvg key=")
