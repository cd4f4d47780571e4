"""Methods of optimization: ``optimizer.step()`` moves parameters along their gradients.

Source: https://pytorch.org/docs/stable/optim.html
"""

from ..core.parity import missing_from
from . import lr_scheduler
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

__getattr__ = missing_from("torch.optim")  # a name that is missing here says why
