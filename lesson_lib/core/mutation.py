"""Writing in place: change the memory, record a function.

Memory has no history, so an in-place op is recorded as if it had made a new tensor: the functional op runs, its
result is copied into the old memory, and the tensor takes over the result's edge. A write to a *view* changes the base
too: the base's new history is "the old base with this part replaced", and every other view of it is replayed from there.
"""

from numpy import generic

from .dtypes import can_cast, from_numpy_dtype
from .errors import error
from .memory import address, shown_steps
from .node import Node, keys
from .state import thread
from .tensor import Tensor, edge_of, wrap
from .views import no_history, path


def make_inplace(function, name):
    """The in-place form of a functional op: ``mul_`` of ``mul``."""

    def in_place(self, *args, **kwargs):
        recorded = must_record(self, (*args, *kwargs.values()))
        check_overlap(self, args)
        if not recorded:
            result = function(self.detach(), *args, **kwargs)
            if result is NotImplemented:
                return result
            write(self, result._a)
            return self
        # The rule may want the value from before the write, so it gets a copy to save.
        before = wrap(self._a.copy())
        before._edge, before._rg = edge_of(self), True
        if before._edge is None:
            before._rg = False
        result = function(before, *args, **kwargs)
        if result is NotImplemented:
            return result
        write(self, result._a)
        take_history(self, result)
        return self

    in_place.__name__ = in_place.__qualname__ = name + "_"
    in_place.__doc__ = f"In-place form of ``{name}``: the same result, written into this tensor's memory."
    in_place.__wrapped__ = function
    return in_place


def must_record(tensor, others):
    """True if writing to ``tensor`` (with values made from ``others``) goes into its history; PyTorch's error if it may not be written to then."""
    if not thread.grad_enabled:
        return False
    mine = tensor.requires_grad or (tensor._from is not None and tensor._base._rg)
    if not mine and not any(isinstance(other, Tensor) and other.requires_grad for other in others):
        return False
    if tensor._base is None:
        if mine and tensor._edge is None:
            raise error("leaf_inplace")
        return True
    if tensor._from is not None:
        raise no_history(tensor, "is being modified inplace")
    if mine and tensor._base._edge is None:
        raise error("view_leaf_inplace")
    return True


def check_overlap(tensor, sources):
    """PyTorch's error if a source lies partly, but not wholly, in the memory that is written to. Tensors that share memory share their version."""
    for source in sources:
        if isinstance(source, Tensor) and source._ver is tensor._ver and overlap(tensor, source) == "partly":
            raise error("overlap_partly")


def overlap(one, other):
    """ "none", "partly" or "wholly": how the memory of two tensors meets."""
    a, b = one._a, other._a
    if one is other:
        return "wholly"
    if not (a.size and b.size and _is_dense(a) and _is_dense(b)):
        return "none"  # PyTorch looks no closer than this
    start_a, start_b = one.data_ptr(), other.data_ptr()
    if (start_a, a.nbytes) == (start_b, b.nbytes):
        return "wholly" if a.strides == b.strides else "partly"
    return "partly" if start_a < start_b + b.nbytes and start_b < start_a + a.nbytes else "none"


def is_stretched(array):
    """True if several elements lie at one place in memory: what expand() made."""
    return 0 in array.strides and any(step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True)) and array.size > 0


def _is_dense(array):
    """True if the elements lie without gaps in some order of the dimensions."""
    step = array.itemsize
    for stride, size in sorted(zip(array.strides, array.shape, strict=True)):
        if size > 1 and stride != step:
            return False
        step *= size
    return True


def write(tensor, array):
    """Copy ``array`` into the tensor's memory and count a new version; nothing is changed if it does not fit."""
    target = tensor._a
    if array.shape != target.shape:
        raise error("inplace_shape", shape=list(target.shape), broadcast=list(array.shape))
    if array.dtype is not target.dtype and not can_cast(from_numpy_dtype(array.dtype), from_numpy_dtype(target.dtype)):
        raise error("cast_result", found=from_numpy_dtype(array.dtype).title, wanted=from_numpy_dtype(target.dtype).title)
    overwrite(tensor, array)


