r"""Normalisation by channels, of x (N, C, …): over the batch, or within each sample over groups of channels.

To the fused operations x is a matrix with a row for each channel of each sample. They reduce each row to a few numbers, in one pass over
memory, and the rest of the statistics comes from these.

A mean and a variance over several rows are put together from the rows' own: $\mu = \overline{\mu_i}$ and
$\sigma^2 = \overline{\sigma_i^2} + \overline{(\mu_i - \mu)^2}$, which subtracts no large numbers from each other.
Source: T. Chan et al., http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf
"""

from math import prod

from ..core.blocks import channel_rows, row_blocks
from ..core.compiled import with_kernel
from ..core.device import namespace
from ..core.op import Fused, op
from .case import case
from .norm import standardized
from .power import rsqrt


def all_but_channels(x):
    """The dimensions that a channel's statistics run over: all but dimension 1."""
    return tuple(dim for dim in range(x.ndim) if dim != 1)


def per_channel(v, x):
    """A vector (C) so that it multiplies dimension 1 of x."""
    return v.reshape((1, -1, *(1,) * (x.ndim - 2)))


def scaled(x, w, b):
    """w·x + b with a number per channel, for Tensors; w and b may be None."""
    x = x if w is None else x * per_channel(w, x)
    return x if b is None else x + per_channel(b, x)


# --- the rows -------------------------------------------------------------------------------------------------------------------


@with_kernel
def row_moments(xp, rows):
    """(the mean, the variance) of each row, as vectors."""
    count, width = rows.shape
    mean, variance, ones = xp.empty(count, rows.dtype), xp.empty(count, rows.dtype), xp.ones(width, rows.dtype)
    for at in row_blocks(xp, rows):
        mean[at] = rows[at] @ ones / width  # a product with ones is the fastest sum over rows
        centred = rows[at] - mean[at, None]
        variance[at] = xp.row_dots(centred, centred)[:, 0] / width
    return mean, variance


def joined_moments(mean, variance, dims):
    """The moments over ``dims`` of what the given moments belong to."""
    joint = mean.mean(axis=dims, keepdims=True)
    return joint, (variance + (mean - joint) ** 2).mean(axis=dims, keepdims=True)


@with_kernel
def row_affine(xp, rows, mean, factor, shift):
    """(x − mean)·factor + shift with one number of each kind for a row."""
    y = xp.empty(rows.shape, rows.dtype)
    shift = -mean * factor if shift is None else shift - mean * factor
    for at in row_blocks(xp, rows):
        out = y[at]
        xp.multiply(rows[at], factor[at, None], out=out)
        out += shift[at, None]
    return y


@with_kernel
def row_products(xp, g, rows, mean):
    """(Σ g, Σ g·(x − mean)) of each row, as vectors."""
    total, product = g @ xp.ones(g.shape[1], g.dtype), xp.row_dots(g, rows)[:, 0]
    return total, product - mean * total


@with_kernel
def row_gradient(xp, g, rows, mean, by_g, by_x, shift):
    """g·by_g − (x − mean)·by_x − shift with one number of each kind for a row: what every norm's gradient comes to."""
    dx = xp.empty(rows.shape, rows.dtype)
    shift = shift - mean * by_x
    for at in row_blocks(xp, rows):
        out = dx[at]
        xp.multiply(g[at], by_g[at, None], out=out)
        out -= rows[at] * by_x[at, None]
        out -= shift[at, None]
    return dx


def spread(xp, v, shape):
    """Numbers (N or 1, C or groups, 1 or channels of a group) as one for each row of x (N, C, …), None as None."""
    return None if v is None else xp.broadcast_to(v, shape).reshape(-1)


# --- the operations ---------------------------------------------------------------------------------------------------------------


@op
class batch_norm_train(Fused):
    """y = w·x̂ + b with the mean and variance of each channel over the batch.   ∂y/∂w = x̂,  ∂y/∂b = 1.

    x (N, C, …), w (C) or None, b (C) or None → y, mean and variance (1, C).
    """

    public, title, label, kinds, kernel = False, "NativeBatchNorm", "batch_norm", "f", "batch_norm"
    outputs = ("y", "mean", "variance")

    def composite(x, w, b, *, eps):
        y, mean, variance = standardized(x, all_but_channels(x), eps)
        return scaled(y, w, b), mean.reshape(1, -1), variance.reshape(1, -1)

    def forward(xp, x, w, b, *, eps):
        rows, by_channel = channel_rows(x), x.shape[:2]
        mean, variance = joined_moments(*(moment.reshape(by_channel) for moment in row_moments(xp, rows)), 0)
        scale = (variance + eps) ** -0.5
        y = row_affine(xp, rows, *(spread(xp, v, by_channel) for v in (mean, scale if w is None else scale * w, b)))
        return y.reshape(x.shape), mean, variance

    def grad_all(g, x, w, mean, variance, eps, wanted):
        xp, by_channel, count = namespace(x), x.shape[:2], prod(x.shape) // x.shape[1]
        g, rows, centre = channel_rows(g), channel_rows(x), spread(xp, mean, by_channel)
        total, product = (sums.reshape(by_channel).sum(axis=0) for sums in row_products(xp, g, rows, centre))
        scale = ((variance + eps) ** -0.5)[0]
        dx = None
        if wanted[0]:
            by_g = scale if w is None else scale * w
            factors = by_g, by_g * scale * scale * product / count, by_g * total / count
            dx = row_gradient(xp, g, rows, centre, *(spread(xp, v, by_channel) for v in factors)).reshape(x.shape)
        return dx, product * scale, total

    def samples(t):
        yield case(t(4, 3), t(3), t(3), eps=1e-5)
        yield case(t(3, 2, 2, 2), None, None, eps=1e-3)


