"""Losses with a margin as modules: they compare scores, or distances, and ask for a lead."""

from ..core.errors import error
from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss


class _MarginLoss(_Loss):
    """A loss whose setting is its ``margin``."""

    def __init__(self, margin, size_average, reduce, reduction):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_MarginLoss):
    """x for targets 1, max(0, margin − x) for targets −1.   Source: https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html"""

    def __init__(self, margin=1.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input, target):
        """The loss."""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """max(0, −t·(a − b) + margin).

    >>> import lesson_lib as torch
    >>> torch.nn.MarginRankingLoss()(torch.tensor([1.]), torch.tensor([3.]), torch.tensor([1.]))
    tensor(2.)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input1, input2, target):
        """The loss."""
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """1 − cos(a, b) for targets 1, max(0, cos(a, b) − margin) for targets −1.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input1, input2, target):
        """The loss."""
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


def _positive(name, margin):
    if margin <= 0:
        raise error("triplet_module_margin", name=name, margin=margin)
    return margin


class TripletMarginLoss(_MarginLoss):
    """max(0, d(a, p) − d(a, n) + margin) with the p-norm's distance: the positive example is to be nearer than the negative one.

    >>> import lesson_lib as torch
    >>> torch.nn.TripletMarginLoss()(torch.tensor([[0.]]), torch.tensor([[3.]]), torch.tensor([[2.]]))
    tensor(2.)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
    """

    def __init__(self, margin=1.0, p=2.0, eps=1e-6, swap=False, size_average=None, reduce=None, reduction="mean"):
        super().__init__(_positive("TripletMarginLoss", margin), size_average, reduce, reduction)
        self.p, self.eps, self.swap = p, eps, swap

    def forward(self, anchor, positive, negative):
        """The loss."""
        options = {"margin": self.margin, "p": self.p, "eps": self.eps, "swap": self.swap}
        return F.triplet_margin_loss(anchor, positive, negative, reduction=self.reduction, **options)


class TripletMarginWithDistanceLoss(_MarginLoss):
    """``TripletMarginLoss`` with any function of two tensors as the distance.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
    """

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__(_positive("TripletMarginWithDistanceLoss", margin), None, None, reduction)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.swap = swap

    def forward(self, anchor, positive, negative):
        """The loss."""
        options = {"distance_function": self.distance_function, "margin": self.margin, "swap": self.swap}
        return F.triplet_margin_with_distance_loss(anchor, positive, negative, reduction=self.reduction, **options)


class SoftMarginLoss(_Loss):
    """ln(1 + e^{−t·x}) for targets t = ±1.   Source: https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html"""

    def forward(self, input, target):
        """The loss."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over the classes of −(t ln σ(x) + (1 − t) ln σ(−x)).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
    """

    def forward(self, input, target):
        """The loss."""
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Σ max(0, margin − xₜ + xᵢ)^p / C over the wrong classes i, for scores x (N, C) and classes t (N).

    >>> import lesson_lib as torch
    >>> torch.nn.MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
    tensor(0.3250)

    Errors: ValueError for a p other than 1 and 2.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
    """

    def __init__(self, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise error("multi_margin_p")
        if weight is not None and weight.ndim != 1:
            raise error("multi_margin_module_weight", ndim=weight.ndim)
        self.p, self.margin = p, margin

    def forward(self, input, target):
        """The loss."""
        return F.multi_margin_loss(input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Σ max(0, 1 − xₜ + xᵢ) / C over the right classes t and the wrong ones i; a row of the target lists the right ones, up to the first −1.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
    """

    def forward(self, input, target):
        """The loss."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)
