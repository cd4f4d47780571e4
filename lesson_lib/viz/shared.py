"""Plain data with each part written once, however often it occurs: thirty foldings of one graph are little longer than one of them."""

import json

REFERENCE = "$"  # the key of what stands in place of a part: {"$": 12}, number 12 of the parts
SHORTEST = 12  # characters of a part that is worth a reference


class Shared:
    """Takes lists and dictionaries with strings as keys, apart. ``parts`` holds what was taken apart, inner parts before outer ones.

    >>> shared = Shared()
    >>> shared.put([["the same words", 1], ["the same words", 2]])
    {'$': 1}
    >>> shared.parts
    ['the same words', [[{'$': 0}, 1], [{'$': 0}, 2]]]
    """

    def __init__(self):
        self.parts, self.size = [], 0
        self._places = {}
        self._write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def put(self, value):
        """What stands for ``value``: itself, if it is short, or a reference."""
        if isinstance(value, dict):
            value = {key: self.put(part) for key, part in value.items()}
        elif isinstance(value, list | tuple):
            value = [self.put(part) for part in value]
        elif not isinstance(value, str) or len(value) < SHORTEST:
            return value
        written = self._write(value)
        if len(written) < SHORTEST:
            return value
        place = self._places.setdefault(written, len(self.parts))
        if place == len(self.parts):
            self.parts.append(value)
            self.size += len(written) + 1
        return {REFERENCE: place}
