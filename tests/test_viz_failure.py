"""Errors on the graph: which operation failed, the shapes that clash, fixes that were tried, and the picture beneath the traceback."""

import gc
import linecache
import re
import subprocess
import sys
import weakref
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.core import state
from lesson_lib.viz.failure import FAILED
from lesson_lib.viz.marks import SVG
from lesson_lib.viz.svg import can_draw
from lesson_lib.viz.texts import speaking

from . import standin

drawn = pytest.mark.skipif(not can_draw(), reason="no Graphviz is installed")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(5, 2)

    def forward(self, x):
        hidden = self.first(x).relu()
        return self.second(hidden)


def names():
    ones = torch.ones
    return {
        "torch": torch, "nn": nn, "F": nn.functional, "net": Net(), "stack": nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 6)),
        "a": ones(2, 3, requires_grad=True), "b": ones(2), "c": ones(2, 4), "v": ones(3), "w": ones(3, 2, dtype=torch.float64), "i": torch.tensor([0, 7]),
        "images": ones(2, 8, 8, 3), "conv": nn.Conv2d(3, 4, 3), "maps": ones(7, 16, 5, 5), "fc": nn.Linear(400, 10), "table": nn.Embedding(4, 5),
        "norm": nn.BatchNorm2d(4),
    }  # fmt: skip


def caught(line, known=None):
    """(the exception of a line of the user's program, the names that it used)."""
    known = known or names()
    linecache.cache["lesson.py"] = (len(line), None, [line + "\n"], "lesson.py")
    try:
        exec(compile(line, "lesson.py", "exec"), known)
    except Exception as exc:
        return exc, known
    raise AssertionError(f"nothing failed in {line}")


def shown(line):
    exc, _ = caught(line)
    return viz.failure(exc)


def words(failure):
    return repr(failure).splitlines()


def fixes(failure):
    return [match[1].strip() for row in words(failure) if (match := re.match(r"\d  (.*?)( +→ .*)?$", row))]


