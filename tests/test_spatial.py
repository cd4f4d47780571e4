"""Convolution, pooling and its way back, padding, windows as columns, in one to three dimensions: options drawn at random, and mistakes."""

import random

import numpy as np
import pytest

import lesson_lib

from .parity import as_array

KINDS = (
    "max_pool", "avg_pool", "adaptive_max_pool", "adaptive_avg_pool", "fractional_max_pool", "max_unpool", "conv", "conv_transpose", "pad", "unfold",
)  # fmt: skip


def drawn(kind, seed):
    """A call of a random number of dimensions with random options, as (text, {name: array})."""
    draw, noise = random.Random(f"{kind} {seed}"), np.random.RandomState(seed)
    dims = 2 if kind == "unfold" else draw.choice((2, 3)) if kind.startswith("frac") else draw.choice((1, 2, 3))
    groups = draw.choice((1, 2))
    shape = (*draw.choice(((2,), (), (1,))), 2 * groups, *(draw.randint(4, 7) for _ in range(dims)))
    x = noise.randn(*shape).round(draw.choice((0, 8)))
    if draw.random() < 0.2 and "pool" in kind and kind != "max_unpool":
        x.flat[draw.randrange(x.size)] = np.nan

    def option(low, high):
        return draw.choice((draw.randint(low, high), tuple(draw.randint(low, high) for _ in range(dims))))

    name, arrays, ceil = f"F.{kind}{dims}d(x, ", {"x": x}, draw.choice((True, False))
    if kind == "max_pool":
        return f"{name}{option(2, 3)}, {option(1, 3)}, {option(0, 1)}, {option(1, 2)}, {ceil}, True)", arrays
    if kind == "avg_pool":
        divisor = "" if dims == 1 else draw.choice((", None", ", 2", ", -3"))
        return f"{name}{option(2, 3)}, {option(1, 3)}, {option(0, 1)}, {ceil}, {draw.choice((True, False))}{divisor})", arrays
    if kind.startswith("adaptive"):
        return name + f"{option(1, 8)}{', True' if 'max' in kind else ''})", arrays
    if kind == "fractional_max_pool":
        arrays["u"] = noise.rand(2, shape[-dims - 1], dims)
        return f"{name}{option(1, 2)}, {option(1, 2)}, None, True, u.detach())", arrays
    if kind == "max_unpool":
        arrays["x"] = noise.permutation(x.size).astype(np.float64).reshape(shape)
        windows = option(1, 3)
        return f"F.max_unpool{dims}d(*F.max_pool{dims}d(x, {windows}, return_indices=True), {windows}, output_size={list(shape[-dims:])})", arrays
    if kind == "pad":
        mode = draw.choice(("constant", "reflect", "replicate", "circular"))
        least = -1 if mode != "circular" else 0
        return f"F.pad(x, {tuple(draw.randint(least, 3) for _ in range(2 * dims))}, mode={mode!r})", arrays
    if kind == "unfold":
        options = f"{option(1, 3)}, {option(1, 2)}, {option(0, 2)}, {option(1, 2)}"
        return f"F.fold(F.unfold(x, {options}), {shape[-2:]}, {options})", arrays
    kernel, out_channels = [draw.randint(1, 3) for _ in range(dims)], draw.choice((1, 3))
    arrays["b"] = noise.randn(out_channels * groups)
    if kind == "conv":
        arrays["w"] = noise.randn(out_channels * groups, 2, *kernel)
        padding = draw.choice((option(0, 2), "'same'", "'valid'"))
        stride = 1 if padding == "'same'" else option(1, 3)
        return f"{name}w, b, {stride}, {padding}, {option(1, 2)}, {groups})", arrays
    arrays["w"] = noise.randn(2 * groups, out_channels, *kernel)
    return f"{name}w, b, {option(2, 3)}, {option(0, 1)}, {option(0, 1)}, {groups}, {option(1, 3)})", arrays


