"""Weight normalisation in its older form: a hook that computes the weight before every call.

``parametrizations.weight_norm`` is the newer one. Source: T. Salimans and D. Kingma, https://arxiv.org/abs/1602.07868
"""

from ...core.errors import error
from ..outdated import outdated
from ..parameter import Parameter, UninitializedParameter


def norm_except_dim(v, pow=2, dim=0):
    """The p-norm of each slice along ``dim``, with the other dimensions kept as 1; of the whole tensor for -1.

    >>> import lesson_lib as torch
    >>> from lesson_lib.nn.utils.weight_norm import norm_except_dim
    >>> norm_except_dim(torch.tensor([[3., 4.], [0., 2.]]), 2, 0)
    tensor([[5.],
            [2.]])
    """
    return v.norm(pow) if dim == -1 else v.norm(pow, [other for other in range(v.ndim) if other != dim], keepdim=True)


def of_length(v, g, dim):
    """w = g·v/‖v‖: the direction of v, with the length g."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook: ``weight`` from ``weight_g`` and ``weight_v``."""

    def __init__(self, name, dim):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module):
        """The weight as it is now."""
        return of_length(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    @outdated("`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.")
    def apply(module, name, dim):
        """Split the weight, and register the hook."""
        if _hook_of(module, name) is not None:
            raise error("two_hooks", norm="weight_norm", name=name)
        hook, weight = WeightNorm(name, dim), getattr(module, name)
        if isinstance(weight, UninitializedParameter):
            raise error("norm_uninitialized", norm="WeightNorm", long="weight")
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, hook.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        hook(module, None)
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module):
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name="weight", dim=0):
    """Let the weight be g·v/‖v‖, with g and v as parameters; one length g for each slice along ``dim``, or one for all (None).

    >>> import lesson_lib as torch, warnings
    >>> warnings.simplefilter("ignore")
    >>> layer = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_g', 'weight_v']

    Errors: RuntimeError the second time, ValueError for a lazy module before its first call.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name="weight"):
    """Make the weight an ordinary parameter again.

    Errors: ValueError if it has no weight_norm.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
    """
    hook = _hook_of(module, name)
    if hook is None:
        raise error("norm_hook_missing", norm="weight_norm", name=name, module=module)
    hook.function.remove(module)
    module._forward_pre_hooks.remove(hook)
    return module


def _hook_of(module, name):
    return next((hook for hook in module._forward_pre_hooks if isinstance(hook.function, WeightNorm) and hook.function.name == name), None)