#: the user's line -> (operation, the operands as written out, the fixes)
CASES = {
    "q = a * 2 + b": ("add", ["a * 2   2×[3]", "b   [2]"], ["q = a * 2 + b.unsqueeze(1)", "q = (a * 2).T + b"]),
    "q = v * c[0]": ("mul", ["v   [3]", "c[0]   [4]"], ["q = v.unsqueeze(1) * c[0]", "q = v * c[0].unsqueeze(1)", "q = v * c[0][:3]"]),
    "q = a.exp() @ a": ("matmul", ["a.exp()   2×[3]", "a   [2]×3"], ["q = a.exp().T @ a", "q = a.exp() @ a.T"]),
    "q = torch.cat((a, c))": ("cat", ["a   2×[3]", "c   2×[4]"], ["q = torch.cat((a, c), dim=1)", "q = torch.cat((a, c[:, :3]))"]),
    "q = torch.cat((a, v), dim=0)": ("cat", ["a   [2]×[3]", "v   [3]"], ["q = torch.cat((a, v.unsqueeze(0)), dim=0)"]),
    "q = a.view(4, 2)": ("view", ["a   2×3 = 6 elements", "asked for   4×2 = 8 elements"], ["q = a.view(-1, 2)", "q = a.view(-1)"]),
    "q = a.T.view(6)": ("view", ["a.T   3×2"], ["q = a.T.contiguous().view(6)", "q = a.T.reshape(6)"]),
    "q = conv(images)": ("conv2d failed in conv", ["images   2×[8]×8×3", "conv.weight   4×[3]×3×3"], ["q = conv(images.permute(0, 3, 1, 2))", "conv = nn.Conv2d(8, 4, 3)"]),
    "q = fc(maps)": ("linear failed in fc", ["maps   7×16×5×[5]", "fc.weight   10×[400]"], ["q = fc(maps.flatten(1))", "fc = nn.Linear(5, 10)"]),
    "q = stack(a)": ("linear failed in stack[1]", ["input   2×[4]", "stack.1.weight   6×[5]"], ["stack[1] = nn.Linear(4, 6)"]),
    "q = stack[1](a)": ("linear failed in stack[1]", ["a   2×[3]"], ["stack[1] = nn.Linear(3, 6)"]),
    "q = net.second(a.exp())": ("linear failed in net.second", ["a.exp()   2×[3]"], ["net.second = nn.Linear(3, 2)"]),
    "q = net(a)": ("linear failed in net.second", ["hidden   2×[4]", "self.second.weight   2×[5]"], ["net.second = nn.Linear(4, 2)"]),
    "q = norm(torch.ones(2, 3, 5, 5))": ("batch_norm failed in norm", ["norm.running_mean   [4]"], ["norm = nn.BatchNorm2d(3)"]),
    "q = a @ w": ("matmul", ["a   2×[3]   float32", "w   [3]×2   float64"], ["q = a.double() @ w", "q = a @ w.float()"]),
    "q = torch.tensor([1, 2]).mean()": ("mean", ["torch.tensor([1, 2])   2   int64"], ["q = torch.tensor([1, 2]).float().mean()"]),
    "q = table(v)": ("embedding failed in table", ["v   3", "table.weight   4×5"], ["q = table(v.long())"]),
    "q = table(i)": ("embedding failed in table", ["i   2   int64"], ["table = nn.Embedding(8, 5)", "q = table(i.clamp(0, 3))"]),
    "q = a[5]": ("index", ["a   [2]×3"], ["q = a[-1]", "q = a[1]"]),
    "q = a[0, 0, 0]": ("index", ["a   2×3"], ["q = a[0, 0]"]),
    "q = a[i]": ("index", ["a   [2]×3   float32", "i   2   int64"], ["q = a[i.clamp(0, 1)]"]),
    "q = a.sum(dim=4)": ("sum", ["a   2×3"], ["q = a.sum(dim=0)", "q = a.sum(dim=1)"]),
    "a.exp().backward()": ("backward", ["a.exp()   2×3"], ["a.exp().sum().backward()", "a.exp().mean().backward()"]),
    "b += torch.ones(3, 2)": ("add_", ["b   2"], ["b = b + torch.ones(3, 2)"]),
    "q = F.binary_cross_entropy(c[:, :1], b)": ("binary_cross_entropy", ["b   2"], ["q = F.binary_cross_entropy(c[:, :1].squeeze(1), b)"]),
    "for k in range(2): q = a[:, k] + v": ("add", ["a[:, k]   [2]", "v   [3]"], ["q = a[:, k].unsqueeze(1) + v"]),
    "q = torch.gather(a, 1, a)": ("gather", ["a   2×3"], ["q = torch.gather(a, 1, a.long())"]),
    "q = torch.gather(a * 1, 1, a + 1)": ("gather", ["a + 1   2×3"], ["q = torch.gather(a * 1, 1, (a + 1).long())"]),
    "q = F.linear(a, weight=c)": ("linear", ["a   2×[3]", "c   2×[4]"], []),
    "q = torch.std(a, axis=5)": ("std", ["a   2×3"], ["q = torch.std(a, axis=0)"]),
    "q = torch.where(a > 0, a, c)": ("where", ["a > 0   2×[3]   bool", "c   2×[4]   float32"], ["q = torch.where(a > 0, a, c[:, :3])"]),
    "a.detach()[0, 1] = v": ("setitem", ["a.detach()   2×3", "v   3"], []),
    "q = a.softmax()": ("softmax", ["a   2×3"], ["q = a.softmax(dim=0)"]),
    "q = nn.LSTM(4, 5)(torch.ones(3, 2, 3))": ("LSTM", ["torch.ones(3, 2, 3)   3×2×3"], []),
}


@pytest.mark.parametrize("line", CASES)
def test_the_operation_the_shapes_and_the_fixes(line):
    named, rows, lines = CASES[line]
    failure = shown(line)
    assert words(failure)[0].startswith(f"✕ {named} failed" if "failed" not in named else f"✕ {named}")
    assert [row for row in rows if row not in words(failure)] == []
    assert fixes(failure)[: len(lines)] == lines
    assert len(fixes(failure)) <= 3
    if not lines:
        assert fixes(failure) == []


@pytest.mark.parametrize("line", [line for line, case in CASES.items() if case[2]])
def test_every_fix_runs(line):
    for fix in fixes(shown(line)):
        known = names()
        if fix.split(" = ")[0] in ("q", "b", line) or "backward" in fix:
            exec(fix.replace("a[:, k]", "a[:, 0]"), known)
        else:  # a layer that fits: then the line as it was
            exec(fix, known)
            exec(line, known)


