"""Writing in place, to tensors and to views of them: values, versions, gradients and errors as in PyTorch.

A program returns the tensors whose weighted squares make the loss, or nothing.
"""

import random
import re

import numpy as np
import pytest

import lesson_lib

from .inplace_programs import PROGRAMS
from .sameness import assert_same, first_line


def start(t):
    rng = np.random.default_rng(1)
    x, w = (t.tensor(rng.normal(size=size), requires_grad=True) for size in ((3, 4), 4))
    return x, w, x * 1.5


def told(tensor):
    """What can be seen of a tensor: asking a view that lost its history for its node is an error."""
    try:
        name = tensor.grad_fn and tensor.grad_fn.name().rpartition("::")[2]
    except RuntimeError as error:
        return first_line(error)
    view = tensor._is_view()
    return tensor.requires_grad, tensor.is_leaf, tensor._version, view, "a view" if view and tensor._version else name


def outcome(program, t, create_graph):
    """Values, state and gradients after a program, or the error."""
    x, w, y = start(t)
    try:
        results = program(t, x, w, y)
        if results is None:
            return "nothing"
        results = results if isinstance(results, tuple) else (results,)
        state = [told(result) for result in results]
        values = [result.detach().numpy().copy() for result in results]
        loss = sum((result * result).sum() * (number + 1) + result.sum() for number, result in enumerate(results))
        grads = t.autograd.grad(loss, (x, w), create_graph=create_graph, allow_unused=True)
        if create_graph:
            second = sum((g * g).sum() for g in grads if g is not None and g.requires_grad)
            if not isinstance(second, int):
                # A zero of the second derivative is a tensor in one library and None in the other; materialize_grads makes both a tensor.
                grads += t.autograd.grad(second, (x, w), materialize_grads=True)
    except Exception as error:
        # PyTorch calls the history of a view of a rewritten base AsStrided; here the views themselves are replayed.
        return type(error).__name__, re.sub(r", which is output 0 of [\w:]+,", "", first_line(error))
    return state, values, [g if g is None else g.detach().numpy() for g in grads]


@pytest.mark.parametrize("create_graph", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, create_graph, torch):
    ours, theirs = (outcome(PROGRAMS[name], t, create_graph) for t in (lesson_lib, torch))
    assert_same(ours, theirs, rtol=1e-9)


VIEWS = {
    "select": lambda v: v[0],
    "column": lambda v: v[..., 1],
    "slice": lambda v: v[1:],
    "step": lambda v: v[..., ::2],
    "transpose": lambda v: v.transpose(0, -1),
    "view": lambda v: v.view(-1, 2),
    "unsqueeze": lambda v: v.unsqueeze(0),
    "diagonal": lambda v: v.diagonal(),
    "flatten": lambda v: v.flatten(),
    "alias": lambda v: v[...],
    "narrow": lambda v: v.narrow(0, 0, 1),
    "permute": lambda v: v.permute(tuple(reversed(range(v.dim())))),
    "squeeze": lambda v: v.squeeze(),
    "detach": lambda v: v.detach(),
    "unfold": lambda v: v.unfold(0, 1, 1),
    "clone": lambda v: v.clone(),
}


def assign(v, key, value):
    v[key] = value


WRITES = {
    "mul": lambda v, w: v.mul_(0.5),
    "add": lambda v, w: v.add_(w),
    "copy": lambda v, w: v.copy_(w),
    "fill": lambda v, w: v.fill_(0.3),
    "zero": lambda v, w: v.zero_(),
    "set": lambda v, w: assign(v, 0, 0.7),
    "set w": lambda v, w: assign(v, 0, w[0] if w.dim() else w),
    "mask": lambda v, w: assign(v, v > 0, 0.2),
    "index": lambda v, w: assign(v, [0], w),
    "sigmoid": lambda v, w: v.sigmoid_(),
    "itself": lambda v, w: v.mul_(v),
    "div": lambda v, w: v.div_(w),
    "part": lambda v, w: assign(v, (..., slice(0, 1)), 0.1),
}


def by_chance(seed):
    """A program of up to nine views, writes and uses; a step that fails changes nothing."""
    draw = random.Random(seed)
    steps = [(draw.choice(list(VIEWS) + list(WRITES) + ["use"]), draw.randrange(99), draw.random() < 0.15) for _ in range(draw.randint(3, 9))]

    def program(t, x, w, y):
        pool, uses, errors = [y], [], []
        for name, which, unrecorded in steps:
            v = pool[which % len(pool)]
            try:
                if name in VIEWS:
                    pool.append(VIEWS[name](v))
                elif name in WRITES:
                    with t.set_grad_enabled(not unrecorded):
                        WRITES[name](v, w[: v.shape[-1]] if v.dim() else w[0])
                else:
                    uses.append(v * v)
            except Exception as error:
                errors.append((type(error).__name__, first_line(error)))
        return (*pool, *uses)

    return program


@pytest.mark.parametrize("block", range(8))
def test_programs_by_chance(block, torch):
    for seed in range(100 * block, 100 * block + 100):
        program = by_chance(seed)
        ours, theirs = (outcome(program, t, create_graph=seed % 4 == 0) for t in (lesson_lib, torch))
        assert_same(ours, theirs, path=f"by_chance({seed})", rtol=1e-9)


def test_a_failed_write_changes_nothing():
    x = lesson_lib.zeros(2, 3)
    for write in (lambda: x.add_(lesson_lib.ones(4)), lambda: assign(x, ([0, 5],), 1.0), lambda: x.copy_(lesson_lib.ones(5)), lambda: x.fill_(1j)):
        with pytest.raises((RuntimeError, IndexError)):
            write()
    assert x._version == 0 and x.tolist() == [[0.0] * 3] * 2


def test_read_only_memory_says_so():
    array = np.zeros(2)
    array.flags.writeable = False
    with pytest.raises(RuntimeError, match="the tensor's memory is read-only"):
        lesson_lib.from_numpy(array).add_(1)
