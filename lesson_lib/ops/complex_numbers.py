"""Complex numbers: made of two real ones, and taken apart again.

PyTorch's gradient of a real L by z = x + iy is ∂L/∂x + i·∂L/∂y. Most of these functions have no complex derivative, so their rules hold the
conjugates themselves (``holomorphic = False``).
Source: https://pytorch.org/docs/stable/notes/autograd.html#autograd-for-complex-numbers
"""

import numpy as np

from ..core.dtypes import float16, from_numpy_dtype
from ..core.errors import error
from ..core.op import Elementwise, Op, View, method, op
from ..core.tensor import Tensor
from .arithmetic import singles
from .case import case
from .compare import Test
from .conjugate import conj, is_complex_valued
from .select import where_else
from .slicing import select
from .view import broadcast_shapes

PARTNER = {"float32": "complex64", "float64": "complex128", "complex64": "float32", "complex128": "float64"}


@op
class view_as_real(View):
    """The two parts of each complex number as a last dimension of size 2, a view: y_…0 = Re z, y_…1 = Im z.   ∂L/∂z = g_…0 + i·g_…1.

    Source: https://pytorch.org/docs/stable/generated/torch.view_as_real.html
    """

    def forward(xp, x):
        if x.dtype.kind != "c":
            raise error("view_as_real")
        return x[..., None].view(PARTNER[x.dtype.name])

    def grad_x(g):
        return complex(select(g, -1, 0), select(g, -1, 1))  # g may be spread over memory, where view_as_complex cannot look at it

    def samples(t):
        yield case(t(2, 3, dtype="complex128"))
        yield case(t(dtype="complex64"))

    def errors(t):
        yield case(t(2)), RuntimeError, "view_as_real is only supported for complex tensors"


@op
class view_as_complex(View):
    """Pairs in the last dimension (of size 2) as complex numbers, a view: z = x_…0 + i·x_…1.   ∂L/∂x = (Re g, Im g).

    Source: https://pytorch.org/docs/stable/generated/torch.view_as_complex.html
    """

    holomorphic = False

    def forward(xp, x):
        if x.dtype.kind != "f":
            raise error("view_as_complex_dtype", dtype=from_numpy_dtype(x.dtype).title)
        if x.ndim == 0:
            raise error("view_as_complex_0d")
        if x.shape[-1] != 2:
            raise error("view_as_complex_size")
        if x.strides[-1] != x.itemsize and x.size:
            raise error("view_as_complex_stride")
        return x.view(from_numpy_dtype(x.dtype).to_complex().np)[..., 0]

    def grad_x(g):
        return pair_of(g)

    def samples(t):
        yield case(t(3, 2))
        yield case(t(2))

    def errors(t):
        yield case(t(3)), RuntimeError, "Tensor must have a last dimension of size 2"
        yield case(t()), RuntimeError, "Input tensor must have one or more dimensions"
        yield (
            case(t(2, dtype="int64")),
            RuntimeError,
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: Long",
        )


def pair_of(x):
    """The real and the imaginary part as a last dimension of size 2; the imaginary part of a real number is 0."""
    return view_as_real(x if is_complex_valued(x) else x + 0j)


def real(input):
    """The real part, y = Re z, a view; a real tensor itself.   ∂L/∂z = g.

    Source: https://pytorch.org/docs/stable/generated/torch.real.html
    """
    return select(view_as_real(input), -1, 0) if is_complex_valued(input) else input


def imag(input):
    """The imaginary part, y = Im z, a view.   ∂L/∂z = i·g.

    Source: https://pytorch.org/docs/stable/generated/torch.imag.html
    """
    if not is_complex_valued(input):
        raise error("imag_real")
    return select(view_as_real(input), -1, 1)


def _set_real(self, value):
    real(self).copy_(value)


def _set_imag(self, value):
    imag(self).copy_(value)


Tensor.real, Tensor.imag = property(real, _set_real, doc=real.__doc__), property(imag, _set_imag, doc=imag.__doc__)


def _check_parts(name, first, second, a, b):
    """Two real tensors of one dtype."""
    if a.dtype.name not in ("float16", "float32", "float64") or b.dtype.name not in ("float16", "float32", "float64"):
        raise error("complex_parts", a=from_numpy_dtype(a.dtype).title, b=from_numpy_dtype(b.dtype).title)
    if a.dtype != b.dtype:
        raise error("complex_same", second=second, wanted=from_numpy_dtype(a.dtype).title, found=from_numpy_dtype(b.dtype).title)


