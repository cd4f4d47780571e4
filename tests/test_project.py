"""The files around the library: pins, Binder's files, the two commands, and the line that counts the tests."""

import re
import stat
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from scripts.check import read_report

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==(\d[\w.]*)")


def pins(file):
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]
    matches = [PIN.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches) if not match]
    return {re.sub(r"[-_.]+", "-", match[1]).lower(): match[2] for match in matches}


def test_every_package_that_the_extras_name_is_pinned():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {re.match(r"[\w.-]+", line)[0].lower() for line in extras["lab"] + extras["test"]} - {"lesson_lib"}
    assert named - set(pins("constraints.txt")) == set()


def test_binder_has_the_same_versions_and_leaves_jupyterlab_to_its_image():
    ours, binder = pins("constraints.txt"), pins("binder/requirements.txt")
    assert {name: version for name, version in binder.items() if ours[name] != version} == {}
    assert {"numpy", "anywidget", "matplotlib", "scikit-learn"} <= set(binder)
    assert not {name for name in binder if re.match(r"jupyterlab$|jupyter-server|ipykernel|cupy|torch|lesson", name)}


def test_the_badge_opens_a_notebook_that_exists():
    target = re.search(r"mybinder\.org/v2/gh/[\w/-]+/HEAD\?urlpath=lab/tree/([^)]+)\)", (ROOT / "README.md").read_text())[1]
    assert target == "notebooks/00_start_here.ipynb"
    assert (ROOT / target).exists()


def test_the_readme_links_to_files_that_exist():
    links = re.findall(r"\]\((?!http)([^)#]+)", (ROOT / "README.md").read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", [".ci/run", "binder/postBuild", "binder/start", "scripts/find_python.sh"])
def test_scripts_can_be_run(name):
    assert (ROOT / name).stat().st_mode & stat.S_IXUSR


def find_python(folder, **programs):
    """What scripts/find_python.sh says where the PATH holds only these fake Pythons: each a version and whether it has ensurepip."""
    for name, (version, ensurepip) in programs.items():
        minor = int(version.split(".")[1])
        cases = f'*print*) echo {version};; *"< (3, 11)"*) exit {int(minor < 11)};; *ensurepip*) exit {int(not ensurepip)};;'
        (folder / name).write_text(f'#!/bin/sh\ncase "$2" in {cases} esac\n')
        (folder / name).chmod(0o755)
    script = ["/bin/sh", ROOT / "scripts" / "find_python.sh"]
    return subprocess.run(script, env={"PATH": str(folder)}, capture_output=True, text=True)


def test_the_learners_own_python_comes_first(tmp_path):
    assert find_python(tmp_path, python3=("3.12", True), **{"python3.13": ("3.13", True)}).stdout == "python3\n"


def test_an_unsuitable_python_is_passed_over(tmp_path):
    assert find_python(tmp_path, python3=("3.10", True), **{"python3.11": ("3.11", False), "python3.12": ("3.12", True)}).stdout == "python3.12\n"


def test_a_python_that_is_too_old_is_named(tmp_path):
    answer = find_python(tmp_path, python3=("3.10", True))
    assert answer.returncode == 1
    assert answer.stderr.startswith("lesson_lib needs Python 3.11 or newer, and none was found; python3 is 3.10: install one,")


def test_a_debian_python_without_ensurepip_is_told_what_to_install(tmp_path):
    answer = find_python(tmp_path, python3=("3.11", False))
    assert answer.returncode == 1
    assert answer.stderr.startswith("Python 3.11 is here, but not its part that makes environments: run 'sudo apt install python3.11-venv',")


def test_no_python_at_all(tmp_path):
    assert "needs Python 3.11 or newer, and none was found: install one," in find_python(tmp_path).stderr


def test_the_last_line_counts_every_outcome(tmp_path):
    report = tmp_path / "report.xml"
    cases = ["", "", "<failure/>", "<error/>", '<skipped message="no GPU"/>', '<skipped message="no GPU"/>', '<skipped message="no browser"/>']
    report.write_text(f"<testsuites><testsuite>{''.join(f'<testcase>{case}</testcase>' for case in cases)}</testsuite></testsuites>")
    counts, reasons = read_report(report)
    assert counts == Counter(passed=2, failed=2, skipped=3)
    assert reasons == Counter({"no GPU": 2, "no browser": 1})


def test_the_tests_can_be_collected_where_only_what_they_install_is_there():
    """`make test` installs neither PyTorch nor Numba: a test file that imports one as it is read would stop the whole run."""
    program = "import sys; sys.modules.update(torch=None, numba=None); import pytest; sys.exit(pytest.main(['--collect-only', '-qq', 'tests']))"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:]
