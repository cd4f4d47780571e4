"""Copies and conversions: the same numbers in other memory, another dtype, another device."""

import numpy as np

from ..core import dtypes
from ..core.blocks import copied_in_order, copy_of
from ..core.device import CPU, device, device_of, namespace_of_device, to_host
from ..core.errors import error
from ..core.half import is_half
from ..core.op import Op, method, op
from ..core.tensor import Tensor
from .case import case

PYTHON_TYPES = {float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_, complex: dtypes.complex128}


def as_dtype(value, name):
    """A dtype, given as one of ours or as Python's ``float``, ``int``, ``bool``, ``complex``."""
    if isinstance(value, dtypes.dtype):
        return value
    if value in PYTHON_TYPES:
        return PYTHON_TYPES[value]
    raise error("dtype_type", name=name, type=type(value).__name__)


def asked_dtype(input, dtype, name):
    """(input, NumPy dtype) for a function called with ``dtype=``. One of 16 bits only tells how the result is kept: the input is rounded to
    it first, and computed with in float32."""
    np_dtype = as_dtype(dtype, name).np
    return input.to(dtype) if is_half(np_dtype) else input, np_dtype


# --- copies -----------------------------------------------------------------------------------------------------------


@op
class clone(Op):
    """A copy with its own memory, y = x.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> x = torch.zeros(2)
    >>> y = x.clone()
    >>> y[0] = 5
    >>> x
    tensor([0., 0.])

    Source: https://pytorch.org/docs/stable/generated/torch.clone.html
    """

    half = "exact"

    def signature(input, *, memory_format=None):
        # PyTorch keeps the order of the dimensions in memory, unless they were stretched.
        keeps = memory_format is None or memory_format == "torch.preserve_format"
        return input, {"order": "K" if keeps and 0 not in input._a.strides else "C"}

    def forward(xp, x, *, order="C"):
        return copied_in_order(xp, x) if order == "C" else copy_of(xp, x, order)

    def grad_x(g):
        return g

    def samples(t):
        yield case(t(2, 3))
        yield case(t())
        yield case(t(0, 2))


@method()
def contiguous(self, memory_format=None):
    """The tensor itself if its memory is in row-major order, else a copy that is.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html
    """
    return self if self.is_contiguous() else clone.op.raw(self, order="C")


@op
class zeros_as(Op):
    """Zeros in the shape and dtype of x: the gradient of what was overwritten."""

    public = False

    def forward(xp, x):
        return xp.zeros(x.shape, x.dtype)

    def samples(t):
        yield case(t(2, 3))


def detach_(self):
    """Forget the history, in place. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.detach_.html"""
    if self._base is not None:
        raise error("detach_view")
    self._edge, self._rg = None, False
    return self


# --- another dtype ----------------------------------------------------------------------------------------------------


