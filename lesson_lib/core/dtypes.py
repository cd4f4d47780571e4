"""The data types, with PyTorch's names and PyTorch's promotion rules.

NumPy promotes ``int32 + float32`` to ``float64``; PyTorch stays at ``float32``. The whole difference lives here:
a *category* (bool < integer < floating < complex) decides first, and only within one category does the size decide.

NumPy has no bfloat16. The optional package ``ml_dtypes`` adds it, and is loaded when the first such tensor is made.

Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

import importlib

import numpy as np

from .errors import error

BOOL, INTEGER, FLOATING, COMPLEX = range(4)  # the categories, in the order in which they win
_CATEGORY = {"b": BOOL, "i": INTEGER, "u": INTEGER, "f": FLOATING, "c": COMPLEX}

#: the kinds of NumPy dtypes that can have gradients: float, complex, and "V", which is what NumPy calls the kind of bfloat16
INEXACT = "fcV"


class dtype:
    """A tensor's element type; prints as ``torch.float32`` and knows its NumPy twin as ``.np``."""

    def __init__(self, name, title, kind, itemsize):
        self.name, self.title = name, title  # title: the word in PyTorch's messages, "Float" for float32
        self.category, self.itemsize = _CATEGORY[kind], itemsize
        self.is_signed = kind in "ifc"
        if name not in _WITHOUT_TWIN:
            self.np = np.dtype(name)

    is_floating_point = property(lambda self: self.category == FLOATING)
    is_complex = property(lambda self: self.category == COMPLEX)

    def __getattr__(self, name):
        """The twin of a type that NumPy lacks, when it is first asked for."""
        if name != "np":
            raise AttributeError(f"'torch.dtype' object has no attribute '{name}'")
        self.np = _load_twin(self.name)
        _BY_NUMPY[self.np] = self
        return self.np

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return dtype_of_name, (self.name,)

    def to_complex(self):
        """The complex type of the same precision: float32 → complex64."""
        if self.category < FLOATING:
            raise error("no_complex_partner", title=self.title)
        return self if self.category == COMPLEX else _COMPLEX[self]

    def to_real(self):
        """The real type of the same precision: complex64 → float32."""
        return next((real for real, its_complex in _COMPLEX.items() if its_complex is self), self)


_WITHOUT_TWIN = ("bfloat16", "complex32")
_TABLE = {
    "bool": ("Bool", "b", 1), "uint8": ("Byte", "u", 1), "int8": ("Char", "i", 1), "int16": ("Short", "i", 2), "int32": ("Int", "i", 4),
    "int64": ("Long", "i", 8), "uint16": ("UInt16", "u", 2), "uint32": ("UInt32", "u", 4), "uint64": ("UInt64", "u", 8),
    "float16": ("Half", "f", 2), "float32": ("Float", "f", 4), "float64": ("Double", "f", 8), "bfloat16": ("BFloat16", "f", 2),
    "complex32": ("ComplexHalf", "c", 4), "complex64": ("ComplexFloat", "c", 8), "complex128": ("ComplexDouble", "c", 16),
}  # fmt: skip
_BY_NAME = {name: dtype(name, *row) for name, row in _TABLE.items()}
_BY_NUMPY = {d.np: d for name, d in _BY_NAME.items() if name not in _WITHOUT_TWIN}

ALL = tuple(_BY_NAME.values())
bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64 = ALL[:9]
float16, float32, float64, bfloat16, complex32, complex64, complex128 = ALL[9:]
ALIASES = {"half": float16, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64, "chalf": complex32,
           "cfloat": complex64, "cdouble": complex128, "bool": bool_}  # fmt: skip
#: what PyTorch's messages call the types of C++, by their titles
C_TYPES = {
    "Bool": "bool", "Byte": "unsigned char", "Char": "signed char", "Short": "short int", "Int": "int", "Long": "long int", "Half": "c10::Half",
    "BFloat16": "c10::BFloat16", "Float": "float", "Double": "double", "ComplexFloat": "c10::complex<float>", "ComplexDouble": "c10::complex<double>",
}  # fmt: skip

#: the complex type whose parts can hold a real type; only the first real type of a complex one is its parts' type
_COMPLEX = {float16: complex32, float32: complex64, float64: complex128, bfloat16: complex64}
_NO_PROMOTION = (uint16, uint32, uint64)  # PyTorch combines these with floats alone


def _load_twin(name):
    """The NumPy dtype of bfloat16, from the package that defines it; the error that says what is missing."""
    if name == "complex32":
        raise error("no_complex32")
    try:
        return np.dtype(importlib.import_module("ml_dtypes").bfloat16)
    except ModuleNotFoundError:
        raise error("no_bfloat16") from None


_default = {"dtype": float32}


def dtype_of_name(name):
    """The dtype called ``name``; the way back from a pickle."""
    return _BY_NAME[name]