def results(torch, text, arrays):
    """What a call gives, its first and its second gradients."""
    inputs = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in arrays.items()}
    found = eval(text, {"F": torch.nn.functional, **inputs})
    found = found if isinstance(found, tuple) else (found,)
    y, asked = found[0], [value for name, value in inputs.items() if name != "u"]
    weights = torch.from_numpy(np.cos(np.arange(y.numel(), dtype=np.float64)).reshape(tuple(y.shape)))
    first = torch.autograd.grad((y * y * weights).sum(), asked, create_graph=True)
    second = torch.autograd.grad(sum((g * g).sum() for g in first), asked, allow_unused=True)
    return [as_array(value) for value in (*found, *first)], [None if g is None else as_array(g) for g in second]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", KINDS)
def test_equals_pytorch(torch, kind, seed):
    """Values, indices, first and second gradients."""
    text, arrays = drawn(kind, seed)
    (ours, our_second), (theirs, their_second) = (results(library, text, arrays) for library in (lesson_lib, torch))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9, err_msg=text)
    for mine, other in zip(our_second, their_second, strict=True):
        mine, other = (np.zeros(1) if g is None else g for g in (mine, other))
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9, err_msg=text)


#: over ``F``, with inputs x1 … x3 (2, 3, 8 …) of one to three dimensions; the exception and its first line are PyTorch's
MISTAKES = """
F.avg_pool1d(x1, (2, 2))
F.avg_pool1d(x1, 2.0)
F.avg_pool1d(x1[None], 2)
F.avg_pool1d(x1[:, :0], 2)
F.avg_pool1d(x1, 20)
F.max_pool1d(x1, (2, 2))
F.max_pool1d(x1, 2, (1, 1))
F.max_pool1d(x1, 2, 2, 2)
F.max_pool1d(x1, 2, 2, -1)
F.max_pool1d(x1, 20)
F.max_pool1d(x1, 20, return_indices=True)
F.max_pool1d(x1[0, 0], 2)
F.max_pool1d(x1.long(), 2)
F.avg_pool2d(x2, -1)
F.avg_pool2d(x2, 2, -1)
F.avg_pool2d(x2, 2, (1, 1, 1, 1))
F.avg_pool2d(x2[0, 0], 2)
F.avg_pool2d(x2 > 0, 2)
F.max_pool2d(x2, 2, dilation=0)
F.max_pool2d(x2, 2, dilation=(1, 1, 1))
F.max_pool2d(x2, 2, padding=-1)
F.max_pool2d(x2[None], 2)
F.max_pool2d(x2 > 0, 2)
F.avg_pool3d(x3, (2, 2))
F.avg_pool3d(x3, 2, (2, 2))
F.avg_pool3d(x3, 20)
F.avg_pool3d(x3[:, :0], 2)
F.max_pool3d(x3, (2, 2))
F.max_pool3d(x3, 2, 2, 2)
F.max_pool3d(x3, 20)
F.max_pool3d(x3[..., :0], 2)
F.max_pool3d(x3[0, 0], 2)
F.adaptive_avg_pool1d(x1, (2, 2))
F.adaptive_avg_pool1d(x1, (None,))
F.adaptive_avg_pool1d(x1[None], 2)
F.adaptive_avg_pool2d(x2, (2, 2, 2))
F.adaptive_avg_pool2d(x2, -1)
F.adaptive_avg_pool2d(x2[..., :0], 2)
F.adaptive_avg_pool2d(x2.long(), 2)
F.adaptive_avg_pool3d(x3, -1)
F.adaptive_avg_pool3d(x3[0, 0], 2)
F.adaptive_max_pool1d(x1, -1)
F.adaptive_max_pool1d(x1[:, :0], 2)
F.adaptive_max_pool2d(x2, (2, 2, 2))
F.adaptive_max_pool2d(x2[0, 0], 2)
F.adaptive_max_pool2d(x2[0, 0], (2, 2))
F.adaptive_max_pool3d(x3, (2,))
F.adaptive_max_pool3d(x3.long(), 2)
F.fractional_max_pool2d(x2, 2)
F.fractional_max_pool2d(x2, 2, 9)
F.fractional_max_pool2d(x2, (2, 2, 2), 3)
F.fractional_max_pool2d(x2, 2, output_ratio=(0.5, 0.5, 0.5))
F.fractional_max_pool2d(x2, 2, 3, _random_samples=x2)
F.fractional_max_pool2d(x2, 2, 3, _random_samples=x1)
F.fractional_max_pool2d(x2[:, :0], 2, 3)
F.fractional_max_pool3d(x3, 2, (3, 3))
F.fractional_max_pool3d(x3, 2, 7)
F.fractional_max_pool3d(x3[None], 2, 3)
F.max_unpool1d(x1, x1.long()[0], 2)
F.max_unpool1d(x1, x1.int(), 2)
F.max_unpool2d(x2, x2.long() * 0 + 1000, 2)
F.max_unpool2d(x2[0, 0], x2.long()[0, 0], 2)
F.max_unpool2d(x2[:, :0], x2.long()[:, :0], 2)
F.max_unpool2d(x2, x2.long(), 2, output_size=[9, 9])
F.max_unpool2d(x2, x2.long(), 2, output_size=[9, 9, 9])
F.max_unpool2d(x2, x2.long(), 2, -1)
F.max_unpool2d(x2.long(), x2.long() * 0, 2)
F.max_unpool3d(x3, x3.long(), (2, 2))
F.max_unpool3d(x3, x3.long(), 2, 0)
F.unfold(x2, (2, 2, 2))
F.unfold(x2, 0)
F.unfold(x2, 20)
F.unfold(x2[:, :0], 2)
F.unfold(x2[0, 0], 2)
F.unfold(x2.long(), 2)
F.fold(x1, 8, 2)
F.fold(x1[:, :, :4], 3, 3)
F.fold(x1[:, :, :4], 4, 1)
F.fold(x1, (8, 8, 8), 2)
F.fold(x1[0, 0], 8, 2)
F.fold(x1, 8, 1, stride=-1)
F.pad(x1, (8, 0), mode="reflect")
F.pad(x2, (1, 1, 8, 1), mode="reflect")
F.pad(x1, (-4, -4), mode="reflect")
F.pad(x2, (-4, -4, -4, -4), mode="replicate")
F.pad(x3, (-5, -4, 1, 1, 1, 1), mode="replicate")
F.pad(x1[..., :0], (1, 1), mode="replicate")
F.pad(x1, (-8, -4), mode="circular")
F.pad(x1, (9, 0), mode="circular")
F.pad(x2, (1, 1), mode="circular")
F.pad(x1 > 0, (1, 1), mode="reflect")
F.pad(x1, (-5, -4))
F.pad(x1, 1)
F.conv1d(x1, x1[0])
F.conv1d(x1, x2)
F.conv2d(x2, x1)
F.conv3d(x3, x3, dilation=-1)
F.conv3d(x3, x3[:, :2])
F.conv3d(x3, x3, stride=(1, 1))
F.conv3d(x3[0, 0], x3)
F.conv3d(x3, x3, padding="same", stride=2)
F.conv_transpose1d(x1, x1)
F.conv_transpose1d(x1, x1[:1].transpose(0, 1), output_padding=1)
F.conv_transpose2d(x2, x2.transpose(0, 1), stride=2, output_padding=2)
F.conv_transpose2d(x2, x2.transpose(0, 1), output_padding=-1)
F.conv_transpose2d(x2, x2.transpose(0, 1), x1[0, 0])
F.conv_transpose2d(x2, x2.transpose(0, 1), padding="same")
F.conv_transpose2d(x2.double(), x2.double().transpose(0, 1), padding=9)
F.conv_transpose3d(x3, x3.transpose(0, 1), groups=2)
F.conv_transpose3d(x3, x3.transpose(0, 1), output_padding=1)
F.conv_transpose3d(x3[..., :0], x3.transpose(0, 1))
F.conv_tbc(x1, x1, x1[0, 0])
F.conv_tbc(x1[0], x1, x1[0, 0])
F.conv_tbc(x1, x1.transpose(1, 2), x1[0, 0])
nn.ConvTranspose2d(4, 4, 3, padding_mode="circular")
nn.ConvTranspose2d(3, 4, 3, groups=2)
nn.ConvTranspose2d(3, 1, 3, stride=2)(x2, output_size=[20, 20])
nn.ConvTranspose2d(3, 1, 3, stride=2)(x2, output_size=[20])
nn.FractionalMaxPool2d(2)
nn.FractionalMaxPool2d(2, 2, 0.5)
nn.FractionalMaxPool3d(2, output_ratio=1.5)
nn.CircularPad2d(1)(x1[0])
""".strip().splitlines()


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_equal_pytorch(torch, text):
    found = []
    for library in (lesson_lib, torch):
        inputs = {f"x{n}": library.from_numpy(np.random.RandomState(n).randn(2, 3, *(8,) * n).astype(np.float32)) for n in (1, 2, 3)}
        with pytest.raises(Exception) as caught:
            eval(text, {"F": library.nn.functional, "nn": library.nn, **inputs})
        kind = next(kind for kind in caught.type.__mro__ if kind.__module__ == "builtins")
        found.append((kind, str(caught.value).splitlines()[0]))
    assert found[0] == found[1]


