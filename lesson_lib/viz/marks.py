"""Marks on a drawn picture, and lines of text under it: what a finding, a failure or a comparison adds to a graph.

A mark changes the frame of a node and puts a sign and a word at its corner, so that nothing hangs on the colour alone. All of it is done on the
finished SVG: the layout does not know of marks, and a picture with marks has its nodes where the one without has them.
"""

from dataclasses import dataclass
from xml.etree import ElementTree

from .card import CAPTION_SIZE, NAME_SIZE, SMALL_SIZE
from .letters import text_width
from .paint import PAGE, SVG, Pen

LINE = 17  # height of a line of text
MARGIN = 14
NARROWEST = 430  # a picture with text under it is at least so wide
BADGE = 7.5  # radius
HEADROOM = 20  # above the drawing, for the signs
SIDE = 44  # to its right, for the words at nodes on the edge


@dataclass(frozen=True)
class Mark:
    """How a node stands out. ``tone`` is "fault", "trouble" or "only" (in one of two graphs)."""

    tone: str
    sign: str
    word: str


@dataclass(frozen=True)
class Span:
    """Some characters of a line. ``look`` is "plain", "strong", "small", "code" or "fault" (strong, underlined and in the colour of failures)."""

    words: str
    look: str = "plain"


def annotated(picture, marks, lines, theme, title):
    """The SVG text ``picture`` with ``marks`` (id -> Mark) on its nodes and ``lines`` (lists of Spans) under it."""
    pen, root = Pen(theme), ElementTree.fromstring(picture)
    mark_nodes(root, marks, pen)
    return finished(root, [spread for line in lines for spread in wrapped(line, _width(root))], pen, title)


def mark_nodes(root, marks, pen):
    """Put the marks (id -> Mark) on the nodes below ``root``."""
    groups = {group.get("id"): group for group in root.iter(f"{{{SVG}}}g") if group.get("id")}
    boxes = {key: box for key, group in groups.items() if (box := _box(group)) is not None}
    for key in marks.keys() & boxes.keys():
        _mark(groups[key], marks[key], _badge_at(boxes, key, marks[key]), pen)


def _frame(group):
    """The rectangle of a card or operation; None for other parts of the picture."""
    return next((rect for rect in group.iter(f"{{{SVG}}}rect") if "frame" in rect.get("class", "").split()), None)


def _box(group):
    """(left, top, right, bottom) of a node, in the picture."""
    frame = _frame(group) if group.get("transform", "").startswith("translate(") else None
    if frame is None:
        return None
    dx, dy = map(float, group.get("transform")[10:-1].split())
    x, y, width, height = (float(frame.get(name)) for name in ("x", "y", "width", "height"))
    return dx + x, dy + y, dx + x + width, dy + y + height


def _badge_at(boxes, key, mark):
    """Where the sign goes, from the middle of the node: its upper right corner, or above it if another node is where the word would be."""
    left, top, right, bottom = boxes[key]
    width = BADGE + 3 + text_width(mark.word, CAPTION_SIZE + 1, bold=True)
    taken = (right, top - 2 * BADGE, right + width, top + BADGE)
    crowded = any(other != key and box[0] < taken[2] and taken[0] < box[2] and box[1] < taken[3] and taken[1] < box[3] for other, box in boxes.items())
    high = (top - bottom) / 2
    return ((BADGE - width) / 2, high - BADGE - 3) if crowded else ((right - left) / 2 - BADGE / 2, high - BADGE / 4)


def finished(root, lines, pen, title):
    """``root`` made larger, with ``lines`` under the drawing and a title for those who hear the picture."""
    left, top, _, height = map(float, root.get("viewBox").split())
    width = max(_width(root), *(line_width(line) + 2 * MARGIN for line in lines)) if lines else _width(root)
    top, height = top - HEADROOM, height + HEADROOM
    whole = height + (len(lines) * LINE + MARGIN if lines else 0)
    page = root.find(f"{{{SVG}}}rect")
    for name, value in (("x", left), ("y", top), ("width", width), ("height", whole)):
        page.set(name, f"{value:g}")
    for number, line in enumerate(lines):
        root.append(_line(line, left + MARGIN, top + height + (number + 0.6) * LINE, pen))
    resize(root, left, top, width, whole)
    heading = ElementTree.Element(f"{{{SVG}}}title")
    heading.text = title
    root.insert(0, heading)
    return ElementTree.tostring(root, encoding="unicode")


