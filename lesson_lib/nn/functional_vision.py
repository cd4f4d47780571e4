"""``affine_grid`` and ``grid_sample``: an image turned, shifted or bent, as in a spatial transformer network."""

import warnings

from ..core.errors import error
from ..ops.affine_grid import affine_grid_generator
from ..ops.grid_sample import MODES, PADDINGS, grid_sampler


def affine_grid(theta, size, align_corners=None):
    """For each pixel of an image of ``size`` the place to which an affine map θ takes it: θ (N, 2, 3) → (N, H, W, 2), θ (N, 3, 4) → (N, D, H, W, 3).

    Places are (column, row, depth) from −1 to 1: the outer pixels' centres if ``align_corners``, else their outer edges.

    >>> import lesson_lib as torch
    >>> half = torch.tensor([[[0.5, 0., 0.], [0., 0.5, 0.]]])
    >>> torch.nn.functional.affine_grid(half, (1, 1, 2, 2), align_corners=True)
    tensor([[[[-0.5000, -0.5000],
              [ 0.5000, -0.5000]],
    <BLANKLINE>
             [[-0.5000,  0.5000],
              [ 0.5000,  0.5000]]]])

    Errors: ValueError if θ does not fit ``size``.
    Source: M. Jaderberg et al., https://arxiv.org/abs/1506.02025; https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    align_corners = _decided(align_corners)
    if not theta.is_floating_point():
        raise error("affine_dtype", dtype=theta.dtype)
    if len(size) not in (4, 5):
        raise error("affine_size", size=size)
    axes = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[-2:]) != (axes, axes + 1):
        raise error("affine_theta", axes=axes, more=axes + 1, size=size, found=theta.shape)
    if align_corners and min(size[2:]) == 1:
        warnings.warn("Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an intended "
                      "use case of affine_grid. See the documentation of affine_grid for details.", stacklevel=2)  # fmt: skip
    elif min(size) <= 0:
        raise error("affine_empty", size=size)
    if theta.size(0) != size[0]:
        raise error("bmm", b=size[0], k=axes + 1, b2=theta.size(0), k2=axes + 1)
    return affine_grid_generator(theta, size, align_corners)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """The input at the places that ``grid`` names: input (N, C, H, W), grid (N, H', W', 2) → (N, C, H', W'); volumes with one dimension more.

    Places are (column, row, depth) from −1 to 1: the outer pixels' centres if ``align_corners``, else their outer edges. Between pixels:
    ``mode`` "bilinear", "nearest" or "bicubic"; outside: ``padding_mode`` "zeros", "border" or "reflection".

    >>> import lesson_lib as torch
    >>> image, grid = torch.tensor([[[[0., 10.]]]]), torch.tensor([[[[0., 0.], [0.5, 0.]]]])
    >>> torch.nn.functional.grid_sample(image, grid, align_corners=True)
    tensor([[[[5.0000, 7.5000]]]])

    Errors: ValueError for an unknown mode, RuntimeError for shapes that do not fit.
    Source: M. Jaderberg et al., https://arxiv.org/abs/1506.02025; https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    if mode not in MODES:
        raise error("grid_option", message=f"mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in PADDINGS:
        raise error("grid_option", message=f"padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'")
    return grid_sampler(input, grid, MODES.index(mode), PADDINGS.index(padding_mode), _decided(align_corners))


def _decided(align_corners):
    """False, with PyTorch's warning, if nothing was said."""
    if align_corners is None:
        warnings.warn("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True "
                      "if the old behavior is desired. See the documentation of grid_sample for details.", stacklevel=3)  # fmt: skip
    return bool(align_corners)