def test_indices_and_the_way_back(torch):
    """Layers that give or take indices; an output size chosen in the call; a buffer of random numbers in the state."""

    def program(torch):
        nn, images = torch.nn, torch.arange(2 * 3 * 7 * 6.0).reshape(2, 3, 7, 6).sin()
        pooled, indices = nn.MaxPool2d(2, return_indices=True)(images)
        fractions = torch.arange(12.0).reshape(2, 3, 2) / 12
        fractional = nn.FractionalMaxPool2d(2, output_ratio=0.5, return_indices=True, _random_samples=fractions)
        torch.manual_seed(0)
        spread = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)
        results = [
            nn.MaxUnpool2d(2)(pooled, indices, output_size=images.shape),
            nn.MaxUnpool2d(2)(pooled, indices),
            nn.MaxUnpool1d(3)(*nn.MaxPool1d(3, return_indices=True)(images[0])),
            nn.MaxUnpool3d((1, 2, 2))(*nn.MaxPool3d((1, 2, 2), return_indices=True)(images), output_size=[3, 7, 6]),
            *nn.AdaptiveMaxPool2d((3, None), return_indices=True)(images),
            *fractional(images),
            spread(images, output_size=[14, 12]),
            spread(images, output_size=(2, 2, 14, 11)),
            *torch.nn.functional.max_pool3d_with_indices(images, 2),
            torch.conv_tbc(images[0], images[1, :, :6, :4].contiguous(), torch.ones(4), 1),
            torch.nn.functional.conv_transpose2d(images, images[0, :, None, :2, :2], padding=1, dilation=3, output_padding=2),
        ]
        return list(fractional.state_dict()), [as_array(result) for result in results]

    (names, ours), (their_names, theirs) = program(lesson_lib), program(torch)
    assert names == their_names
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_means_of_integers_are_rounded_towards_zero(torch):
    def program(torch):
        x = torch.tensor([[[-3, -4, 5], [0, 0, 2], [7, -8, 1]]])
        F = torch.nn.functional
        return [F.avg_pool2d(x, 2, 1), F.avg_pool1d(x, 2), F.avg_pool3d(x[None], (1, 2, 2), divisor_override=3)]

    assert [y.tolist() for y in program(lesson_lib)] == [y.tolist() for y in program(torch)]
