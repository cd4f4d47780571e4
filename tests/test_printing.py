"""Tensor printing against PyTorch's own, and against texts that hold without it."""

import itertools
import textwrap
import time

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core import printing
from lesson_lib.core.printing import PRINT_OPTS, format_array, printoptions, set_printoptions

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
SHAPES = [(), (1,), (2,), (7,), (25,), (1, 1), (2, 3), (5, 30), (2, 2, 3), (3, 1, 4), (1, 2, 2, 3)]
LARGE = [(1001,), (1200, 2), (2, 600), (30, 40), (7, 7, 30), (2, 3, 400), (6, 6, 6, 6), (1000, 1), (1, 1001)]
EMPTY = [(0,), (0, 3), (2, 0), (3, 0, 2)]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-4, 9.9999e-5, 1e8, 1.0001e8, 1000.0, 1001.0, np.inf, -np.inf, np.nan]


@pytest.fixture(autouse=True)
def default_options():
    yield
    set_printoptions(profile="default")


def same_as(torch, a, **options):
    """Assert that both print ``a`` alike, with ``options`` in force on both sides."""
    torch.set_printoptions(**{"profile": "default", **options})
    set_printoptions(**{"profile": "default", **options})
    try:
        assert format_array(a, a.dtype.name) == repr(torch.from_numpy(a.copy())), (a.shape, a.dtype, options)
    finally:
        torch.set_printoptions(profile="default")


