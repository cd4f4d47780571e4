"""``torch.nn.functional``: layers, activations and losses as functions.

Source: https://pytorch.org/docs/stable/nn.functional.html
"""

# ruff: noqa: F401 - this module is a list of names: what it imports is what it offers.

from ..core.parity import missing_from
from ..ops.activation import (
    celu_,
    elu_,
    gelu,
    glu,
    gumbel_softmax,
    hardshrink,
    hardtanh_,
    leaky_relu_,
    logsigmoid,
    prelu,
    relu_,
    rrelu_,
    selu_,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold_,
)
from ..ops.attention import scaled_dot_product_attention
from ..ops.bilinear import bilinear
from ..ops.conv import conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.distance import cosine_similarity, pairwise_distance, pdist
from ..ops.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from ..ops.matmul import linear
from ..ops.pad import pad
from ..ops.pool import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from ..ops.pool_adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from ..ops.pool_fractional import fractional_max_pool2d, fractional_max_pool3d
from ..ops.shuffle import channel_shuffle, pixel_shuffle, pixel_unshuffle
from ..ops.shuffle import channel_shuffle as native_channel_shuffle
from ..ops.transcend import sigmoid
from ..ops.trig import tanh
from ..ops.unfold import fold, unfold
from ..ops.unpool import max_unpool1d, max_unpool2d, max_unpool3d
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
    rrelu,
    selu,
    silu,
    softmax,
    softmin,
    threshold,
)
from .functional_attention import multi_head_attention_forward
from .functional_classes import cross_entropy, nll_loss
from .functional_embedding import embedding, embedding_bag, one_hot
from .functional_likelihood import ctc_loss, gaussian_nll_loss, poisson_nll_loss
from .functional_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from .functional_margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from .functional_norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, normalize, rms_norm
from .functional_pool import (
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d_with_indices,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d_with_indices,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d_with_indices,
    max_pool2d_with_indices,
    max_pool3d_with_indices,
)
from .functional_resample import interpolate, upsample, upsample_bilinear, upsample_nearest
from .functional_vision import affine_grid, grid_sample
from .linear_cross_entropy import linear_cross_entropy

__getattr__ = missing_from("torch.nn.functional")  # a name that is missing here says why
