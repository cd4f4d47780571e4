"""How far to go along a direction: a search for a point where the loss is lower and its slope has flattened."""

from typing import NamedTuple


class Point(NamedTuple):
    """A place on the line: the length t of the step, and there the loss f, the gradient g and the slope g·d."""

    t: float
    f: float
    g: object
    slope: object


def strong_wolfe(at, t, size, start, c1=1e-4, c2=0.9, tolerance_change=1e-9, max_ls=25):
    r"""A step that meets the strong Wolfe conditions: $f(t) \le f(0) + c_1 t f'(0)$ and $|f'(t)| \le c_2 |f'(0)|$.

    ``at(t)`` gives loss, gradient and slope after a step of the length ``t``, ``start`` is the same for 0; ``size`` is the largest number in the
    direction. Returns the loss, the gradient, the step and how often ``at`` was called.

    Source: J. Nocedal and S. Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6; M. Schmidt, minFunc
    """
    start = Point(0, *start)

    def too_high(point):
        return point.f > start.f + c1 * point.t * start.slope

    def flat(point):
        return abs(point.slope) <= -c2 * start.slope

    # walk on until two points have a minimum between them
    last, new, walked, calls = start, Point(t, *at(t)), 0, 1
    while walked < max_ls:
        if too_high(new) or (walked > 1 and new.f >= last.f) or (not flat(new) and new.slope >= 0):
            bracket = [last, new]
            break
        if flat(new):
            return new.f, new.g, new.t, calls
        longer = cubic_minimum(last, new, (new.t + 0.01 * (new.t - last.t), 10 * new.t))
        last, new = new, Point(longer, *at(longer))
        walked, calls = walked + 1, calls + 1
    else:
        bracket = [start, new]

    # draw the two together around the minimum
    stuck = False
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    while walked < max_ls and abs(bracket[1].t - bracket[0].t) * size >= tolerance_change:
        left, right = sorted(point.t for point in bracket)
        t, margin = cubic_minimum(*bracket), 0.1 * (right - left)
        at_the_edge = min(right - t, t - left) < margin
        if at_the_edge and (stuck or t >= right or t <= left):  # twice in a row, or outside: a tenth inwards
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            at_the_edge = False
        stuck = at_the_edge
        new = Point(t, *at(t))
        walked, calls = walked + 1, calls + 1
        if too_high(new) or new.f >= bracket[low].f:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
            continue
        done = flat(new)
        if not done and new.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]  # the minimum is on the other side of the new point
        bracket[low] = new
        if done:
            break
    best = bracket[low]
    return best.f, best.g, best.t, calls


def cubic_minimum(a, b, bounds=None):
    """Where the cubic through two points with their slopes is lowest, within the bounds (else between the two); their middle if it has no minimum."""
    if a.t > b.t:
        a, b = b, a
    lowest, highest = bounds or (a.t, b.t)
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if square < 0:
        return (lowest + highest) / 2
    d2 = square.sqrt()
    minimum = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(minimum, lowest), highest)
