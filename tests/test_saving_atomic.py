"""A file is replaced at once or not at all, whatever happens while it is written."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import lesson_lib
from lesson_lib.serialization import archive as archives

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


class Refuses:
    def __reduce__(self):
        raise ValueError("not me")


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    lesson_lib.save([1], path)
    with pytest.raises(ValueError, match="not me"):
        lesson_lib.save([lesson_lib.ones(3), Refuses()], path)
    assert lesson_lib.load(path) == [1] and os.listdir(tmp_path) == ["x.pt"]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_while_writing_leaves_the_old_file(tmp_path, monkeypatch, failure):
    path = tmp_path / "x.pt"
    lesson_lib.save([1], path)

    def add(self, name, data):
        if name == "data/1":
            raise failure
        self._put(data)

    monkeypatch.setattr(archives.Writer, "add", add)
    with pytest.raises(type(failure)):
        lesson_lib.save([lesson_lib.ones(3), lesson_lib.zeros(3)], path)
    assert lesson_lib.load(path) == [1] and os.listdir(tmp_path) == ["x.pt"]


def test_the_bytes_are_on_the_disk_before_the_name(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (order.append(name), real(*args)))
    lesson_lib.save([1], tmp_path / "x.pt")
    assert order == ["fsync", "replace", "fsync"]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "x.pt", tmp_path / "link.pt"
    lesson_lib.save([1], path)
    path.chmod(0o640)
    link.symlink_to(path)
    lesson_lib.save([2], link)
    assert link.is_symlink() and lesson_lib.load(path) == [2] and path.stat().st_mode & 0o777 == 0o640
    lesson_lib.save([3], "/dev/null")
    assert not pathlib.Path("/dev/null").is_file()


def test_what_a_killed_process_left_is_removed_an_hour_later(tmp_path):
    new, old, other = (tmp_path / name for name in (".x.pt.aa.unfinished", ".x.pt.bb.unfinished", ".y.pt.cc.unfinished"))
    for file in (new, old, other):
        file.write_bytes(b"half")
        os.utime(file, (0, 0) if file is not new else None)
    lesson_lib.save([1], tmp_path / "x.pt")
    assert sorted(os.listdir(tmp_path)) == [".x.pt.aa.unfinished", ".y.pt.cc.unfinished", "x.pt"]


#: Each line that comes in starts a process that saves until it is killed; it says how far it has come.
SAVER = """
import itertools, os, sys, lesson_lib
tell = lambda line: os.write(1, line.encode())  # in one piece, whenever the kill comes
for line in sys.stdin:
    pid = os.fork()
    if pid:
        tell(f"pid {pid}\\n")
        os.waitpid(pid, 0)
        tell("dead 0\\n")
    else:
        for n in itertools.count(int(line)):
            lesson_lib.save({str(i): lesson_lib.full((50_000,), float(n)) for i in range(20)} | {"n": n}, sys.argv[1])
            tell(f"saved {n}\\n")
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_process_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    path, random = tmp_path / "x.pt", np.random.default_rng(0)
    lesson_lib.save({"n": -1}, path)
    caught, last = 0, -1  # how often the kill came during a save; the last save that is known to be done
    root = pathlib.Path(__file__).parent.parent
    with subprocess.Popen([sys.executable, "-c", SAVER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        for _ in range(25):
            print(last + 1, file=parent.stdin, flush=True)
            said = dict(parent.stdout.readline().split() for _ in range(2))  # its pid and its first save, in any order
            time.sleep(random.uniform(0, 0.03))
            os.kill(int(said["pid"]), signal.SIGKILL)
            last = int(said["saved"])
            while (line := parent.stdout.readline().split())[0] == "saved":
                last = int(line[1])
            left = [name for name in os.listdir(tmp_path) if name != "x.pt"]
            caught += len(left) > 0
            assert all(name.startswith(".x.pt.") and name.endswith(".unfinished") for name in left)
            state = lesson_lib.load(path)
            n = state.pop("n")
            assert last <= n <= last + 1  # the last one that was said to be done, or the one after it
            assert len(state) == 20 and all((tensor == n).all() for tensor in state.values())
            last = n
            for name in left:
                os.remove(tmp_path / name)
        parent.stdin.close()
    assert caught > 0