def converted(array, np_dtype):
    """``array`` as ``np_dtype``; what does not fit wraps around, overflows or is cut without a warning, as in PyTorch."""
    if np_dtype.kind == "V" and not isinstance(array, np.ndarray):
        raise error("no_bfloat16_cuda")
    if array.dtype.kind == "c" and np_dtype.kind not in "cb":
        array = array.real
    if np_dtype.kind == "b" or np.can_cast(array.dtype, np_dtype):
        return array.astype(np_dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        if array.dtype.kind in "fV" and np_dtype.kind in "iu" and np_dtype.itemsize < 8:
            return array.astype(np.int64).astype(np_dtype)  # through int64: 300.0 becomes 44 in a uint8, on every processor
        return array.astype(np_dtype)


@op
class to_dtype(Op):
    """The same numbers as another dtype, in new memory.   ∂y/∂x = 1."""

    public, title, label, half = False, "ToCopy", "to", "exact"

    def forward(xp, x, *, np_dtype):
        return converted(x, np_dtype)

    def grad_x(g):
        return g  # the engine converts back

    def samples(t):
        yield case(t(2, 3), np_dtype=np.dtype("float32"))
        yield case(t(), np_dtype=np.dtype("int64"))


@op
class to_device(Op):
    """The same numbers on the device ``target``; ``home`` is where they are now.   ∂y/∂x = 1."""

    public, title, label, half = False, "ToCopy", "to", "exact"

    def forward(xp, x, *, target, home):
        return namespace_of_device(target).to_device(to_host(x), target.index)

    def grad_x(g, target, home):
        return to_device.op.raw(g, target=home, home=target)

    def samples(t):
        yield case(t(2, 3), target=CPU, home=CPU)


def moved(tensor, target):
    """``tensor`` on ``target``: itself if it is there already."""
    home = device_of(tensor._a)
    if home.type == target.type and target.index in (None, home.index):
        return tensor
    return to_device.op.raw(tensor, target=target, home=home)


def to(self, *args, dtype=None, device=None, copy=False, non_blocking=False, memory_format=None):
    """The tensor as another dtype, on another device, or both as those of another tensor; itself if nothing changes.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    target, wanted, copies = _to_arguments(args, device, dtype, copy)
    result = self
    if wanted is not None and wanted is not self.dtype:
        result = to_dtype.op.raw(result, np_dtype=wanted.np)
    if target is not None:
        result = moved(result, target)
    if result is self and copies:
        result = to_dtype.op.raw(self, np_dtype=self._a.dtype)
    return result


def _to_arguments(args, device, dtype, copy):
    """(device, dtype, copy) out of what ``to`` was given."""
    names = {"device": device, "dtype": dtype, "copy": copy, "other": None}
    names.update(zip(to_names(args), args, strict=False))
    if names["other"] is not None:
        return names["other"].device, names["other"].dtype, names["copy"]
    target, wanted = names["device"], names["dtype"]
    return target if target is None else as_device(target), wanted if wanted is None else as_dtype(wanted, "to"), names["copy"]


def to_names(args):
    """What the positional arguments of ``to`` mean; the first one tells. ``Module.to`` takes the same arguments."""
    first = args[0] if args else None
    if isinstance(first, Tensor):
        names = ("other", "non_blocking", "copy")
    elif _is_dtype(first):
        names = ("dtype", "non_blocking", "copy")
    else:
        names = ("device", "dtype", "non_blocking", "copy")
    misplaced = any(_is_dtype(value) != (name == "dtype") for name, value in zip(names, args, strict=False) if value is not None)
    if len(args) > len(names) or misplaced:
        kinds = ("torch.dtype" if isinstance(value, dtypes.dtype) else type(value).__name__ for value in args)
        raise error("arguments", name="to", types=", ".join(kinds))
    return names


def _is_dtype(value):
    return isinstance(value, dtypes.dtype) or (isinstance(value, type) and value in PYTHON_TYPES)


def as_device(value):
    """A device, given as one, by name or by the number of a GPU."""
    return value if isinstance(value, device) else device(value)


def _caster(name, target):
    """``float()``, ``long()`` and their like."""

    def cast(self, memory_format=None):
        return self.to(target)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"``self.to({target!r})``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.{name}.html"
    return cast


for _name, _target in {**dtypes.ALIASES, "byte": dtypes.uint8, "char": dtypes.int8, "bfloat16": dtypes.bfloat16}.items():
    setattr(Tensor, _name, _caster(_name, _target))


def type_as(self, other):
    """``self.to(other.dtype)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.type_as.html"""
    return self.to(other.dtype)


def type_(self, dtype=None, non_blocking=False):
    """The old-style name of the tensor's type, or (given a dtype, such a name or such a class) the tensor as that type.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.type.html
    """
    prefix = "torch." if self.is_cpu else "torch.cuda."
    if dtype is None:
        return f"{prefix}{self.dtype.title}Tensor"
    if isinstance(dtype, str):
        title = dtype.removeprefix("torch.").removeprefix("cuda.").removesuffix("Tensor")
        if title not in BY_TITLE or not dtype.endswith("Tensor"):
            raise error("type_name", name=dtype)
        return self.to(dtype=BY_TITLE[title], device="cuda" if dtype.startswith("torch.cuda.") else "cpu")
    if hasattr(dtype, "device_type"):
        return self.to(dtype=dtype.dtype, device=dtype.device_type)
    return self.to(dtype)


BY_TITLE = {d.title: d for d in dtypes._BY_NAME.values()}


def cpu(self, memory_format=None):
    """The tensor in host memory. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.cpu.html"""
    return moved(self, CPU)


def cuda(self, device=None, non_blocking=False, memory_format=None):
    """The tensor on a GPU. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.cuda.html"""
    return moved(self, as_device("cuda" if device is None else device))


def _itself(self, *args, **kwargs):
    """The tensor itself: NumPy's memory needs no pinning and is not shared between processes."""
    return self


for _function in (detach_, to, type_as, cpu, cuda):
    setattr(Tensor, _function.__name__, _function)
Tensor.type = type_
Tensor.pin_memory = Tensor.share_memory_ = _itself
Tensor.is_pinned = Tensor.is_shared = lambda self: False
