"""Initial weights: PyTorch's numbers for the same seed."""

import inspect

import numpy as np
import pytest

import lesson_lib

from .alike import alike
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


#: fillings of other shapes and dtypes, with other options, and what is refused
PROGRAMS = {
    "dirac, 3 groups": lambda t, i: i.dirac_(t.ones(6, 2, 3), 3),
    "dirac, 2 groups": lambda t, i: i.dirac_(t.ones(4, 3, 3, 2), 2),
    "dirac, volumes": lambda t, i: i.dirac_(t.ones(2, 4, 3, 3, 3)),
    "dirac, groups that do not divide": lambda t, i: i.dirac_(t.ones(3, 2, 3), 2),
    "dirac of a matrix": lambda t, i: i.dirac_(t.ones(3, 2)),
    "orthogonal, wide": lambda t, i: i.orthogonal_(t.ones(3, 5)),
    "orthogonal, 4 dimensions": lambda t, i: i.orthogonal_(t.ones(6, 2, 2, 2), gain=0.5),
    "orthogonal, transposed": lambda t, i: i.orthogonal_(t.ones(3, 5).T),
    "orthogonal, double": lambda t, i: i.orthogonal_(t.ones(5, 5, dtype=t.float64)),
    "orthogonal of nothing": lambda t, i: i.orthogonal_(t.ones(0, 5)),
    "orthogonal of a vector": lambda t, i: i.orthogonal_(t.ones(6)),
    "sparse": lambda t, i: i.sparse_(t.ones(10, 7), 0.25, std=2.0),
    "sparse of a vector": lambda t, i: i.sparse_(t.ones(10), 0.25),
    "eye of a wide matrix": lambda t, i: i.eye_(t.ones(3, 5)),
    "eye of a vector": lambda t, i: i.eye_(t.ones(3)),
    "truncated, double": lambda t, i: i.trunc_normal_(t.ones(100, dtype=t.float64), 1, 2, -1, 0.5),
    "truncated far away": lambda t, i: i.trunc_normal_(t.ones(50), 10.0, 1, -2, 2),
    "truncated narrowly": lambda t, i: i.trunc_normal_(t.ones(50), 0.0, 1, -0.01, 0.01),
    "truncated, half": lambda t, i: i.trunc_normal_(t.ones(50, dtype=t.float16), 0.0, 1, -1, 1),
    "kaiming, fan_out": lambda t, i: i.kaiming_normal_(t.ones(4, 3, 2, 2), mode="FAN_OUT", nonlinearity="tanh"),
    "kaiming, other fan": lambda t, i: i.kaiming_normal_(t.ones(4, 3), mode="fan"),
    "kaiming of a vector": lambda t, i: i.kaiming_uniform_(t.ones(4)),
    "kaiming of nothing": lambda t, i: [i.kaiming_uniform_(t.ones(0, 3)), i.kaiming_normal_(t.ones(3, 0))],
    "xavier of a vector": lambda t, i: i.xavier_normal_(t.ones(4)),
    "gain of a slope": lambda t, i: i.calculate_gain("leaky_relu", 0.3),
    "gain of no slope": lambda t, i: i.calculate_gain("leaky_relu", True),
    "gain of what is unknown": lambda t, i: i.calculate_gain("q"),
    "complex": lambda t, i: t.view_as_real(i.kaiming_uniform_(t.ones(3, 5, dtype=t.complex64))),
    "half": lambda t, i: i.uniform_(t.ones(4, 3, dtype=t.float16)),
    "integers": lambda t, i: i.constant_(t.ones(2, dtype=t.int32), 3),
    "normal integers": lambda t, i: i.normal_(t.ones(3, dtype=t.int64)),
    **{
        f"{name} by a generator": lambda t, i, name=name, options=options: getattr(i, name)(
            t.ones(4, 3), **options, generator=t.Generator().manual_seed(7)
        )
        for name, options in {"uniform_": {}, "normal_": {}, "xavier_uniform_": {}, "xavier_normal_": {}, "kaiming_uniform_": {},
                              "kaiming_normal_": {}, "orthogonal_": {}, "trunc_normal_": {}, "sparse_": {"sparsity": 0.5}}.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_equal_pytorch(torch, name):
    """Values, errors, warnings."""
    alike(torch, lambda t: PROGRAMS[name](t, t.nn.init), fails=None)


@pytest.mark.parametrize(
    "name", ["uniform", "normal", "constant", "eye", "dirac", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal", "sparse"]
)  # fmt: skip
def test_old_names_warn(torch, name):
    extra = {"constant": (2.0,), "sparse": (0.5,)}.get(name, ())
    shape = (4, 3, 3) if name == "dirac" else (4, 3)
    alike(torch, lambda t: getattr(t.nn.init, name)(t.zeros(shape), *extra))


@pytest.mark.parametrize("name", sorted(name for name in dir(lesson_lib.nn.init) if name.endswith("_") and not name.startswith("_")))
def test_signatures(torch, name):
    ours, theirs = (inspect.signature(getattr(library.nn.init, name)).parameters.values() for library in (lesson_lib, torch))
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


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
