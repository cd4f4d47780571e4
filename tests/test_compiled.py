"""Compiled kernels against the NumPy forms beside them, and the threads that share a large array."""

import importlib
import math
import os
import subprocess
import sys
import threading
import time
from itertools import permutations

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core import blocks, compiled, shared, threads
from lesson_lib.core.op import registry
from lesson_lib.ops import norm_channels
from lesson_lib.optim import formula

from . import opcases
from .test_ops_registry import gradients

OPS = sorted({name.partition(part)[0] for name in compiled.TABLE for part in ("_forward", "_grad_") if part in name})
OPS += ["attention_kernel", "gru_sequence", "lstm_sequence"]  # between their matrix products
OPS += ["max_pool2d_with_indices", "max_pool_scatter"]
SAMPLES = [(name, number) for name, number in opcases.sampled() if name in OPS]
ROWS = sorted(name for name in compiled.TABLE if name.startswith("row_"))
numba = pytest.mark.numba


@pytest.fixture
def always(monkeypatch):
    """Kernels for arrays of every size; a count of those that ran."""
    monkeypatch.setattr(compiled, "LARGE", 0)
    monkeypatch.setattr(threads, "LARGE", 8)
    ran, original = [], compiled._Choice.module

    def module(self, name):
        ran.append(name)
        return original(self, name)

    monkeypatch.setattr(compiled._Choice, "module", module)
    return ran


@pytest.fixture
def two_threads():
    before = threads.thread_count()
    threads.set_thread_count(2)
    yield
    threads.set_thread_count(before)


def run(name, number):
    args, kwargs = opcases.sample(name, number, dtype="float32", grad=True)
    if registry[name].signature is not None:
        *args, kwargs = registry[name].signature(*args, **kwargs)
    outputs = opcases.tensors_in(registry[name].raw(*args, **kwargs))[: registry[name].n_diff]
    inputs = [x for x in opcases.tensors_in(list(args)) if x.requires_grad]
    return [*outputs, *gradients(outputs, inputs)]


@numba
@pytest.mark.parametrize(("name", "number"), SAMPLES, ids=str)
def test_equal_to_numpy(name, number, always, two_threads, monkeypatch):
    mine = run(name, number)
    assert always
    monkeypatch.setattr(compiled.choice, "wanted", False)
    for ours, reference in zip(mine, run(name, number), strict=True):
        assert (ours is None) == (reference is None)
        if ours is not None:
            assert ours.dtype is reference.dtype and ours.shape == reference.shape
            np.testing.assert_allclose(ours.numpy(force=True), reference.numpy(force=True), rtol=2e-6, atol=3e-6)  # two channels of one number each: terms of 3 cancel


