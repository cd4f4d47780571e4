"""Multi-head attention as one function: projections, several attentions side by side, and a last projection.

Inside, queries, keys and values are (batch N, heads H, length L or S, width d of one head).
"""

import math
import warnings

from ..core.dtypes import bool_
from ..core.errors import error
from ..ops.attention import scaled_dot_product_attention
from ..ops.dropout import dropout
from ..ops.join import cat
from ..ops.matmul import linear, matmul
from ..ops.pad import pad
from ..ops.softmax import softmax


def multi_head_attention_forward(
    query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout_p, out_proj_weight,
    out_proj_bias, training=True, key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None,
    k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, is_causal=False,
):  # fmt: skip
    r"""Several attentions on parts of the width: $y = [h_1 \ldots h_H]\,W_o^\top + b_o$, $h_i = \mathrm{softmax}(Q_i K_i^\top/\sqrt d + \mathrm{mask})\,V_i$.

    query (L, N, E), key and value (S, N, E), or all without N; Q, K, V are their projections. Returns (y (L, N, E), weights (N, L, S) or None).
    ``attn_mask`` (L, S) or (N·H, L, S) and ``key_padding_mask`` (N, S): True, or −∞, hides a key. ``bias_k``, ``bias_v`` and ``add_zero_attn``
    append a learned and a zero position. ``static_k`` and ``static_v`` (N·H, S, d) stand in for the projections.

    Errors: AssertionError or RuntimeError for shapes that do not fit.
    Source: A. Vaswani et al., https://arxiv.org/abs/1706.03762; https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:  # a batch of one; a shared tensor stays shared
        query, key, value = _each((query, key, value), lambda x: x.unsqueeze(1))
        key_padding_mask = key_padding_mask if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    _check_widths(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    key_padding_mask, attn_mask = _as_floats(key_padding_mask, attn_mask, query.dtype)
    if is_causal and attn_mask is None:
        raise error("mha_causal")
    hint = is_causal and key_padding_mask is None and not need_weights  # then the mask need not be looked at
    attn_mask = None if hint else _by_head(attn_mask, query.size(1), num_heads, (query.size(0), key.size(0)))

    if use_separate_proj_weight:
        weights = {"q_proj_weight": q_proj_weight, "k_proj_weight": k_proj_weight, "v_proj_weight": v_proj_weight}
        q, k, v = _separate(query, key, value, weights, in_proj_bias)
    else:
        q, k, v = _packed(query, key, value, in_proj_weight, in_proj_bias)
    if bias_k is not None or bias_v is not None:
        k, v = _extended(k, v, bias_k, bias_v, static_k, static_v)
        attn_mask, key_padding_mask = _one_more(attn_mask), _one_more(key_padding_mask)
    q = _heads(q, num_heads, query.size(1))
    k = _heads(k, num_heads, query.size(1)) if static_k is None else _given(static_k, "static_k", q)
    v = _heads(v, num_heads, query.size(1)) if static_v is None else _given(static_v, "static_v", q)
    if add_zero_attn:
        k, v = (cat([x, x.new_zeros((*x.shape[:2], 1, x.size(-1)))], 2) for x in (k, v))
        attn_mask, key_padding_mask = _one_more(attn_mask), _one_more(key_padding_mask)

    mask = _joined(attn_mask, key_padding_mask, k.size(2))
    y, weights = _attend(q, k, v, mask, dropout_p if training else 0.0, hint, need_weights)
    y = y.permute(2, 0, 1, 3).reshape(query.size(0) * query.size(1), -1)  # (L·N, E)
    y = linear(y, out_proj_weight, out_proj_bias).view(query.size(0), query.size(1), -1)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    return (y, weights) if batched else (y.squeeze(1), weights if weights is None else weights.squeeze(0))


def _each(tensors, change):
    """``change`` for each tensor, once for a tensor that stands several times."""
    changed = {id(x): change(x) for x in tensors}
    return [changed[id(x)] for x in tensors]


def _attend(q, k, v, mask, dropout_p, is_causal, need_weights):
    """The heads' results (N, H, L, d) and, if they are needed, the weights (N, H, L, S)."""
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal), None
    scores = matmul(q * math.sqrt(1 / q.size(-1)), k.transpose(-2, -1))
    weights = softmax(scores if mask is None else scores + mask, -1)
    weights = dropout(weights, dropout_p) if dropout_p > 0 else weights
    return matmul(weights, v), weights


# --- projections ------------------------------------------------------------------------------------------------------------


def _packed(query, key, value, weight, bias):
    """The three projections out of one matrix; as one product where they are made from the same tensor."""
    if weight is None:
        raise error("mha_assert", message="use_separate_proj_weight is False but in_proj_weight is None")
    if query is key is value:
        return linear(query, weight, bias).chunk(3, -1)
    width = query.size(-1)
    biases = (None, None, None) if bias is None else bias.chunk(3)
    if key is value:
        b = None if bias is None else bias[width:]
        return linear(query, weight[:width], biases[0]), *linear(key, weight[width:], b).chunk(2, -1)
    return [linear(*parts) for parts in zip((query, key, value), weight.chunk(3), biases)]


