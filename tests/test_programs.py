"""Whole models in plain PyTorch style: they run and train with only the imports changed, print the same and give PyTorch's losses."""

import contextlib
import re
import runpy
import types
from pathlib import Path

import numpy as np
import pytest

import lesson_lib

FOLDER = Path(__file__).with_name("programs")
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
SINGLE = {"gan", "resnet18"}  # one says torch.float itself, the other would take half a minute
IMPORT = re.compile(r"^(import|from) torch\b(.*)$", re.M)


def with_our_imports(source):
    """``import torch`` -> ``import lesson_lib as torch``, ``from torch…`` -> ``from lesson_lib…``; no other line changes."""

    def changed(line):
        kind, rest = line.groups()
        if kind == "from" or " as " in rest:
            return f"{kind} lesson_lib{rest}"
        return f"import lesson_lib{rest}\nimport lesson_lib as torch" if rest else "import lesson_lib as torch"

    return IMPORT.sub(changed, source)


def run_with_lesson_lib(name):
    path = FOLDER / f"{name}.py"
    module = types.ModuleType(name)
    exec(compile(with_our_imports(path.read_text(encoding="utf-8")), str(path), "exec"), module.__dict__)
    return module.main()


@contextlib.contextmanager
def default_dtype(name, *libraries):
    """Training multiplies rounding errors: with 64 bits only a true difference shows."""
    for library in libraries:
        library.set_default_dtype(getattr(library, name))
    try:
        yield
    finally:
        for library in libraries:
            library.set_default_dtype(library.float32)


def test_the_list_is_whole():
    assert PROGRAMS == ["gan", "inception", "resnet18", "tagger", "translator", "vae"]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(torch, name):
    with default_dtype("float32" if name in SINGLE else "float64", lesson_lib, torch):
        losses, text = run_with_lesson_lib(name)
        expected, expected_text = runpy.run_path(str(FOLDER / f"{name}.py"))["main"]()
    assert text == expected_text
    np.testing.assert_allclose(losses, expected, rtol=1e-3 if name in SINGLE else 1e-6)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "gan"])  # the two sides of a game do not both win
def test_program_learns(name):
    losses, _ = run_with_lesson_lib(name)
    assert np.isfinite(losses).all() and losses[-1] < 0.95 * losses[0]
