"""Pin every package of the extras `lab`, `test` and `fast`, from a real install: `make lock`.

Writes constraints.txt, and from it binder/requirements.txt. Runs on the oldest supported Python, because a version that installs
there installs on the newer ones too; one that asks for a later 3.11.x gives way to an older one, since Debian 12 has 3.11.2.
Packages that only a newer Python or macOS asks for are found in the metadata and pinned as well.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
HEADER = "# Made by `make lock` from a real install. Do not edit.\n"

# Runs inside the fresh environment. For each root it walks the requirements of all supported Pythons and systems.
CLOSURES = """
import json, re, sys
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet

PLACES = [
    {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.9", "sys_platform": system, "platform_system": name}
    for minor in (11, 12, 13)
    for system, name in (("linux", "Linux"), ("darwin", "Darwin"))
]

def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()

def closure(root):
    todo, seen, missing = [Requirement(root)], set(), set()
    while todo:
        wanted = todo.pop()
        key = (canonical(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            lines = distribution(wanted.name).requires or []
        except PackageNotFoundError:
            missing.add(wanted.name)
            continue
        for line in lines:
            needed = Requirement(line)
            extras = wanted.extras or {""}
            if not needed.marker or any(needed.marker.evaluate({**place, "extra": e}) for place in PLACES for e in extras | {""}):
                todo.append(needed)
    return {"names": sorted({name for name, _ in seen}), "missing": sorted(missing)}

versions = {canonical(d.metadata["Name"]): (d.metadata["Name"], d.version) for d in distributions()}
too_new = [
    f"{d.metadata['Name']}<{d.version}" for d in distributions()
    if not SpecifierSet(d.metadata["Requires-Python"] or "").contains("3.11.0")
]
print(json.dumps({"versions": versions, "too_new": too_new, "roots": {root: closure(root) for root in sys.argv[1:]}}))
"""


def walk(python, *roots):
    answer = subprocess.run([python, "-c", CLOSURES, *roots], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def fresh_install(folder):
    """An environment with the newest versions of everything, as the extras allow them."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(Path(folder, "bin", "python"))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", "setuptools", "pip"], check=True)
    subprocess.run([*pip, f"{ROOT}[test,fast]"], check=True)
    while missing := walk(python, "lesson_lib[test,fast]")["roots"]["lesson_lib[test,fast]"]["missing"]:
        subprocess.run([*pip, "--no-deps", *missing], check=True)
    while too_new := walk(python)["too_new"]:
        subprocess.run([*pip, *too_new], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    return python


def main():
    if sys.version_info[:2] != OLDEST:
        sys.exit(f"Lock with Python {OLDEST[0]}.{OLDEST[1]}, the oldest supported one: make lock PYTHON=python3.11")
    with tempfile.TemporaryDirectory() as folder:
        found = walk(fresh_install(folder), "lesson_lib[test,fast]", "lesson_lib[lab]", "jupyterlab")
    pins = {key: f"{name}=={version}" for key, (name, version) in sorted(found["versions"].items())}
    names = {root: set(answer["names"]) for root, answer in found["roots"].items()}

    # setuptools builds the project itself, so the install needs it too.
    everything = names["lesson_lib[test,fast]"] - {"lesson-lib"} | {"setuptools"}
    (ROOT / "constraints.txt").write_text(HEADER + "".join(f"{pins[key]}\n" for key in sorted(everything)))

    # Binder's own image holds JupyterLab and what belongs to it; only the rest is ours to pin there.
    ours = names["lesson_lib[lab]"] - names["jupyterlab"] - {"lesson-lib"}
    (ROOT / "binder" / "requirements.txt").write_text(HEADER + "".join(f"{pins[key]}\n" for key in sorted(ours)))
    print(f"constraints.txt: {len(everything)} packages, binder/requirements.txt: {len(ours)}")


if __name__ == "__main__":
    main()
