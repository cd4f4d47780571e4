"""Methods of optimization: ``optimizer.step()`` moves parameters along their gradients.

Source: https://pytorch.org/docs/stable/optim.html
"""

from ..core.parity import missing_from
from . import lr_scheduler, swa_utils
from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .asgd import ASGD
from .lbfgs import LBFGS
from .muon import Muon
from .nadam import NAdam
from .optimizer import Optimizer
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .stateless import swap_in_optimizer_params_and_state

__getattr__ = missing_from("torch.optim")  # a name that is missing here says why
