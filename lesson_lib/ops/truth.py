"""Questions about many elements: is it true of all, of any, of how many?"""

from ..core.op import Reduction, op
from .case import case
from .reduce import canonical_dims, reductions


def _every_dim(name, ndim, dim):
    """Like ``canonical_dims``, but an empty tuple folds nothing."""
    return () if isinstance(dim, tuple | list) and not dim else canonical_dims(name, ndim, dim)


class Quantifier(Reduction):
    """"Is it true of every one?" or "of at least one?": a bool (uint8 for uint8, as in PyTorch)."""

    def samples(t):
        yield from reductions(t)
        yield case(t(2, 3, dtype="bool"), dim=0)


@op
class all(Quantifier):
    """True where every element over ``dim`` differs from 0, y = ∧ᵢ (xᵢ ≠ 0).

    >>> import lesson_lib as torch
    >>> torch.all(torch.tensor([[True, True], [True, False]]), dim=1)
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.all.html
    """

    signature = lambda input, dim=None, keepdim=False: (input, {"dim": _every_dim("all", input.ndim, dim), "keepdim": keepdim})  # noqa: E731

    def forward(xp, x, *, dim, keepdim):
        y = xp.all(x, axis=dim, keepdims=keepdim)
        return y.astype(x.dtype) if x.dtype == "uint8" else y


@op
class any(Quantifier):
    """True where at least one element over ``dim`` differs from 0, y = ∨ᵢ (xᵢ ≠ 0).

    >>> import lesson_lib as torch
    >>> torch.any(torch.tensor([[False, True], [False, False]]), dim=1)
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.any.html
    """

    signature = lambda input, dim=None, keepdim=False: (input, {"dim": _every_dim("any", input.ndim, dim), "keepdim": keepdim})  # noqa: E731

    def forward(xp, x, *, dim, keepdim):
        y = xp.any(x, axis=dim, keepdims=keepdim)
        return y.astype(x.dtype) if x.dtype == "uint8" else y


@op
class count_nonzero(Reduction):
    """How many elements over ``dim`` differ from 0, y = Σᵢ [xᵢ ≠ 0].

    >>> import lesson_lib as torch
    >>> torch.count_nonzero(torch.tensor([0, 3, 0, 5]))
    tensor(2)

    Source: https://pytorch.org/docs/stable/generated/torch.count_nonzero.html
    """

    signature = lambda input, dim=None: (input, {"dim": canonical_dims("count_nonzero", input.ndim, dim)})  # noqa: E731

    def forward(xp, x, *, dim):
        return xp.sum(x != 0, axis=dim, dtype="int64")

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1)
