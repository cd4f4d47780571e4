"""Views: other shapes and orders of the same memory. Nothing is copied, so writing to a view writes to its base.

The gradient of a view goes back through the same view: what was looked at receives the gradient, the rest receives 0.
"""

from math import prod
from operator import index as as_index

from ..core.device import namespace
from ..core.dtypes import dtype as Dtype
from ..core.errors import error, operand_shapes_error, tensor_title
from ..core.op import Op, View, method, op
from ..core.size import Size
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .cast import clone
from .view_bytes import viewed_as


def sizes_of(name, args, argument="size"):
    """Sizes given one by one or as one tuple, as a tuple of Python integers."""
    sizes = args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args
    try:
        return tuple(map(as_index, sizes))
    except TypeError:
        position, found = next((i, s) for i, s in enumerate(sizes) if not hasattr(s, "__index__"))
        kind = "sizes_item" if position or sizes is not args else "sizes_type"
        raise error(kind, name=name, argument=argument, type=type(found).__name__, position=position + 1) from None


def given_sizes(name, args, named, argument="size"):
    """``sizes_of`` what was given, by position or by name; PyTorch's TypeError if nothing was."""
    if not args and named is None:
        raise error("missing_argument", name=name, argument=argument)
    return sizes_of(name, args or (named,), argument)


