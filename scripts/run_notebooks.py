"""Run the notebooks and save their new outputs, without what must not be saved: widgets, paths, times, the Python version.

For maintainers, after a change to a lesson: `.venv/bin/python scripts/run_notebooks.py [NOTEBOOK ...]`. GPU cells keep the outputs
that they have where there is no CUDA device.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from lesson_lib import cuda

ROOT = Path(__file__).resolve().parent.parent
WIDGET = "application/vnd.jupyter.widget-view+json"
LIMIT = 120  # seconds for one cell; nbval holds them to less


def run(path, *, gpu):
    """Execute one notebook file in place."""
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        if gpu or not needs_gpu(cell):
            cell.execution_count, cell.outputs = None, []
    options = {} if gpu else {"skip_cells_with_tag": "gpu"}
    NotebookClient(
        notebook, timeout=LIMIT, kernel_name="python3", record_timing=False, store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}}, **options,
    ).execute()  # fmt: skip
    tidy(notebook)
    nbformat.write(notebook, path)


def tidy(notebook):
    """Take out what would differ on every computer, or could not be shown again."""
    for cell in code_cells(notebook):
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = own_lines(output.traceback)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}


def own_lines(traceback):
    """A traceback without the frames in files: their paths are of this computer. The cells' frames and the message stay."""
    plain = [re.sub(r"\x1b\[[\d;]*m", "", part) for part in traceback]
    return [part for part, words in zip(traceback, plain, strict=True) if not words.startswith("File ")]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def needs_gpu(cell):
    return "gpu" in cell.metadata.get("tags", [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted((ROOT / "notebooks").glob("*.ipynb")))
    for path in parser.parse_args().notebooks:
        print(path.name, flush=True)
        run(path.resolve(), gpu=cuda.is_available())


if __name__ == "__main__":
    sys.exit(main())
