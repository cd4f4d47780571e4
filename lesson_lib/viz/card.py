"""What stands on a card and how large it is: the one description that the SVG and the DOT label are both printed from."""

from dataclasses import dataclass
from math import ceil

from .letters import text_width
from .summary import heat, number, shape_text
from .texts import text
from .theme import DEEPEST, FAINTEST, SHADES

NAME_SIZE, SMALL_SIZE, CAPTION_SIZE = 11, 9, 8
CELL = (31, 20)  # width and height of a cell with a number
LONGER_CELLS = (41, 50)  # widths of cells with longer numbers; a complex one may need still more
DOT_CELL = (8, 8)  # of a cell without a number
SCALAR_CELL = 46  # width of the cell of a single number
PAD, HEADER, GAP = 8, 22, 8
CAPTION_HEIGHT = 13
LONGEST = 22  # characters of a name; the full name is in the tooltip
CIRCLE, SMALL_CIRCLE = 45, 30


@dataclass(frozen=True)
class Cell:
    """One element: its text ("" in a heat map), its colour's role and how deep the colour is."""

    text: str
    role: str
    depth: float


@dataclass(frozen=True)
class Block:
    """A thumbnail with its caption, or, while it is not known, the words in its place."""

    role: str  # value | gradient
    cells: tuple  # rows of Cells
    cell_size: tuple
    known: bool
    absent: str

    @property
    def caption(self):
        """The word under the thumbnail."""
        return text(self.role)

    @property
    def thumb_size(self):
        """Width and height of the grid."""
        rows, columns = len(self.cells), max(map(len, self.cells), default=0)
        width, height = self.cell_size
        return columns * (width + 1), rows * (height + 1)

    @property
    def size(self):
        """Width and height with the caption: wide enough for the words, too, so that a card never changes its size."""
        width, height = self.thumb_size
        return max(width, *(text_width(words, SMALL_SIZE) for words in (self.absent, *_absent()))), max(height, CELL[1] + 1) + CAPTION_HEIGHT


@dataclass(frozen=True)
class Card:
    """A tensor's card: header, then its blocks beside each other or on top of each other."""

    name: str
    full_name: str
    kind: str
    subtitle: str
    blocks: tuple
    stacked: bool

    @property
    def size(self):
        """Width and height in points."""
        header = text_width(self.name, NAME_SIZE, bold=True) + 6 + text_width(self.subtitle, SMALL_SIZE)
        sizes = [block.size for block in self.blocks]
        if self.stacked:
            width, height = max(w for w, _ in sizes), sum(h for _, h in sizes) + 4 * (len(sizes) - 1)
        else:
            width, height = sum(w for w, _ in sizes) + GAP * (len(sizes) - 1), max(h for _, h in sizes)
        return round(max(width, header) + 2 * PAD), round(height + HEADER + 5)


def card_of(node, pictures, scale, stacked):
    """The Card of a TensorNode, given the Pictures of its value and gradient."""
    blocks = tuple(block_of(picture, scale[picture.role]) for picture in pictures)
    return Card(shorten(node.name), node.name, node.kind, subtitle_of(node), blocks, stacked)


def subtitle_of(node):
    """``2×2 leaf``: shape, dtype where it is not the usual one, and kind where the frame's colour alone would say it."""
    parts = [shape_text(node.shape)]
    if node.dtype not in ("float32", ""):
        parts.append(node.dtype)
    if node.kind in ("leaf", "constant") and node.name != text(node.kind):
        parts.append(text(node.kind))
    return "  ".join(parts)


def block_of(picture, peak):
    """The Block of a Picture: numbers where there are few elements, a heat map where there are many."""
    summary, role = picture.summary, picture.role
    if summary is None or not summary.rows or not summary.rows[0]:
        return Block(role, (), CELL, False, picture.absent if summary is None else summary.note)
    few = summary.few
    single = len(summary.rows) == len(summary.rows[0]) == 1
    peak = peak if summary.exact else summary.peak()
    digits = 3 if single or _longest(summary, 3) <= 5 else 2
    cells = tuple(tuple(_cell(value, role, peak, number(value, digits) if few else "") for value in row) for row in summary.rows)
    size = _cell_size(cells, SCALAR_CELL if single else CELL[0]) if few else DOT_CELL
    return Block(role, cells, size, picture.known, picture.absent)


def _absent():
    """All words that may stand in the place of numbers while one steps."""
    return [text(key) for key in ("not computed", "not recorded", "not kept", "not followed", "waits")] + [text("partly", arrived=10, total=10)]


def _cell_size(cells, least):
    """Width and height of the cells: room for the longest of their numbers."""
    wanted = 3 + max(text_width(cell.text, SMALL_SIZE) for row in cells for cell in row)
    return next((width for width in (least, *LONGER_CELLS) if width >= max(wanted, least)), ceil(wanted)), CELL[1]


def _longest(summary, digits):
    return max(len(number(value, digits)) for row in summary.rows for value in row)


def _cell(value, role, peak, words):
    share = heat(value, peak)
    depth = abs(share) if words else round(abs(share) * SHADES) / SHADES
    return Cell(words, role if share >= 0 else "negative", round(FAINTEST + depth * (DEEPEST - FAINTEST), 3))


def op_size(op, compact=False):
    """Width and height of an operation: a circle for a short symbol, a pill for a word; smaller where there are no cards."""
    width = text_width(op.symbol, NAME_SIZE, bold=True)
    if not compact:
        return (CIRCLE, CIRCLE) if width <= CIRCLE - 16 else (round(width + 22), 30)
    _, caption = pill_words(op)
    if caption:
        width += 5 + text_width(caption, CAPTION_SIZE + 1)
    return (SMALL_CIRCLE, SMALL_CIRCLE) if width <= SMALL_CIRCLE - 14 else (round(width + 20), 22)


def pill_words(op):
    """(symbol, caption) where both stand in the pill: ``÷`` and ``3.46``, not ``÷ 3.46``."""
    return op.symbol, op.caption.removeprefix(op.symbol).strip()


def reference_size(name):
    """Width and height of a card's small stand-in: its name and a border."""
    return round(text_width(shorten(name), NAME_SIZE, bold=True) + 2 * PAD), 22


def shorten(name):
    """A name that fits on a card."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
