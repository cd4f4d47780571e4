"""Making and converting tensors: values, dtypes, shapes and errors, as in PyTorch."""

import gc
import warnings

import numpy as np
import pytest

import lesson_lib

from .sameness import assert_same, outcome, same

FROM_DATA = """
t.tensor([])
t.tensor([[]])
t.tensor(3)
t.tensor(3.0)
t.tensor(True)
t.tensor(1j)
t.tensor([1, 2.5])
t.tensor([True, 2])
t.tensor([1, 2j])
t.tensor(range(3))
t.tensor([(1, 2), [3, 4]])
t.tensor([[[1], [2]], [[3], [4]]])
t.tensor(np.array([1, 2], dtype="i4"))
t.tensor(np.float32(3))
t.tensor(np.float64(3))
t.tensor([np.float64(1), 2])
t.tensor([np.float32(1), 2])
t.tensor([np.int32(1)])
t.tensor([np.array([1, 2]), np.array([3, 4])])
t.tensor([t.tensor(1.0), 2])
t.tensor([1, 2], dtype=t.float64)
t.tensor([1.7, -1.7], dtype=t.int64)
t.tensor([-1], dtype=t.uint8)
t.tensor([1e40])
t.tensor([1.5], dtype=t.bool)
t.tensor([0.1], dtype=t.float16)
t.tensor([1], dtype=float)
t.tensor([1.0], requires_grad=True)
t.tensor(t.tensor([1.0, 2.0]))
t.as_tensor([1, 2])
t.as_tensor(np.arange(2), dtype=t.float32)
t.from_numpy(np.arange(3))
t.asarray([1.0, 2.0])
t.scalar_tensor(3)
t.ones(2, dtype=t.int64).new_tensor([1.5])
t.Tensor()
t.Tensor([1, 2])
t.Tensor([[1, 2], [3, 4]])
t.Tensor((2, 3))
t.Tensor(np.arange(2))
t.Tensor(t.ones(2))
t.LongTensor([1.5])
t.DoubleTensor([1])
t.BoolTensor([1, 0])
t.HalfTensor([1])
t.IntTensor([1])
t.Tensor(2, 3).shape
t.Tensor(3).shape
t.Tensor(t.Size([2, 3])).shape
t.LongTensor(2).dtype
isinstance(t.tensor([1]), t.LongTensor)
isinstance(t.tensor([1]), t.FloatTensor)
""".strip().split("\n")

FILLED = """
t.zeros(2, 3)
t.zeros((2, 3))
t.zeros([2])
t.zeros(())
t.zeros(2, dtype=t.int64)
t.zeros(2, dtype=float)
t.zeros(size=(2,))
t.zeros(t.Size([2]))
t.zeros(t.tensor(2))
t.zeros(np.int64(2))
t.zeros(2, requires_grad=True)
t.zeros(2, layout=t.strided, pin_memory=False, device="cpu")
t.zeros((2,), out=t.ones(2))
t.ones(2, 0)
t.empty(2, 3).shape
t.full((2,), 3)
t.full((2,), 3.0)
t.full((2,), True)
t.full((2,), 1j)
t.full((2,), 3, dtype=t.float64)
t.full((2,), t.tensor(3.0))
t.full((2,), -1, dtype=t.uint8)
t.zeros_like(t.ones(2, dtype=t.int64))
t.ones_like(t.ones(2, requires_grad=True))
t.full_like(t.ones(2, dtype=t.int64), 2.5)
t.zeros_like(t.ones(2), dtype=t.bool)
t.empty_like(t.ones(2)).shape
t.ones(2).new_zeros(3)
t.ones(2).new_zeros((3,), dtype=t.int32)
t.ones(2, dtype=t.int64).new_ones((2, 2))
t.ones(2).new_full((2,), 5)
t.ones(2).new_empty(3).shape
t.eye(3)
t.eye(2, 3)
t.eye(2, dtype=t.int64)
t.arange(3)
t.arange(3.0)
t.arange(1, 4)
t.arange(0, 1, 0.25)
t.arange(5, 1, -2)
t.arange(3, dtype=t.float64)
t.arange(t.tensor(3))
t.arange(start=1, end=3)
t.arange(end=3)
t.arange(1.5)
t.arange(0)
t.arange(2, 2)
t.arange(0, 1, 0.1)
t.linspace(0, 1, 5)
t.linspace(0, 1, 1)
t.linspace(0, 1, 0)
t.linspace(0, 10, 4, dtype=t.int64)
t.linspace(3, -3, 7)
t.linspace(0, 1, 5, dtype=t.float64)
t.logspace(0, 2, 3)
t.logspace(0, 2, 3, base=2)
t.tril_indices(3, 3)
t.triu_indices(2, 4, 1)
""".strip().split("\n")

