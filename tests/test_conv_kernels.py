"""The convolution and pooling kernels: the fast ones equal the simple ones, both equal PyTorch, and both are each other's transposes."""

import importlib
import itertools
import threading

import numpy as np
import pytest

from lesson_lib.core import compiled, cpu, cpu_conv, cpu_pool, patches
from lesson_lib.core.window import Window, conv_output_shape, pool_output_shape

DTYPES = [np.float32, np.float64]


@pytest.fixture
def torch(torch):
    """PyTorch on one thread: arrays as small as these are computed in less time than a second thread takes to wake."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


def numbers(shape, dtype, seed=0):
    """Normal numbers in an array that cannot be written to."""
    array = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    array.flags.writeable = False
    return array


def assert_close(mine, reference, dtype):
    reference = np.asarray(reference)
    assert mine.dtype == dtype
    assert mine.shape == reference.shape
    assert mine.flags.c_contiguous
    largest = np.abs(reference).max(initial=1)
    np.testing.assert_allclose(mine, reference, rtol=0, atol=200 * np.finfo(dtype).eps * largest)


# -- convolution ----------------------------------------------------------------------------------


def conv_table():
    """Every small combination of kernel, stride, padding, dilation and groups that is a convolution at all."""
    kernels, strides, paddings, dilations = [(1, 1), (3, 3), (2, 3)], [(1, 1), (2, 2), (1, 3)], [(0, 0), (1, 1), (2, 0)], [(1, 1), (2, 1)]
    channels = [(3, 4, 1), (16, 6, 1), (24, 12, 2), (6, 6, 6), (4, 8, 4)]  # (C, O, groups)
    for kernel, stride, padding, dilation, (c, o, groups) in itertools.product(kernels, strides, paddings, dilations, channels):
        if kernel == (1, 1) and dilation != (1, 1):
            continue
        yield (2, c, 7, 8), (o, c // groups, *kernel), Window(stride, padding, dilation, groups)


SPECIAL_CONVS = [
    ((0, 3, 6, 6), (4, 3, 3, 3), Window()),  # no images
    ((0, 16, 6, 6), (4, 16, 3, 3), Window((1, 1), (1, 1))),
    ((0, 4, 6, 6), (4, 1, 3, 3), Window(groups=4)),
    ((0, 4, 6, 6), (4, 4, 1, 1), Window()),
    ((3, 5, 4, 6), (2, 5, 4, 6), Window()),  # the kernel is the image
    ((2, 64, 7, 7), (128, 64, 1, 1), Window((2, 2))),  # a shortcut in a residual network
    ((3, 20, 5, 5), (2, 20, 5, 5), Window()),
    ((3, 20, 1, 1), (2, 20, 3, 3), Window((1, 1), (1, 1))),  # the image is a pixel
    ((2, 16, 4, 4), (3, 16, 1, 1), Window((1, 1), (2, 2))),  # the padding is wider than the kernel
    ((2, 16, 9, 9), (3, 16, 2, 2), Window((5, 4), (1, 1))),  # windows with gaps, and an end that none reads
    ((1, 16, 9, 9), (3, 16, 3, 3), Window((1, 1), (4, 4), (4, 4))),
    ((17, 2, 16, 16), (3, 2, 3, 3), Window((1, 1), (1, 1))),
    ((5, 32, 32, 16), (8, 32, 3, 3), Window((1, 1), (1, 1))),  # planes of 2 KiB and, in float64, 4 KiB
    ((1, 3, 64, 64), (8, 3, 7, 7), Window((2, 2), (3, 3))),
]
CONVS = [*conv_table(), *SPECIAL_CONVS]


def all_three(conv, case, dtype, arrange=lambda array: array):
    """Output, input gradient and weight gradient by the three functions of ``conv``."""
    x_shape, w_shape, win = case
    x, w = (arrange(numbers(shape, dtype, seed)) for seed, shape in enumerate((x_shape, w_shape)))
    g = arrange(numbers(conv_output_shape(x_shape, w_shape, win), dtype, 2))
    return conv("conv2d")(x, w, win), conv("conv2d_input")(g, w, x_shape, win), conv("conv2d_weight")(g, x, w_shape, win)


def fast(name):
    return getattr(cpu_conv, name)


def fast_numpy(name):
    return getattr(cpu_conv, name).__wrapped__


def simple(name):
    return lambda *args: getattr(patches, name)(cpu, *args)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVS, ids=str)
def test_fast_convolution_equals_the_simple_one(case, dtype):
    for mine, reference in zip(all_three(fast, case, dtype), all_three(simple, case, dtype)):
        assert_close(mine, reference, dtype)
        assert reference.flags.c_contiguous


def conv_lines():
    return importlib.import_module("lesson_lib.core.kernels.conv_lines")


@pytest.mark.numba
@pytest.mark.parametrize("positions", [40, 1024])
@pytest.mark.parametrize("case", CONVS, ids=str)
def test_the_compiled_convolution_equals_the_simple_one(case, positions, monkeypatch):
    """Single images and several in one line. Each of the three products is compiled, but for an empty or a pointwise one."""
    kernels, ran = compiled.choice.module("conv"), []

    def kernel(name):
        def run(*args):
            result = getattr(kernels, name)(*args)
            ran.append(result is not None)
            return fast_numpy(name)(*args) if result is None else result

        return run

    monkeypatch.setattr(compiled, "LARGE", 0)
    monkeypatch.setattr(kernels, "PATCHES", float("inf"))  # not those alone that are quicker so
    monkeypatch.setattr(conv_lines(), "POSITIONS", positions)
    kernels.layout.cache_clear()
    for mine, reference in zip(all_three(kernel, case, np.float32), all_three(simple, case, np.float32)):
        assert_close(mine, reference, np.float32)
    kernels.layout.cache_clear()
    direct = not cpu_conv.is_pointwise(case[1], case[2])
    assert ran == ([direct, direct, True] if case[0][0] else [False] * 3)


@pytest.mark.numba
@pytest.mark.parametrize(("size", "kernel", "outputs", "expected"), [(8, 3, 64, True), (8, 3, 256, False), (14, 5, 16, True), (14, 5, 64, False), (32, 3, 64, True)])
def test_the_quicker_form_is_chosen(size, kernel, outputs, expected):
    """Many channels, or much between the outputs: patches and a matrix product. 14×14 pixels and 5×5 taps give rows of ten outputs, two registers."""
    padding = 1 if kernel == 3 else 0
    win, out = Window((1, 1), (padding,) * 2, (1, 1), 1), (size + 2 * padding - kernel + 1,) * 2
    conv = compiled.choice.module("conv")
    lines = conv.window_layout((32, 24, size, size), (outputs, 24, kernel, kernel), (32, outputs, *out), win)
    assert conv.quicker(outputs, lines, out) == expected


@pytest.mark.parametrize("small", [1, 3000, 20000])
@pytest.mark.parametrize("case", CONVS[::7] + SPECIAL_CONVS, ids=str)
def test_the_size_of_a_block_does_not_matter(case, small, monkeypatch):
    """Blocks of single rows, bands of an image and a few images at a time."""
    monkeypatch.setattr(cpu_conv, "BLOCK_BYTES", small)
    monkeypatch.setattr(cpu_conv, "SMALL_BLOCK_BYTES", small)
    for mine, reference in zip(all_three(fast, case, np.float32), all_three(simple, case, np.float32)):
        assert_close(mine, reference, np.float32)


@pytest.mark.parametrize("case", CONVS[::5], ids=str)
def test_convolution_is_one_trilinear_form(case):
    """⟨g, conv(x, w)⟩ = ⟨conv_input(g, w), x⟩ = ⟨conv_weight(g, x), w⟩: what makes them each other's gradients."""
    shapes = (*case[:2], conv_output_shape(*case))
    x, w, g = (numbers(shape, np.float64, seed) for seed, shape in enumerate(shapes))
    for conv in (fast, simple):
        y, dx, dw = all_three(conv, case, np.float64)
        assert np.vdot(g, y) == pytest.approx(np.vdot(dx, x), rel=1e-9, abs=1e-9)
        assert np.vdot(g, y) == pytest.approx(np.vdot(dw, w), rel=1e-9, abs=1e-9)


