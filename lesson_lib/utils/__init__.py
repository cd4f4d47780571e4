"""Helpers around training; ``utils.data`` brings samples in, ``utils.checkpoint`` saves memory."""

from ..core.parity import missing_from
from . import checkpoint, data, safetensors

__getattr__ = missing_from("torch.utils")  # a name that is missing here says why