class Made(Elementwise):
    """A complex number made of two real ones."""

    method, inplace, numbers, holomorphic = False, False, False, False
    promotion, half = Op.promotion, "exact"  # two of them make a complex32

    def samples(t):
        yield case(t(2, 3), t(2, 3))
        yield case(t(2, 1), t(3))

    def errors(t):
        message = "Expected both inputs to be Half, Float or Double tensors but got Long and Long"
        yield case(t(2, dtype="int64"), t(2, dtype="int64")), RuntimeError, message


@op
class complex(Made):
    """A complex number of its two parts, z = a + i·b.   ∂L/∂a = Re g,  ∂L/∂b = Im g.

    >>> import lesson_lib as torch
    >>> torch.complex(torch.tensor([1.]), torch.tensor([2.]))
    tensor([1.+2.j])

    Source: https://pytorch.org/docs/stable/generated/torch.complex.html
    """

    def signature(real, imag):
        return real, imag, {}

    def forward(xp, a, b):
        _check_parts("complex", "imag", "imag", a, b)
        z = xp.empty(broadcast_shapes(a.shape, b.shape), from_numpy_dtype(a.dtype).to_complex().np)
        pairs = z[..., None].view(z.real.dtype)  # a + 1j·b would turn an infinite part into nan
        pairs[..., 0], pairs[..., 1] = a, b
        return z

    def grad_a(g):
        return pair_of(g)[..., 0]

    def grad_b(g):
        return pair_of(g)[..., 1]


@op
class polar(Made):
    """A complex number of its size and its direction, z = a·(cos φ + i·sin φ).   ∂L/∂a = Re(ḡ·z/a),  ∂L/∂φ = Re(ḡ·i·z).

    Source: https://pytorch.org/docs/stable/generated/torch.polar.html
    """

    samples = lambda t: (case(t(2, 3, low=0.5), t(2, 3)), case(t(2, 1, low=0.5), t(3)))  # noqa: E731

    def signature(abs, angle):
        if getattr(abs, "dtype", None) is float16:
            raise error("not_implemented_for", kernel="polar_cpu", dtype="Half")
        return abs, angle, {}

    def forward(xp, a, phi):
        _check_parts("polar", "angle", "angle", a, phi)
        broadcast_shapes(a.shape, phi.shape)  # for its error
        return complex.op.forward(xp, a * xp.cos(phi), a * xp.sin(phi))

    def grad_a(g, phi):
        return pair_of(conj(g) * polar.op.raw(phi * 0 + 1, phi))[..., 0]

    def grad_phi(g, y):
        return pair_of(conj(g) * y * 1j)[..., 0]


@op
class angle(Elementwise):
    """The direction of a complex number in radians, y = atan2(Im z, Re z); of a real one 0, or π if it is negative.   ∂L/∂z = g·i·z/|z|².

    Source: https://pytorch.org/docs/stable/generated/torch.angle.html
    """

    samples, inplace, holomorphic = singles, False, False

    def forward(xp, x):
        if x.dtype.kind == "c":
            return xp.angle(x)
        if x.dtype.kind == "f":
            return xp.where(x != x, x, xp.where(x < 0, np.pi, 0)).astype(x.dtype)
        return xp.where(x < 0, np.pi, 0).astype("float32")

    def grad_x(g, x):
        if not is_complex_valued(x):
            return g * 0
        squared = pair_of(x * conj(x))[..., 0]
        return where_else.op.raw(squared == 0, 0, g / where_else.op.raw(squared == 0, 1, squared)) * x * 1j


@method()
def is_conj(input):
    """True for a conjugate that was not computed yet: never here, conjugates are computed at once. Source: https://pytorch.org/docs/stable/generated/torch.is_conj.html"""
    return False


@method()
def resolve_conj(input):
    """The tensor itself: its conjugate is computed already. Source: https://pytorch.org/docs/stable/generated/torch.resolve_conj.html"""
    return input


@method()
def resolve_neg(input):
    """The tensor itself: its sign is computed already. Source: https://pytorch.org/docs/stable/generated/torch.resolve_neg.html"""
    return input


def is_complex(input):
    """True for a complex dtype. Source: https://pytorch.org/docs/stable/generated/torch.is_complex.html"""
    return input.is_complex()


def is_floating_point(input):
    """True for a float dtype. Source: https://pytorch.org/docs/stable/generated/torch.is_floating_point.html"""
    return input.is_floating_point()


@op
class isreal(Test):
    """True where the imaginary part is 0, y = (Im z = 0). Source: https://pytorch.org/docs/stable/generated/torch.isreal.html"""

    def forward(xp, x):
        return xp.imag(x) == 0 if x.dtype.kind == "c" else xp.ones(x.shape, bool)
