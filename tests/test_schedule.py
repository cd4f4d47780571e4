"""Two pytest processes that share the tests: each file goes to one of them, as a whole, and none is left out."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from . import schedule

ROOT = Path(__file__).resolve().parent.parent
FILE = "import time\n\ndef test_one():\n    time.sleep(0.2)\n\ndef test_two():\n    pass\n"


def test_two_processes_share_the_files(tmp_path):
    for name in ("a", "b", "browser/c", "browser/d"):
        file = tmp_path / "tests" / Path(name).with_name(f"test_{Path(name).name}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "taken").mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.schedule", "-p", "no:cacheprovider", "--share", tmp_path / "taken", "-c", "pytest.ini", tmp_path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    processes = [subprocess.Popen([*command, f"--junitxml={number}.xml"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) for number in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    run = [[case.get("classname") for case in ElementTree.parse(tmp_path / f"{number}.xml").iter("testcase")] for number in range(2)]
    assert Counter(run[0] + run[1]) == {f"tests.{name}": 2 for name in ("test_a", "test_b", "browser.test_c", "browser.test_d")}
    assert not set(run[0]) & set(run[1])
    assert any({"tests.browser.test_c", "tests.browser.test_d"} <= set(one) for one in run)


def test_the_browser_and_the_long_files_begin():
    order = ["tests/test_views.py::test_x", "tests/test_hooks.py::test_x", "tests/test_ops_registry.py::test_x[1]", "tests/browser/test_poke.py::test_x"]
    assert sorted(order, key=schedule.place) == order[::-1]


def test_the_long_files_exist():
    assert [name for name in schedule.LONG if not (ROOT / "tests" / f"{name}.py").exists()] == []
