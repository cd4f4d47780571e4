"""Another look at memory, taken in place: ``t_``, ``squeeze_``, ``as_strided_``, and the new sizes of ``resize_`` and ``set_``.

Nothing moves in memory. The tensor's history gets the node of the view, and views that were made before still start from the old shape.
"""

from math import prod

from ..core.dtypes import C_TYPES
from ..core.errors import error
from ..core.memory import flat, offset_of, reach, restrided, row_major, spanning, steps_of
from ..core.mutation import must_record, reshape_inplace
from ..core.node import Node, keys
from ..core.op import op
from ..core.tensor import Tensor, edge_of
from .slicing import strided, strided_params
from .storage import is_storage, memory_given, resize_memory
from .view import sizes_of, squeeze, t, transpose, unsqueeze, view

# --- the shape ----------------------------------------------------------------------------------------------------------

# PyTorch numbers the nodes of the in-place forms after those of the plain ones.


@op
class t_in(t.op):
    """``t``, in place."""

    public, title = False, "TBackward1"
    signature = lambda input: t.op.signature(input)  # noqa: E731 - each declaration names its own


@op
class transpose_in(transpose.op):
    """``transpose``, in place."""

    public, title = False, "TransposeBackward1"
    signature = lambda input, dim0, dim1: transpose.op.signature(input, dim0, dim1)  # noqa: E731


@op
class unsqueeze_in(unsqueeze.op):
    """``unsqueeze``, in place."""

    public, title = False, "UnsqueezeBackward1"
    signature = lambda input, dim: unsqueeze.op.signature(input, dim)  # noqa: E731


@op
class squeeze_in(squeeze.op):
    """``squeeze``, in place."""

    public = False
    title = "Squeeze"
    overload = lambda inputs, params: 3 + squeeze.op.overload(inputs, params)  # noqa: E731
    signature = lambda input, dim=None: squeeze.op.signature(input, dim)  # noqa: E731


def _inplace(function, plain, undo):
    """The method that looks as ``function`` (the in-place declaration) does; ``undo(shape, params)`` is the (function, params) that leads back."""

    def in_place(self, *args, **kwargs):
        must_record(self, ())  # whether it may be changed at all comes first
        _, params = function.op.signature(self, *args, **kwargs)
        return reshape_inplace(self, function.op.raw, params, undo(tuple(self.shape), params))

    in_place.__name__ = in_place.__qualname__ = plain.__name__ + "_"
    in_place.__doc__ = f"In-place form of ``{plain.__name__}``: the tensor itself takes the new shape, over the same memory."
    in_place.__wrapped__ = function
    return in_place


t_ = _inplace(t_in, t, lambda shape, params: (t.op.raw, params))
transpose_ = _inplace(transpose_in, transpose, lambda shape, params: (transpose.op.raw, params))
unsqueeze_ = _inplace(unsqueeze_in, unsqueeze, lambda shape, params: (squeeze.op.raw, params))
squeeze_ = _inplace(squeeze_in, squeeze, lambda shape, params: (view.op.raw, {"size": shape}))

# --- the strides --------------------------------------------------------------------------------------------------------


@op
class strided_in(strided.op):
    """``as_strided``, in place."""

    public, title = False, "AsStridedBackward1"


def _no_way_back(tensor):
    raise error("strided_history")


def _look(self, function, params):
    """Let the tensor look at its memory through other strides."""
    if self._base is None and self._memory is None:
        self._memory = flat(self._a)
    return reshape_inplace(self, function.op.raw, params, (_no_way_back, {}))


def as_strided_(input, size, stride, storage_offset=None):
    """In-place form of ``as_strided``: the tensor itself looks at its memory through other strides.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.as_strided.html
    """
    return _look(input, strided_in, strided_params(input, size, stride, storage_offset))


def resize_(self, *sizes, memory_format=None):
    """Give the tensor another size, in place: its memory is read in row-major order, and grows (with what it holds) if it is too small.

    What is new in a memory that grew is 0; a view made before goes on looking at the old memory.

    >>> import lesson_lib as torch
    >>> torch.arange(5).resize_(2, 2)
    tensor([[0, 1],
            [2, 3]])

    Errors: RuntimeError for a tensor that requires grad, and for memory of another library that would have to grow.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.resize_.html
    """
    if not sizes:
        raise error("missing_argument", name="resize_", argument="size")
    size = sizes_of("resize_", sizes)  # memory formats are accepted and have no meaning here: memory is row-major
    if self.requires_grad:
        raise error("resize_grad")
    if min(size, default=0) < 0:
        raise error("numel_overflow")
    if size == tuple(self.shape):
        return self
    steps, begin = row_major(size), offset_of(self)
    needed = (begin + reach(size, steps) + 1) * self._a.itemsize
    if needed > flat(spanning(self)).nbytes:
        resize_memory(self if self._base is None else self._base, needed, self)
    return _look(self, strided, {"size": size, "steps": steps, "offset": 0, "layout": steps_of(self._a)})


