"""Division that rounds, and what it leaves over. The quotient jumps from step to step, so its gradient is 0 or none."""

from ..core.errors import error
from ..core.op import Elementwise, method, op
from ..core.tensor import Tensor
from .arithmetic import mismatched, quotients, true_div
from .case import case


def _is_number(inputs, params):
    """PyTorch's overloads: 0 for a Python number as the divisor, 1 for a tensor."""
    return int(isinstance(inputs[1], Tensor))


def _check_divisor(xp, a, b):
    """Integers have no inf to give for a division by 0. (To look at b, a GPU would have to be waited for.)"""
    integers = getattr(a, "dtype", getattr(b, "dtype", None)).kind in "iu"
    if integers and xp.name == "numpy" and xp.any(xp.equal(b, 0)) and getattr(a, "size", 1):
        raise error("zero_division")


def _refuse_bool(kernel):
    """PyTorch divides masks only by ``/``."""

    def refuse(values):
        if all(isinstance(v, bool) or (isinstance(v, Tensor) and v._a.dtype.kind == "b") for v in values):
            return error("not_implemented_for", kernel=kernel, dtype="Bool")

    return refuse


def zero_divisors(t):
    """Integers over 0, and shapes that do not broadcast."""
    yield from mismatched(t)
    yield case(t(2, dtype="int64"), 0), RuntimeError, "ZeroDivisionError"


def _floor(xp, a, b):
    _check_divisor(xp, a, b)
    return xp.floor_divide(a, b)


def _truncated(xp, a, b):
    """The quotient rounded toward 0; for integers without a detour over floats, which would lose digits."""
    if getattr(a, "dtype", getattr(b, "dtype", None)).kind == "f":
        return xp.trunc(a / b)
    _check_divisor(xp, a, b)
    return xp.floor_divide(a - xp.fmod(a, b), b)


@op
class div_rounded(Elementwise):
    """Quotient rounded down ("floor") or toward 0 ("trunc").   ∂y/∂a = ∂y/∂b = 0 between the steps."""

    title, label, public, kinds, kernel = "DivBackward2", "⌊a/b⌋", False, "biuf", "div_floor_cpu"
    refuse = _refuse_bool("div_floor_cpu")

    def forward(xp, a, b, *, rounding_mode):
        return (_floor if rounding_mode == "floor" else _truncated)(xp, a, b)

    def grad_a(g):
        return g * 0

    def grad_b(g):
        return g * 0

    def samples(t):
        yield case(t(2, 3), t(2, 3, low=0.5), rounding_mode="floor")
        yield case(t(2, 1), t(3, low=0.5), rounding_mode="trunc")


@method("divide", inplace=True)
def div(input, other, *, rounding_mode=None, out=None):
    """Quotient with broadcasting, y = a/b; ``rounding_mode`` "floor" rounds it down, "trunc" toward 0.   ∂y/∂a = 1/b,  ∂y/∂b = −a/b².

    >>> import lesson_lib as torch
    >>> torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])

    Source: https://pytorch.org/docs/stable/generated/torch.div.html
    """
    if rounding_mode is None:
        return true_div(input, other, out=out)
    if rounding_mode not in ("floor", "trunc"):
        raise error("rounding_mode", mode=rounding_mode)
    result = div_rounded.op.raw(input, other, rounding_mode=rounding_mode)
    return result if out is None else Tensor._write_out(out, result, "div")


@method(inplace=True)
def true_divide(input, other, *, out=None):
    """Quotient, y = a/b; the same as ``div``.

    >>> import lesson_lib as torch
    >>> torch.true_divide(torch.tensor([3, 4]), 2)
    tensor([1.5000, 2.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.true_divide.html
    """
    return true_div(input, other, out=out)


@op
class floor_divide(Elementwise):
    """Quotient rounded down, y = ⌊a/b⌋, Python's ``//``. PyTorch defines no gradient for it.

    >>> import lesson_lib as torch
    >>> torch.tensor([7, -7]) // 2
    tensor([ 3, -4])

    Source: https://pytorch.org/docs/stable/generated/torch.floor_divide.html
    """

    kinds, kernel = "iuf", "div_floor_cpu"
    symbol, title = "//", "torch::autograd::NotImplemented"
    errors, refuse = zero_divisors, _refuse_bool("div_floor_cpu")
    samples = lambda t: (c for c in quotients(t))  # noqa: E731

    def forward(xp, a, b):
        return _floor(xp, a, b)

    def grad_a(g):
        raise error("no_derivative", name="floor_divide")

    def grad_b(g):
        raise error("no_derivative", name="floor_divide")


@op
class remainder(Elementwise):
    """What floor division leaves, y = a − b·⌊a/b⌋, with the sign of b: Python's ``%``.   ∂y/∂a = 1,  ∂y/∂b = −⌊a/b⌋.

    >>> import lesson_lib as torch
    >>> torch.remainder(torch.tensor([-3., 3.]), 2)
    tensor([1., 1.])

    Source: https://pytorch.org/docs/stable/generated/torch.remainder.html
    """

    kinds = "iuf"
    symbol, overload = "%", _is_number
    rounds = True
    samples, errors, refuse = quotients, zero_divisors, _refuse_bool("remainder_cpu")

    def forward(xp, a, b):
        _check_divisor(xp, a, b)
        return xp.remainder(a, b)

    def grad_a(g):
        return g

    def grad_b(g, a, b):
        return -g * div(a, b, rounding_mode="floor")


@op
class fmod(Elementwise):
    """What truncating division leaves, y = a − b·trunc(a/b), with the sign of a.   ∂y/∂a = 1,  ∂y/∂b = −trunc(a/b).

    >>> import lesson_lib as torch
    >>> torch.fmod(torch.tensor([-3., 3.]), 2)
    tensor([-1.,  1.])

    Source: https://pytorch.org/docs/stable/generated/torch.fmod.html
    """

    kinds = "iuf"
    overload = _is_number
    rounds = True
    samples, errors, refuse, numbers = quotients, zero_divisors, _refuse_bool("fmod_cpu"), "last"

    def forward(xp, a, b):
        _check_divisor(xp, a, b)
        return xp.fmod(a, b)

    def grad_a(g):
        return g

    def grad_b(g, a, b):
        return -g * div(a, b, rounding_mode="trunc")


divide = div  # PyTorch's second name
