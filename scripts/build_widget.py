"""Build the graph widget: the sources in lesson_lib/viz/js become the committed files in lesson_lib/viz/static.

    python scripts/build_widget.py            install the pinned packages (npm ci) and build
    python scripts/build_widget.py --check    build elsewhere and compare with the committed files
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "lesson_lib" / "viz" / "js"
STATIC = ROOT / "lesson_lib" / "viz" / "static"


def missing():
    """Why the widget cannot be built here, or None."""
    if shutil.which("node") is None:
        return "building the widget needs Node.js"
    if not all((SOURCES / "node_modules" / name).exists() for name in ("esbuild", "axe-core")):  # the second is for the browser tests
        return "building the widget needs its packages: run 'python scripts/build_widget.py' once"
    return None


def build(out):
    """Bundle the sources into the folder `out`."""
    subprocess.run(["node", "build.mjs", str(out)], cwd=SOURCES, check=True)


def differing(one, other):
    """Names of the files that are not the same, byte for byte, in two folders."""
    names = {path.name for folder in (one, other) for path in Path(folder).iterdir()}
    return sorted(name for name in names if _bytes(one, name) != _bytes(other, name))


def _bytes(folder, name):
    path = Path(folder) / name
    return path.read_bytes() if path.exists() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    check = parser.parse_args().check
    if missing():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=SOURCES, check=True)
    if not check:
        build(STATIC)
        return
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        stale = differing(STATIC, folder)
    if stale:
        sys.exit(f"Not built from the committed sources: {', '.join(stale)}. Run: python scripts/build_widget.py")


if __name__ == "__main__":
    main()
