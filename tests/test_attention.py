"""Attention and the transformer against PyTorch: values, weights, every gradient, masks, printing, initial weights, errors."""

import warnings

import numpy as np
import pytest

import lesson_lib

from .parity import as_array, both, compare

pytestmark = pytest.mark.filterwarnings("ignore:.*nested_tensor")
Q, K, V = (2, 4, 3, 8), (2, 4, 6, 8), (2, 4, 6, 5)


def inputs(torch, *shapes):
    draw = np.random.RandomState(0)
    return [torch.from_numpy(draw.randn(*shape).astype(np.float32)).requires_grad_() for shape in shapes]


def causal(torch, size=3):
    return torch.nn.Transformer.generate_square_subsequent_mask(size)


def padding(torch):
    return torch.tensor([[False, False, True], [False, True, True]])


def derived(torch, outputs, leaves):
    """Outputs, and the gradients of a combination of them."""
    found = {f"output {i}": as_array(y) for i, y in enumerate(outputs) if y is not None}
    y = outputs[0]
    (y * torch.from_numpy(np.cos(np.arange(y.numel(), dtype=np.float32)).reshape(tuple(y.shape)))).sum().backward()
    return found | {name: as_array(x.grad) for name, x in leaves if x.grad is not None}


def raised(torch, program):
    """Type and first line of the exception."""
    with pytest.raises((AssertionError, RuntimeError, ValueError, IndexError)) as caught:
        program(torch)
    return type(caught.value), str(caught.value).splitlines()[0]


#: shapes of query, key and value -> further arguments
SCALED = {
    "plain": lambda torch: {},
    "causal": lambda torch: {"is_causal": True},
    "scale": lambda torch: {"scale": 0.3},
    "negative scale": lambda torch: {"scale": -0.3},
    "dropout": lambda torch: {"dropout_p": 0.3},
    "bool mask": lambda torch: {"attn_mask": torch.arange(18).view(3, 6) % 4 != 0},
    "a query that sees nothing": lambda torch: {"attn_mask": torch.arange(18).view(3, 6) > 7},
    "float mask": lambda torch: {"attn_mask": torch.arange(18.0).view(3, 6)},
}


@pytest.mark.parametrize("name", SCALED)
def test_scaled_dot_product_attention(torch, name):
    def program(torch):
        qkv = inputs(torch, Q, K, V)
        y = torch.nn.functional.scaled_dot_product_attention(*qkv, **SCALED[name](torch))
        return derived(torch, [y], zip("qkv", qkv, strict=True))

    compare(*both(torch, program))


def test_shared_heads(torch):
    """Grouped-query attention: several heads of the query share one of key and value."""

    def program(torch):
        qkv = inputs(torch, Q, (2, 2, 6, 8), (2, 1, 6, 5))
        return derived(torch, [torch.nn.functional.scaled_dot_product_attention(*qkv, enable_gqa=True)], zip("qkv", qkv, strict=True))

    compare(*both(torch, program))


SCALED_ERRORS = {
    "vector": lambda torch: ((8,), (6, 8), (6, 5), {}),
    "mask and causal": lambda torch: (Q, K, V, {"attn_mask": torch.ones(3, 6).bool(), "is_causal": True}),
    "integer mask": lambda torch: (Q, K, V, {"attn_mask": torch.ones(3, 6).long()}),
    "width": lambda torch: (Q, (2, 4, 6, 7), V, {}),
    "heads": lambda torch: (Q, (2, 3, 6, 8), (2, 3, 6, 5), {"enable_gqa": True}),
    "dropout": lambda torch: (Q, K, V, {"dropout_p": 1.5}),
}


@pytest.mark.parametrize("name", SCALED_ERRORS)
def test_errors_of_scaled_dot_product_attention(torch, name):
    def program(torch):
        *shapes, options = SCALED_ERRORS[name](torch)
        torch.nn.functional.scaled_dot_product_attention(*inputs(torch, *shapes), **options)

    assert raised(lesson_lib, program) == raised(torch, program)


