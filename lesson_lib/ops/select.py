"""One value or another: where, the larger, the smaller, within bounds. The gradient goes to the one that was taken."""

from ..core.device import namespace
from ..core.dtypes import COMPLEX
from ..core.errors import error, operand_shapes_error
from ..core.op import Elementwise, op
from ..core.promote import NUMBERS, common_type
from ..core.tensor import Tensor, wrap
from .arithmetic import mismatched
from .case import case
from .overwrite import fitting, held


def _choices(t):
    """Two tensors of equal and of broadcasting shapes."""
    yield case(t(2, 3), t(2, 3))
    yield case(t(2, 1), t(3))
    yield case(t(), t(2))
    yield case(t(0), t(0))


@op
class where_else(Elementwise):
    """y = a where the condition holds, else b.   ∂y/∂a = 1 where it holds, ∂y/∂b = 1 where not."""

    title, label, public, apart = "Where", "where", False, ("condition",)

    def forward(xp, condition, a, b):
        return xp.where(condition, a, b)

    def grad_a(g, condition):
        return where_else.op.raw(condition, g, 0)

    def grad_b(g, condition):
        return where_else.op.raw(condition, 0, g)

    def samples(t):
        yield case(t(2, 3, dtype="bool"), t(2, 3), t(2, 3))
        yield case(t(3, dtype="bool"), t(2, 1), 2.5)
        yield case(t(dtype="bool"), 1, t(2))


