"""A film as one picture: losses and gradient norms along the time line, and under it the different graphs."""

from xml.etree import ElementTree

from .curve import curve, spread
from .film_table import described, figure
from .paint import SVG, Pen
from .svg import to_svg
from .texts import text
from .theme import FONT
from .units import operations_text
from .view import View

WIDTH, LEFT, RIGHT = 700, 100, 16
CURVE, GAP, LINE = 54, 22, 16  # heights: of a curve, between two, of a line of text
MOST_PICTURES, DRAWN = 4, 150  # graphs that are drawn, and operations that one may have
MOST_POINTS = 400  # of a curve
TALLEST = 720  # a picture
SMALL = 10
MARKS = {"appeared": ("loss_ink", "7 3"), "vanished": ("fault_ink", "2 3")}


def film_svg(film, theme="light"):
    """The picture as SVG text. Without frames there is only the page."""
    pen = Pen(theme)
    parts, y = _time_line(film, pen)
    drawn, y = _graphs(film, pen, theme, y)
    size = f'width="{WIDTH}" height="{y:g}" viewBox="0 0 {WIDTH} {y:g}"'
    page = pen.rect(0, 0, WIDTH, y, "page", radius=6)
    title = pen.text(0, 0, film_title(film), SMALL, "text").replace("<text", "<title").replace("</text>", "</title>")
    return f'<svg xmlns="{SVG}" {size} role="img" font-family="{FONT}">{title}{page}{"".join(parts + drawn)}</svg>'


def film_title(film):
    """The first line of the film's table."""
    return repr(film).partition("\n")[0]


# --- the time line -----------------------------------------------------------------------------------------------------


def _time_line(film, pen):
    """(SVG of the two curves and the ticks, the height that they take)."""
    parts, top = [], GAP
    curves = ((text("loss value"), film.losses, "value", ""), (text("gradient norm"), film.gradient_norms, "gradient", ' stroke-dasharray="6 2"'))
    for name, values, role, dash in curves:
        parts += _curve(pen, name, values, role, dash, top)
        top += CURVE + GAP
    changed = [frame.number for frame in film.frames if frame.changed]
    bottom, last = top - GAP + 6, len(film.frames) - 1
    for number in spread(changed, len(film.frames), MOST_POINTS):
        x = _x(number, last)
        line = f'stroke="{pen.colours["loss_ink"]}" stroke-dasharray="2 3"'
        parts.append(f'<path class="tick" d="M{x:g} {GAP}V{bottom}" {line}/><path d="M{x:g} {bottom}l-4 7h8z" fill="{pen.colours["loss_ink"]}"/>')
    words = f"▴ {text('graph changed')}" if changed else ""
    parts.append(pen.text(LEFT - 10, bottom + 8, text("frame"), SMALL, "small", anchor="end"))
    parts.append(pen.text(LEFT, bottom + 20, "0", SMALL, "small", anchor="middle"))
    if last > 0:
        parts.append(pen.text(WIDTH - RIGHT, bottom + 20, str(last), SMALL, "small", anchor="end"))
    parts.append(pen.text((LEFT + WIDTH) / 2, bottom + 20, words, SMALL, "loss_ink", anchor="middle"))
    return parts, bottom + 34


def _curve(pen, name, values, role, dash, top):
    """One curve with its name, its smallest and its largest value. What is not finite has no place on it."""
    found, last = curve(values, MOST_POINTS), len(values) - 1
    parts = [pen.rect(LEFT, top, WIDTH - LEFT - RIGHT, CURVE, "op", line="op_line")]
    parts.append(pen.text(LEFT - 10, top + CURVE / 2 + 3, name, SMALL, f"{role}_ink", anchor="end", bold=True))
    parts.append(pen.text(LEFT - 10, top + 8, figure(found.high), SMALL, "small", anchor="end"))
    scale = f" ({text('log scale')})" if found.log else ""
    parts.append(pen.text(LEFT - 10, top + CURVE, figure(found.low) + scale, SMALL, "small", anchor="end"))
    path, pen_up = "", True
    for point in found.points:
        if point is not None:
            place = f"{_x(point[0], last):.1f} {top + CURVE - 4 - point[1] * (CURVE - 8):.1f}"
            path += f"M{place}h0" if pen_up else f"L{place}"
        pen_up = point is None
    look = f'fill="none" stroke="{pen.colours[role]}" stroke-width="1.8" stroke-linecap="round"{dash}'
    return [*parts, f'<path class="curve" d="{path or "M0 0"}" {look}/>']


