"""Convolution alone: forward, and the gradients of input, weight and bias."""

from ..registry import differentiated, workload

CASES = {
    # images, channels, side, output channels, and what conv2d takes
    "conv_64x32x32": (16, 64, 32, 64, dict(padding=1)),
    "conv_1x32x32": (64, 1, 32, 6, dict(kernel=5)),
    "conv_6x15x15": (64, 6, 15, 16, {}),
    "conv_16x32x32": (32, 16, 32, 16, dict(padding=1)),
    "conv_32x16x16": (32, 32, 16, 32, dict(padding=1)),
    "conv_64x8x8": (32, 64, 8, 64, dict(padding=1)),
    "conv_strided": (32, 32, 32, 64, dict(padding=1, stride=2)),
    "conv_dilated": (32, 32, 32, 32, dict(padding=2, dilation=2)),
    "conv_grouped": (32, 32, 32, 32, dict(padding=1, groups=4)),
    "conv_depthwise": (32, 32, 32, 32, dict(padding=1, groups=32)),
    "conv_1x1": (32, 64, 32, 64, dict(kernel=1)),
    "conv_transposed": (32, 32, 16, 16, dict(kernel=4, padding=1, stride=2, transposed=True)),
    "conv1d": (32, 32, 256, 64, dict(dims=1, padding=1)),
    "conv3d": (8, 8, 16, 16, dict(dims=3, padding=1)),
}  # fmt: skip
SIZES = {name: dict(zip(("images", "channels", "side", "outputs"), case), **case[4]) for name, case in CASES.items()}


@workload("Convolutions", SIZES, images=(4, 8, 16, 32), channels=(16, 32, 64, 128), outputs=(16, 32, 64, 128), side=(8, 16, 32, 64))
def conv(torch, images, channels, side, outputs, kernel=3, dims=2, transposed=False, groups=1, **options):
    """A layer with a bias."""
    function = getattr(torch.nn.functional, f"conv_transpose{dims}d" if transposed else f"conv{dims}d")
    weight = (channels if transposed else outputs, (outputs if transposed else channels) // groups, *[kernel] * dims)
    return differentiated(torch, lambda x, w, b: function(x, w, b, groups=groups, **options), (images, channels, *[side] * dims), weight, (outputs,))


@workload("Convolutions", images=(8, 16, 32, 64))
def max_pool(torch, images=32):
    """Windows of 2×2 on 32 channels of 32×32."""
    return differentiated(torch, lambda x: torch.nn.functional.max_pool2d(x, 2), (images, 32, 32, 32))


@workload("Convolutions", images=(8, 16, 32, 64))
def avg_pool(torch, images=32):
    """Windows of 2×2 on 32 channels of 32×32."""
    return differentiated(torch, lambda x: torch.nn.functional.avg_pool2d(x, 2), (images, 32, 32, 32))
