"""The types of 16 bits: bfloat16 and float16 compute in float32 and round once; limits and promotion of all types; what NumPy lacks says so."""

import copy
import itertools
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import lesson_lib

from . import standin
from .sameness import first_line

standin.install()

NAMES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64", "complex32",
    "complex64", "complex128",
]  # fmt: skip


def told(program, t, *args):
    """What ``program(t)`` prints as, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(program(t, *args))
        except Exception as error:
            return f"{type(error).__name__}: {first_line(error)}"


def same_text(program, torch, *args):
    assert told(program, lesson_lib, *args) == told(program, torch, *args)


# --- the types themselves ---------------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "program",
    [
        lambda t, d: t.finfo(d), lambda t, d: t.iinfo(d), lambda t, d: t.finfo(d).bits, lambda t, d: t.iinfo(d).bits,
        lambda t, d: [getattr(t.finfo(d), n) for n in ("eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")],
        lambda t, d: [getattr(t.iinfo(d), n) for n in ("max", "min", "dtype")],
        lambda t, d: [d, d.itemsize, d.is_signed, d.is_floating_point, d.is_complex, d.to_real()], lambda t, d: d.to_complex(),
    ],
)  # fmt: skip
def test_limits_and_properties_of_every_type(program, name, torch):
    same_text(lambda t: program(t, getattr(t, name)), torch)


@pytest.mark.torch
@pytest.mark.parametrize("function", ["promote_types", "can_cast"])
def test_every_pair_of_types(function, torch):
    for a, b in itertools.product(NAMES, NAMES):
        same_text(lambda t, a=a, b=b: getattr(t, function)(getattr(t, a), getattr(t, b)), torch)


@pytest.mark.torch
def test_result_type_of_every_pair_of_tensors_and_numbers(torch):
    real = [name for name in NAMES if name != "complex32"]
    for a, b, shape in itertools.product(real, real, ((2,), ())):
        same_text(lambda t, a=a, b=b, shape=shape: t.result_type(t.zeros(2, dtype=getattr(t, a)), t.zeros(shape, dtype=getattr(t, b))), torch)
    for a, number, shape in itertools.product(real, (True, 2, 2.5, 2j), ((2,), ())):
        same_text(lambda t, a=a, n=number, shape=shape: t.result_type(t.zeros(shape, dtype=getattr(t, a)), n), torch)


def test_without_ml_dtypes_the_type_is_there_and_the_first_tensor_says_what_is_missing():
    code = """
import sys
sys.modules["ml_dtypes"] = None
import lesson_lib as torch
print(torch.ones(2).dtype == torch.bfloat16, torch.finfo(torch.bfloat16).max > 1e38, torch.promote_types(torch.bfloat16, torch.float16))
try:
    torch.ones(2).bfloat16()
except ImportError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == "False True torch.float32"
    assert said[1] == "torch.bfloat16 needs the package ml_dtypes, which is not installed"
    assert said[-1] == "  Try: pip install 'lesson_lib[bfloat16]'"


def test_complex32_exists_by_name_only():
    assert repr(lesson_lib.chalf) == "torch.complex32" and lesson_lib.ones(1).dtype is not lesson_lib.complex32
    for program in (lambda: lesson_lib.ones(1).chalf(), lambda: lesson_lib.ones(1).half() * 1j, lambda: lesson_lib.zeros(2, dtype=lesson_lib.chalf)):
        with pytest.raises(RuntimeError, match="torch.complex32 exists by name only"):
            program()


# --- tensors ----------------------------------------------------------------------------------------------------------

