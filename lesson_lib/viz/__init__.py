"""Live computation graphs: ``graph`` draws one, ``step`` walks through it, ``record`` keeps what they show."""

from .graph import Graph, GraphView, graph, step
from .record import Tape, record

__all__ = ["Graph", "GraphView", "Tape", "graph", "record", "step"]
