"""Real data without a download: the 1797 handwritten digits that come with scikit-learn."""

import numpy as np

from ..core.rng import Generator
from ..ops.data import from_numpy
from ..ops.random import randperm
from ..utils.data import TensorDataset

SIDE = 8  # the images are 8×8 pixels
N_TRAIN = 1437  # four fifths; the other 360 are for the test


def load_digits(size=SIDE):
    """The handwritten digits 0 to 9 as ``(train, test)``, two TensorDatasets of 1437 and 360 images with their labels.

    Images are float32 ``(1, size, size)`` with values from 0 (paper) to 1 (ink); labels are int64. A larger ``size``
    repeats each pixel ``size // 8`` times both ways and leaves the rest as an empty border, so 32 is four times as large
    and 28 is three times as large with a border of 2. The split is the same on every call.

    Raises ValueError for a size below 8, and ModuleNotFoundError where scikit-learn is missing.

    >>> from lesson_lib.course import load_digits
    >>> train, test = load_digits()
    >>> image, label = train[0]
    >>> len(train), len(test), image.shape
    (1437, 360, torch.Size([1, 8, 8]))

    Source: https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits
    """
    if size < SIDE:
        raise ValueError(f"load_digits: size must be at least {SIDE}, and is {size}")
    images, labels = _bundled()
    images = from_numpy(_enlarged(images, size)[:, None])  # (N, 1, size, size)
    labels = from_numpy(labels.astype(np.int64))
    order = randperm(len(labels), generator=Generator().manual_seed(0))
    train, test = order[:N_TRAIN], order[N_TRAIN:]
    return TensorDataset(images[train], labels[train]), TensorDataset(images[test], labels[test])


def _bundled():
    """Images (N, 8, 8) from 0 to 1 in float32, and their labels (N,)."""
    try:
        from sklearn import datasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("the digits come with scikit-learn: run  pip install scikit-learn") from error
    bunch = datasets.load_digits()
    return (bunch.images / 16).astype(np.float32), bunch.target


def _enlarged(images, size):
    scale, rest = divmod(size, SIDE)
    before = rest // 2
    larger = images.repeat(scale, axis=1).repeat(scale, axis=2)
    return np.pad(larger, ((0, 0), (before, rest - before), (before, rest - before)))
