"""Initial weights: PyTorch's numbers for the same seed."""

import numpy as np
import pytest

import lesson_lib

from .parity import as_array

#: fillings of a (6, 5) matrix
FILLINGS = {
    "uniform_": {"a": -2.0, "b": 3.0}, "normal_": {"mean": 1.0, "std": 2.0}, "constant_": {"val": 0.3}, "ones_": {}, "zeros_": {}, "eye_": {},
    "xavier_uniform_": {"gain": 2.0}, "xavier_normal_": {}, "kaiming_uniform_": {"a": 0.1}, "kaiming_normal_": {"mode": "fan_out", "nonlinearity": "relu"},
    "trunc_normal_": {"a": -1.0, "b": 0.5}, "orthogonal_": {"gain": 2.0}, "sparse_": {"sparsity": 0.4},
}  # fmt: skip


@pytest.mark.parametrize("name", FILLINGS)
def test_init_equals_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        library.manual_seed(3)
        matrix = library.nn.Parameter(library.ones(6, 5))
        assert getattr(library.nn.init, name)(matrix, **FILLINGS[name]) is matrix
        found.append(as_array(matrix))
    np.testing.assert_allclose(*found, rtol=2e-5, atol=1e-6)


def test_truncated_tail_equals_pytorch(torch):
    """Where little of the distribution lies in [a, b], numbers come from another method."""
    found = []
    for library in (lesson_lib, torch):
        library.manual_seed(3)
        found.append(as_array(library.nn.init.trunc_normal_(library.ones(50), mean=0.0, std=1.0, a=1.0, b=2.0)))
    np.testing.assert_allclose(*found, rtol=2e-5)


@pytest.mark.parametrize("shape", [(4, 2, 3), (3, 4, 3, 3)])
@pytest.mark.parametrize("groups", [1])
def test_dirac_equals_pytorch(torch, shape, groups):
    found = [as_array(library.nn.init.dirac_(library.ones(*shape), groups)) for library in (lesson_lib, torch)]
    np.testing.assert_array_equal(*found)


def test_gains_equal_pytorch(torch):
    names = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    assert [lesson_lib.nn.init.calculate_gain(n) for n in names] == [torch.nn.init.calculate_gain(n) for n in names]


def test_weights_of_a_seed(torch):
    """``manual_seed(0)`` gives the weights that a PyTorch tutorial prints."""
    for library in (lesson_lib, torch):
        library.manual_seed(0)
    ours, theirs = (
        library.nn.Sequential(library.nn.Linear(4, 3), library.nn.Conv2d(1, 6, 5), library.nn.Embedding(9, 3)) for library in (lesson_lib, torch)
    )
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(as_array(a), as_array(b), rtol=3e-7, atol=3e-7)
    assert as_array(ours[0].weight).tobytes() == as_array(theirs[0].weight).tobytes()
    assert as_array(ours[1].weight).tobytes() == as_array(theirs[1].weight).tobytes()
