"""The keyword arguments that a layer hands on to the functions that make its tensors."""

from ..core.errors import error


def factory_kwargs(kwargs):
    """``device``, ``dtype`` and ``memory_format`` out of ``kwargs``, also those in its ``factory_kwargs``; anything else is an error.

    >>> import lesson_lib as torch
    >>> torch.nn.factory_kwargs({"dtype": torch.float64})
    {'dtype': torch.float64}

    Errors: TypeError for another name, or one that is given twice.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.factory_kwargs.html
    """
    if kwargs is None:
        return {}
    own = {key: value for key, value in kwargs.items() if key != "factory_kwargs"}
    if not own.keys() <= {"device", "dtype", "memory_format"}:
        raise error("factory_unexpected", keys=own.keys() - {"device", "dtype", "memory_format"})
    inner = dict(kwargs.get("factory_kwargs", {}))
    for key in own:
        if key in inner:
            raise error("factory_twice", key=key)
    return {**inner, **own}
