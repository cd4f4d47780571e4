"""``torch.signal.windows``: windows for spectra.

Source: https://pytorch.org/docs/stable/signal.html
"""

from ..core.parity import missing_from
from ..ops.signal_windows import bartlett, blackman, cosine, exponential, gaussian, general_cosine, general_hamming, hamming, hann, kaiser, nuttall

__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser", "nuttall"]

__getattr__ = missing_from("torch.signal.windows")  # a name that is missing here says why
