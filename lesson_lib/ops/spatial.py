"""What convolution and pooling share: settings given as one number for all dimensions, or one for each."""


def numbers(value, count):
    """``count`` numbers: ``3`` and ``[3]`` stand for all of them; None if there are too many or too few."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * count if len(values) == 1 else values if len(values) == count else None


def pair(value):
    """One number for the height, one for the width."""
    return numbers(value, 2)
