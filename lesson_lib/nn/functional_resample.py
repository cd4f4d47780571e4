"""``interpolate`` and its older names: sequences, images and volumes in another size."""

import warnings
from math import floor
from operator import index as as_index

from ..core.errors import error
from ..ops import resample
from ..ops.pool_adaptive import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

_NEAREST = {3: resample.upsample_nearest1d, 4: resample.upsample_nearest2d, 5: resample.upsample_nearest3d}
_EXACT = {3: resample.upsample_nearest_exact1d, 4: resample.upsample_nearest_exact2d, 5: resample.upsample_nearest_exact3d}
#: mode -> the declaration for each number of dimensions
PLAIN = {
    "nearest": _NEAREST, "nearest-exact": _EXACT, "linear": {3: resample.upsample_linear1d}, "bilinear": {4: resample.upsample_bilinear2d},
    "trilinear": {5: resample.upsample_trilinear3d}, "bicubic": {4: resample.upsample_bicubic2d},
}  # fmt: skip
AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}
SMOOTH = {"bilinear": resample.upsample_bilinear2d_aa, "bicubic": resample.upsample_bicubic2d_aa, "lanczos": resample.upsample_lanczos2d_aa}
#: the modes for which there is a question how the corners lie, and those with one number of dimensions that says so in its error
WITH_CORNERS = ("linear", "bilinear", "bicubic", "trilinear", "lanczos")
ONE_NDIM = {"linear": 3, "bilinear": 4, "trilinear": 5}


def interpolate(input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False):
    """The input in another size: x (N, C, …) → (N, C, *size), with ⌊n·scale_factor⌋ elements along an axis of n if no size is given.

    ``mode``: "nearest" and "nearest-exact" copy single elements; "linear", "bilinear", "trilinear" (3, 4, 5 dimensions) and "bicubic" weight
    the neighbours; "area" takes means. ``align_corners`` puts the outermost elements' centres, not their edges, on each other.
    ``antialias`` lets every element count when a 4-d input shrinks; "lanczos" always needs it.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([[[0., 4.]]])
    >>> torch.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[0., 0., 4., 4.]]])
    >>> torch.nn.functional.interpolate(x, size=3, mode="linear", align_corners=True)
    tensor([[[0., 2., 4.]]])

    Errors: ValueError for options that contradict each other, NotImplementedError for a number of dimensions that the mode does not know.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    if mode not in WITH_CORNERS and align_corners is not None:
        raise error("resample_corners")
    sizes, factors = _target(input, size, scale_factor)
    if recompute_scale_factor:
        if sizes is not None:
            raise error("resample_recompute")
        sizes, factors = _scaled(input, factors), None
    _check_mode(input, mode, antialias)
    if mode == "area":
        return AREA[input.ndim](input, sizes or _scaled(input, factors))
    if mode == "lanczos" and align_corners:
        raise error("resample_lanczos", what="does not support align_corners=True")
    upsample_op = SMOOTH[mode] if antialias else PLAIN[mode][input.ndim]
    sizes = sizes or _scaled(input, factors)
    _check_sizes(input, sizes)
    _check_dtype(input, mode)
    return upsample_op.op.raw(input, size=sizes, factors=factors, align_corners=bool(align_corners))


def _target(input, size, scale_factor):
    """The wanted sizes, or the factors: one for each axis."""
    axes = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise error("resample_both")
    if size is None and scale_factor is None:
        raise error("resample_neither")
    what, given = ("size", size) if size is not None else ("scale_factor", scale_factor)
    if not isinstance(given, list | tuple):
        given = (given,) * axes
    elif len(given) != axes:
        name = "output size" if what == "size" else "scale_factor"
        raise error(f"resample_{what}", what=name, sizes=list(input.shape[2:]), given=given)
    if what == "scale_factor":
        return None, tuple(float(factor) for factor in given)
    if not all(hasattr(n, "__index__") for n in given):
        raise error("resample_size_type", types=[type(n) for n in given])
    return tuple(as_index(n) for n in given), None


def _scaled(input, factors):
    return tuple(floor(n * factor) for n, factor in zip(input.shape[2:], factors))


def _check_mode(input, mode, antialias):
    """The mode exists, for this number of dimensions and with this option."""
    if antialias and (mode not in SMOOTH or input.ndim != 4):
        raise error("resample_antialias")
    if mode == "lanczos" and input.ndim == 4 and not antialias:
        raise error("resample_lanczos", what="requires antialias=True")
    if antialias or input.ndim in (AREA if mode == "area" else PLAIN.get(mode, ())):
        return
    if mode in ONE_NDIM and 3 <= input.ndim <= 5:
        raise error("resample_ndim", ndim=input.ndim, mode=mode, wanted=ONE_NDIM[mode])
    raise error("resample_mode", ndim=input.ndim, mode=mode)


def _check_sizes(input, sizes):
    if min(*input.shape[2:], *sizes) <= 0:
        names = "DHW"[5 - input.ndim :]
        old, new = (", ".join(f"{name}: {n}" for name, n in zip(names, numbers)) for numbers in (input.shape[2:], sizes))
        raise error("resample_empty", old=old, new=new, joint=" and" if input.ndim == 3 else "")
    if input.numel() == 0 and input.size(0):
        raise error("resample_channels", ndim=input.ndim, shape=list(input.shape))


def _check_dtype(input, mode):
    """Floats; bytes too where PyTorch resamples them, rounding as image libraries do."""
    if input.is_floating_point() or (input.dtype.name == "uint8" and mode not in ("linear", "trilinear")):
        return
    rule = "nearest" if mode in ("nearest", "nearest-exact") else "cubic" if mode == "bicubic" else "linear"
    images = input.ndim == 4 and mode != "bicubic"
    kernel = f"upsample_{'bi' if rule == 'linear' else ''}{rule}2d_channels_last" if images else f"compute_indices_weights_{rule}"
    raise error("not_implemented_for", kernel=kernel, dtype=input.dtype.title)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """``interpolate`` under its old name.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
    """
    _warn_deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """``interpolate`` with mode "nearest", under its old name.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
    """
    _warn_deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """``interpolate`` with mode "bilinear" and aligned corners, under its old name.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
    """
    _warn_deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_deprecated(name):
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)
