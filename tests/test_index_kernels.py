"""Reading and adding at index arrays: the quick forms of ``core/cpu_index.py`` and the compiled one against NumPy's own."""

import tracemalloc

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core import compiled, cpu_index, threads

DRAW = np.random.default_rng(0)


def places(size, *shape):
    return DRAW.integers(-size, size, shape)


#: shape of the array, key
KEYS = {
    "rows": ((5, 3), (places(5, 7),)),
    "rows of a table": ((5, 3), places(5, 2, 4)),
    "pairs": ((5, 3), (places(5, 7), places(3, 7))),
    "stretched": ((5, 3), (np.arange(5)[:, None], places(3, 5, 2))),
    "first two of three": ((4, 3, 2), (places(4, 6), places(3, 6))),
    "behind a dimension": ((4, 3, 2), (slice(None), places(3, 6))),
    "last": ((4, 3, 2), (slice(None), slice(None), places(2, 6))),
    "int32": ((5, 3), (places(5, 7).astype("int32"),)),
    "long rows": ((3, 3000), (places(3, 5),)),
    "none": ((5, 3), (places(5, 0),)),
    "alone": ((7,), (places(7, 9),)),
}


@pytest.fixture(params=["numpy", pytest.param("compiled", marks=pytest.mark.numba)])
def quick(request, monkeypatch):
    """The quick forms for arrays of every size, in two threads."""
    monkeypatch.setattr(cpu_index, "FEW", 0)
    monkeypatch.setattr(cpu_index, "_SMALL", 0)
    monkeypatch.setattr(cpu_index, "_BLOCK", 8)
    monkeypatch.setattr(compiled, "LARGE", 0)
    monkeypatch.setattr(threads, "LARGE", 8)
    monkeypatch.setattr(compiled.choice, "wanted", request.param == "compiled")
    before = threads.thread_count()
    threads.set_thread_count(2)
    yield
    threads.set_thread_count(before)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "complex64"])
@pytest.mark.parametrize("name", KEYS)
def test_reads_and_adds_as_numpy_does(name, dtype, quick):
    shape, key = KEYS[name]
    x = (DRAW.standard_normal(shape) * 9).astype(dtype)
    taken = cpu_index.read_at(x, key)
    np.testing.assert_array_equal(taken, x[key])
    assert taken.strides == x[key].strides
    for values in ((DRAW.standard_normal(taken.shape) * 9).astype(dtype), np.ones((), dtype)):
        mine, reference = x.copy(), x.copy()
        cpu_index.add_at(mine, key, values)
        np.add.at(reference, key, values)
        np.testing.assert_array_equal(mine, reference)  # to the last bit: in the same order


def test_arrays_in_another_order_are_left_to_numpy(quick):
    x, at = np.arange(12.0, dtype="f").reshape(3, 4).T, places(4, 6)
    np.testing.assert_array_equal(cpu_index.read_at(x, at), x[at])
    mine, reference = x.copy(order="K"), x.copy(order="K")
    cpu_index.add_at(mine, at, np.float32(1))
    np.add.at(reference, at, np.float32(1))
    np.testing.assert_array_equal(mine, reference)
    turned = places(4, 2, 3).T
    assert cpu_index.read_at(np.ascontiguousarray(x), turned).strides == np.ascontiguousarray(x)[turned].strides


def test_an_array_may_be_added_to_itself(quick):
    x = np.ones((4, 3), "f")
    cpu_index.add_at(x, np.array([1, 1, 2, 2]), x)
    np.testing.assert_array_equal(x, np.array([[1], [3], [3], [1]]) * np.ones((1, 3)))


@pytest.mark.parametrize("wrong", [5, -6])
def test_an_index_out_of_range_changes_nothing(wrong, quick):
    x = np.zeros((5, 3), "f")
    for key in ((np.array([0, wrong]),), (np.array([0, wrong]), np.array([0, 0]))):
        with pytest.raises(IndexError):
            cpu_index.read_at(x, key)
        with pytest.raises(IndexError):
            cpu_index.add_at(x, key, np.float32(1))
    assert not x.any()


