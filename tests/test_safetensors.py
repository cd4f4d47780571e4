"""safetensors files, against the package itself, both ways."""

import json
import random

import numpy as np
import pytest

import lesson_lib
from lesson_lib.utils import safetensors

from .saved_files import facts

DTYPES = ("bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32", "float64", "complex64")


@pytest.fixture(scope="module")
def theirs(torch):
    """The package's functions for PyTorch."""
    import safetensors.torch

    return safetensors.torch


def first_line(error):
    return str(error).strip().split("\n")[0].strip()


def tensors(t):
    x = t.arange(6.0)
    state = {f"of {name}": t.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(t, name)) for name in DTYPES}
    return {**state, "0-d": t.tensor(3.5), "empty": t.empty(0, 3), "umlaut ü": t.ones(1), "a part": x[1:3]}


def contiguous(state):
    return {name: facts(tensor.contiguous().clone()) for name, tensor in state.items()}


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt", "ü": "ö"}])
def test_our_file_is_theirs_byte_for_byte(torch, theirs, metadata):
    if metadata is None or len(metadata) < 2:  # theirs writes several in any order
        assert safetensors.save(tensors(lesson_lib), metadata) == theirs.save(tensors(torch), metadata)
    assert contiguous(theirs.load(safetensors.save(tensors(lesson_lib), metadata))) == contiguous(tensors(lesson_lib))


def test_we_read_theirs(torch, theirs, tmp_path):
    assert contiguous(safetensors.load(theirs.save(tensors(torch)))) == contiguous(tensors(torch))
    theirs.save_file(tensors(torch), tmp_path / "x.safetensors", {"a": "b"})
    assert contiguous(safetensors.load_file(tmp_path / "x.safetensors")) == contiguous(tensors(torch))
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert file.metadata() == {"a": "b"}
        assert file.keys() == sorted(tensors(torch)) and sorted(file.offset_keys()) == file.keys()
        assert file.get_tensor("a part").tolist() == [1, 2]
        with pytest.raises(safetensors.SafetensorError, match="File does not contain tensor b"):
            file.get_tensor("b")


def test_they_read_ours(torch, theirs, tmp_path):
    safetensors.save_file(tensors(lesson_lib), tmp_path / "x.safetensors")
    assert contiguous(theirs.load_file(tmp_path / "x.safetensors")) == contiguous(tensors(lesson_lib))


VIEWS = {
    "transposed": lambda t: t.arange(6.0).reshape(2, 3).t(),
    "every second": lambda t: t.arange(6.0)[::2],
    "turned": lambda t: t.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    "expanded": lambda t: t.ones(1, 3).expand(2, 3),
    "columns": lambda t: t.arange(6.0).reshape(2, 3)[:, 1:],
    "bfloat16": lambda t: t.arange(6.0).reshape(2, 3).t().to(t.bfloat16),
    "requires grad": lambda t: t.nn.Parameter(t.ones(2, 3).t()),
}


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_not_contiguous_is_written_as_if_it_were(name, theirs):
    x = VIEWS[name](lesson_lib)
    for read in (theirs.load, safetensors.load):
        (y,) = read(safetensors.save({"x": x})).values()
        assert y.is_contiguous() and y.tolist() == x.tolist() and str(y.dtype) == str(x.dtype)


def test_reading_copies():
    """A tensor can be written to, and the file cannot change it."""
    data = bytearray(safetensors.save({"x": lesson_lib.ones(2)}))
    x = safetensors.load(data)["x"]
    data[-8:] = bytes(8)
    x += 1
    assert x.tolist() == [2, 2]


ERRORS = {
    "a list": lambda t, save: save([t.ones(1)]),
    "a number": lambda t, save: save({"a": 3}),
    "metadata": lambda t, save: save({"a": t.ones(1)}, {"k": 3}),
    "shared memory": lambda t, save: (lambda x: save({"a": x, "b": x}))(t.ones(3)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_theirs(name, torch, theirs):
    found = []
    for t, package in ((lesson_lib, safetensors), (torch, theirs)):
        with pytest.raises(Exception) as caught:
            ERRORS[name](t, package.save)
        found.append((type(caught.value), first_line(caught.value).partition("[{")[0]))
    assert found[0] == found[1]


def test_a_dtype_that_the_format_lacks():
    with pytest.raises(ValueError, match="`a` is of dtype torch.complex128, which safetensors has not"):
        safetensors.save({"a": lesson_lib.ones(1, dtype=lesson_lib.complex128)})


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.save_file({"x": lesson_lib.ones(2)}, path)
    with pytest.raises(ValueError, match="Key `y` is invalid"):
        safetensors.save_file({"x": lesson_lib.zeros(2), "y": 3}, path)
    assert safetensors.load_file(path)["x"].tolist() == [1, 1] and len(list(tmp_path.iterdir())) == 1


# --- models -----------------------------------------------------------------------------------------------------------------------------


def tied(t):
    t.manual_seed(1)
    layer = t.nn.Linear(2, 2)
    return t.nn.Sequential(layer, t.nn.ReLU(), layer)


def test_models_with_tied_weights(torch, theirs, tmp_path):
    for t, save, other, load in ((lesson_lib, safetensors.save_model, torch, theirs.load_model), (torch, theirs.save_model, lesson_lib, safetensors.load_model)):
        net, again = tied(t), tied(other)
        with other.no_grad():
            for p in again.parameters():
                p.zero_()
        save(net, str(tmp_path / "m.safetensors"))
        assert load(again, str(tmp_path / "m.safetensors")) == (set(), [])
        assert again[0].weight.tolist() == again[2].weight.tolist() == net[0].weight.tolist()
        assert again[0].weight is again[2].weight


def test_a_model_that_does_not_fit(torch, theirs, tmp_path):
    safetensors.save_model(lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 2)), tmp_path / "m.safetensors")
    answers = []
    for t, load in ((lesson_lib, safetensors.load_model), (torch, theirs.load_model)):
        net = t.nn.Linear(2, 2)
        before = net.weight.tolist()
        with pytest.raises(RuntimeError) as caught:
            load(net, tmp_path / "m.safetensors")
        assert net.weight.tolist() == before
        missing, unexpected = load(net, tmp_path / "m.safetensors", strict=False)
        answers.append((str(caught.value).split("\n")[:3], missing, sorted(unexpected)))
    assert answers[0] == answers[1]


