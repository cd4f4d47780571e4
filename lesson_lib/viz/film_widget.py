"""A film to leaf through, in a notebook: a time line, and the graph of the frame that one looks at.

The time line travels first, thinned to what a screen can show. What there is to say about a frame, and the graph of a structure, are asked for when
somebody looks at them.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace

import traitlets

from .curve import curve, spread
from .film_table import counted, described, figure
from .fold import fold
from .opening import first_open
from .rows import Rows
from .screen import folded_data
from .texts import text
from .theme import COLOURS
from .widget import LiveView

MOST_POINTS = 1200  # of a curve, and signs of change on the time line
MOST_ASKED = 64  # frames in one question
MOST_NAMED = 24  # vanished pieces that are named
SEEN = 1500  # boxes and operations that a picture is made of


class FilmView(LiveView):
    """A Film on screen, as it was when this was made. ``position`` is the frame it stands at and can be set; ``selected`` is the node that was clicked."""

    program = traitlets.Unicode("film").tag(sync=True)
    answers = {"frames": "_tell", "structure": "_show", "window": "_window"}
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, film, place=""):
        self.film, self.count = film, len(film.frames)
        self.turns = [frame.number for frame in film.frames if frame.changed]  # the frames at which the graph changed
        self._pictures = {}  # number of a structure -> its Picture, once somebody looked at it
        super().__init__(place, data=self._time_line())

    @property
    def last(self):
        """The last frame."""
        return self.count - 1

    def _time_line(self):
        """What the browser gets at once: the two curves, and where the graph changed."""
        rows = {"loss value": self.film.losses, "gradient norm": self.film.gradient_norms}
        curves = [_curve_json(name, curve(values[: self.count], MOST_POINTS)) for name, values in rows.items()]
        return {"count": self.count, "curves": curves, "changed": spread(self.turns, self.count, MOST_POINTS), "palette": COLOURS}

    # --- one frame -------------------------------------------------------------------------------------------------

    def _tell(self, message):
        numbers = [number for number in message["numbers"][:MOST_ASKED] if 0 <= number < self.count]
        self.send({"type": "frames", "key": message["key"], "frames": {str(number): self.told(number) for number in numbers}})

    def told(self, number):
        """All there is to say about a frame but its graph, as JSON: numbers, words, and the ids of what appeared in it."""
        frame = self.film.frames[number]
        words = described(self.film, frame)
        loss, norm = figure(frame.loss), figure(frame.gradient_norm)
        title = text("film frame", number=number, count=self.count)
        found = self.film.changes(number) if frame.changed and self._is_known(number) else ((), ())
        vanished = counted(found[1])
        more = [text("pieces skipped", count=len(vanished) - MOST_NAMED)] if len(vanished) > MOST_NAMED else []
        before, after = bisect_left(self.turns, number), bisect_right(self.turns, number)
        return {
            "text": " · ".join([title, f"{text('loss value')} {loss}", f"{text('gradient norm')} {norm}", *words]),
            "values": [loss, norm],
            "words": "; ".join(words),
            "structure": frame.structure.number,
            "marks": self._marks(number) if found[0] else {},
            "vanished": vanished[:MOST_NAMED] + more,
            "turns": [self.turns[before - 1] if before else None, self.turns[after] if after < len(self.turns) else None],
        }

    def _is_known(self, number):
        """True if it can be told what changed between a frame and the one before."""
        return self.film.frames[number].structure.pieces is not None and self.film.frames[number - 1].structure.pieces is not None

    def _marks(self, number):
        """id of what appeared in the picture of a frame -> the words at it."""
        structure = self.film.frames[number].structure
        if structure.model is None:
            return {}
        places = self.film.changed_places(self.film.frames[number - 1].structure, structure).appeared
        return self._picture(structure).words({structure.ids[place] for place in places})

    # --- one graph -------------------------------------------------------------------------------------------------

    def _show(self, message):
        """Send the graph of a structure, after one of its modules was opened or closed."""
        structure = self.film.structures[message["number"]]
        answer = {"type": "structure", "key": message["key"], "graph": None}
        if structure.model is None:
            self.send({**answer, "words": text("film unkept", most=self.film.keep)})
            return
        picture = self._picture(structure)
        picture.toggle(message.get("toggle"))
        if len(picture.shown.ops) > SEEN:
            self.send({**answer, "words": text("film too large", count=len(picture.shown.ops))})
            return
        self.send({**answer, "graph": picture.to_json(), "words": text("film values", number=structure.first)})

    def _picture(self, structure):
        if structure.number not in self._pictures:
            self._pictures[structure.number] = Picture(structure.model)
        return self._pictures[structure.number]

    def looked_at(self, message):
        """The graph of a structure, as its modules are open now."""
        return self._picture(self.film.structures[message["structure"]]).shown

    def __repr__(self):
        return f"<FilmView: {self.count} frames, frame {self.position}>"


class Picture:
    """The Model of a structure with some modules open: all values and gradients are there, and no steps."""

    def __init__(self, model):
        self.model, self.rows = model, Rows(model)
        self.opened = first_open(model, self.rows)
        self.toggle(None)

    def toggle(self, key):
        """Open or close a module, or none."""
        if key in self.model.groups or key in self.rows.by_id:
            self.opened = self.opened ^ {key}
        self.shown = fold(self.model, self.opened, self.rows)
        self._stands_in = {op: key for key, node in self.shown.ops.items() if node.box is not None for op in node.box.operations}

    def to_json(self):
        """What the browser gets."""
        known = {role: sorted({key for step in self.shown.steps for key in getattr(step, role)}) for role in ("values", "gradients")}
        return {**folded_data(replace(self.shown, steps=[], flows={})), "known": known, "saved": {}}

    def words(self, appeared):
        """id of what stands for the operations and leaves ``appeared`` -> the words at it: of a box that is not all new, how much of it is."""
        counts = {}
        for key in appeared:
            stand_in = self.standing(key)
            counts[stand_in] = counts.get(stand_in, 0) + (key in self.model.ops)
        return {key: self._word(key, count) for key, count in counts.items() if key is not None}

    def _word(self, key, count):
        box = getattr(self.shown.ops.get(key), "box", None)
        return text("appeared") if box is None or count in (0, len(box.operations)) else text("appeared part", count=count, total=len(box.operations))

    def standing(self, key):
        """The id of what is drawn for an operation or tensor; None if nothing is."""
        if key in self.shown.ops:
            return key
        if key in self.shown.tensors:
            return self.shown.tensors[key].made_by if key in self.shown.wires else key
        op = key if key in self.model.ops else next(iter(self.model.users_of(key)), None)
        return op if op in self.shown.ops else self._stands_in.get(op)


def _curve_json(name, found):
    low, high = (figure(value) for value in (found.low, found.high))
    return {"name": name, "points": found.points, "low": low, "high": high, "log": found.log, "wild": found.wild}
