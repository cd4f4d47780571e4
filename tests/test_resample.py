"""Resampling against PyTorch, beyond what its database of operations has: bytes, smooth shrinking, places beyond the image, errors, warnings."""

import itertools
import warnings

import numpy as np
import pytest

import lesson_lib

from .parity import as_array

SHAPES = {3: (2, 3, 4), 4: (2, 3, 4, 5), 5: (2, 3, 4, 5, 3)}
MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")


def numbers(torch, *shape, dtype="float32"):
    return torch.from_numpy(np.random.RandomState(0).randn(*shape).astype(np.float32)).to(getattr(torch, dtype))


def resized(torch, *args, shape, dtype="float32", **options):
    return torch.nn.functional.interpolate(numbers(torch, *shape, dtype=dtype), *args, **options)


def outcome(torch, program, *args, **options):
    """The result, or type and first line of the exception; and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", category=RuntimeWarning)  # NumPy's, which the library silences by a filter of its own
        try:
            result = as_array(program(torch, *args, **options))
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
            result = type(error), str(error).splitlines()[0]
    return result, [str(warning.message) for warning in caught]


def same(torch, program, *args, near=1e-5, **options):
    (ours, our_warnings), (theirs, their_warnings) = (outcome(library, program, *args, **options) for library in (lesson_lib, torch))
    assert our_warnings == their_warnings
    if isinstance(theirs, tuple):
        assert ours == theirs
    else:
        assert not isinstance(ours, tuple), ours
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=near, atol=near)


@pytest.mark.parametrize(("mode", "antialias"), [("bilinear", False), ("bicubic", False), ("bilinear", True), ("bicubic", True), ("lanczos", True)])
@pytest.mark.parametrize("size", [(5, 7), (23, 3), (2, 40), (17, 19)], ids=str)
def test_images(torch, mode, antialias, size):
    """Bytes come out bit for bit; floats nearly."""
    image = np.random.RandomState(0).randint(0, 256, (2, 3, 17, 19)).astype(np.uint8)

    def program(torch, dtype, corners):
        x = torch.from_numpy(image.astype(dtype))
        return torch.nn.functional.interpolate(x, size, mode=mode, align_corners=corners, antialias=antialias)

    for corners in (None, True) if mode != "lanczos" else (None,):
        for dtype, near in ((np.uint8, 0), (np.float32, 1e-3), (np.float64, 1e-9)):
            same(torch, program, dtype, corners, near=near)


@pytest.mark.parametrize("antialias", [False, True])
def test_gradient_of_shrinking(torch, antialias):
    def program(torch):
        x = numbers(torch, 1, 2, 9, 8).requires_grad_()
        y = torch.nn.functional.interpolate(x, (4, 11), mode="bicubic", antialias=antialias)
        (y * y).sum().backward()
        return x.grad

    same(torch, program)


@pytest.mark.parametrize("mode", MODES)
def test_sizes_and_dtypes(torch, mode):
    """Every number of dimensions, with sizes, factors and dtypes that fit and that do not."""
    options = [{"size": 1}, {"size": 9}, {"scale_factor": 2, "recompute_scale_factor": True}]
    options += [{"scale_factor": factor} for factor in (1.3, 1.1, 2.2, 0.95, 0.6, 1.0)]
    for shape in SHAPES.values():
        for option, corners in itertools.product(options, (None, False, True)):
            same(torch, resized, shape=shape, mode=mode, align_corners=corners, **option)
        for dtype in ("bool", "int32", "complex64", "uint8"):
            same(torch, resized, 3, shape=shape, dtype=dtype, mode=mode)
        for empty in ((0, *shape[1:]), (2, 0, *shape[2:]), (*shape[:-1], 0)):
            same(torch, resized, 3, shape=empty, mode=mode)


WRONG = {
    "no size": {},
    "both": {"size": 3, "scale_factor": 2},
    "sizes": {"size": (3, 3, 3)},
    "factors": {"scale_factor": (2,)},
    "type": {"size": (2, 2.0)},
    "zero": {"size": (3, 0)},
    "recompute": {"size": 3, "recompute_scale_factor": True},
    "mode": {"size": 3, "mode": "foo"},
    "corners": {"size": 3, "align_corners": False},
    "antialias": {"size": 3, "antialias": True},
    "lanczos": {"size": 3, "mode": "lanczos"},
    "lanczos corners": {"size": 3, "mode": "lanczos", "antialias": True, "align_corners": True},
}


@pytest.mark.parametrize("name", WRONG)
def test_errors(torch, name):
    same(torch, resized, shape=SHAPES[4], **WRONG[name])


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_old_names_warn(torch, name):
    def program(torch, shape):
        return getattr(torch.nn.functional, name)(numbers(torch, *shape), 3)

    for ndim in (3, 4):
        same(torch, program, SHAPES[ndim])


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample_at_the_edges(torch, mode, padding, corners):
    """Places beyond the image, on its border, without a number; and the gradient of the grid there."""

    def looked(torch, places, size=4, backward=False):
        grid = torch.tensor(places).view(1, 1, -1, 1).expand(1, 1, -1, 2).contiguous().requires_grad_()
        image = torch.arange(1.0, size * size + 1).view(1, 1, size, size)
        y = torch.nn.functional.grid_sample(image, grid, mode=mode, padding_mode=padding, align_corners=corners)
        return torch.autograd.grad(y.sum(), grid)[0] if backward else y

    steps = [i / 4 for i in range(-9, 10)]
    same(torch, lambda torch: looked(torch, steps), near=1e-4)
    same(torch, lambda torch: looked(torch, steps, backward=True), near=1e-4)
    same(torch, lambda torch: looked(torch, steps, size=1), near=1e-4)
    same(torch, lambda torch: looked(torch, [float("nan"), float("inf"), -float("inf")]))  # no backward: there PyTorch crashes


GRIDS = [
    ((2, 3, 4, 5), (2, 6, 7, 8, 2)), ((2, 3, 4), (2, 6, 1)), ((2, 3, 4, 5), (2, 7, 2)), ((1, 3, 4, 5), (2, 6, 7, 2)), ((2, 3, 4, 5), (2, 6, 7, 3)),
    ((2, 3, 4, 5, 6), (2, 6, 7, 7, 2)), ((2, 3, 0, 5), (2, 6, 7, 2)), ((2, 0, 4, 5), (2, 6, 7, 2)), ((0, 3, 4, 5), (0, 6, 7, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("image", "grid"), GRIDS, ids=str)
def test_shapes_of_grids(torch, image, grid):
    same(torch, lambda torch: torch.nn.functional.grid_sample(numbers(torch, *image), numbers(torch, *grid), align_corners=False))


LOOKS = {
    "corners not said": lambda torch, x, grid: torch.nn.functional.grid_sample(x, grid),
    "mode": lambda torch, x, grid: torch.nn.functional.grid_sample(x, grid, mode="foo"),
    "padding": lambda torch, x, grid: torch.nn.functional.grid_sample(x, grid, padding_mode="foo"),
    "dtypes": lambda torch, x, grid: torch.nn.functional.grid_sample(x, grid.double(), align_corners=False),
    "integers": lambda torch, x, grid: torch.nn.functional.grid_sample(x.long(), grid, align_corners=False),
    "bicubic volume": lambda torch, x, grid: torch.nn.functional.grid_sample(
        x[..., None], torch.ones(2, 1, 1, 1, 3), mode="bicubic", align_corners=False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKS)
def test_errors_of_grid_sample(torch, name):
    same(torch, lambda torch: LOOKS[name](torch, numbers(torch, 2, 3, 4, 5), numbers(torch, 2, 6, 7, 2)))


@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 1, 1, 1), [2, 3, 4], [2, 3, 4, 5, 6], [3, 3, 4, 5], [2, 3, 0, 5], [2, 0, 1, 5]], ids=str)
@pytest.mark.parametrize("corners", [None, False, True])
def test_affine_grid(torch, size, corners):
    same(torch, lambda torch: torch.nn.functional.affine_grid(numbers(torch, 2, 2, 3), size, align_corners=corners))
