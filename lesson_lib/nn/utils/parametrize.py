"""Parametrizations: a parameter that is computed from others whenever it is asked for.

``register_parametrization(layer, "weight", f)`` moves the weight to ``layer.parametrizations.weight.original`` and makes ``layer.weight``
a property whose value is ``f(original)``. The optimizer then moves the original, and the weight is always in the range of ``f``.
"""

from collections.abc import Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy

from ...core.errors import error
from ...core.grad_mode import no_grad
from ...core.parity import missing_from
from ...core.tensor import Tensor
from ..container import ModuleDict, ModuleList
from ..parameter import Parameter


class _Cache:
    """While somebody is in ``cached()``: {(id of the module, name): its value}."""

    depth, values = 0, {}


@contextmanager
def cached():
    """Inside, a parametrized tensor is computed once and then remembered, as for a recurrent network that uses it at every step.

    >>> import lesson_lib as torch
    >>> from lesson_lib.nn.utils import parametrize
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(2, 2), "weight", torch.nn.Identity())
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.values = {}


class ParametrizationList(ModuleList):
    """The functions that a tensor is computed by, one after the other, and the tensor (or tensors) that the first is given.

    ``original`` holds the one tensor; if the first function takes several they are ``original0``, ``original1`` and so on.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
    """

    def __init__(self, modules, original, unsafe=False):
        if len(modules) == 0:
            raise error("parametrize_none")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new = self._first_originals(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            for what in ("dtype", "device"):
                if getattr(original, what) != getattr(new, what):
                    raise error("parametrize_inverse_changes", what=what, before=getattr(original, what), after=getattr(new, what))
            original.data = new.data  # the Parameter object stays, so an optimizer that holds it goes on working
            _register(self, "original", original)
        else:
            for number, tensor in enumerate(new):
                self._register_one(number, tensor, original)
        if not unsafe:
            value = self()
            if not isinstance(value, Tensor):
                raise error("parametrize_result", type=type(value).__name__)
            _check_kept("forward", dtype, shape, value)

    def _first_originals(self, value):
        """What the functions must be given so that ``value`` comes out."""
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # it counts as the identity
                        value = module.right_inverse(value)
        if not isinstance(value, Tensor | Sequence):
            raise error("parametrize_inverse_type", what=f"Got {type(value).__name__}")
        return value

    def _register_one(self, number, tensor, original):
        if not isinstance(tensor, Tensor):
            raise error("parametrize_inverse_type", what=f"Got element {number} of the sequence with type {type(tensor).__name__}.")
        if isinstance(original, Parameter):
            tensor = Parameter(tensor, original.requires_grad)
        tensor.requires_grad_(original.requires_grad)
        _register(self, f"original{number}", tensor)

    def _originals(self):
        return [self.original] if self.is_tensor else [getattr(self, f"original{number}") for number in range(self.ntensors)]

    @no_grad()
    def right_inverse(self, value):
        """Change the originals so that ``value`` comes out: what an assignment to the parametrized tensor does."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise error("parametrize_no_inverse", name=type(module).__name__)
            value = module.right_inverse(value)
        if self.is_tensor:
            if not isinstance(value, Tensor):
                raise error("parametrize_inverse_one", type=type(value).__name__)
            if value.dtype != self.original.dtype:
                raise error("parametrize_inverse_dtype", what="The tensor", name="original", found=value.dtype, expected=self.original.dtype)
            self.original.data = value.data
            return
        if not isinstance(value, Sequence):
            raise error("parametrize_inverse_sequence", type=type(value).__name__)
        if len(value) != self.ntensors:
            raise error("parametrize_inverse_count", expected=self.ntensors, found=len(value))
        for number, (old, new) in enumerate(zip(self._originals(), value, strict=True)):
            if not isinstance(new, Tensor):
                raise error("parametrize_inverse_element", number=number, type=type(new).__name__)
            if new.dtype != old.dtype:
                raise error(
                    "parametrize_inverse_dtype", what=f"Tensor {number}", name=f"original{number}", found=new.dtype, expected=old.dtype
                )
            old.data = new.data

    def forward(self):
        """The value: all functions, one after the other."""
        first, *others = self
        value = first(*self._originals())
        for module in others:
            value = module(value)
        return value


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Compute ``module.tensor_name`` by the module ``parametrization`` from now on; a second one is applied after the first.

    ``parametrization.right_inverse``, if there is one, says what to start from, and what an assignment to the tensor writes.
    ``unsafe=True`` leaves out the checks that shape and dtype stay.

    >>> import lesson_lib as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = torch.nn.utils.parametrize.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original']

    Errors: ValueError for a name that is neither parameter nor buffer, and for a change of shape or dtype.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        listed = module.parametrizations[tensor_name]
        listed.append(parametrization)
        listed.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        listed = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            module.__class__ = _parametrized_class(type(module))
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = listed
    else:
        raise error("parametrize_name", module=module, name=tensor_name)
    return module


