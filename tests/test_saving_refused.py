"""What torch.save and torch.load refuse, in PyTorch's words; and which classes can be declared safe."""

import io
import os
import pickle

import numpy as np
import pytest

import lesson_lib

from .saved_files import Call, Name, archive, load, pickled, saved, storage, view
from .test_saving import first_line, read_by

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


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
