"""Activations that draw from the random stream: a leaky relu with random slopes, and softmax as a choice by chance."""

import math
import warnings

import numpy as np

from ..core.device import to_array
from ..core.dtypes import float16
from ..core.errors import error
from ..core.mutation import make_inplace
from ..core.op import op
from ..core.rng import default_generator
from ..core.tensor import wrap
from .case import case
from .smooth import Activation
from .softmax import softmax


@op
class rrelu_with_noise(Activation):
    """y = x for x > 0, else s·x with slopes s ~ U[lower, upper) in training, and s = (lower + upper)/2 otherwise.   ∂y/∂x = 1 or s."""

    public, label, kernel, outputs = False, "rrelu", "leaky_relu_cpu", ("y", "slopes")
    elementwise = False  # the slopes are drawn one after the other

    def forward(xp, x, *, lower, upper, training):
        slopes = xp.ones(x.shape, x.dtype)
        below = x <= 0
        slopes[below] = _drawn(xp, int(below.sum()), lower, upper) if training else (lower + upper) / 2
        return x * slopes, slopes

    def grad_x(g, slopes):
        return g * slopes

    def samples(t):
        yield case(t(2, 3), lower=0.25, upper=0.5, training=False)
        yield case(t(), lower=0.5, upper=0.5, training=True)


def _drawn(xp, count, lower, upper):
    """Slopes for the elements below 0 alone: the others take nothing from the random stream."""
    return xp.asarray(default_generator.uniform(count, np.float64) * (upper - lower) + lower)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False):
    """y = x for x > 0, else s·x with slopes s ~ U[lower, upper) in training, and s = (lower + upper)/2 otherwise.   ∂y/∂x = 1 or s.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-1., 2.]), lower=0.25, upper=0.75)
    tensor([-0.5000,  2.0000])

    Errors: RuntimeError if a bound is infinite or they are in the wrong order.
    Source: https://arxiv.org/abs/1505.00853; https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
    """
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise error("rrelu_finite", name=name, bound=bound)
    if lower > upper:
        raise error("rrelu_order")
    if training and (input.dtype is float16 or not input.is_floating_point()):
        raise error("not_implemented_for", kernel="rrelu_with_noise_out_cpu", dtype=input.dtype.title)
    return rrelu_with_noise.op.raw(input, lower=lower, upper=upper, training=training)[0]


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    r"""A random choice with a gradient: $y = \mathrm{softmax}((x + g)/\tau)$ with Gumbel noise g = −ln e, e ~ Exp(1).

    ``hard``: y is 1 at the largest element and 0 elsewhere, with the gradient of the softmax.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.gumbel_softmax(torch.tensor([0., 1e9]), hard=True)
    tensor([0., 1.])

    Source: https://arxiv.org/abs/1611.01144; https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    if not logits.is_floating_point():
        raise error("exponential_dtype", dtype=logits.dtype.title)
    gumbels = -wrap(to_array(default_generator.exponential(logits.shape, logits._a.dtype), logits.device)).log()
    y = softmax((logits + gumbels) / tau, dim)
    if not hard:
        return y
    chosen = y.detach().max(dim, keepdim=True)[1]
    return logits.new_zeros(logits.shape).scatter_(dim, chosen, 1.0) - y.detach() + y


rrelu_ = make_inplace(rrelu, "rrelu")
