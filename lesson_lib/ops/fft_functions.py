"""Fourier transforms under PyTorch's names: which dimensions, how many elements, which scale, then one of three kernels.

``norm`` says where the factor 1/N goes: "backward" (the default) into the backward transforms, "forward" into the forward ones, "ortho"
1/√N into both.
"""

from ..core import dtypes
from ..core.device import device_of
from ..core.errors import error
from ..core.tensor import Tensor, wrap_dim
from .conjugate import conj
from .create import arange
from .fft_kernel import fft_c2c, fft_c2r, fft_r2c
from .pad import constant_pad_nd
from .rearrange import roll
from .slicing import slice_

KINDS = ("float32", "float64", "complex64", "complex128")


def _normalization(norm, forward):
    """0, 1, 2 for the factors 1, 1/√N, 1/N."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise error("fft_norm", norm=norm)
    if norm == "ortho":
        return 1
    return 2 if (norm == "forward") == forward else 0


def _prepared(name, x, wants):
    """The tensor in a dtype that can be transformed: integers become the default float, with ``wants`` = "complex" reals become complex."""
    if wants == "real" and x.is_complex():
        raise error("fft_real", name=name, wanted="real-valued" if name.endswith(("n", "2")) else "real", dtype=x.dtype.title)
    if x.dtype.category < dtypes.FLOATING:
        x = x.to(dtypes.get_default_dtype())
    if x._a.dtype.name not in KINDS:
        raise error("fft_dtype", dtype=x.dtype.title)
    return x.to(x.dtype.to_complex()) if wants == "complex" else x


def _one_dim(x, dim):
    if x.ndim == 0:
        raise error("dim_of_0d", dim=dim)
    return wrap_dim(dim, x.ndim)


def _resized(x, dims, sizes):
    """Each dimension cut off, or filled up with zeros, to its size; None and −1 keep it."""
    for d, size in zip(dims, sizes, strict=True):
        have = x.shape[d]
        if size is None or size == have or (size == -1 and len(sizes) > 1):
            continue
        if size < 1:
            raise error("fft_points", size=size)
        if size < have:
            x = slice_(x, d, 0, size)
        else:
            x = constant_pad_nd(x, (0, 0) * (x.ndim - 1 - d) + (0, size - have))
    for d in dims:
        if x.shape[d] < 1:
            raise error("fft_points", size=x.shape[d])
    return x


def _dims_and_sizes(x, s, dim):
    """(dimensions, sizes) of the n-dimensional transforms; without ``dim`` the last ones for which sizes are given, or all."""
    s = None if s is None else tuple(s) if isinstance(s, tuple | list) else (s,)
    if dim is None:
        if s is not None and len(s) > x.ndim:
            raise error("fft_shape", given=len(s), ndim=x.ndim)
        dims = tuple(range(x.ndim if s is None else len(s)))
        dims = tuple(x.ndim - len(dims) + d for d in dims)
    else:
        dims = tuple(_one_dim(x, d) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
        if len(set(dims)) < len(dims):
            raise error("fft_unique")
        if s is not None and len(s) != len(dims):
            raise error("fft_lengths")
    return dims, (None,) * len(dims) if s is None else s


def _finished(result, out, name):
    return result if out is None else Tensor._write_out(out, result, name)


# --- complex spectra --------------------------------------------------------------------------------------------------------------


def _whole(name, input, dims, sizes, norm, forward, out):
    """The transform with its whole spectrum. In one dimension reals are transformed as such: backward is the conjugate of forward."""
    x = _resized(_prepared(name, input, "any"), dims, sizes)
    normalization = _normalization(norm, forward)
    if not dims:
        result = _prepared(name, x, "complex")
    elif name in ("fft", "ifft") and not x.is_complex():
        result = fft_r2c.op.raw(x, dim=dims, normalization=normalization, onesided=False)
        result = result if forward else conj(result)
    else:
        result = fft_c2c.op.raw(_prepared(name, x, "complex"), dim=dims, normalization=normalization, forward=forward)
    return _finished(result, out, name)


def fft_fft(input, n=None, dim=-1, norm=None, *, out=None):
    r"""The discrete Fourier transform, $Y_k = \sum_j x_j e^{-2\pi i jk/n}$.

    >>> import lesson_lib as torch
    >>> torch.fft.fft(torch.tensor([1., 0., 0., 0.]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])

    Source: https://pytorch.org/docs/stable/generated/torch.fft.fft.html
    """
    return _whole("fft", input, (_one_dim(input, dim),), (n,), norm, True, out)


def fft_ifft(input, n=None, dim=-1, norm=None, *, out=None):
    r"""The way back, $x_j = \frac1n\sum_k Y_k e^{2\pi i jk/n}$. Source: https://pytorch.org/docs/stable/generated/torch.fft.ifft.html"""
    return _whole("ifft", input, (_one_dim(input, dim),), (n,), norm, False, out)


