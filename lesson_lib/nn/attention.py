"""Multi-head attention as a layer."""

from ..core.errors import error
from ..core.parity import missing_from
from ..ops.create import empty
from . import functional as F
from . import init
from .attention_backends import SDPBackend, sdpa_kernel  # noqa: F401 - nn.attention is their public place
from .linear import Linear
from .module import Module
from .parameter import Parameter


class NonDynamicallyQuantizableLinear(Linear):
    """A ``Linear`` under the name that PyTorch prints for the last projection of an attention."""


class MultiheadAttention(Module):
    r"""Attention in ``num_heads`` parts of the width: $y = [h_1 \ldots h_H]\,W_o^\top + b_o$, $h_i = \mathrm{softmax}(Q_i K_i^\top/\sqrt d)\,V_i$.

    query (L, N, E), key (S, N, kdim), value (S, N, vdim), with ``batch_first`` (N, L, E) and so on, or without N. Returns the result, of the
    query's shape, and the weights (N, L, S), a mean over the heads.

    >>> import lesson_lib as torch
    >>> y, weights = torch.nn.MultiheadAttention(4, 2)(torch.ones(3, 1, 4), torch.ones(5, 1, 4), torch.ones(5, 1, 4))
    >>> y.shape, weights.shape
    (torch.Size([3, 1, 4]), torch.Size([1, 3, 5]))

    Errors: AssertionError or RuntimeError for shapes that do not fit.
    Source: A. Vaswani et al., https://arxiv.org/abs/1706.03762; https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None, batch_first=False,
        device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise error("mha_sizes", width=embed_dim, heads=num_heads)
        if embed_dim % num_heads:
            raise error("mha_assert", message="embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn

        def parameter(*shape):
            return Parameter(empty(*shape, device=device, dtype=dtype))

        same = self._qkv_same_embed_dim
        self.register_parameter("q_proj_weight", None if same else parameter(embed_dim, embed_dim))
        self.register_parameter("k_proj_weight", None if same else parameter(embed_dim, self.kdim))
        self.register_parameter("v_proj_weight", None if same else parameter(embed_dim, self.vdim))
        self.register_parameter("in_proj_weight", parameter(3 * embed_dim, embed_dim) if same else None)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self.bias_k = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, embed_dim) if add_bias_kv else None
        self._reset_parameters()

    def _reset_parameters(self):
        """Xavier's weights, biases 0."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, is_causal=False
    ):  # fmt: skip
        """(result, weights); no weights without ``need_weights``, one for each head without ``average_attn_weights``.

        True, or −∞, in ``attn_mask`` (L, S) or (N·H, L, S) and in ``key_padding_mask`` (N, S) hides a key. ``is_causal`` says that
        ``attn_mask`` is causal.
        """
        swap = self.batch_first and query.ndim == 3
        if swap:  # a tensor that is given several times stays one, which saves projections
            swapped = {id(x): x.transpose(1, 0) for x in (query, key, value)}
            query, key, value = (swapped[id(x)] for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask, need_weights, attn_mask,
            not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return (output.transpose(1, 0) if swap else output), weights


__getattr__ = missing_from("torch.nn.attention")  # a name that is missing here says why
