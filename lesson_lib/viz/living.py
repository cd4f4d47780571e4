"""A picture in the saved notebook, whose place a widget takes on the page while the kernel runs."""

import sys
from html import escape
from uuid import uuid4

from .shown_in import note


def in_notebook():
    """True if a notebook's kernel runs this program."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def in_frame():
    """True in VS Code and Colab: they load widgets only for an output that is one, and may keep each output in a frame of its own."""
    ipython = sys.modules.get("IPython")
    names = getattr(ipython and ipython.get_ipython(), "user_ns", {})
    return "google.colab" in sys.modules or "__vsc_ipynb_file__" in names


def new_place(make):
    """The id under which a page finds a picture and the widget that takes its place: the one that ``make(id)`` makes."""
    place = uuid4().hex
    note(make(place))
    return place


def marked(bundle, place):
    """``bundle`` with the id in its picture; where it has none, its text becomes what the widget takes the place of."""
    if place and "image/svg+xml" in bundle:
        return {**bundle, "image/svg+xml": bundle["image/svg+xml"].replace("<svg ", f'<svg id="{place}" ', 1)}
    if place:
        return {**bundle, "text/html": f'<pre id="{place}">{escape(bundle["text/plain"])}</pre>'}
    return bundle
