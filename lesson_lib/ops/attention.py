"""Attention: each query looks at all keys and takes a mean of their values, the better the match the heavier."""

import math
from math import prod

from ..core.blocks import SMALL_BLOCK_BYTES, pieces
from ..core.compiled import with_kernel
from ..core.device import namespace
from ..core.dtypes import bool_, float32
from ..core.errors import error, operand_shapes_error
from ..core.op import Fused, Op, op
from ..core.threads import one_blas_thread, shares, spread
from .case import case
from .create import ones
from .dropout import dropout, noise
from .matmul import WORDS, matmul
from .rearrange import repeat_interleave
from .reduce import sum
from .view import broadcast_shapes

WORK = 8  # a score costs as much as so many elements of a sum: it goes through two products, a mask and an exponential


@op
class safe_softmax(Op):
    r"""A softmax over the last dimension, $y_i = e^{x_i} / \sum_j e^{x_j}$, that gives zeros where every score is −∞: nothing to look at.

    x's gradient is y·(g − Σ g·y), as for softmax.
    """

    public, label = False, "softmax"

    def forward(xp, x):
        if not x.size:
            return x.copy()
        largest = xp.max(x, axis=-1, keepdims=True)
        e = xp.exp(x - xp.where(largest == -xp.inf, x.dtype.type(0), largest))
        total = xp.sum(e, axis=-1, keepdims=True)
        return e / xp.where(total == 0, x.dtype.type(1), total)

    def grad_x(g, y):
        return y * (g - sum(g * y, -1, keepdim=True))

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 0, 2))


def masked_scores(query, key, mask, causal, scale):
    """Q Kᵀ·scale + mask, and −∞ at the keys that come after the query."""
    root = math.sqrt(abs(scale))  # half of the scale on each side, so that no product grows large
    scores = matmul(query * root, (key * math.copysign(root, scale)).transpose(-2, -1))
    if causal:
        mask = additive(ones(scores.shape[-2:], dtype=bool_, device=query.device).tril(), query.dtype)
    return scores if mask is None else scores + mask


@op
class attention_kernel(Fused):
    r"""$y = (P \circ M)\,V$ with $P = \mathrm{softmax}(S)$ and scores $S = Q K^\top \cdot \mathrm{scale} + \mathrm{mask}$.

    Q (…, L, E), K (…, S, E), V (…, S, F), mask (…, L, S) of floats or None, M: what dropout multiplies the weights by, (…, L, S) or None.
    → y (…, L, F) and ln Σ eˢ for each query (∞ where every score is −∞: its weights are then 0).

    With $dP = M \circ (g V^\top)$:  $dS = P \circ (dP - \textstyle\sum dP \circ P)$, where that sum is Σ g·y;
    ∂Q = dS·K·scale,  ∂K = dSᵀ·Q·scale,  ∂V = (P ∘ M)ᵀ·g,  ∂mask = dS.

    No matrix (L, S) is kept, nor ever made whole: scores are made for a few queries at a time, and made again for the gradient.
    Source: T. Dao et al., https://arxiv.org/abs/2205.14135
    """

    public, title, label, kinds = False, "ScaledDotProductFlashAttentionForCpu", "attention", "f"
    outputs, constants = ("y", "log_sum"), ("noise",)

    def composite(query, key, value, mask, noise, *, causal, scale):
        weights = safe_softmax.op.raw(masked_scores(query, key, mask, causal, scale))
        return matmul(weights if noise is None else weights * noise, value)

    def forward(xp, query, key, value, mask, noise, *, causal, scale):
        lead, q, k, v, noise = stacked(xp, query, key, value, noise)
        y = xp.empty((*q.shape[:2], v.shape[2]), q.dtype)
        log_sum = xp.empty((*q.shape[:2], 1), q.dtype)

        def work(share):
            for heads, rows, keys, bias, first in parts(xp, q, k, lead, mask, causal, share):
                p = (q[heads, rows] * scale) @ k[heads, keys].swapaxes(1, 2)
                total, log_sum[heads, rows] = attention_weights(xp, p, bias, first)
                if noise is not None:
                    p *= noise[heads, rows, keys]
                xp.matmul(p, v[heads, keys], out=y[heads, rows])
                y[heads, rows] /= total

        by_heads(xp, work, q, k)
        return y.reshape(*lead, *y.shape[1:]), log_sum.reshape(*lead, *log_sum.shape[1:])

    def grad_all(g, query, key, value, mask, noise, y, log_sum, causal, scale, wanted):
        xp = namespace(g)
        lead, q, k, v, noise, g, y, log_sum = stacked(xp, query, key, value, noise, g, y, log_sum)
        along = xp.row_dots(*(x.reshape(-1, x.shape[2]) for x in (g, y))).reshape(log_sum.shape)
        dq, dk, dv = (xp.zeros(x.shape, x.dtype) for x in (q, k, v))
        dmask = xp.zeros((len(q), q.shape[1], k.shape[1]), q.dtype) if wanted[3] else None

        def work(share):
            for heads, rows, keys, bias, first in parts(xp, q, k, lead, mask, causal, share):
                scaled, upstream = q[heads, rows] * scale, g[heads, rows]
                p = scaled @ k[heads, keys].swapaxes(1, 2)
                dp = upstream @ v[heads, keys].swapaxes(1, 2)
                if noise is not None:
                    dp *= noise[heads, rows, keys]
                attention_weights_back(xp, p, dp, bias, first, log_sum[heads, rows], along[heads, rows])
                if noise is not None:
                    p *= noise[heads, rows, keys]
                xp.matmul(dp, k[heads, keys], out=dq[heads, rows])
                for total, weights, other in ((dk, dp, scaled), (dv, p, upstream)):
                    if rows.start == 0:
                        xp.matmul(weights.swapaxes(1, 2), other, out=total[heads, keys])
                    else:
                        total[heads, keys] += weights.swapaxes(1, 2) @ other
                if wanted[3]:
                    dmask[heads, rows, keys] = dp

        by_heads(xp, work, q, k)
        dq *= scale
        return [None if x is None else x.reshape(*lead, *x.shape[1:]) for x in (dq, dk, dv, dmask)]

    def samples(t):
        def options(causal=False, scale=0.7):
            return {"causal": causal, "scale": scale}

        qkv = t(2, 3, 4, 2), t(2, 3, 5, 2), t(2, 3, 5, 3)
        yield case(*qkv, None, None, **options())
        yield case(*qkv, None, None, **options(causal=True, scale=-0.7))
        yield case(*qkv, t(4, 5), t(2, 3, 4, 5, low=0).detach(), **options())
        yield case(*qkv, t(2, 1, 1, 5), None, **options())
        yield case(t(3, 2), t(3, 2), t(3, 2), None, None, **options(causal=True))
        yield case(t(2, 3, 2), t(4, 2), t(1, 4, 2), t(3, 4), None, **options())


