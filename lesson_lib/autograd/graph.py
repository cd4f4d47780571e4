"""``torch.autograd.graph``: the nodes of the recorded graph."""

from ..core.node import Node

__all__ = ["Node"]
