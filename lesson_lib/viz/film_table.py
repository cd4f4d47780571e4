"""A film as a table of text."""

from collections import Counter

from .summary import number
from .texts import text
from .units import columns, operations_text, padded

MOST_ROWS = 40
MOST_PIECES = 6  # named in one line


def film_text(film):
    """One row per frame; of a long run the first and last frames and those where the graph changed."""
    count, kinds = len(film.frames), len(film.structures)
    frames = text("one frame") if count == 1 else text("frames", count=count)
    structures = text("one structure") if kinds == 1 else text("structures", count=kinds)
    title = text("film", frames=frames, structures=structures)
    if not film.frames:
        return title
    rows = [(text("frame"), text("loss value"), text("gradient norm"), text("film graph"))]
    last = -1
    for place in shown_frames(film):
        if place > last + 1:
            rows.append((text("frames skipped", count=place - last - 1), "", "", ""))
        rows.append(_row(film, film.frames[place]))
        last = place
    widths = [max(columns(row[column]) for row in rows if row[1] or column) for column in range(3)]
    lines = ["  ".join([*(padded(cell, width, right=True) for cell, width in zip(row[:3], widths, strict=True)), row[3]]) if row[1] else row[0] for row in rows]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def shown_frames(film):
    """The numbers of the frames that have a row."""
    count = len(film.frames)
    if count <= MOST_ROWS:
        return list(range(count))
    quarter = MOST_ROWS // 4
    changed = [frame.number for frame in film.frames if frame.changed]
    return sorted({*range(quarter), *changed[: 2 * quarter], *range(count - quarter, count)})


def _row(film, frame):
    return str(frame.number), figure(frame.loss), figure(frame.gradient_norm), "; ".join(described(film, frame))


def figure(value):
    """A number in the table; a dash for none."""
    return "–" if value is None else number(value)


def described(film, frame):
    """What there is to say about the frame's graph: how large it is, or what appeared and vanished."""
    if frame.number == 0:
        return [operations_text(frame.structure.size)]
    if not frame.changed:
        return [text("as before")]
    before = film.frames[frame.number - 1].structure
    if before.pieces is None or frame.structure.pieces is None:
        return [text("graph changed")]
    found = film.changes(frame.number)
    named = [text(f"{kind} list", pieces=listed(pieces)) for kind, pieces in zip(("appeared", "vanished"), found, strict=True) if pieces]
    return named or [text("rewired")]


def counted(pieces):
    """``["mul (run.py:3) ×2", "w2"]``: equal ones counted."""
    return [f"{words} ×{count}" if count > 1 else words for words, count in Counter(map(str, pieces)).items()]


def listed(pieces):
    """``mul (run.py:3) ×2, w2``: long lists are cut."""
    words = counted(pieces)
    more = [text("pieces skipped", count=len(words) - MOST_PIECES)] if len(words) > MOST_PIECES else []
    return ", ".join(words[:MOST_PIECES] + more)
