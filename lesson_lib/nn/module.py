"""``Module``: the base of every layer and every network.

A module is a function with a memory. ``forward`` is the function; parameters, buffers and further modules are the
memory, found by name because assigning one to an attribute registers it. The other halves of the class are
``module_tree`` (walking through the members), ``module_hooks`` (the call) and ``module_state`` (saving and loading).
"""

import warnings

from ..core.errors import error, typename
from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from ..ops.cast import as_dtype, to_names
from ..ops.create import empty_like
from .global_hooks import registered
from .module_hooks import ModuleHooks
from .module_state import ModuleState
from .module_tree import ModuleTree
from .parameter import Buffer, Parameter


class Module(ModuleTree, ModuleHooks, ModuleState):
    """A layer or a network: write ``__init__`` (make the members) and ``forward`` (use them).

    >>> import lesson_lib as torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = torch.nn.Parameter(torch.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> Line()(torch.tensor(3.0))
    tensor(6., grad_fn=<MulBackward0>)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    training = True
    dump_patches = False  # from the time when models were saved together with their source
    call_super_init = False  # True: __init__ goes on to the next class, as in multiple inheritance, with the arguments

    def __init__(self, *args, **kwargs):
        self.__dict__.update(_no_members())  # not by __setattr__, which works only once they are there
        if self.call_super_init:
            super().__init__(*args, **kwargs)
        elif kwargs:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
        elif args:
            raise TypeError(f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given")

    def __setstate__(self, state):
        self.__dict__.update({**_no_members(), **state})

    def forward(self, *input):
        """The computation; a subclass writes it, ``module(x)`` runs it."""
        raise error("module_forward", name=type(self).__name__)

    # --- attributes --------------------------------------------------------------------------------------------

    def __getattr__(self, name):
        for members in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(members, ()):
                return self.__dict__[members][name]
        # ``name`` and ``obj`` let Python add "Did you mean ...?".
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def __setattr__(self, name, value):
        members = self.__dict__
        if isinstance(value, Parameter):
            self._make_room(name, "parameters", "_buffers", "_modules")
            self.register_parameter(name, value)
        elif name in members.get("_parameters", ()):
            if value is not None:
                raise error("assign_member", type=typename(value), what="parameter", name=name, wanted="torch.nn.Parameter or None")
            self.register_parameter(name, None)
        elif isinstance(value, ModuleTree):
            self._make_room(name, "module", "_buffers")
            self._modules[name] = registered("module", self, name, value)
        elif name in members.get("_modules", ()):
            if value is not None:
                raise error("assign_member", type=typename(value), what="child module", name=name, wanted="torch.nn.Module or None")
            self._modules[name] = registered("module", self, name, None)
        elif isinstance(value, Buffer):
            self._make_room(name, "buffer")
            self.register_buffer(name, value, value.persistent)
        elif name in members.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise error("assign_member", type=typename(value), what="buffer", name=name, wanted="torch.nn.Buffer, torch.Tensor or None")
            self.register_buffer(name, value, name not in self._non_persistent_buffers_set)
        else:
            super().__setattr__(name, value)

    def _make_room(self, name, what, *others):
        """A name belongs to one dictionary: take it out of the others before it goes into this one."""
        if "_parameters" not in self.__dict__:
            raise error("before_init", what=what)
        for members in others:
            self.__dict__[members].pop(name, None)
        self.__dict__.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name):
        for members in (self._parameters, self._buffers, self._modules):
            if name in members:
                del members[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self):
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[0].isdigit())

    # --- modes -------------------------------------------------------------------------------------------------

    def train(self, mode=True):
        """Switch this module and all below it to training behaviour (dropout, batch statistics), or off.

        >>> import lesson_lib as torch
        >>> torch.nn.Dropout().train(False).training
        False
        """
        if not isinstance(mode, bool):
            raise error("train_mode")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self):
        """Switch to evaluation behaviour: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Learn all parameters, or freeze them, in place.

        >>> import lesson_lib as torch
        >>> torch.nn.Linear(2, 1).requires_grad_(False).weight.requires_grad
        False
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters; ``set_to_none=False`` fills them with zeros instead."""
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach()
                parameter.grad.zero_()

    # --- changing all members ----------------------------------------------------------------------------------

    def apply(self, fn):
        """Call ``fn(module)`` on all modules below this one and then on this one, as to initialise weights.

        >>> import lesson_lib as torch
        >>> net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU())
        >>> _ = net.apply(lambda module: print(type(module).__name__))
        Identity
        ReLU
        Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn, recurse=True):
        """Replace the data of every parameter (and of its gradient) and every buffer by ``fn`` of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    # The Parameter object stays, so optimizers that hold it go on working.
                    parameter.data = fn(parameter)
                    if parameter.grad is not None:
                        parameter.grad.data = fn(parameter.grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, **kwargs):
        """Move all parameters and buffers to a device and/or convert the floating-point ones, in place.

        ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``, as for tensors.

        >>> import lesson_lib as torch
        >>> torch.nn.Linear(2, 1).to(torch.float64).weight.dtype
        torch.float64

        Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        given = {**dict(zip(to_names(args), args, strict=False)), **kwargs}
        other = given.get("other", given.get("tensor"))
        device, dtype = (given.get("device"), given.get("dtype")) if other is None else (other.device, other.dtype)
        if dtype is not None:
            dtype = as_dtype(dtype, "to")
            if not (dtype.is_floating_point or dtype.is_complex):
                raise error("module_dtype", dtype=dtype)
            if dtype.is_complex:
                warnings.warn("Complex modules are a new feature under active development whose design may change", stacklevel=2)
        return self._apply(lambda tensor: tensor.to(device=device, dtype=dtype if _is_inexact(tensor) else None))

    def cpu(self):
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device=None):
        """Move all parameters and buffers to a GPU."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def float(self):
        """Convert floating-point parameters and buffers to float32."""
        return self._apply(lambda tensor: tensor.float() if tensor.is_floating_point() else tensor)

    def double(self):
        """Convert floating-point parameters and buffers to float64."""
        return self._apply(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    def half(self):
        """Convert floating-point parameters and buffers to float16."""
        return self._apply(lambda tensor: tensor.half() if tensor.is_floating_point() else tensor)

    def bfloat16(self):
        """Convert floating-point parameters and buffers to bfloat16."""
        return self._apply(lambda tensor: tensor.bfloat16() if tensor.is_floating_point() else tensor)

    def to_empty(self, *, device, recurse=True):
        """Move all parameters and buffers to a device without their values: what is there afterwards is not defined."""
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse)

    def share_memory(self):
        """Put all parameters and buffers into memory that other processes see, as tensors' ``share_memory_`` does."""
        return self._apply(lambda tensor: tensor.share_memory_())

    def type(self, dst_type):
        """Convert all parameters and buffers to ``dst_type``."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    # --- printing ----------------------------------------------------------------------------------------------

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """What stands between the parentheses when the module is printed; a subclass says its settings here."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        settings = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if not children and len(settings) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(settings + children) + "\n)"


def _no_members():
    """The attributes of a module that has no members and no hooks."""
    hooks = ("forward_pre", "forward", "backward_pre", "backward", "state_dict_pre", "state_dict", "load_state_dict_pre", "load_state_dict_post")
    return {
        "training": True, "_parameters": {}, "_buffers": {}, "_modules": {}, "_non_persistent_buffers_set": set(),
        **{f"_{kind}_hooks": [] for kind in hooks},
    }  # fmt: skip


def indented(text):
    """``text`` with all lines but the first and the empty ones moved right by two."""
    first, *others = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in others)])


def _is_inexact(tensor):
    return tensor.is_floating_point() or tensor.is_complex()