def test_a_device_of_its_own_is_named():
    standin.install()
    known = names() | {"far": torch.ones(2, 3).to(standin.TYPE)}
    exc, _ = caught("q = a + far", known)
    failure = viz.failure(exc)
    assert [row for row in words(failure) if row.endswith((f"2×3   {standin.TYPE}:0", "2×3   cpu"))]
    assert fixes(failure) == ["q = a.to(far.device) + far", "q = a + far.to(a.device)"]


def test_the_graph_before_it_is_there_with_its_values():
    failure = shown("q = a * 2 + b")
    model = failure.model
    assert [op.name for op in model.ops.values()] == ["mul", "add"]
    assert [model.tensors[key].name for key in model.inputs_of(FAILED)] == ["a * 2", "b"]
    assert all(node.value is not None for node in model.tensors.values())


def test_only_the_nearest_operations_are_drawn():
    failure = shown("x = a\nfor _ in range(30): x = x + 1\nq = x + b")
    assert len(failure.model.ops) == 9
    assert all(node.made_by in (None, *failure.model.ops) for node in failure.model.tensors.values())
    assert failure.model.tensors[failure.model.inputs_of("o0")[0]].name == "intermediate"


@pytest.mark.parametrize(
    "line", ["q = 3 / 0", "q = missing", "raise RuntimeError('The size of tensor a')", "viz.graph(3)", "q = torch.zeros(2, -1)", "assert a is None"]
)
def test_other_exceptions_have_no_picture(line):
    assert viz.failure(caught(line, names() | {"viz": viz})[0]) is None


def test_a_trial_leaves_no_trace():
    seen = []
    watcher = lambda *told: seen.append(told)  # noqa: E731
    exc, known = caught("q = F.dropout(a @ a)")
    before, bits = torch.random.get_rng_state(), known["a"].detach().clone()
    state.watchers.append(watcher)
    told = list(state.watchers)
    try:
        viz.failure(exc)
        assert state.watchers == told
    finally:
        state.watchers.remove(watcher)
    assert seen == []
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(known["a"], bits)
    assert known["a"].grad is None


def test_a_trial_writes_nothing():
    known = names()
    exc = caught("i[0:1] = torch.tensor([[5, 6], [7, 8]])", known)[0]
    viz.failure(exc)
    assert known["i"].tolist() == [0, 7]


def test_nothing_outlives_the_exception():
    known = names()
    exc = caught("q = torch.ones(500).reshape(2, 250) @ a", known)[0]
    kept = weakref.ref(known["a"])
    failure = viz.failure(exc)
    repr(failure)
    del exc, known
    gc.collect()
    assert kept() is None


def test_no_fix_is_tried_on_a_large_tensor():
    assert fixes(shown("q = torch.ones(3000, 1500) + b")) == []
    assert fixes(shown("q = torch.ones(200000) * torch.ones(100000)")) == ["q = torch.ones(200000)[:100000] * torch.ones(100000)"]  # no 200000×100000


@drawn
def test_the_picture_marks_the_operation_and_writes_the_clash_out():
    failure = shown("q = a * 2 + b")
    root = ElementTree.fromstring(failure.svg())
    group = next(g for g in root.iter(f"{{{SVG}}}g") if g.get("id") == FAILED)
    texts = ["".join(text.itertext()) for text in group.iter(f"{{{SVG}}}text")]
    assert {"✕", "failed", "+"} <= set(texts)
    assert [span.text for span in root.iter(f"{{{SVG}}}tspan") if span.get("text-decoration") == "underline"] == ["[3]", "[2]"]
    assert "your line  lesson.py:1  q = a * 2 + b" in ["".join(text.itertext()) for text in root.iter(f"{{{SVG}}}text")]
    assert failure.svg() == failure.svg() == shown("q = a * 2 + b").svg()
    assert failure.svg() != failure.svg(theme="dark")


@drawn
def test_names_are_shown_as_text():
    class Odd(nn.Module):
        def forward(self, x):
            return x + self.__dict__["<script>"]

    known = names() | {"odd": Odd(), "text": "<script>alert(1)</script>"}
    known["odd"].register_parameter("<script>", nn.Parameter(torch.ones(4)))
    picture = viz.failure(caught("q = a + odd._parameters['<script>'] * len('<b>&amp;')", known)[0]).svg()
    assert "<script" not in picture
    assert "&lt;script&gt;" in picture


