"""Operations on the bits of integers; on masks they are logic."""

from ..core.errors import error
from ..core.op import Elementwise, op
from ..core.tensor import Tensor
from .case import case


class Bits(Elementwise):
    """An operation on the bits of integers; on bool tensors it is logic."""

    kinds = "biu"

    def samples(t):
        yield case(t(2, 3, dtype="int64"), t(3, dtype="int64"))
        yield case(t(2, dtype="bool"), t(2, dtype="bool"))
        yield case(t(2, dtype="int64"), 1)

    def errors(t):
        yield case(t(2, dtype="float32"), t(2, dtype="float32")), NotImplementedError, '"bitwise_'


@op
class bitwise_and(Bits):
    """Bits set in both, y = a & b.

    >>> import lesson_lib as torch
    >>> torch.tensor([6, 5]) & 3
    tensor([2, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_and.html
    """

    symbol = "&"

    def forward(xp, a, b):
        return xp.bitwise_and(a, b)


@op
class bitwise_or(Bits):
    """Bits set in at least one, y = a | b.

    >>> import lesson_lib as torch
    >>> torch.tensor([6, 5]) | 3
    tensor([7, 7])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_or.html
    """

    symbol = "|"

    def forward(xp, a, b):
        return xp.bitwise_or(a, b)


@op
class bitwise_xor(Bits):
    """Bits set in exactly one, y = a ^ b.

    >>> import lesson_lib as torch
    >>> torch.tensor([6, 5]) ^ 3
    tensor([5, 6])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_xor.html
    """

    symbol = "^"

    def forward(xp, a, b):
        return xp.bitwise_xor(a, b)


class Shift(Elementwise):
    """Bits moved by some places."""

    kinds = "iu"
    samples = lambda t: (case(t(2, 3, dtype="int64"), 2), case(t(3, dtype="int64"), t(3, low=0, dtype="int64")))  # noqa: E731


@op
class bitwise_left_shift(Shift):
    """Bits moved up, y = a·2ᵇ.

    >>> import lesson_lib as torch
    >>> torch.tensor([1, 3]) << 2
    tensor([ 4, 12])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_left_shift.html
    """

    half = "refused"
    symbol, kernel = "<<", "lshift_cpu"

    def forward(xp, a, b):
        return xp.left_shift(a, b)


@op
class bitwise_right_shift(Shift):
    """Bits moved down, y = ⌊a/2ᵇ⌋.

    >>> import lesson_lib as torch
    >>> torch.tensor([8, 7]) >> 1
    tensor([4, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_right_shift.html
    """

    half = "refused"
    symbol, kernel = ">>", "rshift_cpu"

    def forward(xp, a, b):
        return xp.right_shift(a, b)


@op
class bitwise_not(Elementwise):
    """Every bit turned round, y = −x − 1; on a mask, y = ¬x.

    >>> import lesson_lib as torch
    >>> ~torch.tensor([True, False])
    tensor([False,  True])

    Source: https://pytorch.org/docs/stable/generated/torch.bitwise_not.html
    """

    label, kinds = "~", "biu"
    samples = lambda t: (case(t(2, 3, dtype="bool")), case(t(2, dtype="int64")))  # noqa: E731

    def forward(xp, x):
        return xp.bitwise_not(x)


def _invert(self):
    """``~x``: ``bitwise_not``, with the message that Python's operator has in PyTorch."""
    if self._a.dtype.kind not in "biu":
        raise error("invert")
    return bitwise_not(self)


Tensor.__invert__ = _invert
