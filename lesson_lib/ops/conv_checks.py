"""What can be wrong with the arguments of a convolution, in the order in which PyTorch looks."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error, tensor_title
from ..core.window import span
from .matmul import WORDS
from .spatial import integers, of_image

_AXES = ("depth", "height", "width")


def check_input(name, ndim, input, bias):
    """The bias has the input's dtype (convolution does not promote), the input the right number of dimensions."""
    if bias is not None and bias._a.dtype != input._a.dtype:
        raise error("conv_bias_dtype", a=WORDS[input._a.dtype.name], b=WORDS[bias._a.dtype.name], more="")
    if input.ndim not in (ndim + 1, ndim + 2):
        raise error("conv_dims", single=ndim + 1, batch=ndim + 2, name=name, input=list(input.shape))


def check_padding_name(name, padding, x, weight, stride):
    """Padding by name is "same" or "valid"; the output of a strided convolution cannot have the input's size."""
    if padding not in ("same", "valid"):
        raise error("padding_string", found=padding)
    if padding == "same":
        if weight.ndim != x.ndim:
            raise _other_dims(x, weight, space="")
        if set(integers(name, "stride", stride, position=None)) != {1}:
            raise error("padding_same")


def settings(function, ndim, weight, **options):
    """Each option as a tuple with one number for each dimension of the kernel."""
    count, found = weight.ndim - 2, []
    if count < 1:
        raise error("conv_weight_dims")
    for name, value in options.items():
        values = (value,) * ndim if isinstance(value, int) else integers(function, name, value, position=None)
        values = values * count if len(values) == 1 else values
        if len(values) != count:
            raise error("conv_pair", name=name, count=count, found=list(values))
        found.append(values)
    return found


def check_numbers(win, output_padding=(0,)):
    """Groups, steps and sizes are positive, paddings at least 0."""
    for wrong, message in (
        (win.groups <= 0, "non-positive groups is not supported"),
        (min(win.padding) < 0, "negative padding is not supported"),
        (min(output_padding) < 0, "negative output_padding is not supported"),
        (min(win.stride) <= 0, "non-positive stride is not supported"),
        (min(win.dilation) < 0, "dilation should be greater than zero"),
        (min(win.dilation) == 0, f"dilation should be greater than zero, but got {list(win.dilation)}"),
    ):
        if wrong:
            raise error("conv_option", message=message)


def check_shapes(x, weight, bias, win):
    """The channels of input, weight and bias fit each other, and the kernel fits into the input."""
    x_shape, w_shape, groups = tuple(x.shape), tuple(weight.shape), win.groups
    _check_weight(x, weight, groups)
    _check_channels(f"groups={groups}", x_shape, w_shape, expected=w_shape[1] * groups)
    if bias is not None and tuple(bias.shape) != w_shape[:1]:
        raise error("conv_bias", what="", weight=list(w_shape), count=w_shape[0], found=list(bias.shape))
    sizes = [size + 2 * p for size, p in zip(x_shape[2:], win.padding)]
    reaches = [span(k, d) + 1 for k, d in zip(w_shape[2:], win.dilation)]
    if any(size < reach for size, reach in zip(sizes, reaches)):
        raise error("conv_kernel", input=" x ".join(map(str, sizes)), kernel=" x ".join(map(str, reaches)))


def check_shapes_transposed(x, weight, bias, win):
    """The same for a transposed convolution, whose weight names the input's channels first."""
    x_shape, w_shape = tuple(x.shape), tuple(weight.shape)
    _check_weight(x, weight, win.groups)
    _check_channels("transposed=1", x_shape, w_shape, expected=w_shape[0])
    if bias is not None and tuple(bias.shape) != (w_shape[1] * win.groups,):
        raise error("conv_bias", what="transposed=1, ", weight=list(w_shape), count=w_shape[1] * win.groups, found=list(bias.shape))
    if w_shape[1] == 0:
        raise error("conv_weight_empty", shape=[*w_shape[:2], *of_image(w_shape[2:], 1)])
    if 0 in x_shape[2:]:
        raise error("conv_empty", shape=[*x_shape[:2], *of_image(x_shape[2:], 1)])
    check_dtypes(x, weight)
    if bias is not None and bias._a.dtype != x._a.dtype:
        more = " or input should be a MKLDNN tensor and bias is a dense tensor"
        raise error("conv_bias_dtype", a=f"torch.{tensor_title(x._a.dtype)}", b=f"torch.{tensor_title(bias._a.dtype)}", more=more)


def _check_channels(what, x_shape, w_shape, expected):
    if x_shape[1] != expected:
        raise error("conv_channels", what=what, weight=list(w_shape), input=list(x_shape), expected=expected, found=x_shape[1])


def _check_weight(x, weight, groups):
    if weight.ndim != x.ndim:
        raise _other_dims(x, weight, space=" ")
    if weight.shape[0] < groups:
        raise error("conv_groups_least", groups=groups, weight=list(weight.shape))
    if weight.shape[0] % groups:
        raise error("conv_groups_share", groups=groups, weight=list(weight.shape))
    kernel = of_image(tuple(weight.shape[2:]), 1)
    if min(kernel) < 1:
        found = " ".join(f"kernel_{axis}: {size}" for axis, size in zip(_AXES[-len(kernel) :], kernel))
        raise error("conv_option", message=f"kernel size should be greater than zero, but got {found}")


def _other_dims(x, weight, space):
    return error("conv_weight_input", ndim=weight.ndim, space=space, weight=list(weight.shape), found=x.ndim, input=list(x.shape))


def check_output_padding(win, output_padding):
    """Where no window could begin nor a tap lie, there is nothing to pad for."""
    if any(extra >= max(s, d) for extra, s, d in zip(output_padding, win.stride, win.dilation)):
        axes = _AXES[-max(2, len(output_padding)) :]
        parts = {"output_padding": of_image(output_padding, 0), "stride": of_image(win.stride, 1), "dilation": of_image(win.dilation, 1)}
        found = " ".join(f"{name}_{axis}: {number}" for name, numbers in parts.items() for axis, number in zip(axes, numbers))
        raise error("conv_output_padding", found=found)


def check_output_size(x, sizes):
    """The padding must leave something of the output."""
    if min(sizes) < 1:
        before, after = (" x ".join(map(str, of_image(tuple(shape), 1))) for shape in (x.shape[2:], sizes))
        raise error("conv_output_size", input=before, output=after)


def check_dtypes(x, weight):
    """PyTorch's convolution does not promote."""
    if weight._a.dtype != x._a.dtype:
        raise error("dtype_expected", expected=from_numpy_dtype(x._a.dtype).title, found=from_numpy_dtype(weight._a.dtype).title)


def check_tbc(input, weight, bias):
    """The shapes that ``conv_tbc`` wants."""
    for wrong, message in (
        (input.ndim != 3, "Input must have 3 dims: time, batch, in_channel"),
        (weight.ndim != 3, "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels."),
        (bias.ndim != 1, "Bias must be 1-D"),
        (weight.ndim == 3 and input.shape[-1] != weight.shape[1], "Input dim 2 (input channels) is not == dim 1 in the weight tensor"),
        (weight.ndim == 3 and bias.shape[:1] != weight.shape[2:], "Bias size must equal dim 2 in the weight tensor (output channels)."),
    ):
        if wrong:
            raise error("conv_tbc", message=message)
