"""Fused operations against their readable composites: values, gradients, second gradients, with and without the fast path."""

import tracemalloc

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core.engine import grad
from lesson_lib.core.op import registry

from . import opcases
from .test_ops_registry import gradients

WITH_COMPOSITE = [(name, number) for name, number in opcases.sampled() if registry[name].composite]
FAST = [(name, number) for name, number in opcases.sampled() if any(attribute.startswith("fast_grad_") for attribute in dir(registry[name]))]
CLOSE = {"float32": 2e-5, "float64": 1e-11}
each = pytest.mark.parametrize(("name", "number"), WITH_COMPOSITE, ids=str)


def run(name, number, dtype, composite):
    """(the outputs that carry gradients, the inputs that get some) of a fused op, or of its composite."""
    decl = registry[name]
    args, kwargs = opcases.sample(name, number, dtype=dtype, grad=True)
    if decl.signature is not None:
        *args, kwargs = decl.signature(*args, **kwargs)
    outputs = opcases.tensors_in((decl.composite if composite else decl.raw)(*args, **kwargs))[: decl.n_diff]
    return outputs, [x for x in opcases.tensors_in(list(args)) if x.requires_grad]


def same(fused, composite, dtype, what):
    for number, (mine, wanted) in enumerate(zip(fused, composite, strict=True)):
        assert (mine is None) == (wanted is None), f"{what} {number}"
        if mine is not None:
            assert mine.dtype is wanted.dtype
            np.testing.assert_allclose(mine.numpy(force=True), wanted.numpy(force=True), rtol=CLOSE[dtype], atol=CLOSE[dtype], err_msg=f"{what} {number}")


def test_every_fused_op_has_a_composite():
    assert all(decl.composite is not None for decl in registry.values() if decl.fused)


@pytest.mark.parametrize("dtype", CLOSE)
@each
def test_equals_its_composite(name, number, dtype):
    (mine, inputs), (wanted, others) = (run(name, number, dtype, composite) for composite in (False, True))
    same(mine, wanted, dtype, "value")
    same(gradients(mine, inputs), gradients(wanted, others), dtype, "gradient")


@each
def test_recorded_gradients_equal_those_on_arrays(name, number):
    """With create_graph=True the gradients come by another way; they and their own gradients are those of the composite."""
    found = []
    for composite in (False, True):
        outputs, inputs = run(name, number, "float64", composite)
        total = sum((y * (y + 1)).sum() for y in outputs)
        plain = grad([total], inputs, retain_graph=True)
        first = grad([total], inputs, create_graph=True)
        same(plain, first, "float64", "recorded gradient")
        again = sum((g * g).sum() for g in first)
        found.append([*first, *grad([again], inputs, allow_unused=True)])
    same(*found, "float64", "second gradient")


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(("name", "number"), FAST, ids=str)
def test_fast_path_equals_the_rule(name, number, dtype):
    """``fast_grad_x`` beside ``grad_x``: the same numbers from the same arrays."""
    outputs, inputs = run(name, number, dtype, False)
    if not inputs:
        return
    node, decl = outputs[0].grad_fn, registry[name]
    for position, input_name in enumerate(decl.inputs):
        fast = getattr(decl, "fast_grad_" + input_name, None)
        if fast is not None and node.edges[position] is not None:
            g = np.cos(np.arange(outputs[0].numel())).reshape(outputs[0].shape).astype(outputs[0]._a.dtype)
            saved = [node.saved[at] for at in decl.rules[position][1]]
            mine, wanted = fast(g, *saved), getattr(decl, "grad_" + input_name)(g, *saved)
            assert mine.dtype == wanted.dtype
            np.testing.assert_allclose(mine, wanted, rtol=CLOSE[dtype], atol=CLOSE[dtype])


# --- what the graph keeps --------------------------------------------------------------------------------------------------------

ROWS, IMAGES = (64, 32), (4, 6, 8, 8)
#: program -> how many numbers its node may keep, the inputs' own memory counted in, in units of the first input
KEEPS = {
    "layer norm": (lambda F, x: F.layer_norm(x, x.shape[1:]), ROWS, 1.1),
    "rms norm": (lambda F, x: F.rms_norm(x, x.shape[1:]), ROWS, 1.1),
    "batch norm": (lambda F, x: F.batch_norm(x, None, None, training=True), IMAGES, 1.1),
    "group norm": (lambda F, x: F.group_norm(x, 2), IMAGES, 1.1),
    "cross-entropy": (lambda F, x: F.cross_entropy(x, lesson_lib.zeros(64, dtype=lesson_lib.int64)), ROWS, 1.1),
    "attention": (lambda F, x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (1, 256, 4), 4.5),  # Q, K, V, y; the weights would be 64
}


@pytest.mark.parametrize("name", KEEPS)
def test_what_a_node_keeps(name):
    program, shape, limit = KEEPS[name]
    y = program(lesson_lib.nn.functional, lesson_lib.randn(shape, requires_grad=True))
    assert sum(value.size for value in y.grad_fn.saved if isinstance(value, np.ndarray)) <= limit * np.prod(shape)


def test_attention_is_made_in_pieces():
    """A few queries at a time: the scores of all of them, 16 MiB here, never exist at once."""
    x = lesson_lib.randn(1, 2048, 4, requires_grad=True)
    tracemalloc.start()
    lesson_lib.nn.functional.scaled_dot_product_attention(x, x, x).sum().backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
