"""What every way of pruning shares: the mask, the hook, and the way back."""

from abc import ABC, abstractmethod

from ...core.errors import error
from ...ops.create import ones_like


def hooks_of(module, name):
    """The hooks that prune ``module.name``."""
    return [hook for hook in module._forward_pre_hooks if isinstance(hook.function, BasePruningMethod) and hook.function._tensor_name == name]


class BasePruningMethod(ABC):
    """A way of pruning: a subclass writes ``compute_mask`` and says its ``PRUNING_TYPE``.

    >>> import lesson_lib as torch
    >>> from lesson_lib.nn.utils import prune
    >>> class EveryOther(prune.BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         mask = default_mask.clone()
    ...         mask.view(-1)[::2] = 0
    ...         return mask
    >>> layer = torch.nn.Linear(4, 1)
    >>> _ = EveryOther.apply(layer, "weight")
    >>> layer.weight_mask
    tensor([[0., 1., 0., 1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html
    """

    _tensor_name = None

    def __call__(self, module, inputs):
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t, default_mask):
        """The mask for the importances ``t``, on top of ``default_mask``."""

    def apply_mask(self, module):
        """The pruned tensor: the original times the mask."""
        if self._tensor_name is None:
            raise error("prune_first", module=module, when="")
        mask, original = getattr(module, self._tensor_name + "_mask"), getattr(module, self._tensor_name + "_orig")
        return mask.to(original.dtype) * original

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """Prune ``module.name`` by this method, on top of what pruned it before; the other arguments go to the constructor."""
        method = cls._on_top(module, name, *args, **kwargs)
        tensor = getattr(module, name)
        if importance_scores is None:
            importance_scores = tensor
        elif importance_scores.shape != tensor.shape:
            raise error("prune_scores", what=f"parameter {name} of {module}", found=importance_scores.shape, expected=tensor.shape)
        first = not isinstance(method, PruningContainer)
        if first:
            module.register_parameter(name + "_orig", tensor)
            del module._parameters[name]
        before = ones_like(tensor) if first else getattr(module, name + "_mask").detach().clone()
        try:
            module.register_buffer(name + "_mask", method.compute_mask(importance_scores, default_mask=before))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if first:  # as if nothing had happened
                module.register_parameter(name, module._parameters.pop(name + "_orig"))
            raise
        return method

    @classmethod
    def _on_top(cls, module, name, *args, **kwargs):
        """The new method; in a container with the method that prunes the tensor already, whose hook it replaces."""
        old = hooks_of(module, name)
        if len(old) > 1:
            raise error("prune_twice", name=name, module=module)
        method = cls(*args, **kwargs)
        method._tensor_name = name
        if not old:
            return method
        module._forward_pre_hooks.remove(old[0])
        container = old[0].function if isinstance(old[0].function, PruningContainer) else PruningContainer(old[0].function)
        container.add_pruning_method(method)
        return container

    def prune(self, t, default_mask=None, importance_scores=None):
        """A pruned copy of the tensor ``t``; no module is needed."""
        if importance_scores is None:
            importance_scores = t
        elif importance_scores.shape != t.shape:
            raise error("prune_scores", what="tensor t", found=importance_scores.shape, expected=t.shape)
        return t * self.compute_mask(importance_scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module):
        """Make the pruning permanent: the parameter gets its zeros and its old name."""
        if self._tensor_name is None:
            raise error("prune_first", module=module, when=" before pruning can be removed")
        name, pruned = self._tensor_name, self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(name + "_orig")
        original.data = pruned.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Prunings of one parameter in their order: the last chooses among what the others left.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.PruningContainer.html
    """

    def __init__(self, *args):
        self._pruning_methods = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method):
        """Add one more."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise error("prune_method", type=type(method))
        if method is not None and self._tensor_name != method._tensor_name:
            raise error("prune_other_name", expected=self._tensor_name, container=self, found=method._tensor_name)
        self._pruning_methods += (method,)

    def __len__(self):
        return len(self._pruning_methods)

    def __iter__(self):
        return iter(self._pruning_methods)

    def __getitem__(self, index):
        return self._pruning_methods[index]

    def compute_mask(self, t, default_mask):
        """The mask so far, with the last method's choice among what it left."""
        method = self._pruning_methods[-1]
        left = self._left(method, t, default_mask)
        mask = default_mask.to(t.dtype).clone()
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(mask.dtype)
        return mask

    def _left(self, method, t, mask):
        """The index of what ``method`` may choose from."""
        if method.PRUNING_TYPE == "unstructured":
            return mask == 1
        if method.PRUNING_TYPE == "global":
            return (slice(None),) * t.ndim
        if method.PRUNING_TYPE != "structured":
            raise error("prune_type", found=method.PRUNING_TYPE)
        if not hasattr(method, "dim"):
            raise error("prune_no_dim")
        dim = method.dim + t.ndim if method.dim < 0 else method.dim
        if dim < 0:
            raise error("prune_index", ndim=t.ndim)
        alive = mask.sum(dim=[other for other in range(t.ndim) if other != dim]) != 0
        return (slice(None),) * dim + (alive,) + (slice(None),) * (t.ndim - dim - 1)
