"""The way back as naive recursion would go it: from each node straight on to its inputs, again for every path that leads there.

Plain data and no tensors: ``place`` says for each tensor where its gradient goes (the operation that made it, or the leaf itself),
``inputs`` which tensors each place sends something to, in order; a tensor that is used twice stands there twice.
"""

from collections import Counter
from math import floor, log10
from typing import NamedTuple

MOST = 300  # visits that are listed


class Visit(NamedTuple):
    """One call of the recursion."""

    tensor: str  # whose partial gradient it carries
    place: str
    number: int  # the how manyth visit of that place
    depth: int


def counted(order, inputs, place, starts):
    """place -> how many times naive recursion visits it: one for each path. ``order`` has every place before those it sends to.

    No path is walked, so a chain of diamonds, whose paths double with each, is counted as fast as any other graph.

    >>> place = {"z": "mul", "y": "add", "x": "x"}
    >>> counted(["mul", "add", "x"], {"mul": ["y", "y"], "add": ["x"]}, place, ["z"])
    {'mul': 1, 'add': 2, 'x': 2}
    """
    visits = Counter(place[tensor] for tensor in starts)
    for at in order:
        for tensor in inputs.get(at, ()):
            visits[place[tensor]] += visits[at]
    return dict(visits)


def walk(inputs, place, starts, most=MOST):
    """The first ``most`` Visits, in the order in which the calls begin."""
    visits, met = [], Counter()
    stack = [(tensor, 0) for tensor in reversed(starts)]
    while stack and len(visits) < most:
        tensor, depth = stack.pop()
        at = place[tensor]
        met[at] += 1
        visits.append(Visit(tensor, at, met[at], depth))
        stack.extend((child, depth + 1) for child in reversed(inputs.get(at, ())))
    return visits


def carried(starts, send):
    """The same calls with what they carry: yields (tensor, partial gradient, what is sent on).

    ``starts`` are (tensor, gradient) pairs; ``send(tensor, gradient)`` gives the pairs that go on from there.

    >>> def send(tensor, g):
    ...     return [("x", 3 * g), ("x", 3 * g)] if tensor == "y" else []
    >>> [(tensor, g) for tensor, g, _ in carried([("y", 1)], send)]
    [('y', 1), ('x', 3), ('x', 3)]
    """
    stack = list(reversed(starts))
    while stack:
        tensor, gradient = stack.pop()
        sent = send(tensor, gradient)
        yield tensor, gradient, sent
        stack.extend(reversed(sent))


def many(count):
    """A count that may be very large.

    >>> many(14), many(12345), many(9_999_999), many(2**100)
    ('14', '12,345', '1.00 × 10^7', '1.27 × 10^30')
    """
    if count < 1_000_000:
        return f"{count:,}"
    size = log10(count) + 1e-9  # 1000 is 10^3, and not 9.99 × 10^2
    power = floor(size)
    digits = f"{10 ** (size - power):.2f}"
    return f"1.00 × 10^{power + 1}" if digits == "10.00" else f"{digits} × 10^{power}"
