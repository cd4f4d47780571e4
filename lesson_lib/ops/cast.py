"""Copies and conversions: the same numbers in other memory, another dtype, another device."""

import numpy as np

from ..core import dtypes
from ..core.device import CPU, device, device_of, namespace_of_device, to_host
from ..core.errors import error, operand_shapes_error
from ..core.mutation import check_overlap, make_inplace, must_record, overwrite
from ..core.op import Op, method, op
from ..core.promote import NUMBERS
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

    def signature(input, *, memory_format=None):
        # PyTorch keeps the order of the dimensions in memory, unless they were stretched.
        keeps = memory_format is None or memory_format == "torch.preserve_format"
        return input, {"order": "K" if keeps and 0 not in input._a.strides else "C"}

    def forward(xp, x, *, order="C"):
        return xp.array(x, order=order)

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


@op
class copy(Op):
    """``src`` in the shape, dtype and place of x.   ∂y/∂x = 0,  ∂y/∂src = 1."""

    public, title = False, "torch::autograd::CopyBackwards"

    def forward(xp, x, src):
        result = xp.empty(x.shape, x.dtype)
        result[...] = converted(xp, src, x.dtype)
        return result

    def explain(exc, arrays, params):
        return _too_big(*(array.shape for array in arrays))

    def grad_x(g):
        return zeros_as(g)

    def grad_src(g):
        return g  # the engine sums what was stretched and converts back

    def samples(t):
        yield case(t(2, 3), t(3))


def _too_big(shape, source):
    """PyTorch's error for a source that does not fit into ``shape``."""
    clash = operand_shapes_error([shape, source])
    if clash is not None:
        return clash
    return error("inplace_shape", shape=list(shape), broadcast=list(np.broadcast_shapes(shape, source)))


_recorded_copy = make_inplace(copy, "copy")


def copy_(self, src, non_blocking=False):
    """Write ``src`` (broadcast, converted, from any device) into this tensor's memory.   ∂y/∂src = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    if isinstance(src, NUMBERS):
        return fill_(self, src)
    if device_of(src._a) != device_of(self._a):
        src = moved(src, device_of(self._a))
    recorded = must_record(self, (src,))
    check_overlap(self, (src,))
    if src._a.ndim > self._a.ndim:  # NumPy would let leading dimensions of size 1 pass
        raise _too_big(self._a.shape, src._a.shape)
    if recorded:
        return _recorded_copy(self, src)
    array = src._a if src._a.dtype == self._a.dtype else to_dtype.op.raw(src.detach(), np_dtype=self._a.dtype)._a
    overwrite(self, array, explain=lambda: _too_big(self._a.shape, array.shape))
    return self


@op
class fill(Op):
    """Every element equal to ``value``.   ∂y/∂x = 0,  ∂y/∂value = 1, summed.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
    """

    def signature(input, value):
        if getattr(value, "ndim", 0):
            raise error("fill_value", ndim=value.ndim)
        if not isinstance(value, (Tensor, *NUMBERS)) and not hasattr(value, "dtype"):
            raise error("arguments", name="fill_", types=type(value).__name__)
        return input, value, {}

    overload = lambda inputs, params: int(isinstance(inputs[1], Tensor))  # noqa: E731

    def forward(xp, x, value):
        return xp.full_like(x, converted(xp, value, x.dtype) if hasattr(value, "dtype") else value)

    def explain(exc, arrays, params):
        if isinstance(exc, OverflowError | TypeError):
            return scalar_overflow(arrays[0].dtype)

    def grad_x(g):
        return zeros_as(g)

    def grad_value(g):
        return g  # the engine sums

    def samples(t):
        yield case(t(2, 3), 2.5)
        yield case(t(2, 3), t())

    def errors(t):
        yield case(t(2), t(2)), RuntimeError, "fill_ only supports 0-dimension value tensor but got tensor with 1 dimensions."


def scalar_overflow(np_dtype):
    """PyTorch's error for a number that ``np_dtype`` cannot hold."""
    return error("scalar_overflow", type=C_NAMES.get(np_dtype.name, np_dtype.name))


C_NAMES = {"bool": "bool", "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t", "float16": "at::Half",
           "float32": "float", "float64": "double"}  # fmt: skip

@op
class fill_in(fill.op):
    """``fill``, where it is written in place."""

    public, title = False, "Fill"
    signature = lambda input, value: fill.op.signature(input, value)  # noqa: E731 - each declaration names its own
    overload = lambda inputs, params: 2 + isinstance(inputs[1], Tensor)  # noqa: E731


fill_ = Tensor.fill_ = make_inplace(fill_in, "fill")


@op
class zero(Op):
    """Every element 0.   ∂y/∂x = 0."""

    public = False

    def forward(xp, x):
        return xp.zeros(x.shape, x.dtype)

    def grad_x(g):
        return zeros_as(g)

    def samples(t):
        yield case(t(2, 3))


_recorded_zero = make_inplace(zero, "zero")


