"""Joining and splitting. Each is the other's gradient: cat and split, stack and unbind."""

from math import ceil
from operator import index as as_index

from ..core.errors import error
from ..core.op import Op, View, method, op
from ..core.promote import COMMON
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .shapes import atleast_1d, atleast_2d, atleast_3d
from .slicing import slice_
from .view import reshape, unsqueeze


def tensors_of(name, tensors):
    """The list as a tuple, or PyTorch's TypeError. Bare arrays pass: that is a rule being run."""
    if not isinstance(tensors, tuple | list):
        raise error("tensor_list", name=name, type=type(tensors).__name__)
    for position, tensor in enumerate(tensors):
        if not hasattr(tensor, "shape"):
            raise error("tensor_item", position=position, type=type(tensor).__name__)
    return tuple(tensors)


def starts_of(sizes):
    """(start, end) of parts of these sizes, one after the other."""
    start, spans = 0, []
    for size in sizes:
        spans.append((start, start + size))
        start += size
    return spans


# --- along a dimension that is there ----------------------------------------------------------------------------------


@op
class cat(Op):
    """The tensors one after the other along ``dim``; their other sizes are equal.   ∂y/∂x_i = 1: each gets its own part of g back.

    >>> import lesson_lib as torch
    >>> torch.cat([torch.tensor([1, 2]), torch.tensor([3])])
    tensor([1, 2, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.cat.html
    """

    promotion, method = COMMON, False

    def signature(tensors, dim=0):
        tensors = tensors_of("cat", tensors)
        if not tensors:
            raise error("cat_empty")
        shapes = [tuple(tensor.shape) for tensor in tensors]
        model = next((shape for shape in shapes if shape != (0,)), (0,))  # PyTorch skips vectors without elements
        if () in shapes:
            raise error("cat_0d", position=shapes.index(()))
        dim = wrap_dim(dim, len(model)) if model != (0,) else 0
        for position, shape in enumerate(shapes):
            if shape != (0,):
                _check_joins(model, shape, dim, position)
        return (*tensors, {"dim": dim})

    def forward(xp, *xs, dim):
        ndim = max(x.ndim for x in xs)
        return xp.concatenate([x for x in xs if x.ndim == ndim], axis=dim)

    def grad_all(g, shapes, dim):
        sizes = [shape[dim] if len(shape) == g.ndim else 0 for shape in shapes]
        parts = [slice_.op.raw(g, dim=dim, start=start, end=end, step=1) for start, end in starts_of(sizes)]
        return tuple(part if len(shape) == g.ndim else reshape(part, shape) for part, shape in zip(parts, shapes, strict=True))

    def samples(t):
        yield case([t(2, 3), t(1, 3)])
        yield case([t(2, 3), t(2, 0), t(2, 1)], dim=-1)
        yield case([t(0), t(2, 3)])

    def errors(t):
        yield case([]), ValueError, "torch.cat(): expected a non-empty list of Tensors"
        message = "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor number 1"
        yield case([t(2, 3), t(2, 4)]), RuntimeError, message
        yield case([t(2, 3), t(2)]), RuntimeError, "Tensors must have same number of dimensions: got 2 and 1"


def _check_joins(model, shape, dim, position):
    if len(shape) != len(model):
        raise error("cat_dims", a=len(model), b=len(shape))
    for axis, (expected, found) in enumerate(zip(model, shape, strict=True)):
        if axis != dim and expected != found:
            raise error("cat_shape", dim=dim, expected=expected, found=found, index=position)


concat = concatenate = cat


class Split(View):
    """Parts of the given sizes along ``dim``, all views.   ∂y_i/∂x = 1 on part i.

    PyTorch names the node after the kind of argument: one size for all parts, or a list.
    """

    public, n_diff, label = False, "all", "split"

    def forward(xp, x, *, sizes, dim):
        return tuple(x[(slice(None),) * dim + (slice(start, end),)] for start, end in starts_of(sizes))

    def grad_x(gs, dim):
        return cat.op.raw(*gs, dim=dim)


@op
class split_equal(Split):
    """Parts of one size along ``dim``, the last perhaps smaller, all views.   ∂y_i/∂x = 1 on part i."""

    title = "Split"
    samples = lambda t: (case(t(5, 2), sizes=(2, 2, 1), dim=0),)  # noqa: E731


