"""Images in another size: each output element is a weighted sum of the input elements around its place.

The weights along each axis stand in small tables (``core/resampling.py``), so an image is resampled axis by axis and the gradient
goes the same way back. The declarations differ only in the rule for the weights; each has the name that PyTorch's graphs show.
"""

from ..core.op import Opaque, op
from ..core.resampling import reversed_taps, taps, whole_taps
from .case import case


def tables(x_size, y_size, np_dtype, rule, factors, align_corners):
    """For each axis that changes, the last one first: its number, its old size, and the table of its weights."""
    dtype_name = "float64" if np_dtype in ("float64", "uint8") else "float32"
    for axis in reversed(range(len(x_size))):
        factor = factors and factors[axis]
        if rule == "nearest" and len(x_size) == 2 and y_size[axis] in (x_size[axis], 2 * x_size[axis]):
            factor = None  # for images PyTorch takes a factor near 1 or 2 to be that
        table = taps(rule, x_size[axis], y_size[axis], factor, align_corners, dtype_name)
        if table is not None:
            yield axis + 2, x_size[axis], table


def weighted(xp, x, axis, index, weight):
    """Σ_t weight[:, t] · x[index[:, t]] along one axis."""
    if weight is None:
        return xp.take(x, xp.asarray(index[:, 0]), axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    index, weight = xp.asarray(index.T), xp.asarray(weight.T)
    return sum(xp.take(x, i, axis) * w.reshape(shape) for i, w in zip(index, weight, strict=True))


def weighted_bytes(xp, x, axis, index, weight):
    """The same for bytes, in whole numbers: rounded to the nearest and kept between 0 and 255 after each axis."""
    if weight is None:
        return weighted(xp, x, axis, index, None)
    whole, bits = whole_taps(index, weight)
    total = weighted(xp, x.astype("int32"), axis, index, whole)
    return xp.clip((total + (1 << (bits - 1))) >> bits, 0, 255).astype("uint8")


def resampled(xp, x, size, rule, factors, align_corners):
    """x (N, C, …) → (N, C, *size)."""
    y = x
    for axis, _, table in tables(x.shape[2:], size, x.dtype, rule, factors, align_corners):
        y = (weighted_bytes if x.dtype == "uint8" else weighted)(xp, y, axis, *table)
    return x.copy() if y is x else y.astype(x.dtype, copy=False)


@op
class resample(Opaque):
    """y = Σ weight·x along each axis, by any rule: what the gradient of a gradient is made of.   ∂y/∂x: the weights go the same way back."""

    public = False

    def forward(xp, x, *, size, rule, factors, align_corners):
        return resampled(xp, x, size, rule, factors, align_corners)

    def grad_x(g, x_shape, rule, factors, align_corners):
        return resample_back(g, size=x_shape[2:], rule=rule, factors=factors, align_corners=align_corners)

    def samples(t):
        yield case(t(1, 2, 4), size=(3,), rule="linear", factors=None, align_corners=False)


@op
class resample_back(Opaque):
    """The gradient of a resampling: x[j] = Σ weight·g over the outputs that element j went into."""

    public, title = False, "UpsampleBackwardBackward0"

    def forward(xp, g, *, size, rule, factors, align_corners):
        x = g
        for axis, length, (index, weight) in tables(size, g.shape[2:], g.dtype, rule, factors, align_corners):
            x = weighted(xp, x, axis, *reversed_taps(index, weight, length))
        return g.copy() if x is g else x.astype(g.dtype, copy=False)

    def grad_g(u, g_shape, rule, factors, align_corners):
        return resample(u, size=g_shape[2:], rule=rule, factors=factors, align_corners=align_corners)

    def samples(t):
        yield case(t(1, 2, 3, 5), size=(4, 2), rule="linear", factors=None, align_corners=False)
        yield case(t(1, 2, 3), size=(7,), rule="nearest", factors=(0.5,), align_corners=False)


def by_rule(rule, ndim):
    """``forward``, its gradient rule and samples of a declaration for ``ndim`` axes."""

    def forward(xp, x, *, size, factors, align_corners):
        return resampled(xp, x, size, rule, factors, align_corners)

    def grad_x(g, x_shape, factors, align_corners):
        return resample_back(g, size=x_shape[2:], rule=rule, factors=factors, align_corners=align_corners)

    def samples(t):
        shape, size = (2, 1, 5, 4, 3)[: ndim + 2], (3, 6, 3)[:ndim]
        yield case(t(*shape), size=size, factors=None, align_corners=False)
        yield case(t(*shape), size=size, factors=(0.7, 1.6, 1.2)[:ndim], align_corners=not rule.startswith("nearest"))

    return forward, grad_x, samples


class Resampling(Opaque):
    """An image, sequence or volume x (N, C, …) in another size, y (N, C, *size)."""

    public = False


@op
class upsample_nearest1d(Resampling):
    """y[i] = x[⌊i·n/m⌋] for n elements that become m.   ∂y/∂x: each element collects the gradients of its copies."""

    forward, grad_x, samples = by_rule("nearest", 1)


@op
class upsample_nearest2d(Resampling):
    """y[i] = x[⌊i·n/m⌋] along both axes.   ∂y/∂x: each pixel collects the gradients of its copies."""

    forward, grad_x, samples = by_rule("nearest", 2)


@op
class upsample_nearest3d(Resampling):
    """y[i] = x[⌊i·n/m⌋] along all three axes.   ∂y/∂x: each voxel collects the gradients of its copies."""

    forward, grad_x, samples = by_rule("nearest", 3)


@op
class upsample_nearest_exact1d(Resampling):
    """y[i] = x[⌊(i + ½)·n/m⌋]: the element under the middle of the new one."""

    forward, grad_x, samples = by_rule("nearest-exact", 1)


@op
class upsample_nearest_exact2d(Resampling):
    """y[i] = x[⌊(i + ½)·n/m⌋] along both axes: the pixel under the middle of the new one."""

    forward, grad_x, samples = by_rule("nearest-exact", 2)


@op
class upsample_nearest_exact3d(Resampling):
    """y[i] = x[⌊(i + ½)·n/m⌋] along all three axes: the voxel under the middle of the new one."""

    forward, grad_x, samples = by_rule("nearest-exact", 3)


@op
class upsample_linear1d(Resampling):
    """y = (1 − r)·x[j] + r·x[j + 1], r being how far the place lies behind element j."""

    forward, grad_x, samples = by_rule("linear", 1)


@op
class upsample_bilinear2d(Resampling):
    """y = (1 − r)·x[j] + r·x[j + 1] along both axes: a mean of the four pixels around, the nearer the heavier."""

    forward, grad_x, samples = by_rule("linear", 2)


@op
class upsample_trilinear3d(Resampling):
    """y = (1 − r)·x[j] + r·x[j + 1] along all three axes: a mean of the eight voxels around."""

    forward, grad_x, samples = by_rule("linear", 3)


@op
class upsample_bicubic2d(Resampling):
    """y = Σ k(r − t)·x[j + t] along both axes, t = −1 … 2, with Keys' cubic kernel k for a = −¾."""

    forward, grad_x, samples = by_rule("cubic", 2)


@op
class upsample_bilinear2d_aa(Resampling):
    """y = Σ k(r)·x along both axes, with a triangle k as wide as two new pixels, so that nothing is skipped when the image shrinks."""

    forward, grad_x, samples = by_rule("smooth-linear", 2)


@op
class upsample_bicubic2d_aa(Resampling):
    """y = Σ k(r)·x along both axes, with Keys' cubic kernel for a = −½, as wide as four new pixels."""

    forward, grad_x, samples = by_rule("smooth-cubic", 2)


@op
class upsample_lanczos2d_aa(Resampling):
    """y = Σ k(r)·x along both axes, with k(r) = sinc(r)·sinc(r/3), as wide as six new pixels."""

    forward, grad_x, samples = by_rule("lanczos", 2)
