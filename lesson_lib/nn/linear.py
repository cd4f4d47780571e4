"""Linear layers: a matrix times the input, plus a bias."""

import math

from ..core.errors import error
from ..ops.create import empty
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class Identity(Module):
    """The input itself; arguments are accepted and ignored.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        """The input."""
        return input


class Linear(Module):
    r"""$y = x W^\top + b$: x (*, in_features) → y (*, out_features).

    W (out_features, in_features) and b (out_features) start uniform in ±1/√in_features.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.Linear(3, 2)
    >>> layer(torch.ones(5, 3)).shape
    torch.Size([5, 2])

    Errors: RuntimeError if the input's last dimension is not in_features.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new weights."""
        fan_in_uniform_(self.weight, self.bias)

    def forward(self, input):
        """x Wᵀ + b."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        """The sizes, and whether there is a bias."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    r"""$y_o = a^\top W_o\,b + c_o$: a (*, in1_features), b (*, in2_features) → y (*, out_features).

    W (out_features, in1_features, in2_features) and c (out_features) start uniform in ±1/√in1_features.

    >>> import lesson_lib as torch
    >>> torch.nn.Bilinear(3, 4, 2)(torch.ones(5, 3), torch.ones(5, 4)).shape
    torch.Size([5, 2])

    Errors: ValueError without in1_features, RuntimeError for inputs of other sizes.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        if in1_features <= 0:
            raise error("bilinear_features", found=in1_features)
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new weights."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1, input2):
        """aᵀ·W·b + c."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self):
        """The sizes, and whether there is a bias."""
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


def fan_in_uniform_(weight, bias):
    """PyTorch's default for linear and convolution layers: weight and bias uniform in ±1/√(number of inputs)."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = init._calculate_fan_in_and_fan_out(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)
