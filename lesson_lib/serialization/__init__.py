"""``torch.save`` and ``torch.load``: any nest of tensors, dictionaries, lists and numbers, in a file that PyTorch reads and writes too.

``archive`` knows the zip file, ``pickler`` writes the object into it, ``unpickler`` reads it without running anything, ``rebuild`` makes
tensors, ``stored`` their memory, ``legacy`` reads the files of old.

Source: https://pytorch.org/docs/stable/notes/serialization.html
"""

import io
import os
import pickle
import sys
from contextlib import contextmanager

import numpy as np

from ..core.atomic_file import replacing
from ..core.device import device, to_host
from ..core.errors import error
from ..core.parity import missing_from
from ..utils import safetensors
from .archive import ALIGNMENT, Reader, Writer
from .legacy import load_legacy
from .pickler import pickled
from .rebuild import ALLOWED
from .safe import add_safe_globals, by_name, clear_safe_globals, get_safe_globals, safe_globals
from .stored import Storages
from .unpickler import Unpickler, globals_in

_ZIP = b"PK\3\4"
_mapping = {"mode": "c"}  # NumPy's name for a private mapping: what is written to it stays in memory


def save(obj, f, pickle_module=pickle, pickle_protocol=2, _use_new_zipfile_serialization=True, _disable_byteorder_record=False):
    """Write ``obj`` to the file ``f``: a path, or an object with ``write``. PyTorch opens it, also with ``weights_only=True``.

    Tensors keep their strides, and those that share memory share it again when they are loaded. The memory is written whole: a small view
    brings its large base along, unless it is saved as ``view.clone()``.

    A file is replaced at once, or not at all: whatever happens during the save, the old file or the new one is there.

    >>> import io, lesson_lib as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}

    ``pickle_module`` is not used: PyTorch's names are written by a pickler of our own.

    Errors: whatever pickle raises for what it cannot write; RuntimeError if the same memory would be saved as two dtypes, or without a folder.

    Source: https://pytorch.org/docs/stable/generated/torch.save.html
    """
    path = os.fspath(f) if isinstance(f, str | os.PathLike) else None
    if path is None and not callable(getattr(f, "write", None)):
        raise error("save_target")
    if not _use_new_zipfile_serialization:
        raise error("save_legacy")
    data, storages = pickled(obj, pickle_protocol)  # first: what cannot be pickled must not touch a file
    byteorder = None if _disable_byteorder_record else sys.byteorder.encode()
    if path is None:
        _write(f, "archive", data, storages, byteorder)
        getattr(f, "flush", lambda: None)()
        return
    name = os.path.splitext(os.path.basename(path))[0]
    with replacing(path) as file:
        _write(file, name or "archive", data, storages, byteorder)


def _write(file, name, data, storages, byteorder):
    writer = Writer(file, name)
    writer.add("data.pkl", data)
    writer.add(".format_version", b"1")
    writer.add(".storage_alignment", b"%d" % ALIGNMENT)
    if byteorder:
        writer.add("byteorder", byteorder)
    for key, array in storages.items():
        writer.add(f"data/{key}", to_host(array).view("uint8"))
    writer.close()


def load(f, map_location=None, pickle_module=None, *, weights_only=None, mmap=None, **pickle_load_args):
    """What ``save`` (of this library or of PyTorch) wrote to ``f``: a path, or an object with ``read``, ``seek`` and ``tell``.

    ``map_location`` says where the tensors go: a device, a dictionary from device to device, or a function of storage and device.
    ``mmap=True`` reads a file's tensors only as they are used; writing to them changes the memory, not the file.

    No code of the file runs: a name that is not known to be harmless is an error. ``add_safe_globals`` adds your own classes.
    ``weights_only=False`` changes nothing: PyTorch would then run what the file says, and that is what this reader never does.
    ``pickle_module`` and further arguments are not used.

    >>> import io, lesson_lib as torch
    >>> file = io.BytesIO()
    >>> x = torch.arange(4)
    >>> torch.save([x, x[1:3]], file)
    >>> _ = file.seek(0)
    >>> a, b = torch.load(file)
    >>> a[1] = 100
    >>> b
    tensor([100,   2])

    Errors: UnpicklingError for a name that is not allowed or a pickle that is none; RuntimeError for a file that is cut or damaged, for a view
    that does not lie in its storage, for a device that is not there.

    Source: https://pytorch.org/docs/stable/generated/torch.load.html
    """
    if weights_only and pickle_module is not None:
        raise error("load_pickle_module")
    path = os.fspath(f) if isinstance(f, str | os.PathLike) else None
    if path is not None and str(path).endswith(".safetensors"):
        return safetensors.load_file(path, _safetensors_device(map_location))
    with _opened(f, path) as file:
        start = file.tell()
        magic = file.read(len(_ZIP))
        if not isinstance(magic, bytes):
            raise error("load_text", type=type(magic).__name__)
        file.seek(start)
        if mmap and path is None:
            raise error("load_mmap")
        if magic != _ZIP:
            if mmap:
                raise error("load_mmap_legacy")
            return load_legacy(file.read(), map_location)
        return _load_archive(file, map_location, path if mmap else None)