def attended(torch, options, shapes, call):
    """A layer in training and in evaluation; a query alone is also key and value, a key alone also the value."""
    layer = torch.nn.MultiheadAttention(4, 2, **options)
    given = inputs(torch, *shapes)
    qkv = given * 3 if len(given) == 1 else [*given, given[-1]][:3]
    outputs = [*layer(*qkv, **call(torch)), *layer.eval()(*qkv, **call(torch))]
    leaves = [*layer.named_parameters(), *((f"input {i}", x) for i, x in enumerate(given))]
    return derived(torch, outputs, leaves) | {f"initial {name}": as_array(p) for name, p in layer.named_parameters()}


ALONE, MEMORY = ((3, 2, 4),), ((3, 2, 4), (5, 2, 4))
#: options of the layer, shapes, options of the call
HEADS = {
    "self": ({}, ALONE, lambda torch: {}),
    "memory": ({}, MEMORY, lambda torch: {}),
    "three inputs": ({}, ((3, 2, 4), (5, 2, 4), (5, 2, 4)), lambda torch: {}),
    "one sample": ({}, ((3, 4), (5, 4)), lambda torch: {}),
    "batch first": ({"batch_first": True}, ((2, 3, 4), (2, 5, 4)), lambda torch: {}),
    "without weights": ({}, MEMORY, lambda torch: {"need_weights": False}),
    "weights by head": ({}, MEMORY, lambda torch: {"average_attn_weights": False}),
    "dropout": ({"dropout": 0.4}, ALONE, lambda torch: {}),
    "no bias": ({"bias": False}, ALONE, lambda torch: {}),
    "other widths": ({"kdim": 3, "vdim": 5}, ((3, 2, 4), (6, 2, 3), (6, 2, 5)), lambda torch: {}),
    "causal": ({}, ALONE, lambda torch: {"attn_mask": causal(torch), "is_causal": True, "need_weights": False}),
    "mask by head": ({}, ALONE, lambda torch: {"attn_mask": torch.arange(36).view(4, 3, 3) % 5 == 0}),
    "padding": ({}, ALONE, lambda torch: {"key_padding_mask": padding(torch)}),
    "both masks": ({}, ALONE, lambda torch: {"key_padding_mask": padding(torch), "attn_mask": causal(torch) < 0}),
    "more positions": (
        {"add_bias_kv": True, "add_zero_attn": True}, ALONE, lambda torch: {"key_padding_mask": padding(torch), "attn_mask": causal(torch) < 0}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_multihead_attention(torch, name):
    compare(*both(torch, attended, *HEADS[name]))


HEADS_ERRORS = {
    "sizes": lambda torch: torch.nn.MultiheadAttention(0, 1),
    "divisible": lambda torch: torch.nn.MultiheadAttention(5, 2),
    "query": lambda torch: attended(torch, {}, ((4,),), lambda torch: {}),
    "key": lambda torch: attended(torch, {}, ((3, 2, 4), (3, 4)), lambda torch: {}),
    "key of one sample": lambda torch: attended(torch, {}, ((3, 4), (3, 2, 4)), lambda torch: {}),
    "key and value": lambda torch: attended(torch, {}, ((3, 2, 4), (6, 2, 4), (5, 2, 4)), lambda torch: {}),
    "width": lambda torch: attended(torch, {}, ((3, 2, 5),), lambda torch: {}),
    "causal without mask": lambda torch: attended(torch, {}, ALONE, lambda torch: {"is_causal": True}),
    "mask": lambda torch: attended(torch, {}, ALONE, lambda torch: {"attn_mask": torch.ones(3, 2).bool()}),
    "mask by head": lambda torch: attended(torch, {}, ALONE, lambda torch: {"attn_mask": torch.ones(2, 3, 3).bool()}),
    "mask of one dimension": lambda torch: attended(torch, {}, ALONE, lambda torch: {"attn_mask": torch.ones(3).bool()}),
    "integer mask": lambda torch: attended(torch, {}, ALONE, lambda torch: {"attn_mask": torch.ones(3, 3).long()}),
    "padding": lambda torch: attended(torch, {}, ALONE, lambda torch: {"key_padding_mask": padding(torch)[:, :2]}),
    "padding of one dimension": lambda torch: attended(torch, {}, ALONE, lambda torch: {"key_padding_mask": padding(torch)[0]}),
    "activation": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, activation="foo"),
    "batch": lambda torch: torch.nn.Transformer(4, 2, 1, 1, 8)(torch.ones(3, 2, 4), torch.ones(3, 3, 4)),
    "model width": lambda torch: torch.nn.Transformer(4, 2, 1, 1, 8)(torch.ones(3, 2, 5), torch.ones(3, 2, 4)),
}


@pytest.mark.parametrize("name", HEADS_ERRORS)
def test_errors_of_layers(torch, name):
    assert raised(lesson_lib, HEADS_ERRORS[name]) == raised(torch, HEADS_ERRORS[name])


def encoder_layer(torch, **options):
    return torch.nn.TransformerEncoderLayer(4, 2, 8, **options)


def encoder(torch):
    return torch.nn.TransformerEncoder(encoder_layer(torch), 2, torch.nn.LayerNorm(4))


def decoder(torch):
    return torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(4, 2, 8), 2)


