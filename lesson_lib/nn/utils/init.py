"""Making a module without drawing its initial weights."""

import inspect

from ...core.errors import error
from ...core.rng import default_generator
from ..module import Module


def skip_init(module_cls, *args, **kwargs):
    """``module_cls(*args, **kwargs)`` whose weights are not initialised: for weights that are loaded right afterwards.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.skip_init(torch.nn.Linear, 3, 2).weight.shape
    torch.Size([2, 3])

    Errors: RuntimeError for a class that is no module, or that takes no ``device``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html
    """
    if not issubclass(module_cls, Module):
        raise error("skip_init_class", found=module_cls)
    if "device" not in inspect.signature(module_cls).parameters:
        raise error("skip_init_device")
    # There is no device without memory here: the weights are drawn and dropped, and the stream of numbers goes on as if they were not.
    device, before = kwargs.pop("device", "cpu"), default_generator.get_state()
    module = module_cls(*args, **kwargs)
    default_generator.set_state(before)
    return module.to_empty(device=device)
