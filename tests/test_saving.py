"""torch.save and torch.load: PyTorch opens our files, we open PyTorch's, and what was shared is shared again."""

import gzip
import io
import mmap
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_lib
from lesson_lib.serialization import archive as archives

from .saved_files import Call, Name, archive, facts, load, pickled, saved, storage, view
from .standin import TYPE as STANDIN
from .standin import install

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64",
          "complex64", "complex128")  # fmt: skip


def first_line(error):
    return str(error).split("\n")[0]


def read_by(t, data):
    return t.load(io.BytesIO(data), weights_only=True)


# --- what can be saved: (library) -> object --------------------------------------------------------------------------------------------


def model(t):
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.ReLU(), t.nn.Linear(4, 2))


def smooth_model(t):
    """One whose training does not magnify a last bit."""
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 2))


def trained(t, name, options):
    """An optimizer that has made two steps."""
    net = smooth_model(t)
    optimizer = getattr(t.optim, name)(net.parameters(), **options)

    def loss():
        optimizer.zero_grad()
        result = net(t.ones(5, 3)).pow(2).sum()
        result.backward()
        return result

    for _ in range(2):
        optimizer.step(loss)
    return optimizer


def scheduled(t, make):
    """A scheduler that has made three steps."""
    optimizer = t.optim.SGD(model(t).parameters(), lr=0.1)
    scheduler = make(t.optim.lr_scheduler, optimizer)
    for _ in range(3):
        optimizer.step()
        scheduler.step(*([1.0] if type(scheduler).__name__ == "ReduceLROnPlateau" else []))
    return scheduler


def with_note(tensor):
    tensor.note = "the user's"
    return tensor


def several_views(t):
    x = t.arange(24.0).reshape(2, 3, 4)
    return [x, x[1], x.permute(2, 0, 1)[1:], x[:, ::2, 1:3], x.view(-1)[5:7].detach(), t.nn.Parameter(x[0])]


SAMPLES = {
    "plain values": lambda t: [None, True, False, 0, -1, 2**31, -(2**63), 2**100, 1.5, float("inf"), "text ü", "", (1,), (1, 2, 3, 4), {}, [], ()],
    "bytes": lambda t: [b"ab\xff", bytearray(b"x\0"), bytearray()],
    "sets and complex": lambda t: [set(), {3}, 1 + 2j],
    "containers": lambda t: {"a": [1, {"b": (2, [3])}], 4: {"c": None}, (1, "x"): 2, 1.5: 3},
    "ordered": lambda t: OrderedDict([("b", 1), ("a", OrderedDict())]),
    "counter": lambda t: Counter("aab"),
    "facts about tensors": lambda t: [t.Size([2, 3]), t.float32, t.bfloat16, t.complex128, t.uint32, t.bool, t.device("cpu"), t.device("cuda", 1)],
    "classes": lambda t: [t.Tensor, t.Size, t.nn.Parameter, OrderedDict],
    "empty": lambda t: [t.empty(0), t.empty(0, 3), t.zeros(2, 0, 3)],
    "0-d": lambda t: [t.tensor(3.5), t.tensor(True), t.tensor(7)],
    **{f"dtype {name}": lambda t, name=name: t.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(t, name)) for name in DTYPES},
    "views of one memory": several_views,
    "the same tensor twice": lambda t: (lambda x: [x, x, {"x": x}])(t.ones(2)),
    "transposed": lambda t: t.arange(6.0).reshape(2, 3).t(),
    "expanded": lambda t: t.ones(1).expand(5),
    "steps": lambda t: t.arange(10)[1::3],
    "size 1": lambda t: t.ones(3, 3)[:, :1],
    "requires grad": lambda t: [t.ones(2, requires_grad=True), t.nn.Parameter(t.ones(2, 3).t()), t.nn.Parameter(t.ones(1), requires_grad=False)],
    "not a leaf": lambda t: t.ones(2, requires_grad=True) * 2,
    "with attributes": lambda t: [with_note(t.ones(2)), with_note(t.nn.Parameter(t.ones(2)))],
    "untyped storage": lambda t: t.arange(3, dtype=t.int16).untyped_storage(),
    "generator state": lambda t: t.Generator().manual_seed(3).get_state(),
    "state_dict": lambda t: model(t).state_dict(),
    "a checkpoint": lambda t: {"model": model(t).state_dict(), "epoch": 3, "rng": t.Generator().manual_seed(1).get_state(), "best": t.tensor(0.5)},
}  # fmt: skip
OPTIMIZERS = {
    **{name: {} for name in ("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "LBFGS", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD")},
    "SGD with momentum": {"momentum": 0.9, "nesterov": True},
    "Adam with amsgrad": {"amsgrad": True, "weight_decay": 0.1},
    "RMSprop, centered": {"centered": True, "momentum": 0.5},
}
SCHEDULERS = {
    "StepLR": lambda s, o: s.StepLR(o, 2),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [1, 2]),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 10),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.1, 1.0, cycle_momentum=False),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 1.0, 20),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda n: 0.9**n),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda n: 0.9),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.StepLR(o, 1)], [2]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o), s.StepLR(o, 1)]),
}
# Their numbers differ in the last bit, so only what is in the file is compared.
FROM_TRAINING = {
    **{name: lambda t, name=name: trained(t, name.replace(",", " ").split()[0], OPTIMIZERS[name]).state_dict() for name in OPTIMIZERS},
    **{name: lambda t, make=make: scheduled(t, make).state_dict() for name, make in SCHEDULERS.items()},
}
ALL = {**SAMPLES, **FROM_TRAINING}


