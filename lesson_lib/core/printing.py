"""How a tensor is shown: PyTorch's text, byte for byte.

Three decisions make the text. *Which numbers*: all of them, or only the edges of a large tensor. *Which notation*:
integers, fixed point or scientific, one choice for the whole tensor so that its columns line up. *Which remarks*
follow: device, size, dtype, grad_fn, whatever differs from a plain tensor.

Source: https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

import contextlib
import dataclasses
import itertools
import math

import numpy as np


@dataclasses.dataclass
class PrintOptions:
    """The settings of tensor printing; ``set_printoptions`` changes them."""

    precision: int = 4  # digits after the point
    threshold: float = 1000  # more elements than this: show only the edges
    edgeitems: int = 3  # how many at each edge
    linewidth: int = 80  # break lines here
    sci_mode: bool | None = None  # None: decided for each tensor


PRINT_OPTS = PrintOptions()

_PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """Choose how tensors are printed; an option left at None keeps its value.

    precision: digits after the point (4).  threshold: summarise above this number of elements (1000).
    edgeitems: elements kept at each end of a summarised dimension (3).  linewidth: characters in a line (80).
    profile: "default", "short" or "full".  sci_mode: True or False forces the notation; None, which is also what
    every call without it sets, leaves the choice to each tensor.

    >>> import lesson_lib as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.12345])
    tensor([1.12])
    >>> torch.set_printoptions(profile="default")

    Source: https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    changes = dict(_PROFILES.get(profile, {}))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes.update((name, value) for name, value in given.items() if value is not None)
    for name, value in changes.items():
        setattr(PRINT_OPTS, name, value)
    PRINT_OPTS.sci_mode = sci_mode


@contextlib.contextmanager
def printoptions(**options):
    """Print with other options inside a ``with`` block; takes what ``set_printoptions`` takes."""
    before = dataclasses.asdict(PRINT_OPTS)
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_array(
    a, dtype_name, *, device=None, grad_fn_name=None, requires_grad=False, is_parameter=False, default_float="float32", type_name="tensor"
):
    """The text PyTorch's ``repr`` gives for a tensor with the values of ``a``.

    a: a NumPy array of any shape and dtype.  dtype_name: the tensor's dtype without ``torch.``; a ``"bfloat16"``
    tensor passes its values as float32.  device: named in the text unless None.  grad_fn_name: such as
    ``"AddBackward0"``, or None.  type_name: the class, for a subclass of Tensor.

    >>> import numpy as np
    >>> from lesson_lib.core.printing import format_array
    >>> print(format_array(np.array([[1.0, 2.5]]), "float64", grad_fn_name="AddBackward0"))
    tensor([[1.0000, 2.5000]], dtype=torch.float64, grad_fn=<AddBackward0>)

    Source: https://pytorch.org/docs/stable/tensors.html
    """
    indent = len(type_name) + 1  # later lines start under the first character after "tensor("
    remarks = [] if device is None else [f"device='{device}'"]
    remarks += _size_and_dtype(a, dtype_name, default_float)
    if grad_fn_name is not None:
        remarks.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        remarks.append("requires_grad=True")
    body = format_values(a, indent) if a.size else "[]"
    text = _append_remarks(f"{type_name}({body}", remarks, indent)
    return "Parameter containing:\n" + text if is_parameter else text


def _size_and_dtype(a, dtype_name, default_float):
    """The remarks on shape and dtype: each is left out where the numbers themselves tell."""
    remarks = []
    if (a.size == 0 and a.ndim != 1) or (a.size and not PRINT_OPTS.edgeitems):
        remarks.append(f"size={a.shape}")
    # Without elements nothing shows that a tensor holds integers, so only the default float type goes unsaid.
    unsaid = {default_float}
    if a.size:
        unsaid |= {"int64", "bool", "complex128" if default_float == "float64" else "complex64"}
    if dtype_name not in unsaid:
        remarks.append(f"dtype=torch.{dtype_name}")
    return remarks


def _append_remarks(text, remarks, indent):
    """Add ", remark" for each one, on a new line where the current one would grow too long."""
    last_line = len(text) - text.rfind("\n") + 1
    for remark in remarks:
        if last_line + len(remark) + 2 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * indent + remark
            last_line = indent + len(remark)
        else:
            text += ", " + remark
            last_line += len(remark) + 2
    return text + ")"


