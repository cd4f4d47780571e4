"""Every operation, from its own declaration: values, gradients, errors, memory, layouts and devices.

A new ``@op`` with ``samples`` is tested here without a line being added.
"""

import inspect
import re
import warnings

import numpy as np
import pytest

import lesson_lib
from lesson_lib.autograd.gradcheck import gradcheck, gradgradcheck
from lesson_lib.core.device import device, to_host
from lesson_lib.core.engine import grad
from lesson_lib.core.op import registry
from lesson_lib.core.tensor import Tensor, wrap
from lesson_lib.ops.complex_numbers import view_as_real

from . import opcases, standin

standin.install()
STANDIN = device(standin.TYPE)
DTYPES = ("float32", "float64", "int64", "bool", "complex128")


def has_gradient(name):
    return registry[name].differentiable and "NotImplemented" not in registry[name].title


def has_in_place_form(name):
    decl = registry[name]
    return decl.inplace and decl.public and decl.method


def each(cases, *conditions):
    """Run a test on the (op, number) pairs whose op meets the conditions."""
    chosen = [(name, number) for name, number in cases if all(condition(name) for condition in conditions)]
    return pytest.mark.parametrize(("name", "number"), chosen, ids=str)


SAMPLES, ERRORS = opcases.sampled(), opcases.failing()
each_name = pytest.mark.parametrize("name", list(registry))


def call(name, case):
    return opcases.function_of(name)(*case.args, **case.kwargs)


def differentiable(result):
    return [out for out in opcases.tensors_in(result) if out.requires_grad]


def gradients(result, inputs):
    """The gradients of the outputs, weighted by fixed numbers, with respect to ``inputs``."""
    outputs = differentiable(result)
    weights = [wrap(to_weights(out)) for out in outputs]
    return grad(outputs, inputs, weights, allow_unused=True)


def to_weights(out):
    """Different weights for different elements, so that a transposed gradient is noticed."""
    angles = np.arange(out.numel(), dtype=np.float64).reshape(out.shape)
    weights = np.asarray(np.exp(1j * angles) if out.is_complex() else np.cos(angles)).astype(to_host(out._a).dtype)
    return weights if isinstance(out._a, np.ndarray) else standin.Array(weights)


def close(ours, theirs, what, rtol=1e-5):
    wide = np.complex128 if np.iscomplexobj(theirs) else np.float64
    np.testing.assert_allclose(np.asarray(ours, dtype=wide), np.asarray(theirs, dtype=wide), rtol=rtol, atol=rtol * 0.1, err_msg=what)


# --- against PyTorch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@each(SAMPLES, opcases.has_counterpart)
def test_equals_pytorch(torch, name, number, dtype):
    """Value, dtype, shape, node name and first gradient, wherever PyTorch accepts the dtype."""
    oracle = opcases.oracle_of(name, torch)
    case = opcases.sample(name, number, dtype=dtype, grad=True)
    args, kwargs = opcases.for_torch(case.args, torch), opcases.for_torch(case.kwargs, torch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = oracle(*args, **kwargs)
        except (RuntimeError, TypeError, IndexError, ValueError):
            assert not dtype.startswith("float")
            return  # PyTorch does not take this dtype
        result = call(name, case)
    mine, theirs = opcases.tensors_in(result), flat(expected, torch)
    for out, want in zip(mine, theirs, strict=True):
        if want.requires_grad:
            assert out.grad_fn.name() == want.grad_fn.name()
    result, theirs = opcases.free_of_signs(name, mine), opcases.free_of_signs(name, theirs)
    for out, want in zip(result, theirs, strict=True):
        assert str(out.dtype) == str(want.dtype)
        assert tuple(out.shape) == tuple(want.shape)
        if not (name in opcases.FREE_AT_TIES and dtype in ("int64", "bool") and out is result[-1]):
            close(out.detach().numpy(), want.numpy(force=True), "value")
        assert out.requires_grad == want.requires_grad
    if name not in opcases.WRONG_GRADIENT:
        compare_gradients(torch, case, result, args, kwargs, theirs)


@each(SAMPLES, opcases.has_counterpart, lambda name: registry[name].elementwise and name not in opcases.ROW_MAJOR)
def test_the_result_lies_in_memory_as_pytorchs(torch, name, number):
    """Inputs whose columns lie in one piece give results whose columns do."""
    case = opcases.sample(name, number, layout="turned")
    expected = opcases.oracle_of(name, torch)(*opcases.for_torch(case.args, torch), **opcases.for_torch(case.kwargs, torch))
    for out, want in zip(opcases.tensors_in(call(name, case)), flat(expected, torch), strict=True):
        for dim in range(out.ndim):
            assert out.shape[dim] < 2 or out.stride(dim) == want.stride(dim)


def flat(value, torch):
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for part in value for tensor in flat(part, torch)] if isinstance(value, tuple | list) else []


