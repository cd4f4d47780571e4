"""safetensors files: tensors by name, and nothing else. The functions are those of ``safetensors.torch``, which needs PyTorch.

    from lesson_lib.utils.safetensors import load_file, save_file

The format is the simplest one there is: 8 bytes with the length of a header, the header in JSON, the bytes of the tensors. The header
gives for each name the dtype, the shape, and where its bytes begin and end. So a dozen lines write it, and reading it is mostly checking.

Source: https://github.com/huggingface/safetensors#format
"""

import os
from math import prod

import numpy as np

from ..core import dtypes
from ..core.atomic_file import replacing
from ..core.device import device as as_device
from ..core.device import to_host
from ..core.errors import error
from ..core.memory import address, flat, spanning
from ..core.messages_saving import SafetensorError  # noqa: F401 - safetensors.SafetensorError
from ..core.tensor import Tensor, wrap

#: the format's name of each dtype, in the order in which the format puts them: large alignment first
DTYPES = {
    "U64": dtypes.uint64, "I64": dtypes.int64, "F64": dtypes.float64, "C64": dtypes.complex64, "F32": dtypes.float32, "U32": dtypes.uint32,
    "I32": dtypes.int32, "BF16": dtypes.bfloat16, "F16": dtypes.float16, "U16": dtypes.uint16, "I16": dtypes.int16, "I8": dtypes.int8,
    "U8": dtypes.uint8, "BOOL": dtypes.bool_,
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LARGEST_HEADER = 100_000_000
_METADATA = "__metadata__"


# --- out --------------------------------------------------------------------------------------------------------------------------------


def save(tensors, metadata=None):
    """The bytes of a safetensors file with the tensors of a dictionary, and ``metadata``, a dictionary of strings.

    A tensor that is not contiguous is written as if it were.

    >>> import lesson_lib as torch
    >>> from lesson_lib.utils import safetensors
    >>> data = safetensors.save({"w": torch.tensor([[1, 2], [3, 4]]).t()})
    >>> safetensors.load(data)
    {'w': tensor([[1, 3],
            [2, 4]])}

    Errors: ValueError for what is no tensor, RuntimeError for tensors that share memory: they would be written twice.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    return b"".join(bytes(part) for part in _parts(tensors, metadata))


def save_file(tensors, filename, metadata=None):
    """``save`` into a file, which is replaced at once or not at all.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    parts = _parts(tensors, metadata)
    with replacing(filename) as file:
        for part in parts:
            file.write(part)


def _parts(tensors, metadata):
    """The parts of the file in their order: the header, then one tensor after the other, each made only when it is its turn."""
    import json  # only here and in _header: most programs have no need of it

    _check(tensors, metadata)
    order = list(NAMES)
    ordered = sorted(tensors.items(), key=lambda item: (order.index(item[1].dtype), item[0]))
    header = {_METADATA: metadata} if metadata is not None else {}
    at = 0
    for name, tensor in ordered:
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that the tensors begin at a multiple of 8
    return _in_turn(len(text).to_bytes(8, "little") + text, [tensor for _, tensor in ordered])


def _in_turn(head, tensors):
    yield head
    for tensor in tensors:
        array = np.ascontiguousarray(to_host(tensor._a)).reshape(-1).view("uint8")
        width = tensor.dtype.to_real().itemsize
        if width > 1 and not np.little_endian:
            array = array.view(f"u{width}").byteswap().view("uint8")
        yield memoryview(array)


def _check(tensors, metadata):
    if not isinstance(tensors, dict):
        raise error("safetensors_dict", type=type(tensors))
    for key, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise error("safetensors_value", key=key, type=type(tensor))
        if tensor.dtype not in NAMES:
            raise error("safetensors_dtype", key=key, dtype=tensor.dtype)
    for text in (part for item in (metadata or {}).items() for part in item):
        if not isinstance(text, str):
            raise error("safetensors_metadata", type=type(text).__name__)
    for names in _sharing(tensors):
        raise error("safetensors_shared", names="{" + ", ".join(map(repr, names)) + "}")


def _sharing(tensors):
    """Lists of the names whose tensors share memory, two names or more in each."""
    places = {}
    for name, tensor in tensors.items():
        memory = flat(spanning(tensor))
        if memory.nbytes:
            places.setdefault((tensor.device, address(memory)), []).append(name)
    return [names for names in places.values() if len(names) > 1]


# --- in ---------------------------------------------------------------------------------------------------------------------------------


def load(data):
    """The tensors in the bytes of a safetensors file, by name.

    Errors: SafetensorError if they are not those of a whole, sound file.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    rows, _ = _header(data, len(data))
    return {name: _tensor(data, row) for name, row in sorted(rows.items())}


def load_file(filename, device="cpu", *, backend="mmap"):
    """The tensors of a safetensors file, by name, on ``device``.

    ``backend`` is accepted; the file is mapped, and each tensor copied out of it once.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    with safe_open(filename, "pt", device) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary


class safe_open:
    """A safetensors file whose tensors are read one by one: ``with safe_open(path, framework="pt") as f: f.get_tensor(name)``.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """

    def __init__(self, filename, framework, device="cpu"):
        if framework not in ("pt", "torch", "pytorch"):
            raise error("safetensors_framework", name=framework)
        self._device = as_device(device)
        size = os.path.getsize(filename)
        self._data = np.memmap(filename, np.uint8, "r").view(np.ndarray) if size else b""
        self._rows, self._metadata = _header(self._data, size)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self._data = None

    def metadata(self):
        """The strings that were saved along, or None."""
        return self._metadata

    def keys(self):
        """The names of the tensors, in alphabetical order."""
        return sorted(self._rows)

    def offset_keys(self):
        """The names of the tensors, in the order of the file."""
        return sorted(self._rows, key=lambda name: self._rows[name][2])

    def get_tensor(self, name):
        """One tensor."""
        if name not in self._rows:
            raise error("safetensors_missing", name=name)
        tensor = _tensor(self._data, self._rows[name])
        return tensor if self._device == tensor.device else tensor.to(self._device)


def _header(data, size):
    """({name: (dtype, shape, begin, end)}, metadata) of a file; every number in it is checked."""
    import json

    _require(size >= 8, "header too small")
    length = int.from_bytes(bytes(data[:8]), "little")
    _require(length <= LARGEST_HEADER, "header too large")
    _require(8 + length <= size, "invalid header length")
    try:
        header = json.loads(bytes(data[8 : 8 + length]).decode(), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as problem:
        _require(False, f"invalid JSON in header: {problem}")
    _require(isinstance(header, dict), "invalid JSON in header: it is no dictionary")
    metadata = header.pop(_METADATA, None)
    _require(metadata is None or (isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())), "invalid metadata")
    rows = {name: _row(name, row) for name, row in header.items()}
    at = 0
    for name, (_, _, begin, end) in sorted(rows.items(), key=lambda item: item[1][2:]):
        _require(begin == at, f"invalid offset for tensor `{name}`")  # no gaps, and no overlap
        at = end
    _require(8 + length + at == size, "incomplete metadata, file not fully covered")
    return {name: (dtype, shape, 8 + length + begin, 8 + length + end) for name, (dtype, shape, begin, end) in rows.items()}, metadata


def _without_doubles(pairs):
    _require(len({key for key, _ in pairs}) == len(pairs), "invalid JSON in header: a name comes twice")
    return dict(pairs)


def _row(name, row):
    """(dtype, shape, begin, end) of one tensor, counted from the end of the header."""
    good = isinstance(row, dict) and row.keys() == {"dtype", "shape", "data_offsets"}
    _require(good and isinstance(row["dtype"], str) and row["dtype"] in DTYPES, f"unknown dtype or field of tensor `{name}`")
    numbers = [row["shape"], row["data_offsets"]]
    sound = all(isinstance(part, list) and all(type(n) is int and 0 <= n < 2**62 for n in part) for part in numbers)
    _require(sound, f"invalid number of tensor `{name}`")
    dtype, (shape, offsets) = DTYPES[row["dtype"]], numbers
    _require(len(offsets) == 2 and len(shape) <= 64 and prod(max(n, 1) for n in shape) < 2**60, f"invalid shape of tensor `{name}`")
    _require(offsets[1] - offsets[0] == prod(shape) * dtype.itemsize, f"info for tensor `{name}` does not match its shape")
    return dtype, tuple(shape), *offsets


def _tensor(data, row):
    """A tensor with a copy of its bytes."""
    dtype, shape, begin, end = row
    width = dtype.to_real().itemsize
    array = np.array(np.frombuffer(data, np.uint8, end - begin, begin) if end > begin else np.empty(0, np.uint8))
    if width > 1 and not np.little_endian:
        array = array.view(f"u{width}").byteswap().view("uint8")
    return wrap(array.view(dtype.np).reshape(shape))


def _require(condition, problem):
    if not condition:
        raise error("safetensors_file", problem=problem)


# --- models -----------------------------------------------------------------------------------------------------------------------------


def save_model(model, filename, metadata=None, force_contiguous=True):
    """Write a model's ``state_dict()``. Of names that share a tensor the first is written; the metadata tells the others.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    state, metadata = dict(model.state_dict()), dict(metadata or {})
    for names in _sharing(state):
        kept, *others = sorted(names, key=lambda name: (-state[name].nbytes, name))
        for name in others:
            metadata.setdefault(name, kept)
            del state[name]
    save_file(state, filename, metadata or None)


def load_model(model, filename, strict=True, device="cpu", *, backend="mmap"):
    """Read what ``save_model`` wrote into ``model``; (names that the file lacks, names that the model lacks).

    Errors: RuntimeError if ``strict`` and there are such names. The model is unchanged then.

    Source: https://huggingface.co/docs/safetensors/api/torch
    """
    state = load_file(filename, device=device, backend=backend)
    own = dict(model.state_dict())
    shared = {name for names in _sharing(own) for name in names if state.keys() & set(names)}
    missing, unexpected = own.keys() - state.keys() - shared, sorted(state.keys() - own.keys())
    if strict and (missing or unexpected):
        found = {"Missing": sorted(missing), "Unexpected": unexpected}
        problems = ["{} key(s) in state_dict: {}".format(what, ", ".join(f'"{key}"' for key in keys)) for what, keys in found.items() if keys]
        raise error("safetensors_model", name=type(model).__name__, problems="\n    ".join(problems))
    model.load_state_dict(state, strict=False)
    return missing, unexpected
