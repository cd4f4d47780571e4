"""Activation functions: what bends the straight lines between two layers.

Here are those made of straight pieces and the exponential ones; the smooth ones are in ``smooth.py``.
``nn.functional`` has them all with PyTorch's ``inplace`` argument.
"""

from ..core.errors import error
from ..core.mutation import make_inplace
from ..core.op import method, op
from .case import case
from .chance import gumbel_softmax, rrelu, rrelu_  # noqa: F401 - all activations under one name
from .select import clamp_max, where_else
from .shrink import hardshrink, softshrink  # noqa: F401 - all activations under one name
from .smooth import Activation, gelu, glu, logsigmoid, mish, silu, softplus, softsign, tanhshrink  # noqa: F401 - all activations under one name
from .transcend import exp
from .view import reshape

# --- straight pieces -----------------------------------------------------------------------------------------------------


@op
class relu(Activation):
    """Nothing below 0, y = max(x, 0).   ∂y/∂x = 1 for x > 0, else 0 (at 0 too).

    >>> import lesson_lib as torch
    >>> torch.relu(torch.tensor([-1., 0., 2.]))
    tensor([0., 0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """

    kinds, refusal, method, inplace = "biuf", "complex_clamp", True, True

    def forward(xp, x):
        if x.dtype.kind == "b":
            raise error("bool_relu")
        return xp.maximum(x, 0)

    def grad_x(g, y):
        return g * (y != 0)  # nan is not below 0

    def errors(t):
        yield case(t(2, dtype="bool")), RuntimeError, "Boolean inputs not supported for relu"


@op
class leaky_relu(Activation):
    """y = x for x > 0, else slope·x.   ∂y/∂x = 1 or slope (slope at 0).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1., 2.]))
    tensor([-0.0100,  2.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
    """

    def signature(input, negative_slope=0.01):
        return input, {"negative_slope": negative_slope}

    def forward(xp, x, *, negative_slope):
        return xp.where(x > 0, x, x * negative_slope)

    def grad_x(g, x, negative_slope):
        return where_else.op.raw(x > 0, g, g * negative_slope)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(), 0.25)

    def errors(t):
        yield case(t(2, dtype="int64")), NotImplementedError, "\"leaky_relu_cpu\" not implemented for 'Long'"


@op
class prelu_kernel(Activation):
    """y = x for x > 0, else w·x, with a slope that is learnt.   ∂y/∂x = 1 or w,  ∂y/∂w = 0 or x."""

    public, label, kernel, samples = False, "prelu", "prelu_cpu", lambda t: (case(t(2, 3), t(3)),)

    def forward(xp, x, w):
        return xp.where(x > 0, x, x * w)

    def grad_x(g, x, w):
        return where_else.op.raw(x > 0, g, g * w)

    def grad_w(g, x):
        return where_else.op.raw(x > 0, 0, g * x)


@method()
def prelu(input, weight):
    """y = x for x > 0, else w·x; one slope for all or one per channel (dimension 1).   ∂y/∂w = x where x ≤ 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.prelu(torch.tensor([-1., 2.]), torch.tensor([0.25]))
    tensor([-0.2500,  2.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
    """
    if input._a.dtype != weight._a.dtype:
        raise error("prelu_dtype", input=input.dtype.title, weight=weight.dtype.title)
    if weight.ndim > 1:
        raise error("prelu_dims", ndim=weight.ndim)
    if weight.numel() == 1:
        return prelu_kernel(input, reshape(weight, (1,) * input.ndim))
    if input.ndim == 0:
        raise error("prelu_scalar")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() != channels:
        raise error("prelu_size", found=weight.numel(), channels=channels)
    return prelu_kernel(input, reshape(weight, (1, channels) + (1,) * (input.ndim - 2)))


@op
class hardtanh(Activation):
    """Cut off at both ends, y = min(max(x, low), high).   ∂y/∂x = 1 strictly between, else 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3., 0.5]))
    tensor([-1.0000,  0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
    """

    kinds, refusal = "biuf", "complex_clamp"

    def signature(input, min_val=-1.0, max_val=1.0):
        if min_val > max_val:
            raise error("hardtanh_order")
        return input, {"low": min_val, "high": max_val}

    def forward(xp, x, *, low, high):
        if x.dtype.kind == "b":
            raise error("bool_hardtanh")
        if x.dtype.kind != "f":
            low, high = int(low), int(high)
        if x.dtype.kind == "u" and low < 0:
            raise error("unsigned_hardtanh")
        return xp.minimum(xp.maximum(x, low), high)

    def grad_x(g, x, low, high):
        return where_else.op.raw((x <= low) | (x >= high), 0, g)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(), -0.5, 2.0)

    def errors(t):
        yield case(t(2), 1, 0), ValueError, "min_val cannot be greater than max_val"


