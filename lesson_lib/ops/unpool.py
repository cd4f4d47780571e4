"""Max unpooling: the pooled values go back to where they stood, and everything else is 0."""

from math import prod

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Opaque, op
from .case import case
from .pool import max_pool_gather
from .spatial import integers
from .view import squeeze, unsqueeze

_NAMES = {2: "two elements (height, width)", 3: "three elements (depth, height, width)"}


@op
class max_unpool2d_places(Opaque):
    """Each value at its position, y[i] = x, and 0 elsewhere.   ∂y/∂x: the gradient at that position.

    x (…, Ho, Wo), indices of the same shape, counted within the planes of y = (…, *size).
    """

    public, label, title = False, "max_unpool2d", "MaxUnpool2D"

    def forward(xp, x, indices, *, size):
        dims = len(size)
        pixels, rows = prod(size), (prod(x.shape[:-dims]), prod(x.shape[-dims:]))
        outside = (indices < 0) | (indices >= pixels)
        if outside.any():
            raise error("unpool_range", index=int(indices[outside][0]), size="x".join(map(str, size)))
        y = xp.zeros((rows[0], pixels), dtype=x.dtype)
        y[xp.arange(rows[0])[:, None], indices.reshape(rows)] = x.reshape(rows)
        return y.reshape(*x.shape[:-dims], *size)

    def grad_x(g, indices, size):
        return max_pool_gather(g, indices, dims=len(size))

    def samples(t):
        yield case(t(2, 1, 2, 1), t(2, 1, 2, 1, low=0, high=9, dtype="int64"), size=(3, 3))


@op
class max_unpool3d_places(max_unpool2d_places.op):
    """The same for volumes."""

    label, title = "max_unpool3d", "MaxUnpool3D"

    def samples(t):
        yield case(t(2, 1, 1, 1, 2), t(2, 1, 1, 1, 2, low=0, high=12, dtype="int64"), size=(2, 2, 3))


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Undo ``max_pool1d``: each value stands at its index again, everything else is 0. input, indices (N, C, L) or (C, L) → (N, C, Lo).

    ``output_size`` chooses among the lengths that pooling makes the input's length of.

    >>> import lesson_lib as torch
    >>> y, indices = torch.nn.functional.max_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool1d(y, indices, 2)
    tensor([[0., 3., 2., 0.]])

    Errors: RuntimeError for indices of another shape or out of range, ValueError for an impossible ``output_size``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
    """
    size = _output_size("max_unpool1d", 1, input, kernel_size, stride, padding, output_size)
    return squeeze(_unpool(max_unpool2d_places, unsqueeze(input, -1), unsqueeze(indices, -1), [*size, 1], 2), -1)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Undo ``max_pool2d``: each value stands at its index again, everything else is 0. input, indices (N, C, H, W) or (C, H, W).

    ``output_size`` chooses among the sizes that pooling makes the input's size of.

    >>> import lesson_lib as torch
    >>> y, indices = torch.nn.functional.max_pool2d(torch.arange(4.).view(1, 2, 2), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool2d(y, indices, 2)
    tensor([[[0., 0.],
             [0., 3.]]])

    Errors: RuntimeError for indices of another shape or out of range, ValueError for an impossible ``output_size``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
    """
    size = _output_size("max_unpool2d", 2, input, kernel_size, stride, padding, output_size)
    return _unpool(max_unpool2d_places, input, indices, size, 2)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Undo ``max_pool3d``: each value stands at its index again, everything else is 0. input, indices (N, C, D, H, W) or (C, D, H, W).

    ``output_size`` chooses among the sizes that pooling makes the input's size of.

    >>> import lesson_lib as torch
    >>> y, indices = torch.nn.functional.max_pool3d(torch.arange(8.).view(1, 2, 2, 2), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool3d(y, indices, 2)[0, 1]
    tensor([[0., 0.],
            [0., 7.]])

    Errors: RuntimeError for indices of another shape or out of range, ValueError for an impossible ``output_size``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
    """
    size = _output_size("max_unpool3d", 3, input, kernel_size, stride, padding, output_size)
    if min(integers("max_unpool3d", "stride", stride if stride is not None else kernel_size)) <= 0:
        raise error("unpool_option", message=f"strides should be greater than zero, but got stride: {list(_settings(3, stride))}")
    return _unpool(max_unpool3d_places, input, indices, size, 3)


def _settings(dims, value):
    """As many numbers as dimensions; another count stays as it is."""
    return (value,) * dims if isinstance(value, int) else tuple(value)


def _output_size(name, dims, input, kernel_size, stride, padding, wanted):
    """The size given, or the one that pooling with these settings most likely came from."""
    kernel, padding = _settings(dims, kernel_size), _settings(dims, padding)
    stride = kernel if stride is None else _settings(dims, stride)
    usual = [(n - 1) * s + k - 2 * p for n, k, s, p in zip(input.shape[-len(kernel) :], kernel, stride, padding)]
    for dim, size in enumerate(usual):
        if size < 0:
            raise error("unpool_negative", dim=dim, size=size)
    if wanted is None:
        return usual
    if len(wanted) == dims + 2:
        wanted = wanted[2:]
    if len(wanted) != dims:
        raise error("unpool_count", few=dims, many=dims + 2, found=len(wanted))
    for dim, (size, middle, step) in enumerate(zip(wanted, usual, stride)):
        if not middle - step < size < middle + step:
            raise error("unpool_size", size=list(wanted), dim=dim, low=middle - step, high=middle + step)
    return wanted


def _unpool(places, input, indices, size, dims):
    """PyTorch's checks, then each value at its place."""
    if indices._a.dtype != "int64":
        found = f" but got: {from_numpy_dtype(indices._a.dtype).title}" if dims == 2 else ""
        raise error("unpool_indices", found=found)
    if len(size) != dims:
        raise error("unpool_option", message=f"There should be exactly {_NAMES[dims]} in output_size, but got {len(size)} elements.")
    if input.ndim not in (dims + 1, dims + 2):
        raise error("unpool_dims", n=dims, single=dims + 1, batch=dims + 2, ndim=input.ndim)
    if input.shape != indices.shape:
        raise error("unpool_shape", input=list(input.shape), found=list(indices.shape))
    for dim in range(1, input.ndim):
        if not input.shape[dim]:
            raise error("unpool_empty", n=dims, shape=list(input.shape), dim=dim)
    if input._a.dtype.kind not in "fV":
        raise error("not_implemented_for", kernel=f"max_unpool{dims}d", dtype=from_numpy_dtype(input._a.dtype).title)
    return places.op.raw(input, indices, size=tuple(size))