@op
class split_parts(Split):
    """Parts of the given sizes along ``dim``, all views.   ∂y_i/∂x = 1 on part i."""

    title = "SplitWithSizes"
    samples = lambda t: (case(t(2, 5), sizes=(1, 4), dim=1),)  # noqa: E731


def equal_parts(size, split_size):
    """The sizes of the parts that ``split`` makes of a dimension, or PyTorch's error."""
    if split_size < 0:
        raise error("split_negative", size=split_size)
    if split_size == 0 and size:
        raise error("split_zero", size=size)
    count = max(ceil(size / split_size), 1) if split_size else 1
    return (split_size,) * (count - 1) + (size - split_size * (count - 1),)


def given_parts(size, dim, split_sizes):
    """The sizes as a tuple, or PyTorch's error if they do not make up the dimension."""
    sizes = tuple(map(as_index, split_sizes))
    if min(sizes, default=0) < 0:
        raise error("split_entries", sizes=list(sizes))
    if sum(sizes) != size:
        raise error("split_sections", size=size, dim=dim, sizes=list(sizes))
    return sizes


@method()
def split(tensor, split_size_or_sections, dim=0):
    """Views of ``split_size`` indexes each along ``dim`` (the last may be smaller), or of the sizes in a list.   ∂y_i/∂x = 1 on part i.

    Source: https://pytorch.org/docs/stable/generated/torch.split.html
    """
    if isinstance(split_size_or_sections, tuple | list):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    if tensor.ndim == 0:
        raise error("split_0d", name="split")
    dim = wrap_dim(dim, tensor.ndim)
    return split_equal.op.raw(tensor, sizes=equal_parts(tensor.shape[dim], split_size_or_sections), dim=dim)


@method()
def split_with_sizes(input, split_sizes, dim=0):
    """Views of these sizes along ``dim``.   ∂y_i/∂x = 1 on part i. Source: https://pytorch.org/docs/stable/generated/torch.split.html"""
    if not isinstance(split_sizes, tuple | list):
        raise error("ints_type", name="split_with_sizes", argument="split_sizes", position=2, type=type(split_sizes).__name__)
    if input.ndim == 0:
        raise error("split_0d", name="split")
    dim = wrap_dim(dim, input.ndim)
    return split_parts.op.raw(input, sizes=given_parts(input.shape[dim], dim, split_sizes), dim=dim)


@method()
def chunk(input, chunks, dim=0):
    """At most ``chunks`` views of equal size along ``dim``, the last perhaps smaller.   ∂y_i/∂x = 1 on part i.

    Source: https://pytorch.org/docs/stable/generated/torch.chunk.html
    """
    if input.ndim == 0:
        raise error("split_0d", name="chunk")
    if chunks <= 0:
        raise error("chunk_count", chunks=chunks)
    size = input.shape[wrap_dim(dim, input.ndim)]
    return split(input, ceil(size / chunks), dim) if size else split(input, [0] * chunks, dim)


@method()
def tensor_split(input, indices_or_sections, dim=0):
    """Views cut at the given indexes along ``dim``, or so many views of nearly equal size.   ∂y_i/∂x = 1 on part i.

    Source: https://pytorch.org/docs/stable/generated/torch.tensor_split.html
    """
    if input.ndim == 0:
        raise error("split_0d_any", name="tensor_split", ndim=0)
    dim = wrap_dim(dim, input.ndim)
    size, cuts = input.shape[dim], indices_or_sections
    cuts = cuts.tolist() if isinstance(cuts, Tensor) else cuts
    if isinstance(cuts, int):
        if cuts <= 0:
            raise error("sections", sections=cuts)
        small, larger = divmod(size, cuts)
        spans = starts_of([small + 1] * larger + [small] * (cuts - larger))
    else:
        spans = zip([0, *cuts], [*cuts, size], strict=True)
    return tuple(slice_(input, dim, start, end) for start, end in spans)


