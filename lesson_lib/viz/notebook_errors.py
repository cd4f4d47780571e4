"""In a notebook, the picture of a failed operation appears beneath the traceback.

IPython tells its ``post_run_cell`` callbacks how a cell ended, after it has shown the error. So the traceback stays as it is, other exceptions
are left alone, and another tool that handles exceptions is not in the way.
"""

import sys

from .failure import failure


def errors(on=True):
    """Show, or no longer show, a picture beneath the traceback of a failed operation; returns whether it is shown.

    In a notebook it is on from the import of ``viz``, or ``%load_ext lesson_lib.viz``. Outside of IPython there is nothing to switch.

    >>> from lesson_lib import viz
    >>> viz.errors()
    False
    """
    shell = _shell()
    if shell is None:
        return False
    _switch(shell, on)
    return on


def load_ipython_extension(shell):
    """What ``%load_ext lesson_lib.viz`` runs."""
    _switch(shell, True)


def unload_ipython_extension(shell):
    """What ``%unload_ext lesson_lib.viz`` runs."""
    _switch(shell, False)


def start_in_notebook():
    """Switch it on where there is a notebook to draw in; a terminal, IPython's too, stays as it is."""
    shell = _shell()
    if getattr(shell, "kernel", None) is not None:
        _switch(shell, True)


def _shell():
    """The running IPython, or None; IPython is not imported for the question."""
    module = sys.modules.get("IPython")
    return None if module is None or not hasattr(module, "get_ipython") else module.get_ipython()


def _switch(shell, on):
    registered = _show in shell.events.callbacks["post_run_cell"]
    if on and not registered:
        shell.events.register("post_run_cell", _show)
    if registered and not on:
        shell.events.unregister("post_run_cell", _show)


def _show(result):
    """The callback after a cell."""
    if not isinstance(result.error_in_exec, Exception):
        return
    try:
        shown = failure(result.error_in_exec)
    except Exception:  # the learner's error stands above; a picture that cannot be drawn must not put a second one under it
        return
    if shown is not None:
        from IPython.display import display  # optional, and here already

        display(shown)
