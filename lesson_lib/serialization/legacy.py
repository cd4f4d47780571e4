"""Files of PyTorch before 1.6 (2020), and of ``torch.save(..., _use_new_zipfile_serialization=False)``: pickles, one after the other.

A magic number, a version, facts about the machine, the object, the keys of the storages; then for each key the number of its elements in 8
bytes, and the elements. How large an element is stands only in the object. So the object is built twice: first over memory of zeros, which
tells the sizes, then over the true memory.
"""

import numpy as np

from ..core.errors import error
from .rebuild import require
from .stored import Storages
from .unpickler import Unpickler

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the number 0x1950a86a20f9469cfc6c as a pickle
VERSION = 1001


def load_legacy(data, map_location):
    """The object in ``data``, the bytes of a whole file."""
    if data[: len(MAGIC)] != MAGIC:
        raise error("not_a_save", what="empty" if len(data) == 0 else "neither a zip archive nor an older file of PyTorch's")
    version, at = _plain(data, len(MAGIC))
    facts, at = _plain(data, at)
    require(version == VERSION and type(facts) is dict, "an unknown version of the old format")
    sizes, room = {}, len(data)

    def zeros(key, size):
        nonlocal room
        sizes[key], room = size, room - size
        require(room >= 0, "the storages are larger than the file")
        return np.zeros(size, np.uint8)

    first = Unpickler(data, Storages(zeros, "cpu"), at)
    first.load()
    keys, begin = _plain(data, first.at)
    require(type(keys) is list and all(type(key) is str for key in keys) and sorted(keys) == sorted(sizes), "the keys of the storages differ")
    places = {}
    for key in keys:
        places[key] = begin + 8
        begin += 8 + sizes[key]
        require(begin <= len(data), "the file ends too early")

    def fetch(key, size):
        count = int.from_bytes(data[places[key] - 8 : places[key]], "little")
        require(count == 0 if size == 0 else count > 0 and size % count == 0, "a storage comes with two sizes")
        return np.frombuffer(data, np.uint8, size, places[key]).copy()

    return Unpickler(data, Storages(fetch, map_location, "little" if facts.get("little_endian", True) else "big"), at).load()


def _plain(data, at):
    """(the object of a pickle without storages, where the pickle ends)."""
    reader = Unpickler(data, lambda saved: require(False, "a storage in the file's head"), at)
    return reader.load(), reader.at