def fft_fftn(input, s=None, dim=None, norm=None, *, out=None):
    """The Fourier transform over several dimensions. Source: https://pytorch.org/docs/stable/generated/torch.fft.fftn.html"""
    return _whole("fftn", input, *_dims_and_sizes(input, s, dim), norm, True, out)


def fft_ifftn(input, s=None, dim=None, norm=None, *, out=None):
    """The way back over several dimensions. Source: https://pytorch.org/docs/stable/generated/torch.fft.ifftn.html"""
    return _whole("ifftn", input, *_dims_and_sizes(input, s, dim), norm, False, out)


def fft_fft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The Fourier transform of images. Source: https://pytorch.org/docs/stable/generated/torch.fft.fft2.html"""
    return fft_fftn(input, s, dim, norm, out=out)


def fft_ifft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The way back to images. Source: https://pytorch.org/docs/stable/generated/torch.fft.ifft2.html"""
    return fft_ifftn(input, s, dim, norm, out=out)


# --- real signals: half a spectrum is enough -----------------------------------------------------------------------------------------


def _half(name, input, dims, sizes, norm, out):
    x = _resized(_prepared(name, input, "real"), dims, sizes)
    return _finished(fft_r2c.op.raw(x, dim=dims, normalization=_normalization(norm, True), onesided=True), out, name)


def fft_rfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The first n//2 + 1 elements of a real signal's spectrum; the others are their conjugates. Source: https://pytorch.org/docs/stable/generated/torch.fft.rfft.html"""
    return _half("rfft", input, (_one_dim(input, dim),), (n,), norm, out)


def fft_rfftn(input, s=None, dim=None, norm=None, *, out=None):
    """Half the spectrum (along the last of ``dim``) over several dimensions. Source: https://pytorch.org/docs/stable/generated/torch.fft.rfftn.html"""
    return _half("rfftn", input, *_dims_and_sizes(input, s, dim), norm, out)


def fft_rfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """Half the spectrum of real images. Source: https://pytorch.org/docs/stable/generated/torch.fft.rfft2.html"""
    return fft_rfftn(input, s, dim, norm, out=out)


