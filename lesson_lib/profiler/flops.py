"""How many floating-point operations an op takes: PyTorch's formulas, for the ops for which it has one."""

from math import prod


def flops_of(op, values, result):
    """An estimate from the shapes that went in and the result; 0 where there is no formula. A product and its sum count as two."""
    formula = FORMULAS.get(op.name)
    return 0 if formula is None else formula(values, result)


def _product(first):
    """Matrix products: an element of the result takes as many products and sums as the first matrix has columns."""
    return lambda values, result: 2 * prod(result.shape) * values[first].shape[-1]


def _convolution(values, result):
    """Pictures: an element of the result takes a product and a sum for each element of one filter."""
    return 2 * prod(result.shape) * prod(values[1].shape[1:]) if values[1].ndim == 4 else 0


def _each(values, result):
    """PyTorch counts the elements of the first argument."""
    return prod(getattr(values[0], "shape", ()))


#: our name of the op -> its formula
FORMULAS = {
    "mm": _product(0), "bmm": _product(0), "addmm": _product(1), "baddbmm": _product(1), "convolution": _convolution, "mul": _each, "add": _each,
}  # fmt: skip
