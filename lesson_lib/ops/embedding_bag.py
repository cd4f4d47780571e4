"""Bags of rows: embedding and a sum, a mean or a maximum over each bag, in one step."""

from ..core.device import namespace
from ..core.errors import error, tensor_title
from ..core.op import Opaque, op
from ..core.tensor import wrap
from .case import case
from .embedding import embedding_rows, embedding_sum, refuse_sparse
from .gather import gather_sum
from .reduce import sum
from .select import where_else
from .view import reshape

MODES = {"sum": 0, "mean": 1, "max": 2}


@op
class embedding_bag_sum(Opaque):
    """y_b = Σ s_i·w[index_i] over the i with bag_i = b; the share s_i is 1 if there is none.   ∂y/∂w_r = Σ s_i,  ∂y_b/∂s_i = w[index_i].

    w (rows, d), share (n) or None, index (n) int, bag (n) int → y (bags, d).
    """

    public, title, label = False, "EmbeddingBag", "embedding_bag"

    def forward(xp, w, share, index, bag, *, bags, scale_grad_by_freq):
        rows = w[index] if share is None else w[index] * share[:, None]
        return xp.scatter_add((bags, w.shape[1]), (bag,), rows)

    def grad_w(g, share, index, bag, w_shape, scale_grad_by_freq):
        spread = rows_of(g, bag) if share is None else rows_of(g, bag) * reshape(share, (-1, 1))
        return embedding_sum(spread, index, size=w_shape, padding_idx=None, scale_grad_by_freq=scale_grad_by_freq)

    def grad_share(g, w, index, bag):
        return sum(rows_of(g, bag) * rows_of(w, index), 1)

    def samples(t):
        index, bag = t(5, low=0, high=3, dtype="int64"), t(5, low=0, high=2, dtype="int64")
        yield case(t(4, 2), t(5), index, bag, bags=3, scale_grad_by_freq=False)
        yield case(t(4, 2), None, index, bag, bags=2, scale_grad_by_freq=False)


def rows_of(w, index):
    """The rows of a matrix that ``index`` names."""
    return embedding_rows(w, index, padding_idx=None, scale_grad_by_freq=False)


@op
class embedding_bag_max(Opaque):
    """y_b = max w[index_i] over the i with bag_i = b, and the row that it came from (−1 for an empty bag, whose y is 0).   ∂y/∂w is 1 there."""

    public, title, label = False, "EmbeddingBag", "embedding_bag"
    outputs = ("y", "rows")

    def forward(xp, w, index, bag, *, bags):
        found, last = w[index], len(index)
        y = xp.full((bags, w.shape[1]), -xp.inf, w.dtype)
        xp.maximum.at(y, bag, found)
        first = xp.full(y.shape, last)  # of equal values the first one wins
        xp.minimum.at(first, bag, xp.where(found == y[bag], xp.arange(last)[:, None], last))
        rows = xp.append(index, -1)[first]
        return xp.where(rows < 0, 0, y), rows

    def grad_w(g, rows, w_shape):
        nobody = rows < 0
        return gather_sum.op.raw(where_else.op.raw(nobody, 0, g), where_else.op.raw(nobody, 0, rows), shape=w_shape, dim=0)

    def samples(t):
        yield case(t(4, 2), t(5, low=0, high=3, dtype="int64"), t(5, low=0, high=2, dtype="int64"), bags=3)


def embedding_bag(
    weight, indices, offsets, scale_grad_by_freq=False, mode=0, sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None
):  # fmt: skip
    """(y, bag of each index, size of each bag, rows of the maxima): ``nn.functional.embedding_bag`` with all that it found out.

    ``mode`` is 0 for sums, 1 for means, 2 for maxima. Bag b has the indices from ``offsets[b]`` up to the next offset.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
    """
    _check_arguments(weight, indices, offsets, include_last_offset, padding_idx)
    refuse_sparse(weight, sparse)
    xp = namespace(indices._a)
    starts = offsets._a[:-1] if include_last_offset else offsets._a
    bag = xp.searchsorted(starts, xp.arange(indices.numel()), side="right") - 1
    kept = bag >= 0  # no index lies before the first bag, unless there are no bags
    if padding_idx is not None:
        kept &= indices._a != padding_idx % weight.size(0)
    sizes, bags = wrap(xp.bincount(bag[kept], minlength=len(starts))), len(starts)
    index, own_bag, bag, kept = wrap(indices._a[kept].astype("int64")), wrap(bag[kept]), wrap(bag), wrap(kept)
    if mode == MODES["max"]:
        y, rows = embedding_bag_max.op.raw(weight, index, own_bag, bags=bags)
        return y, bag, sizes, rows
    if per_sample_weights is not None and per_sample_weights.dtype is not weight.dtype:
        raise error("bag_weights_dtype", weight=tensor_title(weight._a.dtype), found=tensor_title(per_sample_weights._a.dtype))
    share = None if per_sample_weights is None else per_sample_weights[kept]
    if mode == MODES["mean"]:
        share = (1 / sizes.to(weight.dtype))[own_bag]
    return embedding_bag_sum.op.raw(weight, share, index, own_bag, bags=bags, scale_grad_by_freq=scale_grad_by_freq), bag, sizes, sizes


def _check_arguments(weight, indices, offsets, include_last_offset, padding_idx):
    rows, count = weight.size(0), indices.numel()
    if indices.dtype.name not in ("int64", "int32"):
        raise error("bag_index", type=tensor_title(indices._a.dtype))
    if not weight.is_floating_point():
        raise error("bag_weight", type=tensor_title(weight._a.dtype))
    if include_last_offset and not offsets.numel():
        raise error("bag_last_offset")
    if offsets.numel() and offsets[0] != 0:
        raise error("bag_first", first=int(offsets[0]))
    if offsets.numel() and offsets[-1] > count:
        raise error("bag_last", count=count, last=int(offsets[-1]))
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise error("bag_padding", low=-rows, high=rows - 1, found=padding_idx)
    outside = (indices < 0) | (indices >= rows)
    if outside.any():
        at = int(outside.nonzero()[0])
        raise error("bag_range", at=at, found=int(indices[at]), rows=rows)
