"""Write docs/api.md: PyTorch's documented names, and whether each works here, differs or is missing.

``python scripts/make_api_page.py`` writes the page. ``--names`` first asks an installed PyTorch for its names and writes them to
lesson_lib/core/torch_names.txt; to be run when a new version becomes the one that is compared with.
"""

import importlib
import inspect
import re
import sys
import types
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import lesson_lib  # noqa: E402 - the library that stands beside this script
from lesson_lib.core import parity  # noqa: E402

PAGE = ROOT / "docs" / "api.md"
MODULES = [
    "torch", "torch.Tensor", "torch.linalg", "torch.fft", "torch.special", "torch.signal.windows", "torch.masked", "torch.random",
    "torch.testing", "torch.autograd", "torch.autograd.functional", "torch.autograd.forward_ad", "torch.autograd.graph",
    "torch.autograd.function", "torch.autograd.profiler", "torch.func", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter",
    "torch.nn.attention", "torch.nn.utils", "torch.nn.utils.rnn", "torch.nn.utils.parametrize", "torch.nn.utils.parametrizations",
    "torch.nn.utils.prune", "torch.nn.utils.stateless", "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.utils.data",
    "torch.utils.checkpoint", "torch.utils.dlpack", "torch.utils.benchmark", "torch.serialization", "torch.amp", "torch.distributions",
    "torch.profiler", "torch.hub", "torch.cuda", "torch.accelerator", "torch.cpu", "torch.mps", "torch.xpu", "torch.sparse", "torch.nested",
    "torch.jit", "torch.fx", "torch.onnx", "torch.export", "torch.compiler", "torch.library", "torch.package", "torch.overrides",
    "torch.distributed", "torch.multiprocessing", "torch.futures", "torch.monitor", "torch.utils.cpp_extension",
]  # fmt: skip
FACES = ("functional", "linalg", "special", "Tensor")  # these list what is defined elsewhere, and mean it
INTRODUCTION = """# PyTorch's names, and what is here

Every name that PyTorch {version} documents, module by module. *Works* means: same signature, same results, held against PyTorch by the
tests. *Differs* says how. *Missing* says why; asking for such a name raises an `AttributeError` with the same reason.

This page is made by `scripts/make_api_page.py` from `lesson_lib/core/parity.py`.
"""


def documented(path):
    """The public names of one of PyTorch's modules that have a docstring of PyTorch's own."""
    import torch

    module = torch.Tensor if path == "torch.Tensor" else importlib.import_module(path)
    return [name for name in dir(module) if not name.startswith("_") and is_documented(path, name, module)]


def is_documented(path, name, module):
    import torch

    value = getattr(module, name, None)
    if isinstance(value, torch.dtype):
        return True
    if inspect.ismodule(value) or not getattr(value, "__doc__", None):
        return False
    if isinstance(value, types.GetSetDescriptorType | property):
        return True
    home = getattr(value, "__module__", None) or ""
    if not callable(value) or (path != "torch.Tensor" and home and not home.startswith("torch")):
        return False
    defined = inspect.isclass(value) or inspect.isfunction(value)
    elsewhere = defined and path != "torch" and not path.endswith(FACES) and home.startswith("torch") and not home.startswith(path)
    return not elsewhere or name in getattr(module, "__all__", ())


def write_names():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [f"{path}: {' '.join(documented(path))}" for path in MODULES]
    parity.NAMES_FILE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    parity.torch_names.cache_clear()


def ours(path):
    """The module or class here that answers to PyTorch's, or None."""
    found = lesson_lib
    for part in path.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def state(path, name):
    """works, differs or missing."""
    if not hasattr(ours(path), name):
        return "missing"
    return "differs" if f"{path}.{name}" in parity.DIFFERS else "works"


def sorted_names(path):
    """{"works": [...], "differs": [...], "missing": [...]} of one module."""
    found = {"works": [], "differs": [], "missing": []}
    for name in parity.torch_names()[path]:
        found[state(path, name)].append(name)
    return found


def section(path, found):
    lines = [f"## {path}", ""]
    if found["works"]:
        lines += [f"**Works ({len(found['works'])}):** " + ", ".join(f"`{name}`" for name in found["works"]), ""]
    if found["differs"]:
        lines += [f"**Differs ({len(found['differs'])}):**", ""]
        lines += [f"- `{name}`: {parity.DIFFERS[f'{path}.{name}']}" for name in found["differs"]] + [""]
    if found["missing"]:
        lines += [f"**Missing ({len(found['missing'])}):**", ""]
        reasons = {}
        for name in found["missing"]:
            reasons.setdefault(parity.why_missing(f"{path}.{name}"), []).append(f"`{name}`")
        lines += [f"- {why}: {', '.join(names)}" for why, names in reasons.items()] + [""]
    return "\n".join(lines)


def counts(found):
    """The table at the head of the page."""
    rows = ["| module | works | differs | missing |", "|---|---:|---:|---:|"]
    for path, kinds in found.items():
        rows.append(f"| [{path}](#{re.sub('[^a-z0-9_]', '', path.lower())}) | " + " | ".join(str(len(names)) for names in kinds.values()) + " |")
    total = [sum(len(kinds[kind]) for kinds in found.values()) for kind in ("works", "differs", "missing")]
    rows.append("| **all** | " + " | ".join(f"**{number}**" for number in total) + " |")
    return "\n".join(rows)


def page():
    """The whole page."""
    found = {path: sorted_names(path) for path in parity.torch_names()}
    sections = [section(path, kinds) for path, kinds in found.items()]
    return "\n".join([INTRODUCTION.format(version=parity.VERSION), counts(found), "", *sections]).rstrip() + "\n"


if __name__ == "__main__":
    if "--names" in sys.argv:
        write_names()
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {sum(map(len, parity.torch_names().values()))} names")
