"""Elements that change places between channels and space: nothing is computed, so each gradient just goes back where it came from."""

from ..core.errors import error
from ..core.op import Op, op
from .case import case


class Shuffle(Op):
    """A rearrangement of x (…, C, H, W)."""

    method = False


@op
class pixel_shuffle(Shuffle):
    """Channels become pixels: x (…, C·r², H, W) → y (…, C, H·r, W·r) with y[c, h·r + i, w·r + j] = x[c·r² + i·r + j, h, w].

    >>> import lesson_lib as torch
    >>> torch.pixel_shuffle(torch.tensor([1, 2, 3, 4]).view(4, 1, 1), 2)
    tensor([[[1, 2],
             [3, 4]]])

    Errors: RuntimeError if the channels do not divide by r².
    Source: W. Shi et al., https://arxiv.org/abs/1609.05158; https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
    """

    def signature(input, upscale_factor):
        _check_ndim("pixel_shuffle", input, "upscale_factor", upscale_factor)
        if input.shape[-3] % upscale_factor**2:
            raise error("pixel_shuffle", channels=input.shape[-3], square=upscale_factor**2)
        return input, {"upscale_factor": upscale_factor}

    def forward(xp, x, *, upscale_factor):
        r = upscale_factor
        *batch, channels, height, width = x.shape
        apart = x.reshape((*batch, channels // r**2, r, r, height, width))
        return xp.moveaxis(apart, (-4, -3), (-3, -1)).reshape((*batch, channels // r**2, height * r, width * r)).copy()

    def grad_x(g, upscale_factor):
        return pixel_unshuffle.op.raw(g, downscale_factor=upscale_factor)

    def samples(t):
        yield case(t(2, 8, 3, 2), 2)
        yield case(t(9, 2, 2), 3)
        yield case(t(1, 2, 2), 1)

    def errors(t):
        yield case(t(2, 2), 2), RuntimeError, "pixel_shuffle expects input to have at least 3 dimensions, but got input with 2 dimension(s)"
        yield case(t(3, 2, 2), 2), RuntimeError, "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of"
        yield case(t(4, 2, 2), 0), RuntimeError, "pixel_shuffle expects a positive upscale_factor, but got 0"


@op
class pixel_unshuffle(Shuffle):
    """Pixels become channels, the way back from ``pixel_shuffle``: x (…, C, H·r, W·r) → y (…, C·r², H, W), y[c·r² + i·r + j, h, w] = x[c, h·r + i, w·r + j].

    >>> import lesson_lib as torch
    >>> torch.pixel_unshuffle(torch.tensor([[[1, 2], [3, 4]]]), 2).flatten()
    tensor([1, 2, 3, 4])

    Errors: RuntimeError if the height or the width does not divide by r.
    Source: W. Shi et al., https://arxiv.org/abs/1609.05158; https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
    """

    def signature(input, downscale_factor):
        _check_ndim("pixel_unshuffle", input, "downscale_factor", downscale_factor)
        for name, dim in (("height", -2), ("width", -1)):
            if input.shape[dim] % downscale_factor:
                raise error("pixel_unshuffle", name=name, dim=dim, size=input.shape[dim], factor=downscale_factor)
        return input, {"downscale_factor": downscale_factor}

    def forward(xp, x, *, downscale_factor):
        r = downscale_factor
        *batch, channels, height, width = x.shape
        apart = x.reshape((*batch, channels, height // r, r, width // r, r))
        return xp.moveaxis(apart, (-3, -1), (-4, -3)).reshape((*batch, channels * r**2, height // r, width // r)).copy()

    def grad_x(g, downscale_factor):
        return pixel_shuffle.op.raw(g, upscale_factor=downscale_factor)

    def samples(t):
        yield case(t(2, 2, 6, 4), 2)
        yield case(t(1, 6, 3), 3)
        yield case(t(1, 2, 2), 1)

    def errors(t):
        yield case(t(2, 2), 2), RuntimeError, "pixel_unshuffle expects input to have at least 3 dimensions, but got input with 2 dimension(s)"
        yield case(t(1, 3, 2), 2), RuntimeError, "pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=3 is not"
        yield case(t(1, 2, 2), -1), RuntimeError, "pixel_unshuffle expects a positive downscale_factor, but got -1"


def _check_ndim(name, x, option, factor):
    if x.ndim < 3:
        raise error("shuffle_dims", name=name, ndim=x.ndim)
    if factor <= 0:
        raise error("shuffle_factor", name=name, option=option, factor=factor)


@op
class channel_shuffle(Shuffle):
    """The channels of all groups mixed: x (N, C, …), y[:, i·g + k] = x[:, k·(C/g) + i] for g groups.   ∂y/∂x: the channels go back.

    >>> import lesson_lib as torch
    >>> torch.channel_shuffle(torch.arange(4).view(1, 4, 1), 2).flatten()
    tensor([0, 2, 1, 3])

    Errors: RuntimeError if the channels do not divide into the groups.
    Source: X. Zhang et al., https://arxiv.org/abs/1707.01083; https://pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html
    """

    def signature(input, groups):
        if input.ndim < 3:
            raise error("channel_dims", shape=list(input.shape))
        if groups <= 0:
            raise error("channel_groups", groups=groups)
        if input.shape[1] % groups:
            raise error("channel_divide", channels=input.shape[1], groups=groups)
        return input, {"groups": groups}

    def forward(xp, x, *, groups):
        apart = x.reshape((x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
        return apart.swapaxes(1, 2).reshape(x.shape).copy()

    def grad_x(g, groups):
        return channel_shuffle.op.raw(g, groups=g.shape[1] // groups)

    def samples(t):
        yield case(t(2, 6, 3), 2)
        yield case(t(1, 4, 2, 2), 4)

    def errors(t):
        yield case(t(3, 4), 2), RuntimeError, "channel_shuffle expects input with > 2 dims, but got input with sizes [3, 4]"
        yield case(t(3, 4, 1), 3), RuntimeError, "Number of channels must be divisible by groups. Got 4 channels and 3 groups."
        yield case(t(3, 4, 1), 0), RuntimeError, "Number of groups to divide channels in must be positive. Value of groups:0"