def overwrite(tensor, value, explain=None, uniform=False):
    """``value``, an array or a number, into the tensor's memory; one version more. ``explain()`` makes the error if the shapes do not fit.

    Only a value that is ``uniform``, the same for all elements, may go into memory that shows one element many times.
    """
    if not uniform and is_stretched(tensor._a):
        raise error("overlap")
    try:
        tensor._a[...] = value
    except ValueError:
        raise explain() if explain else error("read_only") from None
    tensor._ver[0] += 1


def take_history(tensor, result):
    """``tensor`` (just overwritten with ``result``'s values) continues with ``result``'s history, or with none if it has none (``x.eq_(1)``)."""
    edge = result._edge
    if edge is not None:
        node = edge[0]
        # A saved output is guarded by the version of the tensor that the user holds.
        node.guards = tuple((tensor._ver, tensor._ver[0]) if cell is result._ver else (cell, v) for cell, v in node.guards or ())
        tensor._ver[1:] = [node.title if tensor._base is None else CopySlices.title]  # who wrote last: an error may have to say it
    if tensor._base is None:
        tensor._edge, tensor._rg = edge, edge is not None
        return
    base = tensor._base
    base._edge, base._rg = (CopySlices(base, path(tensor), edge), 0), True
    tensor._seen = -1  # the view itself is replayed from its base, like all others


def reshape_inplace(tensor, view, params, back):
    """Let ``tensor`` look at its memory as ``view`` (the bare call of a view op) does; ``back`` is the (function, params) that undoes it.

    Nothing moves in memory. The views that were made of the tensor before still start from its old shape.
    """
    recorded = must_record(tensor, ())
    before = wrap(tensor._a)
    if recorded:
        before._edge, before._rg = edge_of(tensor), True
    after = view(before, **params)
    if tensor._first is None:
        tensor._first = (_look(tensor), tensor._chain, tensor._undo)
    tensor._a, tensor._acc = after._a, None  # a leaf's node knows its shape
    tensor._chain += ((view, params),)
    tensor._ver[0] += 1
    if tensor._base is None:
        tensor._undo = (back, *tensor._undo)
    if _look(tensor) == tensor._first[0]:  # as it was before: the way there and back is forgotten
        tensor._chain, tensor._undo = tensor._first[1:]
    if recorded:
        tensor._edge, tensor._seen = after._edge, tensor._ver[0]
        tensor._ver[1:] = [after._edge[0].title]
    return tensor


def _look(tensor):
    """What a tensor sees of its memory: from where on, in which shape, with which strides."""
    return address(tensor._a), tensor._a.shape, shown_steps(tensor._a)


class CopySlices(Node):
    """History of a base after one of its views was overwritten: gradients of that part go to what was written, the rest to the old base."""

    __slots__ = ("chain", "order")
    title = "torch::autograd::CopySlices"

    def __init__(self, base, chain, written):
        self.key, self.chain, self.several, self.hooks = next(keys), chain, None, None
        self.edges, self.saved, self.guards = (edge_of(base), written), (), ()
        self.shape, self.dtype = base._a.shape, base._a.dtype
        self.order = sorted(range(base._a.ndim), key=lambda dim: -base._a.strides[dim])  # the dimensions, the outermost in memory first

    def contributions(self, g, saved):
        """g with a hole for the old base; the part that fills the hole for what was written."""
        taped = isinstance(g, Tensor)
        whole = self._laid_out(g if taped else wrap(g.reshape(()) if isinstance(g, generic) else g))
        part, rest = self._view(whole), None
        if self.edges[0] is not None:
            rest = whole.clone()
            self._view(rest).zero_()  # in place on a view of the copy: recorded when the gradient itself is
        if taped:
            return rest, part.clone()
        return rest if rest is None else rest._a, part._a

    def _laid_out(self, g):
        """The gradient in memory as the base was, so that each view of the chain can be taken."""
        if self.order == list(range(g.ndim)):
            return g.contiguous()
        return g.permute(self.order).contiguous().permute([self.order.index(dim) for dim in range(g.ndim)])

    def _view(self, tensor):
        for function, params in self.chain:
            tensor = function(tensor, **params)
        return tensor