def relu6(input):
    """y = min(max(x, 0), 6).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.relu6(torch.tensor([-1., 8.]))
    tensor([0., 6.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
    """
    return hardtanh(input, 0.0, 6.0)


@op
class threshold(Activation):
    """y = x where x > threshold, else ``value``.   ∂y/∂x = 1 or 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.threshold(torch.tensor([-1., 2.]), 0, 20)
    tensor([20.,  2.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
    """

    kinds = "iuf"
    signature = lambda input, threshold, value: (input, {"threshold": threshold, "value": value})  # noqa: E731
    samples = lambda t: (case(t(2, 3), 0.1, 20),)  # noqa: E731

    def forward(xp, x, *, threshold, value):
        return xp.where(x <= threshold, xp.asarray(value, dtype=x.dtype), x)

    def grad_x(g, x, threshold):
        return where_else.op.raw(x <= threshold, 0, g)


@op
class hardsigmoid(Activation):
    """A sigmoid out of straight pieces, y = min(max(x + 3, 0), 6)/6.   ∂y/∂x = 1/6 for |x| < 3, else 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4., 0.]))
    tensor([0.0000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
    """

    def forward(xp, x):
        return xp.minimum(xp.maximum(x + 3, 0), 6) / 6

    def grad_x(g, x):
        return where_else.op.raw((x > -3) & (x < 3), g / 6, 0)


@op
class hardswish(Activation):
    """y = x·min(max(x + 3, 0), 6)/6.   ∂y/∂x = x/3 + ½ for |x| < 3, 0 below and 1 above.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.hardswish(torch.tensor([-4., 1.]))
    tensor([-0.0000, 0.6667])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
    """

    def forward(xp, x):
        return x * xp.minimum(xp.maximum(x + 3, 0), 6) / 6

    def grad_x(g, x):
        return where_else.op.raw(x <= -3, 0, where_else.op.raw(x < 3, g * (x / 3 + 0.5), g))


# --- with an exponential -------------------------------------------------------------------------------------------------


class ExponentialBelow(Activation):
    """y = s·x for x > 0, else s·α(e^{kx} − 1): straight above, an exponential that flattens out below."""

    kernel = "elu_cpu"

    def forward(xp, x, *, alpha, scale, input_scale):
        below = xp.expm1(xp.minimum(x, 0) * input_scale) * (alpha * scale)
        return xp.where(x > 0, x * scale, below)

    def grad_x(g, x, alpha, scale, input_scale):
        below = exp(clamp_max.op.raw(x, 0) * input_scale) * (alpha * scale * input_scale)
        return where_else.op.raw(x <= 0, g * below, g * scale)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(), 0.5)


@op
class elu(ExponentialBelow):
    """y = x for x > 0, else α(eˣ − 1).   ∂y/∂x = 1 or α·eˣ.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.elu(torch.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])

    Source: https://arxiv.org/abs/1511.07289
    """

    signature = lambda input, alpha=1.0: (input, {"alpha": alpha, "scale": 1, "input_scale": 1})  # noqa: E731


@op
class celu(ExponentialBelow):
    """y = x for x > 0, else α(e^{x/α} − 1), whose slope at 0 is 1 for every α.   ∂y/∂x = 1 or e^{x/α}.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.celu(torch.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])

    Source: https://arxiv.org/abs/1704.07483
    """

    def signature(input, alpha=1.0):
        if alpha == 0:
            raise error("celu_alpha")
        return input, {"alpha": alpha, "scale": 1, "input_scale": 1 / alpha}

    def errors(t):
        yield case(t(2), 0), RuntimeError, "ZeroDivisionError: alpha cannot be 0 for CELU"


def selu(input):
    """ELU with the α and scale that keep mean 0 and variance 1, y = 1.0507·(x or 1.6733(eˣ − 1)).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.selu(torch.tensor([-1., 2.]))
    tensor([-1.1113,  2.1014])

    Source: https://arxiv.org/abs/1706.02515
    """
    return elu.op.raw(input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946, input_scale=1)


relu_ = make_inplace(relu, "relu")
leaky_relu_ = make_inplace(leaky_relu, "leaky_relu")
elu_, selu_, celu_ = make_inplace(elu, "elu"), make_inplace(selu, "selu"), make_inplace(celu, "celu")
hardtanh_, threshold_ = make_inplace(hardtanh, "hardtanh"), make_inplace(threshold, "threshold")
