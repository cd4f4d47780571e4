"""Activations as modules: what bends the straight lines between two layers."""

import warnings

from ..core.errors import error
from ..ops.create import empty
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class _Elementwise(Module):
    """An activation. ``settings`` names its attributes, in the order in which ``function`` takes them and ``print`` shows them."""

    function = None
    settings = ()

    def forward(self, input):
        """The function of each element."""
        return self.function(input, *(getattr(self, name) for name in self.settings))

    def extra_repr(self):
        """The settings; ``inplace`` only if it is on."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.settings if name != "inplace" or self.inplace)


class _InPlace(_Elementwise):
    """An activation whose only setting is ``inplace``: whether it writes over its input."""

    settings = ("inplace",)

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace


class ReLU(_InPlace):
    """y = max(x, 0).

    >>> import lesson_lib as torch
    >>> torch.nn.ReLU()(torch.tensor([-1., 2.]))
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    function = staticmethod(F.relu)


class ReLU6(_InPlace):
    """y = min(max(x, 0), 6).   Source: https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html"""

    function = staticmethod(F.relu6)


class SELU(_InPlace):
    """ELU that keeps mean 0 and variance 1.   Source: https://pytorch.org/docs/stable/generated/torch.nn.SELU.html"""

    function = staticmethod(F.selu)


class SiLU(_InPlace):
    """y = x·σ(x).   Source: https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html"""

    function = staticmethod(F.silu)


class Mish(_InPlace):
    """y = x·tanh(softplus(x)).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Mish.html"""

    function = staticmethod(F.mish)


class Hardswish(_InPlace):
    """y = x·min(max(x + 3, 0), 6)/6.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html"""

    function = staticmethod(F.hardswish)

    def extra_repr(self):
        """Nothing, as in PyTorch."""
        return ""


class Hardsigmoid(Hardswish):
    """y = min(max(x + 3, 0), 6)/6.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html"""

    function = staticmethod(F.hardsigmoid)


class LeakyReLU(_Elementwise):
    """y = x for x > 0, else slope·x.   Source: https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html"""

    function, settings = staticmethod(F.leaky_relu), ("negative_slope", "inplace")

    def __init__(self, negative_slope=1e-2, inplace=False):
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace


class ELU(_Elementwise):
    """y = x for x > 0, else α(eˣ − 1).   Source: https://pytorch.org/docs/stable/generated/torch.nn.ELU.html"""

    function, settings = staticmethod(F.elu), ("alpha", "inplace")

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha, self.inplace = alpha, inplace


class CELU(ELU):
    """y = x for x > 0, else α(e^{x/α} − 1).   Source: https://pytorch.org/docs/stable/generated/torch.nn.CELU.html"""

    function = staticmethod(F.celu)


class Hardtanh(_Elementwise):
    """y = min(max(x, min_val), max_val).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html"""

    function, settings = staticmethod(F.hardtanh), ("min_val", "max_val", "inplace")

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        super().__init__()
        min_val, max_val = _renamed("min", min_val, min_value), _renamed("max", max_val, max_value)
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace
        if max_val <= min_val:
            raise error("hardtanh_values", low=min_val, high=max_val)


def _renamed(bound, value, old_value):
    """The value, or the one that came under the old name."""
    if old_value is None:
        return value
    warnings.warn(f"keyword argument `{bound}_value` is deprecated and renamed to `{bound}_val`", FutureWarning, stacklevel=3)
    return old_value


class Threshold(_Elementwise):
    """y = x where x > threshold, else value.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html"""

    function, settings = staticmethod(F.threshold), ("threshold", "value", "inplace")

    def __init__(self, threshold, value, inplace=False):
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace


class Softplus(_Elementwise):
    """y = ln(1 + e^{βx})/β.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html"""

    function, settings = staticmethod(F.softplus), ("beta", "threshold")

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold


class Hardshrink(_Elementwise):
    """y = x where |x| > λ, else 0.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html"""

    function, settings = staticmethod(F.hardshrink), ("lambd",)

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def extra_repr(self):
        """λ alone."""
        return str(self.lambd)


class Softshrink(Hardshrink):
    """y = x moved towards 0 by λ, and 0 where |x| ≤ λ.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html"""

    function = staticmethod(F.softshrink)


class RReLU(_Elementwise):
    """y = x for x > 0, else s·x with slopes s ~ U[lower, upper) in training, and their mean in evaluation.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html
    """

    settings = ("lower", "upper", "inplace")

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        """The function of each element."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class GLU(_Elementwise):
    """y = a·σ(b) with the two halves a, b of x along ``dim``.   Source: https://pytorch.org/docs/stable/generated/torch.nn.GLU.html"""

    function, settings = staticmethod(F.glu), ("dim",)

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim


class Sigmoid(_Elementwise):
    """y = 1/(1 + e⁻ˣ).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    function = staticmethod(F.sigmoid)


class Tanh(_Elementwise):
    """y = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    function = staticmethod(F.tanh)


class LogSigmoid(_Elementwise):
    """y = ln σ(x).   Source: https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html"""

    function = staticmethod(F.logsigmoid)


class Softsign(_Elementwise):
    """y = x/(1 + |x|).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html"""

    function = staticmethod(F.softsign)


class Tanhshrink(_Elementwise):
    """y = x − tanh(x).   Source: https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html"""

    function = staticmethod(F.tanhshrink)


class GELU(Module):
    """y = x·Φ(x); ``approximate="tanh"`` uses a formula in place of the normal distribution's Φ.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        """x·Φ(x)."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        """The approximation."""
        return f"approximate={self.approximate!r}"


class PReLU(Module):
    """y = x for x > 0, else w·x with a learned w: one for all channels, or one for each.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        """Every w back to its first value."""
        init.constant_(self.weight, self.init)

    def forward(self, input):
        """The input with its negative part scaled."""
        return F.prelu(input, self.weight)

    def extra_repr(self):
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"


class _AlongDim(Module):
    """A function along one dimension."""

    function = None

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        """The function along ``dim``."""
        return self.function(input, self.dim, _stacklevel=5)

    def extra_repr(self):
        """The dimension."""
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """Probabilities along ``dim``: eˣⁱ / Σ eˣʲ.

    >>> import lesson_lib as torch
    >>> torch.nn.Softmax(dim=0)(torch.tensor([1., 1.]))
    tensor([0.5000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    function = staticmethod(F.softmax)


class LogSoftmax(_AlongDim):
    """Logarithms of probabilities along ``dim``.   Source: https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html"""

    function = staticmethod(F.log_softmax)


class Softmin(_AlongDim):
    """Softmax of −x.   Source: https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html"""

    function = staticmethod(F.softmin)


class Softmax2d(Module):
    """Probabilities over the channels of each pixel: (N, C, H, W) or (C, H, W).

    Errors: ValueError for other numbers of dimensions.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
    """

    def forward(self, input):
        """The softmax over the channels."""
        if input.ndim not in (3, 4):
            raise error("softmax2d_dims", ndim=input.ndim)
        return F.softmax(input, -3)
