"""``torch.nn.functional``: layers, activations and losses as functions.

Source: https://pytorch.org/docs/stable/nn.functional.html
"""

# ruff: noqa: F401 - this module is a list of names: what it imports is what it offers.

from ..ops.activation import celu_, elu_, gelu, hardtanh_, leaky_relu_, logsigmoid, prelu, relu_, selu_, softplus, softsign, tanhshrink, threshold_
from ..ops.conv import conv1d, conv2d
from ..ops.dropout import dropout, dropout1d, dropout2d
from ..ops.matmul import linear
from ..ops.pad import pad
from ..ops.pool import avg_pool2d, max_pool2d
from ..ops.transcend import sigmoid
from ..ops.trig import tanh
from .functional_activation import (
    celu,
    elu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    silu,
    softmax,
    softmin,
    threshold,
)
from .functional_layers import adaptive_avg_pool2d, batch_norm, embedding, layer_norm, normalize, one_hot
from .functional_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