def compare_gradients(torch, case, result, args, kwargs, theirs):
    inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]
    if not inputs or not differentiable(result) or "NotImplemented" in theirs[0].grad_fn.name():
        return
    ours = gradients(result, inputs)
    outputs = [out for out in theirs if out.requires_grad]
    weights = [torch.from_numpy(to_weights(out)) for out in differentiable(result)]
    try:
        wanted = torch.autograd.grad(outputs, [x for x in flat((args, list(kwargs.values())), torch) if x.requires_grad], weights, allow_unused=True)
    except RuntimeError:
        return  # PyTorch computes the value and has no gradient: scatter from a larger source
    for mine, want in zip(ours, wanted, strict=True):
        assert (mine is None) == (want is None)
        if want is not None:
            assert str(mine.dtype) == str(want.dtype)
            close(mine.numpy(), want.numpy(force=True), "gradient", rtol=1e-4)


@each(ERRORS, opcases.has_counterpart)
def test_errors_equal_pytorch(torch, name, number):
    """The exception's type and first line are PyTorch's."""
    case, kind, _ = list(registry[name].errors(opcases.Maker(name, dtype="float32")))[number]
    oracle = opcases.oracle_of(name, torch)
    with pytest.raises(kind) as theirs:
        oracle(*opcases.for_torch(case.args, torch), **opcases.for_torch(case.kwargs, torch))
    with pytest.raises(kind) as ours:
        call(name, case)
    assert type(ours.value) is type(theirs.value)
    assert first_line(ours.value) == first_line(theirs.value)


def first_line(exc):
    return str(exc).splitlines()[0].rstrip()


# --- by numbers alone ---------------------------------------------------------------------------------------------------------


@each(ERRORS)
def test_errors(name, number):
    """A bad call raises what its declaration says, and names the line of the program and a remedy."""
    case, kind, start = list(registry[name].errors(opcases.Maker(name, dtype="float32")))[number]
    with pytest.raises(kind) as ours:
        call(name, case)
    assert str(ours.value).startswith(start)
    assert "\n  Try: " in str(ours.value)


@each(SAMPLES, lambda name: name != "view_dtype")  # which reads the bytes
def test_float32_is_a_rounded_float64(name, number):
    """The same numbers in float32 give the float64 result, up to rounding."""
    narrow, wide = (call(name, opcases.sample(name, number, dtype=dtype)) for dtype in ("float32", "float64"))
    for a, b in zip(*(opcases.free_of_signs(name, opcases.tensors_in(result)) for result in (narrow, wide)), strict=True):
        assert a.shape == b.shape
        if b.dtype.is_floating_point or b.dtype.is_complex:
            close(a.numpy(), b.numpy(), "float32", rtol=1e-4)


@each(SAMPLES, has_gradient)
def test_gradients(name, number):
    """First and second derivatives equal the slopes measured with small steps."""
    case = opcases.sample(name, number, grad=True)
    inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]

    def function(*tensors):
        if name in opcases.SYMMETRIC:
            tensors = [(x + x.mT) / 2 for x in tensors]
        every = iter([tensors[inputs.index(x)] if x in inputs else x for x in opcases.tensors_in((case.args, case.kwargs))])
        return tuple(
            view_as_real(out) if out.is_complex() else out
            for out in opcases.free_of_signs(name, differentiable(call(name, opcases.exchanged(case, every))))
        )

    result = call(name, case)
    if not differentiable(result) or any(out.dtype.name not in ("float64", "complex128") for out in differentiable(result)):
        return  # a cast to float32: too coarse for small steps
    inputs = Identical(x for x, g in zip(inputs, gradients(result, inputs), strict=True) if g is not None and x.dtype.name == "float64")
    if not inputs:
        return
    gradcheck(function, tuple(inputs))
    gradgradcheck(function, tuple(inputs))


class Identical(list):
    """A list that finds a tensor by identity; ``==`` on tensors compares element by element."""

    def __contains__(self, tensor):
        return any(tensor is other for other in self)

    def index(self, tensor):
        return next(number for number, other in enumerate(self) if other is tensor)


