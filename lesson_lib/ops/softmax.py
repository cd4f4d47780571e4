"""Softmax and its logarithm: scores into probabilities."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Op, op
from .case import case
from .cast import asked_dtype
from .reduce import sum
from .scan import bad_scans, one_dim
from .transcend import exp


def _shifted(xp, x, dim, name):
    """x minus its largest element along ``dim``: softmax does not change and ``exp`` cannot overflow."""
    if x.dtype.kind != "f":
        last = "_lastdim" if dim in (None, x.ndim - 1) else ""
        raise error("not_implemented_for", kernel=f"{name}{last}_kernel_impl", dtype=from_numpy_dtype(x.dtype).title)
    return x - xp.max(x, axis=dim, keepdims=True)


def _signature(name):
    def signature(input, dim, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, name)
        return input, {"dim": one_dim(name, input, dim), "dtype": dtype}

    return signature


class Normalised(Op):
    """Scores along one dimension turned into a distribution."""

    errors = bad_scans

    def samples(t):
        yield case(t(2, 3), 1)
        yield case(t(2, 3, 2), -2)
        yield case(t(), 0)
        yield case(t(0, 3, dtype="float32"), 1)


@op
class softmax(Normalised):
    r"""Probabilities along ``dim``, $y_i = e^{x_i} / \sum_j e^{x_j}$.   ∂yᵢ/∂xⱼ = yᵢ([i=j] − yⱼ), so x's gradient is y·(g − Σ g·y).

    >>> import lesson_lib as torch
    >>> torch.softmax(torch.tensor([1., 1.]), dim=0)
    tensor([0.5000, 0.5000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """

    signature = _signature("softmax")

    def forward(xp, x, *, dim, dtype):
        x = x if dtype is None else x.astype(dtype)
        if not x.size:
            return x.copy()
        e = xp.exp(_shifted(xp, x, dim, "softmax"))
        return e / xp.sum(e, axis=dim, keepdims=True)

    def grad_x(g, y, dim):
        return y * (g - sum(g * y, dim, keepdim=True))


@op
class log_softmax(Normalised):
    r"""Logarithms of probabilities, $y_i = x_i - \ln\sum_j e^{x_j}$.   ∂yᵢ/∂xⱼ = [i=j] − e^{yⱼ}, so x's gradient is g − e^y·Σ g.

    >>> import lesson_lib as torch
    >>> torch.log_softmax(torch.tensor([1., 1.]), dim=0)
    tensor([-0.6931, -0.6931])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    """

    signature = _signature("log_softmax")

    def forward(xp, x, *, dim, dtype):
        x = x if dtype is None else x.astype(dtype)
        if not x.size:
            return x.copy()
        z = _shifted(xp, x, dim, "log_softmax")
        return z - xp.log(xp.sum(xp.exp(z), axis=dim, keepdims=True))

    def grad_x(g, y, dim):
        return g - exp(y) * sum(g, dim, keepdim=True)
