r"""Normalisation: numbers are moved and scaled so that their mean is 0 and their variance 1.

With $\hat x = (x - \mu)\,s$, $s = 1/\sqrt{\sigma^2 + \epsilon}$ over some dimensions, and bars for means over them:
$\partial L/\partial x = s\,(g - \bar g - \hat x\, \overline{g \hat x})$ for a gradient g of x̂.

Each operation is fused: it walks over its rows in blocks that stay in the processor's cache, and keeps two numbers for each row.
Beside it stands its ``composite``, the same in a few small operations. Here are the norms over the last dimensions; those by
channels are in ``norm_channels.py``.
"""

from math import prod

from ..core.blocks import row_blocks
from ..core.device import namespace
from ..core.op import Fused, op
from .case import case
from .power import rsqrt
from .statistics import var


def standardized(x, dims, eps):
    """The readable form: x̂ = (x − μ)/√(σ² + ε) over ``dims``, with the mean and the variance, for Tensors."""
    mean, variance = x.mean(dims, keepdim=True), var(x, dims, correction=0, keepdim=True)
    return (x - mean) * rsqrt(variance + eps), mean, variance


def last(ndims):
    """The last ``ndims`` dimensions, counted from the end."""
    return tuple(range(-ndims, 0))


def as_rows(x, ndims):
    """x as a matrix: a row for what the last ``ndims`` dimensions hold."""
    return x.reshape(prod(x.shape[:-ndims]), prod(x.shape[-ndims:]))


@op
class native_layer_norm(Fused):
    """y = w·x̂ + b with the mean and variance over the last ``ndims`` dimensions.   ∂y/∂w = x̂,  ∂y/∂b = 1.

    x (…, D), w (D) or None, b (D) or None → y; μ and 1/√(σ² + ε), a column each.
    """

    public, title, label, kinds, kernel = False, "NativeLayerNorm", "layer_norm", "f", "LayerNormKernelImpl"
    outputs = ("y", "mean", "scale")

    def composite(x, w, b, *, ndims, eps):
        y, _, _ = standardized(x, last(ndims), eps)
        y = y if w is None else y * w
        return y if b is None else y + b

    def forward(xp, x, w, b, *, ndims, eps):
        rows = as_rows(x, ndims)
        count, width = rows.shape
        y, mean, scale = xp.empty(rows.shape, x.dtype), xp.empty((count, 1), x.dtype), xp.empty((count, 1), x.dtype)
        ones = xp.ones(width, x.dtype)  # a product with it is the fastest sum over rows
        for at in row_blocks(xp, rows):
            out = y[at]
            mean[at] = (rows[at] @ ones)[:, None] / width
            xp.subtract(rows[at], mean[at], out=out)
            scale[at] = (xp.row_dots(out, out) / width + eps) ** -0.5
            out *= scale[at]
            if w is not None:
                out *= w.reshape(-1)
            if b is not None:
                out += b.reshape(-1)
        return y.reshape(x.shape), mean, scale

    def grad_all(g, x, w, w_shape, b_shape, mean, scale, ndims, wanted):
        xp, shape, width = namespace(x), x.shape, prod(x.shape[-ndims:])
        x, g = as_rows(x, ndims), as_rows(g, ndims)
        weights = xp.ones(width, x.dtype) if w is None else w.reshape(-1)
        dx, dw, db = xp.empty(x.shape, x.dtype), xp.zeros(width, x.dtype), xp.zeros(width, x.dtype)
        for at in row_blocks(xp, x):
            upstream, m, s = g[at], mean[at], scale[at]
            product = upstream * x[at]
            dw += s[:, 0] @ product - (s * m)[:, 0] @ upstream
            db += xp.ones(len(m), x.dtype) @ upstream
            if wanted[0]:
                out, mean_g = dx[at], (upstream @ weights / width)[:, None]
                by_x = ((product @ weights / width)[:, None] - m * mean_g) * s**3
                xp.multiply(upstream, weights, out=out)
                out *= s
                out -= xp.multiply(x[at], by_x, out=product)
                out -= s * mean_g - m * by_x
        return dx.reshape(shape), dw.reshape(w_shape) if wanted[1] else None, db.reshape(b_shape) if wanted[2] else None

    def samples(t):
        yield case(t(2, 3, 4), t(4), t(4), ndims=1, eps=1e-5)
        yield case(t(2, 3, 4), t(3, 4), None, ndims=2, eps=1e-3)


@op
class native_rms_norm(Fused):
    r"""y = w·x·s with $s = 1/\sqrt{\overline{x^2} + \epsilon}$ over the last ``ndims`` dimensions.   ∂L/∂x = s·(g·w − x·s² mean(g·w·x)).

    x (…, D), w (D) or None → y and s, a column.
    """

    public, title, label, kinds, kernel = False, "Mul", "rms_norm", "f", "rms_norm"  # the name of PyTorch's last node
    outputs = ("y", "scale")

    def composite(x, w, *, ndims, eps):
        y = x * rsqrt(x.pow(2).mean(last(ndims), keepdim=True) + eps)
        return y if w is None else y * w

    def forward(xp, x, w, *, ndims, eps):
        rows = as_rows(x, ndims)
        count, width = rows.shape
        y, scale = xp.empty(rows.shape, x.dtype), xp.empty((count, 1), x.dtype)
        for at in row_blocks(xp, rows):
            scale[at] = (xp.row_dots(rows[at], rows[at]) / width + eps) ** -0.5
            out = y[at]
            xp.multiply(rows[at], scale[at], out=out)
            if w is not None:
                out *= w.reshape(-1)
        return y.reshape(x.shape), scale

    def grad_all(g, x, w, scale, ndims, wanted):
        xp, shape, width = namespace(x), x.shape, prod(x.shape[-ndims:])
        x, g = as_rows(x, ndims), as_rows(g, ndims)
        weights = xp.ones(width, x.dtype) if w is None else w.reshape(-1)
        dx, dw = xp.empty(x.shape, x.dtype), xp.zeros(width, x.dtype)
        for at in row_blocks(xp, x):
            s, product = scale[at], g[at] * x[at]
            dw += s[:, 0] @ product
            if wanted[0]:
                out = dx[at]
                xp.multiply(g[at], weights, out=out)
                out -= xp.multiply(x[at], (product @ weights)[:, None] / width * s * s, out=product)
                out *= s
        return dx.reshape(shape), dw.reshape(w.shape) if wanted[1] else None

    def samples(t):
        yield case(t(2, 3, 4), t(4), ndims=1, eps=1e-5)
        yield case(t(2, 3, 4), None, ndims=2, eps=1e-3)