@each(SAMPLES, has_gradient)
def test_gradient_that_is_spread_over_memory(name, number):
    """What comes back from a sum is one number seen many times: a gradient without memory of its own."""
    case = opcases.sample(name, number, grad=True)
    inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]
    found = []
    for spread in (False, True):
        outputs = differentiable(call(name, case))
        if not outputs:
            return
        ones = [lesson_lib.ones((), dtype=out.dtype).expand(out.shape) for out in outputs]
        seeds = ones if spread else [one.contiguous() for one in ones]
        found.append(lesson_lib.autograd.grad(outputs, inputs, seeds, allow_unused=True))
    for a, b in zip(*found, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            close(a.numpy(), b.numpy(), "spread")


@each(SAMPLES)
def test_layouts(name, number):
    """Gaps in memory and read-only memory change neither values nor gradients; nothing writes to its inputs."""
    results = {}
    for layout in opcases.LAYOUTS:
        if layout in ("strided", "turned") and name in opcases.NEEDS_ONE_PIECE:
            continue
        case = opcases.sample(name, number, layout=layout, grad=True)
        inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]
        result = call(name, case)
        found = [out.detach().numpy().copy() for out in opcases.tensors_in(result)]
        if differentiable(result) and inputs and has_gradient(name):
            found += [g.numpy() for g in gradients(result, inputs) if g is not None]
        results[layout] = found
    for layout in results:
        for mine, plain in zip(results[layout], results["plain"], strict=True):
            close(mine, plain, layout, rtol=1e-12)


@each(SAMPLES, lambda name: name not in opcases.GIVEN_A_COPY)
def test_memory(name, number):
    """A view shares memory with its input and its version; every other result has memory of its own."""
    decl = registry[name]
    case = opcases.sample(name, number)
    inputs = opcases.tensors_in((case.args, case.kwargs))
    for out in opcases.tensors_in(call(name, case)):
        shared = any(np.shares_memory(out.numpy(), x.numpy()) for x in inputs)
        assert shared == (decl.view and out.numel() > 0)
        assert out._is_view() == decl.view
        if decl.view:
            assert out._ver is inputs[0]._ver


@each(SAMPLES, has_in_place_form)
def test_in_place(name, number):
    """``x.op_()`` writes what ``op(x)`` gives into the same memory and counts one version."""
    case = opcases.sample(name, number)
    expected = call(name, case)
    x, *rest = case.args
    if not isinstance(x, Tensor) or x.shape != expected.shape:
        return  # it would have to grow
    memory = x.data_ptr()
    assert getattr(x, name + "_")(*rest, **case.kwargs) is x
    assert x._version == 1
    assert x.data_ptr() == memory
    close(x.numpy(), expected.numpy(), "in place")


@each(SAMPLES, has_in_place_form, has_gradient)
def test_in_place_gradient(name, number):
    """The gradient through ``op_`` on a copy is the gradient through ``op``."""
    decl = registry[name]
    found = []
    for in_place in (False, True):
        case = opcases.sample(name, number, grad=True)
        x, *rest = case.args
        if not isinstance(x, Tensor):
            return
        start = x * 1
        expected = decl.call(start, *rest, **case.kwargs)
        if expected.shape != x.shape:
            return
        result = getattr(start, name + "_")(*rest, **case.kwargs) if in_place else expected
        found.append([g.numpy() for g in gradients(result, [x, *(v for v in opcases.tensors_in((rest, case.kwargs)) if v.requires_grad)])])
    for a, b in zip(*found, strict=True):
        close(a, b, "in-place gradient", rtol=1e-12)


@each(SAMPLES, lambda name: name != "to_device")
def test_stand_in_device(name, number):
    """The same values and gradients on a device that refuses to be mixed with the host."""
    found = []
    for dev in (opcases.CPU, STANDIN):
        case = opcases.sample(name, number, dev=dev, grad=True)
        inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]
        result = call(name, case)
        values = opcases.tensors_in(result)
        assert all(value.device.type == dev.type for value in values)
        if differentiable(result) and inputs and has_gradient(name):
            values = [*values, *(g for g in gradients(result, inputs) if g is not None)]
        found.append([to_host(value._a) for value in values])
    for host, strange in zip(*found, strict=True):
        assert host.dtype == strange.dtype
        close(strange, host, "stand-in", rtol=1e-12)


# --- what a reader sees ---------------------------------------------------------------------------------------------------------


@each_name
def test_documentation(name):
    """Every declaration has its maths; a public one has a source and shows PyTorch's signature and its own class as source."""
    decl = registry[name]
    text = inspect.getdoc(decl)
    assert text
    if decl.public:
        assert re.search(r"[∂$=]", text), "no formula"
        assert "http" in text, "no source"
        assert inspect.getdoc(decl.call) == text
        assert f"class {name}(" in inspect.getsource(decl.call)
        assert "xp" not in inspect.signature(decl.call).parameters


@each_name
def test_has_samples(name):
    """Nothing goes untested: every declaration has samples."""
    assert registry[name].samples is not None
