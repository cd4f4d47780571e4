"""The ways of choosing what is pruned."""

from numbers import Integral, Real

from ...core.errors import error
from ...ops.create import zeros_like
from ...ops.linalg_norm import norm
from ...ops.order import topk
from ...ops.random import rand, rand_like
from ...ops.rank import kthvalue
from .prune_method import BasePruningMethod


class Identity(BasePruningMethod):
    """Prunes nothing.   Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.Identity.html"""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        """The mask so far."""
        return default_mask

    @classmethod
    def apply(cls, module, name):
        """Make the mask and the hook."""
        return super().apply(module, name)


class RandomUnstructured(BasePruningMethod):
    """Elements at random: a number of them (int), or a share (float).

    Errors: TypeError or ValueError for an amount that is neither, or too large.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomUnstructured.html
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount):
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t, default_mask):
        """The mask so far without the elements that drew the highest numbers."""
        count = _count(self.amount, t.numel())
        return _without(default_mask, topk(rand_like(t).view(-1), count).indices) if count else default_mask.clone()

    @classmethod
    def apply(cls, module, name, amount):
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(BasePruningMethod):
    """The elements nearest to 0 (or of the lowest score): a number of them (int), or a share (float).

    Errors: TypeError or ValueError for an amount that is neither, or too large.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.L1Unstructured.html
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount):
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t, default_mask):
        """The mask so far without the smallest elements."""
        count = _count(self.amount, t.numel())
        return _without(default_mask, topk(t.abs().view(-1), count, largest=False).indices) if count else default_mask.clone()

    @classmethod
    def apply(cls, module, name, amount, importance_scores=None):
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomStructured(BasePruningMethod):
    """Whole channels along ``dim`` at random: a number of them (int), or a share (float).

    Errors: TypeError or ValueError for an amount that is neither, or too large; IndexError for a dimension that is not there.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomStructured.html
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount, dim=-1):
        _check_amount(amount)
        self.amount, self.dim = amount, dim

    def compute_mask(self, t, default_mask):
        """The mask so far without the channels that drew the lowest numbers."""
        _check_channels(t, self.dim)
        size = t.shape[self.dim]
        count = _count(self.amount, size)
        if not count:
            return default_mask
        drawn = rand(size)
        return _only(t, self.dim, drawn > kthvalue(drawn, count).values, default_mask)

    @classmethod
    def apply(cls, module, name, amount, dim=-1):
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """The channels along ``dim`` with the smallest n-norm: a number of them (int), or a share (float).

    Errors: TypeError or ValueError for an amount that is neither, or too large; IndexError for a dimension that is not there.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.LnStructured.html
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount, n, dim=-1):
        _check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def compute_mask(self, t, default_mask):
        """The mask so far without the shortest channels."""
        _check_channels(t, self.dim)
        size = t.shape[self.dim]
        count = _count(self.amount, size)
        if not count:
            return default_mask
        lengths = norm(t, self.n, [dim for dim in range(t.ndim) if dim != self.dim % t.ndim])
        return _only(t, self.dim, topk(lengths, size - count).indices, default_mask)

    @classmethod
    def apply(cls, module, name, amount, n, dim, importance_scores=None):
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """What a given mask says.   Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.CustomFromMask.html"""

    PRUNING_TYPE = "global"

    def __init__(self, mask):
        self.mask = mask

    def compute_mask(self, t, default_mask):
        """The mask so far times the given one."""
        if default_mask.shape != self.mask.shape:
            raise error("prune_mask", expected=default_mask.shape, found=self.mask.shape)
        return default_mask * self.mask.to(default_mask.dtype)

    @classmethod
    def apply(cls, module, name, mask):
        """Prune ``module.name``."""
        return super().apply(module, name, mask=mask)


def _without(mask, positions):
    mask = mask.clone()
    mask.view(-1)[positions] = 0
    return mask


def _only(t, dim, channels, mask):
    """``mask`` where the channels are kept, 0 elsewhere."""
    kept = zeros_like(t)
    kept[(slice(None),) * (dim % t.ndim) + (channels,)] = 1
    return kept * mask.to(kept.dtype)


def _check_amount(amount):
    if not isinstance(amount, Real):
        raise error("prune_amount_type", amount=amount)
    if amount < 0 or (not isinstance(amount, Integral) and amount > 1):
        raise error("prune_amount", amount=amount)


def _count(amount, size):
    """How many of ``size`` are pruned."""
    count = amount if isinstance(amount, Integral) else round(amount * size)
    if count > size:
        raise error("prune_too_many", amount=count, size=size)
    return count


def _check_channels(t, dim):
    if t.ndim <= 1:
        raise error("prune_dims", shape=t.shape, ndim=t.ndim)
    if dim >= t.ndim:
        raise error("prune_dim", dim=dim, shape=t.shape)
