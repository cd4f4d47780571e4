"""An image looked at through a grid: each output pixel says where in the input it wants to look.

The output is y = Σ Πw · x over the pixels around the place, with one weight w for each axis. The weights depend on the grid, so it has a
gradient too: ∂y/∂grid = Σ w′·(the other weights) · x. All formulas here work on arrays and on Tensors, so that the rules can be differentiated.
"""

from itertools import product
from math import prod

from ..core.errors import error
from ..core.op import Opaque, op
from ..core.tensor import Tensor
from .arithmetic import abs, sign
from .case import case
from .join import stack
from .reduce import sum
from .rounding import floor, round
from .select import where_else
from .view import unsqueeze

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


@op
class pixels_at(Opaque):
    """y[n, c, p] = x[n, c] at the pixel (column, row, depth)[n, p], 0 outside.   ∂y/∂x: each pixel collects the gradients of its copies.

    x (N, C, H, W) or (N, C, D, H, W); the places (N, …) are whole numbers in float tensors; no depth: None → y (N, C, …).
    """

    public = False

    def forward(xp, x, column, row, depth):
        inside, flat = flat_index(xp, x.shape[2:], column, row, depth)
        samples, channels = x.shape[:2]
        taken = xp.take_along_axis(x.reshape((samples, channels, prod(x.shape[2:]))), flat.reshape((samples, 1, prod(column.shape[1:]))), 2)
        return xp.where(inside[:, None], taken.reshape((samples, channels, *column.shape[1:])), x.dtype.type(0))

    def grad_x(g, x_shape, column, row, depth):
        return pixels_back(g, column, row, depth, size=x_shape[2:])

    def samples(t):
        yield case(t(2, 1, 3, 2), t(2, 2, 2, low=-1, high=2, dtype="int64"), t(2, 2, 2, low=0, high=4, dtype="int64"), None)


@op
class pixels_back(Opaque):
    """The gradient of ``pixels_at``: x[n, c, i] = Σ g of the places that looked at pixel i."""

    public = False

    def forward(xp, g, column, row, depth, *, size):
        inside, flat = flat_index(xp, size, column, row, depth)
        samples, channels = g.shape[:2]
        given = xp.where(inside[:, None], g, g.dtype.type(0)).reshape((samples, channels, prod(g.shape[2:])))
        index = (xp.arange(samples)[:, None, None], xp.arange(channels)[:, None], flat.reshape((samples, 1, given.shape[2])))
        return xp.scatter_add((samples, channels, prod(size)), index, given).reshape((samples, channels, *size))

    def grad_g(u, column, row, depth):
        return pixels_at(u, column, row, depth)

    def samples(t):
        yield case(t(2, 1, 3), t(2, 3, low=-1, high=2, dtype="int64"), t(2, 3, low=0, high=4, dtype="int64"), None, size=(3, 2))


def flat_index(xp, size, column, row, depth):
    """Whether a place lies inside, and its number in the flattened image (0 outside)."""
    axes = [(depth, size[0])] if depth is not None else []
    inside, flat = True, 0
    for place, length in (*axes, (row, size[-2]), (column, size[-1])):
        inside = inside & (place >= 0) & (place < length)
        flat = flat * length + place
    return inside, xp.where(inside, flat, 0).astype("int64")


class Sampler(Opaque):
    """y = Σ Πw · x over the pixels around each place of the grid; grid (N, …, 2 or 3) holds (column, row, depth) between −1 and 1."""

    public, kinds = False, "f"

    def forward(xp, x, grid, *, mode, padding, align_corners):
        y = 0
        for taps in product(*axes_of(grid, x.shape[2:], mode, padding, align_corners)):
            y = y + pixels_at(x, *places(taps)) * for_channels(weight_of(taps))
        return y

    def grad_x(g, grid, x_shape, mode, padding, align_corners):
        total = 0
        for taps in product(*axes_of(grid, x_shape[2:], mode, padding, align_corners)):
            total = total + pixels_back(g * for_channels(weight_of(taps)), *places(taps), size=x_shape[2:])
        return total

    def grad_grid(g, x, grid, mode, padding, align_corners):
        slopes = [0] * grid.shape[-1]
        for taps in product(*axes_of(grid, x.shape[2:], mode, padding, align_corners)):
            seen = sum(g * pixels_at(x, *places(taps)), 1)
            for axis, (_, _, slope) in enumerate(taps):
                slopes[axis] = slopes[axis] + seen * slope * weight_of(taps, but=axis)
        return stack.op.raw(*slopes, dim=grid.ndim - 1)


def axes_of(grid, size, mode, padding, align_corners):
    """For each axis, columns first, the taps around every place: [(pixel, its weight, the weight's slope along the grid)]."""
    return [TAPS[mode](grid[..., axis], length, padding, align_corners) for axis, length in enumerate(reversed(size))]


def places(taps):
    """Column, row and depth, the last None for images. Which pixels are looked at has no gradient."""
    return [pixel.detach() if isinstance(pixel, Tensor) else pixel for pixel, _, _ in taps] + [None] * (3 - len(taps))


def weight_of(taps, but=None):
    """The product of the weights of all axes, ``but`` one; the number 1 where there are none."""
    return prod(weight for axis, (_, weight, _) in enumerate(taps) if axis != but)


def for_channels(weight):
    """A weight for each place, (N, …), so that it multiplies all channels."""
    return weight if isinstance(weight, int) else unsqueeze(weight, 1)


def nearest_taps(grid, length, padding, align_corners):
    """The nearest pixel; halves go to the even one."""
    place, _ = folded(in_pixels(grid, length, align_corners), length, padding, align_corners)
    return [(round(place), 1, 0)]


