"""Writing over what is there: another tensor's values, one number, zeros."""

import numpy as np

from ..core.device import device_of
from ..core.dtypes import INEXACT, INTEGER, finfo, from_numpy_dtype
from ..core.errors import error, operand_shapes_error
from ..core.mutation import check_overlap, make_inplace, must_record, overwrite
from ..core.op import Op, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor
from .case import case
from .cast import converted, moved, to_dtype, zeros_as

C_NAMES = {"bool": "bool", "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t", "float16": "c10::Half",
           "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double"}  # fmt: skip


def held(value, np_dtype):
    """A Python number as one that ``np_dtype`` holds, or PyTorch's error. Unsigned types take negative integers and wrap them round."""
    kind = np_dtype.kind
    if kind == "b":
        return bool(value)
    if isinstance(value, complex) and kind != "c":
        if value.imag:
            raise scalar_overflow(np_dtype)
        value = value.real
    if kind in "iu":
        limits = np.iinfo(np_dtype)
        low, high = int(limits.min), int(limits.max)
        if not (-high if kind == "u" and isinstance(value, int) else low) <= value <= high:
            raise scalar_overflow(np_dtype)
        return int(value) % (high + 1) if kind == "u" else int(value)
    if kind in "fV" and abs(value) > finfo(from_numpy_dtype(np_dtype)).max and value not in (np.inf, -np.inf):
        raise scalar_overflow(np_dtype)
    return np_dtype.type(value) if kind in "fV" else value


def fitting(value, tensor):
    """``value`` as it is, or PyTorch's error if it is an integer that the dtype of ``tensor`` cannot hold."""
    if type(value) is int and tensor.dtype.category == INTEGER:
        held(value, tensor._a.dtype)
    return value


def scalar_overflow(np_dtype):
    """PyTorch's error for a number that ``np_dtype`` cannot hold."""
    return error("scalar_overflow", type=C_NAMES.get(np_dtype.name, np_dtype.name))


@op
class copy(Op):
    """``src`` in the shape, dtype and place of x.   ∂y/∂x = 0,  ∂y/∂src = 1."""

    public, title = False, "torch::autograd::CopyBackwards"

    def forward(xp, x, src):
        result = xp.empty(x.shape, x.dtype)
        result[...] = converted(src, x.dtype)
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
    if recorded and self._a.dtype.kind in INEXACT:
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
        return xp.full_like(x, converted(value, x.dtype) if hasattr(value, "dtype") else held(value, x.dtype))

    def grad_x(g):
        return zeros_as(g)

    def grad_value(g):
        return g  # the engine sums

    def samples(t):
        yield case(t(2, 3), 2.5)
        yield case(t(2, 3), t())

    def errors(t):
        yield case(t(2), t(2)), RuntimeError, "fill_ only supports 0-dimension value tensor but got tensor with 1 dimensions."


@op
class fill_in(fill.op):
    """``fill``, where it is written in place."""

    public, title = False, "Fill"
    signature = lambda input, value: fill.op.signature(input, value)  # noqa: E731 - each declaration names its own
    overload = lambda inputs, params: 2 + isinstance(inputs[1], Tensor)  # noqa: E731


_recorded_fill = make_inplace(fill_in, "fill")


def fill_(self, value):
    """Write ``value`` into every element. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html"""
    _, value, _ = fill.op.signature(self, value)
    value = moved(value, self.device) if isinstance(value, Tensor) else held(value, self._a.dtype)
    if must_record(self, (value,)):
        return _recorded_fill(self, value)
    overwrite(self, converted(value._a, self._a.dtype) if isinstance(value, Tensor) else value, uniform=True)
    return self


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
    overwrite(self, 0, uniform=True)
    return self


Tensor.copy_, Tensor.fill_, Tensor.zero_ = copy_, fill_, zero_
