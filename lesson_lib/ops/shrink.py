"""Activations that set what is small to 0: the shrinkages of signal processing."""

from ..core.dtypes import finfo
from ..core.errors import error
from ..core.op import op
from .case import case
from .select import where_else
from .smooth import Activation


class Shrink(Activation):
    """An activation with one bound λ."""

    signature = lambda input, lambd=0.5: (input, {"lambd": lambd})  # noqa: E731
    samples = lambda t: (case(t(2, 3)), case(t(), 0.25))  # noqa: E731

    def errors(t):
        yield case(t(2, dtype="int64")), NotImplementedError, '"'


@op
class hardshrink(Shrink):
    """y = x where |x| > λ, else 0.   ∂y/∂x = 1 or 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.hardshrink(torch.tensor([-0.25, 2.]))
    tensor([0., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
    """

    method = True

    def forward(xp, x, *, lambd):
        return xp.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)

    def grad_x(g, x, lambd):
        return where_else.op.raw((x >= -lambd) & (x <= lambd), 0, g)


@op
class softshrink(Shrink):
    """y = x moved towards 0 by λ, and 0 where |x| ≤ λ.   ∂y/∂x = 1 or 0.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.softshrink(torch.tensor([-0.25, 2.]))
    tensor([-0.0000, 1.5000])

    Errors: RuntimeError for a negative λ.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
    """

    kernel = "softshrink_check"

    def signature(input, lambd=0.5):
        if input.is_floating_point() and not lambd >= 0:
            raise error("softshrink_lambda", most=f"{finfo(input.dtype).max:g}", dtype=input.dtype.title, found=f"{lambd:g}")
        return input, {"lambd": lambd}

    def forward(xp, x, *, lambd):
        return xp.where(x > lambd, x - lambd, xp.where(x < -lambd, x + lambd, x * 0))  # x·0: nan stays nan

    def grad_x(g, x, lambd):
        return where_else.op.raw((x >= -lambd) & (x <= lambd), 0, g)

    def errors(t):
        yield case(t(2, dtype="int64")), NotImplementedError, '"softshrink_check" not implemented for'
        yield case(t(2), -1), RuntimeError, "lambda must be in range [0, "
