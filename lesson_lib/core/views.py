"""The history of a view: its own until the memory is written to, then its base's, looked at through the same view."""

from .errors import error
from .node import plain_title
from .state import thread


def refreshed_edge(view):
    """A view's edge. If its base was rewritten since, the view's history is the chain of view ops replayed on the base."""
    if view._seen != view._ver[0]:
        base = view._base
        if base._rg:
            if view._from is not None:
                raise no_history(view, "its base or another view of its base has been modified inplace")
            view._edge, view._rg = _replayed(base, path(view))._edge, True
        view._seen = view._ver[0]
    return view._edge


def path(view):
    """The (function, params) that lead from the base, as it is shaped now, to the view."""
    return (*view._base._undo, *view._chain)


def _replayed(base, chain):
    before, thread.grad_enabled = thread.grad_enabled, True
    try:
        for function, params in chain:
            base = function(base, **params)
        return base
    finally:
        thread.grad_enabled = before


def no_history(view, event):
    """PyTorch's error for a view that cannot be replayed: one of several made together, or one made under ``no_grad``."""
    kind = "no_grad_view_inplace" if view._from == "no_grad" else "many_views_inplace"
    if view._edge is not None:
        node, index = view._edge
        return error(kind, start=f"Output {index} of {plain_title(node.title)} is a view and {event}.")
    return error(kind, start=f"A view was created in no_grad mode and {event} with grad mode enabled.")
