"""The conjugate and the direction of complex numbers. A real number is its own conjugate, so a rule may say ``conj`` for both kinds."""

from ..core.op import Elementwise, Op, method, op
from ..core.tensor import Tensor
from .case import case


@op
class conjugate(Op):
    """The complex conjugate as a copy, y = x̄: the sign of the imaginary part turned.   ∂L/∂x is the conjugate of the gradient."""

    public, title, label, holomorphic = False, "Conj", "x̄", False

    def forward(xp, x):
        return xp.conj(x) if x.dtype.kind == "c" else x.copy()

    def grad_x(g):
        return conj(g)

    def samples(t):
        yield case(t(2, 3))
        yield case(t())


def is_complex_valued(x):
    """True for a tensor or an array of complex numbers."""
    return getattr(x, "_a", x).dtype.kind == "c"


@method()
def conj(input):
    """The complex conjugate, y = x̄; a real tensor itself.   ∂L/∂x is the conjugate of the gradient.

    >>> import lesson_lib as torch
    >>> torch.conj(torch.tensor([1 + 2j]))
    tensor([1.-2.j])

    Source: https://pytorch.org/docs/stable/generated/torch.conj.html
    """
    if not hasattr(input, "dtype"):
        return input.conjugate()  # a Python number among a rule's inputs
    return conjugate.op.raw(input) if is_complex_valued(input) else input


@method(inplace=True)
def conj_physical(input, *, out=None):
    """The complex conjugate, y = x̄; ``conj`` under another name. Source: https://pytorch.org/docs/stable/generated/torch.conj_physical.html"""
    result = conj(input)
    return result if out is None else Tensor._write_out(out, result, "conj_physical")


@op
class sgn(Elementwise):
    """The direction of a number, y = x/|x|, and 0 for 0; of a real one its sign.   ∂L/∂x = (g − y·Re(g·ȳ))/|x|, which is 0 for real numbers.

    Source: https://pytorch.org/docs/stable/generated/torch.sgn.html
    """

    holomorphic = False

    def forward(xp, x):
        if x.dtype.kind == "c":
            size = xp.absolute(x)
            return xp.where(size == 0, 0, x / xp.where(size == 0, 1, size))
        return xp.subtract(x > 0, x < 0, dtype=x.dtype) if x.dtype.kind != "b" else x.copy()

    def grad_x(g, x, y):
        if not is_complex_valued(x):
            return g * 0
        along = g * conj(y)
        size = abs(x)
        return (g - y * ((along + conj(along)) / 2)) / (size + (size == 0)) * (size != 0)

    def samples(t):
        yield case(t(2, 3))
        yield case(t())
        yield case(t(0))


def mT(x):
    """Each matrix (the last two dimensions) transposed."""
    return x.swapaxes(-1, -2)


def mH(x):
    """Each matrix transposed and conjugated."""
    return conj(x.swapaxes(-1, -2))
