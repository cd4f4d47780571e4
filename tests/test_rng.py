"""The random stream against PyTorch's own, and against numbers of PyTorch's that hold without it."""

import copy
import hashlib
import pickle
import threading
import time

import numpy as np
import pytest

from lesson_lib.core import draws
from lesson_lib.core.box_muller import box_muller, fused_multiply_add
from lesson_lib.core.rng import Generator, default_generator

SEEDS = (0, 1, 42, 2**32 + 7)
FLOATS = ("float16", "float32", "float64", "complex64", "complex128")


@pytest.fixture
def g():
    return Generator().manual_seed(0)


def assert_same(torch, ours, theirs):
    """Equal to the last bit; float64 from NumPy's own functions, and processors without AVX2, to the last digits."""
    theirs = theirs.numpy()
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    if ours.dtype in (np.float64, np.complex128):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)
    elif torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        np.testing.assert_array_equal(ours, theirs)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def pair(torch, seed):
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


# Numbers of PyTorch 2.13 that hold without it.


def test_seed_0_gives_pytorchs_numbers(g):
    np.testing.assert_array_equal(g.uniform((3,)), np.float32([0.496256590, 0.768221796, 0.088477433]))
    normal = [
        -1.125839829, -1.152360201, -0.250578582, -0.433878809, 0.848710358, 0.692009151, -0.316012770, -2.115219355,
        0.322274923, -1.263334751, 0.349983186, 0.308133930, 0.119841509, 1.237657905, 1.116777182, -0.247278154,
    ]  # fmt: skip
    np.testing.assert_array_equal(g.manual_seed(0).normal((4, 4)), np.float32(normal).reshape(4, 4))
    assert g.manual_seed(0).integers(0, 10, 12).tolist() == [4, 9, 3, 0, 3, 9, 7, 3, 7, 3, 1, 6]
    assert g.manual_seed(0).integers(0, 2**40, 4).tolist() == [741280623151, 506137267392, 291447657211, 841157541223]
    assert g.manual_seed(0).permutation(10).tolist() == [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]
    assert g.manual_seed(0).bernoulli(0.5, 12).tolist() == [0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1]
    assert g.manual_seed(0).multinomial(np.float32([1, 2, 3, 4]), 3).tolist() == [2, 1, 3]
    assert g.manual_seed(0).multinomial(np.float32([1, 2, 3, 4]), 8, replacement=True).tolist() == [3, 3, 2, 3, 3, 3, 1, 2]


def test_seed_0_in_float64(g):
    assert g.uniform(2, np.float64).tolist() == [0.9700530018065531, 0.707819864399788]
    np.testing.assert_allclose(g.manual_seed(0).normal(3), [1.540996075, -0.293428898, -2.178789377], rtol=1e-7)
    expected = [1.5409961082440433, -0.2934289057609464, -2.1787893820745574]
    np.testing.assert_allclose(g.manual_seed(0).normal(3, np.float64), expected, rtol=1e-14)
    expected = [-2.310411800234176, -0.3732508612577643, -1.0608166785462863]
    np.testing.assert_allclose(g.manual_seed(0).normal(16, np.float64)[:3], expected, rtol=1e-14)
    np.testing.assert_allclose(g.manual_seed(0).exponential(4), [3.508326292, 1.230384707, 0.615044117, 2.535118580], rtol=1e-7)


def test_many_float32_normals_have_pytorchs_bits(g):
    digest = hashlib.sha256(g.normal(100_003).tobytes()).hexdigest()
    assert digest == "0e1052dc151d4ee630af2d3a6975bb64f2d34e0b8be27473fb8e33173f0c1858"


def test_state_has_pytorchs_bytes(g):
    g.uniform(5)
    g.normal(3)  # leaves a fourth number for next time
    assert hashlib.sha256(g.get_state().tobytes()).hexdigest() == "8f7fb63f42a6db6c0d23a5b627e2507c180a735757c6c50ade89c9c834a7d548"


# What a generator promises.


def test_new_generators_start_from_one_seed_and_the_default_one_from_chance():
    assert Generator().initial_seed() == 67280421310721
    seeds = {Generator().seed() for _ in range(3)} | {default_generator.initial_seed()}
    assert len(seeds) == 4


