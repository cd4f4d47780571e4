"""Files that are cut, damaged or made to do harm: one clear error for each, nothing runs, nothing comes back half."""

import io
import os
import pickle
import random
import struct
import zipfile
from types import FunctionType

import pytest

import lesson_lib
from lesson_lib.serialization import archive as archives
from lesson_lib.serialization import rebuild

from .saved_files import Call, Name, Stored, archive, facts, load, pickled, saved, storage, view

CLEAR = (pickle.UnpicklingError, RuntimeError)  # what a bad file may raise; anything else would be an accident


def refused(data, **options):
    """The error with which a file is refused; it is one of ours, with a remedy."""
    with pytest.raises(CLEAR) as caught:
        load(data, **options)
    assert "\n  Try: " in str(caught.value)
    return str(caught.value)


def a_checkpoint():
    lesson_lib.manual_seed(0)
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(3, 4), lesson_lib.nn.BatchNorm1d(4))
    return {"model": net.state_dict(), "epoch": 3, "views": [x := lesson_lib.arange(10.0), x[2:5]], "bytes": b"ab", "size": x.shape}


# --- damage -----------------------------------------------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_is_refused():
    data = saved(a_checkpoint())
    for length in [*range(0, len(data) - 40, 37), *range(len(data) - 40, len(data))]:
        refused(data[:length])


def test_an_old_file_cut_anywhere_is_refused(torch):
    data = saved({"a": torch.arange(10.0), "b": [torch.ones(2, dtype=torch.int16)]}, torch, _use_new_zipfile_serialization=False)
    for length in range(0, len(data), 11):
        refused(data[:length])


def test_a_changed_byte_is_refused_or_changes_nothing():
    """Each checksum guards its entry; what lies between the entries (padding, dates) means nothing."""
    data, whole = saved(a_checkpoint()), facts(a_checkpoint())
    source = random.Random(0)
    found = 0
    for place in sorted(source.sample(range(len(data)), 400)):
        changed = bytearray(data)
        changed[place] ^= 1 << source.randrange(8)
        try:
            assert facts(load(bytes(changed))) == whole
        except CLEAR:
            found += 1
    assert found > 100


def test_a_changed_byte_of_a_pickle_is_refused_or_loads():
    """Without checksums (PyTorch can leave them away) a damaged pickle still does no harm."""
    source = random.Random(1)
    good = pickled([view(), {"a": (1, 2.5, "text")}, view(1, (2, 2), (1, 2)), Call("torch.Size", (1, 2)), Call("collections.OrderedDict")])
    results = set()
    for _ in range(3000):
        changed = bytearray(good)
        for _ in range(source.randint(1, 3)):
            changed[source.randrange(len(good))] = source.choice([source.randrange(256), *b"(]}t\x85RbusaeQc.h0"])
        try:
            load(archive(bytes(changed)))
            results.add("loaded")
        except CLEAR as error:
            results.add(type(error))
    assert results == {"loaded", *CLEAR}


def test_random_programs_for_the_stack_machine():
    from lesson_lib.serialization.unpickler import _OPERATIONS

    source = random.Random(2)
    operations = sorted(_OPERATIONS)
    lines = [b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n", b"ctorch\nFloatStorage\n", b"ctorch\nSize\n", b"ctorch\ndevice\n",
             b"c__builtin__\nset\n", b"c_codecs\nencode\n", b"ctorch\nTensor\n", b"ctorch.nn.parameter\nParameter\n", b"ctorch\nfloat32\n",
             b"ctorch._tensor\n_rebuild_from_type_v2\n", b"c__builtin__\nbytearray\n", b"ccollections\nCounter\n", b"c__builtin__\ncomplex\n"]  # fmt: skip
    for _ in range(3000):
        program = b"\x80\x02"
        for _ in range(source.randint(1, 25)):
            kind = source.random()
            if kind < 0.3:
                program += source.choice(lines)
            elif kind < 0.5:
                program += b"K" + bytes([source.randrange(8)])
            else:
                program += bytes([source.choice(operations)])
        try:
            load(archive(program + b"."))
        except CLEAR:
            continue