def _parametrized_class(cls):
    """A subclass for one module: a property belongs to a class, and other modules of ``cls`` must not get it."""

    def no_state(self):
        raise error("parametrize_pickle")

    def copied(self, memo):
        if id(self) not in memo:
            memo[id(self)] = twin = self.__new__(type(self))
            twin.__dict__ = deepcopy(self.__dict__, memo)
        return memo[id(self)]

    members = {"__getstate__": no_state} | ({} if hasattr(cls, "__deepcopy__") else {"__deepcopy__": copied})
    return type(f"Parametrized{cls.__name__}", (cls,), members)


def _property(name):
    def value(self):
        parametrization = self.parametrizations[name]
        if not _Cache.depth:
            return parametrization()
        key = (id(self), name)
        if key not in _Cache.values:
            _Cache.values[key] = parametrization()
        return _Cache.values[key]

    def assign(self, value):
        self.parametrizations[name].right_inverse(value)

    return property(value, assign)


def _check_next(module, name, parametrization):
    """Another function after those that are there may change neither shape nor dtype."""
    before = getattr(module, name)
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise error("parametrize_result", type=type(after).__name__)
    _check_kept("forward", before.dtype, before.shape, after, "the ")
    if hasattr(parametrization, "right_inverse"):
        try:
            back = parametrization.right_inverse(after)
        except NotImplementedError:
            return
        if not isinstance(back, Tensor):
            raise error("parametrize_back", type=type(back).__name__)
        _check_kept(name, before.dtype, before.shape, back)


def _check_kept(what, dtype, shape, value, article=""):
    for kind, before, after in (("dtype", dtype, value.dtype), ("shape", shape, value.shape)):
        if before != after and what == "forward":
            raise error("parametrize_changes", what=kind, article=article, before=before, after=after)
        if before != after:
            raise error("parametrize_back_changes", what=kind, name=what, before=before, after=after)


def is_parametrized(module, tensor_name=None):
    """True if the tensor (or, without a name, any tensor) of the module has a parametrization.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html
    """
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make the tensor an ordinary parameter again: of its present value, or (``leave_parametrized=False``) the original.

    Errors: ValueError for a tensor without parametrization, or an original that is several tensors.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
    """
    if not is_parametrized(module, tensor_name):
        raise error("parametrize_missing", module=module, name=tensor_name)
    listed = module.parametrizations[tensor_name]
    if listed.is_tensor:
        original = listed.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).data
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise error("parametrize_leave")
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module):
    """The module's class, as it was before the first parametrization.

    Source: https://pytorch.org/docs/stable/nn.html#parametrization
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module, to_module, tensor_name=None):
    """Give ``to_module`` the parametrizations of ``from_module`` and their originals: of one tensor, or of all.

    Source: https://pytorch.org/docs/stable/nn.html#parametrization
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        source = from_module.parametrizations[name]
        for function in source:
            register_parametrization(to_module, name, function)
        for key in ("original", *(f"original{number}" for number in range(source.ntensors))):
            if hasattr(source, key):
                setattr(to_module.parametrizations[name], key, getattr(source, key))
    return to_module


def _register(module, name, tensor):
    register = module.register_parameter if isinstance(tensor, Parameter) else module.register_buffer
    register(name, tensor)


__getattr__ = missing_from("torch.nn.utils.parametrize")  # a name that is missing here says why
