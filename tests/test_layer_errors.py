"""Normalisation and bags of embeddings: wrong use, mixed dtypes and rare options, against PyTorch."""

import itertools

import pytest

import lesson_lib

from .test_resample import numbers, same

DTYPES = ("float16", "float32", "float64")
#: functions of (torch, nn.functional, x (2, 4), a vector (4), another one)
NORMS = {
    "group": lambda torch, F, x, w, b: F.group_norm(x, 2, w, b),
    "layer": lambda torch, F, x, w, b: F.layer_norm(x, (4,), w, b),
    "batch": lambda torch, F, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "batch in evaluation": lambda torch, F, x, w, b: F.batch_norm(x, w, b.abs() + 1),
    "instance": lambda torch, F, x, w, b: F.instance_norm(x[..., None] * torch.arange(3.0, dtype=x.dtype), None, None, w, b),
}


@pytest.mark.parametrize("name", NORMS)
def test_mixed_dtypes(torch, name):
    """Half-precision data with float32 parameters is the one mixture that there is."""

    def program(torch, *dtypes):
        x, w, b = (numbers(torch, *shape, dtype=dtype) for shape, dtype in zip(((2, 4), (4,), (4,)), dtypes, strict=True))
        return NORMS[name](torch, torch.nn.functional, x, w, b)

    for dtypes in itertools.product(DTYPES, repeat=3):
        same(torch, program, *dtypes, near=2e-2)


WRONG_NORMS = {
    "group: dimensions": lambda torch, F, x, v: F.group_norm(v(4), 1),
    "group: channels": lambda torch, F, x, v: F.group_norm(x, 3),
    "group: weight": lambda torch, F, x, v: F.group_norm(x, 2, v(3)),
    "group: one value": lambda torch, F, x, v: F.group_norm(x[:1], 4),
    "group: integers": lambda torch, F, x, v: F.group_norm(x.long(), 2),
    "group: layer": lambda torch, F, x, v: torch.nn.GroupNorm(3, 4),
    "layer: shape": lambda torch, F, x, v: F.layer_norm(x, (3,)),
    "layer: more dimensions": lambda torch, F, x, v: F.layer_norm(x, (2, 2, 4)),
    "layer: weight": lambda torch, F, x, v: F.layer_norm(x, (4,), v(3)),
    "layer: bias": lambda torch, F, x, v: F.layer_norm(x, (4,), None, v(3)),
    "layer: empty shape": lambda torch, F, x, v: F.layer_norm(x, ()),
    "layer: number": lambda torch, F, x, v: F.layer_norm(x, 4),
    "layer: integers": lambda torch, F, x, v: F.layer_norm(x.long(), (4,)),
    "rms: shape": lambda torch, F, x, v: F.rms_norm(x, (3,)),
    "rms: more dimensions": lambda torch, F, x, v: F.rms_norm(x, (2, 2, 4)),
    "rms: integers": lambda torch, F, x, v: F.rms_norm(x.long(), (4,)),
    "batch: no mean": lambda torch, F, x, v: F.batch_norm(x, None, v(4)),
    "batch: no variance": lambda torch, F, x, v: F.batch_norm(x, v(4), None),
    "batch: weight": lambda torch, F, x, v: F.batch_norm(x, v(4), v(4).abs(), v(3)),
    "batch: one value": lambda torch, F, x, v: F.batch_norm(x[:1], v(4), v(4).abs(), training=True),
    "batch: eps": lambda torch, F, x, v: F.batch_norm(x, v(4), v(4).abs(), eps=0, training=True),
    "batch: integers": lambda torch, F, x, v: F.batch_norm(x.long(), v(4).long(), v(4).long()),
    "batch: dimensions": lambda torch, F, x, v: torch.nn.BatchNorm3d(4)(x),
    "instance: one value": lambda torch, F, x, v: F.instance_norm(x[..., None]),
    "instance: no moments": lambda torch, F, x, v: F.instance_norm(x[None], use_input_stats=False),
    "instance: mean": lambda torch, F, x, v: F.instance_norm(x[None], v(3), v(3)),
    "instance: features": lambda torch, F, x, v: torch.nn.InstanceNorm1d(4, affine=True)(v(3, 5, 2)),
    "instance: other features": lambda torch, F, x, v: torch.nn.InstanceNorm1d(4)(v(3, 5, 2)),
    "instance: dimensions": lambda torch, F, x, v: torch.nn.InstanceNorm2d(4)(x),
    "response: dimensions": lambda torch, F, x, v: F.local_response_norm(x, 2),
    "response: size": lambda torch, F, x, v: F.local_response_norm(x[None], 0),
    "response of integers": lambda torch, F, x, v: F.local_response_norm(torch.arange(24).view(2, 4, 3), 2),
}