def test_any_call_with_any_arguments():
    """Whatever a file passes to what it may call: a value, or one of our errors."""
    source = random.Random(3)
    names = [name for name, value in rebuild.ALLOWED.items() if isinstance(value, type | FunctionType) and value in rebuild.CALLS]
    functions = [Name(name) for name in names]
    pool = [None, True, 0, 1, -1, 2**70, 1.5, float("nan"), "x", "latin1", "cpu", b"a", [], [1], [[1]], {}, {"conj": True}, {"neg": True}, {1: 2}, (),
            (1,), (2, 2), ((1, 2),), Name("torch.float32"), Name("torch.Tensor"), storage(), storage("BoolStorage", count=20), view(),
            view(1, (2,), requires_grad=True), Call("collections.OrderedDict"), *functions]  # fmt: skip
    good = 0
    for _ in range(4000):
        name = source.choice(names)
        args = [source.choice(pool) for _ in range(source.randrange(5))]
        if "rebuild" in name and source.random() < 0.7:  # nearly right, so that the checks behind the first one are met
            args = [*source.choice(RIGHT[name.rpartition(".")[2]])]
            args[source.randrange(len(args))] = source.choice(pool)
        try:
            load(archive(pickled([{(1, 2): 3}, Call(name, *args)])))
            good += 1
        except CLEAR:
            continue
    assert good > 200


_PLACE = 0, (2, 2), (2, 1), False, None
_VIEW = storage(), *_PLACE
RIGHT = {
    "_rebuild_tensor": [(storage(), 0, (2,), (1,))],
    "_rebuild_tensor_v2": [_VIEW, (*_VIEW, {"conj": True})],
    "_rebuild_tensor_v3": [(*_VIEW, Name("torch.uint8")), (*_VIEW, Name("torch.int16"), {})],
    "_rebuild_parameter": [(view(), True, None)],
    "_rebuild_parameter_with_state": [(view(), False, None, {"note": 1})],
    "_rebuild_from_type_v2": [(Name("torch._utils._rebuild_tensor_v2"), Name("torch.nn.parameter.Buffer"), _VIEW, {"note": 1})],
}


# --- code -------------------------------------------------------------------------------------------------------------------------------


def marker(tmp_path):
    return tmp_path / "it ran"


class Runs:
    """Python's unpickler would call this."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


ATTACKS = {
    "os.system": lambda path: pickle.dumps(Runs(os.system, f"touch '{path}'"), 2),
    "eval": lambda path: pickle.dumps(Runs(eval, f"open({str(path)!r}, 'w')"), 2),
    "exec": lambda path: pickle.dumps(Runs(exec, f"open({str(path)!r}, 'w')"), 2),
    "protocol 4": lambda path: pickle.dumps(Runs(os.system, f"touch '{path}'"), 4),
    "open": lambda path: pickle.dumps(Runs(open, str(path), "w"), 2),
    "getattr": lambda path: pickled(Call("builtins.getattr", Name("torch.Tensor"), "__init_subclass__")),
    "import": lambda path: pickled(Call("builtins.__import__", "antigravity")),
    "numpy": lambda path: pickled(Call("numpy.save", str(path), 1)),
    "torch.load itself": lambda path: pickled(Call("torch.load", str(path))),
    "our own functions": lambda path: pickled(Call("lesson_lib.save", 1, str(path))),
    "a dotted name": lambda path: pickled(Call("torch.serialization.os.system", f"touch '{path}'")),
    "a name with a dot in it": lambda path: b"\x80\x04\x8c\x0btorch.Size\x8c\x0a__class__..\x93.",
    "a class of ours called with a function": lambda path: pickled(Call("torch.Tensor", 3)),
    "attributes of a class": lambda path: b"\x80\x02ctorch\nTensor\n}X\x01\0\0\0aK\x01sb.",
    "attributes of a function": lambda path: b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x04\0\0\0__code__K\x01sb.",
    "attributes of a tensor": lambda path: pickled(Call("torch._tensor._rebuild_from_type_v2", Name("torch.Size"), Name("torch.Tensor"), (), {})),
    "a method of OrderedDict": lambda path: b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\0\0\0itemsctorch\nSize\nsb.",
    "a codec": lambda path: pickled(Call("_codecs.encode", "abc", "rot13")),
    "a persistent id that is no storage": lambda path: pickled(Stored("module", Name("torch.Tensor"), str(path))),
    "a storage's class": lambda path: pickled(Stored("storage", Name("torch.Tensor"), "0", "cpu", 5)),
    "a key with a path": lambda path: pickled(view(of=storage(key="../data.pkl"))),
    "the old operations": lambda path: b"cos\nsystem\n(S'true'\ntR.",
    "INST": lambda path: b"(S'true'\nios\nsystem\n.",
    "the registry of extensions": lambda path: b"\x80\x02\x82\x01.",
}  # fmt: skip


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_runs(name, weights_only, tmp_path):
    data = ATTACKS[name](marker(tmp_path))
    refused(archive(data), weights_only=weights_only)
    refused(data, weights_only=weights_only)
    assert not marker(tmp_path).exists()


def test_attributes_of_tensor_itself_stay_as_they_are():
    """A file may give a tensor the user's attributes, and none of those by which a tensor works."""
    state = {"note": 1, "_memory": 2, "_chain": 3, "_grad": 4, "_base": 5, "_retains": 6, "shape": 7, "__class__": 8, "backward": 9}
    args = storage(), 0, (2,), (1,), False, Call("collections.OrderedDict")
    x = load(archive(pickled(Call("torch._tensor._rebuild_from_type_v2", Name("torch._utils._rebuild_tensor_v2"), Name("torch.Tensor"), args, state))))
    assert type(x) is lesson_lib.Tensor and vars(x).keys() <= {"note", "_memory"} and x.note == 1
    assert x.untyped_storage().nbytes() == 20 and x.grad is None and x.shape == (2,)


