"""Which of the user's lines are running: ``file.py(12): function``, the innermost first."""

import os
import sys
from functools import cache

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_known = {}


def user_stack():
    """The lines of the calls that led here, without this package's own. In a notebook they end at the cell."""
    frame, lines, cell = sys._getframe(1), [], 0
    while frame is not None:
        code = frame.f_code
        place = _place(code.co_filename)
        if place is not None:
            lines.append(f"{place}({frame.f_lineno}): {code.co_name}")
            if place == "cell":
                cell = len(lines)
        frame = frame.f_back
    found = tuple(lines[: cell or None])
    return _known.setdefault(found, found)  # most ops of a program are called from few places


@cache
def _place(path):
    """A file as it is imported, without the folder of ``sys.path`` that it is in; "cell" for a notebook's; None for this package."""
    if path.startswith(_PACKAGE):
        return None
    if os.path.basename(os.path.dirname(path)).startswith("ipykernel_"):
        return "cell"
    folders = [folder + os.sep for folder in sys.path if folder and path.startswith(folder + os.sep)]
    return path[len(max(folders, key=len, default="")) :]
