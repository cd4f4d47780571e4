"""Parameters and buffers: tensors that a Module recognises when they are assigned to it."""

import numpy as np

from ..core.dtypes import INEXACT, get_default_dtype
from ..core.errors import error
from ..core.parity import missing_from
from ..core.tensor import Tensor, wrap


class Parameter(Tensor):
    """A tensor that is learned: assigning it to a Module's attribute adds it to ``module.parameters()``.

    It shares the memory of ``data`` and starts a history of its own: a Parameter is always a leaf.

    >>> import lesson_lib as torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    _is_param, _printed = True, "tensor"

    def __new__(cls, data=None, requires_grad=True):
        source = _empty() if data is None else data.detach()
        if requires_grad and source._a.dtype.kind not in INEXACT:
            raise error("parameter_dtype")
        self = wrap(source._a, cls)
        self._rg = bool(requires_grad)
        return self

    def __deepcopy__(self, memo):
        # PyTorch copies a parameter without its gradient; the memo keeps tied weights tied.
        if id(self) not in memo:
            memo[id(self)] = type(self)(wrap(self._a.copy()), self._rg)
        return memo[id(self)]


class Buffer(Tensor):
    """A tensor that belongs to a Module's state but is not learned, such as a running mean.

    ``persistent=False`` keeps it out of ``state_dict()``.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """

    _is_buffer, persistent, _printed = True, True, "tensor"

    def __new__(cls, data=None, *, persistent=True):
        source = _empty() if data is None else data.detach()
        self = wrap(source._a, cls)
        self.persistent = persistent
        return self


def _empty():
    return wrap(np.empty(0, get_default_dtype().np))

__getattr__ = missing_from("torch.nn.parameter")  # a name that is missing here says why
