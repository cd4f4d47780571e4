"""From a persistent id to a storage: its bytes out of the file, in this machine's byte order, on the device where they are to be."""

import sys

from ..core import dtypes
from ..core.device import CPU, KNOWN_TYPES, cuda_is_available, device, namespace_of_device
from ..core.errors import error
from ..core.memory import address
from ..core.tensor import wrap
from ..cuda import device_count
from ..ops import storage as storages
from .rebuild import require


class Storages:
    """Gives the storage of each persistent id; the same key gives the same memory.

    ``fetch(key, size)`` gives the ``size`` bytes of a key as a vector.
    """

    def __init__(self, fetch, map_location, byteorder=sys.byteorder):
        self.fetch, self.map_location, self.swap = fetch, map_location, byteorder != sys.byteorder
        self.known = {}

    def __call__(self, saved):
        good = type(saved) is tuple and len(saved) > 0 and type(saved[0]) is str and saved[0] == "storage"
        require(good, "Only persistent_load of storage is allowed")
        # Files from before 1.6 have a sixth entry, for storages that are parts of others.
        require(len(saved) == 5 or (len(saved) == 6 and saved[5] is None), "a storage is named by five values")
        _, kind, key, location, count = saved[:5]
        require(kind is storages.UntypedStorage or isinstance(kind, storages.OldClass), "a storage has no class")
        require(type(key) is str and type(location) is str and type(count) is int and count >= 0, "a storage is named by a wrong value")
        dtype = dtypes.uint8 if kind is storages.UntypedStorage else kind.dtype
        size = count * dtype.itemsize
        if key not in self.known:
            self.known[key] = located(storages.UntypedStorage(wrap(self._native(self.fetch(key, size), dtype))), location, self.map_location)
        untyped = self.known[key]
        require(untyped.nbytes() == size, "a storage comes with two sizes")
        return storages.TypedStorage(wrap_storage=untyped, dtype=dtype)

    def _native(self, memory, dtype):
        """The bytes in this machine's order, where each number can be read in one go."""
        if memory.nbytes and address(memory) % dtype.itemsize:
            memory = memory.copy()
        width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        return memory.view(f"u{width}").byteswap().view("uint8") if self.swap and width > 1 else memory


def located(storage, location, map_location):
    """The storage where ``map_location`` wants it: a place, a dictionary from place to place, or a function of storage and place."""
    if map_location is None:
        return _moved(storage, location)
    if isinstance(map_location, dict):
        return _moved(storage, str(map_location.get(location, location)))
    if isinstance(map_location, bytes):
        return _moved(storage, map_location.decode())
    if isinstance(map_location, str | device):
        return _moved(storage, str(map_location))
    if not callable(map_location):
        raise error("map_location_type", type=type(map_location).__name__)
    result = map_location(storage, location)
    if result is None:
        return _moved(storage, location)
    if not storages.is_storage(result):
        raise error("map_location_result", type=type(result))
    return result.untyped()


def _moved(storage, location):
    """The storage on the device that a place's name tells."""
    kind, _, number = location.partition(":")
    if location == str(CPU):
        return storage
    if kind not in KNOWN_TYPES or not (number.isdecimal() or location == kind):
        raise error("location_unknown", location=location)
    place = device(location)
    if kind == "cuda" and not cuda_is_available():
        raise error("location_no_cuda")
    if kind == "cuda" and (place.index or 0) >= device_count():
        raise error("location_no_such_gpu", index=place.index, count=device_count())
    return storages.UntypedStorage(wrap(namespace_of_device(place).to_device(storage._array, place.index)))
