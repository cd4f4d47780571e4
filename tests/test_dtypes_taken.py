"""Every elementwise declaration takes the dtypes that PyTorch takes, gives the dtype that PyTorch gives, and refuses the others in its words."""

import warnings

import pytest

import lesson_lib
from lesson_lib.core.op import Elementwise, registry

from . import opcases

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
NAMES = [
    name for name, decl in registry.items()
    if decl.public and not decl.variadic and len(decl.inputs) < 3 and (issubclass(decl, Elementwise) or not (decl.params or len(decl.inputs) > 1))
]  # fmt: skip


def outcome(function, library, dtype, count):
    """The result's dtype, or the type and first line of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*(library.ones(2, 2, dtype=getattr(library, dtype)) for _ in range(count)))
        except TypeError:
            return "TypeError"  # arguments are missing: the wording lists the signatures of C++
        except Exception as error:
            kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
            return f"{kind.__name__}: {str(error).splitlines()[0]}"
    return str(result.dtype) if hasattr(result, "dtype") else [str(part.dtype) for part in result]


@pytest.mark.parametrize("name", NAMES)
def test_dtypes(torch, name):
    count = len(registry[name].inputs)
    for dtype in DTYPES:
        theirs = outcome(opcases.oracle_of(name, torch), torch, dtype, count)
        if "complex32" not in theirs:  # which NumPy has not
            assert outcome(opcases.function_of(name), lesson_lib, dtype, count) == theirs, dtype
