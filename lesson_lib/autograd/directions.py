"""Derivatives along a direction, made of backward passes alone.

Backward gives uᵀ·J for a gradient u of the output. That is a *linear* function of u, so its own derivative with
respect to u is J, whatever u is: differentiating the backward pass once more, along the direction t of the input, gives
J·t. This is the double-backward trick. It costs about two backward passes and needs no second set of rules.

Source: https://j-towns.github.io/2017/06/12/A-new-trick.html
"""

from ..core.engine import grad
from ..core.grad_mode import enable_grad
from ..core.node import AccumulateGrad
from ..core.tensor import edge_of
from ..ops.create import zeros, zeros_like
from ..ops.join import stack


def pulled_back(outputs, inputs, grad_outputs, create_graph=False, retain_graph=None):
    """uᵀ·J for each input; None where no output depends on it. Outputs without history are left out."""
    pairs = [(out, g) for out, g in zip(outputs, grad_outputs, strict=True) if out is not None and out.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    outputs, grad_outputs = zip(*pairs, strict=True)
    return grad(outputs, inputs, grad_outputs, retain_graph=retain_graph, create_graph=create_graph, allow_unused=True)


def pushed_forward(outputs, inputs):
    """The function t ↦ J·t, with one tangent (a direction) for each input and one result for each output.

    The backward pass that it differentiates runs once; each call after that costs one more.
    """
    dummies = tuple(zeros_like(out, requires_grad=True) for out in outputs)
    forget(dummies)
    with enable_grad():
        pulled = pulled_back(outputs, inputs, dummies, create_graph=True)

    def push(tangents, create_graph=False):
        found = pulled_back(pulled, dummies, tangents, create_graph=create_graph, retain_graph=True)
        return tuple(zeros_like(out) if t is None else t for out, t in zip(outputs, found, strict=True))

    return push


def alias(tensor, connected):
    """A new tensor with the same memory, to differentiate with respect to: it cannot be mistaken for a ``tensor`` that the function captured.

    ``connected``: gradients flow on from it to ``tensor``, if that has a history.
    """
    if connected and tensor.requires_grad:
        return tensor.view_as(tensor)
    return tensor.detach().requires_grad_()


def forget(leaves):
    """The function that these fresh leaves were made for has returned."""
    for leaf in leaves:
        leaf._forgotten = True


def depends_on_others(outputs, own):
    """True if the history of ``outputs`` leads to a leaf that is not in ``own``: then somebody outside may want a gradient too.

    The fresh leaves of a transform that is done do not count: nobody can ask for their gradients.
    """
    mine = {edge_of(tensor)[0] for tensor in own if tensor.is_leaf}
    stack = [edge[0] for edge in map(edge_of, outputs) if edge is not None]
    seen = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.__class__ is AccumulateGrad and node not in mine and not getattr(node.variable, "_forgotten", False):
            return True
        stack.extend(edge[0] for edge in node.edges if edge is not None)
    return False


def basis(tensor):
    """The unit directions: tensors like this one with a single 1."""
    for position in range(tensor.numel()):
        unit = zeros(tensor.numel(), dtype=tensor.dtype, device=tensor.device)
        unit[position] = 1
        yield unit.reshape(tensor.shape)


def joined(parts, shape, like):
    """The parts along a first dimension, in this shape; there may be none."""
    return stack(parts).reshape(shape) if parts else zeros(shape, dtype=like.dtype, device=like.device)


def joined_columns(columns, output, inputs):
    """∂output/∂x for each x, out of what every unit direction of all inputs did to ``output``: x's own follow one another."""
    blocks, start = [], 0
    for x in inputs:
        own = [column.reshape(-1) for column in columns[start : start + x.numel()]]
        blocks.append(joined(own, (x.numel(), output.numel()), output).t().reshape(output.shape + x.shape))
        start += x.numel()
    return blocks
