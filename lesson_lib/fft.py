"""Fourier transforms: ``torch.fft``.

Source: https://pytorch.org/docs/stable/fft.html
"""

from .core.parity import missing_from
from .ops.fft_functions import fft_fft as fft
from .ops.fft_functions import fft_fft2 as fft2
from .ops.fft_functions import fft_fftfreq as fftfreq
from .ops.fft_functions import fft_fftn as fftn
from .ops.fft_functions import fft_fftshift as fftshift
from .ops.fft_functions import fft_hfft as hfft
from .ops.fft_functions import fft_hfft2 as hfft2
from .ops.fft_functions import fft_hfftn as hfftn
from .ops.fft_functions import fft_ifft as ifft
from .ops.fft_functions import fft_ifft2 as ifft2
from .ops.fft_functions import fft_ifftn as ifftn
from .ops.fft_functions import fft_ifftshift as ifftshift
from .ops.fft_functions import fft_ihfft as ihfft
from .ops.fft_functions import fft_ihfft2 as ihfft2
from .ops.fft_functions import fft_ihfftn as ihfftn
from .ops.fft_functions import fft_irfft as irfft
from .ops.fft_functions import fft_irfft2 as irfft2
from .ops.fft_functions import fft_irfftn as irfftn
from .ops.fft_functions import fft_rfft as rfft
from .ops.fft_functions import fft_rfft2 as rfft2
from .ops.fft_functions import fft_rfftfreq as rfftfreq
from .ops.fft_functions import fft_rfftn as rfftn

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn",
    "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

__getattr__ = missing_from("torch.fft")  # a name that is missing here says why