def format_values(a, indent=0):
    """The bracketed numbers of a non-empty array, later lines indented by ``indent`` spaces.

    >>> import numpy as np
    >>> from lesson_lib.core.printing import format_values
    >>> print(format_values(np.array([[1, -20], [3, 4]])))
    [[  1, -20],
     [  3,   4]]
    """
    summarize = a.size > PRINT_OPTS.threshold
    shown = _edges(a) if summarize else a
    if a.dtype.kind == "c":
        cells, width = _complex_cells(shown)
    else:
        cells, width = _aligned(_texts(shown.ravel().tolist(), a.dtype.kind in "fV"))
    return _nested(a.shape, iter(cells), indent, width + 2, summarize)  # + 2: the comma and the space


def _edges(a):
    """The elements a summary shows: ``edgeitems`` from each end of every dimension longer than twice that.

    Only these are ever turned into text, so a tensor of a million elements prints as fast as one of a thousand.
    """
    edge = PRINT_OPTS.edgeitems
    return a[np.ix_(*[np.r_[:edge, n - edge : n] if n > 2 * edge else np.arange(n) for n in a.shape])] if a.ndim else a


def _texts(values, is_float):
    """(text of each value, does it count for the column's width?), in one notation for all values."""
    if not is_float:
        return [(str(value), True) for value in values]
    counted = [value != 0 and math.isfinite(value) for value in values]
    write = _float_notation([abs(value) for value, counts in zip(values, counted) if counts])
    return [(write(value), counts) for value, counts in zip(values, counted)]


def _float_notation(magnitudes):
    """The function that writes a float, chosen from the finite non-zero magnitudes of the whole tensor.

    Scientific when the largest is over 1000 times the smallest, or any is above 1e8 or below 1e-4; otherwise
    whole numbers as "3." and all else with ``precision`` digits.
    """
    precision = PRINT_OPTS.precision
    whole = all(m.is_integer() for m in magnitudes)
    scientific = False
    if magnitudes:  # a tensor of zeros, infinities and nans is never scientific, not even when asked
        low, high = min(magnitudes), max(magnitudes)
        automatic = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
        scientific = automatic if PRINT_OPTS.sci_mode is None else PRINT_OPTS.sci_mode
    if scientific:
        return lambda value: f"{value:.{precision}e}"
    if whole:
        return lambda value: f"{value:.0f}." if math.isfinite(value) else str(value)
    return lambda value: f"{value:.{precision}f}"


def _aligned(texts):
    """Pad the texts on the left to one width. PyTorch does not count 0, inf and nan, so these may stick out."""
    width = max((len(text) for text, counts in texts if counts), default=1)
    return [text.rjust(width) for text, _ in texts], width


def _complex_cells(a):
    """Cells such as " 1.5000-2.0000j": real and imaginary parts each have a notation and a width of their own."""
    real, real_width = _aligned(_texts(a.real.ravel().tolist(), True))
    imag, imag_width = _aligned(_texts(a.imag.ravel().tolist(), True))
    imag = [text.lstrip() for text in imag]
    cells = [r + (i if i[0] in "+-" else "+" + i) + "j" for r, i in zip(real, imag)]
    return cells, real_width + imag_width + 1  # + 1: the j


def _nested(shape, cells, indent, cell_width, summarize):
    """Brackets around the next cells; the first dimension of ``shape`` is the outermost bracket."""
    if not shape:
        return next(cells)
    edge, size = PRINT_OPTS.edgeitems, shape[0]
    cut = summarize and size > 2 * edge
    count = 2 * edge if cut else size
    if len(shape) == 1:
        parts = list(itertools.islice(cells, count))
    else:
        parts = [_nested(shape[1:], cells, indent + 1, cell_width, summarize) for _ in range(count)]
    if cut:
        parts.insert(edge, " ..." if len(shape) == 1 and edge else "...")
    margin = " " * (indent + 1)
    if len(shape) > 1:  # blank lines between matrices, two between stacks of matrices, ...
        return "[" + ("," + "\n" * (len(shape) - 1) + margin).join(parts) + "]"
    per_line = max(1, (PRINT_OPTS.linewidth - indent) // cell_width)
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + (",\n" + margin).join(lines) + "]"
