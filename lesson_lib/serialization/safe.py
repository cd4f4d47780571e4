"""The classes and functions that a user declares safe: what ``load`` builds beside tensors and plain values.

Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.add_safe_globals
"""

from ..core.errors import error

BLOCKED = ("sys", "os", "posix", "nt")  # modules of which nothing can be declared safe

_safe = set()


def add_safe_globals(safe_globals):
    """Let ``load`` build the classes, and call the functions, of this list. A pair gives the name under which the file has it.

    >>> import lesson_lib as torch
    >>> class Settings:
    ...     pass
    >>> torch.serialization.add_safe_globals([Settings, (Settings, "project.Settings")])
    >>> len(torch.serialization.get_safe_globals())
    2
    >>> torch.serialization.clear_safe_globals()

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.add_safe_globals
    """
    _safe.update(safe_globals)


def get_safe_globals():
    """The list of what ``add_safe_globals`` added.

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.get_safe_globals
    """
    return list(_safe)


def clear_safe_globals():
    """Forget all that was added.

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.clear_safe_globals
    """
    _safe.clear()


class safe_globals:
    """``add_safe_globals`` for the length of a ``with`` block.

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.safe_globals
    """

    def __init__(self, safe_globals):
        self.safe_globals = safe_globals

    def __enter__(self):
        add_safe_globals(self.safe_globals)

    def __exit__(self, type, value, tb):
        _safe.difference_update(self.safe_globals)


def by_name():
    """{full name in a file: what it stands for}."""
    named = {}
    for one in _safe:
        if not isinstance(one, tuple):
            named[f"{one.__module__}.{one.__qualname__}"] = one
            continue
        if len(one) != 2:
            raise error("safe_pair", found=len(one))
        if type(one[1]) is not str:
            raise error("safe_name", type=type(one[1]))
        named[one[1]] = one[0]
    return named