def bilinear_taps(grid, length, padding, align_corners):
    """The two neighbours, each weighted by how near it is."""
    place, turn = folded(in_pixels(grid, length, align_corners), length, padding, align_corners)
    first, slope = floor(place), turn * unit(length, align_corners)
    return [(first, 1 - (place - first), -slope), (first + 1, place - first, slope)]


def bicubic_taps(grid, length, padding, align_corners):
    """Four neighbours, weighted by R. Keys' kernel with a = −¾, https://doi.org/10.1109/TASSP.1981.1163711; each is folded by itself."""
    place, a = in_pixels(grid, length, align_corners), -0.75
    first, scale = floor(place), unit(length, align_corners)
    taps = []
    for offset in (-1, 0, 1, 2):
        side = -1 if offset > 0 else 1
        x = (place - first - offset) * side  # the distance, 1 to 2 for the outer taps, 0 to 1 for the inner ones
        if offset in (-1, 2):
            weight, slope = ((x - 5) * x + 8) * x * a - 4 * a, ((3 * x - 10) * x + 8) * a
        else:
            weight, slope = ((a + 2) * x - (a + 3)) * x * x + 1, (3 * (a + 2) * x - 2 * (a + 3)) * x
        taps.append((folded(first + offset, length, padding, align_corners)[0], weight, slope * (side * scale)))
    return taps


TAPS = {"nearest": nearest_taps, "bilinear": bilinear_taps, "bicubic": bicubic_taps}


def unit(length, align_corners):
    """How many pixels one unit of the grid is: its ends, ±1, are the outer pixels' centres, or else their outer edges."""
    return (length - 1) / 2 if align_corners else length / 2


def in_pixels(grid, length, align_corners):
    """Places from −1 to 1 as pixel numbers."""
    place = (grid + 1) * unit(length, align_corners)
    return place if align_corners else place - 0.5


def folded(place, length, padding, align_corners):
    """Places outside moved to the border or reflected there; and the slope of that: 0 at the border, −1 where the place runs backwards."""
    if padding == "zeros":
        return place, 1
    if padding == "reflection":
        place, turn = reflected(place, *((0, length - 1) if align_corners else (-0.5, length - 0.5)))
    else:
        turn = sign(place)
    turn = where_else.op.raw((place > 0) & (place < length - 1), turn, 0)
    place = where_else.op.raw(place > 0, place, 0)  # nan is not > 0 and counts as 0
    return where_else.op.raw(place < length - 1, place, length - 1), turn


def reflected(place, low, high):
    """Places mirrored at ``low`` and ``high`` until they lie between them, and the direction in which they run then."""
    if low == high:
        return place * 0, place * 0
    side, distance, span = sign(place - low), abs(place - low), high - low
    flips = floor(distance / span)
    rest = distance - flips * span
    odd = flips - 2 * floor(flips / 2) == 1
    return where_else.op.raw(odd, high - rest, low + rest), where_else.op.raw(odd, -side, side)


def looks(ndim, *options):
    """Samples with images (2) or volumes (3)."""

    def samples(t):
        for mode, padding, align_corners in options:
            yield case(
                t(1, 2, *(3, 2, 2)[:ndim]), t(1, *(1, 3, 1)[:ndim], ndim, low=-1.7, high=1.7), mode=mode, padding=padding, align_corners=align_corners
            )

    return samples


@op
class grid_sampler_2d(Sampler):
    """y[n, c, p] = Σ w·x[n, c] over the pixels around the place grid[n, p].   ∂y/∂x = w,  ∂y/∂grid = Σ w′·x.

    x (N, C, H, W), grid (N, H', W', 2) → y (N, C, H', W').
    """

    kernel = "grid_sampler_2d_cpu_kernel_impl"
    samples = looks(2, ("bilinear", "zeros", False), ("bilinear", "border", True), ("bilinear", "reflection", False), ("bicubic", "reflection", True))


@op
class grid_sampler_3d(Sampler):
    """y[n, c, p] = Σ w·x[n, c] over the voxels around the place grid[n, p].   ∂y/∂x = w,  ∂y/∂grid = Σ w′·x.

    x (N, C, D, H, W), grid (N, D', H', W', 3) → y (N, C, D', H', W').
    """

    kernel = "grid_sampler3d_cpu"
    samples = looks(3, ("bilinear", "reflection", False))


def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """``nn.functional.grid_sample`` with numbers for the modes: 0, 1, 2 for bilinear, nearest, bicubic; 0, 1, 2 for zeros, border, reflection.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    if grid.shape[0] != input.shape[0]:
        raise error("grid_batch", input=list(input.shape), grid=list(grid.shape))
    if grid.shape[-1] != input.ndim - 2:
        raise error("grid_last", wanted=input.ndim - 2, grid=list(grid.shape))
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise error("grid_dims", wanted=4 if input.ndim == 4 else 5, input=list(input.shape), grid=list(grid.shape))
    for dim in range(2, input.ndim):
        if not input.shape[dim]:
            raise error("grid_empty", shape=list(input.shape), dim=dim)
    mode, padding = MODES[interpolation_mode], PADDINGS[padding_mode]
    if mode == "bicubic" and input.ndim == 5:
        raise error("grid_bicubic")
    if input.is_floating_point() and grid.dtype is not input.dtype:
        raise error("dtype_expected", expected=input.dtype.title, found=grid.dtype.title)
    sampler = grid_sampler_2d if input.ndim == 4 else grid_sampler_3d
    return sampler.op.raw(input, grid, mode=mode, padding=padding, align_corners=bool(align_corners))
