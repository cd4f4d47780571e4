"""Tensors out of nothing: zeros, ones, ranges. All are leaves, of the default dtype unless another is asked for."""

import math

import numpy as np

from ..core import dtypes
from ..core.allocation import check_room
from ..core.device import namespace
from ..core.errors import error
from ..core.op import method
from ..core.out import C_TYPES
from ..core.promote import NUMBERS
from ..core.tensor import Tensor
from .cast import as_dtype
from .data import leaf, new_leaf
from .overwrite import held
from .view import sizes_of


def shape_of(name, size, given=None):
    """The shape out of ``zeros(2, 3)``, ``zeros((2, 3))`` or ``zeros(size=(2, 3))``."""
    if given is not None:
        size = (given,)
    elif not size:
        raise error("missing_argument", name=name, argument="size")
    shape = sizes_of(name, size)
    if min(shape, default=0) < 0:
        raise error("zeros_size", name=name) if name == "zeros" else error("negative_dim", size=min(shape), shape=list(shape))
    return shape


def placed(result, out, name):
    """The result, or the tensor given as ``out=`` with the result in it."""
    return result if out is None else Tensor._write_out(out, result, name)


def np_dtype_of(dtype, name, out=None, default=None):
    """The NumPy dtype that was asked for, that of ``out=``, or the default one."""
    if out is not None:
        if dtype is not None and as_dtype(dtype, name) != out.dtype:
            raise error("out_made", wanted=as_dtype(dtype, name).title, found=out.dtype.title)
        return out._a.dtype
    return (default or dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, name)).np


# --- one value everywhere ---------------------------------------------------------------------------------------------


