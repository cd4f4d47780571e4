"""Draw cards and circles as SVG, around the point (0, 0), and put them where Graphviz's layout wants them.

Every element carries its colour as an attribute, for pictures that stand alone, and a class, with which the widget's
style sheet changes the colour when the theme changes.
"""

import re
from html import escape
from xml.etree import ElementTree

from .box import box_svg, heading_parts
from .card import CAPTION_HEIGHT, CAPTION_SIZE, GAP, HEADER, NAME_SIZE, PAD, SMALL_SIZE, op_size, pill_words, reference_size, shorten
from .chip import chip_svg
from .clearing import clear_labels
from .dot import cards, chips, op_colours, references
from .letters import text_width
from .theme import FONT, frame_roles, theme

SYMBOL_SIZE = 15
SVG = "http://www.w3.org/2000/svg"
PAGE = 700  # points; a picture wider than this takes the width of the page, so that a notebook cuts nothing off
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


class Pen:
    """Writes SVG elements in the colours of one theme."""

    def __init__(self, theme_name):
        self.colours = theme(theme_name)

    def rect(self, x, y, width, height, fill, *, line=None, pen=1, radius=0, opacity=None, name=""):
        """A rectangle, rounded by ``radius``."""
        stroke = f' stroke="{self.colours[line]}" stroke-width="{pen}"' if line else ""
        depth = "" if opacity is None else f' fill-opacity="{opacity:g}"'
        corner = f' rx="{radius}"' if radius else ""
        classes = f"{name} fill-{fill}" + (f" line-{line}" if line else "")
        shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{corner}'
        return f'<rect class="{classes.strip()}" {shape} fill="{self.colours[fill]}"{depth}{stroke}/>'

    def text(self, x, y, words, size, fill, *, anchor="start", bold=False, name=""):
        """One line of text; ``y`` is its base line."""
        weight = ' font-weight="bold"' if bold else ""
        look = f'font-size="{size}" text-anchor="{anchor}" fill="{self.colours[fill]}"{weight}'
        return f'<text class="{f"{name} fill-{fill}".strip()}" x="{x:g}" y="{y:g}" {look}>{escape(words)}</text>'


    def spans(self, x, y, parts):
        """Several words in one line; each part is (words, size, fill, bold)."""
        drawn, space = [], ""
        for words, size, fill, bold in parts:
            weight = ' font-weight="bold"' if bold else ""
            drawn.append(f'<tspan class="fill-{fill}"{space} font-size="{size}" fill="{self.colours[fill]}"{weight}>{escape(words)}</tspan>')
            space = ' dx="6"'
        return f'<text class="header" x="{x:g}" y="{y:g}">{"".join(drawn)}</text>'


def fragments(state, only=None):
    """id -> SVG text of every card and operation, or of those in ``only``, each drawn around (0, 0)."""
    pen = Pen(state.view.theme)
    drawn = {key: card_svg(card, pen, state, key) for key, _, card in cards(state, only)}
    wanted = (lambda things: things.items()) if only is None else (lambda things: [(key, things[key]) for key in things.keys() & only])
    for key, node in wanted(chips(state.model)):
        _, line, thick = op_colours(mark_of(state, key))
        drawn[key] = chip_svg(node, pen, line if thick > 1 else "", thick)
    for key, op in wanted(state.model.ops):
        fill, line, thick = op_colours(mark_of(state, key))
        plain = "box" if op.box is not None and op.box.count > 1 else "card"
        boxed = (plain, "group_line", 1) if thick == 1 else (plain if fill == "op" else fill, line, thick)
        drawn[key] = op_svg(op, pen, state) if op.box is None else box_svg(op, pen, *boxed)
    drawn.update((key, reference_svg(node, pen)) for key, node in wanted(references(state.model)))
    return drawn


def mark_of(state, key):
    """How something is marked: by the step, or because it was clicked."""
    return state.mark(key) or ("selected" if state.view.selected == key else "")


def headings(state):
    """id -> SVG text of every open group's heading, beginning at (0, 0)."""
    pen = Pen(state.view.theme)
    drawn = {}
    for key, group in state.model.clusters.items():
        title, words = heading_parts(group, state.model)
        parts = [(title, NAME_SIZE, "text", True), (words, SMALL_SIZE, "small", False)]
        drawn[key] = pen.spans(0, 0, [part for part in parts if part[0]])
    return drawn


