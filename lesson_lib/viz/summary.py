"""A small picture of an array: its numbers if there are few, else a grid of averages."""

import math
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from ..core.device import to_host
from ..core.half import widened
from .deferred import Spoken
from .texts import text

MOST_CELLS = 4  # up to 4 × 4 numbers are shown as they are
GRID = (8, 10)  # larger arrays: rows and columns of the grid of averages
DENSEST = 512  # rows or columns that are looked at for it; of more, every second, third, ... is
QUICK = 1_000_000  # elements that may be looked at while a graph is built
WINDOW = (24, 16)  # rows and columns of the table that opens on a click


@dataclass(frozen=True)
class Summary:
    """What is drawn of an array. ``rows`` are Python numbers; ``exact`` says that they are all of it, unaveraged."""

    shape: tuple
    rows: tuple
    exact: bool
    note: str = Spoken("")
    uniform: object = None  # the one number that every element equals

    @property
    def few(self):
        """True if there is room for the numbers themselves."""
        return len(self.rows) <= MOST_CELLS and all(len(row) <= MOST_CELLS for row in self.rows)

    def peak(self):
        """The largest finite magnitude, 0 if there is none."""
        return max((magnitude(v) for row in self.rows for v in row), default=0.0)

    def to_json(self, peak=None):
        """Plain lists and strings. ``heat`` is each number's share of ``peak``, with its sign; large tensors have a scale of their own."""
        peak = peak if peak is not None and self.exact else self.peak()
        return {
            "shape": list(self.shape),
            "texts": [[number(v) for v in row] for row in self.rows] if self.few else [],
            "heat": [[round(heat(v, peak), 2) for v in row] for row in self.rows],
            "exact": self.exact,
            "note": self.note,
        }


def summarise(array):
    """The Summary of ``array`` (NumPy or CuPy); only what is drawn leaves the device."""
    array = widened(array)
    shape = tuple(array.shape)
    plane, note = _plane(array)
    if plane.size == 0:
        return Summary(shape, (), True, partial(text, "empty"))
    if plane.shape[0] <= MOST_CELLS and plane.shape[1] <= MOST_CELLS:
        return Summary(shape, _numbers(to_host(plane)), not note, note, _uniform(array))
    grid = _averaged(to_host(_thinned(plane)))
    averaged = partial(text, "averaged", shape=shape_text(plane.shape), cells=shape_text(grid.shape))
    return Summary(shape, _numbers(grid), False, (lambda: f"{note()}, {averaged()}") if note else averaged, _uniform(array))


def window(array):
    """A larger part of ``array`` with statistics, for the table that opens on a click."""
    host = widened(to_host(array))
    plane, note = _plane(host)
    rows, columns = WINDOW
    part = plane[:rows, :columns]
    shown = note or (partial(text, "shown", shown=shape_text(part.shape), shape=shape_text(host.shape)) if part.shape != plane.shape else "")
    summary = Summary(tuple(host.shape), _numbers(part), part.shape == plane.shape, shown)
    texts = [[number(v) for v in row] for row in summary.rows]
    return {**summary.to_json(), "texts": texts, "stats": statistics(host)}


def statistics(array):
    """One line: smallest, mean, largest, and how many are NaN or infinite."""
    if array.size == 0 or array.dtype.kind not in "fiu":
        return ""
    finite = np.isfinite(array)
    line = ""
    if finite.any():
        low, high = (np.extract(finite, array).min(), np.extract(finite, array).max()) if not finite.all() else (array.min(), array.max())
        line = text("stats", low=number(low.item()), mean=number(float(array.mean(dtype="float64", where=finite))), high=number(high.item()))
    nan = int(np.isnan(array).sum())
    infinite = array.size - int(finite.sum()) - nan
    return f"{line} · {text('trouble', nan=nan, inf=infinite)}".strip(" ·") if nan or infinite else line


def _plane(array):
    """Two dimensions of ``array``, and a function that tells, or "", if the others had to be cut: the first image of a batch, its first channel."""
    if array.ndim == 0:
        return array.reshape(1, 1), ""
    if array.ndim == 1:
        return array.reshape(1, -1), ""
    extra = array.ndim - 2
    if array.size == 0 or extra == 0:
        return array.reshape(array.shape if array.size else (0, 0)), ""
    if math.prod(array.shape[:-2]) == 1:
        return array.reshape(array.shape[-2:]), ""
    index = (0,) * extra
    return array[index], partial(text, "part", part=f"[{', '.join('0' * extra)}]", shape=shape_text(array.shape))


def _uniform(array):
    """The number that all elements of ``array`` equal, NaN included, or None; not looked for in very large arrays."""
    if array.size > QUICK:
        return None
    first = array.reshape(-1)[0]
    return first.item() if bool((array == first).all() or (array != array).all()) else None


def _thinned(plane):
    """At most ``DENSEST`` (to twice that) rows and columns, evenly chosen: a picture need not read a gigabyte."""
    return plane[:: max(1, plane.shape[0] // DENSEST), :: max(1, plane.shape[1] // DENSEST)]


def _averaged(plane):
    """``plane`` as a grid of at most ``GRID`` cells, each the mean of its block."""
    wide = plane.astype("float64")
    for axis, most in enumerate(GRID):
        length = wide.shape[axis]
        if length > most:
            starts = [i * length // most for i in range(most)]
            counts = [b - a for a, b in zip(starts, [*starts[1:], length], strict=True)]
            wide = np.add.reduceat(wide, starts, axis=axis) / np.reshape(counts, (-1, 1) if axis == 0 else (1, -1))
    return wide


def _numbers(plane):
    return tuple(tuple(row) for row in plane.tolist())


@lru_cache(maxsize=4096, typed=True)  # cards, tables and labels say the same numbers again and again
def number(value, digits=3):
    """A number in at most six signs or so, with so many significant digits.

    >>> number(0.75), number(27.0), number(-0.000123), number(123456.0), number(float("nan"))
    ('0.75', '27', '−1.2e-4', '1.2e5', 'nan')
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, complex):
        return f"{number(value.real, digits)}{'+' if value.imag >= 0 else ''}{number(value.imag, digits)}i"
    if value != value:
        return "nan"
    size = abs(value)
    if size == math.inf:
        shown = "inf"
    elif value == 0:
        shown = "0"
    elif size == int(size) and size < 1e5:
        shown = str(int(size))
    elif size >= 1e5 or size < 1e-2:
        shown = _scientific(size)
    elif size >= 100:
        shown = f"{size:.0f}"
    else:
        shown = f"{size:.{digits}g}"
    return "−" + shown if value < 0 else shown


def _scientific(size):
    digits, power = f"{size:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(power)}"


def magnitude(value):
    """The absolute value; 0 for NaN and infinities, which have no place on a scale."""
    size = abs(value)
    return float(size) if size < math.inf else 0.0


def heat(value, peak):
    """``value`` as a share of ``peak``, from −1 to 1."""
    if peak == 0 or isinstance(value, complex):
        return 0.0
    share = magnitude(value) / peak
    return round(-share if value < 0 else share, 4)


def shape_text(shape):
    """``2×3``; "scalar" for the empty shape.

    >>> shape_text((2, 3)), shape_text((4,)), shape_text(())
    ('2×3', '4', 'scalar')
    """
    return "×".join(map(str, shape)) or text("scalar")
