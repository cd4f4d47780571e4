"""The DataLoader with worker processes: the same batches in the same order with the same chance as PyTorch's, and nothing left behind."""

import collections
import gc
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import random
import time
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import lesson_lib
from lesson_lib.utils import data as own

from .test_data import plain, stream
from .test_dataloader_kill import shared_memory

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at Linux's list of processes and files")
LARGE = 2**16  # elements: such a tensor does not travel inside the pickle


def dataset(torch, length=8, **methods):
    """A data set of either library with the given ``__getitem__``."""
    return type("Data", (torch.utils.data.Dataset,), {"__len__": lambda self: length, **methods})()


def transformed(torch):
    """Random transforms of all three kinds, and the worker that made them."""

    def sample(self, index):
        info = torch.utils.data.get_worker_info()
        numpys = np.random.rand()  # noqa: NPY002 - the generator that programs use
        return index, torch.rand(3), torch.randn(20), random.random(), numpys, info.id, info.num_workers, torch.initial_seed() - info.seed

    return dataset(torch, 11, __getitem__=sample)


def sharded(torch, lengths):
    """A stream of which worker i gives ``lengths[i]`` samples."""

    def samples(self):
        worker = torch.utils.data.get_worker_info().id
        return iter(torch.arange(100 * worker, 100 * worker + lengths[worker]))

    return type("Shards", (torch.utils.data.IterableDataset,), {"__iter__": samples})()


def several(loader, times=2):
    return [list(loader) for _ in range(times)]


def seen_by(torch, init):
    """What ``worker_init_fn`` finds."""
    return dataset(torch, 4, __getitem__=lambda self, index: self.seen), init


def note_worker(torch):
    def init(number):
        info = torch.utils.data.get_worker_info()
        info.dataset.seen = (number, info.id, info.num_workers, str(info.seed), torch.rand(1), random.random())

    return init


def resumed(loader):
    """A pass that is left in its middle, then a whole one."""
    batches = iter(loader)
    return [next(batches), list(loader)]


#: program over (torch, its DataLoader with two workers)
PROGRAMS = {
    "random transforms": lambda torch, load: list(load(transformed(torch), batch_size=3)),
    "random transforms, shuffled": lambda torch, load: several(load(transformed(torch), batch_size=2, shuffle=True)),
    "random transforms, own generator": lambda torch, load: list(load(transformed(torch), 2, shuffle=True, generator=torch.Generator().manual_seed(5))),
    "random transforms, persistent": lambda torch, load: several(load(transformed(torch), batch_size=2, shuffle=True, persistent_workers=True), 3),
    "persistent, left early": lambda torch, load: resumed(load(transformed(torch), batch_size=2, persistent_workers=True)),
    "single samples": lambda torch, load: list(load(transformed(torch), batch_size=None)),
    "a prefetch of 1": lambda torch, load: list(load(transformed(torch), batch_size=1, prefetch_factor=1)),
    "large batches": lambda torch, load: list(load(dataset(torch, 4, __getitem__=lambda self, i: torch.full((LARGE,), i)), 2)),
    "own collate": lambda torch, load: list(load(dataset(torch, __getitem__=lambda self, i: i), 3, collate_fn=lambda batch: {"sum": sum(batch)})),
    "drop_last": lambda torch, load: list(load(dataset(torch, 7, __getitem__=lambda self, i: i), 2, drop_last=True)),
    "a batch sampler": lambda torch, load: list(load(dataset(torch, 7, __getitem__=lambda self, i: i), batch_sampler=[[0, 3], [1], [2, 2]])),
    "all at once": lambda torch, load: list(load(dataset(torch, 5, __getitems__=lambda self, many: [i * 10 for i in many]), 2)),
    "sampler that draws at once": lambda torch, load: list(load(torch.arange(9), batch_size=None, sampler=torch.randperm(9))),
    "init": lambda torch, load: list(load(dataset(torch, 4, __getitem__=lambda self, i: self.seen), worker_init_fn=note_worker(torch))),
    "a stream read twice": lambda torch, load: list(load(stream(torch, 5), batch_size=2)),
    "shards": lambda torch, load: list(load(sharded(torch, (3, 3)), batch_size=2)),
    "a short first shard": lambda torch, load: list(load(sharded(torch, (1, 7)), batch_size=2)),
    "a short second shard": lambda torch, load: list(load(sharded(torch, (7, 1)), batch_size=2)),
    "an empty shard": lambda torch, load: list(load(sharded(torch, (0, 4)), batch_size=3)),
    "shards, drop_last": lambda torch, load: list(load(sharded(torch, (5, 3)), batch_size=2, drop_last=True)),
    "shards, single samples": lambda torch, load: list(load(sharded(torch, (2, 5)), batch_size=None)),
    "shards, persistent": lambda torch, load: several(load(sharded(torch, (2, 5)), batch_size=2, persistent_workers=True)),
    "lengths": lambda torch, load: [len(load(range(7), 2)), len(iter(load(range(7), 2)))],
    "an empty data set": lambda torch, load: list(load([])),
}


