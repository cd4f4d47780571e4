"""Graphs beside each other, to be compared."""

import base64
import re
from html import escape

from ..viz.svg import can_draw


class SideBySide:
    """Several graphs in a row, each under its title; a narrow window puts them below each other."""

    def __init__(self, graphs, titles):
        self.graphs, self.titles = graphs, titles

    def __repr__(self):
        return "\n\n".join(f"{title}\n{graph!r}" for title, graph in zip(self.titles, self.graphs))

    def _repr_html_(self):
        figures = "".join(self._figure(graph, title) for graph, title in zip(self.graphs, self.titles))
        return f'<div style="display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start">{figures}</div>'

    def _figure(self, graph, title):
        # An image, not inline SVG: a notebook that is not trusted yet shows images, and ids of two SVGs cannot clash.
        if can_draw():
            svg = graph.svg()
            width = float(re.search(r'viewBox="\S+ \S+ (\S+) \S+"', svg)[1])  # points
            data = base64.b64encode(svg.encode()).decode()
            shown = f'<img width="{width * 4 / 3:.0f}" style="max-width: 100%" alt="{escape(repr(graph))}" src="data:image/svg+xml;base64,{data}">'
        else:
            shown = f"<pre>{escape(repr(graph))}</pre>"
        return f'<figure style="margin: 0"><figcaption><b>{escape(title)}</b></figcaption>{shown}</figure>'


def side_by_side(*graphs, titles):
    """Show the graphs of ``viz.graph`` in one row, each under its title.

    titles: one string for each graph.  Raises ValueError if there are more or fewer.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> from lesson_lib.course import side_by_side
    >>> x = torch.ones(2, requires_grad=True)
    >>> side_by_side(viz.graph(x.sum()), titles=["a sum"])
    a sum
    sum(x)  scalar = 2
    └─ sum  [SumBackward0]
       └─ x  2  leaf
    """
    if len(titles) != len(graphs):
        raise ValueError(f"side_by_side: {len(graphs)} graphs need as many titles, and there are {len(titles)}")
    return SideBySide(graphs, titles)
