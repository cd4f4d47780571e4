"""A graph too large to draw, on the page: its summary, a field to search in, and the picture of what is around an operation that was found."""

from functools import partial

import anywidget
import traitlets

from .census import Census
from .living import in_notebook, new_place
from .main_thread import between_cells
from .shown_in import note
from .summary import shape_text
from .texts import CATALOGUES, checked, language, speaking, text
from .theme import COLOURS
from .widget import GraphView, static

ROWS = 50  # operations that one answer lists
LONGEST = 200  # characters of one cell
COLUMNS = ("operation", "shape", "memory", "time", "in module", "your line")


class Searched(Census):
    """A Census that a notebook shows with a search on the page. What the file keeps is the summary."""

    def widget(self):
        """The summary with its search, for a notebook."""
        return CensusView(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        place = new_place(partial(CensusView, self)) if in_notebook() else ""
        summary = self._repr_html_()
        return {"text/plain": repr(self), "text/html": f'<div id="{place}">{summary}</div>' if place else summary}


class CensusView(anywidget.AnyWidget):
    """A Census on screen. ``near`` is the id of the widget that shows the neighbourhood of what was chosen."""

    _esm = static("census.js")
    _css = static("style.css")
    data = traitlets.Dict().tag(sync=True)
    near = traitlets.Unicode("").tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict(CATALOGUES).tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)  # the id of the summary on the page whose place it takes, and its own

    def __init__(self, census, place=""):
        self.census, self.around = census, None
        own = {"place": place, "model_id": place} if place else {}
        super().__init__(data=summary_json(census), language=language(), **own)
        self.on_msg(self._hear)

    @traitlets.validate("language")
    def _known(self, proposal):
        return checked(proposal["value"])

    @traitlets.observe("language")
    def _speak(self, change):
        if change["old"]:
            with speaking(self.language):
                self.data = summary_json(self.census)
            if self.around is not None:
                self.around.language = self.language

    def _hear(self, _, message, buffers):
        answer = {"search": self._search, "near": self._draw}.get(message.get("type"))
        if answer is not None:
            between_cells(partial(self._answer, answer, message))

    def _answer(self, answer, message):
        with speaking(self.language):
            self.send({"type": message["type"], "key": message["key"], **answer(message)})

    def _search(self, message):
        """The first operations that contain the words, and how many there are."""
        words = message["words"].strip()[:LONGEST]
        return {"found": listing_json(self.census.search(words, ROWS))} if words else {"found": None}

    def _draw(self, message):
        """Make the picture of a neighbourhood; the one before is closed."""
        number = message["number"]
        if not 0 <= number < len(self.census):
            return {"said": ""}
        self._let_go()
        graph = self.census.near(number)
        self.around = GraphView(graph)
        self.around.position, self.around.language = graph.view.step, self.language
        self.near = self.around.model_id
        at = graph.model.ops[graph.model.steps[graph.view.step].at]
        return {"said": text("around", count=len(graph.model.ops), name=at.label, number=number)}

    def _let_go(self):
        if self.around is not None:
            self.around.close()
            self.around = None

    def close(self):
        """End the view and the picture in it."""
        self._let_go()
        super().close()
        self.layout.close()
        self.census, self.data = None, {}

    def _repr_mimebundle_(self, **kwargs):
        note(self)
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self):
        if self.census is None:
            return "<CensusView: closed>"
        return f"<CensusView: {len(self.census)} operations>"


def summary_json(census):
    """What the page shows before anything is searched for."""
    return {
        "title": census.title,
        "counts": [[head, [[_brief(name), count] for name, count in pairs]] for head, pairs in census.counts()],
        "lists": [listing_json(census.largest()), listing_json(census.slowest())],
        "palette": COLOURS,
    }


def listing_json(listing):
    """A Listing: its title, the names of its columns, and a row of words for each operation."""
    rows = []
    for entry in listing:
        number, name, _, memory, time, module, line = (_brief(cell) for cell in entry.cells)
        rows.append({"number": int(number), "cells": [name, _brief(shape_text(entry.shape)), memory, time, module, line]})
    return {"title": listing.title, "heads": [text(key) for key in COLUMNS], "rows": rows}


def _brief(words):
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
