"""Shapes, strides and memory changed in place: values, nodes, gradients, other views and errors as in PyTorch."""

import random
import re

import numpy as np
import pytest

import lesson_lib

from .sameness import assert_same, first_line, same
from .test_inplace_views import VIEWS, WRITES, outcome

SHAPES = {
    "t_": lambda v, w: v.t_(),
    "squeeze_": lambda v, w: v.squeeze_(),
    "squeeze_(0)": lambda v, w: v.squeeze_(0),
    "unsqueeze_": lambda v, w: v.unsqueeze_(0),
    "transpose_": lambda v, w: v.transpose_(0, -1),
    "swapaxes_": lambda v, w: v.swapaxes_(-1, 0),
}


def by_chance(seed):
    """A program of up to nine views, changes of shape, writes and uses; a step that fails changes nothing."""
    draw = random.Random(seed)
    names = [*VIEWS, *WRITES, *SHAPES, *SHAPES, "use"]
    steps = [(draw.choice(names), draw.randrange(99)) for _ in range(draw.randint(3, 9))]

    def program(t, x, w, y):
        pool, uses = [y], []
        for name, which in steps:
            v = pool[which % len(pool)]
            try:
                if name in VIEWS:
                    pool.append(VIEWS[name](v))
                elif name == "use":
                    uses.append(v * v)
                else:
                    (WRITES | SHAPES)[name](v, w[: v.shape[-1]] if v.dim() else w[0])
            except Exception:
                continue
        return (*pool, *uses)

    return program


def without_shape(result):
    """PyTorch's message about a modified tensor has the shape it had, ours the one it has."""
    return (result[0], re.sub(r"Tensor \[[^]]*\]", "Tensor", result[1])) if isinstance(result[0], str) else result


@pytest.mark.parametrize("block", range(5))
def test_programs_by_chance(block, torch):
    for seed in range(60 * block, 60 * block + 60):
        program = by_chance(seed)
        ours, theirs = (without_shape(outcome(program, t, create_graph=seed % 4 == 0)) for t in (lesson_lib, torch))
        assert_same(ours, theirs, path=f"by_chance({seed})", rtol=1e-9)


PLAIN = """
t.arange(6).reshape(2, 3).t_()
t.arange(6.).unsqueeze_(0).unsqueeze_(-1).squeeze_().shape
t.zeros(2, 1, 3).transpose_(0, 2).swapdims_(1, 2).stride()
t.arange(6).resize_(2, 2)
t.arange(6).reshape(2, 3).t().resize_(2, 2)
t.arange(6).reshape(2, 3).t().resize_(3, 2).stride()
t.arange(6)[2:4].resize_(3)
t.arange(6).resize_(2).resize_(6)
t.arange(6).resize_as_(t.zeros(2, 3))
t.resize_as_(t.arange(6), t.zeros(2))
t.arange(6).as_strided_((2, 2), (1, 2), 1)
t.as_strided_(t.arange(6), (3,), (2,))
t.arange(6)[3:].detach().storage_offset()
t.arange(6)[3:].data.as_strided((2,), (1,), 0)
t.empty(0, dtype=t.int64).set_(t.arange(6))
t.empty(0, dtype=t.int64).set_(t.arange(6)[2:]).storage_offset()
t.empty(0, dtype=t.int64).set_(t.arange(6), 1, (2, 2), (1, 2))
t.empty(0, dtype=t.int64).set_(t.arange(6).untyped_storage(), 1, (2,))
t.empty(0).set_(t.arange(6).untyped_storage()).shape
t.zeros(3).set_().shape
t.arange(6).is_set_to(t.arange(6))
(lambda z: (z.is_set_to(z[:]), z.is_set_to(z.detach()), z.is_set_to(z[1:])))(t.arange(6))
[t.zeros(2, 1, 3).permute(p).dim_order() for p in ((0, 1, 2), (2, 0, 1), (1, 2, 0))]
t.zeros(2, 3).expand(4, 2, 3).dim_order()
t.zeros(2, 3, 4).dim_order(ambiguity_check=True)
t.zeros(2, 3).unsqueeze(1).stride()
t.zeros(2, 3)[None].expand(1, 2, 3).stride()
t.zeros(0, 3).stride()
t.empty_strided((2, 3), (1, 2)).stride()
t.zeros(2, dtype=t.int32).new_empty_strided((2, 3), (4, 1)).dtype
t.empty_permuted((2, 3, 5), (2, 0, 1)).stride()
t.unsafe_split(x * 1, 2, 2)[0]
t.unsafe_chunk(x * 1, 2, 2)[1]
t.unsafe_split_with_sizes(x * 1, [1, 3], 2)[1]
t.split_with_sizes(x, [1, 3], 2)
t.nonzero_static(t.tensor([[0, 1], [2, 0]]), size=3)
(x * 1).put(t.tensor([0, -1]), t.zeros(2, dtype=t.float64))
t.arange(4).apply_(lambda v: v * v)
t.arange(4).map_(t.tensor(3), lambda a, b: a * b)
x.detach().module_load(t.zeros(2, 3, 4, dtype=t.float64)).sum()
""".strip().split("\n")

