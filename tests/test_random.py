"""Random tensors: PyTorch's own numbers for the same seed, its nodes and its errors."""

import pickle
import warnings

import numpy as np
import pytest

import lesson_lib

from .sameness import same

RANDOM = """
t.rand(2, 3)
t.rand((2,))
t.rand(())
t.rand(2, dtype=t.float64)
t.rand(2, generator=t.Generator().manual_seed(3))
t.rand(2, requires_grad=True)
t.rand(2, out=t.zeros(2))
t.randn(3)
t.randn(20)
t.randn(3, 17, dtype=t.float64)
t.randint(5, (3,))
t.randint(1, 5, (3,))
t.randint(low=1, high=3, size=(2,))
t.randint(5, (3,), dtype=t.float32)
t.randint(2**40, (2,))
t.randperm(50)
t.randperm(5, dtype=t.int32)
t.rand_like(t.zeros(2))
t.randn_like(t.zeros(2, dtype=t.float64))
t.randint_like(t.zeros(2), 2, 5)
t.normal(1, 2, (3,))
t.normal(mean=0.0, std=1.0, size=(2, 8))
t.normal(t.zeros(2, 3), t.ones(3))
t.normal(t.zeros(20), 2.0)
t.normal(1.0, t.ones(3))
t.bernoulli(t.full((4,), 0.5))
t.bernoulli(t.full((4,), 0.5), 0.3)
t.multinomial(t.ones(4), 2)
t.multinomial(t.ones(2, 4), 2, replacement=True)
t.zeros(3).uniform_(1, 2)
t.zeros(3).normal_(1, 2)
t.zeros(3).random_()
t.zeros(3).random_(5)
t.zeros(3, dtype=t.int64).random_()
t.zeros(3, dtype=t.int32).random_()
t.zeros(3, dtype=t.uint8).random_()
t.zeros(3, dtype=t.bool).random_()
t.zeros(3, dtype=t.float64).random_()
t.zeros(4).bernoulli_()
t.zeros(4, dtype=t.int64).bernoulli_(0.2)
t.zeros(4).bernoulli_(t.full((4,), 0.3))
t.zeros(3).exponential_(2.0)
t.zeros(2, 3).t().uniform_()
t.zeros(3, 6)[:, ::2].normal_()
t.zeros(20).cauchy_(2, 3)
t.zeros(20, dtype=t.float16).cauchy_()
t.zeros(20).log_normal_(0.5, 0.7)
(t.zeros(3).log_normal_(), t.randn(3))
t.zeros(20, dtype=t.int64).geometric_(0.3)
t.zeros(20, dtype=t.float64).geometric_(0.7)
t.poisson(t.tensor([0, 1, 5, 9.9, 10, 20, 100, 1e4] * 5))
t.poisson(t.arange(6.0).reshape(2, 3).t() * 4)
t.poisson(t.ones(2, requires_grad=True))
t.binomial(t.tensor([10.0, 1000, 1e6] * 5), t.tensor([0.1, 0.3, 0.8] * 5))
t.binomial(t.tensor([60.0] * 9, dtype=t.float64), t.tensor(0.3, dtype=t.float64))
t.zeros(3, dtype=t.int64).random_(-2**63, None)
t.zeros(3, dtype=t.int32).random_(5, None)
t.zeros(3).random_(5, None)
t.zeros(4).bernoulli_(t.full((4,), 0.3, requires_grad=True))
t.bernoulli(t.full((4,), 0.5, requires_grad=True))
t.normal(t.zeros(3, requires_grad=True), t.ones(2, 3))
t.normal(0.0, t.ones(3, requires_grad=True))
t.normal(t.ones(3, requires_grad=True))
(t.zeros(3, requires_grad=True) * 1).cauchy_()
(t.zeros(3, requires_grad=True) * 1).log_normal_()
(t.zeros(3, requires_grad=True) * 1).geometric_(0.5)
(t.zeros(3, requires_grad=True) * 1).random_()
(t.zeros(3, requires_grad=True) * 1).random_(5)
(t.zeros(3, requires_grad=True) * 1).uniform_()
(t.zeros(3, requires_grad=True) * 1).normal_()
(t.zeros(3, requires_grad=True) * 1).bernoulli_()
t.get_rng_state()
""".strip().split("\n")