def without_id(data):
    """The bytes of a file with the forty digits of its id, and their checksums, blanked."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entry = file.getinfo("archive/.data/serialization_id")
        digits, checksum = file.read(entry), entry.CRC.to_bytes(4, "little")
    return data.replace(digits, b"#" * 40).replace(checksum, b"####")


@pytest.mark.parametrize("name", SAMPLES)
def test_our_file_is_pytorchs_byte_for_byte(name, torch):
    assert without_id(saved(SAMPLES[name](lesson_lib))) == without_id(saved(SAMPLES[name](torch), torch))


@pytest.mark.parametrize("name", ALL)
def test_pytorch_opens_ours(name, torch):
    ours = ALL[name](lesson_lib)
    assert facts(read_by(torch, saved(ours))) == facts(ours)


@pytest.mark.parametrize("name", ALL)
def test_we_open_pytorchs(name, torch):
    theirs = ALL[name](torch)
    assert facts(read_by(lesson_lib, saved(theirs, torch))) == facts(theirs)


@pytest.mark.parametrize("name", ALL)
def test_we_open_ours(name):
    ours = ALL[name](lesson_lib)
    assert facts(read_by(lesson_lib, saved(ours))) == facts(ours)


def test_every_entry_begins_at_a_multiple_of_64():
    data = saved([lesson_lib.ones(n) for n in range(5)])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        for entry in file.infolist():
            header = archives._LOCAL.unpack_from(data, entry.header_offset)
            assert (entry.header_offset + archives._LOCAL.size + header[-2] + header[-1]) % 64 == 0


def test_views_share_their_memory_again():
    x = lesson_lib.arange(6.0)
    a, b, c = load(saved([x, x[1:3], lesson_lib.nn.Parameter(x[4:])]))
    a[1], a[4] = 100, 200
    assert b.tolist() == [100, 2] and c.tolist() == [200, 5]
    assert a.untyped_storage() == b.untyped_storage() == c.untyped_storage()
    assert a._base is None and b._base is None and b.is_leaf


def test_tied_weights_stay_tied():
    class Tied(lesson_lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = lesson_lib.nn.Linear(2, 2), lesson_lib.nn.Linear(2, 2)
            self.b.weight = self.a.weight

    state = load(saved(Tied().state_dict()))
    assert state["a.weight"].data_ptr() == state["b.weight"].data_ptr() != state["a.bias"].data_ptr()


def test_a_buffer_is_a_buffer_again(torch):
    for t in (lesson_lib, torch):
        buffer = load(saved(t.nn.Buffer(t.ones(2), persistent=False), t))
        assert isinstance(buffer, lesson_lib.nn.Buffer) and buffer.persistent is False
    assert isinstance(read_by(torch, saved(lesson_lib.nn.Buffer(lesson_lib.ones(2)))), torch.nn.Buffer)


def test_a_conjugate_of_pytorchs_is_its_values(torch):
    x = torch.tensor([1 + 2j, 3 - 1j])
    conjugate, negative = load(saved([x.conj(), torch._neg_view(x)], torch))
    assert conjugate.tolist() == [1 - 2j, 3 + 1j] and negative.tolist() == [-1 - 2j, -3 + 1j]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_other_protocols(protocol):
    obj = {"t": lesson_lib.ones(2), "b": b"x" * 300, "s": {1, 2}, "l": list(range(3000)), "long": "é" * 300, "big": 2**3000}
    back = load(saved(obj, pickle_protocol=protocol))
    assert back.pop("t").tolist() == [1, 1]
    assert back == {name: value for name, value in obj.items() if name != "t"}


def test_empty_bytes():
    assert load(saved([b"", b""])) == [b"", b""]


def test_a_list_in_itself():
    x = [1]
    x.append(x)
    y = load(saved(x))
    assert y[1] is y


def test_gradients_are_not_saved():
    p = lesson_lib.ones(2, requires_grad=True)
    p.sum().backward()
    assert load(saved(p)).grad is None


BYTES = st.binary(min_size=1)  # PyTorch refuses b"", which protocol 2 writes as a call of bytes
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | BYTES
KEYS = st.text() | st.integers() | st.booleans() | st.tuples(st.integers(), st.text())
NESTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner), max_leaves=20)


@settings(max_examples=30, deadline=None)
@given(NESTS)
def test_any_nest_of_plain_values(value):
    assert repr(load(saved(value))) == repr(value)


@settings(max_examples=20, deadline=None)
@given(NESTS)
def test_any_nest_goes_to_pytorch_and_back(torch, value):
    assert repr(read_by(torch, saved(value))) == repr(value)
    assert repr(load(saved(value, torch))) == repr(value)


# --- models, optimizers, schedulers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_pytorch", [True, False])
def test_training_goes_on_in_the_other_library(to_pytorch, torch):
    first, second = (lesson_lib, torch) if to_pytorch else (torch, lesson_lib)
    results = []
    for go_on in (first, second):
        net = smooth_model(first)
        optimizer = first.optim.Adam(net.parameters(), lr=0.05)
        for t in (first, go_on):
            if t is not first:
                files = saved(net.state_dict(), first), saved(optimizer.state_dict(), first)
                net = smooth_model(t)
                optimizer = t.optim.Adam(net.parameters(), lr=0.05)
                net.load_state_dict(read_by(t, files[0]))
                optimizer.load_state_dict(read_by(t, files[1]))
            for _ in range(3):
                optimizer.zero_grad()
                (net(t.arange(15.0).reshape(5, 3) / 15) - 1).pow(2).sum().backward()
                optimizer.step()
        results.append([p.detach().numpy().copy() for p in net.parameters()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_the_metadata_of_a_state_dict_comes_along(torch):
    state = read_by(torch, saved(model(lesson_lib).state_dict()))
    assert state._metadata == model(torch).state_dict()._metadata
    model(torch).load_state_dict(state)


# --- where to ---------------------------------------------------------------------------------------------------------------------------


def test_paths(tmp_path):
    for path in (tmp_path / "a.pt", str(tmp_path / "b.tar.pt"), tmp_path / "ohne Endung ü"):
        lesson_lib.save({"x": lesson_lib.ones(2)}, path)
        assert lesson_lib.load(path)["x"].tolist() == [1, 1]
    with zipfile.ZipFile(tmp_path / "b.tar.pt") as file:
        assert file.namelist()[0] == "b.tar/data.pkl"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.pt", "b.tar.pt", "ohne Endung ü"]


def test_the_name_within_the_archive_is_pytorchs(tmp_path, torch):
    for name in ("a.pt", "b.tar.pt", "c", "d."):
        names = []
        for t, folder in ((lesson_lib, tmp_path / "ours"), (torch, tmp_path / "theirs")):
            folder.mkdir(exist_ok=True)
            t.save(1, folder / name)
            names.append(zipfile.ZipFile(folder / name).namelist())
        assert names[0] == names[1]


def test_file_objects(tmp_path):
    class OnlyWrite:
        """Takes at most 7 bytes at a time, and cannot seek."""

        data = b""

        def write(self, data):
            self.data += bytes(data[:7])
            return len(data[:7])

    target = OnlyWrite()
    lesson_lib.save(lesson_lib.arange(3), target)
    assert load(target.data).tolist() == [0, 1, 2]
    with gzip.open(tmp_path / "x.gz", "wb") as file:
        lesson_lib.save(lesson_lib.arange(3), file)
    with gzip.open(tmp_path / "x.gz") as file:
        assert lesson_lib.load(file).tolist() == [0, 1, 2]
        assert not file.closed


def test_a_file_begins_where_the_object_stands():
    file = io.BytesIO(b"head" + saved([1, 2]))
    file.seek(4)
    assert lesson_lib.load(file) == [1, 2]


def test_large_sizes_and_places_take_64_bits(monkeypatch, torch):
    """As if everything from 100 bytes on were beyond 4 GiB."""
    monkeypatch.setattr(archives, "LARGE", 100)
    data = saved([lesson_lib.arange(200), lesson_lib.ones(2), lesson_lib.empty(0)])
    monkeypatch.undo()
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    for t in (lesson_lib, torch):
        a, b, c = read_by(t, data)
        assert a.tolist() == list(range(200)) and b.tolist() == [1, 1] and c.numel() == 0


def test_memory(tmp_path):
    """Saving takes no second copy of the tensors, loading only the one that it returns."""
    size = 8 * 2**20
    state = {str(n): lesson_lib.ones(size // 4) for n in range(4)}
    tracemalloc.start()
    lesson_lib.save(state, tmp_path / "x.pt")
    saving = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    again = lesson_lib.load(tmp_path / "x.pt")
    loading = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert saving < size / 8 and loading < 4.2 * size
    assert all((again[name] == 1).all() for name in state)


# --- map_location, mmap, byte order, old files ------------------------------------------------------------------------------------------


def on_cuda(t=lesson_lib):
    """A file as PyTorch writes it on a machine with a GPU."""
    return archive(pickled([view(of=storage(location="cuda:1")), view(1, (2,), of=storage(location="cuda:1"))]), [np.arange(5, dtype="f4").tobytes()])


@pytest.mark.parametrize(
    "place", ["cpu", lesson_lib.device("cpu"), b"cpu", {"cuda:1": "cpu"}, lambda storage, location: storage, lambda storage, location: storage.cpu()]
)
def test_map_location(place):
    a, b = load(on_cuda(), map_location=place)
    assert a.tolist() == [0, 1, 2, 3, 4] and b.tolist() == [1, 2] and a.untyped_storage() == b.untyped_storage()


def test_map_location_is_asked_once_for_each_storage():
    asked = []
    load(on_cuda(), map_location=lambda storage, location: asked.append((type(storage).__name__, storage.nbytes(), location)) or storage)
    assert asked == [("UntypedStorage", 20, "cuda:1")]


def test_to_another_device_and_back(torch):
    install()
    x = lesson_lib.arange(6.0)
    a, b = load(saved([x, x[1:3].requires_grad_()]), map_location=STANDIN)
    assert a.device.type == b.device.type == STANDIN and b.requires_grad
    a[1] = 100
    data = saved([a, b])
    a, b = load(data, map_location="cpu")
    assert a.tolist() == [0, 100, 2, 3, 4, 5] and b.tolist() == [100, 2] and a.untyped_storage() == b.untyped_storage()
    assert [one.device.type for one in load(data)] == [STANDIN] * 2
    assert [one.tolist() for one in torch.load(io.BytesIO(data), map_location="cpu")] == [[0, 100, 2, 3, 4, 5], [100, 2]]


PLACES = {
    "no cuda": {},
    "no cuda, asked for": {"map_location": "cuda"},
    "unknown place": {"map_location": "gpu"},
    "unknown place in a dictionary": {"map_location": {"cuda:1": "gpu"}},
    "no function": {"map_location": 3},
}


@pytest.mark.parametrize("name", PLACES)
def test_places_that_are_not_there(name, torch):
    if lesson_lib.cuda.is_available() or torch.cuda.is_available():
        pytest.skip("there is a GPU")
    errors = []
    for t in (lesson_lib, torch):
        with pytest.raises((RuntimeError, TypeError)) as caught:
            t.load(io.BytesIO(archive(pickled(view(of=storage(location="cuda:1"))))), **PLACES[name])
        errors.append((type(caught.value), first_line(caught.value)))
    assert errors[0] == errors[1]


def test_mapped_files(tmp_path):
    path = tmp_path / "x.pt"
    lesson_lib.save([lesson_lib.arange(6), lesson_lib.ones(3), lesson_lib.empty(0)], path)
    before = path.read_bytes()
    a, b, c = lesson_lib.load(path, mmap=True)
    assert a.tolist() == [0, 1, 2, 3, 4, 5] and b.tolist() == [1, 1, 1] and c.numel() == 0
    a[0] = 100  # in memory only
    assert a[0] == 100 and path.read_bytes() == before
    lesson_lib.save([1], path)
    assert b.tolist() == [1, 1, 1]  # the old file, as long as it is mapped
    del a, b


def test_mapped_files_can_be_written_to(tmp_path):
    path = tmp_path / "x.pt"
    lesson_lib.save(lesson_lib.arange(6), path)
    assert lesson_lib.serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    with lesson_lib.serialization.set_default_mmap_options(mmap.MAP_SHARED):
        lesson_lib.load(path, mmap=True)[2] = 50
    assert lesson_lib.serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    assert lesson_lib.load(path, mmap=True)[2] == 50
    with pytest.raises(ValueError, match="expected mmap.MAP_PRIVATE or mmap.MAP_SHARED"):
        lesson_lib.serialization.set_default_mmap_options(100)


@pytest.mark.parametrize("dtype", ["FloatStorage", "ComplexFloatStorage", "ShortStorage", "BoolStorage"])
def test_a_file_of_another_byte_order(dtype, torch):
    kind = {"FloatStorage": "f4", "ComplexFloatStorage": "c8", "ShortStorage": "i2", "BoolStorage": "?"}[dtype]
    values = np.array([0, 1, 1, 0]).astype(kind)
    data = archive(pickled(view(size=(4,), of=storage(dtype, count=4))), [values.byteswap().tobytes()], b"big")
    assert load(data).tolist() == read_by(torch, data).tolist() == values.tolist()


@pytest.mark.parametrize("name", ["views of one memory", "state_dict", "Adam", "empty", "dtype bfloat16", "requires grad", "a checkpoint"])
def test_files_from_before_pytorch_1_6(name, torch, tmp_path):
    theirs = ALL[name](torch)
    data = saved(theirs, torch, _use_new_zipfile_serialization=False)
    assert facts(load(data)) == facts(theirs)
    assert facts(load(data, map_location="cpu")) == facts(theirs)
    with pytest.raises(RuntimeError, match="is read here and not written"):
        saved(1, _use_new_zipfile_serialization=False)


def test_safetensors_files(tmp_path):
    lesson_lib.utils.safetensors.save_file({"x": lesson_lib.ones(2)}, tmp_path / "x.safetensors")
    assert lesson_lib.load(tmp_path / "x.safetensors", map_location="cpu")["x"].tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="with dict map_location is not supported"):
        lesson_lib.load(tmp_path / "x.safetensors", map_location={})


# --- what load refuses, in PyTorch's words -----------------------------------------------------------------------------------------------


class Settings:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(other) is Settings and self.x == other.x

    __hash__ = None


class Slotted:
    __slots__ = ("a",)


class Careful:
    def __setstate__(self, state):
        self.seen = state


ERRORS = {
    "a class": lambda t, path: t.load(io.BytesIO(saved(Settings(1), t))),
    "a function": lambda t, path: t.load(io.BytesIO(saved(os.path.join, t))),
    "eval": lambda t, path: t.load(io.BytesIO(saved(eval, t))),
    "a blocked module": lambda t, path: t.load(io.BytesIO(saved(os.getpid, t))),
    "a NumPy number": lambda t, path: t.load(io.BytesIO(saved(np.float64(1), t))),
    "no file": lambda t, path: t.load(path / "none.pt"),
    "a text file": lambda t, path: t.load(io.StringIO("abcdefg")),
    "no file object": lambda t, path: t.load(5),
    "no folder": lambda t, path: t.save(1, path / "none" / "x.pt"),
    "no target": lambda t, path: t.save(1, 5),
    "two dtypes": lambda t, path: (lambda x: saved([x, x.view(t.int32)], t))(t.ones(2)),
    "mmap of an object": lambda t, path: t.load(io.BytesIO(saved(1, t)), mmap=True),
    "mmap of an old file": lambda t, path: ((path / "x").write_bytes(b"abcdefgh"), t.load(path / "x", mmap=True)),
    "a pickle module": lambda t, path: t.load(io.BytesIO(saved(1, t)), pickle_module=pickle, weights_only=True),
    "another size": lambda t, path: read_by(t, archive(pickled(view(of=storage(count=7))))),
    "no such storage": lambda t, path: read_by(t, archive(pickled(view(of=storage(key="7"))))),
    "a negative offset": lambda t, path: read_by(t, archive(pickled(view(-1)))),
    "a negative stride": lambda t, path: read_by(t, archive(pickled(view(4, (2,), (-1,))))),
    "a negative size": lambda t, path: read_by(t, archive(pickled(view(0, (-2,))))),
    "too few strides": lambda t, path: read_by(t, archive(pickled(view(0, (2, 2))))),
    "a huge size": lambda t, path: read_by(t, archive(pickled(view(0, (2**62, 2**62), (1, 1))))),
    "gradients of integers": lambda t, path: read_by(t, archive(pickled(view(requires_grad=True, of=storage("IntStorage"))))),
    "another byte order": lambda t, path: read_by(t, archive(pickled(1), byteorder=b"middle")),
    "an unknown operation": lambda t, path: read_by(t, archive(b"\x80\x02\xff.")),
    "append to a dictionary": lambda t, path: read_by(t, archive(b"\x80\x02}K\x01a.")),
    "call of a text": lambda t, path: read_by(t, archive(b"\x80\x02X\x01\0\0\0a)R.")),
    "attributes of a list": lambda t, path: read_by(t, archive(b"\x80\x02]}b.")),
    "not a storage": lambda t, path: read_by(t, archive(pickled(Call("torch.Size", storage().__class__("module", 1))))),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name, torch, tmp_path):
    found = []
    for t in (lesson_lib, torch):
        with pytest.raises(Exception) as caught:
            ERRORS[name](t, tmp_path)
        found.append((type(caught.value), first_line(caught.value)))
    assert found[0] == found[1]


def test_the_error_says_how_to_allow_a_class():
    with pytest.raises(pickle.UnpicklingError) as caught:
        load(saved(Settings(1)))
    name = f"{Settings.__module__}.Settings"
    assert f"GLOBAL {name} was not an allowed global by default. Please use `torch.serialization.add_safe_globals([{name}])`" in str(caught.value)
    assert "weights_only" in str(caught.value)


@pytest.mark.parametrize("weights_only", [None, True, False])
def test_no_setting_runs_code_of_a_file(weights_only, capfd):
    data = archive(pickled(Call("builtins.print", "run")))
    with pytest.raises(pickle.UnpicklingError, match="Unsupported global: GLOBAL print"):
        load(data, weights_only=weights_only)
    assert capfd.readouterr().out == ""


def test_safe_globals():
    serialization = lesson_lib.serialization
    slotted = Slotted()
    slotted.a = 5
    data = saved({"s": Settings(lesson_lib.ones(2)), "slots": slotted, "careful": Careful()})
    unsafe = [f"{Settings.__module__}.{name}" for name in ("Careful", "Settings", "Slotted")]
    assert [name for name in serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) if name.startswith(Settings.__module__)] == unsafe
    with serialization.safe_globals([Settings, Slotted, Careful, (object, "builtins.object"), (_reconstructor, "copyreg._reconstructor")]):
        back = load(data)
        assert len(serialization.get_safe_globals()) == 5
        assert serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == []
    assert back["s"].x.tolist() == [1, 1] and back["slots"].a == 5
    assert serialization.get_safe_globals() == []
    renamed = archive(pickled(Call("elsewhere.Options", 3)))
    serialization.add_safe_globals([(Settings, "elsewhere.Options")])
    try:
        assert load(renamed) == Settings(3)
    finally:
        serialization.clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        load(renamed)


def _reconstructor(cls, base, state):
    return object.__new__(cls)


def test_safe_globals_must_be_named():
    for wrong, kind in ((("a", "b", "c"), ValueError), ((Settings, 3), TypeError)):
        with lesson_lib.serialization.safe_globals([wrong]), pytest.raises(kind):
            load(saved(1))


def test_nobody_can_declare_the_operating_system_safe():
    with lesson_lib.serialization.safe_globals([os.system]), pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        load(saved(os.system))


def test_a_whole_model_with_its_classes_declared_safe():
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 3), lesson_lib.nn.ReLU())
    data = saved(net)
    with lesson_lib.serialization.safe_globals([lesson_lib.nn.Sequential, lesson_lib.nn.Linear, lesson_lib.nn.ReLU]):
        again = load(data)
    x = lesson_lib.ones(4, 2)
    assert (again(x) == net(x)).all() and again[0].weight is not net[0].weight


@pytest.mark.parametrize("name", ["torch._utils._rebuild_sparse_tensor", "torch.float8_e4m3fn"])
def test_what_is_not_here_is_said(name):
    with pytest.raises(pickle.UnpicklingError, match="which this library has not"):
        load(archive(pickled([Name(name)])))


def test_a_file_object_at_its_end_is_said():
    file = io.BytesIO()
    lesson_lib.save(1, file)
    with pytest.raises(pickle.UnpicklingError, match=r"f.seek\(0\)"):
        lesson_lib.load(file)


# --- replaced at once, or not at all ----------------------------------------------------------------------------------------------------


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
for line in sys.stdin:
    pid = os.fork()
    if pid:
        print("pid", pid, flush=True)
        os.waitpid(pid, 0)
        print("dead", 0, flush=True)
    else:
        for n in itertools.count(int(line)):
            lesson_lib.save({str(i): lesson_lib.full((50_000,), float(n)) for i in range(20)} | {"n": n}, sys.argv[1])
            print("saved", n, flush=True)
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
