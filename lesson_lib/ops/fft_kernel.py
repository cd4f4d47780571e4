r"""The three Fourier transforms that all others are made of: complex to complex, real to half a spectrum, half a spectrum to real.

$Y_k = s\sum_n x_n e^{\mp 2\pi i kn/N}$: minus forward, plus backward. The scale s is 1, 1/√N or 1/N for ``normalization`` 0, 1, 2, N being
the number of elements of all transformed dimensions. The transform is a symmetric matrix F, so its gradient is a transform too.
"""

from math import prod, sqrt

from ..core.op import Opaque, op
from .case import case
from .join import cat
from .pad import constant_pad_nd
from .slicing import slice_


def _scale(shape, dim, normalization):
    """The factor s."""
    count = prod(shape[d] for d in dim)
    return (1, 1 / sqrt(count), 1 / count)[normalization]


class Transform(Opaque):
    """A discrete Fourier transform over the dimensions ``dim``."""

    public, method = False, False


@op
class fft_c2c(Transform):
    """The transform of complex numbers, y = s·F·x over every dimension of ``dim``.   ∂L/∂x = s·F·g for the complex derivative."""

    title, label = "FftC2C", "F"

    def forward(xp, x, *, dim, normalization, forward):
        if forward:
            y = xp.fft.fftn(x, axes=dim, norm="backward")  # NumPy's names for a transform without a factor
        else:
            y = xp.fft.ifftn(x, axes=dim, norm="forward")
        return (y * _scale(x.shape, dim, normalization)).astype(x.dtype)

    def grad_x(g, dim, normalization, forward):
        return fft_c2c.op.raw(g, dim=dim, normalization=normalization, forward=forward)

    def samples(t):
        yield case(t(4, dtype="complex128"), dim=(0,), normalization=0, forward=True)
        yield case(t(2, 3, dtype="complex128"), dim=(0, 1), normalization=1, forward=False)
        yield case(t(2, 5, dtype="complex64"), dim=(1,), normalization=2, forward=True)


@op
class fft_r2c(Transform):
    """The transform of real numbers, y = s·F·x; the second half of the spectrum repeats the first, so ``onesided`` keeps only that.

    ∂L/∂x = Re(s·F̄·g), where g is filled up with zeros.
    """

    title, label, holomorphic = "FftR2C", "F", False

    def forward(xp, x, *, dim, normalization, onesided):
        y = (xp.fft.rfftn if onesided else xp.fft.fftn)(x, axes=dim, norm="backward")
        return (y * _scale(x.shape, dim, normalization)).astype("complex64" if x.dtype.name == "float32" else "complex128")

    def grad_x(g, x_shape, dim, normalization, onesided):
        last = dim[-1]
        if onesided and g.shape[last] != x_shape[last]:
            g = constant_pad_nd(g, (0, 0) * (len(x_shape) - 1 - last) + (0, x_shape[last] - g.shape[last]))
        return fft_c2c.op.raw(g, dim=dim, normalization=normalization, forward=False)  # the engine takes the real part

    def samples(t):
        yield case(t(4), dim=(0,), normalization=0, onesided=True)
        yield case(t(3, 5), dim=(1, 0), normalization=1, onesided=True)
        yield case(t(2, 3), dim=(1,), normalization=2, onesided=False)


@op
class fft_c2r(Transform):
    """The backward transform to ``last_dim_size`` real numbers, out of the first half of their spectrum: y = s·F̄·x.

    ∂L/∂x = s·F·g, twice where an element stands for two of the spectrum: all but the first, and the last if the size is even.
    """

    title, label, holomorphic = "FftC2R", "F⁻¹", False

    def forward(xp, x, *, dim, normalization, last_dim_size):
        sizes = [*(x.shape[d] for d in dim[:-1]), last_dim_size]
        y = xp.fft.irfftn(x, s=sizes, axes=dim, norm="forward")
        return (y * _scale(y.shape, dim, normalization)).astype("float32" if x.dtype.name == "complex64" else "float64")

    def grad_x(g, dim, normalization, last_dim_size):
        half, last = fft_r2c.op.raw(g, dim=dim, normalization=normalization, onesided=True), dim[-1]
        size = half.shape[last]
        twice = last_dim_size - size  # so many elements stand for two
        parts = [slice_.op.raw(half, dim=last, start=a, end=b, step=1) for a, b in ((0, 1), (1, 1 + twice), (1 + twice, size))]
        return cat.op.raw(parts[0], parts[1] * 2, parts[2], dim=last)

    def samples(t):
        yield case(t(3, dtype="complex128"), dim=(0,), normalization=0, last_dim_size=4)
        yield case(t(2, 3, dtype="complex128"), dim=(0, 1), normalization=1, last_dim_size=5)