def _filler(name, make, text):
    """zeros, ones and empty: they differ only in what they put in."""

    def function(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None, **also):
        shape = shape_of(name, size, also.pop("size", None))
        if also:
            raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(also))}'")
        np_dtype = np_dtype_of(dtype, name, out)
        check_room(name, shape, np_dtype)
        return placed(new_leaf(make(shape, np_dtype), device, requires_grad), out, name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{text}\n\n    Source: https://pytorch.org/docs/stable/generated/torch.{name}.html"
    return function


zeros = _filler("zeros", np.zeros, "A tensor of zeros: ``zeros(2, 3)`` or ``zeros((2, 3))``.")
ones = _filler("ones", np.ones, "A tensor of ones: ``ones(2, 3)`` or ``ones((2, 3))``.")
empty = _filler("empty", np.empty, "A tensor with whatever its memory holds: ``empty(2, 3)``, to be written to.")


def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A tensor in which every element is ``fill_value``; its dtype is that of the value unless given.

    Source: https://pytorch.org/docs/stable/generated/torch.full.html
    """
    if isinstance(size, int):
        raise error("sizes_type", name="full", argument="size", type="int")
    value = fill_value.item() if isinstance(fill_value, Tensor | np.generic) else fill_value
    if not isinstance(value, NUMBERS):
        raise error("number_type", name="full", argument="fill_value", position=2, type=type(value).__name__)
    own = fill_value.dtype if isinstance(fill_value, Tensor) else dtypes.dtype_of_scalar(value)
    np_dtype = np_dtype_of(dtype, "full", out, own)
    shape = shape_of("full", (size,))
    check_room("full", shape, np_dtype)
    return placed(new_leaf(np.full(shape, held(value, np_dtype), np_dtype), device, requires_grad), out, "full")


def _like(name, make, text):
    """zeros_like and so on: a function of a tensor whose shape, dtype and device the result takes."""

    def function(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None):
        if not isinstance(input, Tensor):
            raise error("operand_type", name=name, argument="input", position=1, type=type(input).__name__)
        np_dtype = input._a.dtype if dtype is None else as_dtype(dtype, name).np
        check_room(name, input._a.shape, np_dtype)
        if device is None:  # made where the input is
            return leaf(getattr(namespace(input._a), make)(input._a.shape, np_dtype), requires_grad)
        return new_leaf(getattr(np, make)(input._a.shape, np_dtype), device, requires_grad)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{text}\n\n    Source: https://pytorch.org/docs/stable/generated/torch.{name}.html"
    return function


zeros_like = _like("zeros_like", "zeros", "Zeros in the shape, dtype and device of ``input``.")
ones_like = _like("ones_like", "ones", "Ones in the shape, dtype and device of ``input``.")
empty_like = _like("empty_like", "empty", "Whatever the memory holds, in the shape, dtype and device of ``input``.")


def full_like(input, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None):
    """``fill_value`` in the shape, dtype and device of ``input``. Source: https://pytorch.org/docs/stable/generated/torch.full_like.html"""
    np_dtype = input._a.dtype if dtype is None else as_dtype(dtype, "full_like").np
    return new_leaf(np.full(input._a.shape, held(fill_value, np_dtype), np_dtype), device or input.device, requires_grad)


def _new(name, make):
    """new_zeros and so on: methods whose result has the tensor's dtype and device unless told otherwise."""

    def function(self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False, **also):
        shape = shape_of(name, size, also.get("size"))
        return make(shape, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)

    page = f"https://pytorch.org/docs/stable/generated/torch.Tensor.{name}.html"
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{make.__name__}`` with this tensor's dtype and device. Source: {page}"
    return method()(function)


new_zeros, new_ones, new_empty = _new("new_zeros", zeros), _new("new_ones", ones), _new("new_empty", empty)


@method()
def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
    """``full`` with this tensor's dtype and device. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.new_full.html"""
    return full(size, fill_value, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Ones on the diagonal of an n×m matrix, zeros elsewhere. Source: https://pytorch.org/docs/stable/generated/torch.eye.html"""
    for name, size in (("n", n), ("m", m)):
        if size is not None and size < 0:
            raise error("eye_size", name=name, size=size)
    np_dtype = np_dtype_of(dtype, "eye", out)
    check_room("eye", (n, n if m is None else m), np_dtype)
    return placed(new_leaf(np.eye(n, m, dtype=np_dtype), device, requires_grad), out, "eye")


MOST = 2**56  # numbers that a range may have: an array of more bytes than 64 bits can count does not exist


# --- ranges -----------------------------------------------------------------------------------------------------------


def _number(name, argument, value):
    """A Python number, also out of a 0-d tensor or a NumPy scalar."""
    value = value.item() if isinstance(value, Tensor | np.generic) else value
    if not isinstance(value, NUMBERS):
        raise error("number_type", name=name, argument=argument, position=1, type=type(value).__name__)
    return value


def arange(start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """start, start + step, … up to but not including ``end``: ⌈(end − start)/step⌉ numbers, ints if all three are.

    >>> import lesson_lib as torch
    >>> torch.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.arange.html
    """
    if end is None:
        start, end = 0, _number("arange", "end", start)
    start, end, step = (_number("arange", name, v) for name, v in (("start", start), ("end", end), ("step", step)))
    whole = all(isinstance(v, int) for v in (start, end, step))
    np_dtype = np_dtype_of(dtype, "arange", out, dtypes.int64 if whole else None)
    if np_dtype.kind in "iu" and not whole and math.isfinite(start) and math.isfinite(end):
        if int(step) == 0 != step:
            raise error("step_zero_int")
        start, end, step, whole = int(start), int(end), int(step), True
    if step == 0:
        raise error("step_zero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise error("range_infinite", start=start, end=end)
    if (end - start) * step < 0:
        raise error("range_sign")
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if count > MOST:
        raise error("range_size")
    check_room("arange", (count,), np_dtype)
    return placed(new_leaf((start + step * np.arange(count)).astype(np_dtype), device, requires_grad), out, "arange")


def range(start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """start, start + step, … up to and including ``end`` (old; ``arange`` stops before it).

    Source: https://pytorch.org/docs/stable/generated/torch.range.html
    """
    values = start + step * np.arange(int((end - start) / step) + 1)
    return placed(new_leaf(values.astype(np_dtype_of(dtype, "range")), device, requires_grad), out, "range")


def linspace(start, end, steps, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """``steps`` numbers from start to end, both included, at equal distances.

    >>> import lesson_lib as torch
    >>> torch.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.linspace.html
    """
    start, end, np_dtype = _ends("linspace", start, end, steps, dtype, out)
    return placed(new_leaf(_spaced(start, end, steps, np_dtype), device, requires_grad), out, "linspace")


def _ends(name, start, end, steps, dtype, out):
    """Both ends as numbers, and the dtype of the result, or PyTorch's error."""
    if isinstance(steps, float) or not hasattr(steps, "__index__"):
        raise error("arguments", name=name, types=", ".join(type(value).__name__ for value in (start, end, steps)))
    several = [f"{which} with {value.ndim} dimension(s)" for which, value in (("start", start), ("end", end)) if getattr(value, "ndim", 0)]
    if several:
        raise error("spaced_dims", name=name, found=" and ".join(several))
    if steps < 0:
        raise error("steps_negative")
    start, end = _number(name, "start", start), _number(name, "end", end)
    default = dtypes.get_default_dtype().to_complex() if isinstance(start, complex) or isinstance(end, complex) else None
    np_dtype = np_dtype_of(dtype, name, out, default)
    if default is not None and np_dtype.kind != "c":
        raise error("spaced_complex", name=name, inferred=C_TYPES[default.title], dtype=dtypes.from_numpy_dtype(np_dtype).title)
    return start, end, np_dtype


def _spaced(start, end, steps, np_dtype):
    """The first half is counted from the start, the second from the end, in the result's precision: both ends are met exactly."""
    check_room("linspace", (steps,), np_dtype)
    first, last = np_dtype.type(start), np_dtype.type(end)
    if steps < 2:
        return np.full(steps, first)
    real = np_dtype.type if np_dtype.kind in dtypes.INEXACT else np.float32
    step = (real(last) - real(first)) / real(steps - 1)
    i = np.arange(steps)
    return np.where(i < steps // 2, first + step * i.astype(real), last - step * (steps - 1 - i).astype(real)).astype(np_dtype)


def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """``base`` to the powers ``linspace(start, end, steps)``. Source: https://pytorch.org/docs/stable/generated/torch.logspace.html"""
    start, end, np_dtype = _ends("logspace", start, end, steps, dtype, out)
    if np_dtype.kind in "iu":
        start, end = int(start), int(end)
    powers = _spaced(start, end, steps, np.dtype(np.complex128 if np_dtype.kind == "c" else np.float64))
    values = np.power(base if np_dtype.kind == "c" else float(base), powers).astype(np_dtype)
    return placed(new_leaf(values, device, requires_grad), out, "logspace")
