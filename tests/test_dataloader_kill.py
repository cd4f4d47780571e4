"""Programs with a DataLoader that are ended in every way: no process, no file in memory and no open file outlives them."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at Linux's list of processes and files")
ROOT = Path(__file__).parent.parent

#: what every program begins with: a data set with large samples, some of them slow
START = """
import json, multiprocessing, os, signal, sys, time
import lesson_lib as torch
from lesson_lib.utils.data import DataLoader, Dataset

class Data(Dataset):
    def __init__(self, act=lambda index: None):
        self.act = act

    def __len__(self):
        return 100

    def __getitem__(self, index):
        self.act(index)
        return torch.full((2**16,), index)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without

def pids():
    return [process.pid for process in multiprocessing.active_children()]

def open_files():
    return len(os.listdir("/proc/self/fd"))

def say(words):
    print(json.dumps(words), flush=True)
"""


class Program:
    """A child Python that runs ``START`` and ``code``, in a process group of its own."""

    def __init__(self, code):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
        self.memory = shared_memory()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START + textwrap.dedent(code)], cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def line(self):
        """The next line that it prints, as Python's value. A program that hangs is ended, and has none."""
        limit = threading.Timer(60, self.process.kill)
        limit.start()
        try:
            return json.loads(self.process.stdout.readline())
        finally:
            limit.cancel()

    def ends(self, within=10):
        """What it prints until its end, and its errors; afterwards no process of its group is left."""
        try:
            out, errors = self.process.communicate(timeout=within)
        finally:
            left = wait_for(lambda: group(self.process.pid), within)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        assert left == [], errors
        assert shared_memory() <= self.memory
        return out, errors


def shared_memory():
    """The named files in memory, without those of PyTorch, which other tests may run at the same time."""
    names = os.listdir("/dev/shm") if os.path.isdir("/dev/shm") else []
    return {name for name in names if not name.startswith(("torch_", "sem."))}


def group(number):
    """The processes of a process group that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, process_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(process_group) == number and state not in "ZX":
                found.append(int(entry.name))
    return found


def wait_for(left, seconds):
    """What ``left()`` gives, once that is nothing or the time is over."""
    end = time.monotonic() + seconds
    while (found := left()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_ctrl_c_while_waiting_for_a_batch():
    """SIGINT to the whole group, as a terminal sends it: the main program ends with KeyboardInterrupt, the workers in silence."""
    program = Program("""
        def slow(index):
            if index == 5:
                time.sleep(3600)
        for number, batch in enumerate(DataLoader(Data(slow), num_workers=2)):
            if number == 4:
                say(pids())
    """)
    assert len(program.line()) == 2
    time.sleep(0.3)
    os.killpg(program.process.pid, signal.SIGINT)
    _, errors = program.ends()
    assert errors.rstrip().endswith("KeyboardInterrupt") and errors.count("Traceback") == 1
    assert program.process.returncode == -signal.SIGINT


@pytest.mark.parametrize("persistent", [False, True])
def test_ctrl_c_in_the_loop(persistent):
    """The program goes on: the loop's workers are gone (unless they are to stay), and a new pass works."""
    program = Program(f"""
        loader = DataLoader(Data(), num_workers=2, persistent_workers={persistent})
        before = open_files()
        try:
            for batch in loader:
                say(1)
                time.sleep(3600)
        except KeyboardInterrupt:
            say(len(pids()))
        say(len(list(loader)))
        del loader, batch
        say([pids(), open_files() - before])
    """)
    program.line()
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.line() == (2 if persistent else 0)
    assert program.line() == 100
    assert program.line() == [[], 0]
    assert program.ends() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_killed_worker(number):
    program = Program(f"""
        loader, before = DataLoader(Data(), num_workers=2), open_files()
        try:
            for count, batch in enumerate(loader):
                if count == 3:
                    (victim, other) = pids()
                    say(victim)
                    os.kill(victim, {int(number)})
        except RuntimeError as error:
            say([str(error).splitlines()[0].replace(str(victim), "PID"), pids()])
        del batch
        say(open_files() - before)
    """)
    program.line()
    assert program.line() == ["DataLoader worker (pid(s) PID) exited unexpectedly", []]
    assert program.line() == 0
    program.ends()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_killed_main_process(method):
    """The workers notice, also one that is deep in a sample."""
    program = Program(f"""
        loader = DataLoader(range(100), num_workers=2, multiprocessing_context="{method}")
        for batch in loader:
            say(pids())
            time.sleep(3600)
    """)
    assert len(program.line()) == 2
    program.process.kill()
    program.ends(within=5)


