"""The activations of ``nn.functional``: the functions of ``ops.activation`` with PyTorch's ``inplace`` argument."""

import warnings

from ..core.mutation import make_inplace
from ..ops import activation as ops
from ..ops import softmax as _softmax


def relu(input, inplace=False):
    """y = max(x, 0).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    return ops.relu_(input) if inplace else ops.relu(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """y = x for x > 0, else slope·x.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html"""
    return (ops.leaky_relu_ if inplace else ops.leaky_relu)(input, negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """y = x for x > 0, else α(eˣ − 1).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html"""
    return (ops.elu_ if inplace else ops.elu)(input, alpha)


def celu(input, alpha=1.0, inplace=False):
    """y = x for x > 0, else α(e^{x/α} − 1).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html"""
    return (ops.celu_ if inplace else ops.celu)(input, alpha)


def selu(input, inplace=False):
    """ELU that keeps mean 0 and variance 1.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html"""
    return (ops.selu_ if inplace else ops.selu)(input)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """y = min(max(x, min_val), max_val).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html"""
    return (ops.hardtanh_ if inplace else ops.hardtanh)(input, min_val, max_val)


def relu6(input, inplace=False):
    """y = min(max(x, 0), 6).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html"""
    return hardtanh(input, 0.0, 6.0, inplace)


def threshold(input, threshold, value, inplace=False):
    """y = x where x > threshold, else value.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html"""
    return (ops.threshold_ if inplace else ops.threshold)(input, threshold, value)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """y = x for x > 0, else s·x; s is random in training.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html"""
    return (ops.rrelu_ if inplace else ops.rrelu)(input, lower, upper, training)


def silu(input, inplace=False):
    """y = x·σ(x).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html"""
    return (_silu_ if inplace else ops.silu)(input)


def mish(input, inplace=False):
    """y = x·tanh(softplus(x)).   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html"""
    return (_mish_ if inplace else ops.mish)(input)


def hardsigmoid(input, inplace=False):
    """y = min(max(x + 3, 0), 6)/6.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html"""
    return (_hardsigmoid_ if inplace else ops.hardsigmoid)(input)


def hardswish(input, inplace=False):
    """y = x·min(max(x + 3, 0), 6)/6.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html"""
    return (_hardswish_ if inplace else ops.hardswish)(input)


_silu_, _mish_ = make_inplace(ops.silu, "silu"), make_inplace(ops.mish, "mish")
_hardsigmoid_, _hardswish_ = make_inplace(ops.hardsigmoid, "hardsigmoid"), make_inplace(ops.hardswish, "hardswish")


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Probabilities along ``dim``, eˣⁱ / Σ eˣʲ.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.softmax(torch.tensor([1., 1.]), dim=0)
    tensor([0.5000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """
    return _softmax.softmax(input, _chosen_dim("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Logarithms of probabilities along ``dim``.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html"""
    return _softmax.log_softmax(input, _chosen_dim("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """Softmax of −x.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html"""
    return _softmax.softmax(-input, _chosen_dim("softmin", input, dim, _stacklevel), dtype)


def _chosen_dim(name, input, dim, stacklevel):
    """``dim``, or the one that PyTorch chose before it had to be said."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.", stacklevel=stacklevel
    )
    return 0 if input.ndim in (0, 1, 3) else 1
