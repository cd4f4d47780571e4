"""The shape of the house: imports point down the floors, files are short, and the core needs NumPy alone."""

import ast
import graphlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lesson_lib"
LONGEST = 400
FLOORS = {"core": 0, "ops": 1, "": 3, "viz": 4, "course": 5}  # "" is lesson_lib/__init__.py itself, the public names
MIDDLE = 2  # nn, optim, utils and the thin faces (autograd, cuda, ...) stand beside one another


def modules(package):
    """Every module of `package`: its dotted name without the package's own ("" for the package) -> its file."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        if "node_modules" in file.parts:
            continue
        parts = file.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def floor(module):
    return FLOORS.get(module.split(".")[0], MIDDLE)


def imports(name, file, package, known):
    """The modules of the package that `file` imports: (target, import statement, whether it stands in a function)."""
    here = name.split(".") if name else []
    parent = here if file.name == "__init__.py" else here[:-1]
    tree = ast.parse(file.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    late = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            sources = [(alias.name.split("."), []) for alias in node.names]
            sources = [(path[1:], names) for path, names in sources if path[0] == package.name]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = parent[: len(parent) - node.level + 1]
            sources = [(base + (node.module.split(".") if node.module else []), [alias.name for alias in node.names])]
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == package.name:
            sources = [(node.module.split(".")[1:], [alias.name for alias in node.names])]
        else:
            continue
        for path, names in sources:
            # `from .nn import init` asks for the module nn.init, `from .nn import Linear` for a name in nn.
            inner = {".".join([*path, one]) for one in names}
            targets = (inner & known) | ({".".join(path)} if inner - known or not names else set())
            for target in targets:
                yield target, node, id(node) in late


def complaints(package):
    """Every import that points upwards, stands in a function, or names a module that is not there; then every circle."""
    files = modules(package)
    graph, found = {}, []
    for name, file in files.items():
        graph[name] = set()
        for target, node, late in imports(name, file, package, set(files)):
            place = f"{file.relative_to(package.parent)}:{node.lineno}: {ast.unparse(node)}"
            if floor(target) > floor(name):
                found.append(f"{place}  -- points upwards")
            if target.split(".")[0] == "viz" and floor(name) < FLOORS["viz"]:
                found.append(f"{place}  -- only course may import viz")
            if late:
                found.append(f"{place}  -- an import of the package inside a function hides a circle")
            if target not in files:
                found.append(f"{place}  -- there is no such module")
            graph[name].add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found.append("a circle: " + " -> ".join(module or package.name for module in error.args[1]))
    return found


def test_imports_point_down_the_floors():
    assert complaints(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("core/tensor.py", "from ..ops import add", "points upwards"),
        ("core/tensor.py", "import lesson_lib.ops.add", "points upwards"),
        ("ops/add.py", "from lesson_lib.nn.linear import Linear", "points upwards"),
        ("ops/add.py", "from .. import nn", "points upwards"),
        ("nn/linear.py", "import lesson_lib", "points upwards"),
        ("nn/linear.py", "from .. import viz", "points upwards"),
        ("__init__.py", "from . import viz", "only course may import viz"),
        ("viz/draw.py", "from ..course import check", "points upwards"),
        ("viz/draw.py", "def draw():\n    from ..core import tensor", "inside a function"),
        ("core/tensor.py", "from .gone import Thing", "no such module"),
        ("core/tensor.py", "from .tensor import Tensor", "a circle"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, line, complaint):
    package = tmp_path / "lesson_lib"
    sound = {
        "__init__.py": "from . import nn\nfrom .ops.add import add",
        "core/__init__.py": "",
        "core/tensor.py": "import math",
        "ops/__init__.py": "",
        "ops/add.py": "from ..core.tensor import Tensor",
        "nn/__init__.py": "from .linear import Linear",
        "nn/linear.py": "from .. import ops\nfrom ..core import tensor",
        "viz/__init__.py": "",
        "viz/draw.py": "import lesson_lib\nfrom ..nn import linear",
        "course/__init__.py": "",
        "course/check.py": "from ..viz.draw import draw",
    }
    for name, text in sound.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    assert complaints(package) == []

    (package / file).write_text(line)
    assert any(complaint in found for found in complaints(package)), complaints(package)


def test_every_file_can_be_read_in_one_sitting():
    lengths = {name: len(file.read_text().splitlines()) for name, file in modules(PACKAGE).items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def fresh_python(code):
    # Compiled files are kept, as they are for a learner: otherwise every import would compile the library again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    answer = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_the_library_needs_numpy_alone():
    outside = fresh_python(
        "import sys; before = set(sys.modules); import lesson_lib, json;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(json.dumps(sorted(new - set(sys.stdlib_module_names) - {'lesson_lib'})))"
    )
    # The compiled parts of NumPy register Cython's helpers, and Python its build settings, as modules of no package.
    assert [name for name in outside if not name.startswith(("_cython", "cython_runtime", "_sysconfigdata"))] == ["numpy"]


def test_the_import_is_quick():
    """Under 0.2 s of processor time; on a busy machine, where NumPy alone takes long, at most three times as long as NumPy in the same process."""
    timed = (
        "import time, json; start = time.process_time(); import numpy; half = time.process_time(); import lesson_lib;"
        "print(json.dumps([half - start, time.process_time() - start]))"
    )
    runs = [fresh_python(timed) for _ in range(5)]
    assert any(both < max(0.2, 3 * numpy) for numpy, both in runs), runs