ERRORS = """
t.rand(2, dtype=t.int64)
t.randn(2, dtype=t.int64)
t.rand(-1)
t.rand(2.0)
t.randint(5, 3)
t.randint(5, 1, (3,))
t.randint(2.5, (3,))
t.randint(300, (2,), dtype=t.uint8)
t.randperm(-1)
t.randperm(2.5)
t.randperm(300, dtype=t.uint8)
t.normal(0.0, -1.0, (3,))
t.normal(0.0, 1.0)
t.normal(t.zeros(3), -t.ones(3))
t.normal(t.zeros(2), t.ones(3))
t.bernoulli(t.tensor([1]))
t.zeros(4).bernoulli_(2)
t.multinomial(t.ones(4), 5)
t.multinomial(t.ones(4, dtype=t.int64), 2)
t.multinomial(t.tensor([0.0, 0.0]), 1)
t.zeros(3).uniform_(2, 1)
t.zeros(3, dtype=t.int64).uniform_()
t.zeros(3).normal_(1, -2)
t.zeros(3, dtype=t.int64).normal_()
t.zeros(3).random_(5, 2)
t.zeros(3).exponential_(-1)
t.zeros(3, dtype=t.int64).exponential_()
t.zeros(3).cauchy_(0, -1)
t.zeros(3, dtype=t.int64).cauchy_()
t.zeros(3).log_normal_(0, 0)
t.zeros(3, dtype=t.int64).log_normal_()
t.zeros(3).geometric_(1)
t.zeros(3, dtype=t.bool).geometric_(0.5)
t.poisson(t.tensor([-1.0]))
t.poisson(t.tensor([1]))
t.poisson(3)
t.binomial(t.tensor([1]), t.tensor([0.5]))
t.binomial(t.ones(2), 0.5)
t.binomial(t.ones(2), t.ones(2, dtype=t.float64))
t.binomial(t.ones(2), t.ones(3))
t.zeros(3, dtype=t.complex64).random_()
t.zeros(3, dtype=t.complex64).bernoulli_()
t.zeros(3, requires_grad=True).uniform_()
t.set_rng_state(t.zeros(3))
""".strip().split("\n")


@pytest.fixture(autouse=True)
def without_warnings():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("expression", ERRORS)
def test_same_error(expression, torch):
    same(expression, torch)


@pytest.mark.parametrize("expression", RANDOM)
def test_same_random_numbers(expression, torch):
    def seeded(t):
        t.manual_seed(7)
        return eval(expression, {"t": t})

    same(seeded, torch)


def test_the_stream_goes_on_as_in_pytorch(torch):
    def several(t):
        t.manual_seed(0)
        state = None
        draws = [t.rand(3), t.randn(5), t.randn(16), t.randint(10, (4,)), t.randperm(6)]
        state = t.get_rng_state()
        draws += [t.rand(2), t.zeros(3).normal_()]
        t.set_rng_state(state)
        return [*draws, t.rand(2), t.initial_seed()]

    same(several, torch)


def test_states_of_pytorch_are_understood(torch):
    torch.manual_seed(5)
    torch.randn(3)
    lesson_lib.set_rng_state(lesson_lib.from_numpy(torch.get_rng_state().numpy()))
    assert lesson_lib.randn(9).tolist() == pytest.approx(torch.randn(9).tolist(), rel=1e-6)


def test_fork_rng_leaves_no_trace():
    lesson_lib.manual_seed(1)
    expected = lesson_lib.rand(1)
    lesson_lib.manual_seed(1)
    with lesson_lib.random.fork_rng():
        lesson_lib.rand(100)
    assert lesson_lib.rand(1).equal(expected)


def test_generators_are_independent_and_can_be_pickled():
    one, other = lesson_lib.Generator().manual_seed(1), lesson_lib.Generator().manual_seed(1)
    lesson_lib.rand(10, generator=other)
    again = pickle.loads(pickle.dumps(other))
    assert lesson_lib.rand(2, generator=again).equal(lesson_lib.rand(2, generator=other))
    assert not lesson_lib.rand(2, generator=one).equal(lesson_lib.rand(2, generator=other))
    with pytest.raises(TypeError, match="rand"):
        lesson_lib.rand(2, generator=3)


def test_random_results_have_gradients_of_zero(torch):
    def program(t):
        t.manual_seed(1)
        mean, std, rate = (t.full((3,), value, requires_grad=True) for value in (0.0, 1.0, 0.5))
        results = t.normal(mean, std) + t.poisson(rate) + t.bernoulli(rate)
        return t.autograd.grad(results.sum(), (mean, std, rate))

    same(program, torch)
