"""Adaptive pooling: the output's size is given, and the windows are cut to make it. One declaration for images, inherited for volumes."""

from ..core.errors import error
from ..core.op import Opaque, op
from ..core.uneven import largest, span_mean, span_mean_backward, span_taps
from .case import case
from .pool import as_batch, max_pool_scatter
from .spatial import integers, negative_size
from .view import squeeze, unsqueeze


@op
class adaptive_avg_windows2d(Opaque):
    """The mean of each window; window i of n runs from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.   ∂y/∂x = 1/pixels for each window that a pixel lies in."""

    public, label, title, kinds, kernel = False, "adaptive_avg_pool2d", "AdaptiveAvgPool2D", "f", "adaptive_avg_pool2d"

    def forward(xp, x, *, output):
        dims = len(output)
        if 0 in output:
            return xp.zeros((*x.shape[:-dims], *output), dtype=x.dtype)
        return span_mean(xp, as_batch(x, dims), output).reshape(*x.shape[:-dims], *output)

    def grad_x(g, x_shape, output):
        spread = adaptive_avg_spread2d if len(output) == 2 else adaptive_avg_spread3d
        return spread(g, size=x_shape, output=output)

    def samples(t):
        yield case(t(2, 2, 5, 4), output=(2, 3))
        yield case(t(2, 3, 4), output=(5, 2))
        yield case(t(2, 3, 4), output=(0, 2))


@op
class adaptive_avg_windows3d(adaptive_avg_windows2d.op):
    """The same for volumes."""

    label, title, kernel = "adaptive_avg_pool3d", "AdaptiveAvgPool3D", "adaptive_avg_pool3d_cpu"

    def samples(t):
        yield case(t(1, 2, 3, 5, 4), output=(2, 2, 3))


@op
class adaptive_avg_spread2d(Opaque):
    """The gradient of adaptive mean pooling: every window's share for each of its elements."""

    public, title = False, "AdaptiveAvgPool2DBackwardBackward0"

    def forward(xp, g, *, size, output):
        dims = len(output)
        return span_mean_backward(xp, as_batch(g, dims), size[-dims:]).reshape(size)

    def grad_g(u, output):
        windows = adaptive_avg_windows2d if len(output) == 2 else adaptive_avg_windows3d
        return windows(u, output=output)

    def samples(t):
        yield case(t(2, 2, 3), size=(2, 5, 4), output=(2, 3))


@op
class adaptive_avg_spread3d(adaptive_avg_spread2d.op):
    """The same for volumes."""

    title = "AdaptiveAvgPool3DBackwardBackward0"

    def samples(t):
        yield case(t(1, 2, 2, 3), size=(1, 3, 5, 4), output=(2, 2, 3))


@op
class adaptive_max_windows2d(Opaque):
    """The largest value of each window, and where it stood; the windows are those of the means.   ∂y/∂x is 1 there and 0 elsewhere."""

    public, label, title, outputs = False, "adaptive_max_pool2d", "AdaptiveMaxPool2D", ("y", "indices")
    kinds, kernel = "f", "adaptive_max_pool2d"

    def forward(xp, x, *, output):
        shape = (*x.shape[: -len(output)], *output)
        if 0 in output:
            return xp.zeros(shape, dtype=x.dtype), xp.zeros(shape, dtype=xp.int64)
        y, indices = largest(xp, as_batch(x, len(output)), span_taps(xp, x.shape[-len(output) :], output))
        return y.reshape(shape), indices.reshape(shape)

    def grad_x(g, indices, x_shape, output):
        return max_pool_scatter(g, indices, size=x_shape, dims=len(output))

    def samples(t):
        yield case(t(2, 2, 5, 4), output=(2, 3))
        yield case(t(2, 3, 4), output=(5, 2))


@op
class adaptive_max_windows3d(adaptive_max_windows2d.op):
    """The same for volumes."""

    label, title, kernel = "adaptive_max_pool3d", "AdaptiveMaxPool3D", "adaptive_max_pool3d_cpu"

    def samples(t):
        yield case(t(1, 2, 3, 5, 4), output=(2, 2, 3))


def adaptive_avg_pool1d(input, output_size):
    """Means of windows that tile the sequence so that the output has ``output_size`` elements: (N, C, L) → (N, C, output_size); N may be missing.

    Window i of n runs from ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉.

    >>> import lesson_lib as torch
    >>> torch.adaptive_avg_pool1d(torch.tensor([[1., 2., 3.]]), 2)
    tensor([[1.5000, 2.5000]])

    Errors: RuntimeError for a wrong number of dimensions or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
    """
    output = _size_1d("adaptive_avg_pool1d", input, output_size)
    return squeeze(_avg_pool(unsqueeze(input, -2), output, adaptive_avg_windows2d), -2)


def adaptive_avg_pool2d(input, output_size):
    """Means of windows that tile the image so that the output is (…, *output_size); None keeps a dimension's size.

    Window i of n runs from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(16.).view(1, 4, 4), 1)
    tensor([[[7.5000]]])

    Errors: ValueError or RuntimeError for a wrong number of dimensions or sizes, or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
    """
    output = _sizes(input, output_size, 2)
    _check_count(output, 2, "adaptive_avg_pool2d: output_size must be")
    return _avg_pool(input, output, adaptive_avg_windows2d)


