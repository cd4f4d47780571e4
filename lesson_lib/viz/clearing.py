"""Words on arrows keep clear of headings: an arrow into an open module crosses the module's heading, and its middle, where the words are, may lie on it.

The same rule stands in ``js/clearing.js``, for the widget, whose layout is made in the browser.
"""

from .card import SMALL_SIZE, text_width

SVG = "{http://www.w3.org/2000/svg}"
ABOVE, BELOW = 11, 4  # of the base line of a heading: the room that is the heading's own
ASCENT, DESCENT = 8, 2  # of a line of small print


def clear(labels, headings):
    """How far down to move ``labels``, (middle, base line, words) of the lines on one arrow; ``headings`` are (left, right, base line).

    What would lie in the row of a heading stands under it, where the layout keeps room above the first thing in the module.

    >>> clear([(50, 100, "2×3")], [(0, 90, 104)])
    17
    >>> clear([(50, 80, "2×3")], [(0, 90, 104)])
    0
    """
    half = max(text_width(words, SMALL_SIZE) for _, _, words in labels) / 2
    middle = labels[0][0]
    top, bottom = min(base for _, base, _ in labels) - ASCENT, max(base for _, base, _ in labels) + DESCENT
    moved = 0
    for left, right, base in sorted(headings, key=lambda heading: heading[2]):  # from top to bottom: one leads to the next
        across = left < middle + half and middle - half < right
        if across and top + moved < base + BELOW and base - ABOVE < bottom + moved:
            moved = base + BELOW + 1 - top
    return moved


def clear_labels(root, headings):
    """Move the words on the arrows of a laid-out picture."""
    for group in root.iter(f"{SVG}g") if headings else ():
        lines = [line for line in group.findall(f"{SVG}text") if line.text] if "edge" in group.get("class", "").split() else []
        if lines:
            moved = clear([(float(line.get("x")), float(line.get("y")), line.text) for line in lines], headings)
            for line in lines:
                line.set("y", f"{float(line.get('y')) + moved:g}")