@numba
@pytest.mark.parametrize("name", ROWS)
def test_rows_equal_to_numpy(name, always, two_threads):
    draw = np.random.default_rng(0)
    g, rows = draw.standard_normal((2, 7, 33), np.float32)
    vectors = list(draw.standard_normal((4, 7), np.float32))
    function = getattr(norm_channels, name)
    given = {"row_moments": [rows], "row_affine": [rows, *vectors[:3]], "row_products": [g, rows, vectors[0]], "row_gradient": [g, rows, *vectors]}[name]
    xp = lesson_lib.core.device.namespace(rows)
    mine, reference = function(xp, *given), function.__wrapped__(xp, *given)
    assert always
    for ours, theirs in zip(mine, reference, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@numba
@pytest.mark.parametrize("order", [order for order in permutations(range(4)) if order != (0, 1, 2, 3)], ids=str)
def test_copies_of_what_was_transposed(order, always, two_threads, monkeypatch):
    """Also of a part of an array, and backwards, where the kernel leaves it to NumPy."""
    monkeypatch.setattr("lesson_lib.core.kernels.layout._SMALL", 0)
    array = np.arange(3 * 17 * 11 * 9, dtype=np.float32).reshape(3, 17, 11, 9)
    xp = lesson_lib.core.device.namespace(array)
    for part in (array, array[1:], array[:, 1:], array[..., ::-1]):
        x = part.transpose(order)
        y = blocks.copied_in_order(xp, x)
        assert y.flags.c_contiguous and np.array_equal(y, x)
    assert "layout" in always


def attention(shape=None, causal=False):
    """Attention of 6 heads, with as many queries as make several pieces, and one short of whole registers."""

    def run(t):
        q, k, v = (t.randn(2, 3, 199, 8, requires_grad=True) for _ in range(3))
        mask = None if shape is None else t.rand(shape) > 0.4
        y = t.nn.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
        return [y, *t.autograd.grad(y, (q, k, v), t.randn(y.shape))]

    return run


def recurrent(name, **options):
    """A layer of 21 numbers; sequences of several lengths."""

    def run(t):
        layer, x = getattr(t.nn, name)(5, 21, **options), t.randn(7, 4, 5, requires_grad=True)
        packed = t.nn.utils.rnn.pack_padded_sequence(x, [7, 5, 2, 2])
        y, states = layer(packed)
        wanted = [y.data, *(states if name == "LSTM" else [states])]
        return [*wanted, *t.autograd.grad(wanted, [x, *layer.parameters()], [t.randn(part.shape) for part in wanted])]

    return run


WHOLE = {
    "causal": attention(causal=True),
    "full": attention(),
    "shared mask": attention((199, 199)),
    "masks of heads": attention((2, 1, 1, 199)),
    "lstm": recurrent("LSTM", bidirectional=True),
    "projected lstm": recurrent("LSTM", proj_size=3),
    "gru": recurrent("GRU", bidirectional=True, bias=False),
    "gru with biases": recurrent("GRU", num_layers=2),
}


@numba
@pytest.mark.parametrize("name", WHOLE)
def test_layers_with_kernels_between_their_products(name, always, two_threads, monkeypatch):
    found = []
    for wanted in (True, False):
        monkeypatch.setattr(compiled.choice, "wanted", wanted)
        lesson_lib.manual_seed(3)
        found.append([tensor.detach().numpy() for tensor in WHOLE[name](lesson_lib)])
    assert {"attention", "recurrent"} & set(always)
    for mine, reference in zip(*found, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-4, atol=1e-5)


@numba
def test_numbers_that_are_none_go_through_attention_as_in_pytorch(always, torch):
    """A row of −∞ has no weights, nan stays in its row."""
    found = []
    for t in (lesson_lib, torch):
        scores = t.zeros(2, 40, 40)
        scores[0, 3], scores[1, 5, 7] = -float("inf"), float("nan")
        x = (t.arange(2 * 40 * 4.0).reshape(2, 40, 4) / 100).requires_grad_()
        y = t.nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=scores)
        (g,) = t.autograd.grad(y[0].sum(), x)
        found.append((y.detach().numpy(), g[0].numpy()))
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@numba
@pytest.mark.parametrize(("smoothing", "weighted", "shape"), [(0, False, (7, 5)), (0.2, False, (7, 5)), (0.2, True, (7, 5)), (0, True, (7, 5)), (0.2, False, (2, 5, 3))])
def test_cross_entropy_equal_to_numpy(smoothing, weighted, shape, always, two_threads, monkeypatch):
    found = []
    for wanted in (True, False):
        monkeypatch.setattr(compiled.choice, "wanted", wanted)
        lesson_lib.manual_seed(0)
        x, w = lesson_lib.randn(shape, requires_grad=True), lesson_lib.rand(5) if weighted else None
        target = lesson_lib.randint(0, 5, (shape[0], *shape[2:]))
        y = lesson_lib.nn.functional.cross_entropy(x, target, w, label_smoothing=smoothing)
        y.backward()
        found.append((y.item(), x.grad.numpy()))
    assert "loss" in always
    for ours, reference in zip(*found, strict=True):
        np.testing.assert_allclose(ours, reference, rtol=2e-6, atol=1e-7)


@numba
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"maximize": True}, {"amsgrad": True}], ids=str)
@pytest.mark.parametrize("method", ["Adam", "AdamW"])
def test_optimizers_equal_to_numpy(method, options, always, two_threads, monkeypatch):
    monkeypatch.setattr(formula, "SMALL_BLOCK_BYTES", 16)
    found = []
    for wanted in (True, False):
        monkeypatch.setattr(compiled.choice, "wanted", wanted)
        lesson_lib.manual_seed(0)
        p = lesson_lib.randn(5, 7, requires_grad=True)
        optimizer = getattr(lesson_lib.optim, method)([p], 0.1, **options)
        for _ in range(5):
            p.grad = lesson_lib.randn(5, 7)
            optimizer.step()
        found.append([x.numpy(force=True) for x in (p, *optimizer.state[p].values())])
    assert "step" in always
    for ours, reference in zip(*found, strict=True):
        np.testing.assert_allclose(ours, reference, rtol=1e-5, atol=1e-6)


