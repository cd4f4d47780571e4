"""Numbers that are changed on screen: what was typed becomes a change of a Replay, and a sentence says what followed from it."""

from math import floor, isfinite, log10

import numpy as np

from ..core.half import is_half, widened
from .summary import number
from .texts import text

KINDS = ("value", "gradient")
FINE = 10  # small steps that make a number as large as the tensor's largest, to the power of ten


class Poke:
    """A Replay whose changes come from a screen. ``model`` is the graph as it is now, ``before`` as it was before the last change."""

    def __init__(self, replay):
        self.replay = replay
        self.original = self.before = self.model = replay.model
        self.said = ""

    @property
    def edited(self):
        """True if some number is not what the program made it."""
        return bool(self.replay.edits)

    def change(self, tensor, index, value=None, by=0):
        """Write ``value``, text as it was typed, at ``index`` of a tensor, or go ``by`` small steps from what is there. ValueError says what is wrong."""
        card = self.model.tensors[tensor]
        if card.value_handle is None:
            raise ValueError(text("poke unknown", name=card.name))
        index = tuple(index)
        new = self._moved(card, index, by) if value is None else parsed(value, card)
        self.replay.set(tensor, new, index)
        place = f"{card.name}[{', '.join(map(str, index))}]" if index else card.name
        self._update(lambda: text("poked", place=place, value=number(new, 6), changes=self._changes(tensor)))

    def reset(self):
        """Back to what the program computed."""
        self.replay.reset()
        self._update(lambda: text("poke reset", changes=self._changes(None)))

    def state(self, visible):
        """What a screen shows of the changes themselves; ``visible`` is the Model that is on it."""
        values, gradients = (sorted(keys & visible.tensors.keys()) for keys in different(self.original, self.model))
        return {
            "values": values,
            "gradients": gradients,
            "why": {key: why for key, why in self.replay.not_followed.items() if key in visible.tensors},
            "reason": self.model.reason if self.replay.not_followed else "",
            "edited": self.edited,
            "code": self.replay.code(),
            "said": self.said,
        }

    def _update(self, sentence):
        self.before, self.model = self.model, self.replay.update()
        self.said = sentence()

    def _moved(self, card, index, by):
        """The number at ``index``, ``by`` small steps further; a step suits the tensor as the program made it, so that it stays the same on the way."""
        now, kind = widened(card.value_handle[index]).item(), kind_of(card)
        if kind == "b":
            return by > 0
        if kind in "iu":
            return parsed(str(now + by), card)
        peak = self.original.tensors[card.id].value.peak()
        power = floor(log10(peak)) if peak else 0
        moved = now + by * 10.0**power / FINE
        return moved if kind == "c" else round(moved, 3 - power)  # 3.1, not 3.0999999046

    def _changes(self, poked):
        """``3 values and 2 gradients changed``, not counting the number that was poked."""
        values, gradients = different(self.before, self.model)
        counts = (len(values - {poked}), len(gradients))
        told = [text(f"one {kind}") if count == 1 else text(f"some {kind}s", count=count) for kind, count in zip(KINDS, counts, strict=True) if count]
        if len(told) == 2:
            return text("changed both", values=told[0], gradients=told[1])
        return text("changed one", what=told[0]) if told else text("changed none")


def kind_of(card):
    """The letter of a tensor's dtype: b, i, u, f or c."""
    dtype = card.value_handle.dtype
    return "f" if is_half(dtype) else dtype.kind


def parsed(words, card):
    """The number that ``words`` mean for a tensor of this dtype. ValueError says why they mean none."""
    plain = words.strip().replace("−", "-")
    kind, dtype = kind_of(card), card.value_handle.dtype
    try:
        found = _READERS[kind](plain)
    except (ValueError, KeyError):
        raise ValueError(text(f"poke no {kind if kind in 'bc' else 'f'}", words=words.strip())) from None
    if kind in "iu":
        if not isfinite(found) or found != int(found):
            raise ValueError(text("poke no i", words=words.strip(), name=card.name, dtype=card.dtype))
        found = int(plain) if plain.lstrip("+-").isdecimal() else int(found)  # all digits of a large one
        fits = np.iinfo(dtype).min <= found <= np.iinfo(dtype).max
    else:
        with np.errstate(over="ignore"):
            fits = kind == "b" or not np.isfinite(found) or bool(np.isfinite(widened(dtype.type(found))))
    if not fits:
        raise ValueError(text("poke too large", words=words.strip(), dtype=card.dtype))
    return found


_READERS = {
    "b": lambda words: {"true": True, "1": True, "false": False, "0": False}[words.lower()],
    "i": float,
    "u": float,
    "f": float,
    "c": lambda words: complex(words.replace("i", "j").replace(" ", "")),
}


def different(before, after):
    """(ids of the tensors whose value is another one, ids of those whose gradient is)."""
    return tuple({key for key, card in after.tensors.items() if not _same(before.tensors[key], card, f"{kind}_handle")} for kind in KINDS)


def _same(one, other, handle):
    """True if both cards hold the same numbers, NaN in the same places included."""
    a, b = getattr(one, handle), getattr(other, handle)
    if a is b or a is None or b is None:
        return a is b
    a, b = widened(a), widened(b)
    return bool(((a == b) | ((a != a) & (b != b))).all())