def loader_of(torch):
    def load(*args, **options):
        return torch.utils.data.DataLoader(*args, num_workers=2, **options)

    return load


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_equals_pytorch(torch, name):
    """The same batches, and the next random number of the main process is the same too."""
    found = []
    for library in (lesson_lib, torch):
        library.manual_seed(12)
        found.append((plain(PROGRAMS[name](library, loader_of(library))), library.rand(1).tolist()))
    assert found[0] == found[1]


def test_warning_of_a_stream_that_is_read_twice(torch):
    """``len`` was asked for, and each worker gives all of it."""

    def program(torch):
        loader = loader_of(torch)(stream(torch, 3), batch_size=None)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            return len(loader), list(loader), [str(w.message).split(" was reported ")[1] for w in seen]

    assert program(lesson_lib) == program(torch)


def test_out_of_order():
    """A slow batch does not hold up the others; all come."""

    def slow_even(self, index):
        time.sleep(0.2 * (index == 0))
        return index

    found = [int(i) for i in own.DataLoader(dataset(lesson_lib, __getitem__=slow_even), num_workers=2, in_order=False)]
    assert sorted(found) == list(range(8)) and found[0] == 1


# --- what travels ---------------------------------------------------------------------------------------------------------


Point = collections.namedtuple("Point", "x y")


def carried(value):
    """``value`` as it arrives from a worker."""
    (found,) = own.DataLoader([value], batch_size=None, num_workers=1, collate_fn=lambda sample: sample)
    return found


@pytest.mark.parametrize("size", [3, LARGE])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "bool", "complex64", "uint8"])
def test_tensors_arrive_whole_and_writable(size, dtype):
    sent = lesson_lib.arange(size).to(getattr(lesson_lib, dtype))
    found = carried(sent)
    assert found.dtype == sent.dtype and lesson_lib.equal(found, sent)
    found[0] = 1
    assert found[0] == 1


@pytest.mark.parametrize("size", [2, 200])
def test_strides_arrive(size):
    image = lesson_lib.rand(3, size, size)
    for sent in (image.permute(1, 2, 0), image[:, ::2], image.transpose(1, 2), lesson_lib.tensor(5), image[:0], image[:1].expand(4, size, size)):
        found = carried(sent)
        assert lesson_lib.equal(found, sent)
        assert found.is_contiguous() == sent.is_contiguous() or 0 in sent.stride() or not sent.numel() or sent.shape == image[:, ::2].shape
    assert carried(image.permute(1, 2, 0)).stride() == image.permute(1, 2, 0).stride()


def test_other_objects_arrive():
    value = Point({"a": [np.ones(LARGE), "text"]}, (lesson_lib.nn.Parameter(lesson_lib.ones(2)), None))
    found = carried(value)
    assert isinstance(found, Point) and found.x["a"][1] == "text"
    assert np.array_equal(found.x["a"][0], np.ones(LARGE)) and found.x["a"][0].flags.writeable
    assert isinstance(found.y[0], lesson_lib.nn.Parameter) and found.y[0].requires_grad


def test_memory_that_cannot_be_written_to_arrives_writable():
    array = np.ones(LARGE, np.float32)
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = carried(lesson_lib.from_numpy(array))
    found += 1
    assert found.sum() == 2 * LARGE


