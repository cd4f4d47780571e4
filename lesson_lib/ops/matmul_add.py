"""Products on top of a tensor, y = β·x + α·(a product): one node where three would do. ``addmm`` stands in ``matmul.py``.

With β = 0 the tensor x is not looked at, so that its nan do not count. Integers round β and α towards 0.
"""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.op import Opaque, op
from ..core.promote import COMMON
from .case import case
from .conjugate import mT
from .matmul import WORDS, check_expands
from .view import unsqueeze


class OnTop(Opaque):
    """A product on top of a tensor x, which expands to the product's shape."""

    inplace = True

    def grad_x(g, beta):
        return g * beta


def on_top(xp, x, product, beta, alpha):
    """β·x + α·product."""
    check_expands(x, product.shape)
    if product.dtype.kind == "b":
        return (x & bool(beta)) | (product & bool(alpha))
    if product.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    y = product if alpha == 1 else product * alpha
    return y if beta == 0 else y + (x if beta == 1 else x * beta)


def _title(array):
    return from_numpy_dtype(array.dtype).title


def _check_batches(a, b):
    for name, array in (("batch1", a), ("batch2", b)):
        if array.ndim != 3:
            raise error("must_be_3d", name=name)


@op
class addmv(OnTop):
    """Matrix times vector on top of a vector, y = β·x + α·A·b.   ∂L/∂x = β·g,  ∂L/∂A = α·g·bᵀ,  ∂L/∂b = α·Aᵀ·g.

    >>> import lesson_lib as torch
    >>> torch.addmv(torch.tensor([10., 20.]), torch.ones(2, 3), torch.ones(3))
    tensor([13., 23.])

    Source: https://pytorch.org/docs/stable/generated/torch.addmv.html
    """

    label, kinds, kernel = "+ @", "iufc", "addmv_impl_cpu"

    def signature(input, mat, vec, *, beta=1, alpha=1):
        return input, mat, vec, {"beta": beta, "alpha": alpha}

    def forward(xp, x, a, b, *, beta, alpha):
        if a.ndim != 2 or b.ndim != 1 or x.ndim > 1:
            raise error("addmv_dims", x=x.ndim, a=a.ndim, b=b.ndim)
        if a.shape[1] != b.shape[0] or (x.ndim and x.shape[0] not in (1, a.shape[0])):
            raise error("matmul_vec", input=x.shape[0] if x.ndim else a.shape[0], m=a.shape[0], k=a.shape[1], k2=b.shape[0])
        if not x.dtype == a.dtype == b.dtype:
            raise error("addmv_dtype", x=_title(x), a=_title(a), b=_title(b))
        return on_top(xp, x, a @ b, beta, alpha)

    def grad_a(g, b, alpha):
        return unsqueeze(g, 1) * b * alpha

    def grad_b(g, a, alpha):
        return a.T @ g * alpha

    def samples(t):
        yield case(t(2), t(2, 3), t(3))
        yield case(t(1), t(2, 3), t(3), beta=0.5, alpha=2)
        yield case(t(), t(2, 3), t(3), beta=0)

    def errors(t):
        yield case(t(2), t(2, 3), t(2)), RuntimeError, "size mismatch, got input (2), mat (2x3), vec (2)"
        yield case(t(3), t(2, 2), t(2)), RuntimeError, "size mismatch, got input (3), mat (2x2), vec (2)"
        yield case(t(1, 2), t(2, 2), t(2)), RuntimeError, "vector + matrix @ vector expected, got 2, 2, 1"
        message = "addmv input tensors must have the same dtype, but got Double, Float, and Float"
        yield case(t(2, dtype="float64"), t(2, 2), t(2)), RuntimeError, message


@op
class addr(OnTop):
    """An outer product on top of a matrix, Y = β·X + α·a·bᵀ; for bool "or" and "and".   ∂L/∂X = β·G,  ∂L/∂a = α·G·b,  ∂L/∂b = α·Gᵀ·a.

    >>> import lesson_lib as torch
    >>> torch.addr(torch.zeros(2, 2), torch.tensor([1., 2.]), torch.tensor([10., 20.]))
    tensor([[10., 20.],
            [20., 40.]])

    Source: https://pytorch.org/docs/stable/generated/torch.addr.html
    """

    label, promotion, numbers = "+ ⊗", COMMON, False

    def signature(input, vec1, vec2, *, beta=1, alpha=1):
        for number, x in enumerate((vec1, vec2), 1):
            if x.ndim != 1:
                raise error("addr_dims", number=number, ndim=x.ndim)
        return input, vec1, vec2, {"beta": beta, "alpha": alpha}

    def forward(xp, x, a, b, *, beta, alpha):
        if a.dtype.kind in "biu":
            for name, number in (("beta", beta), ("alpha", alpha)):
                if isinstance(number, float):
                    raise error("integral_factor", name=name)
        return on_top(xp, x, a[:, None] & b if a.dtype.kind == "b" else a[:, None] * b, beta, alpha)

    def grad_a(g, b, alpha):
        return g @ b * alpha

    def grad_b(g, a, alpha):
        return g.T @ a * alpha

    def samples(t):
        yield case(t(2, 3), t(2), t(3))
        yield case(t(3), t(2), t(3), beta=2, alpha=-1)
        yield case(t(2, 3), t(2), t(3), beta=0)

    def errors(t):
        yield case(t(2, 2), t(2, 1), t(2)), RuntimeError, "addr: Expected 1-D argument vec1, but got 2-D"
        whole = t(2, dtype="int64")
        message = "For integral input tensors, argument alpha must not be a floating point number."
        yield case(whole, whole, whole, alpha=0.5), RuntimeError, message
        message = "The expanded size of the tensor (2) must match the existing size (3) at non-singleton dimension 0."
        yield case(t(3, 2), t(2), t(2)), RuntimeError, message
        message = "expand(torch.FloatTensor{[1, 2, 2]}, size=[2, 2]): the number of sizes provided (2) must be"
        yield case(t(1, 2, 2), t(2), t(2)), RuntimeError, message


