"""Files made by hand for the tests of saving: archives with any entries, pickles that call anything, and how to compare what comes back."""

import io
import pickle
import sys

import lesson_lib
from lesson_lib.serialization.archive import Writer


def archive(data, storages=(b"\0" * 20,), byteorder=b"little", **more):
    """The bytes of a file with this pickle and these storages."""
    out = io.BytesIO()
    writer = Writer(out, "archive")
    writer.add("data.pkl", data)
    writer.add("byteorder", byteorder)
    for key, content in enumerate(storages):
        writer.add(f"data/{key}", content)
    for name, content in more.items():
        writer.add(name.replace("__", "."), content)
    writer.close()
    return out.getvalue()


class Name:
    """A global in a hand-made pickle: "module.name"."""

    def __init__(self, full):
        self.full = full

    def __call__(self):
        raise NotImplementedError


class Call:
    """A call in a hand-made pickle."""

    def __init__(self, full, *args, state=None):
        self.reduced = (Name(full), args) if state is None else (Name(full), args, state)

    def __reduce__(self):
        return self.reduced


class Stored:
    """A storage in a hand-made pickle."""

    def __init__(self, *id):
        self.id = id


class HandPickler(pickle._Pickler):
    """Writes ``Name``, ``Call`` and ``Stored`` as what they stand for."""

    dispatch = dict(pickle._Pickler.dispatch)

    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Stored) else None

    def _name(self, obj):
        module, _, name = obj.full.rpartition(".")
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())

    dispatch[Name] = _name


def pickled(obj, protocol=2):
    out = io.BytesIO()
    HandPickler(out, protocol).dump(obj)
    return out.getvalue()


def storage(kind="FloatStorage", key="0", location="cpu", count=5):
    return Stored("storage", Name(f"torch.{kind}"), key, location, count)


def view(offset=0, size=(5,), stride=(1,), requires_grad=False, of=None):
    """The call that makes a tensor over storage 0."""
    return Call("torch._utils._rebuild_tensor_v2", of or storage(), offset, size, stride, requires_grad, Call("collections.OrderedDict"))


def load(data, **options):
    return lesson_lib.load(io.BytesIO(data), **options)


def saved(obj, t=lesson_lib, **options):
    """The bytes of a file that ``t`` wrote."""
    out = io.BytesIO()
    t.save(obj, out, **options)
    return out.getvalue()


def facts(value):
    """A value as plain data that is equal for equal values of both libraries."""
    kind = type(value)
    if isinstance(value, type):
        return "class", value.__name__
    if kind.__name__.endswith("Storage"):
        return "storage", list(value.untyped())
    if kind.__module__.split(".")[0] in ("torch", "lesson_lib"):
        if hasattr(value, "untyped_storage"):
            plain = value.detach()
            place = tuple(value.shape), value.stride(), value.storage_offset(), value.untyped_storage().nbytes()
            attributes = {name: value.__dict__[name] for name in ("note", "persistent") if name in value.__dict__}
            return kind.__name__, str(value.dtype), place, value.requires_grad, facts_of_bytes(plain), attributes
        return repr(value)
    if isinstance(value, dict):
        metadata = facts(value._metadata) if hasattr(value, "_metadata") else None
        items = [(key if isinstance(key, str | int) else facts(key), facts(inner)) for key, inner in value.items()]
        return kind.__name__, items, metadata
    if isinstance(value, list | tuple):
        return kind.__name__, [facts(inner) for inner in value]
    return kind.__name__, repr(value)


def facts_of_bytes(tensor):
    contiguous = tensor.contiguous().reshape(-1)
    if contiguous.numel() == 0:
        return b""
    library = sys.modules[type(tensor).__module__.split(".")[0]]
    return bytes(contiguous.view(library.uint8).tolist())