@pytest.mark.parametrize("draws", [0, 1, 311, 312, 623, 624, 625, 1300])
def test_state_goes_back_in_time(g, draws):
    g.uniform(draws)
    g.normal(1)
    state = g.get_state()
    first = [g.normal(3), g.uniform(700), g.permutation(20)]
    for twin in (g.clone_state(), copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        assert (twin.get_state() == g.get_state()).all()
    g.set_state(state)
    for a, b in zip(first, [g.normal(3), g.uniform(700), g.permutation(20)]):
        np.testing.assert_array_equal(a, b)


def test_a_negative_seed_counts_from_the_top():
    assert Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    np.testing.assert_array_equal(Generator().manual_seed(-1).uniform(3), Generator().manual_seed(2**32 - 1).uniform(3))


def test_threads_share_the_words_out_between_them(g):
    drawn = []

    def draw():
        for _ in range(200):
            drawn.append(g.uniform(7, np.float64))  # list.append is atomic

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    alone = Generator().manual_seed(0).uniform((1600, 7), np.float64)
    assert {tuple(row) for row in drawn} == {tuple(row) for row in alone}


def test_draws_have_the_distribution_that_they_promise(g):
    n = 200_000
    for x, mean, std in [
        (g.uniform(n, np.float32, -1, 3), 1, 4 / 12**0.5),
        (g.normal(n, np.float64, 2, 0.5), 2, 0.5),
        (g.integers(-3, 4, n), 0, 2),
        (g.bernoulli(0.3, n), 0.3, 0.21**0.5),
        (g.exponential(n, np.float32, 2.0), 0.5, 0.5),
    ]:
        assert abs(x.mean(dtype=np.float64) - mean) < 5 * std / n**0.5
        assert abs(x.std(dtype=np.float64) - std) < 0.01 * std + 0.005
    assert sorted(g.permutation(1000).tolist()) == list(range(1000))
    counts = np.bincount(g.multinomial(np.float64([1, 0, 3]), n, replacement=True))
    assert counts[1] == 0
    assert abs(counts[0] / n - 0.25) < 0.01


def test_every_draw_is_an_array_of_the_asked_shape(g):
    for shape in [(), (0,), (2, 0), (2, 3), [2, 3]]:
        draws = [
            g.uniform(shape),
            g.normal(shape),
            g.normal(shape, "complex64"),
            g.integers(0, 5, shape),
            g.bernoulli(0.5, shape),
            g.exponential(shape),
        ]
        draws.append(g.bernoulli(np.full(shape, 0.5)))
        assert {(type(x), x.shape) for x in draws} == {(np.ndarray, tuple(shape))}
    assert [g.uniform(4).shape, g.permutation(0).shape, g.multinomial(np.ones((3, 5)), 2).shape] == [(4,), (0,), (3, 2)]


def test_the_upper_bound_is_never_drawn(g):
    assert g.uniform(100_000, np.float16).max() < 1
    assert (g.uniform(5, np.float32, 3, 3) == 3).all()
    assert g.uniform(100_000, np.float32, 1, np.nextafter(np.float32(1), np.float32(2))).max() == 1


def test_a_million_numbers_take_a_moment(g):
    start = time.perf_counter()
    g.normal(1_000_000)
    assert time.perf_counter() - start < 1


def test_fused_multiply_add_rounds_once():
    a = np.array([1 + 2.0**-52, 1 + 2.0**-30, np.inf, 3.0])
    np.testing.assert_array_equal(fused_multiply_add(a, a, np.float64(-1)), [2.0**-51, 2.0**-29 + 2.0**-60, np.inf, 8])
    a = np.float32([1 + 2.0**-23, 1 + 2.0**-15])
    np.testing.assert_array_equal(fused_multiply_add(a, a, np.float32(-1)), np.float32([2.0**-22 + 2.0**-46, 2.0**-14 + 2.0**-30]))


def test_box_muller_is_its_formula(g):
    u = g.uniform((3000, 2, 8), np.float32)
    r, theta = np.sqrt(-2 * np.log1p(-u[:, 0].astype(float))), 2 * np.pi * u[:, 1].astype(float)
    expected = np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1)
    np.testing.assert_allclose(box_muller(u, 0.0, 1.0), expected, atol=2e-6)
    np.testing.assert_allclose(box_muller(u.astype(float), 1.0, 2.0), 1 + 2 * expected, atol=1e-12)


