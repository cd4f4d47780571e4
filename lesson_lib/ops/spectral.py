"""Spectra over time: a signal cut into overlapping frames, each with a spectrum of its own, and back again. Made of Fourier transforms."""

from ..core.device import device_of
from ..core.errors import error, tensor_title
from ..core.op import method
from .complex_numbers import view_as_real
from .create import arange, ones, zeros
from .fft_functions import fft_fft, fft_ifft, fft_irfft, fft_rfft
from .index_vector import index_add
from .pad import constant_pad_nd, pad

SILENT = 1e-11  # below this the windows of a signal leave an element out


def _complex(tensor):
    return tensor is not None and tensor.is_complex()


def _flag(value):
    """A bool as PyTorch's messages have it."""
    return value if value is None else int(value)


def _described(window):
    return None if window is None else f"torch.{tensor_title(window._a.dtype)}{{{list(window.shape)}}}"


def _centred(window, n_fft, win_length, like):
    """The window (of ones, if there is none) in the middle of ``n_fft`` elements."""
    if window is None:
        window = ones(win_length, dtype=like.dtype.to_real(), device=device_of(like._a))
    left = (n_fft - win_length) // 2
    return constant_pad_nd(window, (left, n_fft - win_length - left)) if win_length < n_fft else window


# --- signal to spectra ---------------------------------------------------------------------------------------------------------


