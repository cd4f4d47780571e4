"""Where a backward pass starts and where it leads to: tensors, or edges of the graph given in their place."""

from typing import NamedTuple

from . import cpu
from .device import namespace
from .dtypes import from_numpy_dtype
from .errors import error
from .node import AccumulateGrad, Node
from .tensor import Tensor, edge_of, wrap


class GradientEdge(NamedTuple):
    """Where a tensor's gradient goes: a node, and which of its outputs the tensor is. It may stand for the tensor in ``backward`` and ``grad``."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None  # the node itself keeps the graph alive here

    # What the engine asks of a tensor.
    requires_grad = True
    shape = property(lambda self: self.node.shape if self.node.several is None else self.node.shape[self.output_nr])
    np_dtype = property(lambda self: self.node.dtype if self.node.several is None else self.node.dtype[self.output_nr])


GradientEdge.__module__ = "torch.autograd.graph"


def as_tuple(value):
    """One tensor (or edge) or several, as a tuple."""
    return () if value is None else (value,) if isinstance(value, Tensor | GradientEdge) else tuple(value)


def edge_to(place):
    """The (node, output number) of a tensor or of a GradientEdge."""
    return place[:2] if isinstance(place, GradientEdge) else edge_of(place)


def check_inputs(name, inputs, materialize=False):
    """The inputs as a tuple, or PyTorch's error for what cannot be differentiated by."""
    inputs = as_tuple(inputs)
    if not inputs:
        raise error("inputs_empty", name=name)
    for place in inputs:
        if materialize and isinstance(place, GradientEdge):
            raise error("materialize_edge")
        if not place.requires_grad:
            raise error("not_required") if name == "grad" else error("retain_required")
    return inputs


def roots_of(places, gradients, taped):
    """[(edge, gradient), ...] to start from; the gradient is 1 for a scalar if none is given."""
    gradients = gradients or (None,) * len(places)
    if len(gradients) != len(places):
        raise error("gradient_count", tensors=len(places), gradients=len(gradients))
    pairs = zip(places, gradients, strict=True)
    return [(edge_to(place), _start(number, place, gradient, taped)) for number, (place, gradient) in enumerate(pairs)]


def _start(number, place, gradient, taped):
    """The gradient to start with at ``place``: a Tensor if it is recorded, else an array."""
    np_dtype = place.np_dtype if isinstance(place, GradientEdge) else place._a.dtype
    if gradient is None:
        if not place.requires_grad:
            raise error("no_grad_fn", number=number)
        if any(size != 1 for size in place.shape):
            raise error("non_scalar")
        if np_dtype.kind == "c":
            raise error("non_real", dtype=from_numpy_dtype(np_dtype))
        gradient = wrap(_namespace(place).ones(place.shape, np_dtype))
    elif not isinstance(gradient, Tensor):
        raise error("gradient_type", type=type(gradient).__name__)
    elif tuple(gradient.shape) != tuple(place.shape):
        raise error("grad_shape", index=number, found=gradient.shape, expected=type(gradient.shape)(place.shape))
    elif not place.requires_grad:
        raise error("no_grad_fn", number=number)
    elif (gradient._a.dtype.kind == "c") != (np_dtype.kind == "c"):
        raise error("grad_complex", index=number, found=gradient.dtype, expected=from_numpy_dtype(np_dtype))
    return gradient if taped else gradient._a


def _namespace(place):
    """The array library of a tensor; for an edge, that of a leaf which the graph leads to."""
    if isinstance(place, Tensor):
        return namespace(place._a)
    seen, stack = set(), [place.node]
    while stack:
        node = stack.pop()
        if isinstance(node, AccumulateGrad):
            return namespace(node.variable._a)
        if node not in seen:
            seen.add(node)
            stack.extend(edge[0] for edge in node.edges if edge is not None)
    return cpu
