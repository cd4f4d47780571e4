"""``out=`` in both libraries: results, shapes, warnings and errors; and writes into memory that several elements share."""

import warnings

import numpy as np
import pytest

import lesson_lib

from .sameness import assert_same, outcome

# Programs in ``t`` (the library), ``x`` (2, 3 floats) and ``v`` (6 floats).
PROGRAMS = """
t.add(x, 1, out=t.empty(2, 3))
t.add(x, 1, out=t.empty(0))
t.add(x, 1, out=t.empty(2, 3, dtype=t.float64))
t.add(x, 1, out=t.empty(2, 3, dtype=t.int64))
t.add(x, 1, out=x)
t.add(v[1:], 1, out=v[:-1])
t.add(v[:2], x[:, :1], out=v[:2])
t.add(x, 1, out=t.empty(1, 3).expand(2, 3))
t.add(x, 1, out=t.zeros(2, 3, requires_grad=True))
t.abs(x, out=t.empty(2, 3, dtype=t.float64))
t.sum(x, 0, out=t.empty(3, dtype=t.float64))
t.amax(x, 0, out=t.empty(3, dtype=t.int32))
t.max(x, 0, out=(t.empty(3), t.empty(3, dtype=t.int64)))
t.max(x, 0, out=(t.empty(3, dtype=t.float64), t.empty(3, dtype=t.int64)))
t.max(x, out=t.empty((), dtype=t.float64))
t.argmax(x, 0, out=t.empty(3, dtype=t.int32))
t.sort(v, out=(v, t.empty(6, dtype=t.int64)))
t.kthvalue(x[:1], 1, 0, out=(x[0], t.empty(3, dtype=t.int64)))
t.kthvalue(v, 2, out=(t.empty((), dtype=t.float64), t.empty((), dtype=t.int64)))
t.cummax(v, 0, out=(t.empty(6, dtype=t.float64), t.empty(6, dtype=t.int64)))
t.cat((x, x), out=t.empty(4, 3, dtype=t.float64))
t.cat((x, x), out=t.empty(4, 3, dtype=t.int32))
t.cat((x[:1], x[1:]), out=x)
t.vstack((x, x), out=t.empty(0))
t.column_stack((v, v), out=t.empty(6, 2))
t.take(v, t.tensor([0, 1]), out=v[:2])
t.take(v, t.tensor([0, 1]), out=t.empty(2, dtype=t.float64))
t.index_select(v, 0, t.tensor([0, 1]), out=t.empty(2, dtype=t.float64))
t.masked_select(v, v > 2, out=t.empty(0))
t.nonzero(v, out=t.empty(0, dtype=t.int64))
t.nonzero(v, out=t.empty(0))
t.searchsorted(v, v, out=t.empty(6, dtype=t.int32))
t.isin(v, v, out=t.empty(6))
t.msort(v, out=t.empty(6))
t.take_along_dim(v, t.tensor([-1, 7]), 0, out=t.empty(2))
t.narrow_copy(v, 0, 1, 2, out=t.empty(2))
t.multinomial(v, 2, out=t.empty(2))
t.complex(v, v, out=t.empty(6))
t.where(v > 2, v, v, out=t.empty(6, dtype=t.float64))
t.float_power(v, 2, out=t.empty(6, dtype=t.int64))
t.cumsum(v, 0, out=t.empty(6, dtype=t.int64))
t.all(v, out=t.empty(()))
t.signbit(v, out=t.empty(6))
t.sum(v, 0, out=3)
t.arange(0, 3, 1.5, out=t.empty(0, dtype=t.int64))
t.linspace(0, 4, 3, out=t.empty(3, dtype=t.int64))
t.zeros(3, dtype=t.float64, out=t.empty(3))
t.full((2,), 2.5, out=t.empty(2, dtype=t.int64))
t.zeros(1).expand(3).fill_(2)
t.zeros(1).expand(3).zero_()
t.zeros(2, 1).expand(2, 3)[:, 1].fill_(2)
t.zeros(2, 1).expand(2, 3)[:, 1].copy_(t.ones(2))
t.zeros(1).expand(3).copy_(t.ones(3))
t.zeros(1).expand(3).add_(1)
t.zeros(1).expand(3).normal_()
""".strip().split("\n")


def told(program, t):
    """What a program gives, and the first words of what it warns of."""
    x, v = t.arange(6.0).reshape(2, 3).clone(), t.arange(6.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = outcome(lambda t: eval(program, {"t": t, "x": x, "v": v}), t)
    return result, [str(warning.message)[:120] for warning in caught]


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_pytorch(torch, program):
    assert_same(told(program, lesson_lib), told(program, torch))


def test_the_memory_of_another_library_does_not_grow(torch):
    for t in (lesson_lib, torch):
        with pytest.warns(UserWarning, match="was resized"), pytest.raises(RuntimeError, match="Trying to resize storage that is not resizable"):
            t.cat((t.ones(2), t.ones(2)), out=t.from_numpy(np.ones(2, np.float32)))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64"])
@pytest.mark.parametrize("number", [300, -5, 127, 128, 2**31, 2**63, 2**70])
def test_integers_wrap_round(torch, dtype, number):
    def program(t):
        x = t.tensor([1, 44, 100], dtype=getattr(t, dtype))
        return x + number, x == number, number - x

    assert_same(outcome(program, lesson_lib), outcome(program, torch))