#: ``d`` is the type, ``h`` a tensor of it, ``o`` of the other 16-bit type
TEXTS = """
h
h.tolist()
h[0].item()
h.type()
h[1:]
h.reshape(3, 1).t()
t.empty(0, 3, dtype=d)
t.tensor([0.1, 1e-9, 1e9], dtype=d)
t.tensor([1e39, 3.3961775292304957e+38, float("nan")], dtype=d)
t.arange(3000, dtype=d)
t.arange(0, 3, 0.3, dtype=d)
t.linspace(-1, 3, 50, dtype=d)
t.full((2,), 3.3, dtype=d)
t.full((2,), 1e39, dtype=d)
h.clone().fill_(1e39)
h.clone().fill_(1j)
h.requires_grad_() * 2
t.ones(2).to("cpu", d)
t.ones(2).type(h.type()).dtype
isinstance(h, t.BFloat16Tensor)
t.BFloat16Tensor([1, 2.5])
h.is_floating_point(), h.is_complex(), h.is_signed(), h.itemsize, h.nbytes
h + o
h + t.ones(3, dtype=t.int64)
h + t.tensor(2.5, dtype=t.float64)
t.ones(3, dtype=t.int64) * h[0]
h * 2, h * True, 2.5 / h, h ** 2
t.tensor([0.1], dtype=d) == 0.1
t.tensor([0.1], dtype=d).eq(t.tensor(0.1))
h % 0.3, h.fmod(0.3), h // 0.3
h.sum(dtype=t.float32), h.sum(dtype=t.int64), h.norm(dtype=t.float32)
t.tensor([1.0, 2, 3.1]).sum(dtype=d)
t.full((4096,), 0.1).sum(dtype=d)
t.tensor([1.0, 2, 3.1]).softmax(0, dtype=d)
t.tensor([1.0, 2, 3.1]).cumsum(0, dtype=d)
t.tensor([1, 2, 3]).prod(dtype=d)
t.full((4096,), 16.0, dtype=d).sum()
t.full((4096,), 16.0, dtype=d).mean()
t.full((4096,), 0.1, dtype=d).norm()
t.full((4096,), 0.1, dtype=d).cumsum(0)[-1]
t.full((300,), 0.1, dtype=d) @ t.full((300,), 0.1, dtype=d)
t.arange(300, dtype=d).var(), t.arange(300, dtype=d).std()
t.full((2, 300), 16.0, dtype=d).logsumexp(1)
h.view(t.int16)
h.view(t.int16).view(d)
t.zeros(3, dtype=d).copy_(t.tensor([1.1, 2, 3]))
t.zeros(3, dtype=d).add_(t.tensor([1.1, 2, 3]))
t.zeros(3, dtype=t.int64).add_(h)
t.zeros(3).add_(h)
t.zeros(3, dtype=d).index_put_((t.tensor([1]),), t.tensor([2.1]))
t.zeros(3, dtype=d).scatter_(0, t.tensor([1]), h)
h.sort(), h.topk(2), h.max(0), h.argmax(), h.median(), h.unique()
h.clamp(1.6, 2.6), h.round(), h.frexp(), h > 2, h.nonzero()
t.where(h > 2, h, 0.3), t.where(h > 2, h, t.ones(3)), t.maximum(h, t.ones(3))
t.cat([h, o]), t.cat([h, t.ones(3, dtype=t.int32)]), t.stack([h, h])
t.tensor([float("inf"), -float("inf"), float("nan")], dtype=d).nan_to_num()
h.nextafter(t.zeros(3, dtype=d))
t.tensor([t.tensor(1.5, dtype=d), 2])
h.bool(), h.int(), t.tensor([1.5, 300, -3], dtype=d).to(t.uint8), h.to(t.complex64)
t.tensor([1 + 2j]).to(d)
h.new_zeros(2), t.zeros_like(h), t.full_like(h, 3.3), h.new_tensor([1.1])
h @ t.ones(3)
t.dot(h, o)
t.complex(t.ones(2, dtype=t.bfloat16), t.ones(2, dtype=t.bfloat16))
t.linalg.det(t.eye(2, dtype=d))
t.linalg.svd(t.eye(2, dtype=d))
t.linalg.norm(t.eye(2, dtype=d))
t.fft.fft(h)
h & 1
-h, abs(h)
t.searchsorted(t.arange(5, dtype=d), h)
t.einsum("ij,jk", t.ones(2, 2, dtype=d), t.ones(2, 2, dtype=d))
t.nn.functional.gelu(h)
t.nn.functional.layer_norm(h, (3,))
t.nn.functional.cross_entropy(t.arange(6, dtype=d).reshape(2, 3), t.tensor([0, 1]))
t.nn.functional.conv2d(t.ones(1, 1, 3, 3, dtype=d), t.ones(1, 1, 2, 2, dtype=d))
t.nn.functional.max_pool2d(t.ones(1, 1, 4, 4, dtype=d), 2)
t.nn.functional.batch_norm(t.arange(6, dtype=d).reshape(3, 2), t.zeros(2), t.ones(2))
t.nn.functional.linear(t.ones(2, 3, dtype=d), t.ones(4, 3))
t.nn.functional.mse_loss(h, t.zeros(3))
t.allclose(h, h * 1.001), t.equal(h, h)
copy.deepcopy(h), pickle.loads(pickle.dumps(h)), pickle.loads(pickle.dumps(d))
f"{h[0]:.3f}", 1.5 in h, bool(h[0]), int(h[0])
t.frombuffer(bytearray(4), dtype=d)
""".strip().split("\n")