# --- places and sizes -------------------------------------------------------------------------------------------------------------------

VIEWS = {
    "too long": view(0, (6,)),
    "behind the end": view(4, (2,)),
    "far behind": view(2**62, (1,)),
    "offset 2**70": view(2**70, (1,)),
    "before the beginning": view(-1),
    "a negative stride": view(4, (2,), (-1,)),
    "a large stride": view(0, (2,), (2**61,)),
    "a stride of 2**62 that is not used": view(0, (1,), (2**62,)),
    "a negative size": view(0, (-1,)),
    "two negative sizes": view(0, (-1, -5), (5, 1)),
    "sizes whose product overflows": view(0, (2**33, 2**33), (0, 0)),
    "none of too many": view(0, (0, 2**62, 2**62), (1, 1, 1)),
    "65 dimensions": view(0, (1,) * 65, (1,) * 65),
    "fewer strides": view(0, (2, 2), (1,)),
    "a fraction": view(0.5),
    "a bool": view(True),
    "a text as size": view(0, "5"),
    "a fraction as size": view(0, (2.0,)),
    "no storage": view(of=[1, 2, 3]),
    "gradients of a number": view(requires_grad=1),
    "a storage of more numbers": view(of=storage(count=6)),
    "a storage of fewer numbers": view(0, (1,), of=storage(count=1)),
    "a negative count": view(of=storage(count=-5)),
    "a huge count": view(of=storage(count=2**62)),
    "a count that overflows": view(of=storage(count=2**64 + 5)),
    "another dtype in a second place": [view(), view(0, (1,), of=storage("DoubleStorage"))],
    "no such storage": view(of=storage(key="1")),
    "an odd number of bytes": view(0, (1,), of=storage("UntypedStorage", count=3)),
    "bytes read as larger numbers": Call("torch._utils._rebuild_tensor_v3", storage("ByteStorage", count=20), 0, (6,), (1,), False, None, Name("torch.float32")),
    "no dtype": Call("torch._utils._rebuild_tensor_v3", storage("ByteStorage", count=20), 0, (5,), (1,), False, None, Name("torch.Size")),
    "a Parameter of nothing": Call("torch._utils._rebuild_parameter", 3, True, None),
    "too few arguments": Call("torch._utils._rebuild_tensor_v2", storage()),
    "a device of none": Call("torch.device", "nowhere"),
    "a device of a number": Call("torch.device", 5),
    "a device with a wrong number": Call("torch.device", "cuda:x"),
    "a size of texts": Call("torch.Size", ("a",)),
    "a set of lists": Call("builtins.set", [[1]]),
    "a bytearray of 10**12 bytes": Call("builtins.bytearray", 10**12),
    "a complex of texts": Call("builtins.complex", "1", "2"),
    "a complex of a huge number": Call("builtins.complex", 10**400, 0),
    "an OrderedDict of a number": Call("collections.OrderedDict", 5),
    "an OrderedDict of triples": Call("collections.OrderedDict", [(1, 2, 3)]),
    "bytes beyond latin1": Call("_codecs.encode", "€", "latin1"),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_every_number_is_checked(name):
    refused(archive(pickled([{"earlier": 1}, VIEWS[name]])))


def test_a_view_to_the_last_byte_is_whole():
    assert load(archive(pickled(view(1, (2, 2), (1, 2))), [struct.pack("<5f", 0, 1, 2, 3, 4)])).tolist() == [[1, 3], [2, 4]]
    assert load(archive(pickled(view(7, (0,))))).shape == (0,)


@pytest.mark.parametrize("depth", [10, 100_000])
def test_deep_nesting(depth):
    """Lists in lists need no recursion; a tuple of tuples as a key does, in Python itself, and is refused before."""
    x = load(archive(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."))
    for _ in range(depth - 1):
        (x,) = x
    assert x == []
    key = b"\x80\x02}" + b")" + b"\x85" * depth + b"K\x01s."
    if depth < rebuild.DEEPEST:
        assert len(load(archive(key))) == 1
    else:
        assert "too deep" in refused(archive(key))


def test_a_key_that_doubles_forty_times():
    assert "too large" in refused(archive(b"\x80\x02})" + b"q\x01h\x01\x86" * 30 + b"K\x01s."))


def test_numbers_of_a_memo_take_no_memory():
    assert load(archive(b"\x80\x02]r\xff\xff\xff\xff.")) == []


# --- the archive ------------------------------------------------------------------------------------------------------------------------


def rezipped(data, method=zipfile.ZIP_STORED, rename=lambda name: name, more=()):
    """The entries of a file in an archive that Python's zipfile writes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in [*old.namelist(), *more]:
            new.writestr(rename(name), old.read(name))
    return out.getvalue()


def test_an_archive_of_another_writer_loads():
    assert load(rezipped(saved({"a": lesson_lib.arange(3)})))["a"].tolist() == [0, 1, 2]


def test_compressed_entries_are_refused():
    assert "compressed" in refused(rezipped(saved(lesson_lib.zeros(10**6)), zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused():
    assert "two entries" in refused(rezipped(saved([1]), more=["archive/data.pkl"]))


def test_entries_outside_of_one_folder_are_refused():
    refused(rezipped(saved([1]), rename=lambda name: name.partition("/")[2]))
    refused(rezipped(saved([1]), rename=lambda name: name.replace("archive/version", "other/version")))


def test_entries_over_one_another_are_refused():
    """The way of the zip bomb: an entry within the bytes of another one."""
    name = b"archive/data/1"
    inner = archives._LOCAL.pack(b"PK\3\4", 0, 0x808, 0, 0, 0, 0, 0, 0, len(name), 0) + name + b"\0" * 8
    data = bytearray(archive(pickled(1), [inner, b"\0" * 8]))
    place = data.rfind(name) - 4  # of the entry's place, in the directory
    data[place : place + 4] = data.find(inner).to_bytes(4, "little")
    assert "entries overlap" in refused(bytes(data))


DIRECTORY = 46  # bytes of an entry's head in the directory, before its name


@pytest.mark.parametrize("value", [0, 1, 2**31, 2**32 - 2, 2**32 - 1])
@pytest.mark.parametrize("field", [20, 24, 28, 30, 32, 42])  # sizes, lengths, place
def test_a_directory_that_lies(field, value):
    data = bytearray(saved([lesson_lib.ones(100)]))
    at = data.rfind(b"archive/data/0") - DIRECTORY
    width = 2 if field in (28, 30, 32) else 4
    data[at + field : at + field + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    if bytes(data) != saved([lesson_lib.ones(100)]):
        refused(bytes(data))


@pytest.mark.parametrize("value", [0, 1, 7, 2**31, 2**32 - 1])
@pytest.mark.parametrize("field", [4, 6, 8, 10, 12, 16, 20])
def test_an_end_that_lies(field, value):
    data = bytearray(saved([lesson_lib.ones(100)]))
    at = data.rfind(b"PK\5\6")
    width = 4 if field in (12, 16) else 2
    data[at + field : at + field + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    try:  # the end in 64 bits tells the truth where that in 32 says "elsewhere"
        assert load(bytes(data))[0].sum() == 100
    except CLEAR:
        return
    assert value == 2**32 - 1 or bytes(data) == saved([lesson_lib.ones(100)])


def test_other_files_are_refused(tmp_path):
    for data in (b"", b"P", b"PK\3\4", b"hello, this is no checkpoint", b"\x89PNG\r\n\x1a\n" * 9, pickle.dumps([1, 2]), b"\0" * 1000, b"PK\3\4" * 1000):
        refused(data)
        (tmp_path / "x.pt").write_bytes(data)
        with pytest.raises(CLEAR):
            lesson_lib.load(tmp_path / "x.pt")
    assert "TorchScript" in refused(archive(pickled(1), constants__pkl=b""))
