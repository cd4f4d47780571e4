"""Lazy modules: layers that find out at their first call how large their input is.

Until then their parameters have no shape. The first call materializes them, and the layer becomes an ordinary one: a ``LazyLinear`` a ``Linear``.
"""

from itertools import chain

from ..core.errors import error
from ..core.grad_mode import no_grad
from .parameter import is_lazy


class LazyModuleMixin:
    """Makes a module lazy; stands before the module's class: ``class LazyScale(LazyModuleMixin, Scale)``.

    ``cls_to_become`` names the class of the finished module; ``initialize_parameters`` materializes what is uninitialized.

    >>> import lesson_lib as torch
    >>> class LazyScale(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = torch.nn.UninitializedParameter()
    ...     def initialize_parameters(self, x):
    ...         self.scale.materialize(x.shape[-1:])
    ...         torch.nn.init.ones_(self.scale)
    ...     def forward(self, x):
    ...         return self.scale * x
    >>> LazyScale()(torch.zeros(2)).shape
    torch.Size([2])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html
    """

    cls_to_become = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args, **kwargs):
        """Materialize parameters and buffers, knowing the arguments of the first call (abstract: a subclass writes it)."""
        raise error("lazy_initialize", name=type(self).__name__)

    def has_uninitialized_params(self):
        """True while a parameter or buffer has no shape."""
        return any(is_lazy(tensor) for tensor in chain(self._parameters.values(), self._buffers.values()))

    def _infer_parameters(self, module, args, kwargs):
        """The hook before the first ``forward``."""
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise error("lazy_unfinished", name=self._get_name())
        self._initialize_hook.remove()
        self._load_hook.remove()
        del self._initialize_hook, self._load_hook
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become

    def _lazy_load_hook(self, state_dict, prefix, *_):
        """The hook before loading: what the dictionary knows the shape of gets that shape."""
        for name, tensor in chain(self._parameters.items(), self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(tensor) and given is not None and not is_lazy(given):
                with no_grad():
                    tensor.materialize(given.shape)
