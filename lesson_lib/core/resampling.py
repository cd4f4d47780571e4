"""Which elements a resampled axis is made of: pure arithmetic on small tables, no images.

An axis of ``size`` elements becomes one of ``length``. Output i lies at ``s`` = (i + ½)·scale − ½ on the input's axis (at i·scale
if the corners are aligned) and is a weighted sum of the elements around it: y[i] = Σ_t weight[i, t] · x[index[i, t]]. An image is
resampled along one axis after the other. The way back is the same sum over the table read the other way round (``reversed_taps``).
"""

import math
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=256)
def taps(rule, size, length, factor, align_corners, dtype_name):
    """(index, weight) of shape (length, T); the weight is None where single elements are copied. None if nothing changes.

    ``rule`` is "nearest", "nearest-exact", "linear", "cubic", or one of ``SMOOTH``. ``factor`` is the user's scale factor, None if only the
    sizes are known. The places are computed in ``dtype_name``, as PyTorch does.
    """
    if size == length and (factor in (None, 1) or rule == "linear"):
        return None
    kind = np.dtype(dtype_name).type
    if rule.startswith("nearest"):
        return nearest_taps(size, length, factor, half=rule == "nearest-exact"), None
    scale = axis_scale(kind, size, length, factor, align_corners)
    if rule in SMOOTH:
        return smooth_taps(*SMOOTH[rule], size, length, float(scale), kind)
    steps = np.arange(length).astype(kind)
    place = steps * scale if align_corners else (steps + kind(0.5)) * scale - kind(0.5)
    return cubic_taps(place, size) if rule == "cubic" else linear_taps(np.maximum(place, 0), size)


def axis_scale(kind, size, length, factor, align_corners):
    """How far apart the outputs lie on the input's axis."""
    if align_corners:
        return kind(size - 1) / kind(length - 1) if length > 1 else kind(0)
    return kind(1 / factor) if factor else kind(size) / kind(length)


def nearest_taps(size, length, factor, half):
    """The element at or before each place (i·scale, or (i + ½)·scale for "nearest-exact"), always in single precision."""
    scale = axis_scale(np.float32, size, length, factor, False)
    place = (np.arange(length).astype(np.float32) + np.float32(0.5 if half else 0)) * scale
    return np.minimum(place.astype(np.int64), size - 1)[:, None]


def linear_taps(place, size):
    """The two neighbours, each weighted by how near it is."""
    first = np.minimum(place.astype(np.int64), size - 1)
    part = np.clip(place - first.astype(place.dtype), 0, 1)
    return np.stack([first, np.minimum(first + 1, size - 1)], 1), np.stack([1 - part, part], 1)


def cubic_taps(place, size):
    """Four neighbours, weighted by the cubic convolution kernel with a = −¾; beyond the ends the last element stands again."""
    first = np.minimum(np.floor(place).astype(np.int64), size - 1)
    part = np.clip(place - first.astype(place.dtype), 0, 1)
    offsets = np.arange(-1, 3)
    return np.clip(first[:, None] + offsets, 0, size - 1), cubic(part[:, None] - offsets.astype(place.dtype), -0.75)


def cubic(x, a):
    """R. Keys' kernel, https://doi.org/10.1109/TASSP.1981.1163711: two cubics that meet smoothly at |x| = 1 and end at |x| = 2."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0)).astype(x.dtype)


def triangle(x):
    """1 − |x|, and 0 beyond 1."""
    return np.maximum(1 - np.abs(x), 0)


def lanczos(x):
    """sinc(x)·sinc(x/3), and 0 beyond 3."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


#: kernel and how far it reaches, for shrinking without artefacts
SMOOTH = {"smooth-linear": (triangle, 1), "smooth-cubic": (lambda x: cubic(x, -0.5), 2), "lanczos": (lanczos, 3)}


def smooth_taps(kernel, reach, size, length, scale, kind):
    """All elements under the kernel, which is stretched over ``scale`` elements where the axis shrinks; the weights sum to 1."""
    stretch = max(scale, 1.0)
    center = (np.arange(length) + 0.5) * scale  # aligned corners change the scale alone here, as in PyTorch
    start = np.maximum((center - reach * stretch + 0.5).astype(np.int64), 0)
    end = np.minimum((center + reach * stretch + 0.5).astype(np.int64), size)
    index = start[:, None] + np.arange(max(1, int((end - start).max())))
    weight = np.where(index < end[:, None], kernel((index - center[:, None] + 0.5) / stretch), 0)
    return np.minimum(index, size - 1), (weight / weight.sum(1, keepdims=True)).astype(kind)


def reversed_taps(index, weight, size):
    """The table read from the inputs: for each of them the outputs that it went into, and the weights it had there."""
    weight = np.ones(index.shape, np.float64) if weight is None else weight
    order = np.argsort(index, axis=None, kind="stable")
    inputs, outputs = index.ravel()[order], order // index.shape[1]
    counts = np.bincount(inputs, minlength=size)
    column = np.arange(inputs.size) - (np.cumsum(counts) - counts)[inputs]  # how many taps of the same input come before
    back, shares = (np.zeros((size, max(1, int(counts.max()))), dtype) for dtype in (np.int64, weight.dtype))
    back[inputs, column], shares[inputs, column] = outputs, weight.ravel()[order]
    return back, shares


def whole_taps(index, weight):
    """Weights for images of bytes: whole numbers, and by how many bits their sums are shifted down again. They fill 16 bits, as in Pillow."""
    weight = weight.copy()
    for t in range(1, index.shape[1]):  # an element that stands twice, at the ends, gets one weight, so that it is rounded once
        again = index[:, t] == index[:, t - 1]
        weight[again, t] += weight[again, t - 1]
        weight[again, t - 1] = 0
    bits = min(22, math.ceil(math.log2((2**15 - 0.5) / float(weight.max()))) - 1)
    return np.trunc(weight * 2.0**bits + np.copysign(0.5, weight)).astype(np.int32), bits