def test_a_widget_gets_the_lines_and_the_fixes_in_each_language():
    failure = shown("q = a * 2 + b")
    told = failure.extras(failure.model)
    assert told["marks"][FAILED] | {"width": 0} == {"tone": "fault", "sign": "✕", "word": "failed", "width": 0}
    assert told["failure"]["fixes"] == [{"code": "q = a * 2 + b.unsqueeze(1)", "shape": "2×3"}, {"code": "q = (a * 2).T + b", "shape": "3×2"}]
    assert ["[3]", "fault"] in told["failure"]["lines"][0]
    with speaking("zh"):
        assert failure.title == "✕ add 失败：The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1"
        assert "你的代码" in repr(failure)
    assert "your line" in repr(failure)


def test_old_failures_let_go_of_their_numbers():
    views = [shown("q = a * 2 + b").widget() for _ in range(7)]
    assert [view.comm is None for view in views] == [True, True, False, False, False, False, False]


# --- in a notebook ---------------------------------------------------------------------------------------------------

SETUP = "import lesson_lib as torch\na, b = torch.ones(2, 3, requires_grad=True), torch.ones(2)"
FAILS = "x = a * 2\ny = x + b"


@pytest.fixture(scope="module")
def cells():
    """The outputs of cells that ran in a real kernel, by what they show."""
    sources = {
        "setup": SETUP, "before": FAILS, "import": "from lesson_lib import viz", "shown": FAILS, "other": "1 / 0", "off": "viz.errors(False)", "hidden": FAILS,
        "extension": "%load_ext lesson_lib.viz", "again": FAILS, "twice": "viz.errors(); viz.errors()", "once": FAILS, "after": "print(len(x))",
    }  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources.values()])
    NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute()
    return {name: cell.outputs for name, cell in zip(sources, notebook.cells, strict=True)}


def test_the_picture_stands_beneath_the_traceback(cells):
    error, picture = cells["shown"]
    assert (error.output_type, error.ename, picture.output_type) == ("error", "RuntimeError", "display_data")
    assert error == cells["before"][0] | {"traceback": error.traceback}
    assert re.sub(r"In\[\d+\]|ipykernel_\S+|\d+", "", "".join(error.traceback)) == re.sub(r"In\[\d+\]|ipykernel_\S+|\d+", "", "".join(cells["before"][0].traceback))
    text = picture.data["text/plain"]
    assert "your line  line 2 of the cell  y = x + b" in text
    assert "1  y = x + b.unsqueeze(1)" in text
    if can_draw():
        assert ElementTree.fromstring(picture.data["image/svg+xml"]).tag == f"{{{SVG}}}svg"
    assert set(picture.data) <= {"text/plain", "image/svg+xml", "text/html"}  # no widget's own output, which nobody could open later


def test_importing_the_library_alone_changes_nothing(cells):
    assert [output.output_type for output in cells["before"]] == ["error"]


def test_other_exceptions_are_left_alone(cells):
    assert [output.output_type for output in cells["other"]] == ["error"]
    assert cells["other"][0].ename == "ZeroDivisionError"


def test_it_is_switched_off_and_on(cells):
    assert [output.output_type for output in cells["hidden"]] == ["error"]
    assert [output.output_type for output in cells["again"]] == ["error", "display_data"]
    assert [output.output_type for output in cells["once"]] == ["error", "display_data"]
    assert cells["extension"] == []


def test_the_kernel_goes_on(cells):
    assert cells["after"][0].text == "2\n"


def test_a_plain_python_shows_what_it_showed():
    program = f"{SETUP}\n{{}}\ny = a + b"
    plain, with_viz = (
        subprocess.run([sys.executable, "-c", program.format(line)], capture_output=True, text=True, check=False) for line in ("pass", "from lesson_lib import viz")
    )
    assert plain.stderr == with_viz.stderr
    assert (plain.stdout, with_viz.stdout) == ("", "")


def test_the_library_alone_loads_no_pictures():
    program = "import sys, lesson_lib; print([name for name in sys.modules if 'lesson_lib.viz' in name or name == 'IPython'])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
