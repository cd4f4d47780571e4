"""Rounding: staircases, whose gradient is 0 between the steps."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Elementwise, op
from .arithmetic import singles
from .case import case


class Staircase(Elementwise):
    """Rounds each element; integers stay as they are.   ∂y/∂x = 0."""

    kinds, samples = "iuf", singles

    def grad_x(g):
        return g * 0


@op
class floor(Staircase):
    """The next integer below, y = ⌊x⌋.   ∂y/∂x = 0.

    >>> import lesson_lib as torch
    >>> torch.floor(torch.tensor([1.7, -1.2]))
    tensor([ 1., -2.])

    Source: https://pytorch.org/docs/stable/generated/torch.floor.html
    """

    refusal = "complex_inputs"
    label, kernel = "⌊x⌋", "floor_vml_cpu"

    def forward(xp, x):
        return xp.floor(x) if x.dtype.kind == "f" else x.copy()


@op
class ceil(Staircase):
    """The next integer above, y = ⌈x⌉.   ∂y/∂x = 0.

    >>> import lesson_lib as torch
    >>> torch.ceil(torch.tensor([1.2, -1.7]))
    tensor([ 2., -1.])

    Source: https://pytorch.org/docs/stable/generated/torch.ceil.html
    """

    refusal = "complex_inputs"
    label, kernel = "⌈x⌉", "ceil_vml_cpu"

    def forward(xp, x):
        return xp.ceil(x) if x.dtype.kind == "f" else x.copy()


@op
class trunc(Staircase):
    """The part before the point, y = sign(x)·⌊|x|⌋.   ∂y/∂x = 0.

    >>> import lesson_lib as torch
    >>> torch.trunc(torch.tensor([1.7, -1.7]))
    tensor([ 1., -1.])

    Source: https://pytorch.org/docs/stable/generated/torch.trunc.html
    """

    refusal = "complex_inputs"
    aliases, kernel = ("fix",), "trunc_vml_cpu"

    def forward(xp, x):
        return xp.trunc(x) if x.dtype.kind == "f" else x.copy()


@op
class frac(Elementwise):
    """The part after the point, y = x − trunc(x).   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.frac(torch.tensor([1.75, -1.75]))
    tensor([ 0.7500, -0.7500])

    Source: https://pytorch.org/docs/stable/generated/torch.frac.html
    """

    kinds, samples = "f", singles

    def forward(xp, x):
        return x - xp.trunc(x)

    def grad_x(g):
        return g


@op
class round(Staircase):
    """The nearest number with ``decimals`` digits after the point, y = round(x); halves go to the even neighbour.   ∂y/∂x = 0.

    >>> import lesson_lib as torch
    >>> torch.round(torch.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])

    Source: https://pytorch.org/docs/stable/generated/torch.round.html
    """

    kernel = "round_vml_cpu"
    signature = lambda input, *, decimals=0: (input, {"decimals": decimals})  # noqa: E731
    overload = lambda inputs, params: int(params["decimals"] != 0)  # noqa: E731

    def forward(xp, x, *, decimals):
        if x.dtype.kind != "f":
            if decimals:
                raise error("not_implemented_for", kernel="round_cpu", dtype=from_numpy_dtype(x.dtype).title)
            return x.copy()
        return xp.round(x, decimals)

    def samples(t):
        yield from singles(t)
        yield case(t(2, 3), decimals=1)


fix = trunc  # PyTorch's second name