def _to_real(name, x, dims, sizes, normalization, out):
    """Half a spectrum back to as many real numbers as the last size says, 2·(elements − 1) by default."""
    size = 2 * (x.shape[dims[-1]] - 1) if sizes[-1] in (None, -1) and (sizes[-1] is None or len(sizes) > 1) else sizes[-1]
    if size < 1:
        raise error("fft_points", size=size)
    x = _resized(x, dims, (*sizes[:-1], size // 2 + 1))
    return _finished(fft_c2r.op.raw(x, dim=dims, normalization=normalization, last_dim_size=size), out, name)


def fft_irfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The real signal of n elements, out of half its spectrum: the inverse of ``rfft``. Source: https://pytorch.org/docs/stable/generated/torch.fft.irfft.html"""
    x = _prepared("irfft", input, "complex")
    return _to_real("irfft", x, (_one_dim(x, dim),), (n,), _normalization(norm, False), out)


def fft_irfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of ``rfftn``. Source: https://pytorch.org/docs/stable/generated/torch.fft.irfftn.html"""
    x = _prepared("irfftn", input, "complex")
    return _to_real("irfftn", x, *_dims_and_sizes(x, s, dim), _normalization(norm, False), out)


def fft_irfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The inverse of ``rfft2``. Source: https://pytorch.org/docs/stable/generated/torch.fft.irfft2.html"""
    return fft_irfftn(input, s, dim, norm, out=out)


# --- signals whose spectrum is real --------------------------------------------------------------------------------------------------


def fft_hfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The real spectrum of a signal that is its own conjugate backwards, given by its first half. Source: https://pytorch.org/docs/stable/generated/torch.fft.hfft.html"""
    x = conj(_prepared("hfft", input, "complex"))
    return _to_real("hfft", x, (_one_dim(x, dim),), (n,), _normalization(norm, True), out)


def fft_hfftn(input, s=None, dim=None, norm=None, *, out=None):
    """``hfft`` over several dimensions, the last one given by its first half. Source: https://pytorch.org/docs/stable/generated/torch.fft.hfftn.html"""
    x = conj(_prepared("hfftn", input, "complex"))
    return _to_real("hfftn", x, *_dims_and_sizes(x, s, dim), _normalization(norm, True), out)


def fft_hfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """``hfft`` of images. Source: https://pytorch.org/docs/stable/generated/torch.fft.hfft2.html"""
    return fft_hfftn(input, s, dim, norm, out=out)


def fft_ihfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of ``hfft``: half a signal out of its real spectrum. Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfft.html"""
    dims = (_one_dim(input, dim),)
    x = _resized(_prepared("ihfft", input, "real"), dims, (n,))
    return _finished(conj(fft_r2c.op.raw(x, dim=dims, normalization=_normalization(norm, False), onesided=True)), out, "ihfft")


def fft_ihfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of ``hfftn``. Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfftn.html"""
    dims, sizes = _dims_and_sizes(input, s, dim)
    x = _resized(_prepared("ihfftn", input, "real"), dims, sizes)
    normalization = _normalization(norm, False)
    half = conj(fft_r2c.op.raw(x, dim=dims[-1:], normalization=normalization, onesided=True))
    result = fft_c2c.op.raw(half, dim=dims[:-1], normalization=normalization, forward=False) if len(dims) > 1 else half
    return _finished(result, out, "ihfftn")


def fft_ihfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The inverse of ``hfft2``. Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfft2.html"""
    return fft_ihfftn(input, s, dim, norm, out=out)


# --- frequencies ------------------------------------------------------------------------------------------------------------------------


def fft_fftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequency of each element of a spectrum, 0, 1, …, −2, −1 times 1/(n·d). Source: https://pytorch.org/docs/stable/generated/torch.fft.fftfreq.html"""
    result = arange(n, dtype=dtype or dtypes.get_default_dtype(), device=device)
    result[n // 2 + n % 2 :] = arange(-(n // 2), 0, dtype=result.dtype, device=device_of(result._a))
    result = result * (1.0 / (n * d)) if n else result
    result.requires_grad = requires_grad
    return _finished(result, out, "fftfreq")


def fft_rfftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequency of each element of half a spectrum, 0, 1, …, n//2 times 1/(n·d). Source: https://pytorch.org/docs/stable/generated/torch.fft.rfftfreq.html"""
    result = arange(n // 2 + 1, dtype=dtype or dtypes.get_default_dtype(), device=device) * (1.0 / (n * d))
    result.requires_grad = requires_grad
    return _finished(result, out, "rfftfreq")


def _shifted(input, dim, part):
    dims = tuple(range(input.ndim)) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    return roll(input, tuple(part(input.shape[d]) for d in dims), tuple(dims))


def fft_fftshift(input, dim=None):
    """The frequency 0 moved to the middle. Source: https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html"""
    return _shifted(input, dim, lambda size: size // 2)


def fft_ifftshift(input, dim=None):
    """The frequency 0 moved back to the start. Source: https://pytorch.org/docs/stable/generated/torch.fft.ifftshift.html"""
    return _shifted(input, dim, lambda size: (size + 1) // 2)
