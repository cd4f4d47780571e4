"""Anomaly mode: the failing node, the forward line that made it, and nothing left behind when it is off."""

import warnings

import pytest

import lesson_lib
from lesson_lib.core.state import watchers


def square_root_of_a_negative(torch):
    x = torch.tensor([1.0, -1.0], requires_grad=True)
    (x.sqrt() * 2).sum().backward()


def zero_over_zero(torch):
    a, b = (torch.zeros(2, requires_grad=True) for _ in range(2))
    (a / b).sum().backward()


def nan_in_the_second_output(torch):
    a = torch.zeros(2)
    b = torch.zeros(2, requires_grad=True)
    (a / b).sum().backward()


def masked_out_nan(torch):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    torch.where(x > 0, x / x, x).sum().backward()


def written_into_a_view(torch):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = torch.ones(3)
    y[:2] = x / x
    (y * 1).sum().backward()


def failing_function(torch):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise ValueError("broken on purpose")

    Broken.apply(torch.ones(2, requires_grad=True)).sum().backward()


def overwritten(torch):
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y += 1
    y.sum().backward()


PROGRAMS = [square_root_of_a_negative, zero_over_zero, nan_in_the_second_output, masked_out_nan, written_into_a_view, failing_function, overwritten]


def outcome(program, lib):
    """(type of the exception, its first line, the first line of the warning and the user's last line of code in it)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with lib.autograd.set_detect_anomaly(True), pytest.raises(Exception) as raised:
            program(lib)
    (text,) = [str(warning.message) for warning in caught if "Error detected" in str(warning.message)]
    first = text.splitlines()[0].split(" (Triggered internally")[0].rstrip()
    lines = text.splitlines()
    code = [lines[number + 1].strip() for number, line in enumerate(lines) if "test_anomaly.py" in line][-1]
    return type(raised.value), str(raised.value).splitlines()[0], first, code


@pytest.mark.parametrize("program", PROGRAMS)
def test_error_node_and_forward_line_are_pytorchs(program, torch):
    ours, theirs = outcome(program, lesson_lib), outcome(program, torch)
    assert ours == theirs


def test_the_forward_line_is_named():
    def forward(x):
        return x * float("nan")  # the line to find

    x = lesson_lib.ones(2, requires_grad=True)
    with lesson_lib.autograd.set_detect_anomaly(True):
        y = forward(x)
        with pytest.warns(UserWarning, match="the line to find"), pytest.raises(RuntimeError, match="Function 'MulBackward0' returned nan"):
            y.sum().backward()


def test_without_forward_information():
    y = lesson_lib.tensor([-1.0], requires_grad=True).sqrt()
    with (
        lesson_lib.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match="No forward pass information available"),
        pytest.raises(RuntimeError, match="returned nan"),
    ):
        y.backward()


def test_nan_passes_without_the_check_and_without_the_mode():
    x = lesson_lib.tensor(-1.0, requires_grad=True)
    with lesson_lib.autograd.set_detect_anomaly(True, check_nan=False):
        x.sqrt().backward()
    x.sqrt().backward()
    assert x.grad.isnan()


def test_second_derivatives_are_checked_too():
    x = lesson_lib.tensor(0.0, requires_grad=True)
    with lesson_lib.autograd.set_detect_anomaly(True):
        (g,) = lesson_lib.autograd.grad(x**1.5, x, create_graph=True)
        with pytest.warns(UserWarning, match="Error detected in"), pytest.raises(RuntimeError, match="returned nan"):
            (g * lesson_lib.tensor(float("nan"))).backward()


def test_detect_anomaly_warns_and_puts_the_old_mode_back():
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        context = lesson_lib.autograd.detect_anomaly()
    before = list(watchers)
    with context:
        assert len(watchers) == len(before) + 1
        with lesson_lib.autograd.set_detect_anomaly(False):
            assert watchers == before
        assert len(watchers) == len(before) + 1
    assert watchers == before


def test_a_rehearsal_is_checked_as_well():
    from lesson_lib.core.engine import trace

    with lesson_lib.autograd.set_detect_anomaly(True):
        y = lesson_lib.ones(2, requires_grad=True).exp().sum()
        assert [step.node.name() for step in trace(y)] == ["SumBackward0", "ExpBackward0"]
