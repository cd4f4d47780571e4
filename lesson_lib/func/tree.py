"""Nested tuples, lists and dicts of values ("pytrees"): take the leaves out, put others in their places."""

from collections import OrderedDict


class Leaf:
    """The place of one value."""

    count = 1

    def __eq__(self, other):
        return isinstance(other, Leaf)

    __hash__ = None

    def __repr__(self):
        return "*"

    def build(self, leaves):
        """The next of ``leaves``, an iterator."""
        return next(leaves)


class Branch:
    """A tuple, list or dict: its kind, its keys (None for a sequence) and what stands in it."""

    def __init__(self, kind, keys, children):
        self.kind, self.keys, self.children = kind, keys, children
        self.count = sum(child.count for child in children)

    def __eq__(self, other):
        return isinstance(other, Branch) and (self.kind, self.keys, self.children) == (other.kind, other.keys, other.children)

    __hash__ = None

    def __repr__(self):
        inner = ",\n".join(map(repr, self.children)).replace("\n", "\n  ")
        return f"TreeSpec({self.kind.__name__}, {self.keys}, [{inner}])"

    def __str__(self):
        if self.keys is not None:
            return "{" + ", ".join(f"{key!r}: {child}" for key, child in zip(self.keys, self.children, strict=True)) + "}"
        inner = ", ".join(map(str, self.children))
        return f"[{inner}]" if self.kind is list else f"({inner},)" if len(self.children) == 1 else f"({inner})"

    def build(self, leaves):
        """The same structure with the next of ``leaves``, an iterator."""
        values = [child.build(leaves) for child in self.children]
        if self.keys is not None:
            return self.kind(zip(self.keys, values, strict=True))
        return self.kind(*values) if hasattr(self.kind, "_fields") else self.kind(values)


def tree_flatten(value):
    """(the leaves in order, the structure). Everything but tuples, lists and dicts is a leaf, None too."""
    kind = type(value)
    if kind in (dict, OrderedDict):
        keys, values = list(value), list(value.values())
    elif kind in (tuple, list) or (isinstance(value, tuple) and hasattr(kind, "_fields")):
        keys, values = None, list(value)
    else:
        return [value], Leaf()
    parts = [tree_flatten(one) for one in values]
    return [leaf for leaves, _ in parts for leaf in leaves], Branch(kind, keys, [spec for _, spec in parts])


def tree_unflatten(leaves, spec):
    """The structure ``spec`` with these leaves."""
    return spec.build(iter(leaves))


def tree_map(function, value):
    """The same structure with ``function`` of every leaf."""
    leaves, spec = tree_flatten(value)
    return tree_unflatten(map(function, leaves), spec)


def spread(value, spec):
    """One entry for each leaf of ``spec``: where ``value`` has a single entry for a whole branch, it counts for all of it.

    None if the structures do not fit.
    """
    if isinstance(spec, Leaf):
        return None if isinstance(value, tuple | list | dict) else [value]
    if type(value) is not spec.kind:
        return None if isinstance(value, tuple | list | dict) else [value] * spec.count
    parts = list(value.values()) if spec.keys is not None else list(value)
    if len(parts) != len(spec.children) or (spec.keys is not None and list(value) != spec.keys):
        return None
    spreads = [spread(part, child) for part, child in zip(parts, spec.children, strict=True)]
    return None if None in spreads else [one for entries in spreads for one in entries]