@pytest.mark.parametrize("name", WRONG_NORMS)
def test_wrong_normalisation(torch, name):
    same(torch, lambda torch: WRONG_NORMS[name](torch, torch.nn.functional, numbers(torch, 2, 4), lambda *shape: numbers(torch, *shape)))


#: functions of (torch, embedding_bag, a table (5, 2), five indices, three offsets)
BAGS = {
    "mean": lambda torch, f, w, i, o: f(i, w, o),
    "rows": lambda torch, f, w, i, o: f(i.view(1, 5), w),
    "int32": lambda torch, f, w, i, o: f(i.int(), w, o),
    "no bags": lambda torch, f, w, i, o: f(i, w, o[:0]),
    "empty bags": lambda torch, f, w, i, o: f(i[:0], w, o * 0, mode="max"),
    "last offset": lambda torch, f, w, i, o: f(i, w, torch.tensor([0, 2, 5]), include_last_offset=True),
    "short rows": lambda torch, f, w, i, o: f(i, w, o, max_norm=1.0, norm_type=1),
    "no offsets": lambda torch, f, w, i, o: f(i, w),
    "offsets for rows": lambda torch, f, w, i, o: f(i.view(1, 5), w, o),
    "3-d": lambda torch, f, w, i, o: f(i.view(1, 1, 5), w),
    "2-d offsets": lambda torch, f, w, i, o: f(i, w, o[None]),
    "3-d table": lambda torch, f, w, i, o: f(i, w[None], o),
    "first offset": lambda torch, f, w, i, o: f(i, w, o + 1),
    "far offset": lambda torch, f, w, i, o: f(i, w, o * 4),
    "no last offset": lambda torch, f, w, i, o: f(i, w, o[:0], include_last_offset=True),
    "mode": lambda torch, f, w, i, o: f(i, w, o, mode="foo"),
    "max by frequency": lambda torch, f, w, i, o: f(i, w, o, mode="max", scale_grad_by_freq=True),
    "sparse max": lambda torch, f, w, i, o: f(i, w, o, mode="max", sparse=True),
    "weights of means": lambda torch, f, w, i, o: f(i, w, o, per_sample_weights=torch.ones(5)),
    "few weights": lambda torch, f, w, i, o: f(i, w, o, mode="sum", per_sample_weights=torch.ones(4)),
    "double weights": lambda torch, f, w, i, o: f(i, w, o, mode="sum", per_sample_weights=torch.ones(5).double()),
    "padding": lambda torch, f, w, i, o: f(i, w, o, padding_idx=7),
    "float indices": lambda torch, f, w, i, o: f(i.float(), w, o),
    "integer table": lambda torch, f, w, i, o: f(i, w.long(), o),
    "row": lambda torch, f, w, i, o: f(i + 1, w, o),
}


@pytest.mark.parametrize("name", BAGS)
def test_bags(torch, name):
    def program(torch):
        table, indices, offsets = torch.arange(10.0).view(5, 2), torch.tensor([1, 2, 4, 4, 0]), torch.tensor([0, 2, 2])
        return BAGS[name](torch, torch.nn.functional.embedding_bag, table, indices, offsets)

    same(torch, program)


@pytest.mark.parametrize(
    "options", [{}, {"mode": "sum", "padding_idx": -1}, {"mode": "max", "padding_idx": 1}, {"max_norm": 1.0}, {"scale_grad_by_freq": True}], ids=str
)
def test_embedding_bag_layer(torch, options):
    """Initial rows, printing, gradients of the table and the rows after the call."""

    def layer(torch):
        torch.manual_seed(0)
        return torch.nn.EmbeddingBag(5, 2, **options)

    def gradient(torch):
        bags = layer(torch)
        y = bags(torch.tensor([1, 2, 4, 4, 0]), torch.tensor([0, 2, 2]))
        (y * y).sum().backward()
        return torch.cat([bags.weight, bags.weight.grad, y])

    same(torch, gradient)
    assert repr(layer(lesson_lib)) == repr(layer(torch))