def channels_last(array):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def backwards(array):
    return array[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]


def every_other(array):
    return np.repeat(array, 2, axis=3)[..., ::2]


def broadcast(array):
    return np.broadcast_to(array[:1, :1], array.shape)


@pytest.mark.parametrize("conv", [fast, simple])
@pytest.mark.parametrize("arrange", [channels_last, backwards, every_other, broadcast])
@pytest.mark.parametrize("case", [case for case in CONVS[::11] if case[0][0]], ids=str)
def test_convolution_of_any_memory_order(case, arrange, conv):
    """Strided, reversed, broadcast inputs give what their contiguous copies give."""
    whole = all_three(conv, case, np.float32, lambda array: np.ascontiguousarray(arrange(array)))
    for mine, reference in zip(all_three(conv, case, np.float32, arrange), whole):
        assert_close(mine, reference, np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("conv", [fast, simple])
def test_convolution_equals_pytorch(torch, conv, dtype):
    for case in CONVS:
        (x_shape, w_shape, win), y_shape = case, conv_output_shape(*case)
        x, w = (torch.tensor(numbers(shape, dtype, seed), requires_grad=True) for seed, shape in enumerate((x_shape, w_shape)))
        y = torch.conv2d(x, w, None, *win)
        assert tuple(y.shape) == y_shape
        dx, dw = torch.autograd.grad(y, (x, w), torch.tensor(numbers(y_shape, dtype, 2)))
        for mine, theirs in zip(all_three(conv, case, dtype), (y.detach(), dx, dw)):
            assert_close(mine, theirs.numpy(), dtype)


@pytest.mark.numba
@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("case", [((3, 4, 9, 8), (4, 4, 3, 3), Window((1, 1), (1, 1))), ((3, 4, 9, 8), (4, 1, 3, 3), Window((1, 1), (1, 1), (1, 1), 4)),
                                  ((3, 4, 8, 8), (8, 4, 3, 3), Window((2, 2), (1, 1)))], ids=str)  # fmt: skip
def test_the_weights_gradient_is_finite_where_no_window_reads_a_pixel_of_inf(torch, case, value, compile, monkeypatch):
    """A 0 beside an image times inf would be nan."""
    x_shape, w_shape, win = case
    x, g = numbers(x_shape, np.float32).copy(), numbers(conv_output_shape(*case), np.float32, 1)
    x[:, :, :, -1], x[1, 2, 0, 0] = value, value
    w = torch.zeros(w_shape, requires_grad=True)
    (reference,) = torch.autograd.grad(torch.conv2d(torch.tensor(x), w, None, *win), w, torch.tensor(g))
    assert 0 < np.isfinite(reference.numpy()).sum() < reference.numel()
    monkeypatch.setattr(compiled, "LARGE", 0)
    monkeypatch.setattr(compiled.choice, "wanted", compile)
    np.testing.assert_allclose(cpu_conv.conv2d_weight(g, x, w_shape, win), reference.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", [((2, 3, 6, 5), (5, 3, 3, 3), Window()), ((2, 6, 6, 5), (6, 1, 3, 3), Window(groups=6)), ((2, 3, 4, 4), (5, 3, 1, 1), Window())], ids=str)
def test_the_bias_is_added_to_every_channel(case, monkeypatch):
    monkeypatch.setattr(compiled, "LARGE", 0)
    x, w, b = (numbers(shape, np.float32, seed) for seed, shape in enumerate((*case[:2], case[1][:1])))
    wanted = patches.conv2d(cpu, x, w, case[2]) + b[:, None, None]
    for conv in (fast, fast_numpy, simple):
        assert_close(conv("conv2d")(x, w, case[2], b), wanted, np.float32)


def test_threads_do_not_share_memory():
    """Two threads that convolve at the same time do not meet in a buffer."""
    cases = [case for case in CONVS if case[0][0]][::9]
    expected = [all_three(fast, case, np.float32) for case in cases]
    wrong = []

    def work(order):
        for n in order:
            if any((a != b).any() for a, b in zip(all_three(fast, cases[n], np.float32), expected[n])):
                wrong.append(cases[n])

    orders = [[*range(len(cases))] * 5, [*reversed(range(len(cases)))] * 5]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_size_of_numpys_buffer_is_put_back():
    size = np.getbufsize()
    all_three(fast, ((2, 4, 6, 6), (4, 1, 3, 3), Window((2, 2), groups=4)), np.float32)
    assert np.getbufsize() == size


# -- pooling --------------------------------------------------------------------------------------


def pool_table():
    """(x_shape, kernel, stride, padding, dilation, ceil_mode); PyTorch wants the padding to be at most half the kernel."""
    kernels, strides, paddings = [(2, 2), (3, 3), (3, 2), (1, 1)], [(2, 2), (1, 1), (3, 2)], [(0, 0), (1, 1), (1, 0)]
    shapes, dilations = [(2, 3, 6, 8), (1, 2, 7, 7)], [(1, 1), (2, 1)]
    for kernel, stride, padding, dilation, shape, ceil_mode in itertools.product(kernels, strides, paddings, dilations, shapes, (False, True)):
        if all(2 * p <= k for p, k in zip(padding, kernel)):
            yield shape, kernel, stride, padding, dilation, ceil_mode


POOLS = [
    *pool_table(),
    ((0, 3, 6, 6), (2, 2), (2, 2), (0, 0), (1, 1), False),  # no images
    ((2, 3, 5, 4), (5, 4), (1, 1), (0, 0), (1, 1), False),  # the kernel is the image
    ((2, 3, 1, 1), (3, 3), (2, 2), (1, 1), (1, 1), False),  # the image is a pixel
    ((1, 1, 40, 40), (17, 17), (17, 17), (8, 8), (1, 1), True),  # more taps than a byte can count
    ((40, 4, 32, 32), (2, 2), (2, 2), (0, 0), (1, 1), False),  # several blocks
]
MEAN_POOLS = [case for case in POOLS if case[4] == (1, 1)]
MEAN_OPTIONS = [(True, None), (False, None), (True, 3)]  # count_include_pad, divisor_override


def whole_numbers(shape, dtype):
    """Few different numbers, so that many windows have several largest ones."""
    return np.floor(numbers(shape, dtype) * 1.5)


def with_nan_and_infinity(shape, dtype):
    x = whole_numbers(shape, dtype)
    kind = np.random.default_rng(3).integers(0, 4, shape)
    x[kind == 0], x[kind == 1] = np.nan, -np.inf
    return x


def all_lowest(shape, dtype):
    return np.full(shape, -np.inf, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [numbers, whole_numbers, with_nan_and_infinity, all_lowest])
def test_fast_max_pooling_equals_the_simple_one(make, dtype):
    for shape, *window in POOLS:
        x = make(shape, dtype)
        for mine, reference, kind in zip(cpu_pool.max_pool2d(x, *window), patches.max_pool2d(cpu, x, *window), (dtype, np.int64)):
            assert mine.dtype == reference.dtype == kind
            np.testing.assert_array_equal(mine, reference)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [numbers, whole_numbers, with_nan_and_infinity, all_lowest])
def test_max_pooling_equals_pytorch(torch, make, dtype):
    for shape, *window in POOLS:
        x = make(shape, dtype)
        theirs = torch.nn.functional.max_pool2d(torch.tensor(x), *window, return_indices=True)
        for mine, reference in zip(cpu_pool.max_pool2d(x, *window), theirs):
            np.testing.assert_array_equal(mine, reference.numpy())


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_max_pooling_of_integers(dtype):
    x = np.random.default_rng(0).integers(0, 100, (2, 3, 7, 7)).astype(dtype)
    window = ((3, 3), (2, 2), (1, 1), (1, 1), False)
    y, indices = cpu_pool.max_pool2d(x, *window)
    reference = patches.max_pool2d(cpu, x.astype(np.float64), *window)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, reference[0])
    np.testing.assert_array_equal(indices, reference[1])