def from_numpy_dtype(np_dtype):
    """PyTorch's dtype for a NumPy one, or the TypeError that ``from_numpy`` raises."""
    try:
        return _BY_NUMPY[np_dtype]
    except KeyError:
        np_dtype = np.dtype(np_dtype)
        twin = _BY_NUMPY.get(np_dtype.newbyteorder("="))
        if twin is None and np_dtype.name == "bfloat16" and bfloat16.np == np_dtype:
            return bfloat16  # the first array of this type; asking for its twin registered it
        if twin is None:
            raise error("numpy_type", type=f"{np_dtype.type.__module__}.{np_dtype.type.__name__}") from None
        return twin


def get_default_dtype():
    """The dtype of new floating-point tensors, ``torch.float32`` unless changed."""
    return _default["dtype"]


def set_default_dtype(d):
    """Make ``d`` the dtype of new floating-point tensors (it must be a floating-point type)."""
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default["dtype"] = d


def dtype_of_scalar(value):
    """The dtype a Python number has on its own: bool, int64, the default float, or its complex partner."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default["dtype"]
    return _default["dtype"].to_complex()


def promote_types(type1, type2):
    """The smallest dtype that holds both; the higher category wins.

    >>> import lesson_lib as torch
    >>> torch.promote_types(torch.int32, torch.float32)
    torch.float32

    Source: https://pytorch.org/docs/stable/generated/torch.promote_types.html
    """
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: d.category)
    if (low in _NO_PROMOTION or high in _NO_PROMOTION) and high.category != FLOATING:
        raise error("unsigned_promotion", a=type1.title, b=type2.title)
    if low.category < FLOATING:
        return high if low.category < high.category else _BY_NUMPY[np.promote_types(low.np, high.np)]
    # Among the inexact types the precision decides; complex64 with float64 needs complex128.
    precision = _wider(low.to_real(), high.to_real())
    if high.category == FLOATING:
        return precision
    return precision.to_complex()


def _wider(a, b):
    """The more precise of two real types. Of float16 and bfloat16 neither holds the other: float32 holds both."""
    if a.itemsize == b.itemsize:
        return a if a is b else float32
    return a if a.itemsize > b.itemsize else b


def result_type_of(dimensioned, zero_dim, scalars):
    """Combine three priorities: tensors with dimensions, 0-d tensors, Python numbers. A lower one counts only by category.

    Each argument is a list of dtypes. An ``int64`` vector times ``2.5`` is a float; a ``float32`` vector times a
    0-d ``float64`` tensor stays ``float32``.
    """
    result = None
    for group in (dimensioned, zero_dim, scalars):
        combined = None
        for d in group:
            combined = d if combined is None else promote_types(combined, d)
        if combined is not None:
            result = combined if result is None else _raise_category(result, combined)
    return result


def _raise_category(higher, lower):
    """``higher`` unless ``lower`` is of a higher category, which then wins."""
    if lower.category <= higher.category:
        return higher
    if lower.category == COMPLEX and higher.category == FLOATING:
        return higher.to_complex()
    return promote_types(higher, lower) if higher is bool_ else lower  # a number makes even uint16 complex, which promote_types refuses


def can_cast(from_, to):
    """True if an in-place operation may write ``from_`` into ``to``: never a complex number into a real one, a float into an integer,
    a number into a bool.

    Source: https://pytorch.org/docs/stable/generated/torch.can_cast.html
    """
    return from_.category <= to.category


class finfo:
    """The limits of a floating-point type: ``eps``, ``max``, ``min``, ``tiny``, ``bits``.

    For a complex type they are those of its parts. Source: https://pytorch.org/docs/stable/type_info.html#torch.torch.finfo
    """

    def __init__(self, type=None):
        self._dtype = get_default_dtype() if type is None else type
        _check_dtype(self._dtype, "finfo")
        if self._dtype.category < FLOATING:
            raise error("finfo_type")
        real = self._dtype.to_real()
        info = _BFLOAT16_LIMITS if real is bfloat16 else np.finfo(real.np)
        self.bits, self.dtype = real.itemsize * 8, real.name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = 10.0**-info.precision

    def __repr__(self):
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return "finfo(" + ", ".join(f"{f}={getattr(self, f):g}" for f in fields) + f", dtype={self.dtype})"


class _BFLOAT16_LIMITS:
    """8 bits of exponent, as many as float32 has, and 7 of fraction."""

    eps, tiny, precision = 2.0**-7, 2.0**-126, 2
    max = (2 - eps) * 2.0**127
    min = -max


class iinfo:
    """The limits of an integer type: ``max``, ``min``, ``bits``. Source: https://pytorch.org/docs/stable/type_info.html#torch.torch.iinfo"""

    def __init__(self, type):
        _check_dtype(type, "iinfo")
        if type.category != INTEGER:
            raise error("iinfo_bool") if type is bool_ else error("iinfo_type")
        info = np.iinfo(type.np)
        self.bits, self.min, self.max, self.dtype = info.bits, int(info.min), int(info.max), type.name

    def __repr__(self):
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _check_dtype(value, name):
    if not isinstance(value, dtype):
        raise error("info_type", name=name, type=type(value).__name__)
