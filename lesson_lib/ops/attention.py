"""Attention: each query looks at all keys and takes a mean of their values, the better the match the heavier."""

import math

from ..core.dtypes import bool_, float32
from ..core.errors import error
from ..core.op import Op, op
from .case import case
from .create import ones
from .dropout import dropout
from .matmul import WORDS, matmul
from .rearrange import repeat_interleave
from .reduce import sum


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
    root = math.sqrt(abs(scale))  # half of the scale on each side, so that no product grows large
    scores = matmul(query * root, (key * math.copysign(root, scale)).transpose(-2, -1))
    mask = ones(scores.shape[-2:], dtype=bool_, device=query.device).tril() if is_causal else attn_mask
    if mask is not None:
        scores = scores + additive(mask, query.dtype)
    weights = safe_softmax.op.raw(scores)
    return matmul(dropout(weights, dropout_p) if dropout_p > 0 else weights, value)


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
