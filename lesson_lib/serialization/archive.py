"""PyTorch's files are zip archives whose entries are stored, not compressed: a storage's bytes lie in the file as they lie in memory.

    name/data.pkl                 what was saved, as a pickle in which a storage is only a number
    name/.format_version          1
    name/.storage_alignment       64
    name/byteorder                little or big
    name/data/0, name/data/1 ...  the storages
    name/version                  3
    name/.data/serialization_id   forty digits

Every entry's bytes begin at a multiple of 64, so that the file can be mapped into memory and used as it is. The padding stands in the
entry's header, as an "extra field" of the kind "FB".

The reader trusts nothing: every place and length that the file names is checked against the file's size before anything is read.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (zip), and PyTorch's caffe2/serialize/inline_container.cc
"""

import struct
import zlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..core.errors import error

ALIGNMENT = 64
LARGE = ELSEWHERE = 0xFFFFFFFF  # a size or place from LARGE on stands in a field of 64 bits, and ELSEWHERE in that of 32

_LOCAL = struct.Struct("<4s5H3L2H")  # magic, version, flags, method, time, date, crc, stored size, size, length of name, of extra
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # magic, 2 versions, flags, method, time, date, crc, 2 sizes, 3 lengths, disk, 2 attributes, place
_END = struct.Struct("<4s4H2LH")  # magic, 2 disks, 2 counts, size and place of the directory, length of the comment
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_DESCRIBED, _UTF8 = 0x8, 0x800  # flags: checksum and sizes stand behind the bytes; names are UTF-8


# --- out --------------------------------------------------------------------------------------------------------------------------------


class Writer:
    """Writes an archive to a file from front to back; the file need not be seekable."""

    def __init__(self, file, name):
        self.file, self.prefix = file, f"{name}/"
        self.at = 0
        self.central = []
        self.checksums = 0

    def add(self, name, data):
        """Write one entry; ``data`` is bytes or anything with a buffer of bytes."""
        data = memoryview(data)
        full, place, checksum = (self.prefix + name).encode(), self.at, zlib.crc32(data)
        self.checksums = (self.checksums * 31 + checksum) % 10**20
        flags = _UTF8 | (_DESCRIBED if data.nbytes else 0)
        large = _large_fields(data.nbytes, place)
        extra = large + self._padding(place + _LOCAL.size + len(full) + len(large))
        self._put(_LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, 0, 0, len(full), len(extra)) + full + extra)
        self._put(data)
        size = _short(data.nbytes)
        if data.nbytes:
            self._put(struct.pack("<4sLQQ" if large else "<4sLLL", b"PK\7\10", checksum, data.nbytes, data.nbytes))
        header = _CENTRAL.pack(b"PK\1\2", 0, 0, flags, 0, 0, 0, checksum, size, size, len(full), len(large), 0, 0, 0, 0, _short(place))
        self.central.append(header + full + large)

    def _padding(self, start):
        """The extra field that moves the entry's bytes to a multiple of 64."""
        gap = -(start + 4) % ALIGNMENT
        return struct.pack("<2sH", b"FB", gap) + b"Z" * gap

    def close(self):
        """Write the last entries and the directory."""
        self.add("version", b"3\n")
        self.add(".data/serialization_id", b"%020d%020d" % (len(self.central), self.checksums))
        place, directory, count = self.at, b"".join(self.central), len(self.central)
        self._put(directory)
        end = self.at  # the directory's end comes twice: in 64 bits, as PyTorch always writes it, and in 32
        self._put(_END64.pack(b"PK\6\6", _END64.size - 12, 0x31E, 45, 0, 0, count, count, len(directory), place))
        self._put(_LOCATOR64.pack(b"PK\6\7", 0, end, 1))
        few = min(count, 0xFFFF)
        self._put(_END.pack(b"PK\5\6", 0, 0, few, few, _short(len(directory)), _short(place), 0))

    def _put(self, data):
        data = memoryview(data)
        self.at += data.nbytes
        while data.nbytes:
            written = self.file.write(data)  # a raw file may take a part only
            if written is None or written >= data.nbytes:
                return
            data = data[written:]


def _short(value):
    """What stands in a field of 32 bits."""
    return value if value < LARGE else ELSEWHERE


def _large_fields(size, place):
    """The zip64 extra field with those of size and place that 32 bits do not hold; none if they hold both."""
    values = ([size, size] if size >= LARGE else []) + ([place] if place >= LARGE else [])
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""


# --- in ---------------------------------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """Where an entry's bytes lie in the file, and their checksum."""

    begin: int
    size: int
    checksum: int


