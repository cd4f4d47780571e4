"""What can be wrong with the arguments of a pooling, in the order in which PyTorch looks. Its messages differ between functions and dimensions."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.window import pool_length, pool_output_shape
from .spatial import integers

_COUNTS = {2: "two", 3: "three"}
_POSITIONS = {"kernel_size": 2, "stride": 3, "padding": 4, "dilation": 5}


def settings(name, dims, **options):
    """Each option as a tuple of ``dims`` numbers; no stride means the kernel's size."""
    options = _with_stride(name, options)
    for option, values in options.items():
        if len(values) not in (1, dims):
            either = "must " if name == "avg_pool3d" else "must be either " if option == "dilation" else "must either "
            choices = "be omitted, " if option == "stride" else "" if option == "dilation" else "be "
            raise error("pool_count", name=f"{name}: {option} ", message=f"{either}{choices}a single int, or a tuple of {_COUNTS[dims]} ints")
    return [values * dims if len(values) == 1 else values for values in options.values()]


def settings_1d(name, input, **options):
    """The same for sequences, whose dimensions are checked first."""
    if input.ndim not in (2, 3):
        raise error("pool_dims_1d", ndim=input.ndim, name=name)
    options = _with_stride(name, options)
    for option, values in options.items():
        if len(values) != 1:
            raise error("pool_count", name=f"{name}() argument '{option}' ", message=f"should contain one int (got {len(values)})")
    return list(options.values())


def max_pool1d_settings(input, ceil_mode, **options):
    """The same for ``max_pool1d`` without indices, which has a kernel and messages of its own."""
    shape = tuple(input.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise error("pool_empty", name="max_pool1d: ", single=2, batch=3, shape=list(shape))
    kinds = {"kernel_size": "an int, list of ints or", "stride": "None, an int, list of ints, or", "padding": "an int, list of ints, or"}
    options = _with_stride("max_pool1d", options)
    for option, values in options.items():
        if len(values) != 1:
            kind = kinds.get(option, kinds["kernel_size"])
            raise error("pool_count", name=f"max_pool1d() {option} ", message=f"must be {kind} tuple of ints of size 1 but got size {len(values)}")
    (kernel,), (stride,), (padding,), (dilation,) = options.values()
    for wrong, message in (
        (kernel <= 0, f"kernel_size must be greater than zero, but got {kernel}"),
        (stride <= 0, f"stride must be greater than zero, but got {stride}"),
        (padding < 0, f"padding must be non-negative, but got {padding}"),
        (padding > kernel // 2, f"padding should be at most half of kernel size, but got padding={padding} and kernel_size={kernel}"),
        (dilation <= 0, f"dilation must be greater than zero, but got {dilation}"),
    ):
        if wrong:
            raise error("pool_option", message=f"max_pool1d() {message}")
    length = pool_length(shape[-1], kernel, stride, padding, dilation, ceil_mode)
    if length <= 0:
        raise error("pool_option", message=f"max_pool1d() Invalid computed output size: {length}")
    if input._a.dtype.kind not in "fV":
        raise error("not_implemented_for", kernel="max_pool1d_impl", dtype=from_numpy_dtype(input._a.dtype).title)
    return list(options.values())


def _with_stride(name, options):
    given = dict(options)
    if given["stride"] is None or given["stride"] == ():
        given["stride"] = given["kernel_size"]
    return {option: integers(name, option, value, _POSITIONS[option]) for option, value in given.items()}


def check_divisor(divisor):
    """A mean needs something to divide by."""
    if divisor == 0:
        raise error("pool_option", message="divisor must be not zero")


def check_max_pool(input, kernel, stride, padding, dilation, ceil_mode):
    """The input has the right dimensions, and a window fits into it."""
    dims = len(kernel)
    if input.ndim not in (dims + 1, dims + 2):
        raise error("pool_dims", single=dims + 1, batch=dims + 2)
    _check_padding(kernel, stride, padding, dilation)
    _check_positive(kernel, stride, dilation)
    _check_elements(input, dims, "max_pool3d_with_indices_out_cpu_template")
    _check_output(input, kernel, stride, padding, dilation, ceil_mode)


def check_avg_pool(input, kernel, stride, padding, ceil_mode):
    """The same for means, which look at the input later."""
    dims = len(kernel)
    if dims == 3 and input.ndim not in (4, 5):
        raise error("pool_dims", single=4, batch=5)
    if dims == 2 and input.ndim < 3:
        raise error("dim_range", low=-input.ndim, high=input.ndim - 1, dim=-3, ndim=input.ndim)
    dilation = (1,) * dims
    _check_padding(kernel, stride, padding, dilation)
    _check_positive(kernel, stride, dilation)
    _check_elements(input, dims, "avg_pool3d")
    if dims == 3 and any(size < k for size, k in zip(input.shape[-3:], kernel)):
        found, wanted = (" ".join(f"{prefix}{axis}: {n}" for axis, n in zip("THW", ns)) for prefix, ns in (("", input.shape[-3:]), ("k", kernel)))
        raise error("pool_volume", input=found, kernel=wanted)
    _check_output(input, kernel, stride, padding, dilation, ceil_mode)


def _check_padding(kernel, stride, padding, dilation):
    for k, s, p, d in zip(kernel, stride, padding, dilation):
        if s == 0:
            raise error("pool_option", message="stride should not be zero")
        if p < 0:
            raise error("pool_option", message=f"pad must be non-negative, but got pad: {p}")
        if p > max((k - 1) * d + 1, 0) // 2:
            raise error("pool_padding", padding=p, kernel=k, dilation=d)


def _check_positive(kernel, stride, dilation):
    for what, letter, values in (("kernel size", "k", kernel), ("stride", "d", stride), ("dilation", "dilation", dilation)):
        if min(values) <= 0:
            found = " ".join(f"{letter}{axis}: {value}" for axis, value in zip("THW"[-len(values) :], values))
            raise error("pool_option", message=f"{what} should be greater than zero, but got {found}")


def _check_elements(input, dims, name):
    """Only the batch may be empty."""
    empty = 0 in input.shape[-dims - 1 :]
    if dims == 3 and empty:
        raise error("pool_empty_3d", name=name, shape=list(input.shape))
    if empty or input.ndim not in (dims + 1, dims + 2):
        raise error("pool_empty", name="", single=dims + 1, batch=dims + 2, shape=list(input.shape))


def _check_output(input, kernel, stride, padding, dilation, ceil_mode):
    shape = tuple(input.shape) if input.ndim == len(kernel) + 2 else (1, *input.shape)
    y_shape = pool_output_shape(shape, kernel, stride, padding, dilation, ceil_mode)
    if min(y_shape[2:]) < 1:
        before, after = ("x".join(map(str, sizes[1:])) for sizes in (shape, y_shape))
        raise error("pool_too_small", input=before, output=after)
