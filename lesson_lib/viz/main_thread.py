"""The kernel's main thread, in which the user's cells run."""

import sys
import threading


def between_cells(work):
    """Call ``work`` in the main thread, when no cell is running; at once, if this is the main thread.

    JupyterLab lets widgets answer in a thread of their own, beside a running cell. Whatever touches what all threads share, the random
    stream or the filters of warnings, has to wait for the cell's end.
    """
    loop = None
    if threading.current_thread() is not threading.main_thread():
        ipython = sys.modules.get("IPython")
        loop = getattr(getattr(ipython and ipython.get_ipython(), "kernel", None), "io_loop", None)
    if loop is None:
        work()
    else:
        loop.add_callback(work)