class Reader:
    """The entries of an archive that begins where ``file`` stands and ends where it ends."""

    def __init__(self, file):
        self.file, self.start = file, file.tell()
        self.size = file.seek(0, 2) - self.start
        self.entries = {}
        directory, count, end = self._directory()
        at = 0
        spans = []
        for _ in range(count):
            name, entry, header, at = self._entry(directory, at, end)
            if name in self.entries:
                raise _corrupt(f"two entries are called {name}")
            self.entries[name] = entry
            spans.append((header, entry.begin + entry.size))
        if at != len(directory):
            raise _corrupt("its directory is damaged")
        spans.sort()
        if any(end > begin for (_, end), (begin, _) in pairwise(spans)):
            raise _corrupt("entries overlap")

    def __contains__(self, name):
        return name in self.entries

    def find(self, name):
        """The entry called ``name``."""
        if name not in self.entries:
            raise error("archive_missing", name=name)
        return self.entries[name]

    def read(self, name):
        """An entry's bytes."""
        return self.array(name).tobytes()

    def array(self, name):
        """An entry's bytes as a new array; an error if their checksum is wrong."""
        entry = self.find(name)
        result = np.empty(entry.size, np.uint8)
        self.file.seek(self.start + entry.begin)
        _fill(self.file, memoryview(result))
        # Files written after PyTorch's set_crc32_options(False) have 0 for every checksum.
        if entry.checksum and zlib.crc32(result) != entry.checksum:
            raise error("archive_checksum", name=name)
        return result

    def _at(self, place, size):
        """``size`` bytes from ``place`` on."""
        if place < 0 or place + size > self.size:
            raise _corrupt("it ends too early")
        self.file.seek(self.start + place)
        result = bytearray(size)
        _fill(self.file, memoryview(result))
        return bytes(result)

    def _directory(self):
        """(the bytes of the directory, how many entries it has, where it begins)."""
        tail = self._at(max(0, self.size - 0xFFFF - _END.size), min(self.size, 0xFFFF + _END.size))
        at = tail.rfind(b"PK\5\6")
        if at < 0 or len(tail) - at < _END.size:
            raise _corrupt("failed finding central directory")
        _, disk, first, here, count, length, place, comment = _END.unpack_from(tail, at)
        end = self.size - len(tail) + at
        if len(tail) - at != _END.size + comment or disk or first or here != count:
            raise _corrupt("its end is damaged")
        if ELSEWHERE in (length, place) or count == 0xFFFF:
            magic, _, where, _ = _LOCATOR64.unpack(self._at(end - _LOCATOR64.size, _LOCATOR64.size))
            if magic == b"PK\6\7":
                end = where
                magic, *_, count, length, place = _END64.unpack(self._at(where, _END64.size))
                if magic != b"PK\6\6":
                    raise _corrupt("its end is damaged")
        if place + length > end or count * _CENTRAL.size > length:
            raise _corrupt("its directory is damaged")
        return self._at(place, length), count, place

    def _entry(self, directory, at, end):
        """(name, Entry, where its header lies, where the next one stands in the directory)."""
        if at + _CENTRAL.size > len(directory):
            raise _corrupt("its directory is damaged")
        magic, _, _, flags, method, _, _, checksum, stored, size, *lengths, _, _, _, place = _CENTRAL.unpack_from(directory, at)
        after_name = at + _CENTRAL.size + lengths[0]
        next_one = after_name + lengths[1] + lengths[2]
        if magic != b"PK\1\2" or next_one > len(directory):
            raise _corrupt("its directory is damaged")
        full = directory[at + _CENTRAL.size : after_name]
        size, stored, place = _from_large(directory[after_name : after_name + lengths[1]], size, stored, place)
        if method or flags & 1 or stored != size:
            raise error("archive_compressed")
        magic, *_, name_length, extra_length = _LOCAL.unpack(self._at(place, _LOCAL.size))
        begin = place + _LOCAL.size + name_length + extra_length
        if magic != b"PK\3\4" or self._at(place + _LOCAL.size, name_length) != full or begin + size > end:
            raise _corrupt("an entry lies outside of it")
        folder, slash, name = full.decode("utf-8", "replace").partition("/")
        if not slash or (self.entries and folder != self.folder):
            raise _corrupt("its entries do not lie in one folder")
        self.folder = folder
        return name, Entry(begin, size, checksum), place, next_one


def _from_large(extra, *values):
    """``values`` with those that are in the zip64 field taken from there."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            fields = iter(struct.unpack_from(f"<{length // 8}Q", extra[at + 4 :].ljust(length, b"\0")))
            return [next(fields, value) if value == ELSEWHERE else value for value in values]
        at += 4 + length
    return values


def _fill(file, room):
    """Read as many bytes as there is room for."""
    read = getattr(file, "readinto", None)
    while room.nbytes:
        if read:
            count = read(room)
        else:
            part = file.read(room.nbytes)
            count = len(part)
            room[:count] = part
        if not count:
            raise _corrupt("it ends too early")
        room = room[count:]


def _corrupt(why):
    return error("archive_corrupt", why=why)
