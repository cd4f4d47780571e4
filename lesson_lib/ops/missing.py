"""Numbers that are missing or infinite, and sums that step over them; degrees and radians; mantissas and exponents."""

import math

from ..core.dtypes import finfo, from_numpy_dtype
from ..core.errors import error
from ..core.errors import typename as name_of_type
from ..core.op import Elementwise, Op, Reduction, method, numpy_spelling, op
from ..core.tensor import Tensor
from . import return_types
from .case import case
from .cast import asked_dtype
from .compare import Test
from .reduce import canonical_dims, reductions, spread, sum, wide
from .select import where_else
from .transcend import Smooth, exp2


@op
class nan_to_num(Elementwise):
    """The numbers as they are; nan as 0, ±∞ as the largest numbers, unless others are given.   ∂y/∂x = 1 where x is finite, else 0.

    Source: https://pytorch.org/docs/stable/generated/torch.nan_to_num.html
    """

    half = "exact"  # the largest number depends on the type

    def signature(input, nan=None, posinf=None, neginf=None):
        return input, {"nan": nan, "posinf": posinf, "neginf": neginf}

    def forward(xp, x, *, nan, posinf, neginf):
        if x.dtype.kind not in "fV":
            return x.copy()
        limits = finfo(from_numpy_dtype(x.dtype))
        y = xp.where(x != x, 0.0 if nan is None else nan, x)
        y = xp.where(x == math.inf, limits.max if posinf is None else posinf, y)
        return xp.where(x == -math.inf, limits.min if neginf is None else neginf, y).astype(x.dtype)

    def grad_x(g, x):
        return where_else.op.raw((x - x) == 0, g, 0)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(), nan=1.0, posinf=2.0)


@op
class nansum(Reduction):
    r"""The sum over ``dim`` of what is not nan, $y=\sum_i x_i$.   ∂y/∂xᵢ = 1, and 0 for nan.

    Source: https://pytorch.org/docs/stable/generated/torch.nansum.html
    """

    label = "Σ"

    def signature(input, dim=None, keepdim=False, *, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "nansum")
        return input, {"dim": canonical_dims("nansum", input.ndim, dim), "keepdim": keepdim, "dtype": dtype}

    def forward(xp, x, *, dim, keepdim, dtype):
        return xp.sum(xp.where(x != x, 0, x).astype(x.dtype), axis=dim, dtype=wide(x, dtype), keepdims=keepdim)

    def grad_x(g, x, x_shape, dim, keepdim):
        return where_else.op.raw(x == x, spread(g, x_shape, dim, keepdim), 0)

    samples = reductions


@method()
@numpy_spelling
def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The average over ``dim`` of what is not nan. Source: https://pytorch.org/docs/stable/generated/torch.nanmean.html"""
    if not (input.is_floating_point() or input.is_complex()):
        raise error("nanmean_dtype", dtype=input.dtype.title)
    counted = sum(input.detach() == input.detach(), dim, keepdim)
    result = nansum(input, dim, keepdim, dtype=dtype) / counted
    return result if out is None else Tensor._write_out(out, result, "nanmean")


def _infinite(xp, x, name, value):
    """True where x is this infinity; complex numbers have no sign."""
    if x.dtype.kind == "c":
        raise error("no_complex", name=name)
    return x == value if x.dtype.kind == "f" else xp.zeros(x.shape, bool)


@op
class isposinf(Test):
    """True where x = +∞. Source: https://pytorch.org/docs/stable/generated/torch.isposinf.html"""

    def forward(xp, x):
        return _infinite(xp, x, "isposinf", math.inf)


@op
class isneginf(Test):
    """True where x = −∞. Source: https://pytorch.org/docs/stable/generated/torch.isneginf.html"""

    def forward(xp, x):
        return _infinite(xp, x, "isneginf", -math.inf)


@op
class deg2rad(Smooth):
    """Degrees as radians, y = x·π/180.   ∂y/∂x = π/180. Source: https://pytorch.org/docs/stable/generated/torch.deg2rad.html"""

    kinds, refusal = "biuf", "complex_unsupported"
    title = "Deg2Rad"

    def forward(xp, x):
        return x * (math.pi / 180)

    def grad_x(g):
        return g * (math.pi / 180)


@op
class rad2deg(Smooth):
    """Radians as degrees, y = x·180/π.   ∂y/∂x = 180/π. Source: https://pytorch.org/docs/stable/generated/torch.rad2deg.html"""

    kinds, refusal = "biuf", "complex_unsupported"
    title = "Rad2Deg"

    def forward(xp, x):
        return x * (180 / math.pi)

    def grad_x(g):
        return g * (180 / math.pi)


@op
class frexp(Op):
    """Mantissa and exponent, x = m·2ᵉ with 1/2 ≤ |m| < 1.   ∂m/∂x = 2⁻ᵉ.

    Source: https://pytorch.org/docs/stable/generated/torch.frexp.html
    """

    outputs, returns = ("mantissa", "exponent"), return_types.frexp

    def forward(xp, x):
        if x.dtype.kind != "f":
            raise error("frexp_dtype")
        mantissa, exponent = xp.frexp(x)
        return mantissa, exponent.astype("int32")

    def grad_x(g, exponent):
        return g * exp2(-exponent)  # the engine converts back

    def samples(t):
        yield case(t(2, 3))

    def errors(t):
        yield case(t(2, dtype="int64")), RuntimeError, "torch.frexp() only supports floating-point dtypes"


@method()
def is_nonzero(input):
    """True if the only element differs from 0; a Python bool. Source: https://pytorch.org/docs/stable/generated/torch.is_nonzero.html"""
    return bool(input)


def is_tensor(obj):
    """True for a tensor. Source: https://pytorch.org/docs/stable/generated/torch.is_tensor.html"""
    return isinstance(obj, Tensor)


def typename(obj):
    """The name of the object's type, as PyTorch prints it: ``torch.FloatTensor`` for a tensor of float32.

    Source: https://pytorch.org/docs/stable/generated/torch.typename.html
    """
    return obj.type() if isinstance(obj, Tensor) else name_of_type(obj)


def is_signed(input):
    """True if the dtype has negative numbers. Source: https://pytorch.org/docs/stable/generated/torch.is_signed.html"""
    return input.is_signed()


def numel(input):
    """The number of elements. Source: https://pytorch.org/docs/stable/generated/torch.numel.html"""
    return input.numel()
