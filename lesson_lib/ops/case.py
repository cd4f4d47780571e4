"""Test cases beside the declarations: ``case(t(2, 3), dim=1)`` is one call of an op."""

from typing import NamedTuple


class Case(NamedTuple):
    """The arguments of one call."""

    args: tuple
    kwargs: dict


def case(*args, **kwargs):
    """One call's arguments. ``t(2, 3)`` makes a tensor; the test decides its values, device and layout."""
    return Case(args, kwargs)


def constant(x):
    """A test's tensor that asks for no gradient."""
    x.requires_grad = False
    return x
