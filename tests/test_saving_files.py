"""Where torch.save writes to and torch.load reads from: paths, file objects, devices, mapped memory, other byte orders, old files."""

import gzip
import io
import mmap
import tracemalloc
import zipfile

import numpy as np
import pytest

import lesson_lib
from lesson_lib.serialization import archive as archives

from .saved_files import archive, facts, load, pickled, saved, storage, view
from .standin import TYPE as STANDIN
from .standin import install
from .test_saving import ALL, first_line, read_by

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


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