@numba
@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "gelu", "sigmoid", "silu", "exp", "relu", "tanh", "sqrt", "abs", "cross_entropy"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 3e38, -3e38, 1e-40, 100.0, -100.0, 0.0, 88.7, 88.72284, 89.0, -90.0])
def test_special_values_are_those_of_pytorch(name, value, compile, always, torch, monkeypatch):
    """Nothing that is not a number hides in a polynomial."""
    monkeypatch.setattr(compiled.choice, "wanted", compile)
    found = []
    for t in (lesson_lib, torch):
        x = t.tensor([[value, 1.0, -2.0]], requires_grad=True)
        functional = t.nn.functional
        if name == "cross_entropy":
            y = functional.cross_entropy(x, t.tensor([1]), label_smoothing=0.25)
            y.backward()
        else:
            y = getattr(functional, name)(x, dim=1) if "softmax" in name else getattr(t if hasattr(t, name) else functional, name)(x)
            y.backward(t.tensor([[1.0, 2.0, 3.0]]))
        found.append((y.detach().numpy(), x.grad.numpy()))
    assert bool(always) == compile
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=3e-6, atol=1e-7)


@numba
@pytest.mark.parametrize("axis", [None, 2, -1, (1, 2), (2, 0, 1), 0, 1, (0, 2), ()], ids=str)
def test_sums_equal_to_numpy(axis, always, two_threads):
    x = np.random.default_rng(0).standard_normal((5, 7, 900), np.float32)
    for keepdims in (False, True):
        ours, exact = shared.folded(np.add, x, axis, keepdims), np.sum(x, axis, np.float64, keepdims=keepdims)
        assert ours.dtype == np.float32 and ours.shape == exact.shape
        np.testing.assert_allclose(ours, exact, rtol=1e-5, atol=1e-5)
    x[2, 3, 4], x[1, 1, 1] = np.nan, np.inf
    np.testing.assert_array_equal(np.isfinite(shared.folded(np.add, x, axis, False)), np.isfinite(np.sum(x, axis)))


@numba
@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1, "ceil_mode": True}, {"dilation": (1, 2)}], ids=str)
def test_equal_numbers_and_nan_in_a_window_as_in_pytorch(options, always, two_threads, torch):
    """Of equal numbers the first wins, of several nan the last; a window may hold nothing but -inf."""
    numbers = np.random.default_rng(0).integers(0, 3, (3, 2, 9, 11)).astype(np.float32)
    numbers[0, 0, 2:4, 2:4], numbers[1, 1, 5], numbers[2] = np.nan, np.nan, -np.inf
    found = []
    for t in (lesson_lib, torch):
        x = t.tensor(numbers, requires_grad=True)
        y, indices = t.nn.functional.max_pool2d(x, 3, return_indices=True, **options)
        found.append([y.detach().numpy(), indices.numpy(), t.autograd.grad(y, x, t.ones(y.shape))[0].numpy()])
    assert {"pool", "rows"} <= set(always)
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@numba
@pytest.mark.parametrize("bad", [-1, 9, 1 << 40])
def test_an_index_out_of_range_is_seen_before_memory_is(bad, always, two_threads):
    x = lesson_lib.zeros(4, 9)
    index = lesson_lib.zeros(4, 5, dtype=lesson_lib.int64)
    index[3, 4] = bad
    with pytest.raises(RuntimeError, match="out of bounds"):
        x.gather(1, index)


@numba
def test_what_kernels_cannot_do_is_left_to_numpy(always, torch):
    for make in (lambda t: t.arange(12.0, dtype=t.float64).reshape(3, 4), lambda t: t.arange(12.0).reshape(3, 4).t(), lambda t: t.zeros(0, 3), lambda t: t.tensor(2.0)):
        for dim in (0, -1):
            np.testing.assert_allclose(lesson_lib.softmax(make(lesson_lib), dim).numpy(), torch.softmax(make(torch), dim).numpy(), rtol=1e-6)