def resize(root, left, top, width, height):
    """Give a picture this frame; one that is wider than a page takes the width of the page."""
    root.set("viewBox", f"{left:g} {top:g} {width:g} {height:g}")
    root.set("width", f"{width:g}pt")
    root.set("height", f"{height:g}pt")
    if width > PAGE:
        root.set("width", "100%")
        del root.attrib["height"]


def wrapped(line, width):
    """``line`` as several, none wider than ``width``. Only a line of one span is broken: code stays as it was written."""
    if len(line) != 1 or line[0].look == "code":
        return [line]
    words, rows, row = line[0].words.split(" "), [], ""
    for word in words:
        longer = f"{row} {word}" if row else word
        if row and line_width([Span(longer, line[0].look)]) > width - 2 * MARGIN:
            rows.append(row)
            longer = word
        row = longer
    return [[Span(one, line[0].look)] for one in (*rows, row)]


def line_width(line):
    """How wide a line is, at most."""
    return sum(_span_width(span) for span in line)


def _span_width(span):
    if span.look == "code":
        return len(span.words) * SMALL_SIZE * 0.6
    size = SMALL_SIZE + 1 if span.look != "small" else SMALL_SIZE
    return text_width(span.words, size, bold=span.look in ("strong", "fault"))


def _width(root):
    return max(float(root.get("viewBox").split()[2]) + SIDE, NARROWEST)


def _mark(group, mark, badge, pen):
    """A thick frame in the mark's colour, its sign in a disc, and its word beside that."""
    frame, (x, y) = _frame(group), badge
    line, wash = f"{mark.tone}_ink", f"{mark.tone}_wash"
    frame.set("stroke", pen.colours[line])
    frame.set("stroke-width", "2.4")
    frame.set("fill", pen.colours[wash])
    frame.set("class", f"frame fill-{wash} line-{line}")
    if mark.tone == "only":
        frame.set("stroke-dasharray", "5 3")
    group.append(_element(pen.rect(x - BADGE, y - BADGE, 2 * BADGE, 2 * BADGE, line, radius=BADGE)))
    group.append(_element(pen.text(x, y + 3.4, mark.sign, NAME_SIZE - 1, "card", anchor="middle", bold=True)))
    group.append(_lifted(_element(pen.text(x + BADGE + 3, y + 3, mark.word, CAPTION_SIZE + 1, line, bold=True)), pen))


def _lifted(words, pen):
    """Text that stays readable where it crosses a line."""
    for name, value in (("paint-order", "stroke"), ("stroke", pen.colours["page"]), ("stroke-width", "3")):
        words.set(name, value)
    return words


def _line(line, x, y, pen):
    """A line of text as an SVG element."""
    text = ElementTree.Element(f"{{{SVG}}}text", {"x": f"{x:g}", "y": f"{y:g}", "class": "note"})
    for span in line:
        role = {"fault": "fault_ink", "small": "small"}.get(span.look, "text")
        part = ElementTree.SubElement(text, f"{{{SVG}}}tspan", {"class": f"fill-{role}", "fill": pen.colours[role]})
        part.set("font-size", str(SMALL_SIZE if span.look in ("small", "code") else SMALL_SIZE + 1))
        part.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        if span.look in ("strong", "fault"):
            part.set("font-weight", "bold")
        if span.look == "fault":
            part.set("text-decoration", "underline")
        if span.look == "code":
            part.set("font-family", "Menlo,Consolas,monospace")
        part.text = span.words
    return text


def _element(written):
    """An SVG element out of text that a Pen wrote."""
    return ElementTree.fromstring(f'<svg xmlns="{SVG}">{written}</svg>')[0]
