"""Helpers around training; ``utils.data`` brings samples in."""

from . import data