def _separate(query, key, value, weights, bias):
    """The three projections out of a matrix each."""
    for name, weight in weights.items():
        if weight is None:
            raise error("mha_assert", message=f"use_separate_proj_weight is True but {name} is None")
    width = query.size(-1)
    for what, x, weight in zip(("query", "key", "value"), (query, key, value), weights.values()):
        if tuple(weight.shape) != (width, x.size(-1)):
            raise error("mha_assert", message=f"expecting {what} weights shape of {(width, x.size(-1))}, but got {weight.shape}")
    biases = (None, None, None) if bias is None else bias.chunk(3)
    return [linear(*parts) for parts in zip((query, key, value), weights.values(), biases)]


def _extended(k, v, bias_k, bias_v, static_k, static_v):
    """Keys and values with the learned position at the end."""
    for name, bias, other in (("bias_k", bias_k, "bias_v"), ("bias_v", bias_v, "bias_k")):
        if bias is None:
            raise error("mha_assert", message=f"{other} is set but {name} is None")
    for what, static in (("key", static_k), ("value", static_v)):
        if static is not None:
            raise error("mha_assert", message=f"bias cannot be added to static {what}.")
    return [cat([x, bias.repeat(1, x.size(1), 1)]) for x, bias in ((k, bias_k), (v, bias_v))]


def _heads(x, count, batch):
    """(L, N, H·d) → (N, H, L, d)."""
    return x.reshape(x.size(0), batch * count, -1).view(x.size(0), batch, count, -1).permute(1, 2, 0, 3)


def _given(static, name, q):
    """``static_k`` or ``static_v`` (N·H, S, d) as (N, H, S, d)."""
    batch, count, _, width = q.shape
    for dim, wanted in ((0, batch * count), (2, width)):
        if static.size(dim) != wanted:
            raise error("mha_assert", message=f"expecting {name}.size({dim}) of {wanted}, but got {static.size(dim)}")
    return static.view(batch, count, -1, width)


# --- masks ------------------------------------------------------------------------------------------------------------------


def float_mask(mask, name, dtype):
    """A mask to be added to scores: −∞ where a bool mask is True. A mask of floats is one already."""
    if mask is None or mask.is_floating_point():
        return mask
    if mask.dtype is not bool_:
        raise error("mha_assert", message=f"only bool and floating types of {name} are supported")
    return mask.new_zeros(mask.shape, dtype=dtype).masked_fill(mask, -math.inf)


def warn_of_mixed(mask, name, other, other_name):
    """PyTorch's warning for two masks of different dtypes."""
    if mask is not None and other is not None and mask.dtype is not other.dtype:
        warnings.warn(f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.", stacklevel=4)


def _as_floats(key_padding_mask, attn_mask, dtype):
    warn_of_mixed(key_padding_mask, "key_padding_mask", attn_mask, "attn_mask")
    return float_mask(key_padding_mask, "key_padding_mask", dtype), float_mask(attn_mask, "attn_mask", dtype)


def _by_head(mask, batch, count, shape):
    """A checked ``attn_mask`` as (L, S), or (N·H, L, S) as (N, H, L, S)."""
    if mask is None:
        return None
    wanted = shape if mask.ndim == 2 else (batch * count, *shape)
    if tuple(mask.shape) != wanted:
        raise error("mha_mask", ndim=mask.ndim, found=mask.shape, wanted=wanted)
    return mask if mask.ndim == 2 else mask.view(batch, count, *shape)


def _one_more(mask):
    """A mask with a last position that everyone may look at."""
    return None if mask is None else pad(mask, (0, 1))


def _joined(attn_mask, key_padding_mask, length):
    """Both masks as one that can be added to the scores (N, H, L, S)."""
    if key_padding_mask is None:
        return attn_mask
    if key_padding_mask.size(1) != length:
        raise error("mha_assert", message=f"Expected key_padded_mask.shape[1] to be {length}, but got {key_padding_mask.size(1)}")
    by_key = key_padding_mask.view(key_padding_mask.size(0), 1, 1, length)
    return by_key if attn_mask is None else attn_mask + by_key


# --- checks -----------------------------------------------------------------------------------------------------------------


def _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads):
    """True for a batch. Complaints are assertions, as in PyTorch."""
    ndim = query.ndim
    if ndim not in (2, 3):
        raise error("mha_assert", message=f"query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor")
    start = f"For {'batched' if ndim == 3 else 'unbatched'} ({ndim}-D) `query`, expected"
    if (key.ndim, value.ndim) != (ndim, ndim):
        raise error("mha_assert", message=f"{start} `key` and `value` to be {ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively")
    if key_padding_mask is not None and key_padding_mask.ndim != ndim - 1:
        found = f"found {key_padding_mask.ndim}-D tensor instead"
        raise error("mha_assert", message=f"{start} `key_padding_mask` to be `None` or {ndim - 1}-D but {found}")
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise error("mha_assert", message=f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.ndim}-D tensor instead")
    if attn_mask is not None and ndim == 2 and attn_mask.ndim == 3:
        wanted = (num_heads, query.shape[0], key.shape[0])
        if tuple(attn_mask.shape) != wanted:
            raise error("mha_assert", message=f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.shape}")
    return ndim == 3


def _check_widths(query, key, value, wanted, num_heads, separate):
    if query.size(-1) != wanted:
        raise error("mha_assert", message=f"was expecting embedding dimension of {wanted}, but got {query.size(-1)}")
    if wanted % num_heads:
        raise error("mha_assert", message=f"embed_dim {wanted} not divisible by num_heads {num_heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise error("mha_assert", message=f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise error("mha_assert", message=f"key shape {key.shape} does not match value shape {value.shape}")
