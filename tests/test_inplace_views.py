"""Writing in place, to tensors and to views of them: values, versions, gradients and errors as in PyTorch.

A program works on ``x`` (3, 4) and ``w`` (4), both leaves, and on ``y`` = 1.5·x; it returns the tensors whose weighted
squares make the loss.
"""

import random
import re

import numpy as np
import pytest

import lesson_lib

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


PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


@program
def whole_tensor(t, x, w, y):
    y.mul_(2).add_(w)
    y -= 1
    y /= w
    return y


@program
def own_value_is_saved(t, x, w, y):
    y.mul_(w).mul_(w)
    return y


@program
def output_is_saved(t, x, w, y):
    y.exp_()
    return y


@program
def saved_output_overwritten(t, x, w, y):
    z = y.exp()
    z.add_(1)
    return z


@program
def saved_input_overwritten(t, x, w, y):
    z = y * w
    y.add_(1)
    return z, w * y


@program
def quotient_may_be_overwritten(t, x, w, y):
    z = y / w
    z.add_(1)
    return z


@program
def a_row(t, x, w, y):
    y[0].mul_(3)
    return y


@program
def a_row_that_is_kept(t, x, w, y):
    row = y[0]
    row.mul_(w)
    return row, y


@program
def other_views_follow(t, x, w, y):
    left, column, flat = y[:, :2], y[:, 1], y.view(-1)
    left.mul_(w[:2])
    return left, column, flat, y


@program
def a_view_made_before_the_base_was_written(t, x, w, y):
    row = y[1]
    y.mul_(w)
    return row, y


@program
def chained_views(t, x, w, y):
    y.t()[1:].unsqueeze(0)[0, :, ::2].mul_(5)
    return y


@program
def two_writes_through_two_views(t, x, w, y):
    top, last = y[:2], y[:, 3]
    top.mul_(w)
    last.exp_()
    top += 1
    return y, top, last


@program
def the_diagonal(t, x, w, y):
    y.diagonal().copy_(w[:3])
    return y


@program
def a_transposed_view(t, x, w, y):
    y.transpose(0, 1)[2] = w[:3]
    return y


@program
def through_view_and_expanded_gradient(t, x, w, y):
    y.view(2, 6)[0, 1:3].mul_(2)
    return y.sum(0)


@program
def through_windows(t, x, w, y):
    y.unfold(1, 2, 2)[:, 0].mul_(3)
    return y


@program
def through_as_strided(t, x, w, y):
    y.as_strided((3, 2), (4, 1), 1).mul_(3)
    return y


@program
def filled(t, x, w, y):
    y[1].fill_(2)
    y[:, 0].zero_()
    y[2, 3:].fill_(w.sum())
    return y


@program
def assigned(t, x, w, y):
    y[0] = w
    y[1, 2] = 7
    y[:, 3] = w[:3] * 2
    y[2, :2] = y[1, :2]
    return y


@program
def assigned_by_index(t, x, w, y):
    y[[0, 2], [1, 3]] = w[:2]
    y[y > 1] = 0
    y[:, [0]] = w[:1]
    return y


@program
def assigned_by_index_through_a_view(t, x, w, y):
    part = y[1:, 1:]
    part[[0, 1], [2, 0]] = w[1:3]
    return y, part


@program
def assigned_into_zeros(t, x, w, y):
    z = t.zeros(2, 4, dtype=t.float64)
    row = z[1]
    z[0] = w
    z[1:] = y[2]
    return z, row


@program
def zeros_filled_in_a_loop(t, x, w, y):
    z = t.zeros(3, dtype=t.float64)
    for number in range(3):
        z[number] = (y[number] * w).sum() + (z[number - 1] if number else 0)
    return z


@program
def accumulated_by_index(t, x, w, y):
    y.index_put_((t.tensor([0, 0, 2]),), w, accumulate=True)
    y.index_add_(1, t.tensor([1, 1]), y[:, :2].clone(), alpha=2)
    return y


