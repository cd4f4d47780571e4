"""A device that is strict about being a device: NumPy computes, but nothing may cross over to the host unnoticed.

``install()`` registers it under the spare device type "privateuseone", with the names that ``core/gpu.py`` offers on CuPy. An
array here refuses NumPy's functions, host arrays as partners, and ``__array__``; ``item``, ``float``, ``bool`` and ``int``
work, as on a GPU, and are counted in ``Array.syncs``: each would make the host wait for the device.
"""

import functools
import types

import numpy as np

from lesson_lib.core import cpu, patches
from lesson_lib.core.device import device, register_backend

TYPE = "privateuseone"

#: callables of NumPy that CuPy 14 does not have; an op that used one would fail on a GPU
MISSING = {
    "asmatrix", "block", "bmat", "einsum_path", "frompyfunc", "fromregex", "geomspace", "getbufsize", "geterr", "histogram_bin_edges", "insert",
    "isnat", "matvec", "nanpercentile", "nanquantile", "nested_iters", "polyder", "polydiv", "polyint", "seterr", "spacing", "unstack", "vecdot",
    "vecmat",
}  # fmt: skip
#: the methods of CuPy's arrays
METHODS = {
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "astype", "choose", "clip", "compress", "conj", "copy", "cumprod", "cumsum",
    "diagonal", "dot", "fill", "flatten", "max", "mean", "min", "nonzero", "partition", "prod", "ptp", "put", "ravel", "repeat", "reshape", "round",
    "searchsorted", "sort", "squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var", "view",
}  # fmt: skip
ATTRIBUTES = {"T", "dtype", "flags", "imag", "itemsize", "mT", "nbytes", "ndim", "real", "shape", "size", "strides"}


#: what ``core/gpu.py`` takes from ``core/patches.py``
KERNELS = ("conv2d", "conv2d_input", "conv2d_weight", "max_pool2d", "max_pool2d_scatter", "max_pool2d_gather", "avg_pool2d", "avg_pool2d_backward")


#: what CuPy's linalg has of NumPy's
LINALG = (
    "cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matrix_power", "matrix_rank", "norm", "pinv", "qr", "slogdet", "solve",
    "svd",
)  # fmt: skip


class CrossedOver(TypeError):
    """Host and device were mixed."""


class Array:
    """An array of the stand-in device."""

    __slots__ = ("__weakref__", "_host")
    __array_ufunc__ = None  # NumPy's operators leave the work to ours
    syncs = 0

    def __init__(self, host):
        self._host = host

    def __array__(self, *args, **kwargs):
        raise CrossedOver("a device array was converted to a NumPy array without saying so; use to_host")

    def __array_function__(self, function, kinds, args, kwargs):
        raise CrossedOver(f"numpy.{function.__name__} was called on a device array; use xp")

    def __getattr__(self, name):
        if name in ATTRIBUTES:
            return from_host(getattr(self._host, name))
        if name in METHODS:
            return on_device(getattr(self._host, name))
        raise AttributeError(f"device arrays have no attribute {name!r}")

    @property
    def data(self):
        return types.SimpleNamespace(ptr=self._host.__array_interface__["data"][0])

    def __getitem__(self, index):
        return Array(np.asarray(self._host[to_compute(index)])) if self._host.ndim == 0 else from_host(self._host[to_compute(index)])

    def __setitem__(self, index, value):
        self._host[to_compute(index)] = to_compute(value)

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return (from_host(part) for part in self._host)

    def __hash__(self):
        raise TypeError("unhashable type: 'Array'")

    def __repr__(self):
        return f"Array({self._host!r})"

    def tolist(self):
        Array.syncs += 1
        return self._host.tolist()

    def item(self, *args):
        Array.syncs += 1
        return self._host.item(*args)