def card_svg(card, pen, state, key):
    """A card: frame, header and blocks."""
    width, height = card.size
    left, top = -width / 2, -height / 2
    border, ink = frame_roles(card.kind)
    mark = mark_of(state, key)
    line = op_colours(mark)[1] if mark else border
    dash = ' stroke-dasharray="4 3"' if card.kind == "constant" else ""
    frame = pen.rect(left, top, width, height, "card", line=line, pen=2.4 if mark else 1, radius=9, name="frame").replace("/>", f"{dash}/>")
    header = (
        f'<text x="{left + PAD:g}" y="{top + 15:g}" class="header"><tspan class="name fill-{ink}" font-size="{NAME_SIZE}" font-weight="bold" '
        f'fill="{pen.colours[ink]}">{escape(card.name)}</tspan><tspan class="fill-small" dx="6" font-size="{SMALL_SIZE}" '
        f'fill="{pen.colours["small"]}">{escape(card.subtitle)}</tspan></text>'
    )
    blocks, x, y = [], left + PAD, top + HEADER
    for block in card.blocks:
        wide, high = block.size
        room = width - 2 * PAD if card.stacked else wide
        blocks.append(_block_svg(block, pen, x, y, room, high, both=state.view.every_step))
        x, y = (x, y + high + 4) if card.stacked else (x + wide + GAP, y)
    return f"<g><title>{escape(card.full_name)}</title>{frame}{header}{''.join(blocks)}</g>"


def _block_svg(block, pen, x, y, width, height, both):
    """A thumbnail over its caption. With ``both`` the cells and the words in their place are drawn, for the widget to choose."""
    middle = x + width / 2
    parts = []
    if block.cells and (block.known or both):
        parts.append(f'<g class="cells">{_cells_svg(block, pen, middle, y)}</g>')
    if not block.cells or not block.known or both:
        parts.append(pen.text(middle, y + (height - CAPTION_HEIGHT) / 2 + 3, block.absent, SMALL_SIZE, "small", anchor="middle", name="absent"))
    parts.append(pen.text(middle, y + height - 3, block.caption, CAPTION_SIZE, block.role + "_ink", anchor="middle"))
    return f'<g class="block {block.role}">{"".join(parts)}</g>'


def _cells_svg(block, pen, middle, y):
    """The grid. Cells of one colour are one path: a graph of a thousand heat maps must still travel quickly."""
    width, height = block.cell_size
    left = middle - block.thumb_size[0] / 2
    shades, numbers = {}, []
    for i, row in enumerate(block.cells):
        for j, cell in enumerate(row):
            at_x, at_y = left + j * (width + 1), y + i * (height + 1)
            shades.setdefault((cell.role, cell.depth), []).append(f"M{at_x:g} {at_y:g}h{width}v{height}h-{width}z")
            if cell.text:
                numbers.append(pen.text(at_x + width / 2, at_y + height / 2 + 3, cell.text, SMALL_SIZE, "text", anchor="middle"))
    paths = [
        f'<path class="fill-{role}" fill="{pen.colours[role]}" fill-opacity="{depth:g}" d="{"".join(squares)}"/>'
        for (role, depth), squares in shades.items()
    ]
    return "".join(paths + numbers)


def op_svg(op, pen, state):
    """An operation: a circle, or a pill for a word, with its symbol in it and its constant beside it."""
    width, height = op_size(op, state.model.compact)
    fill, line, thick = op_colours(mark_of(state, op.id))
    frame = pen.rect(-width / 2, -height / 2, width, height, fill, line=line, pen=thick, radius=height / 2, name="frame")
    if state.model.compact and op.caption:
        symbol, caption = pill_words(op)
        parts = ((symbol, NAME_SIZE, "text", True), (caption, CAPTION_SIZE + 1, "small", False))
        return f"<g><title>{escape(op.title)}</title>{frame}{pen.spans(10 - width / 2, NAME_SIZE / 3, parts)}</g>"
    size = SYMBOL_SIZE if text_width(op.symbol, NAME_SIZE) < 14 else NAME_SIZE
    symbol = pen.text(0, size / 3, op.symbol, size, "text", anchor="middle", bold=True)
    caption = ""
    if op.caption:  # out of the way of the arrows: under a circle in a row, beside one in a column
        x, y, anchor = (0, height / 2 + 11, "middle") if state.is_small else (width / 2 + 5, 3, "start")
        caption = pen.text(x, y, op.caption, CAPTION_SIZE + 1, "small", anchor=anchor)
    return f"<g><title>{escape(op.title)}</title>{frame}{symbol}{caption}</g>"