@program
def scattered(t, x, w, y):
    y.scatter_(1, t.tensor([[0], [3], [1]]), w[:3].view(3, 1))
    y.scatter_add_(0, t.tensor([[1, 1, 0, 2]]), w.view(1, 4))
    y.index_fill_(1, t.tensor([2]), 0.5)
    y.masked_fill_(y > 2, 0.25)
    return y


@program
def saved_by_a_view(t, x, w, y):
    squares = (y[0] * y[0]).sum()
    y[1].add_(1)
    return squares


@program
def saved_itself(t, x, w, y):
    squares = y[0] * y[0]
    y[0, 1] = 5
    return squares


@program
def written_without_recording(t, x, w, y):
    row = y[0]
    with t.no_grad():
        row.mul_(2)
        y[1] = 9
    return row, y


@program
def leaf_written_without_recording(t, x, w, y):
    row = x[0]
    with t.no_grad():
        x.mul_(2)
        x[1] = w
    return x, row


@program
def detached_view_bumps_the_version(t, x, w, y):
    z = y * y
    y.detach()[0] = 1
    return z


@program
def data_does_not(t, x, w, y):
    z = y * y
    y.data[0] = 1
    return z


@program
def the_detached_gets_its_own_history(t, x, w, y):
    z = y.detach()
    z[0] = w
    return z, y


@program
def a_leaf(t, x, w, y):
    x.add_(1)


@program
def a_view_of_a_leaf(t, x, w, y):
    x[0].zero_()


@program
def assignment_to_a_leaf(t, x, w, y):
    x[0] = 1


@program
def a_leaf_that_is_a_view(t, x, w, y):
    z = t.zeros(3)[1:].requires_grad_()
    z[z > 0] = 1


@program
def unbound(t, x, w, y):
    y.unbind(0)[1].mul_(2)


@program
def split_and_viewed(t, x, w, y):
    y.split(2, 1)[0][1].mul_(2)


@program
def chunk_of_constants_times_a_leaf(t, x, w, y):
    t.zeros(2, 4, dtype=t.float64).chunk(2)[0].mul_(w)


@program
def unbound_then_base_written(t, x, w, y):
    rows = y.unbind(0)
    y.mul_(2)
    return y, rows[1] * 2


@program
def unbound_written_without_recording(t, x, w, y):
    rows = y.unbind(0)
    with t.no_grad():
        rows[0].zero_()
    return y


@program
def view_made_without_recording(t, x, w, y):
    with t.no_grad():
        row = y[0]
    row.mul_(2)


@program
def view_made_without_recording_then_base_written(t, x, w, y):
    with t.no_grad():
        row = y[0]
    y.mul_(2)
    return row * 2


@program
def constants_viewed_without_recording(t, x, w, y):
    with t.no_grad():
        row = t.zeros(2, 4, dtype=t.float64)[0]
    row.add_(1)
    row.mul_(w)


@program
def overlapping_source(t, x, w, y):
    y[1:].copy_(y[:-1])


@program
def overlapping_transpose(t, x, w, y):
    square = y[:, :3].clone()
    square += square.t()


@program
def same_memory_as_source(t, x, w, y):
    z = y.detach().clone()
    z[:2].add_(z[:2])
    return z * w


@program
def stretched(t, x, w, y):
    y[:, :1].expand(3, 4).add_(1)


@program
def wrong_shape(t, x, w, y):
    y.add_(t.zeros(2, 3, 4))


@program
def wrong_shape_of_a_copy(t, x, w, y):
    y.copy_(t.zeros(1, 3, 4))


@program
def wrong_shape_of_a_value(t, x, w, y):
    y[0] = t.zeros(3)


@program
def wrong_dtype(t, x, w, y):
    t.zeros(3, dtype=t.int64).add_(1.5)


@program
def graph_through_the_old_and_the_new(t, x, w, y):
    before = y.sum()
    y[0] = w * before
    return y * before


@program
def clamped_in_place(t, x, w, y):
    y[:2].clamp_(-0.5, 0.5)
    return y


@program
def fresh_copy_is_independent(t, x, w, y):
    z = y.transpose(0, 1).reshape(-1)
    z[0] = 3
    return y, z


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
