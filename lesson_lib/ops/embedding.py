"""Embedding: row i of a table for each number i."""

from ..core.device import namespace
from ..core.errors import error, tensor_title
from ..core.grad_mode import no_grad
from ..core.op import Opaque, op
from ..core.state import thread
from ..core.tensor import wrap
from .case import case
from .statistics import vector_norm


def _out_of_range(exc, arrays, params):
    return error("embedding_range", last=arrays[0].shape[0] - 1) if isinstance(exc, IndexError) else None


@op
class embedding_rows(Opaque):
    """y = w[index]: index (*) int, w (rows, d) → (*, d).   ∂y/∂w: each g is added to the row it came from; none to ``padding_idx``."""

    public, title, label, explain = False, "Embedding", "embedding", _out_of_range

    def forward(xp, w, index, *, padding_idx, scale_grad_by_freq):
        if xp.name == "numpy" and index.size and index.min() < 0:  # NumPy would count from the end; a GPU would have to be waited for
            raise IndexError
        return xp.read_at(w, index)

    def grad_w(g, index, w_shape, padding_idx, scale_grad_by_freq):
        return embedding_sum(g, index, size=w_shape, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)

    def samples(t):
        yield case(t(4, 2), t(3, 2, low=0, high=3, dtype="int64"), padding_idx=None, scale_grad_by_freq=False)
        yield case(t(4, 2), t(2, 1, 2, low=3, high=3, dtype="int64"), padding_idx=None, scale_grad_by_freq=False)


@op
class embedding_sum(Opaque):
    """The gradient of ``embedding``: row r = Σ g over the places that looked it up (over their count if ``scale_grad_by_freq``)."""

    public, title = False, "EmbeddingDenseBackwardBackward0"

    def forward(xp, g, index, *, size, padding_idx, scale_grad_by_freq):
        if padding_idx is not None or scale_grad_by_freq:
            g = g * _shares(xp, index, size, g.dtype, padding_idx, scale_grad_by_freq)[..., None]
        return xp.scatter_add(size, (index,), g)

    def grad_g(u, index, size, padding_idx, scale_grad_by_freq):
        return embedding_shares(embedding_rows(u, index, padding_idx=None, scale_grad_by_freq=False), index,
                                size=size, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)  # fmt: skip

    def samples(t):
        yield case(t(5, 2), t(5, low=0, high=3, dtype="int64"), size=(4, 2), padding_idx=1, scale_grad_by_freq=True)


@op
class embedding_shares(Opaque):
    """y = x times the share with which ``embedding_sum`` counts each row: the second half of its gradient."""

    public = False

    def forward(xp, x, index, *, size, padding_idx, scale_grad_by_freq):
        return x * _shares(xp, index, size, x.dtype, padding_idx, scale_grad_by_freq)[..., None]

    def grad_x(g, index, size, padding_idx, scale_grad_by_freq):
        return embedding_shares(g, index, size=size, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)

    def samples(t):
        yield case(t(5, 2), t(5, low=0, high=3, dtype="int64"), size=(4, 2), padding_idx=1, scale_grad_by_freq=True)


def _shares(xp, index, size, np_dtype, padding_idx, scale_grad_by_freq):
    """How much of its gradient each looked-up row passes on."""
    share = xp.ones(index.shape, np_dtype)
    if scale_grad_by_freq:
        share = share / xp.bincount(index.ravel(), minlength=size[0])[index].astype(np_dtype)
    return share if padding_idx is None else xp.where(index == padding_idx, np_dtype.type(0), share)


def embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """Row ``indices[i]`` of ``weight`` for each i, y = w[index]: indices (*) int, weight (rows, d) → (*, d).

    A ``padding_idx`` of 0 or more is a row that gets no gradient.

    >>> import lesson_lib as torch
    >>> torch.embedding(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([1, 1]))
    tensor([[3., 4.],
            [3., 4.]])

    Errors: IndexError for a row that does not exist, NotImplementedError for the gradient of ``sparse``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    if weight.ndim != 2:
        raise error("embedding_matrix")
    if indices.dtype.name not in ("int64", "int32"):
        raise error("embedding_index", type=tensor_title(indices._a.dtype))
    refuse_sparse(weight, sparse)
    return embedding_rows.op.raw(weight, indices, padding_idx=padding_idx if padding_idx >= 0 else None, scale_grad_by_freq=scale_grad_by_freq)


def refuse_sparse(weight, sparse):
    """``sparse`` asks for a sparse gradient, which there is not. Where no gradient is asked for it makes no difference."""
    if sparse and weight.requires_grad and thread.grad_enabled:
        raise error("embedding_sparse")


@no_grad()
def embedding_renorm_(weight, indices, max_norm, norm_type):
    """The rows that ``indices`` names, shortened in place to ``max_norm`` where their p-norm, p = ``norm_type``, is larger.

    >>> import lesson_lib as torch
    >>> torch.embedding_renorm_(torch.tensor([[3., 4.], [3., 4.]]), torch.tensor([1]), 1.0, 2.0)
    tensor([[3.0000, 4.0000],
            [0.6000, 0.8000]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    rows = wrap(namespace(indices._a).unique(indices._a))
    found = weight[rows]
    length = vector_norm(found, norm_type, 1, keepdim=True)
    weight[rows] = found * (max_norm / (length + 1e-7)).masked_fill(length <= max_norm, 1)
    return weight
