"""Counts, sizes and times in few characters; and how much room words take in a terminal."""

from unicodedata import combining, east_asian_width

from .texts import text


def count_text(count):
    """How many: exactly below a thousand, else with three digits.

    >>> count_text(960), count_text(16512), count_text(198_000), count_text(2_180_000)
    ('960', '16.5 k', '198 k', '2.18 M')
    """
    return _scaled(count, 1000, ("", " k", " M", " G", " T"))


def bytes_text(count):
    """An amount of memory.

    >>> bytes_text(96), bytes_text(24_576), bytes_text(96_000_000)
    ('96 B', '24.6 kB', '96 MB')
    """
    return _scaled(count, 1000, (" B", " kB", " MB", " GB", " TB"))


def seconds_text(seconds):
    """A time.

    >>> seconds_text(0.041), seconds_text(0.0002), seconds_text(0.0000031), seconds_text(12.5)
    ('41 ms', '0.2 ms', '3 µs', '12.5 s')
    """
    if seconds < 1e-4:
        return f"{seconds * 1e6:.0f} µs"
    return f"{_three(seconds * 1e3)} ms" if seconds < 1 else f"{_three(seconds)} s"


def operations_text(count):
    """How many operations.

    >>> operations_text(1), operations_text(627)
    ('1 op', '627 ops')
    """
    return text("one operation") if count == 1 else text("operations", count=count_text(count))


def columns(words):
    """How wide words are in a terminal: Chinese letters take two places.

    >>> columns("grad"), columns("梯度")
    (4, 4)
    """
    return sum(2 if east_asian_width(letter) in "WF" else not combining(letter) for letter in words)


def padded(words, width, right=False):
    """``words`` with spaces behind them, or before them, to so many columns."""
    space = " " * (width - columns(words))
    return space + words if right else words + space


def _scaled(count, step, units):
    size, unit = count, 0
    while size >= 0.9995 * step and unit < len(units) - 1:
        size, unit = size / step, unit + 1
    return f"{count if unit == 0 else _three(size)}{units[unit]}"


def _three(value):
    """Three digits at most, and one after the point of what is below one."""
    if value < 0.95:
        return f"{value:.1f}"
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    shown = f"{value:.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
