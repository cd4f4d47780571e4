"""What stands in for the widget where anywidget is not installed: the picture, and the table of its numbers."""

from .static_table import table_html
from .texts import text


class GraphView:
    """A graph that stands still. A notebook shows the picture and, as an output of its own, the table; a terminal the tree."""

    def __init__(self, graph):
        self.graph = graph

    def __repr__(self):
        return f"{self.graph!r}\n{text('no widget')}"

    def _ipython_display_(self):
        from IPython.display import display  # there, since it calls this

        display(self.graph._repr_mimebundle_(), raw=True)
        display({"text/plain": text("no widget"), "text/html": f"{table_html(self.graph.model)}<p>{text('no widget')}</p>"}, raw=True)