BAD_CALLS = {
    "seed_text": (lambda g: g.manual_seed("a"), lambda t, g: g.manual_seed("a")),
    "seed_float": (lambda g: g.manual_seed(1.5), lambda t, g: g.manual_seed(1.5)),
    "seed_bool": (lambda g: g.manual_seed(True), lambda t, g: g.manual_seed(True)),
    "seed_large": (lambda g: g.manual_seed(2**64), lambda t, g: g.manual_seed(2**64)),
    "seed_small": (lambda g: g.manual_seed(-(2**63) - 1), lambda t, g: g.manual_seed(-(2**63) - 1)),
    "state_size": (lambda g: g.set_state(np.zeros(3, np.uint8)), lambda t, g: g.set_state(t.zeros(3, dtype=t.uint8))),
    "state_type": (lambda g: g.set_state(np.zeros(5056)), lambda t, g: g.set_state(t.zeros(5056))),
    "state_zeros": (lambda g: g.set_state(np.zeros(5056, np.uint8)), lambda t, g: g.set_state(t.zeros(5056, dtype=t.uint8))),
    "integers_order": (lambda g: g.integers(5, 5, 2), lambda t, g: t.randint(5, 5, (2,))),
    "integers_uint8": (lambda g: g.integers(0, 300, 2, np.uint8), lambda t, g: t.randint(0, 300, (2,), dtype=t.uint8)),
    "integers_below": (lambda g: g.integers(-5, 3, 2, np.uint8), lambda t, g: t.randint(-5, 3, (2,), dtype=t.uint8)),
    "integers_bool": (lambda g: g.integers(0, 5, 2, np.bool_), lambda t, g: t.randint(0, 5, (2,), dtype=t.bool)),
    "integers_half": (lambda g: g.integers(0, 2**40, 2, np.float16), lambda t, g: t.randint(0, 2**40, (2,), dtype=t.float16)),
    "integers_complex": (lambda g: g.integers(0, 5, 2, np.complex64), lambda t, g: t.randint(0, 5, (2,), dtype=t.complex64)),
    "integers_large": (lambda g: g.integers(0, 2**65, 2), lambda t, g: t.randint(0, 2**65, (2,))),
    "permutation": (lambda g: g.permutation(-1), lambda t, g: t.randperm(-1)),
    "uniform_order": (lambda g: g.uniform(2, np.float32, 3, 1.5), lambda t, g: t.empty(2).uniform_(3, 1.5)),
    "uniform_width": (lambda g: g.uniform(2, np.float32, -3e38, 3e38), lambda t, g: t.empty(2).uniform_(-3e38, 3e38)),
    "uniform_bound": (lambda g: g.uniform(2, np.float32, -3e39, 3), lambda t, g: t.empty(2).uniform_(-3e39, 3)),
    "uniform_nan": (lambda g: g.uniform(2, np.float64, float("nan"), 3), lambda t, g: t.empty(2, dtype=t.double).uniform_(float("nan"), 3)),
    "uniform_half": (lambda g: g.uniform(2, np.float16, 0, 1e5), lambda t, g: t.empty(2).half().uniform_(0, 1e5)),
    "normal": (lambda g: g.normal(2, np.float32, 0, -1), lambda t, g: t.empty(2).normal_(0, -1)),
    "bernoulli": (lambda g: g.bernoulli(1.5, 2), lambda t, g: t.empty(2).bernoulli_(1.5)),
    "bernoulli_array": (lambda g: g.bernoulli(np.float32([2])), lambda t, g: t.bernoulli(t.tensor([2.0]))),
    "exponential": (lambda g: g.exponential(2, np.float32, 0), lambda t, g: t.empty(2).exponential_(0)),
    "multinomial_dims": (lambda g: g.multinomial(np.ones((2, 2, 2)), 1), lambda t, g: t.multinomial(t.ones(2, 2, 2), 1)),
    "multinomial_none": (lambda g: g.multinomial(np.ones(2), 0), lambda t, g: t.multinomial(t.ones(2), 0)),
    "multinomial_many": (lambda g: g.multinomial(np.ones(2), 3), lambda t, g: t.multinomial(t.ones(2), 3)),
    "multinomial_zero": (lambda g: g.multinomial(np.zeros(3), 1), lambda t, g: t.multinomial(t.zeros(3), 1)),
    "multinomial_zeros": (lambda g: g.multinomial(np.zeros((2, 3)), 2, True), lambda t, g: t.multinomial(t.zeros(2, 3), 2, True)),
    "multinomial_minus": (lambda g: g.multinomial(np.float32([1, -1]), 1), lambda t, g: t.multinomial(t.tensor([1.0, -1]), 1)),
    "multinomial_minus_2": (lambda g: g.multinomial(np.float32([1, -1]), 2, True), lambda t, g: t.multinomial(t.tensor([1.0, -1]), 2, True)),
    "multinomial_inf": (lambda g: g.multinomial(np.float32([1, np.inf]), 2, True), lambda t, g: t.multinomial(t.tensor([1.0, t.inf]), 2, True)),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_input_leaves_the_state_alone(g, case):
    before = g.get_state()
    with pytest.raises((RuntimeError, ValueError, TypeError), match="Try: "):
        BAD_CALLS[case][0](g)
    assert (g.get_state() == before).all()


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_input_gets_pytorchs_message(torch, g, case):
    ours, theirs = BAD_CALLS[case]
    with pytest.raises(Exception) as expected:
        theirs(torch, torch.Generator())
    with pytest.raises(expected.type) as found:
        ours(g)
    assert str(found.value).split("\n")[0] == str(expected.value).split("\n")[0]


# Against PyTorch.


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_size_is_drawn_alike_one_after_the_other(torch, seed, dtype):
    """One generator on each side goes through all sizes, so that a word too many anywhere spoils all that follows."""
    ours, theirs = pair(torch, seed)
    options = {"generator": theirs, "dtype": getattr(torch, dtype)}
    for n in [*range(200), 1000, 4097]:
        assert_same(torch, ours.normal((n,), dtype), torch.randn(n, **options))
        assert_same(torch, ours.uniform((n, 2), dtype), torch.rand(n, 2, **options))
        if n % 10 == 0:
            assert (ours.get_state() == theirs.get_state().numpy()).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_bounds_mean_and_std_act_alike(torch, dtype):
    ours, theirs = pair(torch, 3)
    for a, b in [(-0.1, 0.3), (2.5, 7.1), (-1e-3, 1e3), (0, 3), (3, 3), (-0.0883883, 0.0883883)]:
        for n in (1, 5, 16, 100, 1003):
            assert_same(torch, ours.uniform(n, dtype, a, b), torch.empty(n, dtype=getattr(torch, dtype)).uniform_(a, b, generator=theirs))
            assert_same(torch, ours.normal(n, dtype, a, b), torch.empty(n, dtype=getattr(torch, dtype)).normal_(a, b, generator=theirs))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_calls_is_drawn_alike(torch, seed):
    ours, theirs = pair(torch, seed)
    order = np.random.default_rng(seed)
    calls = {
        "rand": lambda n: (ours.uniform(n), torch.rand(n, generator=theirs)),
        "rand64": lambda n: (ours.uniform(n, "float64"), torch.rand(n, generator=theirs, dtype=torch.float64)),
        "randn": lambda n: (ours.normal(n), torch.randn(n, generator=theirs)),
        "randn64": lambda n: (ours.normal(n, "float64"), torch.randn(n, generator=theirs, dtype=torch.float64)),
        "randn(3)": lambda n: (ours.normal(3), torch.randn(3, generator=theirs)),
        "normal_": lambda n: (ours.normal(n, "float32", 1, 2), torch.empty(n).normal_(1, 2, generator=theirs)),
        "randint": lambda n: (ours.integers(-n, 10, n), torch.randint(-n, 10, (n,), generator=theirs)),
        "randint64": lambda n: (ours.integers(0, 2**40, n), torch.randint(0, 2**40, (n,), generator=theirs)),
        "randperm": lambda n: (ours.permutation(n), torch.randperm(n, generator=theirs)),
        "dropout": lambda n: (ours.bernoulli(0.8, n), torch.empty(n).bernoulli_(0.8, generator=theirs)),
        "bernoulli": lambda n: (ours.bernoulli(ours.uniform(n)), torch.bernoulli(torch.rand(n, generator=theirs), generator=theirs)),
        "cauchy": lambda n: (draws.cauchy(ours, (n,), np.dtype("float32")), torch.empty(n).cauchy_(generator=theirs)),
        "log_normal": lambda n: (draws.log_normal(ours, (n,), np.dtype("float64")), torch.empty(n, dtype=torch.float64).log_normal_(generator=theirs)),
        "geometric": lambda n: (draws.geometric(ours, (n,), np.dtype("float32"), 0.4), torch.empty(n).geometric_(0.4, generator=theirs)),
        "poisson": lambda n: (draws.poisson(ours, np.full(n, n, "float32")), torch.poisson(torch.full((n,), float(n)), generator=theirs)),
        "binomial": lambda n: (
            draws.binomial(ours, np.full(n, 7.0 * n), np.full(n, 0.3)),
            torch.binomial(torch.full((n,), 7.0 * n, dtype=torch.float64), torch.full((n,), 0.3, dtype=torch.float64), generator=theirs),
        ),
        "exponential": lambda n: (ours.exponential(n), torch.empty(n).exponential_(generator=theirs)),
    }
    for name in order.choice(list(calls), 300):
        assert_same(torch, *calls[name](int(order.integers(0, 40))))
    assert (ours.get_state() == theirs.get_state().numpy()).all()


def test_states_pass_from_one_library_to_the_other(torch):
    ours, theirs = pair(torch, 5)
    for n in (0, 1, 3, 15, 17, 600, 624, 625):
        theirs.set_state(torch.from_numpy(ours.get_state()))
        assert_same(torch, ours.normal(n), torch.randn(n, generator=theirs))
        ours.set_state(theirs.get_state().numpy())
        assert_same(torch, ours.normal(1), torch.randn(1, generator=theirs))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 10), (-5, 5), (0, 2**28 - 1), (0, 2**28), (0, 2**32), (-(2**40), 2**50), (-(2**63), 2**63 - 1), (5, 6)]
)
def test_every_range_of_integers_is_drawn_alike(torch, low, high):
    ours, theirs = pair(torch, 9)
    dtypes = ["int64"]
    dtypes += ["int32"] if high <= 2**31 and low >= -(2**31) else []
    dtypes += ["int8", "float32", "float64", "float16"] if high <= 127 and low >= -128 else []
    for dtype in dtypes:
        assert_same(torch, ours.integers(low, high, (7, 9), dtype), torch.randint(low, high, (7, 9), generator=theirs, dtype=getattr(torch, dtype)))


