"""Which modules of a graph are open at first: as many as fit on a screen, the outer ones before the inner ones."""

from .rows import Row

ROOM = 16  # operations and boxes
WHOLE = 24  # a graph of so many operations is shown as it is


def first_open(model, rows):
    """The ids of the groups that are open when a graph is first shown."""
    if len(model.ops) <= WHOLE:
        return frozenset(model.groups)
    opened = frozenset()
    for level in _levels(model):
        if _visible(model, opened | level, rows) > ROOM:
            break
        opened |= level
    # One of a row of equal blocks shows what all of them are.
    for item in (item for key in (None, *opened) for item in rows.items[key]):
        if isinstance(item, Row) and not opened.intersection(item.members) and _visible(model, opened | {item.members[0]}, rows) <= ROOM:
            opened |= {item.members[0]}
    return opened


def _levels(model):
    """The groups by how deep they stand."""
    depth = {}
    for key, group in model.groups.items():
        depth[key] = 0 if group.parent is None else depth[group.parent] + 1
    return [frozenset(key for key, d in depth.items() if d == level) for level in range(max(depth.values(), default=-1) + 1)]


def _visible(model, opened, rows):
    """How many operations and boxes one sees."""
    count, stack = 0, [None]
    while stack:
        for item in rows.items[stack.pop()]:
            members = item.members if isinstance(item, Row) else (item,)
            inside = [key for key in members if key in opened]
            stack.extend(inside)
            count += len(inside) < len(members)
    return count


def by_name(model, names):
    """Ids of the groups that ``names`` call by id, path, variable or class; KeyError for a name that fits none."""
    found = set()
    for name in names:
        fitting = [key for key, group in model.groups.items() if name in (key, group.name, group.title, group.kind)]
        if not fitting:
            raise KeyError(f"no module of this graph is called {name!r}")
        found.update(fitting)
    return frozenset(found)
