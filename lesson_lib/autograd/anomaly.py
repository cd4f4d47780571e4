"""Finding the line of the forward program whose gradient fails or is nan.

Source: https://pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

import warnings

from ..core.anomaly import set_anomaly_enabled
from ..core.state import anomaly_mode

__all__ = ["detect_anomaly", "set_detect_anomaly"]


def is_anomaly_enabled():
    """True while anomaly mode is on."""
    return anomaly_mode.enabled


def is_anomaly_check_nan_enabled():
    """True if anomaly mode looks for nan (it does unless ``check_nan=False``)."""
    return anomaly_mode.check_nan


class set_detect_anomaly:
    """Switch anomaly mode on or off at once; as a context, only inside.

    Every operation then remembers the user's line, and every backward step is checked: much slower, so only for
    finding a mistake.

    >>> import lesson_lib as torch
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     x = torch.tensor([1., -1.], requires_grad=True)
    ...     y = x.sqrt().sum()

    Errors: RuntimeError "Function 'SqrtBackward0' returned nan values in its 0th output." from ``y.backward()``, after a
    warning that shows the line above.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly
    """

    def __init__(self, mode, check_nan=True):
        self.before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self):
        pass  # the mode was set when this was made

    def __exit__(self, *exc):
        set_anomaly_enabled(*self.before)


class detect_anomaly:
    """Anomaly mode inside a ``with``: forward operations remember their line; a failing or nan gradient shows it.

    Warns that it makes everything slower, as PyTorch does.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
    """

    def __init__(self, check_nan=True):
        self.before, self.check_nan = (is_anomaly_enabled(), is_anomaly_check_nan_enabled()), check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.", stacklevel=2
        )

    def __enter__(self):
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *exc):
        set_anomaly_enabled(*self.before)