def test_without_numba_there_is_numpy(monkeypatch, always):
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(compiled.choice, "loaded", None)
    assert lesson_lib.softmax(lesson_lib.zeros(2, 2), 1).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert always == ["softmax"]


def test_numba_is_loaded_for_large_arrays_only():
    program = "import sys, lesson_lib as t; t.softmax(t.zeros(9, 9), 1); t.zeros(300, 300) + 1; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


# --- threads ------------------------------------------------------------------------------------------------------------------------


def test_shares_cut_large_arrays_only(two_threads):
    assert threads.shares(10, 100) == [slice(0, 10)]
    assert threads.shares(5, threads.LARGE) == [slice(0, 2), slice(2, 5)]
    assert threads.shares(1, threads.LARGE) == [slice(0, 1)] and threads.shares(0, 0) == [slice(0, 0)]


def test_spread_runs_side_by_side(two_threads):
    meeting = threading.Barrier(2, timeout=10)  # each waits for the other
    assert threads.spread(lambda part: (meeting.wait(), part)[1], [3, 4]) == [3, 4]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_any_thread_arrives_after_all_are_done(two_threads, failing):
    done = []

    def work(part):
        if part == failing:
            raise ValueError(part)
        done.append(part)

    with pytest.raises(ValueError, match=str(failing)):
        threads.spread(work, [0, 1])
    assert done == [1 - failing]


@pytest.mark.parametrize("compile", [False, pytest.param(True, marks=numba)])
def test_a_helper_works_after_it_slept_and_after_an_interrupted_call(compile, two_threads, monkeypatch):
    monkeypatch.setattr(compiled.choice, "wanted", compile)
    monkeypatch.setattr(threads, "AWAKE", 1)
    for _ in range(3):
        assert threads.spread(abs, [-1, -2]) == [1, 2]
        time.sleep(0.01)
    helper = threads._helpers.all[0]
    helper.ask(abs, -5)  # and nobody waits for the answer
    assert threads.spread(abs, [-1, -2]) == [1, 2]


