"""Fractional max pooling: the windows start at random steps, so that the output may have any size.

Source: B. Graham, "Fractional Max-Pooling", 2014, https://arxiv.org/abs/1412.6071
"""

from ..core.errors import error
from ..core.op import Opaque, op
from ..core.uneven import fractional_taps, largest
from .case import case, constant
from .pool import as_batch, max_pool_scatter
from .random import rand
from .spatial import negative_size, numbers

_AXES = {2: ("height", "width"), 3: ("time", "height", "width")}
_LOOKS = {2: (0, 1), 3: (0, 2, 1)}  # the order in which PyTorch looks at the dimensions


@op
class fractional_max_windows2d(Opaque):
    """The largest value of each window, and where it stood; ``u`` (N, C, 2) in [0, 1) places the windows.   ∂y/∂x is 1 there and 0 elsewhere."""

    public, label, title, outputs = False, "fractional_max_pool2d", "FractionalMaxPool2D", ("y", "indices")
    kinds, kernel = "f", "fractional_max_pool2d_out_frame"

    def forward(xp, x, u, *, kernel, output):
        batch = as_batch(x, len(kernel))
        u = u[: len(batch), :, ::-1] if len(kernel) == 2 else u[: len(batch)]  # PyTorch's numbers for images begin with the width
        y, indices = largest(xp, batch, fractional_taps(xp, u, batch.shape[2:], kernel, output))
        return (y, indices) if x.ndim == batch.ndim else (y[0], indices[0])

    def grad_x(g, indices, x_shape, kernel):
        return max_pool_scatter(g, indices, size=x_shape, dims=len(kernel))

    def samples(t):
        yield case(t(2, 2, 6, 5), constant(t(2, 2, 2, low=0, high=1)), kernel=(2, 2), output=(3, 2))
        yield case(t(2, 6, 5), constant(t(1, 2, 2, low=0, high=1)), kernel=(2, 3), output=(4, 1))


@op
class fractional_max_windows3d(fractional_max_windows2d.op):
    """The same for volumes, with ``u`` (N, C, 3)."""

    label, title, kernel = "fractional_max_pool3d", "FractionalMaxPool3D", "fractional_max_pool3d_out_frame"

    def samples(t):
        yield case(t(1, 2, 4, 6, 5), constant(t(1, 2, 3, low=0, high=1)), kernel=(2, 2, 1), output=(2, 3, 4))


def fractional_max_pool2d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
    """The largest value of each of ``output_size`` windows, which start at random steps: (N, C, H, W) → (N, C, *output_size); N may be missing.

    ``output_ratio``, two numbers between 0 and 1, may stand for the size. ``return_indices`` also gives the positions, counted within a plane.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.fractional_max_pool2d(torch.arange(9.).view(1, 3, 3), 2, output_size=2)
    tensor([[[4., 5.],
             [7., 8.]]])

    Errors: ValueError without size and ratio, RuntimeError for windows that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
    """
    if output_size is None and output_ratio is not None and len(output_ratio) > 2:
        raise error("fractional_ratio", name="fractional_max_pool2d")
    return _fractional(fractional_max_windows2d, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
    """The largest value of each of ``output_size`` windows of a volume: (N, C, D, H, W) → (N, C, *output_size); N may be missing.

    The options are those of ``fractional_max_pool2d``; a single ``output_ratio`` stands for all three dimensions.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.fractional_max_pool3d(torch.arange(27.).view(1, 3, 3, 3), 2, output_size=1)
    tensor([[[[26.]]]])

    Errors: ValueError without size and ratio, RuntimeError for windows that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
    """
    if isinstance(output_ratio, float):
        output_ratio = (output_ratio,) * 3
    return _fractional(fractional_max_windows3d, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def _fractional(windows, input, kernel_size, output_size, output_ratio, return_indices, samples):
    """Sizes, random numbers, PyTorch's checks, and the windows."""
    name, dims = windows.op.label, 2 if windows is fractional_max_windows2d else 3
    if output_size is None:
        if output_ratio is None:
            raise error("fractional_size", name=name)
        output_size = [int(size * ratio) for size, ratio in zip(input.shape[-dims:], (output_ratio[dim] for dim in range(dims)))]
    if samples is None:
        if input.ndim <= dims:
            raise error("dim_range", low=-input.ndim, high=input.ndim - 1, dim=-dims - 1, ndim=input.ndim)
        batch = 1 if input.ndim == dims + 1 else input.shape[0]
        samples = rand(batch, input.shape[-dims - 1], dims, dtype=input.dtype, device=input.device)
    kernel, output = (_counted(name, dims, *pair) for pair in (("kernel_size", kernel_size), ("output_size", output_size)))
    _check(name, dims, input, kernel, output)
    _check_samples(dims, input, samples)
    results = windows.op.raw(input, samples, kernel=kernel, output=output)
    return results if return_indices else results[0]


def _counted(name, dims, argument, value):
    found = numbers(value, dims)
    if found is None:
        raise error("fractional_count", name=name, argument=argument, many="three " if dims == 3 else "")
    return found


def _check(name, dims, input, kernel, output):
    called = f"{name}()" if dims == 2 else f"{name}_out()"
    if input.ndim not in (dims + 1, dims + 2):
        raise error("fractional_dims", name=called, single=dims + 1, batch=dims + 2, shape=list(input.shape))
    for dim in range(input.ndim - dims - 1, input.ndim):
        if not input.shape[dim]:
            raise error("fractional_empty", name=called, shape=list(input.shape), dim=dim)
    sizes = input.shape[-dims:]
    for dim in _LOOKS[dims]:
        if output[dim] + kernel[dim] > sizes[dim] + (dims == 2):  # in a volume PyTorch wants one element to spare
            raise error("fractional_window", name=called, dim=_AXES[dims][dim], kernel=kernel[dim], size=sizes[dim])
    if min(kernel) < 1:
        raise error("pool_option", message=f"kernel size should be greater than zero, but got {list(kernel)}")
    if min(output) < 0:
        raise negative_size((*input.shape[:-dims], *output))


def _check_samples(dims, input, samples):
    """One random number for each image, channel and dimension."""
    batch, channels = 1 if input.ndim == dims + 1 else input.shape[0], input.shape[-dims - 1]
    sizes = (*samples.shape, 0, 0, 0)
    for wrong, message in (
        (samples.dtype != input.dtype, " to have the same dtype as input"),
        (samples.ndim != 3, f" to have 3 dimensions, got {samples.ndim}"),
        (sizes[0] < batch, ".size(0) no less then input batch size."),
        (sizes[1] != channels, ".size(1) equals to input channel size."),
        (sizes[2] != dims, f".size(2) equals to {dims}; got {sizes[2]}."),
    ):
        if wrong:
            raise error("fractional_samples", message=message)