@method()
def stft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect", normalized=False, onesided=None,
    return_complex=None, align_to_window=None,
):  # fmt: skip
    r"""The short-time Fourier transform, $Y_{k,m} = \sum_n w_n x_{n+mh}e^{-2\pi ikn/N}$: one spectrum every h = ``hop_length`` elements.

    (length) or (batch, length) → (…, frequencies, frames). ``center`` puts frame m around element m·h, beyond the ends by ``pad_mode``.

    >>> import lesson_lib as torch
    >>> torch.stft(torch.ones(8), 4, window=torch.ones(4), return_complex=True).shape
    torch.Size([3, 9])

    Source: https://pytorch.org/docs/stable/generated/torch.stft.html
    """
    if center:
        if align_to_window is not None:
            raise error("stft_align")
        shape = tuple(input.shape)
        widened = input.reshape((1,) * (3 - len(shape)) + shape)
        input = pad(widened, (n_fft // 2, n_fft // 2), pad_mode).reshape(*shape[:-1], -1)
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    wide = _complex(input) or _complex(window)
    _check_stft(input, n_fft, hop, length, window, wide, normalized, onesided, return_complex, align_to_window)
    if align_to_window and not center and length < n_fft:
        left = (n_fft - length) // 2
        input = constant_pad_nd(input, (left, n_fft - length - left))
    frames = input.unfold(-1, n_fft, hop)
    if window is not None or length < n_fft:
        frames = frames * _centred(window, n_fft, length, input)
    half = not wide if onesided is None else onesided
    spectra = (fft_rfft if half else fft_fft)(frames, norm="ortho" if normalized else None).transpose(-1, -2)
    return spectra if (wide and return_complex is None) or return_complex else view_as_real(spectra)


def _check_stft(input, n_fft, hop, length, window, wide, normalized, onesided, return_complex, align):
    """PyTorch's errors."""
    if return_complex is None and not wide:
        raise error("stft_return_complex")
    call = f"stft(torch.{tensor_title(input._a.dtype)}{list(input.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={length}, "
    call += f"window={_described(window)}, normalized={int(normalized)}, onesided={_flag(onesided)}, return_complex={int(bool(return_complex))}, "
    call += f"align_to_window={_flag(align)}) : expected "
    if input._a.dtype.kind not in "fc":
        raise error("stft", call=call, wanted="a tensor of floating point or complex values")
    if not 1 <= input.ndim <= 2:
        raise error("stft", call=call, wanted="a 1D or 2D tensor")
    if not 0 < n_fft <= input.shape[-1]:
        raise error("stft", call=call, wanted=f"0 < n_fft < {input.shape[-1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise error("stft", call=call, wanted=f"hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise error("stft", call=call, wanted=f"0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and tuple(window.shape) != (length,):
        raise error("stft", call=call, wanted=f"a 1D window tensor of size equal to win_length={length}, but got window with size {list(window.shape)}")
    if onesided and wide:
        raise error("stft_onesided")


# --- and back --------------------------------------------------------------------------------------------------------------------


@method()
def istft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, length=None, return_complex=False
):
    r"""The inverse of ``stft``: $x_n = \sum_m w_{n-mh}\hat x_{m,n-mh} / \sum_m w_{n-mh}^2$, the frames added where they overlap.

    >>> import lesson_lib as torch
    >>> x, w = torch.tensor([1., 2., 3., 4., 5., 6.]), torch.hann_window(4)
    >>> torch.istft(torch.stft(x, 4, window=w, return_complex=True), 4, window=w)
    tensor([1., 2., 3., 4., 5., 6.])

    Source: https://pytorch.org/docs/stable/generated/torch.istft.html
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    half = _check_istft(input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex)
    norm = "ortho" if normalized else None
    spectra = input.transpose(-1, -2)
    if return_complex:
        frames = fft_ifft(spectra, norm=norm)
    else:
        frames = fft_irfft(spectra if half else spectra[..., : n_fft // 2 + 1], n_fft, norm=norm)
    window = _centred(window, n_fft, width, input)
    signal = _overlapped(frames * window, hop)
    envelope = _overlapped((window**2).expand(frames.shape[-2], n_fft), hop)
    total = signal.shape[-1]
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else total - start
    signal, envelope = signal[..., start:end], envelope[start:end]
    if bool(envelope.abs().min() < SILENT):
        call = _istft_call(input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex)
        raise error("istft_silent", call=call)
    signal = signal / envelope
    return constant_pad_nd(signal, (0, end - total)) if end > total else signal


def _overlapped(frames, hop):
    """(…, frames, n) → (…, length): each frame added ``hop`` elements after the one before."""
    count, n = frames.shape[-2:]
    where = arange(count, device=device_of(frames._a)).unsqueeze(1) * hop + arange(n, device=device_of(frames._a))
    empty = zeros(*frames.shape[:-2], n + hop * (count - 1), dtype=frames.dtype, device=device_of(frames._a))
    return index_add(empty, -1, where.reshape(-1), frames.reshape(*frames.shape[:-2], -1))


def _istft_call(input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex):
    """The call as PyTorch's messages repeat it."""
    kind = f"{device_of(input._a).type.upper()}{input.dtype.title}Type{list(input.shape)}"
    return (
        f"istft({kind}, n_fft={n_fft}, hop_length={hop}, win_length={width}, window={_described(window)}, center={int(center)}, "
        f"normalized={int(normalized)}, onesided={_flag(onesided)}, length={length}, return_complex={int(return_complex)})"
    )


def _check_istft(input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex):
    """Whether the spectra are halves; or PyTorch's error."""
    if not input.is_complex():
        raise error("istft_real")
    call = _istft_call(input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex)
    found = input.size(-2)
    half = n_fft != found if onesided is None else onesided
    sizes = "expected the frequency dimension (3rd to the last) of the input tensor to match"
    wrong = [
        (input.numel() == 0, "input tensor cannot be empty."),
        (input.ndim not in (2, 3), f"expected a tensor with 3 or 4 dimensions, but got {input.ndim + 1}"),
        (half and n_fft // 2 + 1 != found, f"{sizes} n_fft / 2 + 1 when onesided=True, but got {found}"),
        (not half and n_fft != found, f"{sizes} n_fft when onesided=False, but got {found}"),
        (not 0 < hop <= width, "expected 0 < hop_length <= win_length"),
        (not 0 < width <= n_fft, "expected 0 < win_length <= n_fft"),
        (window is not None and tuple(window.shape) != (width,), "Invalid window shape. window has to be 1D and length of `win_length`"),
    ]  # fmt: skip
    for is_wrong, message in wrong:
        if is_wrong:
            raise error("istft", call=call, message=message)
    if return_complex and half:
        raise error("stft_onesided")
    if _complex(window) and not return_complex:
        raise error("istft_complex_window")
    return half
