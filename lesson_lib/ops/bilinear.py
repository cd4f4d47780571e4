"""A product of three: a number for each pair of elements of two vectors."""

from math import prod

from ..core.errors import error
from ..core.op import Opaque, op
from .case import case
from .view import permute, reshape, unsqueeze


@op
class trilinear(Opaque):
    r"""$y_{no} = \sum_{ij} a_{ni}\,w_{oij}\,b_{nj}$: a (n, i), w (o, i, j), b (n, j) → (n, o).

    The gradients are products of the same kind, with the dimensions of w in another order; ∂L/∂w_oij = Σ_n g_no·a_ni·b_nj.
    """

    public, label = False, "bilinear"

    def forward(xp, a, w, b):
        outputs, i, j = w.shape
        rows = a @ xp.swapaxes(w, 0, 1).reshape(i, outputs * j)
        return xp.sum(rows.reshape(len(a), outputs, j) * b[:, None], -1, dtype=a.dtype)

    def grad_a(g, w, b):
        return trilinear(g, permute(w, (1, 0, 2)), b)

    def grad_b(g, a, w):
        return trilinear(g, permute(w, (2, 0, 1)), a)

    def grad_w(g, a, b, w_shape):
        pairs = unsqueeze(a, 2) * unsqueeze(b, 1)
        return reshape(permute(g, (1, 0)) @ reshape(pairs, (pairs.shape[0], w_shape[1] * w_shape[2])), w_shape)

    def samples(t):
        yield case(t(2, 3), t(5, 3, 4), t(2, 4))


def bilinear(input1, input2, weight, bias=None):
    """y = aᵀ·W·b + bias for each output, a (…, in1), b (…, in2), W (out, in1, in2) → (…, out).   ∂y/∂a = W·b,  ∂y/∂b = Wᵀ·a.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.bilinear(torch.tensor([1., 2.]), torch.tensor([3.]), torch.ones(1, 2, 1))
    tensor([9.])

    Errors: RuntimeError if the sizes do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    _check(input1, input2, weight, bias)
    batch = input1.shape[:-1]
    a, b = (x.reshape(prod(batch), x.shape[-1]) for x in (input1, input2))
    y = trilinear(a, weight, b).view(*batch, weight.shape[0])
    return y if bias is None else y + bias


def _check(a, b, w, bias):
    """PyTorch's errors."""
    tensors = {"input1": a, "input2": b, "weight": w} | ({} if bias is None else {"bias": bias})
    if len({x._a.dtype for x in tensors.values()}) > 1:
        raise error("bilinear_dtype", found=", ".join(f"{name}: {x.dtype.title.lower()}" for name, x in tensors.items()))
    if a.ndim != b.ndim:
        raise error("bilinear_dims", a=a.ndim, b=b.ndim)
    for dim, (one, other) in enumerate(zip(a.shape[:-1], b.shape[:-1], strict=True)):
        if one != other:
            raise error("bilinear_batch", dim=dim, a=one, b=other)
    for name, x, dim in (("input1", a, 1), ("input2", b, 2)):
        if x.size(-1) != w.size(dim):
            raise error("bilinear_size", name=name, found=x.size(-1), expected=w.size(dim))
    if bias is not None and bias.size(0) != w.size(0):
        raise error("bilinear_size", name="bias", found=bias.size(0), expected=w.size(0))
