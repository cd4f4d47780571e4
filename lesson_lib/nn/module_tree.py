"""The tree of modules: what a Module owns, and how to walk through it.

A module owns parameters, buffers and other modules, each in a dictionary in the order of assignment. The dotted name
``"encoder.0.weight"`` is the path through those dictionaries.
"""

from ..core.errors import error, typename
from ..core.tensor import Tensor
from .global_hooks import registered
from .parameter import Parameter


class ModuleTree:
    """Registering the members of a module and finding them again. Part of ``Module``."""

    # --- registering -------------------------------------------------------------------------------------------

    def register_parameter(self, name, param):
        """Add a Parameter under ``name``; None declares a parameter that this module does without.

        >>> import lesson_lib as torch
        >>> layer = torch.nn.Module()
        >>> layer.register_parameter("scale", torch.nn.Parameter(torch.ones(1)))
        >>> [name for name, _ in layer.named_parameters()]
        ['scale']
        """
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise error("register_parameter", type=typename(param), name=name)
        if param is not None and param.grad_fn is not None:
            raise error("parameter_not_leaf", name=name)
        self._parameters[name] = None if param is None else registered("parameter", self, name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is state but not learned. ``persistent=False`` leaves it out of ``state_dict()``.

        >>> import lesson_lib as torch
        >>> layer = torch.nn.Module()
        >>> layer.register_buffer("running_mean", torch.zeros(2))
        >>> list(layer.state_dict())
        ['running_mean']
        """
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise error("register_buffer", type=typename(tensor), name=name)
        self._buffers[name] = registered("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name, module):
        """Add ``module`` as the child ``name``; it can then be reached as an attribute.

        >>> import lesson_lib as torch
        >>> net = torch.nn.Module()
        >>> net.add_module("out", torch.nn.Identity())
        >>> net.out
        Identity()
        """
        if module is not None and not isinstance(module, ModuleTree):
            raise error("register_module", type=typename(module))
        self._check_name("module", name, self._modules)
        self._modules[name] = registered("module", self, name, module)

    def register_module(self, name, module):
        """Alias of ``add_module``."""
        self.add_module(name, module)

    def _check_name(self, what, name, members):
        """PyTorch's errors for a name that cannot be a member's."""
        if "_parameters" not in self.__dict__:
            raise error("before_init", what=what)
        if not isinstance(name, str):
            raise error("member_type", what=what, type=typename(name))
        if hasattr(self, name) and name not in members:
            raise error("member_exists", name=name)
        if "." in name:
            raise error("member_dot", what=what, got=f", got: {name}" if what == "module" else "")
        if name == "":
            raise error("member_empty", what=what)

    # --- walking -----------------------------------------------------------------------------------------------

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Yield (name, module) for this module and all below it, parents first; a shared module comes once.

        >>> import lesson_lib as torch
        >>> [name for name, _ in torch.nn.Sequential(torch.nn.Identity(), torch.nn.Identity()).named_modules()]
        ['', '0', '1']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, _join(prefix, name), remove_duplicate)

    def modules(self, remove_duplicate=True):
        """Yield this module and all below it; a shared module comes once."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self):
        """Yield (name, module) for the modules directly below this one; a shared module comes once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self):
        """Yield the modules directly below this one."""
        for _, module in self.named_children():
            yield module

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (name, parameter), of this module and (``recurse``) of all below it; a tied weight comes once.

        >>> import lesson_lib as torch
        >>> [name for name, _ in torch.nn.Linear(3, 2).named_parameters()]
        ['weight', 'bias']
        """
        yield from self._named_members(lambda module: module._parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Yield the parameters: what an optimizer is given."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (name, buffer), of this module and (``recurse``) of all below it."""
        yield from self._named_members(lambda module: module._buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Yield the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named_members(self, members_of, prefix, recurse, remove_duplicate):
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, member in members_of(module).items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield _join(path, name), member

    # --- finding by name ---------------------------------------------------------------------------------------

    def get_submodule(self, target):
        """The module at the dotted path ``target``; this module itself for "".

        >>> import lesson_lib as torch
        >>> net = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Identity()))
        >>> net.get_submodule("0.0")
        Identity()
        """
        module = self
        for name in target.split(".") if target else ():
            owner, module = module, getattr(module, name, _MISSING)
            if module is _MISSING:
                raise error("no_member", owner=owner._get_name(), name=name)
            if not isinstance(module, ModuleTree):
                raise error("member_kind", name=name, what="an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False):
        """Put ``module`` at the dotted path ``target``; with ``strict`` only in place of one that is there.

        >>> import lesson_lib as torch
        >>> net = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Identity()))
        >>> net.set_submodule("0.0", torch.nn.ReLU())
        >>> net[0][0]
        ReLU()
        """
        if target == "":
            raise error("set_submodule_empty")
        if not isinstance(module, ModuleTree):
            raise error("set_submodule_type", type=type(module))
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if strict or hasattr(owner, name):
            owner.get_submodule(name)
        setattr(owner, name, module)

    def get_parameter(self, target):
        """The parameter at the dotted path ``target``."""
        owner, name, member = self._member(target)
        if name not in owner._parameters:
            raise error("member_kind", name=name, what="an nn.Parameter")
        return member

    def get_buffer(self, target):
        """The buffer at the dotted path ``target``."""
        owner, name, member = self._member(target)
        if name not in owner._buffers:
            raise error("member_kind", name=name, what="a buffer")
        return member

    def _member(self, target):
        """(owner, last name, value) of a dotted path."""
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise error("no_member", owner=owner._get_name(), name=name)
        return owner, name, getattr(owner, name)


_MISSING = object()


def _join(prefix, name):
    return f"{prefix}.{name}" if prefix else name
