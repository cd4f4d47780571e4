"""Modules as functions of their parameters.

Source: https://pytorch.org/docs/stable/func.api.html#utilities-for-working-with-torch-nn-modules
"""

from contextlib import contextmanager

from ..core.errors import error
from ..ops.join import stack


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """``module(*args, **kwargs)`` with these tensors in place of its parameters and buffers, for this one call.

    ``tie_weights``: a tensor that the module holds under several names is replaced under all of them. ``strict``: every
    name must be given, and no other.

    >>> import lesson_lib as torch
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> torch.func.functional_call(net, {"weight": torch.tensor([[1., 2.]])}, torch.tensor([3., 4.]))
    tensor([11.])

    Source: https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
    """
    tensors = _one_dict(parameter_and_buffer_dicts)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, tensors, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def stack_module_state(models):
    """``(parameters, buffers)`` of several equal modules, stacked by name: what ``vmap`` of ``functional_call`` maps over.

    >>> import lesson_lib as torch
    >>> parameters, buffers = torch.func.stack_module_state([torch.nn.Linear(2, 3) for _ in range(5)])
    >>> parameters["weight"].shape
    torch.Size([5, 3, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.func.stack_module_state.html
    """
    models = list(models)
    if not models:
        raise error("stack_none")
    if len({model.training for model in models}) > 1:
        raise error("stack_modes")
    if len({type(model) for model in models}) > 1:
        raise error("stack_classes")
    parameters, buffers = ([dict(getattr(model, kind)()) for model in models] for kind in ("named_parameters", "named_buffers"))
    return tuple({name: _stacked_leaf(name, [one[name] for one in dicts]) for name in dicts[0]} for dicts in (parameters, buffers))


def _stacked_leaf(name, tensors):
    if len({tensor.requires_grad for tensor in tensors}) > 1:
        raise error("stack_grads", name=name)
    result = stack(tensors)
    return result.detach().requires_grad_() if tensors[0].requires_grad else result


def _one_dict(dicts):
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, list | tuple):
        raise error("functional_dicts", type=type(dicts))
    if not all(isinstance(one, dict) for one in dicts):
        raise error("functional_elements")
    names = [name for one in dicts for name in one]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise error("functional_repeated", keys=repeated)
    return {name: tensor for one in dicts for name, tensor in one.items()}


def _places(module):
    """{dotted name: (the dictionary that holds the tensor, its key)} of all parameters and buffers, shared ones under every name."""
    return {
        prefix + ("." if prefix else "") + name: (held, name)
        for prefix, child in module.named_modules(remove_duplicate=False)
        for held in (child._parameters, child._buffers)
        for name in held
        if held[name] is not None
    }


@contextmanager
def _replaced(module, tensors, tie_weights, strict):
    """Inside, the module holds ``tensors``."""
    places = _places(module)
    if tie_weights:
        tensors = _tied(places, tensors)
    if strict:
        _check_names(module, places, tensors)
    before = [(held, key, held[key]) for held, key in places.values()]
    try:
        for name, tensor in tensors.items():
            if name in places:
                held, key = places[name]
                held[key] = tensor
            else:
                module.get_submodule(name.rpartition(".")[0])  # a name too many is ignored, a path that leads nowhere is an error
        yield
    finally:
        for held, key, tensor in before:
            held[key] = tensor


def _tied(places, tensors):
    """A tensor given under one of its names counts under all of them."""
    names_of = {}  # id of a tensor that the module holds -> all its names
    for name, (held, key) in places.items():
        names_of.setdefault(id(held[key]), []).append(name)
    result = dict(tensors)
    for names in names_of.values():
        given = [tensors[name] for name in names if name in tensors]
        if any(tensor is not given[0] for tensor in given):
            raise error("functional_tied", keys=sorted(names))
        if given:
            result.update(dict.fromkeys(names, given[0]))
    return result


def _check_names(module, places, tensors):
    unexpected = sorted(name for name in tensors if name not in places)
    missing = sorted(name for name in places if name not in tensors)
    problems = [f"{what} key(s): {', '.join(map(repr, names))}." for what, names in (("Unexpected", unexpected), ("Missing", missing)) if names]
    if problems:
        raise error("functional_strict", name=type(module).__name__, problems="\n\t".join(problems))
