"""Questions about elements: the answers are bool tensors and carry no gradient."""

from ..core.errors import error
from ..core.op import Compare, method, op
from ..core.promote import not_a_tensor
from ..core.tensor import Tensor
from .arithmetic import mismatched, pairs, singles
from .case import case


class Question(Compare):
    """A comparison of two tensors, or of a tensor and a number."""

    numbers, samples, errors = "last", pairs, mismatched


@op
class eq(Question):
    """True where a = b.

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) == torch.tensor([1, 3])
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.eq.html
    """

    symbol = "=="

    def forward(xp, a, b):
        return a == b


@op
class ne(Question):
    """True where a ≠ b, y = not (a = b).

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) != 1
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.ne.html
    """

    symbol, aliases = "!=", ("not_equal",)

    def forward(xp, a, b):
        return a != b


@op
class lt(Question):
    """True where a < b, y = (a < b).

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) < 2
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.lt.html
    """

    kinds = "biuf"
    symbol, aliases = "<", ("less",)

    def forward(xp, a, b):
        return a < b


@op
class le(Question):
    """True where a ≤ b, y = (a ≤ b).

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) <= 1
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.le.html
    """

    kinds = "biuf"
    symbol, aliases = "<=", ("less_equal",)

    def forward(xp, a, b):
        return a <= b


@op
class gt(Question):
    """True where a > b, y = (a > b).

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) > 1
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.gt.html
    """

    kinds = "biuf"
    symbol, aliases = ">", ("greater",)

    def forward(xp, a, b):
        return a > b


@op
class ge(Question):
    """True where a ≥ b, y = (a ≥ b).

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 2]) >= 2
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.ge.html
    """

    kinds = "biuf"
    symbol, aliases = ">=", ("greater_equal",)

    def forward(xp, a, b):
        return a >= b


class Test(Compare):
    """A question about each element of one tensor."""

    samples, inplace = singles, False


@op
class isnan(Test):
    """True where x is not a number, y = (x ≠ x).

    >>> import lesson_lib as torch
    >>> torch.isnan(torch.tensor([1., float('nan')]))
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.isnan.html
    """

    def forward(xp, x):
        return x != x


@op
class isinf(Test):
    """True where |x| = ∞.

    >>> import lesson_lib as torch
    >>> torch.isinf(torch.tensor([1., float('-inf')]))
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.isinf.html
    """

    def forward(xp, x):
        return xp.isinf(x)


@op
class isfinite(Test):
    """True where |x| < ∞, y = (x is neither infinite nor nan).

    >>> import lesson_lib as torch
    >>> torch.isfinite(torch.tensor([1., float('inf'), float('nan')]))
    tensor([ True, False, False])

    Source: https://pytorch.org/docs/stable/generated/torch.isfinite.html
    """

    def forward(xp, x):
        return xp.isfinite(x)


@op
class signbit(Test):
    """True where the sign is minus, y = (x < 0 or x is −0).

    >>> import lesson_lib as torch
    >>> torch.signbit(torch.tensor([1., -0., -2.]))
    tensor([False,  True,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.signbit.html
    """

    kinds, refusal = "biuf", "complex_signbit"

    def forward(xp, x):
        return xp.signbit(x) if x.dtype.kind == "f" else x < 0 if x.dtype.kind == "i" else xp.zeros(x.shape, bool)


# --- logic: a number other than 0 counts as True ---------------------------------------------------------------------


class Logic(Compare):
    """A truth table; a number other than 0 counts as True."""

    numbers, errors = False, mismatched

    def samples(t):
        yield case(t(2, 3), t(3))
        yield case(t(2, dtype="bool"), t(2, dtype="bool"))


@op
class logical_and(Logic):
    """True where both are, y = a ∧ b.

    >>> import lesson_lib as torch
    >>> torch.logical_and(torch.tensor([True, True]), torch.tensor([True, False]))
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.logical_and.html
    """

    def forward(xp, a, b):
        return xp.logical_and(a, b)


@op
class logical_or(Logic):
    """True where at least one is, y = a ∨ b.

    >>> import lesson_lib as torch
    >>> torch.logical_or(torch.tensor([True, False]), torch.tensor([False, False]))
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.logical_or.html
    """

    def forward(xp, a, b):
        return xp.logical_or(a, b)


@op
class logical_xor(Logic):
    """True where exactly one is, y = a ⊕ b.

    >>> import lesson_lib as torch
    >>> torch.logical_xor(torch.tensor([True, True]), torch.tensor([True, False]))
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.logical_xor.html
    """

    def forward(xp, a, b):
        return xp.logical_xor(a, b)


@op
class logical_not(Compare):
    """True where x = 0, y = ¬x.

    >>> import lesson_lib as torch
    >>> torch.logical_not(torch.tensor([0., 2.]))
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.logical_not.html
    """

    samples = singles

    def forward(xp, x):
        return xp.logical_not(x)


# --- are two tensors the same? ---------------------------------------------------------------------------------------


@op
class isclose(Compare):
    """True where the two nearly agree, y = (|a − b| ≤ atol + rtol·|b|).

    >>> import lesson_lib as torch
    >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1., 2.1]))
    tensor([ True, False])

    Source: https://pytorch.org/docs/stable/generated/torch.isclose.html
    """

    numbers, inplace = False, False

    def signature(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
        for position, value in enumerate((input, other)):
            if not isinstance(value, Tensor):
                raise not_a_tensor(isclose.op, value, position)
        for name, value in (("rtol", rtol), ("atol", atol)):
            if value < 0:
                raise error("negative_tolerance", name=name, value=value)
        if input.dtype != other.dtype:
            raise error("dtype_mismatch", a=input.dtype.title, b=other.dtype.title)
        return input, other, {"rtol": rtol, "atol": atol, "equal_nan": equal_nan}

    def forward(xp, a, b, *, rtol, atol, equal_nan):
        distance = a ^ b if a.dtype.kind == "b" else xp.absolute(a - b)
        near = distance <= atol + xp.absolute(rtol * b)
        close = (a == b) | (xp.isfinite(a) & xp.isfinite(b) & near)
        return close | ((a != a) & (b != b)) if equal_nan else close

    def samples(t):
        yield case(t(2, 3), t(2, 3), rtol=0.5)
        yield case(t(2, 3), t(3), 0.1, 1.0, True)

    def errors(t):
        yield from mismatched(t)
        yield case(t(2, dtype="float32"), t(2, dtype="float64")), RuntimeError, "Float did not match Double"
        yield case(t(2), t(2), -1), RuntimeError, "rtol must be greater than or equal to zero, but got -1"


@method()
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True if |a − b| ≤ atol + rtol·|b| for every element; a Python bool.

    >>> import lesson_lib as torch
    >>> torch.allclose(torch.tensor([1.]), torch.tensor([1.000001]))
    True

    Source: https://pytorch.org/docs/stable/generated/torch.allclose.html
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._a.all())


@method()
def equal(input, other):
    """True if both have the same shape and the same elements, a = b; a Python bool.

    >>> import lesson_lib as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True

    Source: https://pytorch.org/docs/stable/generated/torch.equal.html
    """
    if not isinstance(other, Tensor):
        raise not_a_tensor(eq.op, other, 1, "equal")
    return input.shape == other.shape and bool(eq(input, other)._a.all())


not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge  # PyTorch's second names