def test_permutations_are_drawn_alike(torch):
    ours, theirs = pair(torch, 11)
    for n in [*range(60), 1797, 20_000]:
        assert_same(torch, ours.permutation(n), torch.randperm(n, generator=theirs))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_masks_and_choices_are_drawn_alike(torch, dtype):
    ours, theirs = pair(torch, 13)
    for p in (0, 0.1, 0.5, 0.8, 1):
        for mask_type in (dtype, "bool", "int64"):
            assert_same(
                torch, ours.bernoulli(p, (9, 9), mask_type), torch.empty(9, 9, dtype=getattr(torch, mask_type)).bernoulli_(p, generator=theirs)
            )
    weights = torch.from_numpy(np.random.default_rng(0).uniform(0.01, 1, (7, 31)).astype(dtype))
    assert_same(torch, ours.bernoulli(weights.numpy(), np_dtype=dtype), torch.bernoulli(weights, generator=theirs))
    for rows in (weights, weights[0]):
        for count, replacement in [(1, False), (1, True), (5, False), (31, False), (5, True), (100, True)]:
            assert_same(torch, ours.multinomial(rows.numpy(), count, replacement), torch.multinomial(rows, count, replacement, generator=theirs))
    assert (ours.get_state() == theirs.get_state().numpy()).all()
