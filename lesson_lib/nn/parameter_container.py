"""Containers of parameters: a list and a dictionary whose tensors belong to the module that holds them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from operator import index as whole_number

from ..core.errors import error, typename
from ..core.tensor import Tensor
from .module import Module
from .parameter import Parameter


def _as_member(value):
    """A tensor becomes a Parameter; anything else is kept as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _line(name, value, kind):
    """One member in the text of a container."""
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    where = f" ({value.device})" if value.is_cuda else ""
    return f"  ({name}): {type(value).__name__} containing: [{kind(value)} of size {'x'.join(map(str, value.size()))}{where}]"


class ParameterList(Module):
    """Parameters in a list. Tensors that are put in become Parameters; other values are kept as they are.

    >>> import lesson_lib as torch
    >>> weights = torch.nn.ParameterList([torch.ones(2), torch.zeros(3, 1)])
    >>> weights
    ParameterList(
        (0): Parameter containing: [torch.float32 of size 2]
        (1): Parameter containing: [torch.float32 of size 3x1]
    )
    >>> len(list(weights.parameters()))
    2

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name_at(self, index):
        index = whole_number(index)
        if not -len(self) <= index < len(self):
            raise error("container_index", index=index, count=len(self))
        return str(index % len(self))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(*index.indices(len(self))))
        return getattr(self, self._name_at(index))

    def __setitem__(self, index, value):
        setattr(self, self._name_at(index), _as_member(value))

    def __len__(self):
        return self._size

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __iadd__(self, values):
        return self.extend(values)

    def append(self, value):
        """Add ``value`` at the end."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values):
        """Add all of ``values`` at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise error("module_list_extend", name="ParameterList.extend", type=type(values).__name__)
        for value in values:
            self.append(value)
        return self

    def extra_repr(self):
        """A line for each member."""
        return "\n".join(_line(i, value, lambda tensor: tensor.dtype) for i, value in enumerate(self))

    def __call__(self, *args, **kwargs):
        raise error("not_called", name="ParameterList")


class ParameterDict(Module):
    """Parameters in a dictionary. Tensors that are put in become Parameters; other values are kept as they are.

    >>> import lesson_lib as torch
    >>> weights = torch.nn.ParameterDict({"left": torch.ones(2), "right": torch.zeros(2)})
    >>> [name for name, _ in weights.named_parameters()]
    ['left', 'right']

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key):
        return getattr(self, _checked(key))

    def __setitem__(self, key, value):
        setattr(self, _checked(key), _as_member(value))
        self._keys[key] = None

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def copy(self):
        """A new ParameterDict with the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key, default=None):
        """The value under ``key``, which is first put there if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self):
        """Remove everything."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Remove the value under ``key`` and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Remove the last (key, value) and return it."""
        key, _ = self._keys.popitem()
        self._keys[key] = None
        return key, self.pop(key)

    def get(self, key, default=None):
        """The value under ``key``, ``default`` if there is none."""
        return self[key] if key in self else default  # noqa: SIM401 - it would call itself

    def fromkeys(self, keys, default=None):
        """A new ParameterDict with ``default`` under each of ``keys``."""
        return ParameterDict((key, default) for key in keys)

    def keys(self):
        """The names."""
        return self._keys.keys()

    def items(self):
        """(name, value) pairs."""
        return ((key, self[key]) for key in self)

    def values(self):
        """The values."""
        return (self[key] for key in self)

    def update(self, parameters):
        """Add the values of a mapping, or of (name, value) pairs. A plain dict's names are sorted first."""
        if not isinstance(parameters, Iterable):
            raise error("parameter_dict_iterable", type=type(parameters).__name__)
        if isinstance(parameters, OrderedDict | ParameterDict):
            parameters = list(parameters.items())
        elif isinstance(parameters, Mapping):
            parameters = sorted(parameters.items())
        for index, pair in enumerate(parameters):
            if not isinstance(pair, Iterable):
                raise error("parameter_dict_pair", index=index, type=type(pair).__name__)
            if len(pair) != 2:
                raise error("module_dict_update", name="ParameterDict", index=index, found=len(pair))
            self[pair[0]] = pair[1]

    def __or__(self, other):
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other):
        merged = other.copy()
        merged.update(self)
        return merged

    def __ior__(self, other):
        self.update(other)
        return self

    def extra_repr(self):
        """A line for each member."""
        return "\n".join(_line(key, value, typename) for key, value in self.items())

    def __call__(self, input):
        raise error("not_called", name="ParameterDict")


def _checked(key):
    if not isinstance(key, str):
        raise error("parameter_dict_key", type=type(key).__name__)
    return key
