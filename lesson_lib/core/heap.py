"""Memory that one training step frees stays with the process, for the next one."""

import ctypes
import os

KEPT = 256 << 20  # bytes at the end of the heap
WHOLE = 32 << 20  # bytes of an array that gets pages of its own, which go back when it is freed; the C library allows no more
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_memory():
    """Let the C library keep freed memory, up to ``KEPT`` bytes of it. Returns whether it does.

    A step frees its activations and gradients. glibc gives the end of the heap back to the system at once, and each page of it is zeroed again when
    the next step writes there: 6,700 pages in a step of a small GPT, 105 ms in place of 77. What the user's environment says comes first.

    Source: https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
    """
    if any(name.startswith("MALLOC_") for name in os.environ) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return False
    return bool(mallopt(_TRIM_THRESHOLD, KEPT) and mallopt(_MMAP_THRESHOLD, WHOLE))
