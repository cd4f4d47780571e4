"""Learning-rate schedules: ``scheduler.step()`` after each epoch (some: each batch) sets every group's ``lr`` anew.

    for epoch in range(epochs):
        for x, target in loader:
            optimizer.zero_grad()
            loss(net(x), target).backward()
            optimizer.step()
        scheduler.step()

Source: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from ..core.parity import missing_from
from .schedule import LRScheduler, _LRScheduler  # noqa: F401 - older programs know the second name
from .schedules_combined import ChainedScheduler, SequentialLR
from .schedules_cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .schedules_cycles import CyclicLR, OneCycleLR
from .schedules_factors import ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiplicativeLR, MultiStepLR, PolynomialLR, StepLR
from .schedules_plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LRScheduler", "LambdaLR",
    "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip

__getattr__ = missing_from("torch.optim.lr_scheduler")  # a name that is missing here says why
