"""What convolution and pooling share: settings given as one number for all dimensions, or one for each."""

from operator import index

from ..core.errors import error


def numbers(value, count):
    """``count`` numbers: ``3`` and ``[3]`` stand for all of them; None if there are too many or too few."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * count if len(values) == 1 else values if len(values) == count else None


def of_image(values, filler):
    """The settings of a sequence as those of an image of height 1."""
    return values if len(values) > 1 else (filler, *values)


def ntuple(value, count):
    """A layer's setting as a tuple: a single number stands for all ``count``, anything else is taken as it is."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * count


def integers(name, argument, value, position=2, lone=True):
    """A list of numbers (or, if ``lone``, a number) as a tuple; PyTorch's TypeError for anything else. Without a ``position`` it names none."""
    if lone and hasattr(value, "__index__"):
        return (index(value),)
    where = {"name": name, "argument": argument, "place": f" (position {position})" if position else ""}
    if not isinstance(value, tuple | list):
        raise error("ints_type", type=type(value).__name__, **where)
    for number, item in enumerate(value):
        if not hasattr(item, "__index__"):
            raise error("ints_item", type=type(item).__name__, number=number, **where)
    return tuple(map(index, value))


def negative_size(shape):
    """PyTorch's error for a shape that has a negative size."""
    return error("negative_shape", size=next(size for size in shape if size < 0), shape=list(shape))
