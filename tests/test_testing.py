"""``torch.testing``: the same verdict, and the same words when two results differ."""

import numpy as np
import pytest

import lesson_lib

from .sameness import assert_same, same

PAIRS = """
i([1.0, 2.0]), i([1.0, 2.0])
i([[1.0, 2.0], [3, 4]]), i([[1.0, 3.0], [3, 9]])
i([1, 2]), i([1, 3])
i([True, False]), i([True, True])
i(1.0), i(2.0)
1.0, 2.0
1, 2
1, 1.0
True, False
1 + 2j, 1 + 3j
i([1.0]), i([1.0, 2])
i([1.0]), i([1.0], dtype=t.float64)
i([float("nan")]), i([float("nan")])
i([float("inf"), 1]), i([float("inf"), 2])
i([1.0, 2]), i([0.0, 2])
None, None
None, 1
"a", "a"
[i([1.0]), 2.0], [i([1.0]), 3.0]
[1.0, 2], [1.0]
{"a": 1.0, "b": 2}, {"a": 2.0, "c": 2}
{"a": [1.0, (2.0, 3.0)]}, {"a": [1.0, (2.0, 4.0)]}
np.array([1.0, 2]), np.array([1.0, 3])
np.float32(1.0), np.float32(2)
i([1.0], dtype=t.float16), i([1.01], dtype=t.float16)
i([200], dtype=t.uint8), i([100], dtype=t.uint8)
i([1 + 2j]), i([1 + 3j])
t.zeros(300), t.cat([t.ones(1), t.zeros(299)])
t.nn.Parameter(i([1.0])), i([1.0])
""".strip().split("\n")
OPTIONS = [{}, {"rtol": 0, "atol": 0}, {"rtol": 0.1, "atol": 0.6}, {"check_dtype": False, "equal_nan": True}]


def verdict(t, pair, **options):
    """None, or the type and the words of the error, without our own two lines."""
    try:
        t.testing.assert_close(*eval(pair, {"t": t, "i": t.tensor, "np": np}), **options)
    except Exception as error:
        return type(error).__name__, str(error).partition("\n  at ")[0]


@pytest.mark.parametrize("options", OPTIONS, ids=["default", "equal", "loose", "any dtype"])
@pytest.mark.parametrize("pair", PAIRS)
def test_same_verdict(pair, options, torch):
    assert verdict(lesson_lib, pair, **options) == verdict(torch, pair, **options)


@pytest.mark.parametrize("options", [{"rtol": 1e-3}, {"atol": 1e-3}, {"msg": "hello"}, {"msg": lambda text: "X " + text}, {"check_stride": True}])
def test_same_options(options, torch):
    pair = "i([[1.0, 2.0], [3.0, 4.0]]).t(), i([[2.0, 3.0], [4.0, 5.0]])"
    assert verdict(lesson_lib, pair, **options) == verdict(torch, pair, **options)


@pytest.mark.filterwarnings("ignore")
def test_the_old_function(torch):
    def program(t):
        return t.testing.assert_allclose(t.tensor([1.0]), [1.00001])

    same(program, torch)


MADE = """
(2, 3), dtype=t.float32
2, 3, dtype=t.float64, low=0, high=3, noncontiguous=True
2, 3, dtype=t.int64, exclude_zero=True
5, dtype=t.uint8
5, dtype=t.bool
5, dtype=t.complex64
(), dtype=t.float16
3, dtype=t.float32, requires_grad=True
3, dtype=t.int64, requires_grad=True
3, dtype=t.float32, low=3, high=2
3, dtype=t.float32, low=float("nan")
3, dtype=t.int64, low=0.5, high=3.5
""".strip().split("\n")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arguments", MADE)
def test_made_tensors_are_pytorchs(arguments, torch):
    def program(t):
        t.manual_seed(3)
        return eval(f"t.testing.make_tensor({arguments}, device='cpu')", {"t": t})

    same(program, torch)


def test_strides_of_made_tensors(torch):
    strides = [t.testing.make_tensor(3, 2, dtype=t.float32, device="cpu", noncontiguous=True).stride() for t in (lesson_lib, torch)]
    assert_same(*strides)
