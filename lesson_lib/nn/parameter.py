"""Parameters and buffers: tensors that a Module recognises when they are assigned to it, and those whose shape is not known yet."""

import numpy as np

from ..core.dtypes import INEXACT, get_default_dtype
from ..core.errors import error
from ..core.parity import missing_from
from ..core.tensor import Tensor, wrap
from ..ops.create import empty


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
        vars(self).update(vars(source))  # which memory it is a part of
        self._rg = bool(requires_grad)
        return self

    def __deepcopy__(self, memo):
        # PyTorch copies a parameter without its gradient; the memo keeps tied weights tied.
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), self._rg)
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
        vars(self).update(vars(source))
        self._rg, self.persistent = data is not None and data.requires_grad, persistent
        return self


def _empty():
    return wrap(np.empty(0, get_default_dtype().np))


def _held(tensor):
    """The empty array that says on which device and of which dtype an uninitialized tensor will be."""
    return _ARRAY.__get__(tensor)


def _refused(tensor):
    raise error("uninitialized_use", name=type(tensor).__name__)


_ARRAY = Tensor.__dict__["_a"]


class UninitializedTensorMixin:
    """A tensor without a shape: it can be moved and converted, and ``materialize`` makes an ordinary one of it."""

    __slots__ = ()
    _a = property(_refused, _ARRAY.__set__)  # every operation asks for the array first
    dtype = property(lambda self: self.data.dtype, doc="The element type.")
    device = property(lambda self: self.data.device, doc="Where the tensor will live.")
    data = property(lambda self: wrap(_held(self)), lambda self, value: Tensor.data.__set__(self, value.data), doc="An empty tensor of the same dtype, on the same device.")

    @property
    def shape(self):
        """There is none."""
        raise error("uninitialized_shape")

    def materialize(self, shape, device=None, dtype=None):
        """Become an ordinary tensor of this shape; its values are not defined."""
        self.data = empty(shape, device=self.device if device is None else device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become

    def detach(self):
        """Refused: there are no values."""
        _refused(self)

    def requires_grad_(self, requires_grad=True):
        """Refused, as everything else: there are no values."""
        _refused(self)

    def share_memory_(self):
        """Refused: there is no memory."""
        raise error("uninitialized_share")

    def __repr__(self):
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad,)

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


def _of_the_empty_tensor(name):
    def method(self, *args, **kwargs):
        result = getattr(self.data, name)(*args, **kwargs)
        return wrap(result._a, type(self)) if isinstance(result, Tensor) else result

    method.__name__, method.__doc__ = name, f"``{name}`` of an empty tensor of the same dtype, on the same device."
    return method


for _name in ("to", "cpu", "cuda", "float", "double", "half", "bfloat16", "is_floating_point", "is_complex", "type", "get_device", "size"):
    setattr(UninitializedTensorMixin, _name, _of_the_empty_tensor(_name))


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A Parameter whose shape is not known yet, as those of a lazy module before its first call.

    >>> import lesson_lib as torch
    >>> p = torch.nn.UninitializedParameter()
    >>> p
    <UninitializedParameter>
    >>> p.materialize((2, 3))
    >>> p.shape
    torch.Size([2, 3])

    Errors: RuntimeError or ValueError when its shape or values are asked for.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return _without_shape(cls, requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape is not known yet.

    Errors: RuntimeError or ValueError when its shape or values are asked for.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html
    """

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        self = _without_shape(cls, requires_grad, device, dtype)
        self.persistent = persistent
        return self


def _without_shape(cls, requires_grad, device, dtype):
    self = wrap(empty(0, device=device, dtype=dtype)._a, cls)
    self._rg = requires_grad
    return self


def is_lazy(param):
    """True for an UninitializedParameter or UninitializedBuffer."""
    return isinstance(param, UninitializedTensorMixin)


__getattr__ = missing_from("torch.nn.parameter")  # a name that is missing here says why
