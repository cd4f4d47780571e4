"""How far points lie apart, and how much they point the same way."""

from ..core.dtypes import FLOATING
from ..core.errors import error
from ..core.grad_mode import no_grad
from ..core.op import op
from ..core.promote import common_type
from .shapes import broadcast_tensors
from .statistics import vector_norm
from .triangle import triu_indices


@op
class pair_norm(vector_norm.op):
    """``vector_norm`` under the name that it has inside ``pairwise_distance``."""

    public, title, native = False, "NormBackward1", "norm"


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    r"""The distances of pairs of points, $y_i = (\sum_k|a_{ik}-b_{ik}+\epsilon|^p)^{1/p}$: (…, d), (…, d) → (…).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.pairwise_distance(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.]]))
    tensor([5.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
    """
    return pair_norm(x1 - x2 + eps, p, max(x1.ndim, x2.ndim) - 1, keepdim)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    r"""The cosine of the angle between two vectors along ``dim``, $y = \frac{a·b}{\max(\|a\|,\epsilon)\max(\|b\|,\epsilon)}$.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 1.]]))
    tensor([0.7071])

    Errors: RuntimeError if both are integers.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """
    if not isinstance(dim, int):
        raise error("dim_type", name="cosine_similarity", argument="dim", position=3, type=type(dim).__name__)
    common = common_type(x1, x2)
    if common.category != FLOATING:
        raise error("cosine_dtype", dtype=common.title)
    a, b = (x if x.is_floating_point() else x.to(common) for x in (x1, x2))
    if a.shape != b.shape:
        a, b = broadcast_tensors(a, b)
    return (_unit(a, dim, eps) * _unit(b, dim, eps)).sum(dim)


def _unit(x, dim, eps):
    """x at length 1. The bound ``eps`` keeps from dividing by 0; the gradient passes it by."""
    length = vector_norm(x, 2, dim, keepdim=True).clone()
    with no_grad():
        length.clamp_min_(eps)
    return x / length


def pdist(input, p=2.0):
    r"""The distances of each two of n points, $(\sum_k|x_{ik}-x_{jk}|^p)^{1/p}$ for i < j, row by row: (n, d) → (n(n − 1)/2).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.pdist(torch.tensor([[0., 0.], [3., 4.], [3., 0.]]))
    tensor([5., 3., 4.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
    """
    if input.ndim != 2:
        raise error("pdist_ndim", ndim=input.ndim)
    if not input.is_floating_point():
        raise error("pdist_dtype")
    if not p >= 0:
        raise error("pdist_p")
    if input.element_size() == 2:
        raise error("not_implemented_for", kernel="pdist", dtype=input.dtype.title)
    first, second = triu_indices(input.size(0), input.size(0), 1, device=input.device)
    return vector_norm(input[first] - input[second], p, 1)
