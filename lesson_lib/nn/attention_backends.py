"""The switch between PyTorch's implementations of attention. Here there is one, so it is accepted and changes nothing."""

from contextlib import contextmanager
from enum import Enum

from ..core.errors import error


class SDPBackend(Enum):
    """PyTorch's implementations of ``scaled_dot_product_attention``.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.attention.SDPBackend.html
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends, set_priority=False):
    """Choose among the implementations for what stands inside; here all of them are the same.

    >>> import lesson_lib as torch
    >>> with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
    ...     torch.nn.functional.scaled_dot_product_attention(*(torch.ones(1, 2, 4),) * 3).shape
    torch.Size([1, 2, 4])

    Errors: AssertionError for something else than SDPBackends.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.attention.sdpa_kernel.html
    """
    if not isinstance(backends, SDPBackend | list):
        raise error("sdpa_backend", type=type(backends).__name__)
    yield {}
