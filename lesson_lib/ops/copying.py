"""Copies of tensors by Python's own means: ``copy.deepcopy`` and ``pickle``.

A deep copy keeps what the tensors shared: two views of one memory become two views of one copy. A pickle holds each tensor by itself, with
its strides; ``torch.save`` keeps what they shared.
"""

import copy

from ..core.device import device, namespace_of_device, to_host
from ..core.errors import error
from ..core.memory import address, flat, offset_of, reach, restrided, spanning
from ..core.op import method
from ..core.tensor import Tensor, wrap

_INTERNAL = ("_retains", "_keep_acc")  # names that Tensor itself keeps in ``__dict__`` and that are no class attributes


def is_own(name):
    """True for the name of an attribute that a user gave a tensor, False for one of Tensor itself."""
    return not hasattr(Tensor, name) and name not in _INTERNAL


def own_attributes(tensor):
    """What the user wrote into the tensor's attributes."""
    return {name: value for name, value in vars(tensor).items() if is_own(name)}


def over_memory(memory, begin, np_dtype, size, steps, cls=Tensor):
    """A tensor over a part of ``memory``, a vector of bytes: the elements ``begin`` + Σ i·step. Nothing checks that there are so many.

    Like a detached view, it keeps the whole of the memory and has no history.
    """
    end = begin + (reach(size, steps) + 1) * np_dtype.itemsize
    tensor = wrap(restrided(memory[begin:end].view(np_dtype), size, steps), cls)
    if (begin, end) != (0, memory.nbytes):
        tensor._memory = memory
    return tensor


def _over(memory, tensor):
    """A leaf over ``memory`` that lies there as ``tensor`` lies in its own."""
    begin = offset_of(tensor) * tensor._a.itemsize
    result = over_memory(memory, begin, tensor._a.dtype, tensor.shape, tensor.stride(), type(tensor))
    result._rg = tensor.requires_grad
    return result


@method()
def __copy__(self):
    if type(self).__reduce_ex__ is not Tensor.__reduce_ex__:
        function, args = self.__reduce_ex__(4)
        return function(*args)
    result = _over(flat(spanning(self)).view("uint8"), self)
    vars(result).update(own_attributes(self))
    return result


@method()
def __deepcopy__(self, memo):
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise error("deepcopy_non_leaf")
    memory = flat(spanning(self)).view("uint8")
    place = ("memory", address(memory), memory.nbytes)
    if place not in memo:
        memo[place] = memory.copy()  # whoever else looks into the memory finds the copy here
    result = memo[id(self)] = _over(memo[place], self)
    if self._grad is not None:
        result._grad = copy.deepcopy(self._grad, memo)
    vars(result).update(copy.deepcopy(own_attributes(self), memo))
    return result


@method()
def __reduce_ex__(self, protocol):
    array = to_host(flat(self._a))
    return rebuild, (type(self), array, tuple(self.shape), self.stride(), str(self.device), self.requires_grad, own_attributes(self))


def rebuild(cls, memory, size, steps, device_name, requires_grad, attributes):
    """A tensor out of its pickle."""
    if device_name != "cpu":
        place = device(device_name)
        memory = namespace_of_device(place).to_device(memory, place.index)
    tensor = wrap(restrided(memory, size, steps), cls)
    tensor._rg = requires_grad
    vars(tensor).update(attributes)
    return tensor
