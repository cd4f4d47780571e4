"""Windows as columns: ``unfold`` lays each window of an image out as a column of numbers, ``fold`` adds the columns up into an image again.

A convolution is a matrix product with these columns.
"""

from math import prod

from ..core.errors import error
from ..core.op import Opaque, op
from ..core.patches import fold as fold_windows
from ..core.patches import windows
from ..core.window import conv_length
from .case import case
from .pool import as_batch
from .spatial import integers


@op
class im2col(Opaque):
    """Each window of an image as a column: x (N, C, H, W) → y (N, C·kh·kw, L).   ∂y/∂x: ``col2im``, for a number may be in several windows."""

    public, label, title, kinds, kernel = False, "unfold", "Im2Col", "fcb", "im2col_out_cpu"

    def forward(xp, x, *, kernel, stride, padding, dilation):
        lengths = block_counts(x.shape[-2:], kernel, stride, padding, dilation)
        columns = windows(xp, as_batch(x, 2), kernel, stride, padding, dilation, lengths)  # (N, C, kh·kw, Ho, Wo)
        return columns.reshape(*x.shape[:-3], x.shape[-3] * prod(kernel), prod(lengths))

    def grad_x(g, x_shape, kernel, stride, padding, dilation):
        return col2im(g, size=x_shape[-2:], kernel=kernel, stride=stride, padding=padding, dilation=dilation)

    def samples(t):
        yield case(t(2, 2, 4, 5), kernel=(2, 3), stride=(2, 1), padding=(1, 0), dilation=(1, 2))
        yield case(t(1, 3, 3), kernel=(2, 2), stride=(1, 1), padding=(0, 0), dilation=(1, 1))


@op
class col2im(Opaque):
    """Columns added up into an image of ``size``: x (N, C·kh·kw, L) → y (N, C, H, W).   ∂y/∂x: ``im2col``."""

    public, label, title, kinds, kernel = False, "fold", "Col2Im", "fcb", "col2im_out_cpu"

    def forward(xp, x, *, size, kernel, stride, padding, dilation):
        columns, count = as_batch(x, 1), prod(kernel)
        shape = (columns.shape[0], columns.shape[1] // count, *size)
        lengths = block_counts(size, kernel, stride, padding, dilation)
        y = fold_windows(xp, columns.reshape(*shape[:2], count, *lengths), shape, kernel, stride, padding, dilation)
        return y if x.ndim == 3 else y[0]

    def grad_x(g, kernel, stride, padding, dilation):
        return im2col(g, kernel=kernel, stride=stride, padding=padding, dilation=dilation)

    def samples(t):
        yield case(t(2, 8, 6), size=(3, 4), kernel=(2, 2), stride=(1, 1), padding=(0, 0), dilation=(1, 1))


def block_counts(size, kernel, stride, padding, dilation):
    """How many windows there are along the height and along the width."""
    return tuple(conv_length(*axis) for axis in zip(size, kernel, stride, padding, dilation))


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Each window of an image as a column: (N, C, H, W) → (N, C·kh·kw, L) for L windows; N may be missing.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.unfold(torch.arange(6.).view(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
    """
    kernel, dilation, padding, stride = _settings("im2col", kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    if input.ndim < 3:
        raise error("dim_range", low=-input.ndim, high=input.ndim - 1, dim=2, ndim=input.ndim)
    if input.ndim > 4 or 0 in input.shape[-3:]:
        raise error("unfold_dims", shape=list(input.shape))
    blocks = block_counts(input.shape[-2:], kernel, stride, padding, dilation)
    if min(blocks) < 1:
        numbers = {"input": input.shape[-2:], "kernel": kernel, "dilation": dilation, "padding": padding, "blocks": blocks}
        raise error("unfold_size", **_shown(numbers))
    return im2col.op.raw(input, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns added up into an image of ``output_size``: (N, C·kh·kw, L) → (N, C, H, W); N may be missing. Where windows overlap, they add.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.fold(torch.ones(4, 2), (2, 3), 2)
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])

    Errors: RuntimeError for columns that are not the windows of an image of that size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
    """
    given = {"output_size": output_size, "kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    size, kernel, dilation, padding, stride = _settings("col2im", **given)
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise error("fold_dims", shape=list(input.shape))
    rows, columns = input.shape[-2:]
    if rows % prod(kernel):
        raise error("fold_channels", found=rows, **_shown({"kernel": kernel}))
    blocks = block_counts(size, kernel, stride, padding, dilation)
    if prod(blocks) != columns or min(blocks) < 1:
        numbers = {"output": size, "kernel": kernel, "dilation": dilation, "padding": padding, "stride": stride}
        raise error("fold_blocks", blocks=" * ".join(map(str, blocks)), count=prod(blocks), found=columns, **_shown(numbers))
    return col2im.op.raw(input, size=size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


#: option -> what messages call it, and its least value
_LEAST = {
    "kernel_size": ("kernel size", "kernel", 1),
    "dilation": ("dilation", "dilation", 1),
    "padding": ("padding", "pad", 0),
    "stride": ("stride", "stride", 1),
}


def _settings(name, **options):
    """Each option as a number for the height and one for the width."""
    found = {}
    for option, value in options.items():
        found[option] = integers(name, option, value if hasattr(value, "__iter__") else (value, value))
        if len(found[option]) != 2:
            raise error("fold_count", name=option, found=len(found[option]))
    for option, (title, word, least) in _LEAST.items():
        height, width = found[option]
        if min(height, width) < least:
            wanted = "greater than zero" if least else "non-negative"
            raise error("fold_option", message=f"{title} should be {wanted}, but got {word}_height: {height} {word}_width: {width}")
    return found.values()


def _shown(numbers):
    """Pairs as a message shows them."""
    return {name: ", ".join(map(str, pair)) for name, pair in numbers.items()}
