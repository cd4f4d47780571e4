"""What the tests of operations share: inputs made from a declaration's samples, and PyTorch's function for each declaration."""

import importlib
import math
import pkgutil
import zlib

import numpy as np

import lesson_lib.ops
from lesson_lib.core import dtypes
from lesson_lib.core.device import device, to_array
from lesson_lib.core.op import registry
from lesson_lib.core.tensor import Tensor, wrap

for module in pkgutil.iter_modules(lesson_lib.ops.__path__):
    importlib.import_module(f"lesson_lib.ops.{module.name}")

CPU = device("cpu")
LAYOUTS = ("plain", "strided", "readonly", "turned")
FREE_AT_TIES = {"topk", "kthvalue"}  # which index comes for equal elements is left open
GIVEN_A_COPY = {"to_device", "unsafe_view", "unsafe_split_equal", "unsafe_split_parts"}  # building blocks that may hand on the memory they are given
SYMMETRIC = {"linalg_cholesky_ex", "linalg_eigh"}  # they read one triangle of a symmetric matrix; the gradient is that of symmetric steps
FREE_SIGNS = {"linalg_svd", "linalg_eigh", "linalg_eig", "eigenpairs"}  # a vector and its negative are equally right
#: they look at the memory as it lies
NEEDS_ONE_PIECE = {"view", "unsafe_view", "view_dtype", "strided", "strided_in", "as_strided_scatter", "view_as_complex"}
#: elementwise in row-major order whatever the input's: PyTorch's own, because it fills a new tensor; here, because pairs of numbers lie together
ROW_MAJOR = {"masked_fill", "isreal", "pow_base", "mvlgamma", "logsigmoid"} | {"complex", "polar"}
WRONG_GRADIENT = {"as_strided_scatter"}  # PyTorch's own gradcheck refuses its gradient: it is 1 where src was written and 0 elsewhere


class Maker:
    """``t(2, 3, low=0.5)``: a tensor of random numbers. Equal seeds give equal numbers, whatever the dtype, layout or device."""

    def __init__(self, name, *, dtype="float64", layout="plain", dev=CPU, grad=False):
        self.draw = np.random.RandomState(zlib.crc32(name.encode()))
        self.dtype, self.layout, self.device, self.grad = dtype, layout, dev, grad

    def __call__(self, *shape, low=-2.0, high=2.0, dtype=None):
        kind = np.dtype(getattr(dtype, "name", dtype) or self.dtype)
        numbers = self.draw.uniform(low, high, shape)
        if kind.kind == "b":
            array = np.asarray(numbers > 0)
        elif kind.kind == "c":
            array = np.asarray(numbers + 1j * self.draw.uniform(-1, 1, shape), dtype=kind)
        elif kind.kind in "iu":
            array = np.asarray(np.maximum(np.floor(numbers), math.ceil(low)), dtype=kind)  # integers from low to high - 1
        else:
            array = np.asarray(numbers, dtype=kind)
        tensor = wrap(to_array(laid_out(array, self.layout), self.device))
        if self.grad and kind.kind in "fc":
            tensor.requires_grad_()
        return tensor


def laid_out(array, layout):
    """The same numbers: in one piece, every second one of a larger array, not to be written to, or with the columns in one piece."""
    if layout == "strided" and array.ndim:
        wider = np.zeros((2 * array.shape[0], *array.shape[1:]), array.dtype)[::2]
        wider[...] = array
        return wider
    if layout == "turned":
        return np.array(array, order="F")
    if layout == "readonly":
        array.flags.writeable = False
    return array


def sampled():
    """(op, number) for every sample of every declaration."""
    return [(name, number) for name, decl in registry.items() if decl.samples for number in range(len(list(decl.samples(Maker(name)))))]


def failing():
    """(op, number) for every error case of every declaration."""
    return [(name, number) for name, decl in registry.items() if decl.errors for number in range(len(list(decl.errors(Maker(name)))))]


def sample(name, number, **options):
    """The arguments of one call."""
    return list(registry[name].samples(Maker(name, **options)))[number]