def test_killed_main_process_of_busy_workers():
    program = Program("""
        def busy(index):
            if index == 3:
                while True:
                    pass
        others = [iter(DataLoader(Data(), num_workers=1)) for _ in range(2)]
        for batch in DataLoader(Data(busy), num_workers=2, prefetch_factor=4):
            say(pids())
            time.sleep(3600)
    """)
    assert len(program.line()) == 4
    program.process.kill()
    program.ends(within=5)


@pytest.mark.parametrize(
    "end",
    ["batches.itself = batches", "1 / 0", "os._exit(0)", "os.kill(os.getpid(), signal.SIGTERM)"],
)
def test_end_of_the_program_with_an_open_iterator(end):
    program = Program(f"""
        persistent = DataLoader(Data(), num_workers=1, persistent_workers=True)
        next(iter(persistent))
        batches = iter(DataLoader(Data(), num_workers=2))
        kept = next(batches)
        say(pids())
        {end}
    """)
    assert len(program.line()) == 3
    _, errors = program.ends()
    assert errors.count("Traceback") == ("1 / 0" in end) and "leaked" not in errors


def test_a_worker_that_does_not_end_is_ended():
    """After some seconds: the sample it is reading never comes."""
    program = Program("""
        def stuck(index):
            if index == 1:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(3600)
        from lesson_lib.utils.data._utils import pool
        pool._GRACE = 0.3
        for batch in DataLoader(Data(stuck), num_workers=2):
            break
        say(pids())
    """)
    assert program.line() == []
    assert program.ends() == ("", "")


def test_a_forked_copy_of_the_program_ends_nobody_elses_workers():
    program = Program("""
        loader = DataLoader(Data(), num_workers=2)
        batches = iter(loader)
        next(batches)
        child = os.fork()
        if child == 0:
            del batches, loader
            os._exit(0)
        os.waitpid(child, 0)
        say(1 + len(list(batches)))
    """)
    assert program.line() == 100
    _, errors = program.ends()
    assert "Traceback" not in errors


def test_threads_and_forks():
    """Workers start and end while other threads compute, print and load too."""
    program = Program("""
        import threading
        stop = threading.Event()
        def compute():
            x = torch.rand(200, 200)
            while not stop.is_set():
                x @ x
        def load(found):
            found.append(sum(float(batch[0, 0]) for batch in DataLoader(Data(), 10, num_workers=1)))
        threads = [threading.Thread(target=compute) for _ in range(2)]
        found = []
        loaders = [threading.Thread(target=load, args=(found,)) for _ in range(3)]
        for thread in threads + loaders:
            thread.start()
        for thread in loaders:
            thread.join()
        stop.set()
        say([found, pids()])
    """)
    assert program.line() == [[450.0] * 3, []]
    program.ends()


NOTEBOOK = """
import nbformat, sys
from nbclient import NotebookClient

cells = [nbformat.v4.new_code_cell(source) for source in sys.argv[1:]]
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
print("".join(output.get("text", "") for cell in notebook.cells for output in cell.outputs))
"""

CELLS = [
    """
import lesson_lib as torch, multiprocessing, os

class Squares(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 5:
            print("printed by a worker", flush=True)
        return index**2, torch.full((2**16,), index)
""",
    """
for y, x in torch.utils.data.DataLoader(Squares(), batch_size=3, num_workers=2):
    print(y.tolist(), x[:, 0].tolist())
""",
    """
batches = iter(torch.utils.data.DataLoader(Squares(), num_workers=2))
next(batches)
del batches, x, y
print(multiprocessing.active_children(), [file for file in os.listdir("/proc/self/fd") if "memfd" in os.path.realpath(f"/proc/self/fd/{file}")])
""",
]


def test_a_notebook():
    """A data set that is defined in a cell, read by two workers in a real kernel."""
    before = shared_memory()
    answer = subprocess.run([sys.executable, "-c", NOTEBOOK, *CELLS], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.split("\n")
    assert "[0, 1, 4] [0, 1, 2]" in lines and "[9, 16, 25] [3, 4, 5]" in lines
    assert "[] []" in lines and shared_memory() <= before
    assert "printed by a worker" in lines
