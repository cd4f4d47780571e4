"""Memory shared with other libraries, pickles and copies: what is shared is shared, what is copied comes back whole."""

import copy
import pickle

import numpy as np
import pytest

import lesson_lib
from lesson_lib.ops.exchange import from_dlpack, frombuffer


def test_dlpack_to_numpy_and_back_shares_memory():
    x = lesson_lib.arange(6.0).reshape(2, 3).t()
    array = np.from_dlpack(x)
    assert array.shape == (3, 2) and np.shares_memory(array, x.numpy())
    back = from_dlpack(array)
    back[0, 0] = 7
    assert x[0, 0].item() == 7
    assert x.__dlpack_device__() == (1, 0)
    assert not np.shares_memory(from_dlpack(array, copy=True).numpy(), array)


def test_dlpack_with_pytorch_in_both_directions(torch):
    ours, theirs = lesson_lib.ones(3), torch.ones(3)
    torch.from_dlpack(ours).mul_(2)
    from_dlpack(theirs).mul_(3)
    assert ours.tolist() == [2] * 3 and theirs.tolist() == [3] * 3


@pytest.mark.parametrize("name", ["float32", "float64", "float16", "int64", "uint8", "bool", "complex64"])
def test_dlpack_keeps_the_dtype(name):
    dtype = getattr(lesson_lib, name)
    assert from_dlpack(np.from_dlpack(lesson_lib.ones(2).to(dtype))).dtype is dtype


def test_frombuffer_shares_memory():
    memory = bytearray(8)
    x = frombuffer(memory, dtype=lesson_lib.int16)
    x[1] = 258
    assert memory[2:4] == b"\x02\x01"
    assert frombuffer(memory, dtype=lesson_lib.uint8, count=2, offset=2).tolist() == [2, 1]
    assert frombuffer(memory, dtype=lesson_lib.float32, requires_grad=True).requires_grad


def test_a_read_only_buffer_cannot_be_written_to():
    with pytest.warns(UserWarning, match="not writable"):
        x = frombuffer(b"abc", dtype=lesson_lib.uint8)
    with pytest.raises(RuntimeError, match="read-only"):
        x[0] = 1
    assert x.tolist() == [97, 98, 99]


MISTAKES = {
    "gradient": lambda t, new: t.ones(2, requires_grad=True).__dlpack__(),
    "no array": lambda t, new: new.from_dlpack(3),
    "empty": lambda t, new: new.frombuffer(bytearray(), dtype=t.uint8),
    "count 0": lambda t, new: new.frombuffer(bytearray(5), dtype=t.int16, count=0),
    "rest": lambda t, new: new.frombuffer(bytearray(5), dtype=t.int16),
    "too many": lambda t, new: new.frombuffer(bytearray(5), dtype=t.int16, count=3),
    "offset": lambda t, new: new.frombuffer(bytearray(5), dtype=t.int16, offset=5),
    "no buffer": lambda t, new: new.frombuffer(3, dtype=t.uint8),
    "gradient of integers": lambda t, new: new.frombuffer(bytearray(4), dtype=t.int32, requires_grad=True),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_errors_are_pytorchs(name, torch):
    with pytest.raises(Exception) as theirs:
        MISTAKES[name](torch, torch)
    with pytest.raises(type(theirs.value)) as ours:
        MISTAKES[name](lesson_lib, lesson_lib.ops.exchange)
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]


@pytest.mark.parametrize("name", ["float32", "float64", "int64", "bool", "complex64"])
def test_a_pickle_comes_back_the_same(name):
    x = lesson_lib.ones(2, 3).to(getattr(lesson_lib, name))[:, ::2]
    back = pickle.loads(pickle.dumps(x))
    assert back.dtype is x.dtype and back.tolist() == x.tolist() and type(back) is lesson_lib.Tensor


def test_pickles_of_parameters_and_modules():
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 3), lesson_lib.nn.BatchNorm1d(3))
    net.eval()
    x = lesson_lib.randn(4, 2)
    for again in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert not again.training and lesson_lib.equal(again(x), net(x))
        assert type(again[0].weight) is lesson_lib.nn.Parameter and again[0].weight.requires_grad
        with lesson_lib.no_grad():
            again[0].weight.zero_()
        assert not lesson_lib.equal(again(x), net(x))


def test_deepcopy_keeps_shared_weights_shared():
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 2), lesson_lib.nn.Linear(2, 2))
    net[1].weight = net[0].weight
    again = copy.deepcopy(net)
    assert again[1].weight is again[0].weight and again[0].weight is not net[0].weight