@with_kernel
def attention_weights(xp, p, bias, first):
    """Writes eˢ over the scores p, the mask added, each row divided by the largest of its numbers. Returns each row's sum (1 for 0) and
    ln Σ eˢ (∞ for a row of −∞). With ``first`` the mask hides what comes after a row's own key, first + row."""
    if bias is not None:
        p += bias
    largest = xp.max(p, axis=2, keepdims=True)
    p -= xp.where(largest == -xp.inf, 0, largest)
    xp.exp(p, out=p)
    total = xp.sum(p, axis=2, keepdims=True)
    return xp.where(total == 0, 1, total), xp.where(total == 0, xp.inf, largest + xp.log(total))


@with_kernel
def attention_weights_back(xp, p, dp, bias, first, log_sum, along):
    """Writes P over the scores p, and dS over dp."""
    if bias is not None:
        p += bias
    p -= log_sum
    xp.exp(p, out=p)
    dp -= along
    dp *= p
    return p, dp


def stacked(xp, *tensors):
    """The leading dimensions of all tensors together, and the tensors as (B, rows, columns), B being their product; None stays None."""
    lead = xp.broadcast_shapes(*(x.shape[:-2] for x in tensors if x is not None))
    return lead, *(None if x is None else xp.broadcast_to(x, (*lead, *x.shape[-2:])).reshape(prod(lead), *x.shape[-2:]) for x in tensors)


def by_heads(xp, work, q, k):
    """``work`` on all heads, given as a slice. Threads take some heads each, with the products' own threads kept away: they are small."""
    if xp.name != "numpy":
        return work(slice(0, len(q)))
    with one_blas_thread() as alone:
        size = len(q) * q.shape[1] * k.shape[1] * WORK
        spread(work, shares(len(q), size if alone else 0))


