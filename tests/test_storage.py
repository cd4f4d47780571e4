"""Storages: the memory behind tensors, as in PyTorch."""

import copy

import numpy as np
import pytest

import lesson_lib

from .sameness import same

PLAIN = """
t.tensor([1, 256], dtype=t.int16).untyped_storage().tolist()
t.arange(6)[2:].untyped_storage() == (lambda z: z.untyped_storage())(t.arange(6))
(lambda z: z.untyped_storage() == z[2:].view(2, 2).t().untyped_storage())(t.arange(6))
(lambda z: z.untyped_storage().data_ptr() == z.data_ptr())(t.arange(6))
len(t.arange(6)[2:].untyped_storage())
t.zeros(3).untyped_storage().nbytes()
t.zeros(2, 3).t().untyped_storage().size()
t.zeros(3).view(t.int16)[1:].storage_offset()
t.UntypedStorage([1, 2, 3]).tolist()
t.UntypedStorage(3).fill_(7).tolist()
repr(t.UntypedStorage([1, 2]))
t.UntypedStorage([1, 2])[-1]
t.UntypedStorage([1, 2, 3])[1:].tolist()
t.UntypedStorage([1, 2]).clone().tolist()
t.UntypedStorage([1, 2]).copy_(t.UntypedStorage([3, 4])).tolist()
t.UntypedStorage([1, 2]).resize_(1).tolist()
t.UntypedStorage([1, 2]).cpu().tolist()
(lambda s: s.to(device="cpu") is s)(t.UntypedStorage([1, 2]))
list(t.UntypedStorage([1, 2]))
2 in t.UntypedStorage([1, 2])
t.UntypedStorage([1, 2]).type()
t.is_storage(t.UntypedStorage([1])), t.is_storage(t.zeros(1)), t.is_storage(t.zeros(1).storage())
t.arange(3).storage().tolist()
t.arange(3).storage()[1]
t.arange(6)[3:].storage().size()
t.arange(3.).storage().type()
repr(t.FloatStorage([1, 2]))
repr(t.BoolStorage([1, 0]))
t.TypedStorage([1, 2], dtype=t.int64).tolist()
isinstance(t.arange(3).storage(), t.LongStorage), isinstance(t.arange(3).storage(), t.FloatStorage)
t.arange(3).storage_type() is t.LongStorage
t.arange(3).storage().untyped().nbytes()
(lambda z: (z.storage().fill_(2), z)[1])(t.arange(3))
t.from_numpy(np.zeros(3)).untyped_storage().resizable()
t.UntypedStorage([1])[5]
t.UntypedStorage([1])["a"]
t.UntypedStorage([1, 2])[::2]
t.UntypedStorage(2.5)
t.UntypedStorage([1]).copy_(t.UntypedStorage([1, 2]))
t.UntypedStorage([1]).__setitem__(0, 2.5)
t.arange(3).storage()[:2]
t.from_numpy(np.zeros(3)).untyped_storage().resize_(80)
""".strip().split("\n")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", PLAIN)
def test_same(expression, torch):
    same(expression, torch)


def test_writing_to_a_storage_writes_to_its_tensors():
    x = lesson_lib.arange(4.0)
    storage = x[1:].untyped_storage()
    storage[:] = 0
    assert x.tolist() == [0, 0, 0, 0]
    storage.copy_(lesson_lib.ones(4).untyped_storage())
    assert x.tolist() == [1, 1, 1, 1]


def test_a_storage_that_grows_takes_its_tensor_along():
    x = lesson_lib.arange(4.0)
    storage = x.untyped_storage()
    storage.resize_(32)
    assert storage.nbytes() == 32 and x.data_ptr() == storage.data_ptr() and x.tolist() == [0, 1, 2, 3]
    storage.resize_(8)
    assert storage.nbytes() == 8 == x.untyped_storage().nbytes()
    storage.resize_(16)
    assert x.untyped_storage() == storage


def test_copies_are_independent():
    storage = lesson_lib.UntypedStorage([1, 2])
    other = copy.deepcopy(storage)
    other[0] = 9
    assert storage.tolist() == [1, 2] and other != storage and hash(storage) != hash(other)


@pytest.mark.parametrize("shared", [False, True])
def test_a_tensor_over_a_file(tmp_path, shared):
    path = str(tmp_path / "numbers.bin")
    np.arange(4, dtype=np.int32).tofile(path)
    x = lesson_lib.from_file(path, shared=shared, size=4, dtype=lesson_lib.int32)
    assert x.tolist() == [0, 1, 2, 3]
    x[0] = 7
    assert np.fromfile(path, dtype=np.int32)[0] == (7 if shared else 0)
    with pytest.raises(RuntimeError, match="is smaller than the required mapping size <20>"):
        lesson_lib.from_file(path, size=5, dtype=lesson_lib.int32)
    with pytest.raises(RuntimeError, match="unable to open file"):
        lesson_lib.from_file(path + "x", size=5)