def _load_archive(file, map_location, mapped_path):
    reader = Reader(file)
    if "constants.pkl" in reader:
        raise error("load_torchscript")
    byteorder = reader.read("byteorder").decode("latin1") if "byteorder" in reader else "little"
    if byteorder not in ("little", "big"):
        raise error("load_byteorder", name=byteorder)
    mapped = np.memmap(mapped_path, np.uint8, _mapping["mode"]).view(np.ndarray) if mapped_path is not None else None

    def fetch(key, size):
        entry = reader.find(f"data/{key}")
        if entry.size != size:
            raise error("record_size", found=entry.size, expected=size)
        return reader.array(f"data/{key}") if mapped is None else mapped[entry.begin : entry.begin + size]

    return Unpickler(reader.read("data.pkl"), Storages(fetch, map_location, byteorder)).load()


@contextmanager
def _opened(f, path):
    """The file, open for reading; a file that the user opened stays open."""
    if path is not None:
        with open(path, "rb") as file:
            yield file
        return
    for name in ("seek", "tell", "read"):
        if not hasattr(f, name):
            raise error("load_source", type=type(f).__name__, name=name)
    yield f


def _safetensors_device(map_location):
    if map_location is None:
        return "cpu"
    if not isinstance(map_location, str | device):
        raise error("load_safetensors", what="dict" if isinstance(map_location, dict) else "callable")
    return str(map_location)


def get_unsafe_globals_in_checkpoint(f):
    """The names in a file that ``load`` would refuse. Nothing is built.

    >>> import io, fractions, lesson_lib as torch
    >>> file = io.BytesIO()
    >>> torch.save(fractions.Fraction(1, 2), file)
    >>> _ = file.seek(0)
    >>> torch.serialization.get_unsafe_globals_in_checkpoint(file)
    ['fractions.Fraction']

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.get_unsafe_globals_in_checkpoint
    """
    with _opened(f, os.fspath(f) if isinstance(f, str | os.PathLike) else None) as file:
        start = file.tell()
        if file.read(len(_ZIP)) != _ZIP:
            raise error("not_a_checkpoint")
        file.seek(start)
        data = Reader(file).read("data.pkl")
    return sorted(globals_in(io.BytesIO(data)) - ALLOWED.keys() - by_name().keys())


def get_default_mmap_options():
    """How ``load(..., mmap=True)`` maps a file: ``mmap.MAP_PRIVATE`` or ``mmap.MAP_SHARED``.

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.get_default_mmap_options
    """
    return _flags()[_mapping["mode"]]


class set_default_mmap_options:
    """Change how ``load(..., mmap=True)`` maps a file, for the length of a ``with`` block or for good.

    ``mmap.MAP_PRIVATE``: what is written to the tensors stays in memory. ``mmap.MAP_SHARED``: it goes into the file.

    Source: https://pytorch.org/docs/stable/notes/serialization.html#torch.serialization.set_default_mmap_options
    """

    def __init__(self, flags):
        modes = {flag: mode for mode, flag in _flags().items()}
        if flags not in modes:
            raise error("mmap_options", flags=flags)
        self.previous = _mapping["mode"]
        _mapping["mode"] = modes[flags]

    def __enter__(self):
        pass

    def __exit__(self, exc_type, exc_value, traceback):
        _mapping["mode"] = self.previous


def _flags():
    """NumPy's name of each kind of mapping -> its number. The module is not there on every system."""
    from mmap import MAP_PRIVATE, MAP_SHARED

    return {"c": MAP_PRIVATE, "r+": MAP_SHARED}


__getattr__ = missing_from("torch.serialization")  # a name that is missing here says why