@pytest.mark.torch
@pytest.mark.parametrize("names", [("bfloat16", "float16"), ("float16", "bfloat16")], ids=lambda names: names[0])
@pytest.mark.parametrize("expression", TEXTS)
def test_tensors_of_16_bits(expression, names, torch):
    def program(t):
        mine, other = (getattr(t, name) for name in names)
        scope = {"t": t, "d": mine, "h": t.tensor([1.5, 3.3, 2.7], dtype=mine), "o": t.ones(3, dtype=other), "copy": copy, "pickle": pickle}
        return eval(expression, scope)

    same_text(program, torch)


DRAWS = """
t.rand(20, dtype=d)
t.empty(40, dtype=d).uniform_(-2, 3)
t.empty(2, dtype=d).uniform_(0, 1e39)
t.randn(40, dtype=d)
t.randn(37, dtype=d)
t.randn(7, dtype=d)
t.empty(20, dtype=d).normal_(1, 3)
t.normal(t.ones(20, dtype=d), t.ones(20, dtype=d))
t.empty(5, dtype=d).exponential_()
t.empty(5, dtype=d).random_()
t.empty(5, dtype=d).random_(3, 40003)
t.bernoulli(t.rand(9, dtype=d))
t.multinomial(t.rand(9, dtype=d), 4)
t.randperm(20, dtype=d)
t.randint(0, 9000, (9,), dtype=d)
t.randint(-9005, 9000, (9,), dtype=d)
t.randint(-60001, -51000, (9,), dtype=d)
t.nn.functional.dropout(t.ones(20, dtype=d), 0.4)
t.nn.Linear(3, 20, dtype=d).weight
""".strip().split("\n")


@pytest.mark.torch
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("expression", DRAWS)
def test_random_numbers_of_16_bits(expression, name, torch):
    def program(t):
        t.manual_seed(3)
        return eval(expression, {"t": t, "d": getattr(t, name)})

    same_text(program, torch)


@pytest.mark.torch
@pytest.mark.parametrize("expression", ["t.tensor([1.5, 2])", "t.tensor([1, 2]).sqrt()", "t.rand(3)", "t.result_type(t.ones(1), 2j)", "t.tensor([1]) * 2j",
                                        "t.tensor(1j)", "t.tensor([1.5]).float()", "t.finfo()", "t.Tensor([1, 2])"])  # fmt: skip
def test_bfloat16_as_the_default_type(expression, torch):
    def program(t):
        t.manual_seed(0)
        t.set_default_dtype(t.bfloat16)
        try:
            return repr(eval(expression, {"t": t}))
        finally:
            t.set_default_dtype(t.float32)

    same_text(program, torch)


# --- gradients --------------------------------------------------------------------------------------------------------

