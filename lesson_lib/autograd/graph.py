"""``torch.autograd.graph``: the nodes of the recorded graph, and hooks on what they keep and on what flows through them.

Source: https://pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from weakref import WeakKeyDictionary

from ..core.edges import GradientEdge
from ..core.errors import error
from ..core.node import Node
from ..core.parity import missing_from
from ..core.state import thread
from ..core.tensor import Tensor, edge_of
from .saved_tensors import allow_mutation_on_saved_tensors, disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version",
    "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


def get_gradient_edge(tensor):
    """The place in the graph where ``tensor``'s gradient arrives.

    >>> import lesson_lib as torch
    >>> y = torch.ones(2, requires_grad=True) * 2
    >>> torch.autograd.graph.get_gradient_edge(y).node is y.grad_fn
    True

    Errors: RuntimeError for a tensor that requires no gradient.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.get_gradient_edge
    """
    if not tensor.requires_grad:
        raise error("gradient_edge")
    return GradientEdge(*edge_of(tensor))


def increment_version(tensor):
    """Tell autograd that somebody else wrote into this tensor's memory (or those of several), so that it can refuse stale values.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.increment_version
    """
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        one._ver[0] += 1


class _MultiHandle:
    """``remove()`` takes all the hooks off."""

    def __init__(self, handles):
        self.handles = tuple(handles)

    def remove(self):
        """Take the hooks off; a second call does nothing."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Call ``fn`` once per backward pass: with mode "all" when the gradients of all tensors are known (``fn(list)``, None for
    those that this pass does not reach), with "any" when the first of them is (``fn(grad)``).

    >>> import lesson_lib as torch
    >>> a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    >>> handle = torch.autograd.graph.register_multi_grad_hook((a, b), lambda grads: print(grads))
    >>> (a * 2 + b * 3).backward()
    [tensor([2.]), tensor([3.])]

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.register_multi_grad_hook
    """
    if mode not in ("all", "any"):
        raise error("multi_hook_mode", mode=mode)
    tensors = tuple(tensors)
    if mode == "any":
        return _MultiHandle(_first_of(tensors, fn))
    return _MultiHandle(_all_of(tensors, fn))


def _first_of(tensors, fn):
    done = WeakKeyDictionary()  # {a backward pass: True}

    def hook(grad):
        if thread.task not in done:
            done[thread.task] = True
            fn(grad)

    return [tensor.register_hook(hook) for tensor in tensors if tensor.requires_grad]


def _all_of(tensors, fn):
    nodes = [edge_of(tensor)[0] if tensor.requires_grad else None for tensor in tensors]
    passes = WeakKeyDictionary()  # {a backward pass: [gradients so far, how many are still to come]}

    def hook_of(position):
        def hook(grad):
            task = thread.task
            if task not in passes:
                visited = task.visits()
                passes[task] = [[None] * len(tensors), sum(node in visited for node in nodes)]
            state = passes[task]
            state[0][position] = grad
            state[1] -= 1
            if state[1] == 0:
                fn(passes.pop(task)[0])

        return hook

    return [tensor.register_hook(hook_of(position)) for position, tensor in enumerate(tensors)]

__getattr__ = missing_from("torch.autograd.graph")  # a name that is missing here says why