def where(condition, input=None, other=None, *, out=None):
    """``input`` where the condition holds, ``other`` elsewhere, y = c·a + (1 − c)·b; with the condition alone: where it holds.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([-1., 2.])
    >>> torch.where(x > 0, x, 0.)
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.where.html
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if isinstance(condition, Tensor):
        if condition._a.dtype.name not in ("bool", "uint8"):
            raise error("where_condition", dtype=condition.dtype.title)
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            input = wrap(namespace(condition._a).asarray(input, dtype=common_type(input, other).np))
    result = where_else.op.raw(condition, input, other)
    return result if out is None else Tensor._write_out(out, result, "where")


def _where_method(self, condition, other):
    """``x.where(condition, other)``: this tensor where the condition holds, y = c·x + (1 − c)·other.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.where.html
    """
    return where(condition, self, other)


_where_method.__name__ = "where"
Tensor.where = _where_method


@op
class masked_fill(Elementwise):
    """A copy with ``value`` where the mask holds, y = m·v + (1 − m)·x.   ∂y/∂x = 1 − m,  ∂y/∂v = m.

    >>> import lesson_lib as torch
    >>> torch.zeros(3).masked_fill(torch.tensor([True, False, True]), 7.)
    tensor([7., 0., 7.])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
    """

    overload = lambda inputs, params: int(isinstance(inputs[2], Tensor))  # noqa: E731
    promotion = "keep"  # the value becomes the tensor's dtype, whatever its own

    def signature(input, mask, value):
        if isinstance(mask, Tensor) and mask._a.dtype != bool:
            raise error("mask_dtype", dtype=mask.dtype.title.lower())
        if isinstance(value, Tensor) and value._a.ndim:
            raise error("mask_value", ndim=value._a.ndim)
        if isinstance(value, NUMBERS):
            value = held(value, input._a.dtype)
        elif isinstance(value, Tensor) and value.is_cpu:  # (a GPU would have to be waited for)
            held(value._a.item(), input._a.dtype)
        return input, mask, value, {}

    def forward(xp, x, mask, value):
        return xp.where(mask, xp.asarray(value, dtype=x.dtype), x)

    def explain(exc, arrays, params):
        return operand_shapes_error([arrays[1].shape, arrays[0].shape])

    def grad_x(g, mask):
        return where_else.op.raw(mask, 0, g)

    def grad_value(g, mask):
        return where_else.op.raw(mask, g, 0)  # the engine sums it to the one value

    def samples(t):
        yield case(t(2, 3), t(2, 3, dtype="bool"), 2.5)
        yield case(t(2, 3), t(3, dtype="bool"), t())

    def errors(t):
        yield case(t(2), t(2), 0.0), RuntimeError, "masked_fill_ only supports boolean masks, but got mask with dtype float"
        yield case(t(2), t(2, dtype="bool"), t(1)), RuntimeError, "masked_fill_ only supports a 0-dimensional value tensor"
        yield case(t(2), t(3, dtype="bool"), 0.0), RuntimeError, "The size of tensor a (3) must match the size of tensor b (2)"
        yield case(t(2, dtype="int64"), t(2, dtype="bool"), float("inf")), RuntimeError, "value cannot be converted to type int64_t without overflow"


# --- the larger, the smaller ------------------------------------------------------------------------------------------


def _share(g, loses, ties):
    """None of the gradient where this side loses, half of it at a tie, else all of it."""
    return where_else.op.raw(ties, g / 2, where_else.op.raw(loses, 0, g))


class Extreme(Elementwise):
    """The larger or the smaller of two elements."""

    inplace, numbers = False, False
    samples, errors = _choices, mismatched


@op
class maximum(Extreme):
    """The larger of two, y = max(a, b); nan wins.   ∂y/∂a = 1 where a > b, ½ where a = b.

    >>> import lesson_lib as torch
    >>> torch.maximum(torch.tensor([1, 5]), torch.tensor([3, 2]))
    tensor([3, 5])

    Source: https://pytorch.org/docs/stable/generated/torch.maximum.html
    """

    kinds, refusal = "biuf", "complex_tensors"
    label = "max"

    def forward(xp, a, b):
        return xp.maximum(a, b)

    def grad_a(g, a, b):
        return _share(g, a < b, a == b)

    def grad_b(g, a, b):
        return _share(g, b < a, a == b)


@op
class minimum(Extreme):
    """The smaller of two, y = min(a, b); nan wins.   ∂y/∂a = 1 where a < b, ½ where a = b.

    >>> import lesson_lib as torch
    >>> torch.minimum(torch.tensor([1, 5]), torch.tensor([3, 2]))
    tensor([1, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.minimum.html
    """

    kinds, refusal = "biuf", "complex_tensors"
    label = "min"

    def forward(xp, a, b):
        return xp.minimum(a, b)

    def grad_a(g, a, b):
        return _share(g, a > b, a == b)

    def grad_b(g, a, b):
        return _share(g, b > a, a == b)


# --- within bounds ----------------------------------------------------------------------------------------------------


def _bound(value, tensor):
    """A bound for the elements of ``tensor``, or PyTorch's error."""
    if tensor.dtype.category == COMPLEX:
        raise error("clamp_complex")
    return fitting(value, tensor)


def _inside(x, low, high):
    """True where x lies within its bounds, the boundary included."""
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


@op
class clamp(Elementwise):
    """Each element moved into [min, max], y = min(max(x, low), high).   ∂y/∂x = 1 inside and on the boundary, 0 outside.

    >>> import lesson_lib as torch
    >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.clamp.html
    """

    aliases = ("clip",)
    overload = lambda inputs, params: int(not any(isinstance(bound, Tensor) for bound in inputs[1:]))  # noqa: E731

    def signature(input, min=None, max=None):
        if min is None and max is None:
            raise error("clamp_nothing")
        return input, _bound(min, input), _bound(max, input), {}

    def forward(xp, x, low, high):
        y = x if low is None else xp.maximum(x, low)
        return y if high is None else xp.minimum(y, high)

    def grad_x(g, x, low, high):
        return where_else.op.raw(_inside(x, low, high), g, 0)

    def grad_low(g, x, low, high):
        taken = x < low if high is None else (x < low) & (low < high)
        return where_else.op.raw(taken, g, 0)

    def grad_high(g, x, low, high):
        taken = x > high if low is None else (x > high) | (high < low)
        return where_else.op.raw(taken, g, 0)

    def samples(t):
        yield case(t(2, 3), -0.5, 0.5)
        yield case(t(2, 3), min=0)
        yield case(t(2, 3), max=0.25)
        yield case(t(2, 3), t(3), t(2, 1, low=2, high=3))
        yield case(t(0), 0, 1)

    def errors(t):
        yield case(t(2)), RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None"
        yield case(t(4, 2), t(3)), RuntimeError, "The size of tensor a (2) must match the size of tensor b (3)"


class OneBound(Elementwise):
    """One side of ``clamp``."""

    numbers = "last"
    overload = lambda inputs, params: int(isinstance(inputs[1], Tensor))  # noqa: E731
    samples = lambda t: (case(t(2, 3), 0.5), case(t(2, 3), t(3)))  # noqa: E731


@op
class clamp_min(OneBound):
    """Nothing below ``min``, y = max(x, low).   ∂y/∂x = 1 where x ≥ low, ∂y/∂low = 1 where x < low.

    >>> import lesson_lib as torch
    >>> torch.clamp_min(torch.tensor([-1., 2.]), 0)
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.clamp.html
    """

    kinds, kernel = "biuf", "maximum_cpu"
    signature = lambda input, min: (input, min if isinstance(min, Tensor) else _bound(min, input), {})  # noqa: E731

    def forward(xp, x, low):
        return xp.maximum(x, low)

    def grad_x(g, x, low):
        return where_else.op.raw(x >= low, g, 0)

    def grad_low(g, x, low):
        return where_else.op.raw(x < low, g, 0)


@op
class clamp_max(OneBound):
    """Nothing above ``max``, y = min(x, high).   ∂y/∂x = 1 where x ≤ high, ∂y/∂high = 1 where x > high.

    >>> import lesson_lib as torch
    >>> torch.clamp_max(torch.tensor([-1., 2.]), 0)
    tensor([-1.,  0.])

    Source: https://pytorch.org/docs/stable/generated/torch.clamp.html
    """

    kinds, kernel = "biuf", "minimum_cpu"
    signature = lambda input, max: (input, max if isinstance(max, Tensor) else _bound(max, input), {})  # noqa: E731

    def forward(xp, x, high):
        return xp.minimum(x, high)

    def grad_x(g, x, high):
        return where_else.op.raw(x <= high, g, 0)

    def grad_high(g, x, high):
        return where_else.op.raw(x > high, g, 0)


clip = clamp  # PyTorch's second name
