"""A module as it is drawn: closed, a box with what is in it in numbers; open, a frame with a heading."""

from html import escape
from math import prod

from .card import NAME_SIZE, PAD, SMALL_SIZE, shorten
from .letters import text_width
from .texts import text
from .units import bytes_text, count_text, operations_text, seconds_text

CLOSED, OPEN = "▸", "▾"
HEIGHT = 40
LEAST = 1e-4  # seconds: below this a time is noise


def box_words(op, timed=True):
    """(title, ×count or "", path, facts) of a closed group; without its time they are the same in every run."""
    box = op.box
    count = f"×{box.count}" if box.count > 1 else ""
    last = box.path.rpartition(".")[2]
    path = "" if last[:1].isdigit() else shorten(last)
    return f"{CLOSED} {shorten(box.title)}", count, path, " · ".join(facts(box, timed))


def facts(box, timed=True):
    """Parameters, operations, time and memory, as far as there is something to tell."""
    words = [text("parameters", count=count_text(box.parameters))] if box.parameters else []
    words.append(operations_text(len(box.operations)))
    if timed and box.seconds >= LEAST:
        words.append(seconds_text(box.seconds))
    if box.kept:
        words.append(text("saved", bytes=bytes_text(box.kept)) if box.count > 1 else bytes_text(box.kept))
    return words


def box_size(op):
    """Width and height in points."""
    title, count, path, words = box_words(op)
    first = text_width(title, NAME_SIZE, bold=True) + sum(6 + text_width(part, NAME_SIZE, bold=True) for part in (count, path) if part)
    return round(max(first, text_width(words, SMALL_SIZE)) + 2 * PAD + 4), HEIGHT


def box_svg(op, pen, fill, line, thick):
    """The box around the point (0, 0); a row has a second edge behind it, like a stack."""
    width, height = box_size(op)
    left, top = -width / 2, -height / 2
    title, count, path, words = box_words(op)
    behind = pen.rect(left + 4, top + 4, width, height, fill, line=line, radius=9) if op.box.count > 1 else ""
    frame = pen.rect(left, top, width, height, fill, line=line, pen=thick, radius=9, name="frame")
    parts = [(title, NAME_SIZE, "text", True), (count, NAME_SIZE, "value_ink", True), (path, SMALL_SIZE, "small", False)]
    head = pen.spans(left + PAD + 2, top + 16, [part for part in parts if part[0]])
    foot = pen.text(left + PAD + 2, top + 31, words, SMALL_SIZE, "small", name="facts")
    return f"<g><title>{escape(op.box.path or op.box.title)}</title>{behind}{frame}{head}{foot}</g>"


def box_label(op, colours, mark):
    """The box as an HTML label for Graphviz."""
    title, count, path, words = box_words(op)
    line = colours[{"forward": "value", "backward": "gradient"}.get(mark, "group_line")]
    number = f'  <FONT COLOR="{colours["value_ink"]}"><B>{count}</B></FONT>' if count else ""
    small = f'  <FONT POINT-SIZE="{SMALL_SIZE}" COLOR="{colours["small"]}">{escape(path)}</FONT>' if path else ""
    return (
        f'<TABLE BORDER="{2 if mark else 1}" COLOR="{line}" STYLE="ROUNDED" CELLBORDER="0" CELLPADDING="4" BGCOLOR="{colours["box"]}">'
        f'<TR><TD ALIGN="LEFT"><B>{escape(title)}</B>{number}{small}</TD></TR>'
        f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="{SMALL_SIZE}" COLOR="{colours["small"]}">{escape(words)}</FONT></TD></TR></TABLE>'
    )


def heading(group, model):
    """The heading of an open group: ``▾ Block 0   198 k parameters``."""
    return "   ".join(part for part in heading_parts(group, model) if part)


def parameters_in(group, model):
    """How many numbers the parameters of a group and of all groups within it have; a shared parameter counts once."""
    own = dict(group.own)
    inside = {group.id}
    for key, other in model.groups.items():  # outer ones first
        if other.parent in inside or key in group.members:
            inside.add(key)
            own.update(other.own)
    return sum(map(prod, own.values()))


def heading_parts(group, model):
    """(title, what stands behind it in small print)."""
    last = group.name.rpartition(".")[2]
    path = "" if last[:1].isdigit() else shorten(last)
    count = parameters_in(group, model)
    return f"{OPEN} {shorten(group.title)}", " · ".join(part for part in (path, text("parameters", count=count_text(count)) if count else "") if part)
