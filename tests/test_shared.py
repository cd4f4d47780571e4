"""Large arrays shared between threads give what one thread gives, and small ones never come that far."""

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core import blocks, call, compiled, cpu, engine, shared, threads
from lesson_lib.core.op import registry

from . import opcases
from .test_ops_registry import gradients

SAMPLES = [(name, number) for name, number in opcases.sampled() if registry[name].elementwise]
CALLERS = (call, cpu, engine, threads)
NO_GRADIENT = ("floor_divide", "heaviside")  # with inputs that require grad they raise


@pytest.fixture
def two_threads():
    before = threads.thread_count()
    threads.set_thread_count(2)
    yield
    threads.set_thread_count(before)


@pytest.fixture
def pieces(two_threads, monkeypatch):
    """Arrays of four elements are large, pieces have two; a list of the pieces' sizes."""
    found, original = [], shared.spread
    for module in CALLERS:
        monkeypatch.setattr(module, "LARGE", 4)
    monkeypatch.setattr(shared, "PIECE", 2)
    monkeypatch.setattr(shared, "MANY", 0)
    monkeypatch.setattr(shared, "SOME", 0)
    monkeypatch.setattr(shared, "spread", lambda function, parts: (found.append(parts), original(function, parts))[1])
    monkeypatch.setattr(compiled.choice, "wanted", False)
    return found


def run(name, number):
    args, kwargs = opcases.sample(name, number, dtype="float32", grad=name not in NO_GRADIENT)
    if registry[name].signature is not None:
        *args, kwargs = registry[name].signature(*args, **kwargs)
    outputs = opcases.tensors_in(registry[name].raw(*args, **kwargs))
    inputs = [x for x in opcases.tensors_in(list(args)) if x.requires_grad]
    return [*outputs, *(gradients(outputs, inputs) if registry[name].differentiable and any(y.requires_grad for y in outputs) else [])]


@pytest.mark.parametrize(("name", "number"), SAMPLES, ids=str)
def test_operations_are_those_of_one_thread(name, number, pieces):
    mine = run(name, number)
    threads.set_thread_count(1)
    for ours, alone in zip(mine, run(name, number), strict=True):
        assert (ours is None) == (alone is None)
        if ours is not None:
            assert ours.dtype is alone.dtype and ours.shape == alone.shape and ours.stride() == alone.stride()
            np.testing.assert_allclose(ours.numpy(force=True), alone.numpy(force=True), rtol=1e-6)


def test_forward_and_backward_are_shared(pieces):
    x = lesson_lib.arange(8.0, requires_grad=True)
    y = x * x
    assert pieces == [[slice(0, 4), slice(4, 8)]]
    y.backward(lesson_lib.ones(8))
    assert len(pieces) == 2 and x.grad.tolist() == [2.0 * i for i in range(8)]


@pytest.mark.parametrize("name", ["add", "sub", "mul", "true_div"])
@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.T, lambda x: x[::2, 1::3], lambda x: x[:, None].T, lambda x: x[:1].T], ids=range(5))
def test_one_call_of_numpy_is_one_for_each_thread(name, view, pieces, monkeypatch):
    """Same numbers, same order in memory, whatever the layout; the inputs stay as they are."""
    x, forward = np.arange(1.0, 49.0, dtype=np.float32).reshape(8, 6), registry[name].forward
    for other in (view(x), 3.0, view(x)[:1]):
        shared_form, plain = registry[name].large(cpu, view(x), other), forward(cpu, view(x), other)
        assert shared_form.shape == plain.shape and shared_form.dtype == plain.dtype
        assert all(a == b for a, b, size in zip(shared_form.strides, plain.strides, plain.shape, strict=True) if size > 1)
        np.testing.assert_array_equal(shared_form, plain)
    assert pieces and x.sum() == 48 * 49 / 2


@pytest.mark.parametrize("shape", [(), (3,), (5, 2), (0, 9), (1, 8)])
def test_zeros_are_shared(shape, pieces, monkeypatch):
    monkeypatch.setattr(blocks, "LARGE", 4)
    found = blocks.zeros(cpu, shape, "float32")
    assert found.shape == shape and found.dtype == np.float32 and not found.any()


@pytest.mark.parametrize("shapes", [[(4, 3), (3,)], [(3,), (4, 3)], [(4, 3), (4, 1)], [(4, 1), (1, 3)], [(2, 1, 8), (1, 8)], [(1, 8), ()], [(8, 1), (8, 1)]])
def test_broadcasting(shapes, pieces, torch):
    draw = np.random.default_rng(0)
    arrays = [draw.standard_normal(shape).astype(np.float32) for shape in shapes]
    found = []
    for t in (lesson_lib, torch):
        inputs = [t.tensor(array, requires_grad=True) for array in arrays]
        y = inputs[0] * inputs[1] + inputs[1]
        y.backward(t.ones(*y.shape))
        found.append([x.detach().numpy() for x in (y, *(x.grad for x in inputs))])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_the_order_in_memory_stays(pieces):
    x = lesson_lib.arange(12.0).reshape(3, 4).t()
    assert x.sin().stride() == x.stride() and not pieces
    assert (x + x).stride() == x.stride() and pieces


def test_an_error_arrives_as_without_threads(pieces):
    with pytest.raises(RuntimeError, match="The size of tensor a"):
        lesson_lib.ones(4, 3) + lesson_lib.ones(4, 2)


def test_small_arrays_and_one_thread_share_nothing(monkeypatch):
    monkeypatch.setattr(shared, "spread", None)
    monkeypatch.setattr(shared, "_cut", None)
    (lesson_lib.ones(100, requires_grad=True) * 2).sum().backward()


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin"])
@pytest.mark.parametrize("dim", [None, 0, 1, -1, (0, 2), (1, 2)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_reductions(name, dim, keepdim, pieces, torch):
    array = np.random.default_rng(0).standard_normal((5, 4, 3)).astype(np.float32)
    dim = tuple(range(3)) if dim is None else dim
    mine, theirs = (getattr(t, name)(t.tensor(array), dim, keepdim=keepdim) for t in (lesson_lib, torch))
    assert pieces and mine.shape == theirs.shape
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5)


# --- copies of what was transposed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_a_copy_in_tiles(order, dtype, two_threads, monkeypatch):
    monkeypatch.setattr(blocks, "SMALL_BLOCK_BYTES", 0)
    monkeypatch.setattr(blocks, "TILE", 3)
    monkeypatch.setattr(threads, "LARGE", 4)
    array = np.arange(5 * 7 * 4).reshape(5, 7, 4).astype(dtype)
    x = lesson_lib.tensor(array).permute(*order)
    assert x.contiguous().is_contiguous() and np.array_equal(x.contiguous().numpy(), array.transpose(order))
    assert np.array_equal(x.reshape(-1).numpy(), array.transpose(order).reshape(-1))
    backwards = blocks.copied_in_order(cpu, array.transpose(order)[:, ::-1])
    assert backwards.flags.c_contiguous and np.array_equal(backwards, array.transpose(order)[:, ::-1])
