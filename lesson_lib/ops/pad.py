"""Padding: a border around a tensor, of a constant or of its own values."""

from ..core.errors import error
from ..core.op import Opaque, op
from .case import case


def per_dim(pad, ndim):
    """PyTorch's flat (left, right, top, bottom, …), last dimension first, as ((before, after), …), first dimension first."""
    pairs = [tuple(pad[i : i + 2]) for i in range(0, len(pad), 2)]
    return ((0, 0),) * (ndim - len(pairs)) + tuple(reversed(pairs))


@op
class constant_pad_nd(Opaque):
    """A border of ``value``; a negative width cuts off instead.   ∂y/∂x = 1: the border of the gradient is cut off again.

    >>> import lesson_lib as torch
    >>> torch.constant_pad_nd(torch.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """

    method = False

    def signature(input, pad, value=0):
        return input, {"pad": tuple(pad), "value": value}

    def forward(xp, x, *, pad, value):
        widths = per_dim(pad, x.ndim)
        kept = x[tuple(slice(max(0, -before), size - max(0, -after)) for size, (before, after) in zip(x.shape, widths))]
        return xp.pad(kept, [(max(0, before), max(0, after)) for before, after in widths], constant_values=value)

    def grad_x(g, pad):
        return constant_pad_nd(g, tuple(-width for width in pad))

    def samples(t):
        yield case(t(2, 3), (1, 2))
        yield case(t(2, 3), (1, -1, 0, 2), 1.5)


@op
class border_pad(Opaque):
    """A border of the tensor's own values: "reflect" mirrors it, "replicate" repeats its edge, "circular" goes round.

    ∂y/∂x: every copy's gradient is added to the value that was copied.
    """

    public, label = False, "pad"

    def forward(xp, x, *, pad, mode):
        for axis, (before, after) in enumerate(per_dim(pad, x.ndim)):
            if before or after:
                x = xp.take(x, xp.asarray(sources(x.shape[axis], before, after, mode)), axis=axis)
        return x

    def grad_x(g, x_shape, pad, mode):
        return border_fold(g, size=x_shape, pad=pad, mode=mode)

    def samples(t):
        yield case(t(1, 3, 4), pad=(2, 1), mode="reflect")
        yield case(t(1, 2, 3, 4), pad=(1, 1, 2, 0), mode="circular")
        yield case(t(1, 3), pad=(2, 2), mode="replicate")


@op
class border_fold(Opaque):
    """The gradient of ``border_pad``: every value of the border added to the one it was copied from."""

    public = False

    def forward(xp, g, *, size, pad, mode):
        for axis, (before, after) in enumerate(per_dim(pad, g.ndim)):
            if before or after:
                rows = xp.moveaxis(g, axis, 0)
                index = xp.asarray(sources(size[axis], before, after, mode))
                g = xp.moveaxis(xp.scatter_add((size[axis], *rows.shape[1:]), index, rows), 0, axis)
        return xp.ascontiguousarray(g)

    def grad_g(u, pad, mode):
        return border_pad(u, pad=pad, mode=mode)

    def samples(t):
        yield case(t(1, 3, 7), size=(1, 3, 4), pad=(2, 1), mode="reflect")


def sources(size, before, after, mode):
    """For each position of a padded dimension, the position that it copies."""
    if mode == "reflect":
        period = max(1, 2 * size - 2)
        wrapped = [position % period for position in range(-before, size + after)]
        return [position if position < size else period - position for position in wrapped]
    if mode == "replicate":
        return [min(max(position, 0), size - 1) for position in range(-before, size + after)]
    return [position % size for position in range(-before, size + after)]


def pad(input, pad, mode="constant", value=None):
    """A border around the last dimensions: ``pad`` = (left, right, top, bottom, …), the last dimension first.

    ``mode``: "constant" (of ``value``, 0 if not given), "reflect", "replicate" or "circular".

    >>> import lesson_lib as torch
    >>> torch.nn.functional.pad(torch.tensor([[1., 2., 3.]]), (1, 1), mode="reflect")
    tensor([[2., 1., 2., 3., 2.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    pad = tuple(pad)
    if len(pad) % 2:
        raise error("pad_even", length=len(pad))
    if len(pad) > 2 * input.ndim:
        raise error("pad_length", length=len(pad), ndim=input.ndim)
    if mode == "constant":
        return constant_pad_nd(input, pad, value or 0)
    if value:
        raise error("pad_value", mode=mode)
    if mode not in ("reflect", "replicate", "circular"):
        raise error("pad_mode", mode=mode)
    _check_border(tuple(input.shape), pad, mode)
    return border_pad(input, pad=pad, mode=mode)


def _check_border(shape, pad, mode):
    if not len(pad) // 2 < len(shape) <= len(pad) // 2 + 2:
        raise error("pad_dims", length=len(pad), ndim=len(shape))
    for dim, (before, after) in enumerate(per_dim(pad, len(shape))):
        size = shape[dim]
        if mode == "reflect" and max(before, after) >= size:
            raise error("pad_reflect", before=before, after=after, dim=dim, shape=list(shape))
        if mode == "circular" and max(before, after) > size:
            raise error("pad_circular")