def random_array(shape, dtype, rng):
    """Values of one random magnitude, spread over a random number of decades, sometimes with special ones among them."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.asarray(rng.integers(max(info.min, -(10 ** rng.integers(0, 12))), min(info.max, 10 ** rng.integers(1, 12)), shape)).astype(dtype)
    if dtype.kind == "c":
        parts = random_array((*shape, 2), dtype.type(0).real.dtype, rng)
        return parts.view(dtype)[..., 0]
    values = np.asarray(rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 10) * 10.0 ** (rng.random(shape) * rng.integers(0, 4)))
    if rng.random() < 0.3:
        values = np.rint(values)
    if rng.random() < 0.3:
        values = np.where(rng.random(shape) < 0.3, rng.choice(EDGES, shape), values)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(dtype)


# Texts that hold without PyTorch.


@pytest.mark.parametrize(
    ("values", "dtype", "text"),
    [
        (3, "int64", "tensor(3)"),
        (2.5, "float32", "tensor(2.5000)"),
        ([1.0, 2.0, np.nan], "float32", "tensor([1., 2., nan])"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([1, 2], "int32", "tensor([1, 2], dtype=torch.int32)"),
        ([0.1, 2000.0], "float32", "tensor([1.0000e-01, 2.0000e+03])"),
        ([[1.5, -2.0], [0.0, 4.0]], "float64", "tensor([[ 1.5000, -2.0000],\n        [ 0.0000,  4.0000]], dtype=torch.float64)"),
        ([1.5 - 2j, 3j], "complex64", "tensor([1.5000-2.j, 0.0000+3.j])"),
        (np.zeros((0, 3)), "float32", "tensor([], size=(0, 3))"),
        ([], "int64", "tensor([], dtype=torch.int64)"),
        (np.arange(1001), "int64", "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    ],
)
def test_text(values, dtype, text):
    assert format_array(np.asarray(values, dtype), dtype) == text


def test_large_matrix_shows_its_corners():
    expected = """\
        tensor([[   0,    1,    2,  ...,   37,   38,   39],
                [  40,   41,   42,  ...,   77,   78,   79],
                [  80,   81,   82,  ...,  117,  118,  119],
                ...,
                [1080, 1081, 1082,  ..., 1117, 1118, 1119],
                [1120, 1121, 1122,  ..., 1157, 1158, 1159],
                [1160, 1161, 1162,  ..., 1197, 1198, 1199]])"""
    assert format_array(np.arange(1200).reshape(30, 40), "int64") == textwrap.dedent(expected)


def test_remarks():
    a = np.ones(2, np.float32)
    assert format_array(a, "float32", grad_fn_name="AddBackward0") == "tensor([1., 1.], grad_fn=<AddBackward0>)"
    assert format_array(a, "float32", device="cuda:0", requires_grad=True) == "tensor([1., 1.], device='cuda:0', requires_grad=True)"
    assert format_array(a, "float32", requires_grad=True, is_parameter=True) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert format_array(a, "float32", default_float="float64") == "tensor([1., 1.], dtype=torch.float32)"
    assert format_array(a, "bfloat16") == "tensor([1., 1.], dtype=torch.bfloat16)"
    assert format_array(a, "float32", type_name="Labelled") == "Labelled([1., 1.])"


def test_options_inside_a_block_end_with_it():
    with printoptions(precision=1, sci_mode=True):
        assert format_array(np.float32([12.34]), "float32") == "tensor([1.2e+01])"
    assert printing.PrintOptions() == PRINT_OPTS


def test_a_large_tensor_prints_at_once():
    a = np.broadcast_to(np.float32(0.5), (20_000, 20_000))
    start = time.perf_counter()
    text = format_array(a, "float32")
    assert time.perf_counter() - start < 0.1
    assert text.count("0.5000") == 36


# Against PyTorch.


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool", "complex64", "complex128"])
def test_random_values_print_alike(torch, dtype):
    rng = np.random.default_rng(0)
    for shape in SHAPES * 6:
        same_as(torch, random_array(shape, dtype, rng))
    for shape in LARGE:
        same_as(torch, random_array(shape, dtype, rng))
    for shape in EMPTY:
        same_as(torch, np.zeros(shape, dtype))


@pytest.mark.parametrize("dtype", FLOATS)
def test_pairs_of_special_values_print_alike(torch, dtype):
    with np.errstate(over="ignore"):
        edges = np.array(EDGES).astype(dtype)
    for pair in itertools.product(edges, edges):
        same_as(torch, np.array(pair, dtype))
    extreme = np.array([np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny], dtype)
    for n in (1, 2, 3):
        same_as(torch, extreme[:n])


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 0}, {"precision": 1}, {"precision": 8}, {"sci_mode": True}, {"sci_mode": False}, {"linewidth": 40},
        {"linewidth": 5}, {"linewidth": 120}, {"threshold": 5}, {"threshold": 0}, {"threshold": 5, "edgeitems": 1},
        {"edgeitems": 0}, {"threshold": 5, "edgeitems": 0}, {"profile": "short"}, {"profile": "full"}, {"profile": "short", "precision": 6},
    ],
    ids=str,
)  # fmt: skip
def test_every_option_prints_alike(torch, options):
    rng = np.random.default_rng(1)
    for dtype in ("float32", "float64", "int64", "bool", "complex64"):
        for shape in [*SHAPES, (30, 40), (9, 9, 2), *EMPTY]:
            same_as(torch, random_array(shape, dtype, rng), **options)


def test_strided_and_read_only_arrays_print_alike(torch):
    a = np.arange(2400, dtype=np.float32).reshape(40, 60)
    for view in (a.T, a[::-1, ::2], np.broadcast_to(a[:1], (50, 60)), a[3]):
        view.flags.writeable = False
        assert format_array(view, "float32") == repr(torch.from_numpy(view.copy()))


@pytest.mark.parametrize("width", range(30, 90, 3))
def test_remarks_break_lines_alike(torch, width):
    torch.set_printoptions(linewidth=width)
    set_printoptions(linewidth=width)
    try:
        for n, dtype in itertools.product((1, 3, 9), ("float32", "float64")):
            leaf = torch.arange(n, dtype=getattr(torch, dtype)).requires_grad_()
            a = leaf.detach().numpy()
            assert format_array(a, dtype, requires_grad=True) == repr(leaf)
            assert format_array(a * 2, dtype, requires_grad=True, grad_fn_name="MulBackward0") == repr(leaf * 2)
            parameter = torch.nn.Parameter(leaf.detach())
            assert format_array(a, dtype, requires_grad=True, is_parameter=True) == repr(parameter)
    finally:
        torch.set_printoptions(profile="default")


def test_default_dtype_and_bfloat16_print_alike(torch):
    rng = np.random.default_rng(2)
    for shape in [*SHAPES, (30, 40), (0,), (0, 2)]:
        half = torch.from_numpy(random_array(shape, "float32", rng)).bfloat16()
        assert format_array(half.float().numpy(), "bfloat16") == repr(half)
    torch.set_default_dtype(torch.float64)
    try:
        for dtype, shape in itertools.product(("float32", "float64", "int64", "complex64", "complex128"), [(), (3,), (0,)]):
            a = random_array(shape, dtype, rng)
            assert format_array(a, dtype, default_float="float64") == repr(torch.from_numpy(np.asarray(a)))
    finally:
        torch.set_default_dtype(torch.float32)


def test_formatted_text(torch):
    """In an f-string one number is a plain number; a parameter, and a tensor with dimensions, print in full."""

    def program(torch):
        x, w = torch.tensor([0.5, 2.0]), torch.nn.Parameter(torch.tensor(0.5))
        return f"{x[0]} {x} {w} {x[1]:.3f} {(x * w)[0]} {x[0] > 0}"

    assert program(lesson_lib) == program(torch)
