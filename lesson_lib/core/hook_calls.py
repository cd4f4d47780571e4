"""The engine's turn for the user: the hooks of one node see Tensors, and what they return goes on in the engine's own form."""

import numpy as np

from .tensor import Tensor, wrap


def call_pre_hooks(node, g):
    """Hooks see Tensors and may replace the gradient: first those of the tensors that this node made, then the node's own."""
    parts = list(g) if node.several else [g]
    for index, hooks in node.hooks.tensor.items():
        for hook in tuple(hooks):
            if parts[index] is not None:
                result = hook(shown(parts[index]))
                parts[index] = parts[index] if result is None else _like(parts[index], result)
    for hook in tuple(node.hooks.pre):
        results = hook(tuple(map(shown, parts)))
        if results is not None:
            parts = [_like(part, result) for part, result in zip(parts, results, strict=True)]
    return parts if node.several else parts[0]


def call_post_hooks(node, contributions, g):
    """``node.register_hook``: ``hook(grad_inputs, grad_outputs)``, both tuples of Tensors."""
    for hook in tuple(node.hooks.post):
        results = hook(tuple(map(shown, contributions)), tuple(map(shown, g if node.several else (g,))))
        if results is not None:
            contributions = [_like(part, result) for part, result in zip(contributions, results, strict=True)]
    return contributions


def shown(part):
    """A gradient as a hook sees it: a Tensor, or None."""
    if part is None or isinstance(part, Tensor):
        return part
    return wrap(np.asarray(part) if isinstance(part, np.generic) else part)


def _like(part, tensor):
    """A hook's answer in the form that the engine was working with."""
    return tensor if tensor is None or isinstance(part, Tensor) else tensor._a