def function_of(name):
    """The function with PyTorch's signature; for a building block the bare call."""
    decl = registry[name]
    return decl.call if decl.public else decl.raw if decl.signature is None else decl.call


def tensors_in(value):
    """The tensors among the arguments of a call, or among its results."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [tensor for part in value for tensor in tensors_in(part)]
    if isinstance(value, dict):
        return tensors_in(list(value.values()))
    return []


def free_of_signs(name, outputs):
    """The outputs as squares, if the sign (or the phase) of their vectors is free."""
    return [out * out.conj() if name in FREE_SIGNS else out for out in outputs]


def exchanged(value, tensors):
    """The same arguments with other tensors in the places of theirs; ``tensors`` is an iterator."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(exchanged(part, tensors) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(exchanged(part, tensors) for part in value)
    if isinstance(value, dict):
        return {key: exchanged(part, tensors) for key, part in value.items()}
    return value


def for_torch(value, torch):
    """The same arguments for PyTorch: tensors, dtypes and devices become its own, everything else stays."""
    if isinstance(value, Tensor):
        return torch.from_numpy(np.array(value.detach().numpy())).requires_grad_(value.requires_grad)
    if isinstance(value, dtypes.dtype):
        return getattr(torch, value.name)
    if isinstance(value, tuple | list):
        return type(value)(for_torch(part, torch) for part in value)
    if isinstance(value, dict):
        return {key: for_torch(part, torch) for key, part in value.items()}
    return value


def has_counterpart(name):
    """PyTorch has a function for it: true of every public one."""
    return registry[name].public or name in ORACLES


def oracle_of(name, torch):
    """PyTorch's function for a declaration, or None for a building block that PyTorch does not show."""
    if name in ORACLES:
        return ORACLES[name](torch)
    if not registry[name].public:
        return None
    family, _, rest = name.partition("_")
    if family in ("linalg", "fft", "special") and rest:
        return getattr(getattr(torch, family), rest)
    for home in (torch, torch.nn.functional, torch.Tensor, torch.linalg):
        if hasattr(home, name):
            return getattr(home, name)
    return None


#: building blocks under the name that PyTorch's users call them by
ORACLES = {
    "true_div": lambda torch: torch.true_divide,
    "div_rounded": lambda torch: torch.div,
    "pow_scalar": lambda torch: torch.pow,
    "pow_tensor": lambda torch: torch.pow,
    "pow_base": lambda torch: torch.pow,
    "where_else": lambda torch: torch.where,
    "max_all": lambda torch: lambda x, dim, keepdim: torch.max(x),
    "min_all": lambda torch: lambda x, dim, keepdim: torch.min(x),
    "max_dim": lambda torch: lambda x, dim, keepdim: torch.max(x, dim or 0, keepdim),
    "min_dim": lambda torch: lambda x, dim, keepdim: torch.min(x, dim or 0, keepdim),
    "median_dim": lambda torch: lambda x, dim, keepdim: torch.median(x, dim or 0, keepdim),
    "median_all": lambda torch: torch.median,
    "prelu_kernel": lambda torch: torch.nn.functional.prelu,
    "rsub": lambda torch: torch.rsub,
    # methods of Tensor whose function differs, or is another function
    "permute": lambda torch: torch.Tensor.permute,
    "flip": lambda torch: torch.Tensor.flip,
    "fft_c2c": lambda torch: lambda x, dim, normalization, forward: torch._fft_c2c(x, dim, normalization, forward),
    "fft_r2c": lambda torch: lambda x, dim, normalization, onesided: torch._fft_r2c(x, dim, normalization, onesided),
    "fft_c2r": lambda torch: lambda x, dim, normalization, last_dim_size: torch._fft_c2r(x, dim, normalization, last_dim_size),
    "pseudo_inverse": lambda torch: torch.linalg.pinv,
    "unfold": lambda torch: torch.Tensor.unfold,
    "scatter_add": lambda torch: torch.Tensor.scatter_add,
    "vector_norm": lambda torch: torch.linalg.vector_norm,
}