def resize_as_(input, the_template, *, memory_format=None):
    """``input.resize_(the_template.shape)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.resize_as_.html"""
    return resize_(input, tuple(the_template.shape), memory_format=memory_format)


# --- other memory -------------------------------------------------------------------------------------------------------


class NotImplementedNode(Node):
    """The history of a tensor that came to be in a way that has no gradient."""

    __slots__ = ("function",)
    title = "torch::autograd::NotImplemented"

    def __init__(self, tensor, function, sources):
        self.key, self.function, self.several, self.hooks = next(keys), function, None, None
        self.edges, self.saved, self.guards = tuple(edge_of(source) for source in sources), (), ()
        self.shape, self.dtype = tensor._a.shape, tensor._a.dtype

    def contributions(self, g, saved):
        """PyTorch's error."""
        raise error("no_derivative_of", name=self.function)


NotImplementedNode.__name__ = "NotImplemented"  # what PyTorch prints


def set_(self, source=None, storage_offset=0, size=None, stride=None):
    """Look at other memory from now on: that of another tensor or of a storage, or none.   No gradient.

    >>> import lesson_lib as torch
    >>> x = torch.arange(4)
    >>> y = torch.empty(0, dtype=torch.int64).set_(x, 1, (2,))
    >>> x[1] = 7
    >>> y
    tensor([7, 2])

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.set_.html
    """
    if not (source is None or is_storage(source) or (isinstance(source, Tensor) and (size is not None or storage_offset == 0))):
        raise error("arguments", name="set_", types=type(source).__name__)
    sources = [one for one in (self, source) if isinstance(one, Tensor) and one.requires_grad]
    recorded = must_record(self, (source,))
    array, memory = _looked_at(self, source, storage_offset, size, stride)
    self._a, self._memory, self._acc = array, memory, None
    self._ver[0] += 1
    self._base, self._chain, self._undo, self._first, self._ver = None, (), (), None, self._ver[:1]
    if recorded:
        self._edge, self._rg = (NotImplementedNode(self, "set_", sources), 0), True
    return self


def _looked_at(self, source, offset, size, stride):
    """(the array to look at, the array that spans its memory)."""
    if source is None:
        empty = self.new_empty((0,))._a
        return empty, empty
    if isinstance(source, Tensor):
        if source._a.dtype != self._a.dtype:
            raise error("set_dtype", wanted=C_TYPES[self.dtype.title], found=C_TYPES[source.dtype.title])
        if size is None:
            return source._a, spanning(source)
    owner = source if isinstance(source, Tensor) else memory_given(source, self.dtype)
    memory = flat(spanning(owner)).view("uint8")
    numbers = memory[: memory.size - memory.size % self._a.itemsize].view(self._a.dtype)
    size = (numbers.size,) if size is None else sizes_of("set_", (size,))
    steps = row_major(size) if stride is None else sizes_of("set_", (stride,), "stride")
    if offset < 0:
        raise error("strided_offset", offset=offset)
    needed = (offset + reach(size, steps) + 1) if prod(size) else 0
    if needed > numbers.size:
        resize_memory(owner if owner._base is None else owner._base, needed * self._a.itemsize, owner)
        return _looked_at(self, source, offset, size, steps)
    return restrided(numbers[offset:], size, steps), memory


# --- which memory -------------------------------------------------------------------------------------------------------


def is_set_to(self, tensor):
    """True if both look at the same memory in the same way. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.is_set_to.html"""
    if not isinstance(tensor, Tensor):
        raise error("operand_type", name="is_set_to", argument="tensor", position=1, type=type(tensor).__name__)
    mine, other = ((one.data_ptr(), one.shape, one.stride(), one.storage_offset()) for one in (self, tensor))
    return mine == other


for _function in (t_, squeeze_, unsqueeze_, transpose_, as_strided_, resize_, resize_as_, set_, is_set_to):
    setattr(Tensor, _function.__name__, _function)
Tensor.swapaxes_ = Tensor.swapdims_ = transpose_