def full_shape(shape, count):
    """``shape`` with its one -1 filled in for ``count`` elements, or PyTorch's error."""
    if not shape or min(shape) >= 0:
        if prod(shape) != count:
            raise error("view_shape", shape=list(shape), size=count)
        return shape
    if shape.count(-1) > 1:
        raise error("view_infer")
    for position, size in enumerate(shape):
        if size < -1:
            raise error("view_negative", size=size, position=position, shape=list(shape))
    known = prod(size for size in shape if size != -1)
    if known == 0 and count == 0:
        raise error("view_ambiguous", shape=list(shape))
    if known == 0 or count % known:
        raise error("view_shape", shape=list(shape), size=count)
    return tuple(count // known if size == -1 else size for size in shape)


# --- shape ---------------------------------------------------------------------------------------------------------


@op
class view(View):
    """The same elements, in the same order, under another shape; one size may be -1.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """

    public = False  # the method also takes a dtype

    def signature(input, *shape):
        return input, {"size": full_shape(sizes_of("view", shape), input._a.size)}

    def forward(xp, x, *, size):
        return xp.reshape(x, size, copy=False)

    def explain(exc, arrays, params):
        return error("view_stride")

    def grad_x(g, x_shape):
        return reshape(g, x_shape)

    def samples(t):
        yield case(t(2, 3), 3, 2)
        yield case(t(2, 3, 2), -1, 2)
        yield case(t(), 1)
        yield case(t(0, 2), 0)

    def errors(t):
        yield case(t(2, 3), 4, 2), RuntimeError, "shape '[4, 2]' is invalid for input of size 6"
        yield case(t(2, 3), -1, -1), RuntimeError, "only one dimension can be inferred"


@op
class unsafe_view(Op):
    """``view`` of a copy that nobody else sees, so it counts as no view: the second half of a ``reshape`` that had to copy."""

    public, label = False, "view"
    forward, grad_x, explain = view.op.forward, view.op.grad_x, view.op.explain
    samples = lambda t: (case(t(2, 3), size=(6,)),)  # noqa: E731


def can_view(array, shape):
    """True if ``shape`` needs no copy."""
    if array.flags.c_contiguous:
        return True
    try:
        namespace(array).reshape(array, shape, copy=False)
    except ValueError:
        return False
    return True


@method()
def reshape(input, *args, shape=None):
    """The same elements in row-major order under another shape: a view where that is possible, a copy where not.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.arange(4).reshape(2, 2).t().reshape(-1)
    tensor([0, 2, 1, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.reshape.html
    """
    if not isinstance(input, Tensor):
        return input.reshape(*args)
    size = full_shape(given_sizes("reshape", args, shape, "shape"), input._a.size)
    if can_view(input._a, size):
        return view.op.raw(input, size=size)
    return unsafe_view.op.raw(clone.op.raw(input, order="C"), size=size)


def _too_stretched(sizes, target, shown):
    """PyTorch's error for the last dimension that cannot be stretched to its target; ``shown`` is the target as the user gave it."""
    lead = len(target) - len(sizes)
    for dim in range(len(target) - 1, lead - 1, -1):
        if sizes[dim - lead] not in (1, target[dim]):
            return error("expand", new=target[dim], old=sizes[dim - lead], dim=dim, target=list(shown), sizes=list(sizes))
    return None


@op
class expand(View):
    """Dimensions of size 1 (and new leading ones) stretched without copying; -1 keeps a size.   ∂y/∂x = 1, summed over what was stretched.

    >>> import lesson_lib as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """

    def signature(input, *args, size=None, implicit=False):
        size, sizes = given_sizes("expand", args, size), input._a.shape
        lead = len(size) - len(sizes)
        if lead < 0:
            raise error("expand_few", title=tensor_title(input.dtype), sizes=list(sizes), size=list(size), given=len(size), ndim=len(sizes))
        if min(size, default=0) >= 0:
            return input, {"size": size}
        full = []
        for dim, new in enumerate(size):
            if dim < lead and new < 0:
                raise error("expand_lead", new=new, dim=dim)
            full.append(sizes[dim - lead] if new == -1 else new)
        clash = _too_stretched(sizes, full, size)
        if clash is not None:
            raise clash
        return input, {"size": tuple(full)}

    def forward(xp, x, *, size):
        y = xp.broadcast_to(x, size)
        if xp.name == "numpy" and x.flags.writeable:
            y.flags.writeable = True  # NumPy forbids all writing; ours knows which parts of it do harm
        return y

    def explain(exc, arrays, params):
        return _too_stretched(arrays[0].shape, params["size"], params["size"])

    def grad_x(g):
        return g  # the engine sums what was stretched

    def samples(t):
        yield case(t(2, 1), 2, 3)
        yield case(t(3), 2, -1)
        yield case(t(), 2, 2)
        yield case(t(2, 3), 1, 2, 3)

    def errors(t):
        yield case(t(2, 3), 2, 4), RuntimeError, "The expanded size of the tensor (4) must match the existing size (3) at non-singleton dimension 1."
        yield case(t(2, 3), 3), RuntimeError, "expand(torch.FloatTensor{[2, 3]}, size=[3]): the number of sizes provided (1)"


@method()
def broadcast_to(input, size):
    """``input.expand(size)``. Source: https://pytorch.org/docs/stable/generated/torch.broadcast_to.html"""
    return expand(input, size)


@op
class unsqueeze(View):
    """A new dimension of size 1 at ``dim``.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """

    def signature(input, dim):
        return input, {"dim": wrap_dim(dim, input.ndim + 1)}

    def forward(xp, x, *, dim):
        return x[(slice(None),) * dim + (None, ...)]

    def grad_x(g, dim):
        return squeeze.op.raw(g, dim=dim)

    def samples(t):
        yield case(t(2, 3), 1)
        yield case(t(2, 3), -1)
        yield case(t(), 0)

    def errors(t):
        yield case(t(2, 3), 3), IndexError, "Dimension out of range (expected to be in range of [-3, 2], but got 3)"


@op
class squeeze(View):
    """The dimensions of size 1 taken out: all of them, or only those named in ``dim`` (a number or a tuple).   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.zeros(1, 2, 1).squeeze(0).shape
    torch.Size([2, 1])

    Source: https://pytorch.org/docs/stable/generated/torch.squeeze.html
    """

    overload = lambda inputs, params: 0 if params["dim"] is None else 2 if isinstance(params["dim"], tuple) else 1  # noqa: E731

    def signature(input, dim=None):
        if isinstance(dim, tuple | list):
            dim = tuple(wrap_dim(d, input.ndim) for d in dim)
        return input, {"dim": wrap_dim(dim, input.ndim) if isinstance(dim, int) else dim}

    def forward(xp, x, *, dim):
        dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
        return x[(*(0 if d in dims and x.shape[d] == 1 else slice(None) for d in range(x.ndim)), ...)]

    def grad_x(g, x_shape):
        return reshape(g, x_shape)

    def samples(t):
        yield case(t(2, 1, 1))
        yield case(t(2, 1, 3), 1)
        yield case(t(2, 3), 0)
        yield case(t(1, 2, 1), (0, -1))
        yield case(t(), 0)

    def errors(t):
        yield case(t(2, 3), 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"


# --- order ---------------------------------------------------------------------------------------------------------


@op
class transpose(View):
    """Two dimensions swapped.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.transpose.html
    """

    aliases = ("swapaxes", "swapdims")

    def signature(input, dim0, dim1):
        return input, {"dim0": wrap_dim(dim0, input.ndim), "dim1": wrap_dim(dim1, input.ndim)}

    def forward(xp, x, *, dim0, dim1):
        return xp.swapaxes(x, dim0, dim1) if x.ndim else x[...]

    def grad_x(g, dim0, dim1):
        return transpose.op.raw(g, dim0=dim0, dim1=dim1)

    def samples(t):
        yield case(t(2, 3), 0, 1)
        yield case(t(2, 3, 4), -1, 0)
        yield case(t(), 0, -1)

    def errors(t):
        yield case(t(2, 3), 0, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"


@op
class t(View):
    """The transpose of a matrix, $y_{ij} = x_{ji}$; a vector or a number stays as it is.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.t.html
    """

    def signature(input):
        if input.ndim > 2:
            raise error("t_dims", ndim=input.ndim)
        return input, {}

    def forward(xp, x):
        return x.T[...]

    def grad_x(g):
        return t.op.raw(g)

    def samples(t):
        yield case(t(2, 3))
        yield case(t(3))

    def errors(t):
        yield case(t(2, 3, 4)), RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D"


@op
class permute(View):
    """The dimensions in the order ``dims``: $y$'s dimension $i$ is $x$'s dimension ``dims[i]``.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.permute.html
    """

    def signature(input, *args, dims=None):
        dims, ndim = given_sizes("permute", args, dims, "dims"), input.ndim
        if len(dims) != ndim:
            raise error("permute_count", ndim=ndim, given=len(dims))
        dims = tuple(wrap_dim(d, ndim) for d in dims)
        if len(set(dims)) < ndim:
            raise error("permute_twice")
        return input, {"dims": dims}

    def forward(xp, x, *, dims):
        return xp.transpose(x, dims)

    def grad_x(g, dims):
        return permute.op.raw(g, dims=tuple(dims.index(d) for d in range(len(dims))))

    def samples(t):
        yield case(t(2, 3, 4), 2, 0, 1)
        yield case(t(2, 3), (-1, 0))

    def errors(t):
        yield case(t(2, 3), 0), RuntimeError, "permute(sparse_coo): number of dimensions in the tensor input does not match"
        yield case(t(2, 3), 0, 0), RuntimeError, "permute(): duplicate dims are not allowed."


# --- made of the above ---------------------------------------------------------------------------------------------


def _view_method(self, *args, size=None, dtype=None):
    """The same elements under another shape, or (given a dtype) the same bytes read as that dtype; never a copy.

    >>> import lesson_lib as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    shape = args or (dtype if size is None else size,)
    if len(shape) == 1 and isinstance(shape[0], Dtype):
        return viewed_as(self, shape[0])
    if not (hasattr(shape[0], "__index__") or isinstance(shape[0], tuple | list)):
        raise error("arguments", name="view", types=", ".join(type(s).__name__ for s in args))
    return view.op.raw(self, size=full_shape(sizes_of("view", shape), self._a.size))


_view_method.__name__ = _view_method.__qualname__ = "view"
Tensor.view = _view_method


def broadcast_shapes(*shapes):
    """The common shape that tensors of these shapes stretch to.

    >>> import lesson_lib as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])

    Source: https://pytorch.org/docs/stable/generated/torch.broadcast_shapes.html
    """
    shapes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    clash = operand_shapes_error(shapes) if shapes else None
    if clash is not None:
        raise clash
    ndim = max(map(len, shapes), default=0)
    columns = zip(*((1,) * (ndim - len(shape)) + shape for shape in shapes), strict=True)
    return Size(next((size for size in column if size != 1), 1) for column in columns)