def zero_(self):
    """Set every element to 0, in place. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.zero_.html"""
    if must_record(self, ()):
        return _recorded_zero(self)
    overwrite(self, 0)
    return self


def detach_(self):
    """Forget the history, in place. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.detach_.html"""
    if self._base is not None:
        raise error("detach_view")
    self._edge, self._rg = None, False
    return self


# --- another dtype ----------------------------------------------------------------------------------------------------


def converted(xp, array, np_dtype):
    """``array`` as ``np_dtype``; what does not fit wraps around, overflows or is cut without a warning, as in PyTorch."""
    if array.dtype.kind == "c" and np_dtype.kind not in "cb":
        array = array.real
    if np_dtype.kind == "b" or np.can_cast(array.dtype, np_dtype):
        return array.astype(np_dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        if array.dtype.kind == "f" and np_dtype.kind in "iu" and np_dtype.itemsize < 8:
            return array.astype(np.int64).astype(np_dtype)  # through int64: 300.0 becomes 44 in a uint8, on every processor
        return array.astype(np_dtype)


@op
class to_dtype(Op):
    """The same numbers as another dtype, in new memory.   ∂y/∂x = 1."""

    public, title, label = False, "ToCopy", "to"

    def forward(xp, x, *, np_dtype):
        return converted(xp, x, np_dtype)

    def grad_x(g):
        return g  # the engine converts back

    def samples(t):
        yield case(t(2, 3), np_dtype=np.dtype("float32"))
        yield case(t(), np_dtype=np.dtype("int64"))


@op
class to_device(Op):
    """The same numbers on the device ``target``; ``home`` is where they are now.   ∂y/∂x = 1."""

    public, title, label = False, "ToCopy", "to"

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


def parse_to(*args, device=None, dtype=None, non_blocking=False, memory_format=None):
    """(device, dtype) out of the arguments of ``to``; None for what is not given. ``Module.to`` takes the same arguments."""
    return _to_arguments(args, device, dtype, False)[:2]


def _to_arguments(args, device, dtype, copy):
    """(device, dtype, copy) out of what ``to`` was given."""
    names = {"device": device, "dtype": dtype, "copy": copy, "other": None}
    names.update(zip(to_names(args), args, strict=False))
    if names["other"] is not None:
        return names["other"].device, names["other"].dtype, names["copy"]
    target, wanted = names["device"], names["dtype"]
    return target if target is None else as_device(target), wanted if wanted is None else as_dtype(wanted, "to"), names["copy"]


def to_names(args):
    """What the positional arguments of ``to`` mean; the first one tells."""
    first = args[0] if args else None
    if isinstance(first, Tensor):
        names = ("other", "non_blocking", "copy")
    elif isinstance(first, dtypes.dtype) or first in PYTHON_TYPES:
        names = ("dtype", "non_blocking", "copy")
    else:
        names = ("device", "dtype", "non_blocking", "copy")
    if len(args) > len(names) or any(isinstance(a, dtypes.dtype) != (n == "dtype") for n, a in zip(names, args, strict=False) if n != "device"):
        raise error("arguments", name="to", types=", ".join(type(a).__name__ for a in args))
    return names


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


for _name, _target in {**dtypes.ALIASES, "byte": dtypes.uint8, "char": dtypes.int8}.items():
    setattr(Tensor, _name, _caster(_name, _target))


def type_as(self, other):
    """``self.to(other.dtype)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.type_as.html"""
    return self.to(other.dtype)


def type_(self, dtype=None, non_blocking=False):
    """The old-style name of the tensor's type, or (given a dtype or such a name) the tensor as that dtype.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.type.html
    """
    prefix = "torch." if self.is_cpu else "torch.cuda."
    if dtype is None:
        return f"{prefix}{self.dtype.title}Tensor"
    if isinstance(dtype, str):
        title = dtype.removeprefix("torch.").removeprefix("cuda.").removesuffix("Tensor")
        if title not in BY_TITLE or not dtype.endswith("Tensor"):
            raise error("type_name", name=dtype)
        dtype = BY_TITLE[title]
    return self.to(dtype)


BY_TITLE = {d.title: d for d in map(dtypes.dtype_of_name, dtypes._TITLES)}


def cpu(self, memory_format=None):
    """The tensor in host memory. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.cpu.html"""
    return moved(self, CPU)


def cuda(self, device=None, non_blocking=False, memory_format=None):
    """The tensor on a GPU. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.cuda.html"""
    return moved(self, as_device("cuda" if device is None else device))


def _itself(self, *args, **kwargs):
    """The tensor itself: NumPy's memory needs no pinning and is not shared between processes."""
    return self


for _function in (copy_, zero_, detach_, to, type_as, cpu, cuda):
    setattr(Tensor, _function.__name__, _function)
Tensor.type = type_
Tensor.pin_memory = Tensor.share_memory_ = _itself
Tensor.is_pinned = Tensor.is_shared = lambda self: False
