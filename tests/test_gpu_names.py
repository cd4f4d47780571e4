"""The GPU's namespace offers what the CPU's adds to NumPy. Read from the source, so that it is checked without CuPy too."""

import ast
from pathlib import Path

import numpy

from lesson_lib.core import cpu


def names_defined_in(path):
    """The names that a module's own lines define or import."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return names


def test_gpu_has_every_name_that_cpu_adds_to_numpy():
    added = {name for name, value in vars(cpu).items() if callable(value) and not name.startswith("_") and not hasattr(numpy, name)}
    assert "conv2d" in added
    assert added - names_defined_in(Path(cpu.__file__).with_name("gpu.py")) == set()