def _add_operators():
    operators = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"]
    names = [f"__{prefix}{name}__" for name in operators for prefix in ("", "r", "i")]
    names += [f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert")]
    for name in names:
        setattr(Array, name, _operator(name))
    for name in ("__bool__", "__int__", "__float__", "__complex__", "__index__"):
        setattr(Array, name, _sync(name))


def _operator(name):
    def method(self, *others):
        if any(type(other).__name__ == "Tensor" for other in others):
            return NotImplemented
        result = getattr(self._host, name)(*map(to_compute, others))
        if name.startswith("__i") and name != "__invert__":
            return self
        return result if result is NotImplemented else from_host(result)

    return method


def _sync(name):
    def method(self):
        Array.syncs += 1
        return getattr(self._host, name)()

    return method


def to_compute(value):
    """The arguments of a device function for NumPy; a host array among them is a mistake."""
    if isinstance(value, Array):
        return value._host
    if isinstance(value, np.ndarray):
        raise CrossedOver("a NumPy array was mixed with device arrays")
    if isinstance(value, tuple | list):
        return like(value, map(to_compute, value))
    if isinstance(value, dict):
        return {key: to_compute(part) for key, part in value.items()}
    return value


def from_host(value):
    """A result of NumPy as the device would give it: 0-d results stay arrays."""
    if isinstance(value, np.ndarray | np.generic):
        return Array(np.asarray(value))
    if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray | np.generic) for part in value):
        return like(value, map(from_host, value))
    return value


def like(value, parts):
    """``parts`` as the kind of list or tuple that ``value`` is."""
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def on_device(function):
    """A NumPy function that takes and gives device arrays."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return from_host(function(*to_compute(args), **to_compute(kwargs)))

    return wrapper


class Ufunc:
    """A NumPy ufunc on device arrays, with the one method of ufuncs that the library uses."""

    def __init__(self, ufunc):
        self.call, self.at = on_device(ufunc), on_device(ufunc.at)

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)


class Namespace(types.ModuleType):
    """NumPy's functions on device arrays, as far as CuPy has them, and the further names of ``core/gpu.py``."""

    ndarray = Array

    def __getattr__(self, name):
        if name.startswith("_") or name in MISSING or not hasattr(cpu, name):
            raise AttributeError(f"the device's namespace has no {name!r}")
        value = getattr(cpu, name)
        if not callable(value) or isinstance(value, type):
            return value
        wrapped = Ufunc(value) if isinstance(value, np.ufunc) else on_device(value)
        setattr(self, name, wrapped)
        return wrapped

    @staticmethod
    def to_device(array, index=None):
        return Array(np.array(array))

    @staticmethod
    def to_host(array):
        return array._host.copy()


def _from_host_too(function):
    """``asarray`` and ``array`` may be given a host array: that is a copy to the device, said in so many words."""

    @functools.wraps(function)
    def wrapper(value, *args, **kwargs):
        return from_host(function(to_compute(Array(value) if isinstance(value, np.ndarray) else value), *args, **kwargs))

    return wrapper


def install():
    """Register the stand-in and return its namespace."""
    xp = Namespace("standin")
    xp.name = "standin"
    xp.asarray, xp.array = _from_host_too(np.asarray), _from_host_too(np.array)
    tricks = types.SimpleNamespace(**{name: on_device(getattr(np.lib.stride_tricks, name)) for name in ("as_strided", "sliding_window_view")})
    xp.lib = types.SimpleNamespace(stride_tricks=tricks)
    xp.fft = types.SimpleNamespace(**{name: on_device(function) for name, function in vars(np.fft).items() if callable(function)})
    xp.linalg = types.SimpleNamespace(LinAlgError=np.linalg.LinAlgError, **{name: on_device(getattr(np.linalg, name)) for name in LINALG})
    for part in ("linalg", "fft"):
        functions = {name: on_device(value) for name, value in vars(getattr(np, part)).items() if callable(value) and not isinstance(value, type)}
        setattr(xp, part, types.SimpleNamespace(**functions))
    for kernel in KERNELS:
        setattr(xp, kernel, functools.partial(getattr(patches, kernel), xp))
    register_backend(TYPE, Array, xp, lambda array: device(TYPE, 0))
    return xp


_add_operators()
