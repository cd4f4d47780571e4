"""Grids of places in an image, moved by an affine map: what ``grid_sample`` is to look at."""

from math import prod

from ..core.op import Opaque, op
from .case import case


def base_grid(xp, size, np_dtype, align_corners):
    """(places, 3 or 4): column, row (and depth) of each pixel between −1 and 1, and a 1 for the shift.

    ±1 are the outer pixels' centres if the corners are aligned, else their outer edges.
    """
    axes = []
    for length in size:
        steps = xp.linspace(-1, 1, length, dtype=np_dtype) if length > 1 else xp.zeros(1, np_dtype)
        axes.append(steps if align_corners else steps * np_dtype.type((length - 1) / length))
    planes = [plane.ravel() for plane in xp.meshgrid(*axes, indexing="ij")]
    return xp.stack([*planes[::-1], xp.ones(prod(size), np_dtype)], 1)


@op
class affine_grid_generator(Opaque):
    """y = (column, row, 1)·θᵀ for each pixel: θ (N, 2, 3) → (N, H, W, 2), or θ (N, 3, 4) → (N, D, H, W, 3).   ∂L/∂θ = Gᵀ·(column, row, 1).

    ``size`` is the (N, C, H, W) or (N, C, D, H, W) of the image that will be looked at.

    >>> import lesson_lib as torch
    >>> torch.affine_grid_generator(torch.tensor([[[1., 0., 0.], [0., 1., 0.]]]), (1, 1, 1, 2), True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """

    method = False

    def signature(theta, size, align_corners):
        return theta, {"size": tuple(size), "align_corners": align_corners}

    def forward(xp, theta, *, size, align_corners):
        places = base_grid(xp, size[2:], theta.dtype, align_corners)
        return xp.matmul(places[None], theta.swapaxes(1, 2)).reshape((size[0], *size[2:], len(size) - 2))

    def grad_theta(g, size, align_corners):
        return affine_grid_back(g, size=size, align_corners=align_corners)

    def samples(t):
        yield case(t(2, 2, 3), (2, 1, 3, 2), False)
        yield case(t(2, 3, 4), (2, 1, 3, 2, 1), True)


@op
class affine_grid_back(Opaque):
    """The gradient of ``affine_grid_generator``: θ = Gᵀ·(column, row, 1), G (N, places, 2 or 3)."""

    public, title = False, "AffineGridGeneratorBackwardBackward0"

    def forward(xp, g, *, size, align_corners):
        rows = g.reshape((g.shape[0], prod(size[2:]), g.shape[-1]))
        return xp.matmul(rows.swapaxes(1, 2), base_grid(xp, size[2:], g.dtype, align_corners)[None])

    def grad_g(u, size, align_corners):
        return affine_grid_generator.op.raw(u, size=size, align_corners=align_corners)

    def samples(t):
        yield case(t(2, 3, 2, 2), size=(2, 1, 3, 2), align_corners=False)