def parts(xp, q, k, lead, mask, causal, share):
    """What to compute at a time, so that the scores stay in the processor's cache: slices of heads, of queries, of the keys that these look at,
    what is added to their scores, and the first of the queries if that hides later keys and nothing else."""
    block = SMALL_BLOCK_BYTES if xp.name == "numpy" else math.inf  # a GPU has no use for small pieces
    keys, nothing = k.shape[1], q.dtype.type(0)
    shared = mask is not None and prod(mask.shape[:-2]) == 1
    if mask is not None:
        owner = xp.broadcast_to(xp.arange(prod(mask.shape[:-2])).reshape(mask.shape[:-2]), lead).reshape(-1)  # which mask is a head's
        mask = mask.reshape(-1, *mask.shape[-2:])
    few = 64 * keys * q.itemsize  # so many queries at a time: what later queries alone look at is not computed for earlier ones
    for rows in pieces(q.shape[1], keys * q.itemsize, min(block, few) if causal and xp.name == "numpy" else block):
        seen = slice(0, min(rows.stop, keys) if causal else keys)
        bias = xp.where(xp.arange(seen.stop) > xp.arange(rows.start, rows.stop)[:, None], -xp.inf, nothing) if causal else None
        for part in pieces(share.stop - share.start, (rows.stop - rows.start) * seen.stop * q.itemsize, block):
            heads = slice(share.start + part.start, share.start + part.stop)
            if mask is not None:
                bias = mask[:, rows] if shared else mask[owner[heads], rows]
            yield heads, rows, seen, bias, rows.start if causal and mask is None else None


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    r"""$y = \mathrm{softmax}(Q K^\top \cdot \mathrm{scale} + \mathrm{mask})\,V$: Q (…, L, E), K (…, S, E), V (…, S, F) → (…, L, F).

    ``scale`` is 1/√E if not given. ``attn_mask`` (…, L, S): False, or −∞, hides a key from a query; floats are added to the scores.
    ``is_causal`` hides every later position. ``dropout_p`` drops weights, always: pass 0 in evaluation. ``enable_gqa`` lets several
    heads of the query, dimension −3, share one of key and value.

    >>> import lesson_lib as torch
    >>> q, k, v = torch.tensor([[0., 0.]]), torch.ones(2, 2), torch.tensor([[1.], [3.]])
    >>> torch.nn.functional.scaled_dot_product_attention(q, k, v)
    tensor([[2.]])

    Errors: RuntimeError for dtypes or sizes that do not fit, or a mask beside ``is_causal``.
    Source: A. Vaswani et al., https://arxiv.org/abs/1706.03762;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    _check(query, key, value, attn_mask, is_causal, dropout_p)
    if query.dtype.itemsize == 2:  # rounded scores would shift the weights
        attn_mask = attn_mask.float() if attn_mask is not None and attn_mask.dtype is not bool_ else attn_mask
        wide = (tensor.float() for tensor in (query, key, value))
        return scaled_dot_product_attention(*wide, attn_mask, dropout_p, is_causal, scale, enable_gqa).to(query.dtype)
    if enable_gqa:
        key, value = (_shared(heads, query.size(-3)) for heads in (key, value))
    width = query.size(-1)
    scale = scale if scale is not None else 1 / math.sqrt(width) if width else 0.0
    lead = _common(query, key, value)
    shape = lead and (*lead, query.size(-2), key.size(-2))
    mask = attn_mask if attn_mask is None else additive(attn_mask, query.dtype)
    if shape is None or 0 in (*shape, width) or (mask is not None and not _fits(mask.shape, shape)):
        scores = masked_scores(query, key, mask, is_causal, scale)  # what does not fit together gets its error here
        return matmul(dropout(safe_softmax.op.raw(scores), dropout_p), value)
    if mask is not None:
        mask = mask.expand(*mask.shape[:-2], *shape[-2:])
    return attention_kernel.op.raw(query, key, value, mask, _noise(query, shape, dropout_p), causal=is_causal, scale=scale)[0]


def _common(query, key, value):
    """The leading dimensions of the three together; None if they do not fit."""
    if query.size(-1) != key.size(-1) or key.size(-2) != value.size(-2):
        return None
    shapes = [tensor.shape[:-2] for tensor in (query, key, value)]
    return None if operand_shapes_error(shapes) else broadcast_shapes(*shapes)


def _fits(mask_shape, shape):
    """Does a mask of this shape spread over scores of that shape?"""
    return len(mask_shape) <= len(shape) and all(a in (1, b) for a, b in zip(mask_shape[::-1], shape[::-1], strict=False))


def _noise(query, shape, p):
    """What dropout multiplies the weights by; None if it drops none."""
    if p == 0:
        return None
    return query.new_zeros(shape) if p == 1 else noise(query.new_empty(shape), shape, p)


def additive(mask, dtype):
    """A mask of floats to be added to scores: −∞ where a bool mask is False."""
    return mask.new_zeros(mask.shape, dtype=dtype).masked_fill(~mask, -math.inf) if mask.dtype is bool_ else mask.to(dtype)


def _shared(heads, wanted):
    if wanted % heads.size(-3):
        raise error("attention_heads")
    return repeat_interleave(heads, wanted // heads.size(-3), -3)


def _check(query, key, value, attn_mask, is_causal, dropout_p):
    inputs = (query, key, value)
    if any(tensor.ndim < 2 for tensor in inputs):
        raise error("attention_dims", query=query.ndim, key=key.ndim, value=value.ndim)
    if not query.dtype is key.dtype is value.dtype:
        query, key, value = (WORDS[tensor.dtype.name] for tensor in inputs)
        raise error("attention_dtype", query=query, key=key, value=value)
    if attn_mask is not None:
        if is_causal:
            raise error("attention_causal")
        if attn_mask.dtype not in (bool_, float32, query.dtype):
            raise error("attention_mask", mask=WORDS[attn_mask.dtype.name], query=WORDS[query.dtype.name])
    if dropout_p > 1:
        raise error("attention_dropout", p=dropout_p)
