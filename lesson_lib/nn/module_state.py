"""The state of a Module as a flat dictionary of tensors: what is saved to a file, and how it comes back.

``state_dict()`` maps dotted names to tensors; ``load_state_dict()`` copies them into a module of the same structure.
"""

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from ..core.errors import error
from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from .global_hooks import add_hook
from .parameter import Parameter, is_lazy

_EXTRA_STATE = "_extra_state"  # under this name goes what ``get_extra_state`` returns


class _IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns."""

    missing_keys: list
    unexpected_keys: list

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"

    __str__ = __repr__


class ModuleState:
    """Reading and writing a module's state. Part of ``Module``."""

    _version = 1  # a subclass that renames its state counts this up, so that it can read old dictionaries

    # --- out ---------------------------------------------------------------------------------------------------

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """Parameters and persistent buffers by dotted name. The tensors share memory with the module's.

        >>> import lesson_lib as torch
        >>> list(torch.nn.Sequential(torch.nn.Linear(2, 1)).state_dict())
        ['0.weight', '0.bias']

        ``keep_vars=True`` gives the Parameters themselves instead of detached tensors.

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.", FutureWarning, stacklevel=2,
            )  # fmt: skip
            destination, prefix, keep_vars = (*args, *(destination, prefix, keep_vars)[len(args) :])
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in tuple(self._state_dict_pre_hooks):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook, may_replace in tuple(self._state_dict_hooks):
            other = hook(self, destination, prefix, metadata)
            if other is not None:
                if not may_replace:
                    raise error("state_dict_hook")
                destination = other
        return destination

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        """Put this module's own state (not its children's) into ``destination``."""
        for name, tensor in self._own_state().items():
            destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if type(self).get_extra_state is not ModuleState.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def _own_state(self):
        persistent = {name: buffer for name, buffer in self._buffers.items() if name not in self._non_persistent_buffers_set}
        return {name: tensor for name, tensor in {**self._parameters, **persistent}.items() if tensor is not None}

    def get_extra_state(self):
        """State that is not a tensor; a subclass that has some returns it here and takes it in ``set_extra_state``."""
        raise error("extra_state", name="get_extra_state")

    def set_extra_state(self, state):
        """Take back what ``get_extra_state`` returned."""
        raise error("extra_state", name="set_extra_state")

    # --- in ----------------------------------------------------------------------------------------------------

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy the tensors of ``state_dict`` into this module's parameters and buffers.

        ``strict``: names that are missing or left over are an error; otherwise they are only returned.
        ``assign``: put the given tensors in place of the module's own instead of copying their values.

        >>> import lesson_lib as torch
        >>> a, b = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
        >>> b.load_state_dict(a.state_dict())
        <All keys matched successfully>

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        if not isinstance(state_dict, Mapping):
            raise error("state_dict_type", type=type(state_dict))
        metadata = getattr(state_dict, "_metadata", None)
        state_dict = OrderedDict(state_dict)  # hooks and subclasses may change their copy
        if metadata is not None:
            state_dict._metadata = metadata
        missing, unexpected, problems = [], [], []
        self._load_tree(state_dict, "", metadata or {}, assign, missing, unexpected, problems)
        if strict:
            problems = _name_problems(missing, unexpected) + problems
        if problems:
            raise error("load_state_dict", name=type(self).__name__, problems="\n\t".join(problems))
        return _IncompatibleKeys(missing, unexpected)

    def _load_tree(self, state_dict, prefix, metadata, assign, missing, unexpected, problems):
        local_metadata = dict(metadata.get(prefix[:-1], {}))
        if assign:
            local_metadata["assign_to_params_buffers"] = True
        self._load_from_state_dict(state_dict, prefix, local_metadata, True, missing, unexpected, problems)
        for name, child in self._modules.items():
            if child is not None:
                below = f"{prefix}{name}."
                part = OrderedDict((key, value) for key, value in state_dict.items() if key.startswith(below))
                child._load_tree(part, below, metadata, assign, missing, unexpected, problems)
        keys = _IncompatibleKeys(missing, unexpected)
        for hook in tuple(self._load_state_dict_post_hooks):
            if hook(self, keys) is not None:
                raise error("load_state_dict_hook")

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs):
        """Load this module's own state (not its children's). Subclasses override this to read older layouts."""
        for hook, with_module in tuple(self._load_state_dict_pre_hooks):
            of_module = (self,) if with_module else ()
            hook(*of_module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = self._own_state()
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                problem = self._load_one(name, tensor, key, state_dict[key], local_metadata.get("assign_to_params_buffers", False))
                if problem:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE
        self._load_extra_state(state_dict, extra, strict, missing_keys, unexpected_keys)
        if strict:
            unexpected_keys += [key for key in state_dict if key.startswith(prefix) and key != extra and self._is_unexpected(key[len(prefix) :], own)]

    def _load_extra_state(self, state_dict, key, strict, missing_keys, unexpected_keys):
        if type(self).set_extra_state is not ModuleState.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)

    def _is_unexpected(self, name, own):
        first, dot, _ = name.partition(".")
        return first not in (self._modules if dot else own)

    def _load_one(self, name, tensor, key, value, assign):
        """Copy (or assign) one tensor; the text of the problem if it does not fit."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint but received {type(value)}'
            )
        if is_lazy(tensor):
            return None  # neither has a shape yet
        if tensor.ndim == 0 and tuple(value.shape) == (1,):
            value = value.reshape(())  # the earliest versions of PyTorch saved numbers as vectors
        if value.shape != tensor.shape:
            return f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current model is {tensor.shape}."
        if not assign:
            with no_grad():
                tensor.copy_(value)
        elif not isinstance(tensor, Parameter):
            setattr(self, name, value)
        elif isinstance(value, Parameter):
            setattr(self, name, value.requires_grad_(tensor.requires_grad))
        else:
            setattr(self, name, Parameter(value, tensor.requires_grad))
        return None

    # --- hooks -------------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook):
        """Call ``hook(module, prefix, keep_vars)`` before this module's state is collected."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after it was collected; it changes the dictionary in place."""
        return add_hook(self._state_dict_hooks, (hook, False))

    def _register_state_dict_hook(self, hook):
        """The older way: the hook may also return another dictionary."""
        return add_hook(self._state_dict_hooks, (hook, True))

    def register_load_state_dict_pre_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        """The older way: without ``module``."""
        return add_hook(self._load_state_dict_pre_hooks, (hook, with_module))

    def register_load_state_dict_post_hook(self, hook):
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the two lists in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)


def _name_problems(missing, unexpected):
    """PyTorch's lines for names that do not match, the missing ones first."""
    found = {"Missing": missing, "Unexpected": unexpected}
    return ["{} key(s) in state_dict: {}. ".format(what, ", ".join(f'"{key}"' for key in keys)) for what, keys in found.items() if keys]
