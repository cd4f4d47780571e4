"""Memory asked for by mistake: PyTorch's error, the user's line and a remedy, at once and without taking the memory."""

import pytest

import lesson_lib

HUGE = """
t.zeros(10**7, 10**7)
t.empty(10**7, 10**7)
t.ones(10**7, 10**7, dtype=t.float64)
t.full((10**7, 10**7), 3)
t.rand(10**7, 10**7)
t.randn(10**7, 10**7)
t.randint(3, (10**7, 10**7))
t.randperm(10**15)
t.eye(10**7)
t.arange(10**15)
t.linspace(0, 1, 10**15)
t.zeros(2).resize_(10**15)
t.zeros(2).new_zeros(10**7, 10**7)
t.zeros(10**7)[:, None] * t.zeros(10**7)[None]
t.zeros(10**7).expand(10**7, 10**7) + 1
t.outer(t.zeros(10**7), t.zeros(10**7))
t.zeros(2**40, 2**40)
t.ones(2**62)
t.rand(2**60, 4)
t.zeros(2**63)
t.zeros(3).expand(2**62, 3) + 1
""".strip().split("\n")


def stable(error):
    """PyTorch's first line without the place in its C++ source."""
    return type(error).__name__, str(error).split("\n")[0].rpartition("err == 0. ")[2]


@pytest.mark.parametrize("expression", HUGE)
def test_same_error(expression, torch):
    told = []
    for t in (lesson_lib, torch):
        with pytest.raises((RuntimeError, TypeError)) as caught:
            eval(expression, {"t": t})
        told.append(stable(caught.value))
    assert told[0] == told[1]


def test_it_says_where_and_what_to_do():
    x = lesson_lib.zeros(10**7)
    with pytest.raises(RuntimeError) as caught:
        x[:, None] * x
    lines = str(caught.value).split("\n")
    assert lines[0] == "DefaultCPUAllocator: can't allocate memory: you tried to allocate 400000000000000 bytes. Error code 12 (Cannot allocate memory)"
    assert "test_memory_errors.py" in lines[1] and "363.8 TiB" in lines[2]