def test_of_equal_values_the_first_wins():
    x = np.array([[[[1.0, 2.0], [2.0, 2.0]]]])
    assert cpu_pool.max_pool2d(x, (2, 2), (2, 2), (0, 0), (1, 1), False)[1].item() == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pooling_scatter_and_gather(dtype):
    """Scatter adds where windows overlap; gather is its transpose and finds the maxima again."""
    for shape, *window in POOLS:
        x = numbers(shape, dtype)
        y, indices = cpu_pool.max_pool2d(x, *window)
        g = numbers(y.shape, dtype, 1)
        dx = cpu_pool.max_pool2d_scatter(g, indices, shape)
        assert_close(dx, patches.max_pool2d_scatter(cpu, g, indices, shape), dtype)
        np.testing.assert_array_equal(cpu_pool.max_pool2d_gather(x, indices), y)
        np.testing.assert_array_equal(patches.max_pool2d_gather(cpu, x, indices), y)
        assert np.vdot(dx, x) == pytest.approx(np.vdot(g, y), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pooling_gradient_equals_pytorch(torch, dtype):
    for shape, *window in POOLS:
        x = torch.tensor(numbers(shape, dtype), requires_grad=True)
        y, indices = torch.nn.functional.max_pool2d(x, *window, return_indices=True)
        g = numbers(tuple(y.shape), dtype, 1)
        (dx,) = torch.autograd.grad(y, x, torch.tensor(g))
        assert_close(cpu_pool.max_pool2d_scatter(g, indices.numpy(), shape), dx.numpy(), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", MEAN_OPTIONS, ids=str)
def test_fast_mean_pooling_equals_the_simple_one(options, dtype):
    for shape, kernel, stride, padding, _, ceil_mode in MEAN_POOLS:
        window = (kernel, stride, padding, ceil_mode, *options)
        x = numbers(shape, dtype)
        y = cpu_pool.avg_pool2d(x, *window)
        assert_close(y, patches.avg_pool2d(cpu, x, *window), dtype)
        g = numbers(y.shape, dtype, 1)
        dx = cpu_pool.avg_pool2d_backward(g, shape, *window)
        assert_close(dx, patches.avg_pool2d_backward(cpu, g, shape, *window), dtype)
        assert np.vdot(dx, x) == pytest.approx(np.vdot(g, y), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("options", MEAN_OPTIONS, ids=str)
def test_mean_pooling_equals_pytorch(torch, options):
    for shape, kernel, stride, padding, _, ceil_mode in MEAN_POOLS:
        window = (kernel, stride, padding, ceil_mode, *options)
        x = torch.tensor(numbers(shape, np.float64), requires_grad=True)
        y = torch.nn.functional.avg_pool2d(x, *window)
        assert_close(cpu_pool.avg_pool2d(x.detach().numpy(), *window), y.detach().numpy(), np.float64)
        g = numbers(tuple(y.shape), np.float64, 1)
        (dx,) = torch.autograd.grad(y, x, torch.tensor(g))
        assert_close(cpu_pool.avg_pool2d_backward(g, shape, *window), dx.numpy(), np.float64)


@pytest.mark.parametrize("arrange", [channels_last, backwards, every_other, broadcast])
def test_pooling_of_any_memory_order(arrange):
    for shape, *window in POOLS[::5]:
        x = arrange(whole_numbers(shape, np.float32))
        copy = np.ascontiguousarray(x)
        y, indices = cpu_pool.max_pool2d(x, *window)
        for mine, reference in zip((y, indices), cpu_pool.max_pool2d(copy, *window)):
            np.testing.assert_array_equal(mine, reference)
        g = arrange(numbers(y.shape, np.float32, 1))
        whole = np.ascontiguousarray(g)
        assert_close(cpu_pool.max_pool2d_scatter(g, indices, shape), cpu_pool.max_pool2d_scatter(whole, indices, shape), np.float32)
        np.testing.assert_array_equal(cpu_pool.max_pool2d_gather(x, indices), y)


def test_pooling_shapes_equal_pytorchs(torch):
    for size, kernel, stride, dilation, ceil_mode in itertools.product(range(1, 12), range(1, 5), range(1, 5), (1, 2), (False, True)):
        for padding in range(kernel // 2 + 1):
            window = ((kernel, kernel), (stride, stride), (padding, padding), (dilation, dilation), ceil_mode)
            mine = pool_output_shape((1, 1, size, size), *window)
            if min(mine) > 0:
                theirs = torch.nn.functional.max_pool2d(torch.zeros(1, 1, size, size), *window)
                assert mine == tuple(theirs.shape), (size, window)
            else:
                with pytest.raises(RuntimeError, match="Output size is too small"):
                    torch.nn.functional.max_pool2d(torch.zeros(1, 1, size, size), *window)
