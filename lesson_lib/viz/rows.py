"""What stands in which module, in order, and which neighbours are alike: the part of folding that no click changes."""

from itertools import groupby
from typing import NamedTuple

SHORTEST = 2  # neighbours of the same structure that fold into a row


class Row(NamedTuple):
    """Neighbouring modules of the same structure, as the blocks of a GPT are."""

    id: str
    members: tuple


class Rows:
    """The groups of a Model as a tree whose children are operations, groups, and Rows of groups.

    Two groups have the same structure if their classes, the shapes of their parameters and their operations are the same, all the way down.
    """

    def __init__(self, model):
        self.groups = model.groups
        self.children = _children(model)
        self.structure = _structures(model, self.children)
        self.items = {key: tuple(self._rows(children)) for key, children in self.children.items()}
        self.by_id = {item.id: item for items in self.items.values() for item in items if isinstance(item, Row)}

    def _rows(self, children):
        """The children with neighbours of one structure put together; every operation stands alone."""
        for _, neighbours in groupby(children, key=lambda child: self.structure.get(child, child)):
            members = tuple(neighbours)
            yield members[0] if len(members) < SHORTEST else Row(f"r{members[0]}", members)

    def inside(self, group):
        """Ids of all operations in a group, in order."""
        found, stack = [], [group]
        while stack:
            key = stack.pop()
            if key in self.groups:
                stack.extend(reversed(self.children[key]))
            else:
                found.append(key)
        return found

    def groups_inside(self, group):
        """Ids of the group and of all groups in it."""
        found, stack = [], [group]
        while stack:
            found.append(stack.pop())
            stack.extend(child for child in self.children[found[-1]] if child in self.groups)
        return found


def _children(model):
    """Group (or None) -> ids of the operations and groups directly in it, in the order of computation."""
    children = {None: [], **{key: [] for key in model.groups}}
    met = {None}
    for key, op in model.ops.items():
        children[op.group].append(key)
        at = op.group
        while at not in met:
            met.add(at)
            children[model.groups[at].parent].append(at)
            at = model.groups[at].parent
    return children


def _structures(model, children):
    """Group -> a number, the same for groups of the same structure. Inner groups come after outer ones in ``model.groups``."""
    numbers, known = {}, {}
    for key in reversed(list(model.groups)):
        group = model.groups[key]
        below = tuple(known[child] if child in model.groups else model.ops[child].name for child in children[key])
        form = (group.kind, tuple(shape for _, shape in group.own), below)
        known[key] = numbers.setdefault(form, len(numbers))
    return known
