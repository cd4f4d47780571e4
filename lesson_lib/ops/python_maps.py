"""A Python function called for every element, in place: ``apply_``, ``map_``. Slow, and so on the CPU alone, as in PyTorch."""

import numpy as np

from ..core.errors import error, tensor_title
from ..core.mutation import overwrite
from ..core.op import method
from ..core.tensor import Tensor
from .overwrite import held


def _check(name, tensors):
    for tensor in tensors:
        if tensor.requires_grad:
            raise error("map_grad", name=name)
        if not tensor.is_cpu:
            raise error("map_device", name=name)


def _written(self, values):
    """The numbers, in the order of the elements, written into the tensor."""
    kind = self._a.dtype
    checked = [held(bool(v) if kind.kind == "b" else float(v) if kind.kind in "fV" else v if kind.kind == "c" else int(v), kind) for v in values]
    overwrite(self, np.array(checked, kind).reshape(self._a.shape))
    return self


@method()
def apply_(self, callable):
    """Replace each element x by ``callable(x)``.

    >>> import lesson_lib as torch
    >>> torch.arange(3).apply_(lambda x: x * x)
    tensor([0, 1, 4])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.apply_.html
    """
    _check("apply_", (self,))
    return _written(self, [callable(x) for x in self._a.reshape(-1).tolist()])


@method()
def map_(self, tensor, callable):
    """Replace each element x by ``callable(x, y)``, y being the element of ``tensor`` at its place.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.map_.html
    """
    return _mapped("map_", self, (tensor,), callable)


@method()
def map2_(self, x, y, callable):
    """Replace each element a by ``callable(a, b, c)``, b and c being the elements of ``x`` and ``y`` at its place."""
    return _mapped("map2_", self, (x, y), callable)


def _mapped(name, self, others, callable):
    for position, other in enumerate(others, 1):
        if not isinstance(other, Tensor):
            raise error("operand_type", name=name, argument="other", position=position, type=type(other).__name__)
        if other._a.dtype != self._a.dtype:
            raise error("map_type", name=name, wanted=tensor_title(self._a.dtype), found=tensor_title(other._a.dtype))
    _check(name, (self, *others))
    columns = [one.expand(self.shape)._a.reshape(-1).tolist() for one in (self, *others)]
    return _written(self, [callable(*row) for row in zip(*columns, strict=True)])
