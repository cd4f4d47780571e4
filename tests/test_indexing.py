"""Indexing and its relatives: values, node names, gradients of both orders, errors, as in PyTorch."""

import warnings

import numpy as np
import pytest

import lesson_lib

from .sameness import assert_same, described, first_line, same, same_gradients

READS = """
x[0]
x[-1, 2]
x[0, 0, 0]
x[:]
x[:, :]
x[:, 1]
x[1:, ::2]
x[..., 1:3]
x[2:1]
x[10:20]
x[...]
x[..., 0]
x[0, ..., 0]
x[()]
x[None]
x[:, None]
x[None, ..., None]
x[..., None, 0]
x[..., ...]
x[True]
x[False]
x[True, 0]
x[0, True]
x[i(True)]
x[i(1)]
x[i(1):3]
x[i(0), i(1)]
x[i([0, 1])]
x[i([0, -1])]
x[i([[0, 1], [1, 1]])]
x[[0, 1]]
x[[0, 1], [1, 2]]
x[[[0, 1], [1, 2]]]
x[[0, slice(None)]]
x[[0, None]]
x[[True, False]]
x[[]]
x[(0, 1),]
x[range(2)]
x[np.array([0, 1])]
x[np.array(1)]
x[np.int64(1)]
x[np.array([True, False])]
x[np.array([[0, 1], [1, 0]])]
x[i([0, 1], dtype=t.int32)]
x[i([1, 0], dtype=t.uint8)]
x[x > 0]
x[x[:, :, 0] > 0]
x[:, x[0, :, 0] > -0.5]
x[:, i([True, False, True])]
x[..., i([[0, 1], [2, 3]])]
x[0, :, i([1, 2])]
x[i([0, 1]), :, i([1, 2])]
x[:, i([0, 1]), i([1, 2])]
x[i([0, 1]), None, i([1, 2])]
x[i([[0], [1]]), i([0, 1, 2])]
x[0, [1, 2], None]
x[[0, 1], None, 0:2]
x[None, [0, 1]]
x[:, [0]]
x[1:2, i([0, 1])]
x[i([0, 1]), 1:2]
x[[True, False], [0, 1]]
x[i([], dtype=t.long)]
x[x > 100]
x.index_select(0, i([1, 0, 1]))
x.index_select(-1, i(1))
t.index_select(x, 1, i([0], dtype=t.int32))
x.gather(1, i([[[0, 1, 2, 0]], [[2, 2, 0, 1]]]))
x.gather(2, i([[[0, 1], [2, 3]], [[3, 3], [0, 0]]]))
x.scatter(1, i([[[0, 1, 2, 0]]]), x[:1, :1] * 2)
x.scatter(2, i([[[0], [1]]]), 5.0)
x.scatter(0, i([[[0, 1]]]), t.ones(2, 3, 4, dtype=t.float64))
x.scatter_add(1, i([[[0, 0, 2, 0], [0, 1, 2, 1]]]), x[1:, :2])
x.take(i([[0, 5], [-1, 5]]))
t.take_along_dim(x, i([[[0], [1], [2]]]), 2)
t.take_along_dim(x, i([5, 5, 7]))
x.masked_select(x > 0)
x.masked_select(i([True, False, True, True]))
x.masked_scatter(x > 1, x * 3)
x.masked_fill(x > 0, 0.5)
x.index_add(0, i([1, 1]), x * 2, alpha=3)
x.index_copy(1, i([2, 0]), x[:, :2] * 2)
x.index_fill(2, i([-1, 0]), 3.0)
x.index_fill(2, i([1]), x.sum())
x.index_put((i([0]), i([1])), x[1, 0])
x.index_put((i([0, 0]),), x[:1], accumulate=True)
x.index_put((x > 0,), i(1.0, dtype=t.float64))
""".strip().split("\n")

WITHOUT_GRADIENTS = """
t.nonzero(x > 0)
t.nonzero(x > 0, as_tuple=True)
t.nonzero(i(3.0))
t.nonzero(i(0.0))
t.nonzero(i(3.0), as_tuple=True)
x.argwhere()
(x > 0).nonzero()[:, 1]
i(5)[None]
i(5)[...]
i(5)[True]
i([1, 2, 3])[i([2, 0])]
""".strip().split("\n")

