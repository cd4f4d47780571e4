"""The profiler's recordings beside PyTorch's: which events there are, who called whom, when a schedule records."""

import contextlib
import itertools
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter

import pytest

import lesson_lib
from lesson_lib.core import compiled, engine, state
from lesson_lib.core.op import registry
from lesson_lib.profiler.names import OWN, RENAMED, aten_name

from . import standin

pytestmark = pytest.mark.filterwarnings("ignore:Warning. Profiler clears events", "ignore:Profiler won't be using warmup")


def tree(prof, keep=lambda name: True):
    """The events that are kept, as (depth among them, name)."""
    found = []
    for event in prof.events():
        if keep(event.name):
            depth, parent = 0, event.cpu_parent
            while parent is not None:
                depth, parent = depth + keep(parent.name), parent.cpu_parent
            found.append((depth, event.name))
    return found


def counts(prof):
    return Counter(event.name for event in prof.events())


def small_training(torch, **options):
    """Forward, backward and a step of a small network, recorded."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, target = torch.ones(5, 4), torch.zeros(5, 2)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], **options) as prof:
        with torch.profiler.record_function("forward"):
            loss = torch.nn.functional.mse_loss(net(x), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return prof


#: what PyTorch's operations are made of there; ours are one computation, or are not operations
INNER = {
    "aten::linear", "aten::transpose", "aten::as_strided", "aten::expand", "aten::copy_", "aten::resolve_conj", "aten::clamp_min", "aten::empty",
    "aten::ones_like", "aten::empty_like", "aten::empty_strided", "aten::fill_", "aten::detach", "detach", "aten::add_", "aten::mse_loss_backward",
    "aten::threshold_backward", "aten::mm", "aten::sum", "aten::view", "aten::mul_", "aten::to", "aten::mul", "aten::zeros_like", "aten::zero_",
    "aten::broadcast_tensors",
}  # fmt: skip


def test_a_training_step_has_pytorchs_events(torch):
    ours, theirs = small_training(lesson_lib), small_training(torch)
    forward = lambda prof: [row for row in tree(prof, lambda name: name not in INNER) if row[0] == 0 or "aten" in row[1]]  # noqa: E731
    assert forward(ours)[:6] == forward(theirs)[:6] and (1, "aten::mse_loss") in forward(ours)[:7] and (1, "aten::mse_loss") in forward(theirs)[:9]
    own_ranges = lambda prof: Counter(row for row in tree(prof, lambda name: not name.startswith("aten") and name != "detach"))  # noqa: E731
    assert own_ranges(ours) == own_ranges(theirs)  # a heap of nodes of the same age may be emptied in another order
    assert counts(ours)["aten::sum_to_size"] == 2  # PyTorch's sum and view: the bias was broadcast
    assert counts(ours).keys() - counts(theirs).keys() == {"aten::sum_to_size"}
    assert counts(ours).keys() >= {
        "forward", "aten::addmm", "aten::relu", "aten::mse_loss", "autograd::engine::evaluate_function: AddmmBackward0", "AddmmBackward0",
        "torch::autograd::AccumulateGrad", "Optimizer.step#SGD.step", "Optimizer.zero_grad#SGD.zero_grad",
    }  # fmt: skip


def test_the_events_of_a_step_lie_one_in_the_other():
    prof = small_training(lesson_lib)
    events = {event.name: event for event in prof.events()}
    node = events["TBackward0"]
    assert node.cpu_parent.name == "autograd::engine::evaluate_function: TBackward0" and node.scope == 1
    assert [child.name for child in node.cpu_children] == ["aten::t"]
    for event in prof.events():
        assert event.self_cpu_time_total == pytest.approx(event.cpu_time_total - sum(child.cpu_time_total for child in event.cpu_children))
        assert event.time_range.start <= event.time_range.end and event.self_cpu_time_total >= 0
    forward = next(event for event in prof.events() if event.name == "aten::addmm")
    backward = [event for event in prof.events() if event.name == "AddmmBackward0"]
    assert forward.sequence_nr == backward[-1].sequence_nr and backward[-1].fwd_thread == forward.thread == 1


def test_every_op_has_pytorchs_name(torch):
    known = {schema.name for schema in torch._C._jit_get_all_schemas()}
    assert set(OWN) | set(RENAMED) <= set(registry)
    assert [decl.name for decl in registry.values() if aten_name(decl).startswith("aten::") and aten_name(decl) not in known] == []
    assert [decl.name for decl in registry.values() if aten_name(decl).startswith("lesson_lib::") and decl.public and decl.name not in OWN] == []


def test_a_name_of_an_op_stands_for_what_pytorch_calls_so(torch):
    def program(torch):
        F, ones = torch.nn.functional, torch.ones
        x = ones(2, 3, 8, 8)
        F.conv2d(x, ones(6, 3, 3, 3)), F.max_pool2d(x, 2), F.avg_pool2d(x, 2), F.adaptive_avg_pool2d(x, 1), F.gelu(x), F.group_norm(x, 3)
        F.layer_norm(x, (8,)), F.cross_entropy(ones(3, 4), torch.tensor([1, 2, 3])), F.embedding(torch.tensor([1]), ones(3, 2)), x.softmax(1)
        F.binary_cross_entropy_with_logits(ones(3), ones(3)), F.dropout(x), torch.cat([x, x]), torch.stack([x, x]), x[1], x[:, 1:], x / 2, x**2
        torch.where(x > 0, x, x), x.max(), x.max(1), x.var(), x.view(-1).reshape(4, -1).t().contiguous(), x.double(), ones(3, 4) @ ones(4)
        ones(2, 3, 4) @ ones(2, 4, 5), x.clamp(0, 1), x.mean((2, 3)), x.sqrt(), x.argmax(1), torch.linalg.norm(ones(2, 2)), x.clone().mul_(2).zero_()

    names = []
    for one in (torch, lesson_lib):
        with one.profiler.profile() as prof:
            program(one)
        names.append(set(counts(prof)))
    assert names[1] - names[0] == set() and len(names[1]) > 35


@pytest.mark.parametrize("shapes", [False, True])
def test_sums_by_name_and_by_shapes(torch, shapes):
    def groups(torch):
        x, y = torch.ones(2, 3), torch.ones(4, 3)
        with torch.profiler.profile(record_shapes=True) as prof:
            x.relu(), y.relu(), y.relu(), torch.mm(x, y.t()), x.tanh(), torch.mul(x, x)
        sums = prof.key_averages(group_by_input_shape=shapes)
        return {(event.key, str(event.input_shapes)): event.count for event in sums if event.key not in INNER - {"aten::mm", "aten::mul"}}

    assert groups(lesson_lib) == groups(torch)


def test_ranges_that_the_user_marks(torch):
    def program(torch):
        record_function = torch.profiler.record_function

        @record_function("function")
        def squared(x):
            """A square."""
            return torch.mul(x, x)

        x = torch.ones(3)
        with torch.profiler.profile() as prof:
            with record_function("outer"):
                torch.relu(x)
                with record_function("inner"):
                    squared(x)
                squared(x)
            try:
                with record_function("that fails"):
                    torch.relu(x)
                    raise KeyError
            except KeyError:
                torch.tanh(x)
        assert squared.__name__ == "squared" and squared.__doc__ == "A square."
        return tree(prof, lambda name: name != "aten::clamp_min"), [event.scope for event in prof.events() if not event.name.startswith("aten")]

    assert program(lesson_lib) == program(torch)


def test_a_range_without_a_profiler_is_nothing():
    with lesson_lib.profiler.record_function("nobody listens") as found:
        assert lesson_lib.ones(2).sum() == 2
    assert found.name == "nobody listens"


# --- schedules ---------------------------------------------------------------------------------------------------

PLANS = [
    dict(wait=wait, warmup=warmup, active=active, repeat=repeat, skip_first=skip)
    for wait, warmup, active, repeat, skip in itertools.product((0, 1, 3), (0, 1, 2), (1, 2), (0, 1, 2), (0, 2))
]  # fmt: skip
PLANS += [dict(wait=2, warmup=1, active=2, repeat=1, skip_first=1, skip_first_wait=1)]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: "-".join(map(str, plan.values())))
def test_schedules(torch, plan):
    ours, theirs = lesson_lib.profiler.schedule(**plan), torch.profiler.schedule(**plan)
    assert [ours(step).name for step in range(30)] == [theirs(step).name for step in range(30)]


@pytest.mark.parametrize("plan", PLANS[::13], ids=lambda plan: "-".join(map(str, plan.values())))
@pytest.mark.parametrize("accumulated", [False, True])
def test_what_is_recorded_under_a_schedule(torch, plan, accumulated):
    def program(torch):
        ready, x = [], torch.ones(2)

        def handler(prof):
            ready.append((prof.step_num, [event.trace_name for event in prof.events()]))

        options = dict(schedule=torch.profiler.schedule(**plan), on_trace_ready=handler, acc_events=accumulated)
        with torch.profiler.profile(**options) as prof:
            for _ in range(9):
                torch.mul(x, x)
                prof.step()
        return ready, prof.step_num

    assert program(lesson_lib) == program(torch)


def test_a_schedule_of_ones_own_that_makes_no_sense():  # without PyTorch, which may crash here
    action = lesson_lib.profiler.ProfilerAction
    order = [action.WARMUP, action.NONE, action.RECORD, action.NONE, action.RECORD, action.WARMUP, action.RECORD]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with lesson_lib.profiler.profile(schedule=lambda step: order[step % 7]) as prof:
            for _ in range(6):
                prof.step()
    said = [str(warning.message) for warning in caught if "Incorrect" in str(warning.message)]
    assert said == [f"Incorrect schedule: {words}" for words in ("WARMUP followed by NONE", "RECORD followed by NONE", "RECORD followed by WARMUP")]
    with pytest.raises(ValueError, match="DEVICE_STOPPED is set internally"):
        lesson_lib.profiler.profile(schedule=lambda step: action.DEVICE_STOPPED)


# --- the odd cases -----------------------------------------------------------------------------------------------


def test_an_op_that_fails_is_recorded_and_the_profiler_ends(torch):
    def program(torch):
        x = torch.ones(3, 4)
        prof = torch.profiler.profile()

        def fails():
            with prof:
                torch.relu(x)
                torch.mm(x, x)

        with pytest.raises(RuntimeError):
            fails()
        return tree(prof, lambda name: name != "aten::clamp_min")

    before = list(state.watchers)
    assert program(lesson_lib) == program(torch)
    assert state.watchers == before


def test_a_gradient_that_fails_ends_its_turn():
    class Fails(lesson_lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise KeyError

    x = lesson_lib.ones(2, requires_grad=True)
    with lesson_lib.profiler.profile() as prof:
        with pytest.raises(KeyError):
            Fails.apply(x).sum().backward()
        x.relu()
    last = prof.events()[-1]
    assert last.name == "aten::relu" and last.cpu_parent is None
    assert tree(prof)[:2] == [(0, "Fails"), (1, "aten::mul")] and (1, "FailsBackward") in tree(prof)


def test_gradients_of_gradients_and_of_some_inputs(torch):
    def program(torch):
        x = torch.ones(2, requires_grad=True)
        with torch.profiler.profile() as prof:
            (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
            g.sum().backward()
        return tree(prof, lambda name: "Backward" in name and "evaluate" not in name)

    assert program(lesson_lib) == program(torch)


def test_a_second_profiler_takes_the_place_of_the_first(torch):
    def program(torch):
        x = torch.ones(2)
        with torch.profiler.profile() as outer:
            torch.tanh(x)
            with torch.profiler.profile() as inner:
                torch.exp(x)
            torch.sin(x)
        return tree(outer), tree(inner)

    with pytest.warns(UserWarning, match="no active profiling session found"):
        ours = program(lesson_lib)
    assert ours == program(torch) == ([], [(0, "aten::exp")])


@pytest.mark.parametrize("everybody", [False, True])
def test_threads(torch, everybody):
    def program(torch):
        x = torch.ones(2)
        config = torch.profiler._ExperimentalConfig(profile_all_threads=everybody)
        with torch.profiler.profile(experimental_config=config) as prof:
            torch.tanh(x)
            thread = threading.Thread(target=lambda: torch.exp(x))
            thread.start()
            thread.join()
        threads = {event.thread: number for number, event in enumerate(prof.events())}  # PyTorch numbers all threads of the process
        return [(event.name, threads[event.thread]) for event in prof.events()], prof.events()[0].thread

    assert program(lesson_lib) == program(torch)


def test_a_pause(torch):
    def program(torch):
        x, cpu = torch.ones(2, requires_grad=True), [torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile() as prof:
            y = torch.tanh(x)
            prof.toggle_collection_dynamic(False, cpu)
            with torch.profiler.record_function("unseen"):
                torch.exp(y).backward(torch.ones(2))
            prof.toggle_collection_dynamic(True, cpu)
            torch.cos(x)
        return tree(prof)

    assert program(lesson_lib) == program(torch) == [(0, "aten::tanh"), (0, "aten::cos")]


def test_a_pause_within_a_backward_pass():
    cpu = [lesson_lib.profiler.ProfilerActivity.CPU]
    x = lesson_lib.ones(2, requires_grad=True)
    y = x * 2
    with lesson_lib.profiler.profile() as prof:
        y.register_hook(lambda g: prof.toggle_collection_dynamic(False, cpu))
        y.exp().sum().backward()
        prof.toggle_collection_dynamic(True, cpu)
        x.sum()
    assert "ExpBackward0" in counts(prof) and "torch::autograd::AccumulateGrad" not in counts(prof) and prof.events()[-1].name == "aten::sum"


def test_numbers_of_16_bits_and_lists_of_tensors(torch):
    def program(torch):
        x = torch.ones(2, 3, dtype=torch.float16)
        with torch.profiler.profile(record_shapes=True) as prof:
            torch.mul(x, x)
            torch.cat([x, x], dim=1)
        return [
            (event.name, event.input_shapes, event.structured_input_shapes, event.structured_input_strides, event.input_dtypes)
            for event in prof.events()
        ]

    assert program(lesson_lib) == program(torch)


def test_a_device_is_not_asked_for_its_numbers():
    standin.install()
    x = lesson_lib.ones(4, 4).to(standin.TYPE).requires_grad_()
    asked = standin.Array.syncs
    with lesson_lib.profiler.profile(record_shapes=True, profile_memory=True, with_flops=True, with_stack=True, with_modules=True) as prof:
        (x @ x).relu().sum().backward()
    assert standin.Array.syncs == asked
    assert {"aten::mm", "MmBackward0", "aten::relu"} <= counts(prof).keys() and prof.key_averages().table()


def test_modules_whose_forward_fails():
    class Fails(lesson_lib.nn.Module):
        def forward(self, x):
            return lesson_lib.nn.functional.relu(x) @ x

    class Outer(lesson_lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Fails()

        def forward(self, x):
            with contextlib.suppress(RuntimeError):
                self.inner(x)
            return x.tanh()

    with lesson_lib.profiler.profile(with_modules=True) as prof:
        Outer()(lesson_lib.ones(2, 3))
        lesson_lib.ones(2).cos()
    assert {event.name: event.module_hierarchy for event in prof.events()} == {
        "aten::relu": "Outer.Fails", "aten::mm": "Outer.Fails", "aten::tanh": "Outer", "aten::cos": "",
    }  # fmt: skip


def test_batches_of_a_dataloader(torch):
    def program(torch):
        with torch.profiler.profile() as prof:
            for _ in torch.utils.data.DataLoader([1.0, 2.0, 3.0]):
                pass
        return {name: count for name, count in counts(prof).items() if name.startswith("enumerate")}

    assert program(lesson_lib) == program(torch) == {"enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__": 4}


# --- what it costs -----------------------------------------------------------------------------------------------


def calls_of(program):
    """How many functions of Python a program calls."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        program()
    finally:
        sys.setprofile(None)
    return count


