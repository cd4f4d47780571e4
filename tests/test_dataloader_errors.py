"""What goes wrong in a worker process arrives in the main process, as PyTorch words it."""

import os

import pytest

import lesson_lib
from lesson_lib.utils import data as own

from .test_dataloader_workers import carried, dataset, loader_of, nothing_left, several  # noqa: F401 - one is a fixture


class TwoArguments(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def raising(error):
    def sample(self, index):
        if index == 1:
            raise error
        return index

    return sample


def outcome(batches):
    """All that an iterator gives: numbers, and what errors say. It is asked until it ends, as PyTorch's takes ten seconds to end otherwise."""
    found = []
    while True:
        try:
            found.append(int(next(batches)))
        except StopIteration:
            return found
        except Exception as error:
            lines = str(error).splitlines()
            found.append((type(error), lines[:2], lines[-1], [line for line in lines if "raise" in line]))


@pytest.mark.parametrize("error", [ValueError("a\nb"), KeyError("k"), TwoArguments(1, 2), UnicodeDecodeError("utf-8", b"", 0, 1, "r"), OSError(2, "no file")], ids=repr)
def test_errors_equal_pytorch(torch, error):
    """The type, the first line, the text of the error, and the line of the data set; the other batches come."""
    found = [outcome(iter(loader_of(library)(dataset(library, 3, __getitem__=raising(error))))) for library in (lesson_lib, torch)]
    assert found[0] == found[1]
    assert found[0][1][1] == [f"Caught {type(error).__name__} in DataLoader worker process 1.", "Original Traceback (most recent call last):"]
    assert found[0][1][3] == ["    raise error"]


def test_error_of_worker_init():
    def init(number):
        raise ValueError("no start")

    found = outcome(iter(own.DataLoader(range(3), num_workers=2, worker_init_fn=init)))
    assert [(first, last) for _, (first, _), last, _ in found] == [
        (f"Caught ValueError in DataLoader worker process {number}.", "ValueError: no start") for number in (0, 1, 0)
    ]


def test_the_librarys_own_errors_arrive():
    with pytest.raises(RuntimeError, match=r"Caught RuntimeError in DataLoader worker process 0\.[\s\S]*stack expects each tensor to be equal size"):
        list(own.DataLoader([lesson_lib.ones(1), lesson_lib.ones(2)], 2, num_workers=1))


def test_what_cannot_be_sent_is_an_error():
    """PyTorch waits for ever here."""

    class Local(Exception):
        pass

    with pytest.raises(RuntimeError, match=r"Caught Local in[\s\S]*raise error"):
        list(own.DataLoader(dataset(lesson_lib, 2, __getitem__=raising(Local())), num_workers=1))
    with pytest.raises(Exception, match=r"Caught \w+ in DataLoader worker process 0[\s\S]*pickle"):
        carried(lambda: 1)
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        carried(lesson_lib.ones(1, requires_grad=True) * 2)


class Unreadable:
    def __reduce__(self):
        return int, ("no number",)


def test_what_cannot_be_unpacked_is_an_error(nothing_left):  # noqa: F811 - the fixture
    batches = iter(own.DataLoader([Unreadable(), 7], batch_size=None, num_workers=1, collate_fn=lambda sample: sample))
    with pytest.raises(ValueError, match=r"Caught ValueError when its batch was unpacked[\s\S]*no number"):
        next(batches)
    assert list(batches) == [7]


def test_dead_workers_stay_an_error():
    batches = iter(own.DataLoader(dataset(lesson_lib, __getitem__=lambda self, i: os._exit(3)), num_workers=2))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="exited unexpectedly"):
            next(batches)


def test_persistent_workers_that_died_are_replaced():
    loader = own.DataLoader(range(4), num_workers=2, persistent_workers=True)
    pids = [process.pid for process in iter(loader)._pool.processes]
    loader._iterator._pool.processes[0].kill()
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        several(loader, 3)
    assert [int(i) for i in loader] == [0, 1, 2, 3]
    assert not {process.pid for process in loader._iterator._pool.processes} & set(pids)
