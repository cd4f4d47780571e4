"""A tensor as a chip: its name and shape (or its number) in one line, for graphs that have no room for cards."""

from html import escape

from .card import NAME_SIZE, PAD, SMALL_SIZE, shorten
from .letters import text_width
from .summary import number, shape_text
from .theme import frame_roles

HEIGHT = 22


def chip_words(node):
    """(name, what stands behind it): within a module a parameter needs only the last part of its path."""
    name = node.name.rpartition(".")[2] if node.group is not None and node.made_by is None else node.name
    if node.kind == "loss" and node.shape == () and node.value is not None:
        return shorten(name), number(node.value.uniform, 5)
    dtype = "" if node.dtype in ("float32", "") else f"  {node.dtype}"
    return shorten(name), shape_text(node.shape) + dtype


def chip_size(node):
    """Width and height in points."""
    name, words = chip_words(node)
    return round(text_width(name, NAME_SIZE, bold=True) + 6 + text_width(words, SMALL_SIZE) + 2 * PAD), HEIGHT


def chip_svg(node, pen, mark_line="", thick=1):
    """The chip around the point (0, 0)."""
    width, height = chip_size(node)
    name, words = chip_words(node)
    border, ink = frame_roles(node.kind)
    frame = pen.rect(-width / 2, -height / 2, width, height, "card", line=mark_line or border, pen=thick, radius=7, name="frame")
    if node.kind == "constant":
        frame = frame.replace("/>", ' stroke-dasharray="4 3"/>')
    label = pen.spans(-width / 2 + PAD, NAME_SIZE / 3, ((name, NAME_SIZE, ink, True), (words, SMALL_SIZE, "small", False)))
    return f"<g><title>{escape(node.name)}</title>{frame}{label}</g>"


def chip_label(node, colours):
    """The chip as an HTML label for Graphviz."""
    name, words = chip_words(node)
    border, ink = (colours[role] for role in frame_roles(node.kind))
    return (
        f'<TABLE BORDER="1" COLOR="{border}" STYLE="ROUNDED" CELLBORDER="0" CELLPADDING="4" BGCOLOR="{colours["card"]}"><TR><TD>'
        f'<FONT COLOR="{ink}"><B>{escape(name)}</B></FONT>  <FONT POINT-SIZE="{SMALL_SIZE}" COLOR="{colours["small"]}">{escape(words)}</FONT></TD></TR></TABLE>'
    )
