"""A row of numbers as a curve: so many points as a picture can show, the extremes kept, on a scale that suits them."""

import math
from typing import NamedTuple

DECADES = 100  # the largest over the smallest from which the scale is logarithmic


class Curve(NamedTuple):
    """``points`` are (place in the row, share of the height), with None for a gap; ``low`` and ``high`` are the numbers at shares 0 and 1."""

    points: tuple
    low: float | None
    high: float | None
    log: bool
    wild: tuple  # the places of what is NaN or infinite


def curve(values, most):
    """The Curve of ``values`` with about ``most`` points. None is a gap; so is what is not finite.

    >>> curve([1.0, 10.0, None, 1000.0], 100)
    Curve(points=((0, 0.0), (1, 0.3333), None, (3, 1.0)), low=1.0, high=1000.0, log=True, wild=())
    """
    known = [value for value in values if _finite(value)]
    low, high = (min(known), max(known)) if known else (None, None)
    log = bool(known) and low >= 0 and high >= DECADES * min((value for value in known if value > 0), default=math.inf)
    share = _logarithmic(min(value for value in known if value > 0), high) if log else _even(low, high)
    places = thinned(values, most)
    points = tuple((place, round(share(values[place]), 4)) if _finite(values[place]) else None for place in places)
    wild = tuple(spread([place for place, value in enumerate(values) if value is not None and not math.isfinite(value)], len(values), most))
    return Curve(points, low, high, log, wild)


def thinned(values, most):
    """About ``most`` places in ``values``: of each stretch its smallest and its largest number, and the first place that has none, in order.

    >>> thinned([5, 1, 9, 3, 2, 2, 8, 7], 4)
    [0, 1, 2, 4, 6, 7]
    """
    count = len(values)
    if count <= most:
        return list(range(count))
    stretches, found = max(most // 2, 1), {0, count - 1}
    for number in range(stretches):
        stretch = range(count * number // stretches, count * (number + 1) // stretches)
        known = [place for place in stretch if _finite(values[place])]
        if known:
            found.update((min(known, key=values.__getitem__), max(known, key=values.__getitem__)))
        if len(known) < len(stretch):
            found.add(next(place for place in stretch if not _finite(values[place])))
    return sorted(found)


def spread(places, count, most):
    """``places`` below ``count`` with no more than ``most`` left, of those that lie close together the first."""
    kept = {}
    for place in places:
        kept.setdefault(place * most // count if count > most else place, place)
    return list(kept.values())


def _finite(value):
    return value is not None and math.isfinite(value)


def _even(low, high):
    return lambda value: (value - low) / (high - low) if high > low else 0.5


def _logarithmic(low, high):
    """What is 0 has no place on such a scale: it is drawn on the lower edge."""
    return lambda value: math.log(max(value, low) / low) / math.log(high / low)