@op
class addbmm(OnTop):
    r"""The sum of a batch of products on top of a matrix, $Y = \beta X + \alpha\sum_i A_i B_i$.   ∂L/∂Aᵢ = α·G·Bᵢᵀ,  ∂L/∂Bᵢ = α·Aᵢᵀ·G.

    Source: https://pytorch.org/docs/stable/generated/torch.addbmm.html
    """

    label = "+ Σ @"

    def signature(input, batch1, batch2, *, beta=1, alpha=1):
        return input, batch1, batch2, {"beta": beta, "alpha": alpha}

    def forward(xp, x, a, b, *, beta, alpha):
        _check_batches(a, b)
        if a.shape[0] != b.shape[0]:
            raise error("addbmm_batches", a=a.shape[0], b=b.shape[0])
        if a.shape[2] != b.shape[1]:
            raise error("addbmm_sizes", m=a.shape[1], k=a.shape[2], k2=b.shape[1], n=b.shape[2])
        for name, left, right in (("mat1", a, b), ("self", x, a)):
            if left.dtype != right.dtype:
                raise error("addmm_dtype", name=name, a=_title(left), b=_title(right))
        return on_top(xp, x, xp.tensordot(a, b, axes=([0, 2], [0, 1])), beta, alpha)  # Σ over the batch and over the inner dimension at once

    def grad_a(g, b, alpha):
        return g @ mT(b) * alpha

    def grad_b(g, a, alpha):
        return mT(a) @ g * alpha

    def samples(t):
        yield case(t(2, 3), t(2, 2, 4), t(2, 4, 3))
        yield case(t(3), t(2, 2, 4), t(2, 4, 3), beta=0.5, alpha=2)
        yield case(t(2, 3), t(0, 2, 4), t(0, 4, 3))

    def errors(t):
        yield case(t(2, 2), t(2, 2), t(1, 2, 2)), RuntimeError, "batch1 must be a 3D tensor"
        yield case(t(2, 2), t(1, 2, 2), t(2, 2, 2)), RuntimeError, "batch1 and batch2 must have same number of batches, got 1 and 2"
        yield case(t(2, 2), t(1, 2, 3), t(1, 2, 2)), RuntimeError, "Incompatible matrix sizes for bmm (2x3 and 2x2)"
        message = "self and mat2 must have the same dtype, but got Double and Float"
        yield case(t(2, 2, dtype="float64"), t(1, 2, 2), t(1, 2, 2)), RuntimeError, message


@op
class baddbmm(OnTop):
    """A batch of products on top of a tensor, Yᵢ = β·Xᵢ + α·Aᵢ·Bᵢ.   ∂L/∂X = β·G,  ∂L/∂Aᵢ = α·Gᵢ·Bᵢᵀ,  ∂L/∂Bᵢ = α·Aᵢᵀ·Gᵢ.

    Source: https://pytorch.org/docs/stable/generated/torch.baddbmm.html
    """

    label, kinds, kernel = "+ @", "iufc", "baddbmm"

    def signature(input, batch1, batch2, *, beta=1, alpha=1):
        return input, batch1, batch2, {"beta": beta, "alpha": alpha}

    def forward(xp, x, a, b, *, beta, alpha):
        _check_batches(a, b)
        if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
            raise error("bmm", b=a.shape[0], k=a.shape[2], b2=b.shape[0], k2=b.shape[1])
        if not x.dtype == a.dtype == b.dtype:
            raise error("baddbmm_dtype", x=WORDS[x.dtype.name], a=WORDS[a.dtype.name], b=WORDS[b.dtype.name])
        return on_top(xp, x, xp.matmul(a, b), beta, alpha)

    def grad_a(g, b, alpha):
        return g @ mT(b) * alpha

    def grad_b(g, a, alpha):
        return mT(a) @ g * alpha

    def samples(t):
        yield case(t(2, 3, 5), t(2, 3, 4), t(2, 4, 5))
        yield case(t(3, 1), t(2, 3, 4), t(2, 4, 5), beta=0.5, alpha=2)
        yield case(t(2, 3, 5), t(2, 3, 4), t(2, 4, 5), beta=0)

    def errors(t):
        yield case(t(1, 2, 2), t(2, 2), t(1, 2, 2)), RuntimeError, "batch1 must be a 3D tensor"
        message = "Expected size for first two dimensions of batch2 tensor to be: [1, 3] but got: [1, 2]."
        yield case(t(1, 2, 2), t(1, 2, 3), t(1, 2, 2)), RuntimeError, message
        message = "Input dtypes must be the same, got: input float, batch1: double, batch2: float"
        yield case(t(1, 2, 2), t(1, 2, 2, dtype="float64"), t(1, 2, 2)), RuntimeError, message
