"""Every text of a graph can be read on what it stands on, in light and dark: a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3).

The pairs are not written down here. They are found in pictures of all kinds: what was painted before a text, where the text stands.
"""

import re
from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz.card import text_width
from lesson_lib.viz.theme import COLOURS, DEEPEST, theme

LEAST = 4.5
SVG = "{http://www.w3.org/2000/svg}"
NESTED = 6  # open modules within each other, each of which tints its ground a little


def rgba(colour):
    """``#rrggbb`` or ``#rrggbbaa`` as red, green and blue from 0 to 255 and an opacity from 0 to 1."""
    parts = [int(colour[i : i + 2], 16) for i in range(1, len(colour), 2)]
    return (*parts[:3], parts[3] / 255 if len(parts) == 4 else 1.0)


def over(colour, ground, opacity=1.0):
    """What is seen where ``colour`` is painted on ``ground``."""
    *channels, own = rgba(colour)
    share = own * opacity
    return "#" + "".join(f"{round(share * c + (1 - share) * g):02x}" for c, g in zip(channels, rgba(ground)[:3], strict=True))


def luminance(colour):
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (part / 255 for part in rgba(colour)[:3]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """The ratio that WCAG defines: 1 for the same colour, 21 for black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert over("#00000080", "#ffffff") == "#7f7f7f"


# --- what stands on what ----------------------------------------------------------------------------------------------


def painted(element, x=0.0, y=0.0):
    """Everything drawn in a picture, in the order of drawing: ("shape", boxes, colour, opacity) and ("text", box, words, colour)."""
    if shift := re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", element.get("transform", "")):
        x, y = x + float(shift[1]), y + float(shift[2])
    tag = element.tag.removeprefix(SVG)
    if tag == "text":
        yield from texts(element, x, y)
    elif tag in ("rect", "path", "polygon", "ellipse") and (fill := element.get("fill", "")).startswith("#"):
        yield "shape", boxes(element, tag, x, y), fill, float(element.get("fill-opacity", 1))
    for child in element if tag != "text" else ():
        yield from painted(child, x, y)


def boxes(element, tag, x, y):
    """(left, top, right, bottom) of what a shape covers; of a path of squares, one for each."""
    if tag == "rect":
        left, top, width, height = (float(element.get(name, 0)) for name in ("x", "y", "width", "height"))
        return [(x + left, y + top, x + left + width, y + top + height)]
    if tag == "ellipse":
        cx, cy, rx, ry = (float(element.get(name)) for name in ("cx", "cy", "rx", "ry"))
        return [(x + cx - rx, y + cy - ry, x + cx + rx, y + cy + ry)]
    words = element.get("points") or element.get("d")
    squares = re.findall(r"M([-\d.]+)[ ,]([-\d.]+)h([\d.]+)v([\d.]+)h-", words)
    if squares:
        return [(x + float(a), y + float(b), x + float(a) + float(w), y + float(b) + float(h)) for a, b, w, h in squares]
    pairs = [(float(a), float(b)) for a, b in re.findall(r"([-\d.]+)[ ,]([-\d.]+)", words)]
    return [(x + min(a for a, _ in pairs), y + min(b for _, b in pairs), x + max(a for a, _ in pairs), y + max(b for _, b in pairs))]


def texts(element, x, y):
    """("text", the middle of the words, the words, colour) of one line; of its spans, each."""
    parts = [(part.text or "", part.get("fill") or element.get("fill", "#000000")) for part in ([element] if element.text else element)]
    size = float(element.get("font-size", 11))
    left = x + float(element.get("x", 0)) - {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor"), 0) * text_width(parts[0][0], size)
    for words, colour in parts:
        yield "text", (left + text_width(words, size) / 2, y + float(element.get("y", 0)) - size / 3), words, colour
        left += text_width(words, size) + 6


def ground(shapes, point, page):
    """The colour at ``point`` under a text that is drawn after ``shapes``."""
    for covered, colour, opacity in shapes:
        if any(left <= point[0] <= right and top <= point[1] <= bottom for left, top, right, bottom in covered):
            page = over(colour, page, opacity)
    return page


def faint(picture, name):
    """(words, colour, ground, ratio) of every text in an SVG text that is too faint, and how many texts there are."""
    shapes, found, count = [], [], 0
    for kind, *what in painted(ElementTree.fromstring(picture)):
        if kind == "shape":
            shapes.append(what)
            continue
        point, words, colour = what
        count += 1
        below = ground(shapes, point, theme(name)["page"])
        if contrast(colour, below) < LEAST:
            found.append((words, colour, below, round(contrast(colour, below), 2)))
    return found, count


# --- pictures of all kinds --------------------------------------------------------------------------------------------


def recorded():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        y = x + torch.tensor([[2.0, -1.0], [0.5, 7.0]])
        out = (y * y * 3).mean()
    return out


def steps(name):
    graph = viz.graph(recorded())
    return [viz.graph(recorded(), step=step, theme=name).svg() for step in range(len(graph.model.steps))] + [viz.graph(recorded(), theme=name).svg()]


def long_loop(name):
    with viz.record():
        s = torch.full((2, 2), 0.5, requires_grad=True)
        h = torch.ones(1, 2)
        for _ in range(10):
            h = torch.tanh(h @ s)
        out = h.sum()
    return [viz.graph(out, step=step, theme=name).svg() for step in (0, 12, 25)]


def modules(name):
    net = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU())) for _ in range(4)])
    shown = [viz.show(net, torch.ones(2, 4), theme=name, opened=names) for names in ([], ["0", "0.1", "0.1.0"])]
    return [one.svg() for one in shown] + [viz.show(net, torch.ones(2, 4), theme=name, opened=["0"], step=step).svg() for step in (1, 3)]


def trouble(name):
    with viz.record():
        x = torch.ones(2, 1, requires_grad=True)
        out = (torch.log(x - 1) * torch.ones(2)).sum()
    return [viz.trouble(out).svg(theme=name)]


def compared(name):
    def one():
        with viz.record():
            x = torch.ones(2, requires_grad=True)
            out = (x * x).sum()
        return out

    def other():
        with viz.record():
            x = torch.ones(2, requires_grad=True)
            out = (x.exp() + 1).sum()
        return out

    return [viz.compare(one(), other()).svg(theme=name)]


def film(name):
    with viz.watch() as frames:
        w = torch.ones(2, requires_grad=True)
        for turn in range(4):
            loss = (w * 2 if turn % 2 else w.exp()).sum()
            loss.backward()
    return [frames.svg(theme=name)]


def failed(name):
    try:
        torch.ones(2, 3, requires_grad=True) @ torch.ones(2, 3)
    except RuntimeError as error:
        return [viz.failure(error).svg(theme=name)]


KINDS = [steps, long_loop, modules, trouble, compared, film, failed]


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_text_in_a_picture_can_be_read(kind, name):
    for picture in kind(name):
        found, count = faint(picture, name)
        assert count > 5
        assert not found


def test_the_test_sees_what_is_faint():
    ground = '<rect x="0" y="0" width="50" height="20" fill="#ffffff"/>'
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><g transform="translate(5 5)">{}<text x="10" y="10" font-size="9" fill="#999999">abc</text></g></svg>'
    assert faint(picture.format(ground), "light") == ([("abc", "#999999", "#ffffff", 2.85)], 1)
    assert faint(picture.format(ground.replace("#ffffff", "#000000")), "light") == ([], 1)


# What only the widget shows: role of the text, roles of what it stands on, and how opaque that is.
ON_SCREEN = [
    *[("text", role, DEEPEST) for role in ("value", "gradient", "negative")],  # numbers on cells
    *[(ink, ground, 1.0) for ink in ("text", "small") for ground in ("op", "box", "value_wash", "gradient_wash", "trouble_wash", "card")],
    *[(ink, "card", 1.0) for ink in ("leaf_ink", "loss_ink", "value_ink", "gradient_ink", "trouble_ink", "fault_ink")],
    *[("text", ground, 0.45) for ground in ("trouble_wash",)],
    *[(ink, "trouble_wash", 0.45) for ink in ("leaf_ink", "loss_ink", "value_ink", "gradient_ink", "small")],  # on a card that was changed
]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_pair_that_only_the_widget_shows_can_be_read(name):
    colours = theme(name)
    for ink, ground, opacity in ON_SCREEN:
        below = over(colours[ground], colours["card"], opacity)
        assert contrast(colours[ink], below) >= LEAST, (ink, ground)
    nested = colours["page"]
    for _ in range(NESTED):  # a heading, and the shape on an arrow, stand on the tints of all the modules around
        nested = over(colours["group"], nested)
        for ink in ("text", "small", "gradient_ink", "trouble_ink"):
            assert contrast(colours[ink], nested) >= LEAST, ink


def test_every_colour_is_there_twice():
    assert all(re.fullmatch(r"#([0-9a-f]{6}|[0-9a-f]{8})", colour) for pair in COLOURS.values() for colour in pair)