ERRORS = """
t.tensor([[1, 2], [3]])
t.tensor([[1, 2], 3])
t.tensor([1, [2, 3]])
t.tensor([[[1], [2]], [[3]]])
t.tensor("a")
t.tensor(["a"])
t.tensor(None)
t.tensor([None])
t.tensor({1})
t.tensor(object())
t.tensor([t.tensor([1.0, 2.0])])
t.tensor(2**70)
t.tensor([300], dtype=t.uint8)
t.tensor([1], requires_grad=True)
t.tensor([1], dtype="a")
t.tensor([1], device="gpu")
t.tensor(np.array(["a"]))
t.tensor(np.array([object()]))
t.tensor(np.array([1, 2], dtype=">i4"))
t.tensor(np.arange(3)[::-1])
t.from_numpy([1])
t.from_numpy(np.arange(3)[::-1])
t.from_numpy(np.array(["a"]))
t.Tensor("a")
t.Tensor(2.5)
t.Tensor(1, 2, 3.5)
t.zeros(2.5)
t.zeros(2, "a")
t.zeros("a")
t.zeros()
t.zeros(-1)
t.ones(-1)
t.zeros(2, foo=1)
t.zeros(2, dtype=t.int64, requires_grad=True)
t.zeros_like([1])
t.full(2, 3)
t.full((2,), "a")
t.full((2,), 300, dtype=t.uint8)
t.full((2,), 1e40)
t.eye(-1)
t.arange(1, 5, -1)
t.arange(1, 5, 0)
t.arange(0, 2, 0.3, dtype=t.int64)
t.arange("a")
t.arange(float("nan"))
t.linspace(0, 1, -1)
""".strip().split("\n")

CONVERSIONS = """
x.to(t.float32)
x.to(t.float64) is x
x.to(t.float64, copy=True)
x.to("cpu") is x
x.to("cpu", t.float32)
x.to(device="cpu", dtype=t.int32)
x.to(t.zeros(1, dtype=t.int64))
x.to(float) is x
x.to() is x
x.float()
x.half()
x.long()
x.bool()
x.cfloat()
x.byte()
x.type()
x.type(t.float32)
x.type("torch.LongTensor")
x.type_as(t.ones(1))
x.cpu() is x
x.contiguous() is x
x.clone()
x[0].t().clone().stride()
x[0].t().contiguous().stride()
x[0, :, :1].expand(3, 4).clone().stride()
(x * 1).detach_()
t.tensor([1e20, float("nan"), -1.5]).int().shape
t.tensor([300.0, -1.0]).to(t.uint8)
t.tensor([1e10]).half()
t.tensor([1 + 2j]).real
t.zeros(3).copy_(x[0, 0, :3])
t.zeros(2, 3, dtype=t.int64).copy_(x[0, 0, :3])
t.fill(x[0], 2.0)
t.fill(x[0], x.sum())
(x * 1).fill_(3)
(x * 1).zero_()
x.to("foo")
x.type("foo")
x.to(t.float64, t.int32)
(x * 1)[0].detach_()
t.zeros(3).copy_(t.zeros(4))
t.zeros(3).copy_(t.zeros(4, 3))
t.zeros(3).fill_(t.zeros(3))
t.zeros(3).fill_("a")
t.zeros(3).fill_(1j)
t.zeros(3, dtype=t.uint8).fill_(300)
""".strip().split("\n")


@pytest.fixture(autouse=True)
def without_warnings():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("expression", FROM_DATA + FILLED + CONVERSIONS)
def test_same_result(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("expression", ERRORS)
def test_same_error(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ranges_are_pytorchs_to_the_last_bit_but_one(dtype, torch):
    draw = np.random.default_rng(0)
    for _ in range(200):
        start, step, count = float(draw.normal() * 5), float(draw.normal()), int(draw.integers(2, 60))
        ours, theirs = (
            [t.linspace(start, start + step, count, dtype=kind).numpy(), t.arange(start, start + step * (count - 0.5), step, dtype=kind).numpy()]
            for t, kind in ((lesson_lib, getattr(lesson_lib, dtype)), (torch, getattr(torch, dtype)))
        )
        for one, other in zip(ours, theirs, strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=0, atol=2 * np.finfo(dtype).eps * np.abs(other).max())


def test_from_numpy_shares_and_tensor_copies():
    array = np.zeros(3, np.float32)
    shared, copied = lesson_lib.from_numpy(array), lesson_lib.tensor(array)
    array[0] = 5
    assert shared[0] == 5 and copied[0] == 0
    assert np.shares_memory(lesson_lib.as_tensor(array).numpy(), array)
    assert lesson_lib.asarray(array, copy=True).tolist() == [5, 0, 0]
    del array
    gc.collect()
    assert shared.tolist() == [5, 0, 0]


def test_the_default_dtype_and_device_are_used():
    lesson_lib.set_default_dtype(lesson_lib.float64)
    try:
        assert lesson_lib.tensor([1.5]).dtype is lesson_lib.zeros(1).dtype is lesson_lib.rand(1).dtype is lesson_lib.float64
        assert lesson_lib.tensor(1j).dtype is lesson_lib.complex128
    finally:
        lesson_lib.set_default_dtype(lesson_lib.float32)


def test_copying_a_tensor_warns_as_pytorch_does(torch):
    messages = []
    for t in (lesson_lib, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            t.tensor(t.ones(2))
        messages.append([str(warning.message) for warning in caught])
    assert messages[0] == messages[1]


def test_results_do_not_depend_on_what_was_there(torch):
    """A write into given memory takes shape and values from the result."""
    out = lesson_lib.ones(5)
    lesson_lib.arange(3.0, out=out)
    assert_same(outcome(lambda t: out, lesson_lib), outcome(lambda t: torch.arange(3.0), torch))
