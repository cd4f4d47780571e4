"""How wide a text is, measured with the widest of the fonts that a picture may meet.

A picture asks for Helvetica, and the reader's system gives what it has: Helvetica or Arial, Liberation Sans of the same widths, or DejaVu Sans, which is
wider, and which stands in every PNG and PDF. So the room on a card is measured with DejaVu Sans, and suffices for all of them.
"""

from unicodedata import combining, normalize

LETTERS = "".join(map(chr, range(32, 127))) + "·×÷−→∂…²³▸▾"
# The advance widths of LETTERS in hundredths of the font's size, rounded up.
REGULAR = (
    "32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 54 100 69 69 70 78 64 "
    "58 78 76 30 30 66 56 87 75 79 61 79 70 64 62 74 69 99 69 62 69 40 34 40 84 50 50 62 64 55 64 62 36 64 64 28 28 58 "
    "28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84 32 84 84 84 84 52 100 41 41 51 51 "
)
BOLD = (
    "35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 59 100 78 77 74 84 69 "
    "69 83 84 38 38 78 64 100 84 86 74 86 78 73 69 82 78 111 78 73 73 46 37 46 84 50 50 68 72 60 72 68 44 72 72 35 35 67 "
    "35 105 72 69 72 72 50 60 48 72 66 93 65 66 59 72 37 72 84 38 84 84 84 84 55 100 44 44 51 51 "
)
WIDTHS = {bold: {letter: int(width) / 100 for letter, width in zip(LETTERS, table.split(), strict=True)} for bold, table in ((False, REGULAR), (True, BOLD))}
OTHER = {False: 0.79, True: 0.86}  # letters that are not in the table: Greek, Cyrillic
FULL = 1.05  # Chinese, Japanese, Korean
FIRST_FULL = 0x2E80


def text_width(characters, size, bold=False):
    """How wide a line of text is in points.

    >>> round(text_width("not computed", 9), 1), round(text_width("not computed", 9, bold=True), 1)
    (63.6, 71.1)
    """
    return sum(_ems(character, bold) for character in characters) * size


def _ems(character, bold):
    if combining(character):
        return 0
    if ord(character) >= FIRST_FULL:
        return FULL
    width = WIDTHS[bold].get(character) or WIDTHS[bold].get(normalize("NFD", character)[0])
    return OTHER[bold] if width is None else width