def programs(t):
    """Large enough for the quick forms as they are used: the value and the gradients of each."""
    t.manual_seed(0)
    x, new = t.rand(300, 70, requires_grad=True), t.rand(500, 70, requires_grad=True)
    rows, columns = t.randint(-300, 300, (500,)), t.randint(0, 70, (500,))
    weights = t.rand(500, 70)
    mask = t.rand(300, 70) < 0.4
    yield x[rows] * weights, x
    yield x[rows, columns] * columns, x
    yield x[mask] * t.arange(int(mask.sum())), x
    yield x.t()[mask.t()] * t.arange(int(mask.sum())), x
    yield x[:, columns] * columns, x
    yield x[mask[:, 0]] * 3, x
    yield x.index_add(0, rows % 300, new, alpha=2) * 2, new
    yield x.gather(1, t.randint(0, 70, (300, 90))) * t.rand(300, 90), x
    yield x.gather(1, t.randint(0, 70, (70, 300)).t()) * 3, x
    yield x.gather(1, t.randint(0, 70, (200, 90))) * 3, x
    yield x.gather(0, t.randint(0, 300, (200, 60))) * 2, x
    yield x.scatter_add(0, t.randint(0, 300, (500, 70)), new) * 2, new
    yield t.nn.functional.embedding(rows % 300, x, padding_idx=3) * weights, x
    y = x * 1
    y[mask] = 5.0
    yield y, x
    y = x * 1
    y[rows] = new[:1]
    yield y, new
    y = x * 1
    y.index_put_((rows, columns), columns * 1.0, accumulate=True)
    yield y, x
    y = x * 1
    y[mask] = x[mask] * 2
    yield y * 3, x


@pytest.mark.parametrize("wanted", [False, pytest.param(True, marks=pytest.mark.numba)])
def test_programs_give_pytorchs_values_and_gradients(wanted, torch, monkeypatch):
    monkeypatch.setattr(compiled.choice, "wanted", wanted)
    for (mine, source), (theirs, their_source) in zip(programs(lesson_lib), programs(torch), strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-6)
        mine.sum().backward()
        theirs.sum().backward()
        np.testing.assert_allclose(source.grad.numpy(), their_source.grad.numpy(), rtol=1e-5)
        source.grad = their_source.grad = None


def overwritten(t):
    """Writes into what has a history, by index and by mask, to a view, with the tensor's own values; then the gradients."""
    t.manual_seed(0)
    x, new, at = t.rand(6, 4, requires_grad=True), t.rand(3, 4, requires_grad=True), t.tensor([4, 0, 4])
    y = x * 2
    y[t.tensor([5, 0, 2])] = new
    y[1:][at[:2]] = y[:2].clone()
    y.index_put_((at,), new * y[at], accumulate=True)
    y[y > 1] = 0.5
    y[:, 1][at] = 3.0
    y[at[:1]] = y[:1].clone() * new[0, 0]
    z = t.zeros(6, 4)
    z[at] = y[at] * y[0]
    w = z * z
    w.sum().backward()
    return y.detach(), z.detach(), x.grad, new.grad, y.grad_fn.name(), z.grad_fn.name(), y._version


def test_writes_are_recorded_as_pytorch_does(torch):
    for mine, theirs in zip(overwritten(lesson_lib), overwritten(torch), strict=True):
        if isinstance(mine, lesson_lib.Tensor):
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5)
        else:
            assert mine == theirs


def test_a_recorded_write_copies_nothing(monkeypatch):
    type("Own", (lesson_lib.Tensor,), {})  # a class of the user's changes nothing for plain tensors
    x = lesson_lib.ones(400, 100, requires_grad=True) * 1
    at = lesson_lib.tensor([3, 5])
    x[at] = 1.0  # where there is Numba, it is loaded now
    tracemalloc.start()
    x[at] = 2.0
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < x.nbytes / 4


def test_a_mask_that_is_differentiated_twice():
    x = lesson_lib.arange(6.0, dtype=lesson_lib.float64).reshape(2, 3).requires_grad_()
    mask = lesson_lib.tensor([[True, False, True], [False, True, True]])
    assert lesson_lib.autograd.gradcheck(lambda x: x[mask] ** 3, x) and lesson_lib.autograd.gradgradcheck(lambda x: x[mask] ** 3, x)


def test_an_index_written_to_before_backward_is_told():
    x, at = lesson_lib.rand(4, requires_grad=True), lesson_lib.tensor([0, 1])
    y = x[at]
    at.zero_()
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        y.sum().backward()
