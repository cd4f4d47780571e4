"""``sym_int`` and its like. PyTorch's compiler records sizes with them; here sizes are Python's numbers, and these are Python's functions.

Source: https://pytorch.org/docs/stable/torch.html#symbolic-numbers
"""

from .core.errors import error


def sym_int(a):
    """``a`` as an integer, cut off at the point."""
    return int(a)


def sym_float(a):
    """``a`` as a float."""
    return float(a)


def sym_not(a):
    """True if ``a`` is false."""
    return not a


def _of_one_type(choose, a, b):
    """PyTorch makes both floats if one is."""
    return float(choose(a, b)) if float in (type(a), type(b)) else choose(a, b)


def sym_max(a, b):
    """The larger number; a float if one of them is."""
    return _of_one_type(max, a, b)


def sym_min(a, b):
    """The smaller number; a float if one of them is."""
    return _of_one_type(min, a, b)


def sym_sum(args):
    """The sum of a list of integers."""
    return sum(args)


def sym_ite(b, t, f):
    """``t`` if ``b``, else ``f``; both are of one type."""
    if not isinstance(b, bool):
        raise error("sym_bool", type=type(b))
    if type(t) is not type(f):
        raise error("sym_types", a=type(t), b=type(f))
    return t if b else f
