"""``torch.masked``: reductions and normalisations that see only the elements where a mask is True.

Source: https://pytorch.org/docs/stable/masked.html
"""

from .core.parity import missing_from
from .ops.masked import (
    amax,
    amin,
    argmax,
    argmin,
    cumprod,
    cumsum,
    log_softmax,
    logaddexp,
    logsumexp,
    mean,
    median,
    norm,
    normalize,
    prod,
    softmax,
    softmin,
    std,
    sum,
    var,
)

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm", "normalize", "prod",
    "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip

__getattr__ = missing_from("torch.masked")  # a name that is missing here says why