READ_ERRORS = """
x[5]
x[-9]
x[0, 9]
x[0, 0, 0, 0]
x[0, 0, 0][0]
x[0, 0, 0][0, 0]
x[0, 0, 0][:]
x[0, 0, 0][..., :]
x[0, 0, 0][i([0])]
x[::-1]
x[::0]
x[1.5]
x[0:2.5]
x[object()]
x[{0}]
x[np.float64(1)]
x["a"]
x[[0, "a"]]
x[i(1.5)]
x[i([1.5])]
x[i([0, 1], dtype=t.int16)]
x[i([5])]
x[i([-5])]
x[[0, 7]]
x[:, [0, 7]]
x[i([True, False, True])]
x[:, i([True, False])]
x[i([0, 1, 0], dtype=t.uint8)]
x[t.ones(2, 3, 4, 5) > 0]
x[i([0, 1]), i([0, 1, 2])]
x[[True, True], [0, 1, 1]]
x[i([0]), i([0]), i([0]), i([0])]
x.index_select(0, i([5]))
x.index_select(0, i([[0]]))
x.index_select(0, i([0.0]))
x.index_select(7, i([0]))
x.gather(1, i([0]))
x.gather(1, i([[[9]]]))
x.gather(1, i([[[-1]]]))
x.gather(1, i([[[0]]] * 5))
x.gather(1, i([[[0.0]]]))
x[0].scatter(1, i([[0], [1]]), t.zeros(1, 4, dtype=t.float64))
x[0].scatter(1, i([[7]]), 1.0)
x[0].scatter(1, i([0]), t.zeros(3, 4, dtype=t.float64))
x[0].scatter(1, i([[0]]), t.zeros(3, 4, dtype=t.float32))
x[0].scatter_add(1, i([[0]]), 2.0)
x.take(i([99]))
x.take(i([0.0]))
t.take_along_dim(x, i([[0]]), 5)
x.masked_select(i([1.0]))
x.masked_scatter(x > 0, x[:1, :1])
x.masked_scatter(i([1.0]), x)
x[0].index_add(0, i([0, 1]), x[0])
x[0].index_add(0, i([7]), x[0, :1])
x[0].index_add(0, i([0]), x[0, :1].float())
x[0].index_add(0, i([0]), x[0, :1, :2])
x[0].index_copy(0, i([0, 1]), x[0, :1])
x[0].index_copy(0, i([9]), x[0, :1])
x.index_fill(0, i([9]), 3.0)
x.index_fill(0, i([0]), x)
x.index_put((i([5]),), x[0])
x.index_put((i([0.0]),), i(1.0))
x[0].index_put((i([0]), i([0]), i([0])), i(1.0))
""".strip().split("\n")

WRITES = """
v[0] = 1.5
v[0] = w
v[0, 1] = 2
v[0, 1] = i([7.0])
v[0, 1] = i(5)
v[:] = 3
v[...] = w
v[()] = 4
v[None] = 2
v[True] = 2
v[False] = 2
v[:, ::2] = 7
v[:, 1:] = w[:3]
v[0] = w[None]
v[i([0, 1])] = v[1:] * 2
v[i([0, 1])] = w
v[[0, 1], [1, 2]] = i([5.0, 6.0])
v[:, [0, 2]] = i([5.0, 6.0])
v[v > 5] = 0
v[v > 5] = v[v > 5] * 2
v[v > 100] = w[:0]
v[i([True, False, True]), 1] = 9
v[i([True, False, True])] = i([[[1.0, 2, 3, 4]]])
v[np.array([0, 1])] = 7
v[0] = True
v[0] = w.double()
v[1, [0, 1]] = w[:2]
v[-1, ..., -1] = 2
v.t()[0] = 5
n[0] = 2.7
n[0] = v[0]
n[i([0])] = 2.7
n[0, 0] = 2**40
v[0] = 1e400
v[5] = 1
v[i([7])] = 1
v[1.5] = 1
v[0] = [1, 2, 3, 4]
v[0] = np.ones(4)
v[0] = None
v[0] = "a"
v[0] = 1j
v[i([0, 1])] = 1j
v[0] = v[:, 0]
v[0] = v
v[:, 1:] = v * 1
v[0, 1] = w
v[:, 0] = i([[1.0], [2.0], [3.0]])
v[i([0, 1])] = v[:, :3]
v[[0, 1], [0, 1]] = i([5.0, 6.0, 7.0])
v[v > 5] = w[:3]
v[i([0, 1])] = v[:2].double()
n[i([0])] = v[0]
n[0, 0] = 2**70
del v[0]
""".strip().split("\n")


@pytest.fixture(autouse=True)
def without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of uint8 masks and of lists of lists
        yield


@pytest.mark.parametrize("expression", READS + WITHOUT_GRADIENTS)
def test_same_result_and_nodes(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("expression", READS)
def test_same_gradients_of_both_orders(expression, torch):
    same_gradients(expression, torch)


@pytest.mark.parametrize("expression", READ_ERRORS)
def test_same_error(expression, torch):
    same(expression, torch)


def written(statement, t, recorded):
    """The tensors after an assignment, and the gradients of what was assigned."""
    base, w = t.arange(12.0).reshape(3, 4).requires_grad_(recorded), t.tensor([0.5, -1.0, 2.0, 3.0], requires_grad=recorded)
    v, n = base * 1, t.zeros(3, 4, dtype=t.int64)
    try:
        exec(statement, {"t": t, "np": np, "i": t.tensor, "v": v, "w": w, "n": n})
    except Exception as error:
        return type(error).__name__, first_line(error), v.detach().numpy(), n.numpy()
    grads = [None, None]
    if v.requires_grad:
        grads = t.autograd.grad((v * v).sum(), (base, w), allow_unused=True)
    return described([v, n]), [g if g is None else g.numpy() for g in grads]


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
@pytest.mark.parametrize("statement", WRITES)
def test_same_after_assignment(statement, recorded, torch):
    with np.errstate(over="ignore"):
        ours, theirs = (written(statement, t, recorded) for t in (lesson_lib, torch))
    assert_same(ours, theirs)


def test_index_tensors_are_watched():
    x, at = lesson_lib.ones(3, requires_grad=True), lesson_lib.tensor([0, 1])
    y = x[at].sum()
    at[0] = 2
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_an_index_that_repeats_adds_its_gradients_up():
    x = lesson_lib.zeros(3, requires_grad=True)
    x[[0, 0, 2]].sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 1.0]


def test_messages_name_the_line_and_the_remedy():
    with pytest.raises(IndexError) as caught:
        lesson_lib.zeros(3)[5]
    assert "lesson_lib.zeros(3)[5]" in str(caught.value) and "Try: Valid indexes run from -3 to 2." in str(caught.value)
