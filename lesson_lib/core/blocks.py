"""Work in pieces that fit the processor's cache, and let NumPy run straight through them."""

from contextlib import contextmanager

import numpy as np

BLOCK_BYTES = 2 << 20  # about a second-level cache
SMALL_BLOCK_BYTES = 1 << 19  # for work that makes several temporaries of a block's size


def pieces(count, bytes_each, block_bytes):
    """Slices that cut ``count`` things into equal pieces of about ``block_bytes``."""
    number = max(1, round(count * bytes_each / block_bytes))
    step = max(1, -(-count // number))
    return [slice(first, min(first + step, count)) for first in range(0, count, step)]


@contextmanager
def straight_rows():
    """Let NumPy's arithmetic run over rows of a few hundred numbers without copying them first.

    NumPy passes the rows of a 2-d slice through a buffer when several of them fit into it, which pays for tiny rows
    only: at 1,000 numbers a row the copies take three times as long as the addition. A smaller buffer stops that.
    NumPy keeps the size per thread and puts the old one back when ``errstate`` ends.
    """
    with np.errstate():
        np.setbufsize(512)
        yield