WRONG = """
x.t_()
x.unsqueeze_(0)
x.resize_(3)
x[0].squeeze_()
x.unbind()[0].t_()
t.arange(6).resize_(-1)
t.arange(6).resize_("a")
t.arange(6).resize_()
t.from_numpy(np.zeros(3)).resize_(9)
t.arange(6).as_strided_((2,), (1,), 7)
t.arange(6).as_strided((2,), (1,), -1)
t.zeros(3).set_(t.arange(6))
t.zeros(3).set_(t.arange(6).storage())
t.zeros(3).set_(3)
x.set_(t.zeros(3, dtype=t.float64))
(x * 1).set_(t.zeros(3, dtype=t.float64)).sum().backward()
t.zeros(2, 1).dim_order(ambiguity_check=True)
t.zeros(2, 1).dim_order(ambiguity_check="yes")
t.empty_strided((2, 3), (1,))
t.empty_strided((2, 3), (1, -1))
t.empty_permuted((2, 3), (0,))
t.empty_permuted((2, 3), (0, 0))
t.empty_permuted((2, 3), (0, 2))
t.nonzero_static(t.ones(2), size=-1)
t.zeros(3).put_(t.tensor([0, 7]), t.zeros(2))
t.zeros(3).put_(t.tensor([0.0]), t.zeros(1))
t.zeros(3).put_([0], t.zeros(1))
t.zeros(3).split_with_sizes([1, 1])
x.apply_(abs)
x.map_(x, max)
t.zeros(3).map_(t.arange(3), max)
x.as_subclass(int)
t.split_with_sizes_copy(x.detach(), [1, 3], 2, out=[t.empty(0)])
""".strip().split("\n")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", PLAIN + WRONG)
def test_same(expression, torch):
    same(expression, torch)


COPIES = {
    "alias": ((), lambda x: x),
    "as_strided": (((2, 2), (1, 2)), lambda x: x.as_strided((2, 2), (1, 2))),
    "detach": ((), lambda x: x),
    "diagonal": ((1,), lambda x: x.diagonal(1)),
    "expand": (((2, 2, 3, 4),), lambda x: x.expand(2, 2, 3, 4)),
    "permute": (((2, 0, 1),), lambda x: x.permute(2, 0, 1)),
    "select": ((1, 2), lambda x: x[:, 2]),
    "slice": ((2, 1, 4, 2), lambda x: x[..., 1:4:2]),
    "split": ((2, 2), lambda x: x.split(2, 2)),
    "split_with_sizes": (([1, 2], 1), lambda x: x.split([1, 2], 1)),
    "squeeze": ((), lambda x: x),
    "transpose": ((0, 1), lambda x: x.transpose(0, 1)),
    "unbind": ((), lambda x: x.unbind()),
    "unfold": ((2, 2, 1), lambda x: x.unfold(2, 2, 1)),
    "unsqueeze": ((1,), lambda x: x.unsqueeze(1)),
    "view": (((4, 6),), lambda x: x.view(4, 6)),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_has_memory_of_its_own(name):
    x, (arguments, view) = lesson_lib.arange(24.0).reshape(2, 3, 4), COPIES[name]
    parts, copies = view(x), getattr(lesson_lib, name + "_copy")(x, *arguments)
    for copy, part in zip(copies, parts, strict=True) if isinstance(parts, tuple) else [(copies, parts)]:
        assert copy.equal(part) and not np.shares_memory(copy.numpy(), x.numpy()) and not copy._is_view()


def test_a_base_and_its_view_stay_together_when_the_view_grows():
    base = lesson_lib.arange(6.0)
    view = base[2:4].resize_(8)
    assert base.untyped_storage().nbytes() == 40 and view.tolist() == [2, 3, 4, 5, 0, 0, 0, 0]
    view[0] = 9
    assert base[2] == 9


def test_the_history_of_a_view_is_lost_when_its_base_is_restrided():
    x = lesson_lib.ones(6, requires_grad=True) * 1
    view = x[2:]
    x.as_strided_((2, 3), (1, 2))
    with pytest.raises(RuntimeError, match="the history of this view is lost"):
        view.sum().backward()
    assert lesson_lib.autograd.grad(x.sum(), x)[0].shape == (2, 3)


class Named(lesson_lib.Tensor):
    """A subclass as a program writes it."""

    def hello(self):
        return f"{self.numel()} elements"


def test_a_subclass_goes_along():
    x = lesson_lib.ones(3, requires_grad=True)
    named = (x * 2).as_subclass(Named)
    assert named.hello() == "3 elements" and repr(named.detach().as_subclass(Named)) == "Named([2., 2., 2.])"
    assert {type(y) for y in (named + 1, x + named, lesson_lib.relu(named), lesson_lib.cat([x, named]), named[0], Named([1, 2]))} == {Named}
    assert type(x * 2) is lesson_lib.Tensor and type(lesson_lib.nn.Parameter(x) + 1) is lesson_lib.Tensor
    named.sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_messages_of_grad_dtype(torch):
    def program(t):
        x = t.ones(2, requires_grad=True)
        x.grad_dtype = t.float64
        (x * 3).sum().backward()
        told = [x.grad, x.grad_dtype]
        for wrong in (lambda: setattr(x, "grad_dtype", t.float16), lambda: setattr(x, "grad", t.ones(2)), lambda: (x * 1).grad_dtype,
                      lambda: setattr(x, "grad", t.ones(3, dtype=t.float64)), lambda: setattr(x, "grad", 3)):  # fmt: skip
            try:
                wrong()
            except Exception as error:
                told.append((type(error).__name__, first_line(error)))
        return told

    same(program, torch)
