r"""Normalisation: numbers are moved and scaled so that their mean is 0 and their variance 1.

With $\hat x = (x - \mu)/\sqrt{\sigma^2 + \epsilon}$ over some dimensions, and bars for means over them:
$\partial L/\partial x = \frac{1}{\sqrt{\sigma^2+\epsilon}}\,(g - \bar g - \hat x\, \overline{g \hat x})$ for a gradient g of x̂.
"""

from math import prod

from ..core.op import Opaque, op
from ..core.tensor import Tensor
from .case import case


def moments(x, dims):
    """Mean and variance over ``dims``, which stay as dimensions of size 1."""
    mean = x.mean(axis=dims, keepdims=True)
    centred = x - mean
    return mean, (centred * centred).mean(axis=dims, keepdims=True)


def current_moments(x, mean, variance, dims):
    """The saved moments; anew if the gradient is itself recorded, for they depend on x as well."""
    return moments(x, dims) if isinstance(x, Tensor) else (mean, variance)


def grad_through_moments(g, x, mean, variance, eps, dims):
    """The gradient of x̂ passed on to x."""
    scale = (variance + eps) ** -0.5
    hat = (x - mean) * scale
    return scale * (g - g.mean(axis=dims, keepdims=True) - hat * (g * hat).mean(axis=dims, keepdims=True))


def all_but_channels(x):
    """The dimensions that a channel's statistics run over: all but dimension 1."""
    return tuple(dim for dim in range(x.ndim) if dim != 1)


def per_channel(v, x):
    """A vector (C) so that it multiplies dimension 1 of x."""
    return v.reshape((1, -1, *(1,) * (x.ndim - 2)))


@op
class batch_norm_train(Opaque):
    """y = w·x̂ + b with the mean and variance of each channel over the batch.   ∂y/∂w = x̂,  ∂y/∂b = 1.

    x (N, C, …), w (C) or None, b (C) or None → y, mean and variance (1, C, 1, …).
    """

    public, title, label, kinds, kernel = False, "NativeBatchNorm", "batch_norm", "f", "batch_norm"
    outputs = ("y", "mean", "variance")

    def forward(xp, x, w, b, *, eps):
        mean, variance = moments(x, all_but_channels(x))
        y = (x - mean) * (variance + eps) ** -0.5
        if w is not None:
            y *= per_channel(w, x)
        if b is not None:
            y += per_channel(b, x)
        return y, mean, variance

    def grad_x(g, x, w, mean, variance, eps):
        dims = all_but_channels(x)
        g = g if w is None else g * per_channel(w, x)
        return grad_through_moments(g, x, *current_moments(x, mean, variance, dims), eps, dims)

    def grad_w(g, x, mean, variance, eps):
        dims = all_but_channels(x)
        mean, variance = current_moments(x, mean, variance, dims)
        return (g * ((x - mean) * (variance + eps) ** -0.5)).sum(axis=dims)

    def grad_b(g):
        return g.sum(axis=all_but_channels(g))

    def samples(t):
        yield case(t(4, 3), t(3), t(3), eps=1e-5)
        yield case(t(3, 2, 2, 2), None, None, eps=1e-3)


@op
class batch_norm_eval(Opaque):
    """y = w·(x − μ)/√(σ² + ε) + b with given moments μ, σ² of shape (C).   ∂y/∂x = w/√(σ² + ε)."""

    public, title, label, native = False, "NativeBatchNorm", "batch_norm", "native_batch_norm"
    kinds, kernel = "f", "batch_norm"

    def forward(xp, x, w, b, running_mean, running_var, *, eps):
        scale = (running_var + eps) ** -0.5
        scale = scale if w is None else scale * w
        shift = -running_mean * scale if b is None else b - running_mean * scale
        return x * per_channel(scale, x) + per_channel(shift, x)

    def grad_x(g, w, running_var, eps):
        scale = (running_var + eps) ** -0.5
        return g * per_channel(scale if w is None else scale * w, g)

    def grad_w(g, x, running_mean, running_var, eps):
        hat = (x - per_channel(running_mean, x)) * per_channel((running_var + eps) ** -0.5, x)
        return (g * hat).sum(axis=all_but_channels(g))

    def grad_b(g):
        return g.sum(axis=all_but_channels(g))

    def samples(t):
        yield case(t(4, 3), t(3), t(3), t(3).detach(), t(3, low=0.5).detach(), eps=1e-5)
        yield case(t(3, 2, 2), None, None, t(2).detach(), t(2, low=0.5).detach(), eps=1e-3)