def _even_split(name, least, dim_of):
    """hsplit, vsplit and dsplit: ``tensor_split`` along a fixed dimension, into equal parts."""

    def function(input, indices_or_sections):
        if input.ndim < least:
            raise error("split_dims", name=name, least=least, ndim=input.ndim)
        dim = dim_of(input.ndim)
        if isinstance(indices_or_sections, int) and (indices_or_sections == 0 or input.shape[dim] % indices_or_sections):
            raise error("split_uneven", name=name, dim=dim, size=input.shape[dim], sections=indices_or_sections)
        return tensor_split(input, indices_or_sections, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Equal parts along one dimension, as views. Source: https://pytorch.org/docs/stable/generated/torch.{name}.html"
    return method()(function)


hsplit = _even_split("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1)
vsplit = _even_split("vsplit", 2, lambda ndim: 0)
dsplit = _even_split("dsplit", 3, lambda ndim: 2)


# --- along a new dimension --------------------------------------------------------------------------------------------


@op
class stack(Op):
    """Tensors of one shape side by side along a new dimension ``dim``.   ∂y/∂x_i = 1: each gets its own part of g back.

    >>> import lesson_lib as torch
    >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])

    Source: https://pytorch.org/docs/stable/generated/torch.stack.html
    """

    promotion, method = COMMON, False

    def signature(tensors, dim=0):
        tensors = tensors_of("stack", tensors)
        if not tensors:
            raise error("empty_list", message="stack expects a non-empty TensorList")
        first = tuple(tensors[0].shape)
        dim = wrap_dim(dim, len(first) + 1)
        for position, tensor in enumerate(tensors):
            if tuple(tensor.shape) != first:
                raise error("stack_shape", a=list(first), b=list(tensor.shape), index=position)
        return (*tensors, {"dim": dim})

    def forward(xp, *xs, dim):
        return xp.stack(xs, axis=dim)

    def grad_all(g, dim):
        return unbind.op.raw(g, dim=dim)

    def samples(t):
        yield case([t(2, 3), t(2, 3)])
        yield case([t(2), t(2), t(2)], dim=-1)
        yield case([t(), t()])

    def errors(t):
        yield case([]), RuntimeError, "stack expects a non-empty TensorList"
        yield case([t(2), t(3)]), RuntimeError, "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1"


@op
class unbind(View):
    """All slices along ``dim``, one view each; the dimension disappears.   ∂y_i/∂x = 1 on slice i.

    Source: https://pytorch.org/docs/stable/generated/torch.unbind.html
    """

    n_diff = "all"

    def signature(input, dim=0):
        if input.ndim == 0:
            raise error("unbind_0d", dim=dim)
        return input, {"dim": wrap_dim(dim, input.ndim)}

    def forward(xp, x, *, dim):
        return tuple(x[(slice(None),) * dim + (i, ...)] for i in range(x.shape[dim]))

    def grad_x(gs, dim):
        return stack.op.raw(*gs, dim=dim)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), -1)

    def errors(t):
        yield case(t()), IndexError, "Dimension specified as 0 but tensor has no dimensions"


def _stacker(name, at_least, dim_of, text):
    """hstack, vstack and dstack: ``cat`` of tensors that first get enough dimensions."""

    def function(tensors, *, out=None):
        tensors = tensors_of(name, tensors)
        if not tensors:
            raise error("empty_list", message=f"{name} expects a non-empty TensorList")
        tensors = at_least(tensors)
        return cat(tensors, dim_of(tensors[0].ndim), out=out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{text}   ∂y/∂x_i = 1.\n\n    Source: https://pytorch.org/docs/stable/generated/torch.{name}.html"
    return function


hstack = _stacker("hstack", atleast_1d, lambda ndim: 0 if ndim == 1 else 1, "Tensors side by side: along the columns, vectors end to end.")
vstack = row_stack = _stacker("vstack", atleast_2d, lambda ndim: 0, "Tensors on top of each other: along the rows, a vector is one row.")
dstack = _stacker("dstack", atleast_3d, lambda ndim: 2, "Tensors behind each other: along the third dimension.")


def column_stack(tensors, *, out=None):
    """Vectors as the columns of a matrix; matrices side by side.   ∂y/∂x_i = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.column_stack.html
    """
    tensors = tensors_of("column_stack", tensors)
    return hstack([reshape(x, 1, 1) if x.ndim == 0 else unsqueeze(x, 1) if x.ndim == 1 else x for x in tensors], out=out)