def adaptive_avg_pool3d(input, output_size):
    """Means of windows that tile the volume so that the output is (…, *output_size); None keeps a dimension's size.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.arange(8.).view(1, 2, 2, 2), (1, 1, 2))
    tensor([[[[3., 4.]]]])

    Errors: ValueError or RuntimeError for a wrong number of dimensions or sizes, or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
    """
    output = _sizes(input, output_size, 3)
    _check_count(output, 3, "adaptive_avg_pool3d: output_size must be")
    return _avg_pool(input, output, adaptive_avg_windows3d)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest values of windows that tile the sequence: (N, C, L) → (N, C, output_size); N may be missing.

    ``return_indices`` also gives the positions. The windows are those of ``adaptive_avg_pool1d``.

    >>> import lesson_lib as torch
    >>> torch.adaptive_max_pool1d(torch.tensor([[1., 4., 3.]]), 2, return_indices=True)
    (tensor([[4., 4.]]), tensor([[1, 1]]))

    Errors: RuntimeError for a wrong number of dimensions or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
    """
    output = _size_1d("adaptive_max_pool1d", input, output_size)
    _check_elements(input, "adaptive_max_pool1d", first=1)
    y, indices = _max_pool(unsqueeze(input, -2), output, adaptive_max_windows2d)
    return (squeeze(y, -2), squeeze(indices, -2)) if return_indices else squeeze(y, -2)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest values of windows that tile the image so that the output is (…, *output_size); None keeps a dimension's size.

    ``return_indices`` also gives the positions, counted within a plane. The windows are those of ``adaptive_avg_pool2d``.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.adaptive_max_pool2d(torch.arange(16.).view(1, 4, 4), 1)
    tensor([[[15.]]])

    Errors: ValueError or RuntimeError for a wrong number of dimensions or sizes, or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
    """
    output = _sizes(input, output_size, 2)
    _check_dims(input, 2, "adaptive_max_pool2d", colon=":")
    _check_elements(input, "adaptive_max_pool2d", first=1)
    _check_count(output, 2, "adaptive_max_pool2d(): internal error: output_size.size() must be")
    results = _max_pool(input, output, adaptive_max_windows2d)
    return results if return_indices else results[0]


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest values of windows that tile the volume so that the output is (…, *output_size); None keeps a dimension's size.

    ``return_indices`` also gives the positions, counted within a volume.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.adaptive_max_pool3d(torch.arange(8.).view(1, 2, 2, 2), (1, 1, 2))
    tensor([[[[6., 7.]]]])

    Errors: ValueError or RuntimeError for a wrong number of dimensions or sizes, or a negative size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
    """
    output = _sizes(input, output_size, 3)
    _check_dims(input, 3, "adaptive_max_pool3d", colon=":")
    _check_elements(input, "adaptive_max_pool3d", first=1)
    _check_count(output, 3, "adaptive_max_pool3d(): internal error: output_size.size() must be")
    results = _max_pool(input, output, adaptive_max_windows3d)
    return results if return_indices else results[0]


def _avg_pool(input, output, windows):
    """Means, with PyTorch's checks. A single window is all there is, so its mean is ``mean``."""
    dims, name = len(output), windows.op.label
    if min(output) < 0:
        raise error("adaptive_pool_negative", name=name, found=", ".join(map(str, output[:2])) + "".join(f",{n}" for n in output[2:]))
    if set(output) == {1}:
        return input.mean(tuple(range(-1, -dims - 1, -1)), keepdim=True)
    _check_dims(input, dims, name, colon="")
    _check_elements(input, name, first=input.ndim - 2 if dims == 2 else 1)
    return windows.op.raw(input, output=output)


def _max_pool(input, output, windows):
    """Largest values and their positions, with PyTorch's checks."""
    if min(output) < 0:
        raise negative_size((*input.shape[: -len(output)], *output))
    return windows.op.raw(input, output=output)


def _size_1d(name, input, output_size):
    """(1, size): a sequence is an image of height 1."""
    if input.ndim not in (2, 3):
        raise error("pool_dims_1d", ndim=input.ndim, name=name)
    output = integers(name, "output_size", output_size)
    if len(output) != 1:
        raise error("adaptive_pool_count", message=f"{name}() argument 'output_size' should contain one int (got {len(output)})")
    return (1, *output)


def _sizes(input, output_size, dims):
    """One size for each dimension, where None stands for the input's; a single number stands for all."""
    if isinstance(output_size, int):
        return (output_size,) * dims
    if input.ndim <= len(output_size):
        raise error("adaptive_pool_least", least=len(output_size) + 1)
    return tuple(size if wanted is None else wanted for wanted, size in zip(output_size, input.shape[-len(output_size) :]))


def _check_count(output, dims, message):
    if len(output) != dims:
        raise error("adaptive_pool_count", message=f"{message} {dims}")


def _check_dims(input, dims, name, colon):
    if input.ndim not in (dims + 1, dims + 2):
        raise error("adaptive_pool_dims", name=name, single=dims + 1, batch=dims + 2, colon=colon, shape=list(input.shape))


def _check_elements(input, name, first):
    """From the dimension ``first`` on, none is empty."""
    for dim in range(first, input.ndim):
        if not input.shape[dim]:
            raise error("adaptive_pool_empty", name=name, shape=list(input.shape), dim=dim)