def test_more_large_tensors_than_a_message_may_have_files():
    sent = [lesson_lib.full((LARGE // 8,), i) for i in range(260)]
    found = carried(sent)
    assert all(lesson_lib.equal(a, b) for a, b in zip(found, sent, strict=True))


def test_kept_batches_do_not_use_up_the_open_files():
    loader = own.DataLoader(lesson_lib.zeros(600, LARGE // 8), batch_size=None, num_workers=2)
    kept = list(loader)
    assert len(kept) == 600 and open_files() < 400
    kept[-1] += 1
    assert kept[-1].sum() == LARGE // 8


# --- nothing is left ------------------------------------------------------------------------------------------------------


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def nothing_left():
    """After the test there are no new processes, open files or files in memory."""
    multiprocessing.resource_tracker.ensure_running()  # Python's own process, which it keeps
    gc.freeze()  # the collector need not look at all that was before
    files, memory = open_files(), shared_memory()
    yield
    gc.collect()
    gc.unfreeze()
    assert multiprocessing.active_children() == []
    assert open_files() <= files
    assert shared_memory() <= memory


def large(length=20):
    return lesson_lib.zeros(length, LARGE)


def whole_pass():
    for _ in own.DataLoader(large(), 2, num_workers=2):
        pass


def break_out():
    for _ in own.DataLoader(large(), 2, num_workers=2):
        break


def delete():
    batches = iter(own.DataLoader(large(), 2, num_workers=2))
    next(batches)
    del batches


def never_read():
    iter(own.DataLoader(large(), 2, num_workers=2))


def error_in_the_loop():
    def loop():
        for _ in own.DataLoader(large(), 2, num_workers=2):
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        loop()


def error_in_a_worker():
    with pytest.raises(TypeError, match="Caught TypeError"):
        list(own.DataLoader([None] * 9, 2, num_workers=2))


def persistent():
    loader = own.DataLoader(large(), 2, num_workers=2, persistent_workers=True)
    for _ in range(2):
        next(iter(loader))


def a_cycle():
    """The iterator is part of a circle of objects, which only the garbage collector finds."""
    batches = iter(own.DataLoader(large(), 2, num_workers=2))
    batches.itself = batches


def two_at_once():
    pairs = zip(own.DataLoader(large(), 2, num_workers=1), own.DataLoader(large(), 2, num_workers=1))
    next(pairs)
    next(pairs)


def bad_sampler():
    with pytest.raises(ZeroDivisionError):
        list(own.DataLoader(large(), batch_sampler=([1 // (1 - i)] for i in range(3)), num_workers=2))


def dead_worker():
    with pytest.raises(RuntimeError, match=r"^DataLoader worker \(pid\(s\) \d+\) exited unexpectedly\n"):
        list(own.DataLoader(dataset(lesson_lib, __getitem__=lambda self, i: os._exit(3)), num_workers=1))


def slow_worker():
    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0\.2 seconds\n"):
        list(own.DataLoader(dataset(lesson_lib, __getitem__=lambda self, i: time.sleep(1)), num_workers=2, timeout=0.2, prefetch_factor=1))


@pytest.mark.parametrize(
    "program",
    [whole_pass, break_out, delete, never_read, error_in_the_loop, error_in_a_worker, persistent, a_cycle, two_at_once, bad_sampler, dead_worker, slow_worker],
    ids=lambda program: program.__name__,
)
def test_nothing_is_left(nothing_left, program):
    program()


def test_memory_goes_with_the_batch(nothing_left):
    """A mapping of a batch is gone as soon as the batch is."""

    def mapped():
        return Path("/proc/self/maps").read_text().count("memfd:lesson_lib")

    before = mapped()
    (batch,) = own.DataLoader(large(2), 2, num_workers=1)
    assert mapped() == before + 1
    view = batch[0]
    gone = weakref.ref(batch)
    del batch
    assert gone() is None or view._base is gone()
    assert view.sum() == 0 and mapped() == before + 1
    del view
    assert mapped() == before


# --- how workers start ----------------------------------------------------------------------------------------------------


class Importable(own.Dataset):
    """A data set that a process which was not forked can import."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        info = own.get_worker_info()
        return index, lesson_lib.full((LARGE,), info.id), os.getpid()


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_start_methods(method, nothing_left):
    numbers, ids, pids = zip(*own.DataLoader(Importable(), num_workers=2, multiprocessing_context=method))
    assert [int(i) for i in numbers] == [0, 1, 2] and [int(i[0, 0]) for i in ids] == [0, 1, 0]
    assert len({int(i) for i in pids} | {os.getpid()}) == 3
    if method == "forkserver":  # multiprocessing's own server waits for more; it and its pipe are none of the loader's
        multiprocessing.forkserver._forkserver._stop()


def test_start_methods_as_objects():
    context = multiprocessing.get_context("fork")
    loader = own.DataLoader(range(2), num_workers=1, multiprocessing_context=context)
    assert loader.multiprocessing_context is context and [int(i) for i in loader] == [0, 1]


def test_workers_use_one_thread():
    (threads,) = own.DataLoader(dataset(lesson_lib, 1, __getitem__=lambda self, i: lesson_lib.get_num_threads()), num_workers=1)
    assert int(threads) == 1


def test_without_files_in_memory(monkeypatch, nothing_left):
    """The way of macOS and Windows: everything is pickled."""
    monkeypatch.setattr("lesson_lib.utils.data._utils.transport._HAS_FILES", False)
    batches = list(own.DataLoader(lesson_lib.arange(4 * LARGE).view(4, LARGE), 2, num_workers=2))
    assert lesson_lib.equal(lesson_lib.cat(batches), lesson_lib.arange(4 * LARGE).view(4, LARGE))
    batches[0] += 1


def test_a_worker_may_not_have_workers():
    """Python's multiprocessing refuses it, so PyTorch does as well."""
    inner = dataset(lesson_lib, 1, __getitem__=lambda self, i: list(own.DataLoader([1], num_workers=1)))
    with pytest.raises(AssertionError, match="daemonic processes are not allowed to have children"):
        list(own.DataLoader(inner, num_workers=1))


def test_worker_info(torch):
    def sample(self, index):
        info = self.library.utils.data.get_worker_info()
        try:
            info.id = 3
        except AttributeError as error:
            return str(error), info.num_workers, info.dataset is self, info.rng, info.worker_method
        return None

    found = [list(loader_of(x)(dataset(x, 1, __getitem__=sample, library=x), collate_fn=lambda b: b[0])) for x in (lesson_lib, torch)]
    assert found[0] == found[1]
