"""A tensor as a small piece of HTML for notebooks: its values as a heat map, and what it is.

Large tensors show their edges only, tensors with more than two dimensions their first matrix. The same tensor always gives
the same text, colours stand on top of the numbers (never instead of them), and every word is escaped.
"""

from html import escape

import numpy as np

from .device import to_host

EDGE = 4  # rows and columns shown at either end
UP, DOWN = "230,120,20", "40,110,220"  # orange and blue: told apart by colour-blind readers too
CELL = "padding:0.1em 0.5em;text-align:right;font-family:monospace;background:{colour}"
GAP = f'<td style="{CELL.format(colour="none")}">…</td>'


def tensor_html(tensor):
    """The HTML of ``tensor``: a line that says what it is, its values, and its gradient if there is one."""
    parts = [f"<div><div>{escape(_title(tensor))}</div>{_values(to_host(tensor._a))}"]
    if tensor._grad is not None:
        parts.append(f"<details><summary>{escape(_title(tensor._grad, '.grad'))}</summary>{_values(to_host(tensor._grad._a))}</details>")
    return "".join(parts) + "</div>"


def _title(tensor, name=None):
    name = name or ("Parameter" if getattr(tensor, "_is_param", False) else "tensor")
    words = [f"{name} {list(tensor.shape)}", str(tensor.dtype), str(tensor.device)]
    node = tensor.grad_fn
    if node is not None:
        words.append(f"grad_fn=<{type(node).__name__}>")
    elif tensor.requires_grad:
        words.append("requires_grad=True")
    return " · ".join(words)


def _values(array):
    """One matrix of the array as a table."""
    if array.size == 0:
        return "<div>no elements</div>"
    note = ""
    if array.ndim > 2:
        first = ", ".join("0" * (array.ndim - 2)) + ", :, :"
        note = f"<div>the first of {int(np.prod(array.shape[:-2]))} matrices, [{first}]</div>"
        array = array[(0,) * (array.ndim - 2)]
    matrix = array.reshape(1, -1) if array.ndim < 2 else array
    rows, columns = _shown(matrix.shape[0]), _shown(matrix.shape[1])
    largest = _largest(matrix[np.ix_([i for i in rows if i is not None], [j for j in columns if j is not None])])
    lines = [_row(matrix, i, columns, largest) for i in rows]
    return f'{note}<table style="border-collapse:collapse;color:inherit">{"".join(lines)}</table>'


def _shown(size):
    """The indexes that are shown; None stands for those left out."""
    if size <= 2 * EDGE + 1:
        return list(range(size))
    return [*range(EDGE), None, *range(size - EDGE, size)]


def _largest(matrix):
    """The largest finite magnitude, by which colours are scaled."""
    magnitudes = _magnitude(matrix)
    finite = magnitudes[np.isfinite(magnitudes)]
    return float(finite.max()) if finite.size else 0.0


def _magnitude(values):
    return np.abs(np.asarray(values).astype(np.complex128 if np.asarray(values).dtype.kind == "c" else np.float64))


def _row(matrix, i, columns, largest):
    if i is None:
        return "<tr>" + GAP * len(columns) + "</tr>"
    return "<tr>" + "".join(GAP if j is None else _cell(matrix[i, j], largest) for j in columns) + "</tr>"


def _cell(value, largest):
    return f'<td style="{CELL.format(colour=_colour(value, largest))}">{escape(_number(value))}</td>'


def _colour(value, largest):
    """Stronger for larger numbers; none for zero, nan and infinity."""
    magnitude = float(_magnitude(value))
    if not magnitude or not np.isfinite(magnitude):
        return "none"
    below = value.dtype.kind not in "bc" and value < 0
    return f"rgba({DOWN if below else UP},{0.6 * magnitude / largest:.2f})"


def _number(value):
    if value.dtype.kind in "fV":  # V: bfloat16
        return f"{float(value):.4g}"
    if value.dtype.kind == "c":
        return f"{complex(value):.4g}"
    return str(value)