def test_without_a_profiler_everything_is_as_before():
    x, net = lesson_lib.ones(3, requires_grad=True), lesson_lib.nn.Linear(3, 2)
    optimizer = lesson_lib.optim.SGD(net.parameters(), lr=0.1)

    def program():
        (net(x).relu() * 2).sum().backward()
        optimizer.step()
        x.detach().add_(1)

    def places():
        cells = [cell.cell_contents for decl in registry.values() for cell in decl.raw.__closure__ if callable(cell.cell_contents)]
        classes = (lesson_lib.Tensor, lesson_lib.autograd.Function, lesson_lib.optim.Optimizer, lesson_lib.optim.SGD, *registry.values())
        return cells, [dict(vars(cls)) for cls in classes], engine._run, engine.heappop, engine.heappushpop, list(state.watchers)

    program()
    before, calls = places(), calls_of(program)
    with lesson_lib.profiler.profile(with_modules=True, profile_memory=True) as prof:
        program()
        assert calls_of(program) > calls and places() != before
    assert len(prof.events()) > 20
    assert places() == before and calls_of(program) == calls


def test_compiled_kernels_stay_in_use(monkeypatch):
    tried = []
    monkeypatch.setattr(compiled.choice, "module", lambda name: tried.append(name))
    with lesson_lib.profiler.profile() as prof:
        lesson_lib.ones(256, 256).softmax(1)
    assert tried == ["softmax"] and list(counts(prof)) == ["aten::softmax"]


def test_a_recorded_small_op_takes_at_most_five_times_as_long():
    x, y = lesson_lib.ones(3), lesson_lib.ones(3)

    def seconds():
        start = time.perf_counter()
        for _ in range(300):
            x + y
        return time.perf_counter() - start

    plain, recorded = [], []
    for _ in range(15):
        plain.append(seconds())
        with lesson_lib.profiler.profile():
            recorded.append(seconds())
    assert min(recorded) < 5 * min(plain)


def test_the_profiler_is_imported_when_it_is_named():
    program = (
        "import sys, lesson_lib as torch; assert not [name for name in sys.modules if 'profiler' in name and 'lesson_lib' in name and 'messages' not in name];"
        "torch.profiler.schedule; torch.autograd.profiler.profile; torch.autograd.profiler_util.FunctionEvent; torch.profiler.profiler.profile"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