CHAINS = {
    "chain": lambda t, x: ((x * 2.5 + x / 3).tanh() * x.exp()).sum(),
    "softmax": lambda t, x: (x.softmax(1) * x).sum(),
    "layer": lambda t, x: t.nn.functional.gelu(t.nn.functional.layer_norm(x, (40,))).pow(2).mean(),
    "products": lambda t, x: (x @ x.t()).logsumexp(0).sum(),
    "views": lambda t, x: (x[1:].t().reshape(-1).unfold(0, 4, 2) ** 2).sum() + x.chunk(2)[1].std(),
    "in place": lambda t, x: x.clone().mul_(x).add_(1).sqrt_().sum(),
    "broadcast": lambda t, x: (x * x[:, :1] - x.mean(0)).abs().sum(),
    "loss": lambda t, x: t.nn.functional.cross_entropy(x, t.arange(x.shape[0])),
    "several": lambda t, x: x.max(1).values.prod() + t.cat(x.unbind(0)).var(),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("chain", CHAINS)
def test_gradients_of_16_bits(chain, name, torch):
    values = np.random.RandomState(0).uniform(-1, 1, (6, 40))

    def gradient(t, dtype):
        x = t.tensor(values, dtype=dtype, requires_grad=True)
        CHAINS[chain](t, x).backward()
        assert x.grad.dtype == dtype
        return x.grad.float().numpy()

    ours, theirs = gradient(lesson_lib, getattr(lesson_lib, name)), gradient(torch, getattr(torch, name))
    step = lesson_lib.finfo(getattr(lesson_lib, name)).eps
    np.testing.assert_allclose(ours, theirs, rtol=4 * step, atol=4 * step * abs(theirs).max())


def test_a_second_gradient_of_16_bits():
    x = lesson_lib.tensor([2.0, 3.0], dtype=lesson_lib.bfloat16, requires_grad=True)
    (first,) = lesson_lib.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = lesson_lib.autograd.grad(first.sum(), x)
    assert first.tolist() == [12, 27] and second.tolist() == [12, 18] and second.dtype is lesson_lib.bfloat16


@pytest.mark.torch
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_training_in_16_bits(name, torch):
    def weights(t):
        t.manual_seed(0)
        net = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.LayerNorm(8), t.nn.ReLU(), t.nn.Linear(8, 3)).to(getattr(t, name))
        optimizer = t.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        x, y = t.randn(16, 4).to(getattr(t, name)), t.arange(16) % 3
        for _ in range(5):
            optimizer.zero_grad()
            t.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        return np.concatenate([p.detach().float().numpy().ravel() for p in net.parameters()])

    np.testing.assert_allclose(weights(lesson_lib), weights(torch), atol=0.02)


# --- NumPy, other libraries, other devices ----------------------------------------------------------------------------


def test_numpy_has_no_bfloat16_but_an_array_of_ml_dtypes_is_taken():
    array = np.zeros(2, lesson_lib.bfloat16.np)
    x = lesson_lib.from_numpy(array)
    x += 1.5
    assert x.dtype is lesson_lib.bfloat16 and array.tolist() == [1.5, 1.5]
    for program in (x.numpy, lambda: x.numpy(force=True), lambda: np.asarray(x)):
        with pytest.raises(TypeError, match="Got unsupported ScalarType BFloat16"):
            program()
    with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        x.requires_grad_().numpy()


def test_dlpack_refuses_bfloat16():
    with pytest.raises(BufferError, match="bfloat16 tensors cannot be shared by DLPack"):
        lesson_lib.from_dlpack(lesson_lib.zeros(2, dtype=lesson_lib.bfloat16))


def test_on_a_gpu_float16_is_computed_in_float32_and_bfloat16_refused():
    x = lesson_lib.full((4096,), 0.1, dtype=lesson_lib.float16).to(standin.TYPE)
    assert x.sum().item() == lesson_lib.full((4096,), 0.1, dtype=lesson_lib.float16).sum().item()
    with pytest.raises(RuntimeError, match="CuPy has no arithmetic for them"):
        x.bfloat16()


def test_what_a_card_shows_of_bfloat16():
    from lesson_lib.viz.summary import summarise, window

    x = lesson_lib.tensor([[1.5, -2.0], [0.25, 4.0]])
    assert summarise(x.bfloat16()._a) == summarise(x._a) and window(x.bfloat16()._a) == window(x._a)
    assert ">-2<" in x.bfloat16()._repr_html_()