@op
class native_layer_norm(Opaque):
    """y = w·x̂ + b with the mean and variance over the last ``ndims`` dimensions.   ∂y/∂w = x̂,  ∂y/∂b = 1."""

    public, title, label, kinds, kernel = False, "NativeLayerNorm", "layer_norm", "f", "LayerNormKernelImpl"
    outputs = ("y", "mean", "variance")

    def forward(xp, x, w, b, *, ndims, eps):
        mean, variance = moments(x, last(ndims))
        y = (x - mean) * (variance + eps) ** -0.5
        if w is not None:
            y *= w
        if b is not None:
            y += b
        return y, mean, variance

    def grad_x(g, x, w, mean, variance, ndims, eps):
        g = g if w is None else g * w
        return grad_through_moments(g, x, *current_moments(x, mean, variance, last(ndims)), eps, last(ndims))

    def grad_w(g, x, mean, variance, ndims, eps):
        mean, variance = current_moments(x, mean, variance, last(ndims))
        return g * ((x - mean) * (variance + eps) ** -0.5)  # the engine sums over the other dimensions

    def grad_b(g):
        return g

    def samples(t):
        yield case(t(2, 3, 4), t(4), t(4), ndims=1, eps=1e-5)
        yield case(t(2, 3, 4), t(3, 4), None, ndims=2, eps=1e-3)


@op
class native_group_norm(Opaque):
    """y = w·x̂ + b with the mean and variance of each sample's groups of C/``groups`` channels.   ∂y/∂w = x̂,  ∂y/∂b = 1.

    x (N, C, …), w (C) or None, b (C) or None → y, mean and variance (N, groups, 1).
    """

    public, title, label, kinds, kernel = False, "NativeGroupNorm", "group_norm", "f", "GroupNormKernelImpl"
    outputs = ("y", "mean", "variance")

    def forward(xp, x, w, b, *, groups, eps):
        rows = by_group(x, groups)
        mean, variance = moments(rows, (2,))
        y = ((rows - mean) * (variance + eps) ** -0.5).reshape(x.shape)
        if w is not None:
            y *= per_channel(w, x)
        if b is not None:
            y += per_channel(b, x)
        return y, mean, variance

    def grad_x(g, x, w, mean, variance, groups, eps):
        g = by_group(g if w is None else g * per_channel(w, x), groups)
        rows = by_group(x, groups)
        return grad_through_moments(g, rows, *current_moments(rows, mean, variance, (2,)), eps, (2,)).reshape(x.shape)

    def grad_w(g, x, mean, variance, groups, eps):
        rows = by_group(x, groups)
        mean, variance = current_moments(rows, mean, variance, (2,))
        return (g * ((rows - mean) * (variance + eps) ** -0.5).reshape(x.shape)).sum(axis=all_but_channels(x))

    def grad_b(g):
        return g.sum(axis=all_but_channels(g))

    def samples(t):
        yield case(t(2, 4, 3), t(4), t(4), groups=2, eps=1e-5)
        yield case(t(3, 2), None, None, groups=1, eps=1e-3)


def by_group(x, groups):
    """(N, C, …) as (N, groups, whatever lies in one group)."""
    return x.reshape((x.shape[0], groups, prod(x.shape[1:]) // groups))


def last(ndims):
    """The last ``ndims`` dimensions, counted from the end."""
    return tuple(range(-ndims, 0))


def unbiased(variance, shape):
    """Bessel's correction, n/(n − 1), for the running variance of a channel."""
    count = prod(shape) // shape[1]
    return variance * (count / (count - 1))
