"""Live computation graphs: ``show`` is the door; ``graph`` draws one, ``step`` walks through it, ``record`` keeps what they show."""

from .compare import Comparison, compare
from .failure import Failure, failure
from .film import Film, watch
from .graph import Graph, GraphView, graph, step
from .notebook_errors import errors, load_ipython_extension, start_in_notebook, unload_ipython_extension
from .record import Tape, record
from .replay import Replay, replay
from .show import Shown, show
from .texts import language
from .trouble import Finding, Trouble, trouble

__all__ = [
    "Comparison", "Failure", "Film", "Finding", "Graph", "GraphView", "Replay", "Shown", "Tape", "Trouble", "compare", "errors", "failure",
    "graph", "language", "load_ipython_extension", "record", "replay", "show", "step", "trouble", "unload_ipython_extension", "watch",
]  # fmt: skip

start_in_notebook()
