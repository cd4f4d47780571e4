"""Data sets, samplers, batches: the same samples in the same order as PyTorch, and the random stream left at the same place."""

import collections
import inspect
import warnings

import numpy as np
import pytest

import lesson_lib

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """A batch as plain Python, with the kinds of its containers and dtypes."""
    if hasattr(value, "tolist"):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
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
    "index too far back": lambda torch, data: data.ConcatDataset([range(2)])[-3],
    "split sum": lambda torch, data: data.random_split(range(4), [2, 3]),
    "batch size 0": lambda torch, data: data.DataLoader([1], batch_size=0),
    "drop_last text": lambda torch, data: data.BatchSampler([1], 1, "yes"),
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


def test_workers_are_refused():
    with pytest.raises(NotImplementedError, match="num_workers=2"):
        lesson_lib.utils.data.DataLoader([1], num_workers=2)


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