# --- hostile files ----------------------------------------------------------------------------------------------------------------------


def made(header, data=b"\0" * 8, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def row(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


HOSTILE = {
    "nothing": b"",
    "too short": b"\1\0\0",
    "no header": (5).to_bytes(8, "little"),
    "a huge header": b"\xff" * 8,
    "a header behind the end": made({"a": row()}, length=10_000),
    "no JSON": made(b"hello"),
    "no UTF-8": made(b'{"\xff": 1}'),
    "a list": made([1]),
    "deep JSON": made(b"[" * 100_000),
    "a name twice": made(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "no dtype": made({"a": {"shape": [2], "data_offsets": [0, 8]}}),
    "another dtype": made({"a": row("F33")}),
    "a dtype that is none": made({"a": row(["F32"])}),
    "one field more": made({"a": row(strides=[1])}),
    "the wrong size": made({"a": row(shape=(3,))}),
    "a negative size": made({"a": row(shape=(-2,))}),
    "two negative sizes": made({"a": row(shape=(-2, -1))}),
    "a fraction": made({"a": row(shape=(2.0,))}),
    "a bool": made({"a": row(shape=(True, 2))}),
    "no shape": made({"a": row(shape=None)}),
    "sizes that overflow": made({"a": row(shape=(2**32, 2**32), offsets=(0, 0))}),
    "a size of 0 among huge ones": made({"a": row(shape=(0, 2**61, 2**61), offsets=(0, 0))}, b""),
    "negative offsets": made({"a": row(offsets=(-8, 0))}),
    "behind the end": made({"a": row(offsets=(8, 16))}),
    "backwards": made({"a": row(offsets=(8, 0))}),
    "three offsets": made({"a": row(offsets=(0, 4, 8))}),
    "overlapping": made({"a": row(), "b": row()}),
    "a gap": made({"a": row(shape=(1,), offsets=(0, 4)), "b": row(shape=(1,), offsets=(8, 12))}, b"\0" * 12),
    "bytes left over": made({"a": row(shape=(1,), offsets=(0, 4))}),
    "metadata of numbers": made({"__metadata__": {"a": 1}}, b""),
    "metadata that is a list": made({"__metadata__": []}, b""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name, tmp_path, theirs):
    (tmp_path / "x").write_bytes(HOSTILE[name])
    for read, source in ((safetensors.load, HOSTILE[name]), (safetensors.load_file, tmp_path / "x")):
        with pytest.raises(safetensors.SafetensorError, match="Error while deserializing: "):
            read(source)


def test_files_cut_or_damaged():
    """The format has no checksums: a changed number is another number, but nothing else may happen."""
    data, source = safetensors.save(tensors(lesson_lib)), random.Random(0)
    for length in range(0, len(data), 7):
        with pytest.raises(safetensors.SafetensorError):
            safetensors.load(data[:length])
    for _ in range(500):
        changed = bytearray(data)
        changed[source.randrange(len(data))] = source.randrange(256)
        try:
            assert all(isinstance(x, lesson_lib.Tensor) for x in safetensors.load(bytes(changed)).values())
        except safetensors.SafetensorError:
            continue


def test_a_large_file_is_read_one_tensor_at_a_time(tmp_path):
    import tracemalloc

    state = {str(n): lesson_lib.full((250_000,), float(n)) for n in range(8)}
    tracemalloc.start()
    safetensors.save_file(state, tmp_path / "x.safetensors")
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.reset_peak()
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert np.all(file.get_tensor("3").numpy() == 3)
    assert tracemalloc.get_traced_memory()[1] < 3 * 10**6
    tracemalloc.stop()
