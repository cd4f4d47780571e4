"""The data types, with PyTorch's names and PyTorch's promotion rules.

NumPy promotes ``int32 + float32`` to ``float64``; PyTorch stays at ``float32``. The whole difference lives here:
a *category* (bool < integer < floating < complex) decides first, and only within one category does the size decide.

Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

import numpy as np

BOOL, INTEGER, FLOATING, COMPLEX = range(4)  # the categories, in the order in which they win
_CATEGORY = {"b": BOOL, "i": INTEGER, "u": INTEGER, "f": FLOATING, "c": COMPLEX}


class dtype:
    """A tensor's element type; prints as ``torch.float32`` and knows its NumPy twin as ``.np``."""

    def __init__(self, name, title):
        self.name, self.title = name, title  # title: the word in PyTorch's messages, "Float" for float32
        self.np = np.dtype(name)
        self.category = _CATEGORY[self.np.kind]
        self.itemsize = self.np.itemsize

    is_floating_point = property(lambda self: self.category == FLOATING)
    is_complex = property(lambda self: self.category == COMPLEX)
    is_signed = property(lambda self: self.np.kind in "ifc")

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return dtype_of_name, (self.name,)

    def to_complex(self):
        """The complex type of the same precision: float32 → complex64."""
        return from_numpy_dtype(np.result_type(self.np, np.complex64)) if self.category < COMPLEX else self

    def to_real(self):
        """The real type of the same precision: complex64 → float32."""
        return from_numpy_dtype(np.empty(0, self.np).real.dtype)


_TITLES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long", "uint16": "UInt16", "uint32": "UInt32",
    "uint64": "UInt64", "float16": "Half", "float32": "Float", "float64": "Double", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip
_BY_NAME = {name: dtype(name, title) for name, title in _TITLES.items()}
_BY_NUMPY = {d.np: d for d in _BY_NAME.values()}

bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64, float16, float32, float64, complex64, complex128 = _BY_NAME.values()
ALIASES = {"half": float16, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64, "cfloat": complex64,
           "cdouble": complex128, "bool": bool_}  # fmt: skip

_default = {"dtype": float32}


def dtype_of_name(name):
    """The dtype called ``name``; the way back from a pickle."""
    return _BY_NAME[name]


def from_numpy_dtype(np_dtype):
    """PyTorch's dtype for a NumPy one, or the TypeError that ``from_numpy`` raises."""
    try:
        return _BY_NUMPY[np_dtype]
    except KeyError:
        twin = _BY_NUMPY.get(np.dtype(np_dtype).newbyteorder("="))
        if twin is None:
            raise TypeError(
                f"can't convert np.ndarray of type {np.dtype(np_dtype).type.__module__}.{np.dtype(np_dtype).type.__name__}. The only supported types are: "
                "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
            ) from None
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
    categories = (type1.category, type2.category)
    if categories[0] == categories[1] or (COMPLEX in categories and FLOATING in categories):
        # Within a category the size decides; complex64 with float64 needs complex128.
        return from_numpy_dtype(np.promote_types(type1.np, type2.np))
    return type1 if categories[0] > categories[1] else type2


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
    return promote_types(higher, lower)


def can_cast(from_, to):
    """True if an in-place operation may write ``from_`` into ``to``: never to a lower category (float to int).

    Source: https://pytorch.org/docs/stable/generated/torch.can_cast.html
    """
    return from_.category <= to.category


class finfo:
    """The limits of a floating-point type: ``eps``, ``max``, ``min``, ``tiny``, ``bits``."""

    def __init__(self, type=None):
        self._dtype = type or get_default_dtype()
        if self._dtype.category < FLOATING:
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.{self._dtype.name}'")
        info = np.finfo(self._dtype.np)
        self.bits, self.dtype = info.bits, self._dtype.to_real().name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)

    def __repr__(self):
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return "finfo(" + ", ".join(f"{f}={getattr(self, f):g}" for f in fields) + f", dtype={self.dtype})"


class iinfo:
    """The limits of an integer type: ``max``, ``min``, ``bits``."""

    def __init__(self, type):
        if type.category != INTEGER:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.{type.name}'")
        info = np.iinfo(type.np)
        self.bits, self.min, self.max, self.dtype = info.bits, int(info.min), int(info.max), type.name

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
