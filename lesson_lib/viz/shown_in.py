"""Widgets end with the output that shows them: a cell that runs again closes what it showed before, or each run would leave a graph behind."""

import sys
from weakref import WeakSet

_views = {}  # id of a cell -> the views that it shows
_listening = WeakSet()  # the shells whose cells are listened to


def note(view):
    """Remember that the cell which runs now shows ``view``."""
    shell = _shell()
    cell = _running(shell)
    if cell is None:
        return
    if shell not in _listening:
        _listening.add(shell)
        shell.events.register("pre_run_cell", runs_again)
    _views.setdefault(cell, WeakSet()).add(view)


def runs_again(info):
    """Close what the cell showed, but for what a variable holds or another cell shows."""
    kept = {id(value) for name, value in _shell().user_ns.items() if not name.startswith("_")}
    elsewhere = {id(view) for cell, views in _views.items() if cell != info.cell_id for view in views}
    for view in tuple(_views.pop(info.cell_id, ())):
        if id(view) not in kept | elsewhere:
            view.close()


def _shell():
    ipython = sys.modules.get("IPython")
    return ipython and ipython.get_ipython()


def _running(shell):
    """The id of the cell that runs, where the front end tells it."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId")