def reference_svg(node, pen):
    """A small stand-in for a card that is far away: its name in its colour."""
    width, height = reference_size(node.name)
    border, ink = frame_roles(node.kind)
    frame = pen.rect(-width / 2, -height / 2, width, height, "card", line=border, radius=7, name="frame")
    name = pen.text(0, NAME_SIZE / 3, shorten(node.name), NAME_SIZE, ink, anchor="middle", bold=True)
    return f"<g><title>{escape(node.name)}</title>{frame}{name}</g>"


def compose(layout, state):
    """Graphviz's SVG ``layout`` with the cards and circles drawn into its boxes: a complete picture."""
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", layout))
    drawn, heads, rows = _elements(fragments(state)), headings(state), []
    for group in root.iter(f"{{{SVG}}}g"):
        key = group.get("id")
        if key in drawn:
            _replace(group, drawn[key])
        elif key in heads:
            rows.append(_put_heading(group, heads[key]))
        elif "edge" in group.get("class", "").split():
            _lift(group, state)
    clear_labels(root, rows)
    root.set("font-family", FONT)
    root.set("role", "img")
    root.insert(0, _background(root, state))
    if float(root.get("viewBox").split()[2]) > PAGE:
        root.set("width", "100%")
        del root.attrib["height"]
    return ElementTree.tostring(root, encoding="unicode")


def _elements(drawn):
    """The texts of ``drawn`` as elements, read in one go."""
    return dict(zip(drawn, ElementTree.fromstring(f'<svg xmlns="{SVG}">{"".join(drawn.values())}</svg>'), strict=True))


def _replace(group, element):
    """Put ``element`` where the layout drew a box or a circle."""
    x, y = _centre(group)
    for child in list(group):
        group.remove(child)
    group.set("transform", f"translate({x:g} {y:g})")
    group.append(element)


def _put_heading(group, fragment):
    """Put an open group's heading in place of the label that kept room for it; returns the row it takes: (left, right, base line)."""
    label = group.find(f"{{{SVG}}}text")
    heading = ElementTree.fromstring(f'<svg xmlns="{SVG}">{fragment}</svg>')[0]
    left, right = _sides(group)
    heading.set("x", f"{left + PAD + 2:g}")
    heading.set("y", label.get("y"))
    group.remove(label)
    group.append(heading)
    return left, right, float(label.get("y"))


def _sides(group):
    """Left and right of the frame that Graphviz drew: a path where its corners are round."""
    frame = group.find(f"{{{SVG}}}path")
    points = frame.get("d") if frame is not None else group.find(f"{{{SVG}}}polygon").get("points")
    xs = [float(x) for x, _ in re.findall(r"(-?[\d.]+),(-?[\d.]+)", points)]
    return min(xs), max(xs)


def _lift(group, state):
    """Give an arrow's label a border in the page's colour, so that it stays readable where it crosses a line."""
    for label in group.iter(f"{{{SVG}}}text"):
        label.set("paint-order", "stroke")
        label.set("stroke", theme(state.view.theme)["page"])
        label.set("stroke-width", "3")


def _centre(group):
    ellipse = group.find(f"{{{SVG}}}ellipse")
    if ellipse is not None:
        return float(ellipse.get("cx")), float(ellipse.get("cy"))
    points = [tuple(map(float, pair.split(","))) for pair in group.find(f"{{{SVG}}}polygon").get("points").split()]
    xs, ys = zip(*points, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _background(root, state):
    """A page in the theme's colour: a light graph stays readable in a dark notebook, and the other way round."""
    left, top, width, height = map(float, root.get("viewBox").split())
    page = Pen(state.view.theme).rect(left, top, width, height, "page", radius=6)
    return ElementTree.fromstring(page.replace("<rect", f'<rect xmlns="{SVG}"'))
