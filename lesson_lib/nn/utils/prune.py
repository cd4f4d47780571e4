"""Pruning: some elements of a parameter are held at 0 by a mask.

``weight`` becomes ``weight_orig`` (the parameter) and ``weight_mask`` (a buffer), and a hook computes ``weight = weight_orig · weight_mask``
before every call. The classes here say how the mask is chosen; the functions apply them. The methods stand in ``prune_methods.py``.

Source: https://pytorch.org/tutorials/intermediate/pruning_tutorial.html
"""

from collections.abc import Iterable

from ...core.errors import error
from ...core.parity import missing_from
from ...ops.create import ones_like
from .convert_parameters import parameters_to_vector
from .prune_method import BasePruningMethod, PruningContainer, hooks_of
from .prune_methods import CustomFromMask, Identity, L1Unstructured, LnStructured, RandomStructured, RandomUnstructured


def identity(module, name):
    """Prune nothing: makes the mask (of ones) and the hook.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.utils.prune.identity(torch.nn.Linear(2, 1), "bias")
    >>> list(layer.state_dict())
    ['weight', 'bias_orig', 'bias_mask']

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module, name, amount):
    """Prune elements at random: a number of them (int), or a share (float).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_unstructured.html
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module, name, amount, importance_scores=None):
    """Prune the elements nearest to 0 (or of the lowest score): a number of them (int), or a share (float).

    >>> import lesson_lib as torch
    >>> layer = torch.nn.Linear(2, 2)
    >>> _ = layer.weight.data.copy_(torch.tensor([[1., 4.], [-3., 2.]]))
    >>> torch.nn.utils.prune.l1_unstructured(layer, "weight", 0.5).weight
    tensor([[ 0.,  4.],
            [-3.,  0.]], grad_fn=<MulBackward0>)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.l1_unstructured.html
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module, name, amount, dim):
    """Prune whole channels along ``dim`` at random: a number of them (int), or a share (float).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_structured.html
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Prune the channels along ``dim`` with the smallest n-norm: a number of them (int), or a share (float).

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.ln_structured.html
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module, name, mask):
    """Prune where ``mask`` is 0.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.custom_from_mask.html
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs):
    """Prune several parameters as if they were one: ``parameters`` lists pairs (module, name), ``kwargs`` go to the method.

    Errors: TypeError for a method that is not unstructured.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.global_unstructured.html
    """
    if not isinstance(parameters, Iterable):
        raise error("prune_iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise error("prune_scores_type")
    parameters = list(parameters)
    tensors = [getattr(module, name) for module, name in parameters]
    score = parameters_to_vector([scores.get(place, tensor) for place, tensor in zip(parameters, tensors, strict=True)])
    masks = [getattr(module, name + "_mask", ones_like(tensor)) for (module, name), tensor in zip(parameters, tensors, strict=True)]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise error("prune_global", method=pruning_method, found=method.PRUNING_TYPE)
    container = PruningContainer()
    container._tensor_name = method._tensor_name = "temp"
    container.add_pruning_method(method)
    mask = container.compute_mask(score, parameters_to_vector(masks))
    for (module, name), part in zip(parameters, mask.split([tensor.numel() for tensor in tensors]), strict=True):
        custom_from_mask(module, name, mask=part.view_as(getattr(module, name)))


def remove(module, name):
    """Make the pruning permanent: the parameter gets its zeros and its old name.

    Errors: ValueError if it is not pruned.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.remove.html
    """
    hooks = hooks_of(module, name)
    if not hooks:
        raise error("prune_missing", name=name, module=module)
    hooks[0].function.remove(module)
    module._forward_pre_hooks.remove(hooks[0])
    return module


def is_pruned(module):
    """True if a parameter of this module, or of one below it, is pruned.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.is_pruned.html
    """
    return any(isinstance(hook.function, BasePruningMethod) for child in module.modules() for hook in child._forward_pre_hooks)


__getattr__ = missing_from("torch.nn.utils.prune")  # a name that is missing here says why
