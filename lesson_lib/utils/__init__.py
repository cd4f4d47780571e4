"""Helpers around training; ``utils.data`` brings samples in, ``utils.checkpoint`` saves memory."""

from . import checkpoint, data
