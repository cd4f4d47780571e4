"""The transformer of "Attention is all you need": stacks of attention and small networks, each with a way around it.

Source: A. Vaswani et al., https://arxiv.org/abs/1706.03762
"""

import copy
import math

from ..core.errors import error
from ..ops.create import full
from ..ops.triangle import triu
from . import functional as F
from . import init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .functional_attention import float_mask, warn_of_mixed
from .linear import Linear
from .module import Module
from .normalization import LayerNorm


class _Layer(Module):
    """What encoder and decoder layers share: attentions and a small network, each with dropout, a sum with its input and a normalisation."""

    def __init__(
        self, attentions, d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
    ):
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        for name in attentions:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **options))
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        blocks = range(1, len(attentions) + 2)
        for number in blocks:
            setattr(self, f"norm{number}", LayerNorm(d_model, eps=layer_norm_eps, **options))
        for number in blocks:
            setattr(self, f"dropout{number}", Dropout(dropout))
        self.activation = _activation(activation)

    def _around(self, x, block, norm):
        """x + block(x), normalised after the sum, or with ``norm_first`` before the block."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _network(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a network of two linear layers; each with dropout, a sum with its input and a layer normalisation.

    src (L, N, d_model), with ``batch_first`` (N, L, d_model), or without N → the same shape.

    >>> import lesson_lib as torch
    >>> torch.nn.TransformerEncoderLayer(8, 2, dim_feedforward=16)(torch.ones(5, 3, 8)).shape
    torch.Size([5, 3, 8])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
    """

    def __init__(
        self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5, batch_first=False, norm_first=False,
        bias=True, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            ("self_attn",), d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        )

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """The result. True, or −∞, hides a position: in ``src_mask`` (L, L) for each query, in ``src_key_padding_mask`` (N, L) for all."""
        padding, mask = _masks(src, src_key_padding_mask, "src_key_padding_mask", src_mask, "src_mask")

        def attend(x):
            return self.dropout1(self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)[0])

        x = self._around(src, attend, self.norm1)
        return self._around(x, lambda x: self.dropout2(self._network(x)), self.norm2)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to ``memory`` (the encoder's result), then a network; each with dropout, a sum and a layer normalisation.

    tgt (T, N, d_model) and memory (S, N, d_model), with ``batch_first`` N first, or without N → the shape of tgt.

    >>> import lesson_lib as torch
    >>> torch.nn.TransformerDecoderLayer(8, 2, dim_feedforward=16)(torch.ones(5, 3, 8), torch.ones(4, 3, 8)).shape
    torch.Size([5, 3, 8])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
    """

    def __init__(
        self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5, batch_first=False, norm_first=False,
        bias=True, device=None, dtype=None,
    ):  # fmt: skip
        attentions = ("self_attn", "multihead_attn")
        super().__init__(
            attentions, d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        )  # fmt: skip

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=False,
        memory_is_causal=False,
    ):  # fmt: skip
        """The result. True, or −∞, hides a position: in a mask (T, T) or (T, S) for each query, in a padding mask (N, T) or (N, S) for all."""

        def attend(x):
            y, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(y)

        def attend_to_memory(x):
            y, _ = self.multihead_attn(x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal)
            return self.dropout2(y)

        x = self._around(tgt, attend, self.norm1)
        x = self._around(x, attend_to_memory, self.norm2)
        return self._around(x, lambda x: self.dropout3(self._network(x)), self.norm3)


class TransformerEncoder(Module):
    """``num_layers`` copies of an encoder layer, one after the other; then ``norm`` if there is one.

    In evaluation PyTorch may leave padded positions out and give zeros there; here they keep what the layers make of them.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
    """

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__()
        self.layers, self.num_layers, self.norm = _copies(encoder_layer, num_layers), num_layers, norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """The result, of the shape of src. ``is_causal`` is found out by looking at the mask if it is not given."""
        padding, mask = _masks(src, src_key_padding_mask, "src_key_padding_mask", mask, "mask")
        is_causal = _is_causal(mask, is_causal)
        for layer in self.layers:
            src = layer(src, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """``num_layers`` copies of a decoder layer, one after the other; then ``norm`` if there is one.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
    """

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__()
        self.layers, self.num_layers, self.norm = _copies(decoder_layer, num_layers), num_layers, norm

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=None,
        memory_is_causal=False,
    ):  # fmt: skip
        """The result, of the shape of tgt. ``tgt_is_causal`` is found out by looking at the mask if it is not given."""
        causal = _is_causal(tgt_mask, tgt_is_causal)
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=causal, memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of the source and a decoder that looks at its result: src (S, N, d_model), tgt (T, N, d_model) → (T, N, d_model).

    With ``batch_first`` N comes first. Embedding, positions and the last linear layer are the user's.

    >>> import lesson_lib as torch
    >>> model = torch.nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> model(torch.ones(4, 3, 8), torch.ones(5, 3, 8)).shape
    torch.Size([5, 3, 8])

    Errors: RuntimeError if the batches or the widths of src and tgt differ.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """

    def __init__(
        self, d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, activation=F.relu,
        custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        settings = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*settings, **options)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, LayerNorm(d_model, eps=layer_norm_eps, **options))
        self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*settings, **options)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, LayerNorm(d_model, eps=layer_norm_eps, **options))
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self):
        """Xavier's weights for all matrices."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, tgt_key_padding_mask=None,
        memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, memory_is_causal=False,
    ):  # fmt: skip
        """The decoder's result. Masks as in the layers: True, or −∞, hides a position."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.size(batch) != tgt.size(batch):
            raise error("transformer_batch")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise error("transformer_width")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """A mask of floats, 0 up to the query's own position and −∞ behind it.

        >>> import lesson_lib as torch
        >>> torch.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return triu(full((sz, sz), -math.inf, device=device, dtype=dtype), 1)


def _activation(activation):
    """The function that is meant."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise error("transformer_activation", name=activation)
    return getattr(F, activation)


def _copies(layer, count):
    """A list of layers that begin alike and learn each by itself."""
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _masks(src, padding, padding_name, mask, mask_name):
    """Both masks as floats to be added to scores."""
    warn_of_mixed(padding, padding_name, mask, mask_name)
    return float_mask(padding, padding_name, src.dtype), float_mask(mask, mask_name, src.dtype)


def _is_causal(mask, is_causal):
    """What the user said; if nothing, whether the mask hides just the later positions."""
    if is_causal is not None or mask is None:
        return bool(is_causal)
    causal = Transformer.generate_square_subsequent_mask(mask.size(-2), mask.device, mask.dtype)
    return mask.shape == causal.shape and bool((mask == causal).all())