def _x(number, last):
    return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (number / last if last > 0 else 0.5)


# --- the graphs --------------------------------------------------------------------------------------------------------


def _graphs(film, pen, theme, y):
    """(SVG of the first graph and of each different one, the height so far)."""
    parts, pictures = [], 0
    for structure in film.structures:
        frame = film.frames[structure.first]
        title = text("frame title", number=frame.number, operations=operations_text(structure.size))
        picture = None
        if structure.model is not None and structure.size <= DRAWN and pictures < MOST_PICTURES:
            picture, height = _picture(film, frame, pen, theme, y + LINE * (1 + (len(described(film, frame)) if frame.changed else 0)) + 8)
            pictures += 1
        elif pictures >= MOST_PICTURES and structure.number >= 2 * MOST_PICTURES:
            continue
        parts.append(pen.text(12, y + LINE - 4, title, SMALL + 2, "text", bold=True))
        y += LINE
        for words in described(film, frame) if frame.changed else ():
            parts.append(pen.text(12, y + LINE - 4, words if len(words) < 120 else words[:119] + "…", SMALL, "small"))
            y += LINE
        if picture is not None:
            parts.append(picture)
            y += height + 16
        y += 8
    return parts, y


def _picture(film, frame, pen, theme, y):
    """(a graph as SVG with its marks, its height). What appeared is marked in it; so is what vanishes in the graph that comes next."""
    root = ElementTree.fromstring(to_svg(frame.model, View(theme=theme)))
    marks = {frame.structure.ids[i]: "vanished" for i in _vanishing(film, frame)}
    if frame.changed:
        before = film.frames[frame.number - 1].structure
        if before.pieces is not None:
            marks.update((frame.structure.ids[i], "appeared") for i in film.changed_places(before, frame.structure).appeared)
    for group in root.iter(f"{{{SVG}}}g"):
        if group.get("id") in marks:
            _mark(group, marks[group.get("id")], pen)
    for element in root.iter():
        if element.get("id"):  # two pictures in one file: the names must differ
            element.set("id", f"f{frame.structure.number}-{element.get('id')}")
    left, top, width, height = map(float, root.get("viewBox").split())
    root.set("viewBox", f"{left - 12:g} {top - 16:g} {width + 24:g} {height + 28:g}")
    scale = min(1.0, (WIDTH - 24) / (width + 24), TALLEST / (height + 28))
    for name, value in (("x", 12), ("y", y), ("width", (width + 24) * scale), ("height", (height + 28) * scale)):
        root.set(name, f"{value:g}")
    return ElementTree.tostring(root, encoding="unicode"), (height + 28) * scale


def _vanishing(film, frame):
    """The places of the pieces that are gone in the first different graph that follows this one."""
    after = next((later for later in film.frames[frame.number + 1 :] if later.changed), None)
    if after is None or film.frames[after.number - 1].structure is not frame.structure or after.structure.pieces is None:
        return ()
    return film.changed_places(frame.structure, after.structure).vanished


def _mark(group, kind, pen):
    """A dashed frame around a card or an operation, and the word."""
    frame = next((rect for rect in group.iter(f"{{{SVG}}}rect") if "frame" in rect.get("class", "").split()), None)
    if frame is None:
        return
    x, y, width, height = (float(frame.get(name)) for name in ("x", "y", "width", "height"))
    role, dash = MARKS[kind]
    look = f'fill="none" stroke="{pen.colours[role]}" stroke-width="2" stroke-dasharray="{dash}" rx="10"'
    rect = f'<rect class="{kind}" x="{x - 5:g}" y="{y - 5:g}" width="{width + 10:g}" height="{height + 10:g}" {look}/>'
    word = pen.text(x - 4, y - 7, text(kind), SMALL - 1, role, bold=True)
    group.extend(ElementTree.fromstring(f'<svg xmlns="{SVG}">{rect}{word}</svg>'))
