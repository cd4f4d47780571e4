"""What stands in for the widget where anywidget is not installed: pictures and trees work, stepping says what it needs."""


class GraphView:
    """Raises ImportError with the line that installs what is missing."""

    def __init__(self, graph):
        raise ImportError("Stepping through a graph needs anywidget. Run: python -m pip install anywidget")
