"""Prove without Docker that Binder can build and run the course.

repo2docker reads a clean copy of the project and prints the Dockerfile it would build; a malformed file under binder/ fails there. Then
its steps are taken in a fresh environment: the versions of JupyterLab and its parts that repo2docker's own image holds, Binder's
requirements, postBuild, `pip check`, and notebooks under nbval started through binder/start.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
BASE_IMAGE = ("ipykernel", "ipython", "ipywidgets", "jupyter_server", "jupyterlab", "jupyterlab_server", "notebook", "pip", "setuptools", "traitlets")
STEPS = ("pip install --no-cache-dir -r \"binder/requirements.txt\"", "RUN ./binder/postBuild", 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"')


def call(*command, **options):
    print("  $", *(str(word).replace(f"{ROOT}/", "") for word in command), flush=True)
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def environment(folder, python):
    call(python, "-m", "venv", folder)
    return folder / "bin" / "python"


def pip(python, *arguments):
    call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def copy_of_the_project(target):
    """What a clone holds: tracked files and new ones, nothing that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def runtime():
    """The Python that binder/runtime.txt names, such as 3.11."""
    return (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")


def find_python(version):
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for name in filter(shutil.which, (sys.executable, f"python{version}", "python3")):
        if subprocess.run([name, "-c", ask], capture_output=True, text=True).stdout.strip() == version:
            return name
    sys.exit(f"This check needs Python {version}, as on Binder, and found none on the PATH.")


def base_image_versions(tool):
    """What repo2docker's image holds before our own files are read, from the lock file that it ships."""
    where = call(tool, "-c", "import repo2docker; print(repo2docker.__path__[0])", capture_output=True).stdout.strip()
    lock = Path(where, "buildpacks", "conda", f"environment.py-{runtime()}-linux-64.lock").read_text()
    found = dict(re.findall(r"/(?:noarch|linux-64)/([\w.-]+?)-(\d[\w.]*)-[^-/\n]+\.conda", lock))
    return [f"{name}=={found[name]}" for name in BASE_IMAGE]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--junitxml", type=Path, default=None, help="where nbval writes its report")
    parser.add_argument("notebooks", nargs="*", default=["notebooks"], help="what to run (default: all of notebooks/)")
    options = parser.parse_args()
    python = find_python(runtime())

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        copy = folder / "home"
        copy_of_the_project(copy)

        tool = environment(folder / "tool", python)
        pip(tool, REPO2DOCKER)
        dockerfile = call(tool.parent / "jupyter-repo2docker", "--no-build", "--debug", copy, capture_output=True)
        for step in STEPS:
            if step not in dockerfile.stdout + dockerfile.stderr:
                sys.exit(f"repo2docker would not run this step: {step}")

        image = environment(folder / "image", python)
        pip(image, "--upgrade", *base_image_versions(tool))
        pip(image, "-r", copy / "binder" / "requirements.txt")
        # As on Binder, the environment's programs come first on the PATH and nothing of this checkout is importable.
        inside = {"PATH": f"{image.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(copy), "PYTHONNOUSERSITE": "1"}
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "JUPYTER"))}
        call(copy / "binder" / "postBuild", cwd=copy, env=outside | inside)
        call(image, "-m", "pip", "check")
        call(image, "-c", "import importlib.util as u; assert not u.find_spec('cupy') and not u.find_spec('torch')")

        pip(image, "--constraint", ROOT / "constraints.txt", "pytest", "nbval")
        report = [f"--junitxml={options.junitxml.resolve()}"] if options.junitxml else []
        call(
            copy / "binder" / "start", image, "-m", "pytest", "--quiet", "--nbval", "--nbval-current-env",
            "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", "--nbval-cell-timeout", "60", *report,
            *options.notebooks, cwd=copy, env=outside | inside,
        )  # fmt: skip


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Binder would not work: exit code {error.returncode} from {' '.join(error.cmd)}\n{error.stderr or ''}")
