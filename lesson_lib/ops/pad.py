"""Padding: a border around a tensor, of a constant or of its own values."""

from ..core.errors import error
from ..core.op import Opaque, op
from .case import case
from .spatial import integers, negative_size


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
        pad = integers("constant_pad_nd", "pad", pad, lone=False)
        if len(pad) % 2 or len(pad) > 2 * input.ndim:
            few = f"no more than twice the number of dimensions of the input. Pad length is {len(pad)}while the input has {input.ndim}dimensions."
            raise error("pad_count", message=f"must be even but instead it equals {len(pad)}" if len(pad) % 2 else f"should be {few}")
        return input, {"pad": pad, "value": value}

    def forward(xp, x, *, pad, value):
        widths = per_dim(pad, x.ndim)
        if any(size + min(before, 0) + min(after, 0) < 0 for size, (before, after) in zip(x.shape, widths)):
            raise error("pad_too_small", message="narrow(): length must be non-negative.")
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
                x = xp.take(x, xp.asarray(sources(x.shape[axis], before, after, mode), dtype=xp.int64), axis=axis)
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
                index = xp.asarray(sources(size[axis], before, after, mode), dtype=xp.int64)
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
    """A border around the last dimensions: ``pad`` = (left, right, top, bottom, …), the last dimension first; negative widths cut off.

    ``mode``: "constant" (of ``value``, 0 if not given), "reflect", "replicate" or "circular".

    >>> import lesson_lib as torch
    >>> torch.nn.functional.pad(torch.tensor([[1., 2., 3.]]), (1, 1), mode="reflect")
    tensor([[2., 1., 2., 3., 2.]])

    Errors: RuntimeError for widths that do not fit the input, NotImplementedError for a mode or a number of dimensions that there is not.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    pad = integers("pad", "pad", pad, lone=False)
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
    if len(pad) not in (2, 4, 6) or input.ndim - len(pad) // 2 not in (1, 2):
        raise error("pad_dims", length=len(pad), ndim=input.ndim)
    if mode == "circular":
        return _wrapped(input, pad)
    _check_border(input, pad, mode)
    return border_pad(input, pad=pad, mode=mode)


def _wrapped(input, pad):
    """What is cut off is gone before the rest goes round."""
    widths = per_dim(pad, input.ndim)
    if any(max(pair) > size for size, pair in zip(input.shape, widths)):
        raise error("pad_circular")
    if any(size + sum(pair) < 0 or 0 < -min(pair) >= size < size + max(pair) for size, pair in zip(input.shape, widths)):
        raise error("pad_too_small", message="Negative padding value is resulting in an empty dimension")
    if min(pad) < 0:
        input, pad = constant_pad_nd(input, [min(width, 0) for width in pad]), tuple(max(width, 0) for width in pad)
    return border_pad(input, pad=pad, mode="circular")


def _check_border(input, pad, mode):
    """PyTorch's checks for the modes that copy from the tensor."""
    dims, shape = len(pad) // 2, list(input.shape)
    sizes, widths = shape[-dims:], per_dim(pad, dims)
    if 0 in shape[-dims - 1 :]:
        raise error("pad_empty", single=dims + 1, batch=dims + 2, shape=shape)
    for back, (size, (before, after)) in enumerate(zip(reversed(sizes), reversed(widths))):
        if mode == "reflect" and max(before, after) >= size:
            raise error("pad_reflect", number=4 + 2 * back, before=before, after=after, dim=len(shape) - 1 - back, shape=shape)
    results = [size + before + after for size, (before, after) in zip(sizes, widths)]
    if max(results) < 1:
        after = " ".join(f"{axis}: {n}" for axis, n in zip("DHW"[-dims:], results))
        before = "".join(f"{axis}: {n}{end}" for axis, n, end in zip("DHW"[-dims:], sizes, (" ", ", ", "")[-dims:]))
        space = " " if mode == "replicate" and dims == 2 else ""  # PyTorch's own
        raise error("pad_too_small", message=f"input ({before}{space}) is too small. Calculated output {after}")
    if min(results) < 0:
        raise negative_size((*shape[:-dims], *results))
    if input._a.dtype.kind == "b":
        kernel = {"reflect": "reflection", "replicate": "replication"}[mode]
        raise error("not_implemented_for", kernel=f"{kernel}_pad{dims}d", dtype="Bool")
