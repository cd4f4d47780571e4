"""Data sets, samplers, batches: the same samples in the same order as PyTorch, and the random stream left at the same place."""

import collections
import inspect
import types
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module

import numpy as np
import pytest

import lesson_lib

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """A batch as plain Python, with the kinds of its containers and dtypes."""
    if hasattr(value, "tolist"):
        return str(value.dtype), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | collections.deque) and not isinstance(value, str | bytes | bytearray):
        return type(value).__name__, [plain(inner) for inner in value]
    return value


def table(torch, rows=10):
    return torch.utils.data.TensorDataset(torch.arange(rows), torch.arange(2.0 * rows).view(rows, 2))


class Counting:
    """Mixed into an IterableDataset of either library."""

    def __init__(self, count, said=None):
        self.count, self.said = count, count if said is None else said

    def __iter__(self):
        return iter(range(self.count))

    def __len__(self):
        return self.said


def stream(torch, *args):
    return type("Stream", (Counting, torch.utils.data.IterableDataset), {})(*args)


class AtOnce:
    """Gives a whole batch at once, and marks what came so."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return self.values[index]

    def __getitems__(self, indices):
        return [100 + self.values[index] for index in indices]


def eager(torch):
    """A sampler whose ``__iter__`` is no generator: it draws at once."""
    return type("Eager", (torch.utils.data.Sampler,), {"__iter__": lambda self: iter(torch.randperm(10).tolist()), "__len__": lambda self: 10})()


def after_error(loader):
    """What an iterator gives that is asked again after an error."""
    batches, found = iter(loader), []
    for _ in range(3):
        try:
            found.append(next(batches))
        except TypeError as error:
            found.append(type(error).__name__)
    return found


#: what is read: program over (torch, its utils.data) -> plain values
PROGRAMS = {
    "in order": lambda torch, data: list(data.DataLoader(table(torch), batch_size=4)),
    "drop_last": lambda torch, data: list(data.DataLoader(table(torch), batch_size=4, drop_last=True)),
    "shuffled": lambda torch, data: list(data.DataLoader(table(torch), batch_size=3, shuffle=True)),
    "shuffled twice": lambda torch, data: [list(loader) for loader in [data.DataLoader(table(torch), batch_size=3, shuffle=True)] for _ in range(2)],
    "shuffled by a generator": lambda torch, data: list(data.DataLoader(table(torch), 3, shuffle=True, generator=torch.Generator().manual_seed(5))),
    "abandoned": lambda torch, data: [next(iter(data.DataLoader(table(torch), 3, shuffle=True))) for _ in range(3)],
    "single samples": lambda torch, data: list(data.DataLoader(table(torch), batch_size=None)),
    "a sampler": lambda torch, data: list(data.DataLoader(table(torch), batch_size=2, sampler=[5, 1, 1])),
    "a batch sampler": lambda torch, data: list(data.DataLoader(table(torch), batch_sampler=[[0, 3], [1]])),
    "own collate": lambda torch, data: list(data.DataLoader(table(torch), batch_size=5, collate_fn=len)),
    "a list": lambda torch, data: list(data.DataLoader([1.5, 2.5, 3.5], batch_size=2)),
    "lengths": lambda torch, data: [len(data.DataLoader(table(torch), b, drop_last=d)) for b, d in ((3, False), (3, True), (None, False))],
    "a stream": lambda torch, data: list(data.DataLoader(stream(torch, 5), batch_size=2)),
    "a stream, drop_last": lambda torch, data: list(data.DataLoader(stream(torch, 5), batch_size=2, drop_last=True)),
    "a stream, single": lambda torch, data: list(data.DataLoader(stream(torch, 3), batch_size=None)),
    "a stream's length": lambda torch, data: [len(data.DataLoader(stream(torch, 5), b)) for b in (1, 2)],
    "streams chained": lambda torch, data: list(data.DataLoader(stream(torch, 2) + stream(torch, 3), batch_size=2)),
    "random sampler": lambda torch, data: list(data.RandomSampler(range(9))),
    "random sampler, more": lambda torch, data: list(data.RandomSampler(range(4), num_samples=10)),
    "random sampler, fewer": lambda torch, data: list(data.RandomSampler(range(9), num_samples=4)),
    "random sampler, replacement": lambda torch, data: list(data.RandomSampler(range(9), replacement=True, num_samples=70)),
    "random sampler, 32 of them": lambda torch, data: list(data.RandomSampler(range(9), replacement=True, num_samples=32)),
    "subset random sampler": lambda torch, data: list(data.SubsetRandomSampler([7, 8, 9, 3])),
    "weighted random sampler": lambda torch, data: list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 9)),
    "weighted, no replacement": lambda torch, data: list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 3, replacement=False)),
    "batch sampler": lambda torch, data: list(data.BatchSampler(range(7), 3, False)) + list(data.BatchSampler(range(7), 3, True)),
    "batch sampler's length": lambda torch, data: [len(data.BatchSampler(range(7), 3, last)) for last in (False, True)],
    "split": lambda torch, data: [[*map(int, part.indices)] for part in data.random_split(range(10), [7, 3])],
    "split by fractions": lambda torch, data: [[*map(int, part.indices)] for part in data.random_split(range(11), [0.5, 0.3, 0.2])],
    "split by a generator": lambda torch, data: [list(part) for part in data.random_split(range(9), [4, 5], torch.Generator().manual_seed(42))],
    "subset": lambda torch, data: list(data.DataLoader(data.Subset(table(torch), [3, 1, 4]), 2)),
    "subset of a subset": lambda torch, data: list(data.DataLoader(data.Subset(data.Subset(table(torch), [3, 1, 4]), [2, 0]), 2)),
    "concatenated": lambda torch, data: [(data.ConcatDataset([range(3), range(5, 7)]))[i] for i in (0, 3, 4, -1, -5)],
    "concatenated, where each ends": lambda torch, data: [data.ConcatDataset(["ab", "cde"]).cumulative_sizes, data.ConcatDataset.cumsum(["a", "bc"])],
    "stacked": lambda torch, data: list(data.DataLoader(data.StackDataset(table(torch), range(10)), 4)),
    "stacked by name": lambda torch, data: list(data.DataLoader(data.StackDataset(x=table(torch), y=range(10)), 4)),
    "stacked, at once": lambda torch, data: data.StackDataset(AtOnce([5, 6, 7]), "abc").__getitems__([2, 0]),
    "stacked, length": lambda torch, data: len(data.StackDataset("abc")),
    "batches at once": lambda torch, data: list(data.DataLoader(AtOnce(range(5)), 2)),
    "a subset's batches at once": lambda torch, data: list(data.DataLoader(data.Subset(AtOnce(range(5)), [4, 2, 0]), 2)),
    "a subset's list": lambda torch, data: data.Subset(torch.arange(5), [4, 2, 0])[[0, 2]],
    "own sampler that draws at once": lambda torch, data: list(data.DataLoader(table(torch), batch_size=None, sampler=eager(torch))),
    "own batches of it": lambda torch, data: list(data.DataLoader(table(torch), batch_size=3, sampler=eager(torch))),
    "parts for two processes": lambda torch, data: [list(data.DistributedSampler(range(5), 2, rank)) for rank in (0, 1)],
    "parts, another seed": lambda torch, data: [list(data.DistributedSampler(range(7), 3, rank, seed=9)) for rank in range(3)],
    "parts in order": lambda torch, data: [list(data.DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)],
    "parts without the last": lambda torch, data: [list(data.DistributedSampler(range(5), 2, rank, drop_last=True)) for rank in (0, 1)],
    "parts of less than one each": lambda torch, data: [[*s, len(s), s.total_size] for s in [data.DistributedSampler("a", 3, 2)]],
    "parts of nothing": lambda torch, data: list(data.DistributedSampler("", 2, 0, shuffle=False)),
    "parts of the next pass": lambda torch, data: [(s.set_epoch(3), list(s)) for s in [data.DistributedSampler(range(5), 2, 1)]],
    "iterator's length": lambda torch, data: len(iter(data.DataLoader(table(torch), batch_size=4))),
    "after an error": lambda torch, data: after_error(data.DataLoader([0, None, 2])),
    "main process": lambda torch, data: data.get_worker_info(),
    "sum of data sets": lambda torch, data: len(table(torch, 3) + table(torch, 4)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_equals_pytorch(torch, name):
    """The same batches, and the next random number is the same too."""
    found = []
    for library in (lesson_lib, torch):
        library.manual_seed(12)
        found.append((plain(PROGRAMS[name](library, library.utils.data)), library.rand(1).tolist()))
    assert found[0] == found[1]


#: lists of samples
SAMPLES = {
    "tensors": lambda torch: [torch.ones(2), torch.zeros(2)],
    "numbers": lambda torch: [1, 2],
    "fractions": lambda torch: [1.5, 2.5],
    "truth values": lambda torch: [True, False],
    "texts": lambda torch: ["a", "b"],
    "bytes": lambda torch: [b"a", b"b"],
    "arrays": lambda torch: [np.ones(2), np.zeros(2)],
    "float32 arrays": lambda torch: [np.ones(2, np.float32), np.zeros(2, np.float32)],
    "NumPy numbers": lambda torch: [np.float32(1.5), np.float32(2.5)],
    "pairs": lambda torch: [(1, "a"), (2, "b")],
    "lists": lambda torch: [[1, 2.0], [3, 4.0]],
    "dictionaries": lambda torch: [{"x": torch.ones(1), "n": 1}, {"x": torch.zeros(1), "n": 2}],
    "named tuples": lambda torch: [Point(1, 2.0), Point(3, 4.0)],
    "ordered dictionaries": lambda torch: [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    "dictionaries with a default": lambda torch: [collections.defaultdict(int, a=1), collections.defaultdict(int, a=2)],
    "read-only dictionaries": lambda torch: [types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})],
    "deques": lambda torch: [collections.deque([1, 2]), collections.deque([3, 4])],
    "user's lists": lambda torch: [collections.UserList([1, 2]), collections.UserList([3, 4])],
    "ranges": lambda torch: [range(2), range(2)],
    "byte arrays": lambda torch: [bytearray(b"ab"), bytearray(b"cd")],
    "numbers of both kinds": lambda torch: [1, 2.5],
    "0-d arrays": lambda torch: [np.array(1.0), np.array(2.0)],
    "NumPy's truth values": lambda torch: [np.bool_(True), np.bool_(False)],
    "nested": lambda torch: [({"a": [1, (2, 3)]}, torch.ones(2, 2)), ({"a": [4, (5, 6)]}, torch.zeros(2, 2))],
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("how", ["default_collate", "default_convert"])
def test_collate_equals_pytorch(torch, name, how):
    ours, theirs = (plain(getattr(library.utils.data, how)(SAMPLES[name](library))) for library in (lesson_lib, torch))
    assert ours == theirs


#: mistakes: the exception and its first line are PyTorch's
MISTAKES = {
    "no __getitem__": lambda torch, data: data.Dataset()[0],
    "tensors of different sizes": lambda torch, data: data.TensorDataset(torch.ones(2), torch.ones(3)),
    "nothing to concatenate": lambda torch, data: data.ConcatDataset([]),
    "streams to concatenate": lambda torch, data: data.ConcatDataset([stream(torch, 2)]),
    "data sets to chain": lambda torch, data: list(data.ChainDataset([[1]])),
    "nothing to stack": lambda torch, data: data.StackDataset(),
    "stacked both ways": lambda torch, data: data.StackDataset([1], a=[1]),
    "stacked, sizes": lambda torch, data: data.StackDataset([1], [1, 2]),
    "stacked by name, sizes": lambda torch, data: data.StackDataset(a=[1], b=[1, 2]),
    "stacked, too few at once": lambda torch, data: data.StackDataset(type("Few", (AtOnce,), {"__getitems__": lambda *_: [1]})([1, 2])).__getitems__([0, 1]),
    "a stream without __iter__": lambda torch, data: type("X", (data.IterableDataset,), {})(),
    "data sets to chain, length": lambda torch, data: len(data.ChainDataset([[1]])),
    "parts without a group": lambda torch, data: data.DistributedSampler([1]),
    "parts, rank": lambda torch, data: data.DistributedSampler([1], 2, 2),
    "parts, negative rank": lambda torch, data: data.DistributedSampler([1], 2, -1),
    "weights, replacement": lambda torch, data: data.WeightedRandomSampler([1.0], 1, replacement=1),
    "a dictionary without the key": lambda torch, data: data.default_collate([{"a": 1}, {"b": 2}]),
    "nothing to collate": lambda torch, data: data.default_collate([]),
    "start method": lambda torch, data: data.DataLoader([1], num_workers=1, multiprocessing_context="thread"),
    "start method's type": lambda torch, data: data.DataLoader([1], num_workers=1, multiprocessing_context=3),
    "start method without workers": lambda torch, data: data.DataLoader([1], multiprocessing_context="fork"),
    "start method afterwards": lambda torch, data: setattr(data.DataLoader([1]), "multiprocessing_context", "fork"),
    "negative prefetch": lambda torch, data: data.DataLoader([1], num_workers=1, prefetch_factor=-1),
    "no timeout without workers": lambda torch, data: list(data.DataLoader([1], timeout=1)),
    "index too far back": lambda torch, data: data.ConcatDataset([range(2)])[-3],
    "split sum": lambda torch, data: data.random_split(range(4), [2, 3]),
    "batch size 0": lambda torch, data: data.DataLoader([1], batch_size=0),
    "drop_last text": lambda torch, data: data.BatchSampler([1], 1, "yes"),
    **{
        f"{name} changed": lambda torch, data, name=name: setattr(data.DataLoader([1]), name, 3)
        for name in ("batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
    },
    "no samples": lambda torch, data: data.DataLoader([], shuffle=True),
    "replacement text": lambda torch, data: data.RandomSampler([1], replacement="yes"),
    "weights in a matrix": lambda torch, data: data.WeightedRandomSampler([[1.0]], 1),
    "weights, no samples": lambda torch, data: data.WeightedRandomSampler([1.0], 0),
    "sampler and shuffle": lambda torch, data: data.DataLoader([1], sampler=[0], shuffle=True),
    "batch sampler and size": lambda torch, data: data.DataLoader([1], batch_sampler=[[0]], batch_size=2),
    "no batch and drop_last": lambda torch, data: data.DataLoader([1], batch_size=None, drop_last=True),
    "a stream shuffled": lambda torch, data: data.DataLoader(stream(torch, 2), shuffle=True),
    "a stream sampled": lambda torch, data: data.DataLoader(stream(torch, 2), sampler=[1]),
    "a stream with batch sampler": lambda torch, data: data.DataLoader(stream(torch, 2), batch_sampler=[[1]]),
    "negative workers": lambda torch, data: data.DataLoader([1], num_workers=-1),
    "timeout": lambda torch, data: data.DataLoader([1], timeout=-1),
    "prefetch": lambda torch, data: data.DataLoader([1], prefetch_factor=2),
    "persistent": lambda torch, data: data.DataLoader([1], persistent_workers=True),
    "changed afterwards": lambda torch, data: setattr(data.DataLoader([1]), "batch_size", 3),
    "samples of different lengths": lambda torch, data: data.default_collate([[1], [1, 2]]),
    "tensors of different shapes": lambda torch, data: data.default_collate([torch.ones(1), torch.ones(2)]),
    "samples of no known type": lambda torch, data: data.default_collate([object()]),
    "arrays of text": lambda torch, data: data.default_collate([np.array(["a"])]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        with pytest.raises(Exception) as caught:
            MISTAKES[name](library, library.utils.data)
        found.append((caught.type, str(caught.value).splitlines()[0]))
    assert found[0] == found[1]


def test_longer_than_announced(torch):
    """A stream that gives more than its ``len`` is warned about, once it does."""

    def program(torch):
        loader = torch.utils.data.DataLoader(stream(torch, 3, 2), batch_size=None)
        len(loader)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            return list(loader), [str(w.message).split(" was reported ")[1] for w in seen]

    assert program(lesson_lib) == program(torch)


def test_signature_equals_pytorch(torch):
    ours, theirs = (list(inspect.signature(library.utils.data.DataLoader.__init__).parameters) for library in (lesson_lib, torch))
    assert ours == theirs


def test_signatures_equal_pytorch(torch):
    for name in ("StackDataset", "DistributedSampler", "RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler", "BatchSampler"):
        ours, theirs = (list(inspect.signature(getattr(library.utils.data, name)).parameters) for library in (lesson_lib, torch))
        assert ours == theirs, name


def test_warnings_equal_pytorch(torch):
    """More workers than processors, pinned memory without a GPU, an old spelling, an empty part."""

    def program(torch):
        data = torch.utils.data
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            data.DataLoader([1], num_workers=1000)
            list(data.DataLoader([1], pin_memory=True))
            list(data.DataLoader([1], pin_memory=True, pin_memory_device="cuda"))
            _ = data.ConcatDataset(["a"]).cummulative_sizes
            data.random_split(range(1), [0.5, 0.5])
        return [(w.category, str(w.message)) for w in seen]

    assert program(lesson_lib) == program(torch)


def test_warnings_name_the_users_line():
    with pytest.warns(UserWarning, match="pin_memory") as pinned:
        iter(lesson_lib.utils.data.DataLoader([1], pin_memory=True))
    with pytest.warns(UserWarning, match="1000 worker") as many:
        lesson_lib.utils.data.DataLoader([1], num_workers=1000)
    assert pinned[0].filename == many[0].filename == __file__


def test_own_types_can_be_collated(torch):
    """A map of functions; a tuple of types, a subclass and a nested sample find theirs."""

    class Text(str):
        pass

    def program(torch):
        module = import_module(f"{torch.__name__}.utils.data._utils.collate")
        functions = {(str, bytes): lambda batch, *, collate_fn_map=None: "+".join(batch), **module.default_collate_fn_map}
        return plain(module.collate([[Text("a"), 1], [Text("b"), 2]], collate_fn_map=functions)), module.collate(["a", "b"], collate_fn_map=functions)

    assert program(lesson_lib) == program(torch)


def test_generic_types(torch):
    """``Dataset[int]`` may stand behind a class name."""
    for name in ("Dataset", "IterableDataset", "Sampler", "DataLoader"):
        for library in (lesson_lib, torch):
            assert type("Mine", (), {"x": getattr(library.utils.data, name)[int]}).x
