"""Containers: modules that hold modules, by position or by name."""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import chain
from warnings import warn

from ..core.errors import error
from .module import Module


class _Numbered(Module):
    """What ``Sequential`` and ``ModuleList`` share: children named "0", "1", … that can be indexed, sliced and replaced."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self._renumbered(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]

    def __setitem__(self, index, module):
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index):
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._name_at(index)]:
            delattr(self, name)
        self._set_children(self._modules.values())

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]

    def insert(self, index, module):
        """Put ``module`` before position ``index``; the later ones move on."""
        if not isinstance(module, Module):
            raise error("sequential_insert", type=Module)
        count = len(self)
        if not -count <= index <= count:
            raise error("container_insert", low=-count, high=count, index=index)
        children = list(self)
        children.insert(index if index >= 0 else index + count, module)
        self._set_children(children)
        return self

    def append(self, module):
        """Add ``module`` at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, index):
        """Take out the module at ``index`` and return it."""
        module = self[index]
        del self[index]
        return module

    def _name_at(self, index):
        """The name of the child at ``index``, which may count from the end."""
        index = index.__index__()
        if not -len(self) <= index < len(self):
            raise error("container_index", index=index, count=len(self))
        return list(self._modules)[index]

    def _set_children(self, modules):
        children = {str(number): module for number, module in enumerate(list(modules))}
        self._modules.clear()
        self._modules.update(children)


class Container(Module):
    """The base of networks before there was ``Module``, which it is now; its children are given as keyword arguments.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    def __init__(self, **kwargs):
        warn("`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead.", FutureWarning, 2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


class Sequential(_Numbered):
    """Modules that are called one after the other, each on the output of the one before.

    >>> import lesson_lib as torch
    >>> torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )

    An ``OrderedDict`` of modules gives them names.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
    """

    def __init__(self, *args):
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input):
        """The input through all modules."""
        for module in self._modules.values():
            input = module(input)
        return input

    def extend(self, sequential):
        """Add the modules of ``sequential`` at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def _renumbered(self, items):
        return OrderedDict(items)  # a slice of a Sequential keeps the names

    def __add__(self, other):
        if not isinstance(other, Sequential):
            raise error("sequential_add", type=str(type(other)))
        return Sequential(*self, *other)

    def __iadd__(self, other):
        if not isinstance(other, Sequential):
            raise error("sequential_add", type=str(type(other)))
        return self.extend(other)

    def __mul__(self, times):
        _check_times(self, times)
        return Sequential(*(module for _ in range(times) for module in self))

    __rmul__ = __mul__

    def __imul__(self, times):
        _check_times(self, times)
        children = list(self)
        for _ in range(times - 1):
            self.extend(children)
        return self


class ModuleList(_Numbered):
    """Modules in a list; what is called, and in which order, the ``forward`` around it says.

    >>> import lesson_lib as torch
    >>> torch.nn.ModuleList(torch.nn.ReLU() for _ in range(3))
    ModuleList(
      (0-2): 3 x ReLU()
    )

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def extend(self, modules):
        """Add all of ``modules`` at the end."""
        if not hasattr(modules, "__iter__"):
            raise error("module_list_extend", name="ModuleList.extend", type=type(modules).__name__)
        for module in list(modules):
            self.append(module)
        return self

    def _renumbered(self, items):
        return [module for _, module in items]

    def __add__(self, other):
        return ModuleList(chain(self, other))

    def __iadd__(self, modules):
        return self.extend(modules)

    def __repr__(self):
        if not len(self):
            return f"{self._get_name()}()"
        runs = []  # [first, last, text]: neighbours that print alike are shown once
        for number, module in enumerate(self):
            text = repr(module).replace("\n", "\n  ")
            if runs and runs[-1][2] == text:
                runs[-1][1] = number
            else:
                runs.append([number, number, text])
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in runs]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules in a dictionary.

    >>> import lesson_lib as torch
    >>> layers = torch.nn.ModuleDict({"relu": torch.nn.ReLU()})
    >>> layers["relu"]
    ReLU()

    Source: https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key):
        """Remove the module under ``key`` and return it."""
        return self._modules.pop(key)

    def keys(self):
        """The names."""
        return self._modules.keys()

    def items(self):
        """(name, module) pairs."""
        return self._modules.items()

    def values(self):
        """The modules."""
        return self._modules.values()

    def update(self, modules):
        """Add the modules of a mapping, or of (name, module) pairs; an existing name is replaced."""
        if not hasattr(modules, "__iter__"):
            raise error("module_dict_iterable", type=type(modules).__name__)
        for index, item in enumerate(modules.items() if isinstance(modules, Mapping | ModuleDict) else modules):
            if not hasattr(item, "__len__"):
                raise error("module_dict_pair", index=index, type=type(item).__name__)
            if len(item) != 2:
                raise error("module_dict_update", name="ModuleDict", index=index, found=len(item))
            self[item[0]] = item[1]


def _check_times(sequential, times):
    if not isinstance(times, int):
        raise error("sequential_times", a=type(sequential), b=type(times))
    if times <= 0:
        raise error("sequential_positive", times=times, type=type(sequential))
