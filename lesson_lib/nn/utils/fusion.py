"""A batch normalisation after a layer, put into the layer's weights.

In evaluation, y = γ·(Wx + b − μ)/√(σ² + ε) + β is itself a layer: with the weights W·s and the bias (b − μ)·s + β, where s = γ/√(σ² + ε).
"""

import copy

from ...core.errors import error
from ...ops.create import ones_like, zeros_like
from ..parameter import Parameter


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A new convolution that does what ``conv`` and then ``bn`` do; both must be in evaluation mode.

    >>> import lesson_lib as torch
    >>> conv, bn = torch.nn.Conv2d(1, 2, 3).eval(), torch.nn.BatchNorm2d(2).eval()
    >>> x = torch.ones(1, 1, 4, 4)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)))
    True

    Errors: AssertionError in training mode, or without running moments.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html
    """
    _check(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the fused convolution. ``transpose``: dimension 1 of the weight holds the output channels.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html
    """
    channels = (1, -1) if transpose else (-1, 1)
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, channels + (1,) * (conv_w.ndim - 2))


def fuse_linear_bn_eval(linear, bn):
    """A new linear layer that does what ``linear`` and then ``bn`` do; both must be in evaluation mode.

    Errors: AssertionError in training mode, or for other numbers of features.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html
    """
    if linear.training or bn.training:
        raise error("fuse_eval")
    if bn.num_features not in (linear.out_features, 1):
        raise error("fuse_features", a=linear.out_features, b=bn.num_features)
    _check(linear, bn)
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the fused linear layer.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def _fused(weight, bias, mean, variance, eps, scale, shift, shape):
    """(weight, bias) as Parameters; ``shape`` lines the channels up with the weight's."""
    old_bias = zeros_like(mean) if bias is None else bias
    factor = (ones_like(mean) if scale is None else scale) * (variance + eps).rsqrt()
    new_weight = (weight * factor.reshape(shape)).to(weight.dtype)
    new_bias = ((old_bias - mean) * factor + (0 if shift is None else shift)).to(weight.dtype if bias is None else bias.dtype)
    return Parameter(new_weight, weight.requires_grad), Parameter(new_bias, old_bias.requires_grad)


def _check(layer, bn):
    if layer.training or bn.training:
        raise error("fuse_eval")
    if bn.running_mean is None or bn.running_var is None:
        raise error("fuse_moments")