@op
class batch_norm_eval(Fused):
    """y = w·(x − μ)/√(σ² + ε) + b with given moments μ, σ² of shape (C).   ∂y/∂x = w/√(σ² + ε)."""

    public, title, label, native = False, "NativeBatchNorm", "batch_norm", "native_batch_norm"
    kinds, kernel, constants = "f", "batch_norm", ("running_mean", "running_var")

    def composite(x, w, b, running_mean, running_var, *, eps):
        return scaled((x - per_channel(running_mean, x)) * per_channel(rsqrt(running_var + eps), x), w, b)

    def forward(xp, x, w, b, running_mean, running_var, *, eps):
        scale = (running_var + eps) ** -0.5
        factors = running_mean, scale if w is None else scale * w, b
        return row_affine(xp, channel_rows(x), *(spread(xp, v, x.shape[:2]) for v in factors)).reshape(x.shape)

    def grad_all(g, x, w, running_mean, running_var, eps, wanted):
        xp, by_channel, scale = namespace(x), x.shape[:2], (running_var + eps) ** -0.5
        dw = db = None
        if wanted[1] or wanted[2]:
            sums = row_products(xp, channel_rows(g), channel_rows(x), spread(xp, running_mean, by_channel))
            db, product = (part.reshape(by_channel).sum(axis=0) for part in sums)
            dw = product * scale
        return g * per_channel(scale if w is None else scale * w, g), dw, db

    def samples(t):
        yield case(t(4, 3), t(3), t(3), t(3).detach(), t(3, low=0.5).detach(), eps=1e-5)
        yield case(t(3, 2, 2), None, None, t(2).detach(), t(2, low=0.5).detach(), eps=1e-3)


@op
class native_group_norm(Fused):
    """y = w·x̂ + b with the mean and variance of each sample's groups of C/``groups`` channels.   ∂y/∂w = x̂,  ∂y/∂b = 1.

    x (N, C, …), w (C) or None, b (C) or None → y; μ and 1/√(σ² + ε) of shape (N, groups, 1).
    """

    public, title, label, kinds, kernel = False, "NativeGroupNorm", "group_norm", "f", "GroupNormKernelImpl"
    outputs = ("y", "mean", "scale")

    def composite(x, w, b, *, groups, eps):
        y, _, _ = standardized(x.reshape(x.shape[0], groups, prod(x.shape[1:]) // groups), 2, eps)
        return scaled(y.reshape(x.shape), w, b)

    def forward(xp, x, w, b, *, groups, eps):
        rows, shape = channel_rows(x), by_group(x, groups)
        mean, variance = joined_moments(*(moment.reshape(shape) for moment in row_moments(xp, rows)), 2)
        scale = (variance + eps) ** -0.5
        factors = mean, scale if w is None else scale * w.reshape(shape[1:]), b if b is None else b.reshape(shape[1:])
        return row_affine(xp, rows, *(spread(xp, v, shape) for v in factors)).reshape(x.shape), mean, scale

    def grad_all(g, x, w, mean, scale, groups, wanted):
        xp, shape, channels = namespace(x), by_group(x, groups), x.shape[1]
        g, rows, centre = channel_rows(g), channel_rows(x), spread(xp, mean, shape)
        total, product = (sums.reshape(shape) for sums in row_products(xp, g, rows, centre))
        dx = None
        if wanted[0]:
            by_g, count = scale if w is None else scale * w.reshape(shape[1:]), shape[2] * rows.shape[1]
            by_x, shift = ((by_g * sums).sum(axis=2, keepdims=True) / count for sums in (product, total))
            dx = row_gradient(xp, g, rows, centre, *(spread(xp, v, shape) for v in (by_g, by_x * scale * scale, shift))).reshape(x.shape)
        return dx, (product * scale).sum(axis=0).reshape(channels), total.sum(axis=0).reshape(channels)

    def samples(t):
        yield case(t(2, 4, 3), t(4), t(4), groups=2, eps=1e-5)
        yield case(t(3, 2), None, None, groups=1, eps=1e-3)


def by_group(x, groups):
    """(N, groups, channels of a group): the shape of one number for each row."""
    return x.shape[0], groups, x.shape[1] // groups


def unbiased(variance, shape):
    """Bessel's correction, n/(n − 1), for the running variance of a channel."""
    count = prod(shape) // shape[1]
    return variance * (count / (count - 1))
