"""Initial values of weights. Each function fills a tensor in place, unrecorded, and returns it.

Too large and signals explode from layer to layer, too small and they vanish: the formulas of Glorot and He keep the
variance of a signal the same through a layer.

Source: https://pytorch.org/docs/stable/nn.init.html
"""

import math
import warnings

import numpy as np

from ..core.device import device_of, namespace, to_array
from ..core.errors import error
from ..core.grad_mode import no_grad
from ..core.parity import missing_from
from ..core.rng import default_generator
from .outdated import outdated

_LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid")


def calculate_gain(nonlinearity, param=None):
    """How much larger weights must be because of the nonlinearity that follows: √2 for relu, 5/3 for tanh, 1 for none.

    >>> import lesson_lib as torch
    >>> torch.nn.init.calculate_gain("tanh")
    1.6666666666666667

    Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, int | float | None):
            raise error("init_value", message=f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise error("init_value", message=f"Unsupported nonlinearity {nonlinearity}")


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """x ~ U(a, b).   Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_"""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """x ~ N(mean, std²).   Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_"""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """x ~ N(mean, std²) given that a ≤ x ≤ b.

    Where [a, b] holds a good part of the distribution, what falls outside is drawn again. Where it does not, numbers
    are drawn evenly from [a, b] and each is kept with the probability p(x)/max p.

    Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.", stacklevel=2
        )  # fmt: skip
    draw, shape, np_dtype = default_generator if generator is None else generator, tuple(tensor.shape), tensor._a.dtype
    if _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std) > 0.3:
        x = draw.normal(shape, np_dtype, mean, std)
        while (outside := (x < np_dtype.type(a)) | (x > np_dtype.type(b))).any():
            x = np.where(outside, draw.normal(shape, np_dtype, mean, std), x)
    else:
        highest = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2  # the logarithm of the density at its peak in [a, b]
        x = draw.uniform(shape, np_dtype, a, b)
        refused = np.log(draw.uniform(shape, np_dtype)) > -0.5 * ((x - mean) / std) ** 2 - highest
        while refused.any():
            fresh = draw.uniform(shape, np_dtype, a, b)
            x = np.where(refused, fresh, x)
            refused &= np.log(draw.uniform(shape, np_dtype)) > -0.5 * ((fresh - mean) / std) ** 2 - highest
    return _set(tensor, to_array(x, device_of(tensor._a)))


def _normal_cdf(x):
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


@no_grad()
def constant_(tensor, val):
    """x = val.   Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_"""
    return tensor.fill_(val)


def ones_(tensor):
    """x = 1.   Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.ones_"""
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """x = 0.   Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.zeros_"""
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor):
    """The identity matrix: inputs pass through a linear layer unchanged.

    Errors: ValueError if the tensor is not a matrix.
    Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_
    """
    if tensor.ndim != 2:
        raise error("init_dims", wanted="2")
    return _set(tensor, namespace(tensor._a).eye(*tensor.shape))


@no_grad()
def dirac_(tensor, groups=1):
    """The identity of a convolution: as many channels as possible pass through unchanged.

    Errors: ValueError for less than 3 or more than 5 dimensions, or output channels that groups does not divide.
    Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
    """
    shape = tuple(tensor.shape)
    if len(shape) not in (3, 4, 5):
        raise error("init_dims", wanted="3, 4, or 5")
    if shape[0] % groups:
        raise error("init_value", message="dim 0 must be divisible by groups")
    weights = namespace(tensor._a).zeros_like(tensor._a)
    share, centre = shape[0] // groups, tuple(size // 2 for size in shape[2:])
    for group in range(groups):
        for channel in range(min(share, shape[1])):
            weights[(group * share + channel, channel, *centre)] = 1
    return _set(tensor, weights)


def _calculate_fan_in_and_fan_out(tensor):
    """How many inputs one output has, and how many outputs one input has: of (out, in, *kernel)."""
    if tensor.ndim < 2:
        raise error("init_fan")
    outputs, inputs, *kernel = tensor.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """x ~ U(−a, a) with a = gain·√(6 / (fan_in + fan_out)).

    Errors: ValueError for fewer than 2 dimensions.
    Source: X. Glorot and Y. Bengio, https://proceedings.mlr.press/v9/glorot10a.html; https://pytorch.org/docs/stable/nn.init.html
    """
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """x ~ N(0, σ²) with σ = gain·√(2 / (fan_in + fan_out)).

    Errors: ValueError for fewer than 2 dimensions.
    Source: X. Glorot and Y. Bengio, https://proceedings.mlr.press/v9/glorot10a.html; https://pytorch.org/docs/stable/nn.init.html
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """x ~ U(−b, b) with b = gain·√(3 / fan); ``a`` is the slope of the leaky relu, ``mode`` "fan_in" or "fan_out".

    Errors: ValueError for fewer than 2 dimensions or another mode.
    Source: K. He et al., https://arxiv.org/abs/1502.01852; https://pytorch.org/docs/stable/nn.init.html
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """x ~ N(0, σ²) with σ = gain / √fan; ``a`` is the slope of the leaky relu, ``mode`` "fan_in" or "fan_out".

    Errors: ValueError for fewer than 2 dimensions or another mode.
    Source: K. He et al., https://arxiv.org/abs/1502.01852; https://pytorch.org/docs/stable/nn.init.html
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise error("init_value", message=f"Mode {mode.lower()} not supported, please use one of {modes}")
    fan = _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


@no_grad()
def orthogonal_(tensor, gain=1, generator=None):
    """A random orthogonal matrix times ``gain`` (all dimensions but the first count as columns): lengths are kept.

    Errors: ValueError for fewer than 2 dimensions.
    Source: A. Saxe et al., https://arxiv.org/abs/1312.6120; https://pytorch.org/docs/stable/nn.init.html
    """
    if tensor.ndim < 2:
        raise error("init_dims", wanted="2 or more")
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    xp = namespace(tensor._a)
    random = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)._a
    q, r = xp.linalg.qr(random.T if rows < columns else random)
    q = q * xp.sign(xp.diagonal(r))  # with the signs of r's diagonal the matrix is drawn evenly from all orthogonal ones
    return _set(tensor, (q.T if rows < columns else q).reshape(tensor.shape) * gain)


@no_grad()
def sparse_(tensor, sparsity, std=0.01, generator=None):
    """x ~ N(0, std²), with a share of ``sparsity`` zeros in each column.

    Errors: ValueError if the tensor is not a matrix.
    Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
    """
    if tensor.ndim != 2:
        raise error("init_dims", wanted="2")
    rows, columns = tensor.shape
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        chosen = default_generator.permutation(rows)[: math.ceil(sparsity * rows)]  # as in PyTorch, generator or not
        tensor[chosen.tolist(), column] = 0
    return tensor


def _set(tensor, array):
    """Write an array's values into a tensor."""
    tensor._a[...] = array
    tensor._ver[0] += 1
    return tensor


def _old_name(function):
    name = function.__name__.removesuffix("_")
    old = outdated(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.")(function)
    old.__name__, old.__doc__ = name, f"The old name of ``{name}_``.   Source: https://pytorch.org/docs/stable/nn.init.html"
    return old


uniform, normal, constant, eye, dirac = map(_old_name, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal = map(_old_name, (xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_))
orthogonal, sparse = map(_old_name, (orthogonal_, sparse_))

__getattr__ = missing_from("torch.nn.init")  # a name that is missing here says why