def test_two_callers_at_once_both_get_their_results(two_threads):
    """The helpers are one caller's; another does all of its shares itself."""
    meeting, found = threading.Barrier(2, timeout=10), []
    other = threading.Thread(target=lambda: (meeting.wait(), found.append(threads.spread(abs, [-3, -4])), meeting.wait()))
    other.start()
    assert threads.spread(lambda part: (meeting.wait(), meeting.wait(), part)[-1] if part == 1 else part, [1, 2]) == [1, 2]
    other.join()
    assert found == [[3, 4]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(two_threads):
    threads.spread(abs, [1, 2])
    child = os.fork()
    if child == 0:
        os._exit(0 if threads.spread(abs, [-1, -2]) == [1, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_set_num_threads_reaches_them():
    before = threads.thread_count()
    try:
        lesson_lib.set_num_threads(3)
        assert threads.thread_count() == 3
    finally:
        lesson_lib.set_num_threads(before)


@pytest.mark.parametrize("compile", [False, pytest.param(True, marks=numba)])
def test_a_convolution_is_shared_between_threads(compile, two_threads, monkeypatch):
    """Each thread takes some images; the numbers are those of one thread, and NumPy's own threads are back afterwards."""
    threadpoolctl = importlib.import_module("threadpoolctl")  # comes with the notebooks and the tests
    monkeypatch.setattr(compiled.choice, "wanted", compile)

    def blas_threads():
        return {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}

    found = []
    for count in (2, 1):
        threads.set_thread_count(count)
        lesson_lib.manual_seed(0)
        x, w = lesson_lib.randn(7, 8, 32, 32, requires_grad=True), lesson_lib.randn(8, 8, 3, 3, requires_grad=True)
        before = blas_threads()
        y = lesson_lib.nn.functional.conv2d(x, w, padding=1)
        y.backward(y.detach())
        assert before.items() <= blas_threads().items()  # Numba brings another library when it is loaded
        found.append((y.detach().numpy(), x.grad.numpy(), w.grad.numpy()))
    for ours, alone in zip(*found, strict=True):
        np.testing.assert_allclose(ours, alone, rtol=1e-4, atol=1e-3)


@numba
def test_each_product_of_a_convolution_is_one_call_in_each_thread(two_threads, monkeypatch):
    """Who came back to Python in between would wait for its lock while the other one holds it."""
    kernels, calls = compiled.choice.module("conv"), []

    def counted(kernel):
        def run(*args):
            calls.append((len(args[0]), threading.get_ident()))
            kernel(*args)

        return run

    for name in ("_convolve", "_weigh"):
        monkeypatch.setattr(kernels, name, counted(getattr(kernels, name)))
    x, w = lesson_lib.randn(8, 8, 32, 32, requires_grad=True), lesson_lib.randn(8, 8, 3, 3, requires_grad=True)
    y = lesson_lib.nn.functional.conv2d(x, w, stride=2, padding=1)
    y.backward(y.detach())
    products = [calls[n : n + 2] for n in range(0, len(calls), 2)]
    assert [{images for images, _ in pair} for pair in products] == [{4}] * 3
    assert all(len({thread for _, thread in pair}) == 2 for pair in products)


def test_helping_threads_are_kept(two_threads):
    threads.spread(abs, [1, 2])
    before = threading.enumerate()
    threads.spread(abs, [1, 2])
    assert threading.enumerate() == before
    threads.set_thread_count(2)  # and end when the number is set anew
    for thread in set(before) - {threading.main_thread()}:
        if thread.name == "lesson_lib":
            thread.join(10)
            assert not thread.is_alive()


def test_a_helping_thread_shares_nothing_further(two_threads):
    """It would wait for itself."""
    assert threads.spread(lambda part: threads.spread(lambda inner: part * inner, [1, 2]), [10, 20]) == [[10, 20], [20, 40]]


@numba
def test_functions_of_the_kernels_are_exact_to_a_few_units():
    """Each against float64, over the whole range and close to 0, where an error would not show in an absolute figure."""
    maths = importlib.import_module("lesson_lib.core.kernels.maths")  # here: it imports Numba
    draw = np.random.default_rng(0)
    small = np.concatenate([10 ** draw.uniform(-20, 0, 4000), draw.uniform(0, 20, 4000)]).astype(np.float32)
    both = np.concatenate([small, -small])
    limits = {  # function -> (its exact form, where, units of the last place)
        "exp32": (np.exp, both, 3),
        "tanh32": (np.tanh, both, 4),
        "erf32": (np.vectorize(math.erf), both, 6),
        "log_one_plus32": (np.log1p, small[small <= 1], 4),
    }
    for name, (exact, x, units) in limits.items():
        function = maths.numba.vectorize(["float32(float32)"])(getattr(maths, name).py_func)
        wanted = exact(x.astype(np.float64))
        error = np.abs(function(x).astype(np.float64) - wanted) / np.spacing(np.abs(wanted).astype(np.float32))
        assert error.max() <= units, (name, error.max(), x[error.argmax()])


@numba
def test_a_thread_without_work_goes_to_sleep():
    """Awake it would take turns with the threads of other libraries."""
    stay_awake, marks = importlib.import_module("lesson_lib.core.kernels.waiting").stay_awake, np.zeros(24, np.int64)
    before = time.thread_time()
    stay_awake(marks, threads.DONE, 7, threads.ASKED, 1, threads.AWAKE, 0)
    assert time.thread_time() - before < 0.1
    assert marks[threads.DONE] == 7  # it told the other thread
    timer = threading.Timer(0.05, marks.fill, [1])
    timer.start()
    before = time.perf_counter()
    stay_awake(marks, threads.DONE, 8, threads.ASKED, 1, 30 * 10**9, 0)
    assert time.perf_counter() - before < 20  # it saw what another thread wrote


@numba
def test_the_caller_and_a_helper_leave_each_other_pythons_lock(two_threads):
    """The caller goes on when the helper has begun; the helper's mark says that it is done, and only then is the answer taken."""
    threads.spread(abs, [-1, -2])
    helper = threads._helpers.all[0]
    for _ in range(20):
        helper.ask(abs, -3)
        began = helper.marks[threads.BEGUN] == helper.turn
        assert helper.answer() == [3, None]
        if began and helper.marks[threads.DONE] == helper.turn:
            return
    pytest.fail("it never began in time")
