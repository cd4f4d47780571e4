"""What to tell the user when an op's ``forward`` failed: PyTorch's exception in place of NumPy's."""

from .allocation import explained_memory
from .dtypes import from_numpy_dtype
from .errors import compose, error, operand_shapes_error
from .promote import NUMBERS, not_a_tensor


def refused(decl, dtype):
    """PyTorch's error for a dtype that the op's kernel does not know."""
    if decl.refusal is not None and dtype.kind == "c":
        return error(decl.refusal, name=decl.native or decl.name)
    return error("not_implemented_for", kernel=decl.kernel or decl.name.removeprefix("special_") + "_cpu", dtype=from_numpy_dtype(dtype).title)


def explained(decl, exc, arrays, params):
    """PyTorch's exception in place of NumPy's."""
    memory = explained_memory(exc)
    if memory is not None:
        return memory
    if decl.explain is not None:
        better = decl.explain(exc, arrays, params)
        if better is not None:
            return better
    if "\n  Try: " in str(exc):
        return exc  # it is one of ours already, from an op inside the op
    if decl.kinds is not None:
        for array in arrays:
            if hasattr(array, "dtype") and array.dtype.kind not in decl.kinds:
                return refused(decl, array.dtype)
    if isinstance(exc, AttributeError):
        for position, value in enumerate(arrays):
            if isinstance(value, NUMBERS):
                return not_a_tensor(decl, value, position)
    shapes = [a.shape for a in arrays if hasattr(a, "shape")]
    if decl.promotion != "keep" and len(shapes) > 1:
        clash = operand_shapes_error(shapes)
        if clash is not None:
            return clash
    return RuntimeError(compose(f"{decl.name}: {exc}", "Check the shapes and dtypes: " + ", ".join(map(str, shapes))))
