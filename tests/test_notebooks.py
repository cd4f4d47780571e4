"""What every notebook keeps to, beyond running: clean outputs, stable cells, checked claims, GPU sections that stand alone."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import lesson_lib

from . import standin

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TAGS = re.compile(r"gpu|timeout-\d+|nbval-ignore-output|nbval-skip|raises-exception")
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem, scope="module")
def notebook(request):
    notebook = nbformat.read(request.param, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook, *, gpu=None):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return cells if gpu is None else [cell for cell in cells if ("gpu" in cell.metadata.get("tags", ())) == gpu]


def test_there_are_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS][:5] == ["00", "01", "02", "03", "04"]


def test_any_python_3_kernel_runs_it(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_cells_have_readable_ids_of_their_own(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", cell_id) for cell_id in ids)


def test_no_widget_is_saved(notebook):
    # A saved widget without its kernel shows "model not found".
    assert "widgets" not in notebook.metadata
    assert not [cell.id for cell in code_cells(notebook) for output in cell.outputs if WIDGET in output.get("data", {})]


def test_only_a_cell_that_says_so_is_saved_with_an_error(notebook):
    fails = [cell.id for cell in code_cells(notebook) if any(output.output_type == "error" for output in cell.outputs)]
    assert fails == [cell.id for cell in code_cells(notebook) if "raises-exception" in cell.metadata.get("tags", ())]


def test_no_path_of_a_computer_is_saved(notebook):
    assert not re.search(r"(?<![\w.])/(home|root|tmp|usr|opt|work|var|Users)/", nbformat.writes(notebook))


def test_it_was_run_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook, gpu=False)]
    assert counts == list(range(1, len(counts) + 1))


def test_claims_are_asserted(notebook):
    cells = code_cells(notebook)
    assert any(cell.source.lstrip().startswith("assert") for cell in cells)


def test_tags_are_known(notebook):
    assert not [tag for cell in notebook.cells for tag in cell.metadata.get("tags", ()) if not TAGS.fullmatch(tag)]


def test_no_cell_on_the_cpu_may_take_over_30_seconds(notebook):
    limits = [int(tag[8:]) for cell in code_cells(notebook, gpu=False) for tag in cell.metadata.get("tags", ()) if tag.startswith("timeout-")]
    assert max(limits, default=0) <= 30  # without a tag the limit is 30


def test_the_network_lesson_shows_progress_a_curve_and_its_mistakes():
    cells = code_cells(nbformat.read(FOLDER / "03_a_network.ipynb", as_version=4))
    training = [cell.source for cell in cells if "tqdm(" in cell.source]
    assert any("loss.backward()" in source for source in training)
    for call in ("plot_losses(", "plot_mistakes("):
        pictures = [output.data for cell in cells if cell.source.startswith(call) or f"\n{call}" in cell.source for output in cell.outputs if "data" in output]
        assert any("image/png" in data for data in pictures), call


def cell_of(stem, cell_id):
    notebook = nbformat.read(next(FOLDER.glob(f"{stem}*.ipynb")), as_version=4)
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def pictures(cell):
    """The pictures that a cell is saved with, as SVG text."""
    return [output.data["image/svg+xml"] for output in cell.outputs if "image/svg+xml" in output.get("data", {})]


@pytest.mark.parametrize(
    ("stem", "cell_id", "call", "words"),
    [
        ("02", "poke", "viz.show(out)", ["y²", "mean"]),
        ("02", "function-run", "viz.compare(plain, whole", ["only here", "Sigmoid", "In both: 0."]),
        ("02", "branch-film", "film", ["w2a", "w2b", "appeared"]),
        ("03", "sequential-graph", "viz.show(model, x)", ["Linear", "addmm"]),
        ("03", "broken", "viz.trouble(loss, model=broken)", ["dead", "spare.weight"]),
        ("03", "wrong-size", "net(torch.rand(1, 1, 28, 28))", ["failed", "[400]", "[576]"]),
    ],
)
def test_what_the_lessons_show_is_kept_as_a_picture(stem, cell_id, call, words):
    """GitHub and nbviewer show it without a kernel."""
    cell = cell_of(stem, cell_id)
    assert call in cell.source
    (svg,) = pictures(cell)
    assert not [word for word in words if word not in svg]


def test_the_cell_that_fails_on_purpose_keeps_pytorchs_message_above_the_graph():
    error, graph = cell_of("03", "wrong-size").outputs
    assert error.output_type == "error"
    assert error.evalue.startswith("mat1 and mat2 shapes cannot be multiplied (1x400 and 576x120)\n")
    assert "image/svg+xml" in graph.data
    assert "Cell" in "".join(error.traceback)
    assert "self.fc1(x)" in "".join(error.traceback).replace("\x1b[39m", "")


RUN = """
import resource, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=60, skip_cells_with_tag="gpu", resources={"metadata": {"path": sys.argv[2]}}).execute()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_the_heaviest_notebook_needs_less_than_600_mb():
    """The peak of the kernel, in MB, for the heaviest lesson: the one that trains on images."""
    command = [sys.executable, "-c", RUN, str(FOLDER / "03_a_network.ipynb"), str(FOLDER)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER.parent).stdout.split()[-1])
    assert 50 < peak < 600


def test_links_lead_somewhere(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    targets = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target]
    assert not [target for target in targets if not (FOLDER / target).exists()]


def test_each_exercise_has_a_folded_solution(notebook):
    cells = code_cells(notebook)
    open_exercises = [cell for cell in cells if re.search(r"^check\(", cell.source, re.MULTILINE) and not folded(cell)]
    for exercise in open_exercises:
        solution = cells[cells.index(exercise) + 1]
        assert folded(solution), exercise.id
        assert "Not tried yet" in text_of(exercise), exercise.id
        assert text_of(solution).endswith("Correct.\n"), exercise.id


def folded(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def text_of(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_cpu_cells_use_no_name_of_a_gpu_cell(notebook):
    of_gpu = set().union(*(stored(cell) for cell in code_cells(notebook, gpu=True)))
    known = set()
    for cell in code_cells(notebook, gpu=False):
        borrowed = (loaded(cell) & of_gpu) - known - stored(cell)
        assert not borrowed, (cell.id, borrowed)
        known |= stored(cell)


def stored(cell):
    """The names that a cell defines."""
    found = set()
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def loaded(cell):
    return {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def test_the_gpu_cells_of_the_devices_lesson_run_on_the_stand_in(monkeypatch, capsys):
    """Without a GPU these cells are skipped; here a strict device that is none of the host's takes its place."""
    standin.install()
    monkeypatch.setattr(lesson_lib.Tensor, "is_cuda", property(lambda tensor: tensor.device.type == standin.TYPE))
    monkeypatch.setattr(lesson_lib.cuda, "synchronize", lambda: None)
    cells = code_cells(nbformat.read(FOLDER / "04_devices.ipynb", as_version=4))
    needed = [cell for cell in cells if cell.id in ("imports", "train") or "gpu" in cell.metadata.get("tags", ())]
    names = {}
    for cell in needed:
        if cell.id == "gpu-time-assert":  # the stand-in is no faster than the host
            continue
        exec(re.sub(r"\bcuda(?=[\"':])", standin.TYPE, cell.source).replace("4096", "64").replace("rounds=4", "rounds=1"), names)
    assert names["gpu_net"][0].weight.device.type == standin.TYPE
    assert "Expected all tensors to be on the same device" in capsys.readouterr().out