SOURCE, BOTH = ((3, 2, 4),), ((3, 2, 4), (5, 2, 4))
#: (the module, shapes of its inputs, options of the call)
STACKS = {
    "encoder layer": (encoder_layer, SOURCE, lambda torch: {}),
    "encoder layer, one sample": (encoder_layer, ((3, 4),), lambda torch: {}),
    "norm first": (lambda torch: encoder_layer(torch, norm_first=True, bias=False, activation="gelu"), SOURCE, lambda torch: {}),
    "batch first": (lambda torch: encoder_layer(torch, batch_first=True), ((2, 3, 4),), lambda torch: {"src_key_padding_mask": padding(torch)}),
    "causal encoder layer": (encoder_layer, SOURCE, lambda torch: {"src_mask": causal(torch), "is_causal": True}),
    "decoder layer": (lambda torch: torch.nn.TransformerDecoderLayer(4, 2, 8), BOTH, lambda torch: {"tgt_mask": causal(torch)}),
    "encoder": (encoder, SOURCE, lambda torch: {"mask": causal(torch) < 0, "src_key_padding_mask": padding(torch)}),
    "causal encoder": (encoder, SOURCE, lambda torch: {"mask": causal(torch)}),
    "decoder": (decoder, BOTH, lambda torch: {"tgt_mask": causal(torch), "memory_key_padding_mask": torch.zeros(2, 5).bool()}),
    "transformer": (
        lambda torch: torch.nn.Transformer(4, 2, 2, 1, 8), BOTH, lambda torch: {"tgt_mask": causal(torch, 5), "src_key_padding_mask": padding(torch)}
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("name", STACKS)
def test_transformer(torch, name):
    """Training with dropout, and evaluation."""
    make, shapes, call = STACKS[name]

    def program(torch):
        model, given = make(torch), inputs(torch, *shapes)
        outputs = [model(*given, **call(torch)), model.eval()(*given, **call(torch))]
        return derived(torch, outputs, [*model.named_parameters(), *((f"input {i}", x) for i, x in enumerate(given))])

    compare(*both(torch, program), rtol=1e-4)


@pytest.mark.parametrize("name", STACKS)
def test_transformer_prints_and_saves_as_in_pytorch(torch, name):
    ours, theirs = both(torch, STACKS[name][0])
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    compare(*({name: as_array(value) for name, value in model.state_dict().items()} for model in (ours, theirs)))


def test_masks_of_different_types_are_warned_of(torch):
    messages = []
    for library in (lesson_lib, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            attended(library, {}, ALONE, lambda torch: {"key_padding_mask": padding(torch), "attn_mask": torch.zeros(3, 3)})
        messages.append([str(warning.message) for warning in caught])
    assert messages[0] == messages[1] != []
