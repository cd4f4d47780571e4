"""The Tensor: an array, and the edge that says where it came from.

Everything that computes is attached by the declarations in ``ops``; this file holds what a tensor *is*.
"""

import weakref

import numpy as np

from . import dtypes
from .device import device_of, to_host
from .errors import error
from .grad_slot import check_grad, grad_dtype, set_grad_dtype
from .heatmap import tensor_html
from .memory import address, offset_of, shown_steps, spanning
from .node import AccumulateGrad, Handle, hooks_of
from .printing import format_array
from .size import Size
from .views import refreshed_edge


class Tensor:
    """An n-dimensional array with PyTorch's behaviour: gradients, views, versions.

    Source: https://pytorch.org/docs/stable/tensors.html
    """

    # _a     the array (numpy.ndarray or cupy.ndarray, never a NumPy scalar)
    # _rg    requires_grad
    # _edge  (node, output number) of the operation that made it; None for a leaf
    # _base  the tensor whose memory this one looks into, None if it owns its memory
    # _ver   a list with one number, the count of in-place writes; views share their base's list
    # _acc   for a leaf: a weak reference to its AccumulateGrad node, or None
    __slots__ = ("__dict__", "__weakref__", "_a", "_acc", "_base", "_edge", "_rg", "_ver")

    # Rarely set, so they are class attributes until then.
    _grad = None  # the Tensor in .grad
    _chain = ()  # for a view: the (function, params) that lead from the base to it
    _seen = 0  # for a view: the version at which its _edge was right
    _from = None  # for a view that may not be written to while recording: "several" (unbind, split) or "no_grad", where it was made
    _memory = None  # the array that spans the memory, where neither this tensor nor its base does
    _undo = ()  # for a base whose shape was changed in place: the (function, params) that lead back to the shape that its views started from
    _first = None  # where its shape was changed in place: how it looked before, with the _chain and _undo of then
    _foreign = False  # True: the memory is another library's and cannot grow
    _grad_dtype = None  # the NumPy dtype of .grad, where it is not the tensor's own; "any": each is accepted
    _post_hooks = None  # hooks to call after .grad was accumulated
    _printed = "tensor"  # each class says for itself what is printed in front of its values; else it is its name
    __array_priority__ = 1000  # NumPy's operators leave the work to ours
    is_sparse = is_quantized = is_mkldnn = is_nested = is_meta = False
    layout = "torch.strided"

    # --- what it is --------------------------------------------------------------------------------------------

    shape = property(lambda self: Size(self._a.shape), doc="The sizes of all dimensions.")
    ndim = property(lambda self: self._a.ndim, doc="The number of dimensions.")
    dtype = property(lambda self: dtypes.from_numpy_dtype(self._a.dtype), doc="The element type.")
    device = property(lambda self: device_of(self._a), doc="Where the tensor lives.")
    itemsize = property(lambda self: self._a.itemsize, doc="Bytes per element.")
    nbytes = property(lambda self: self._a.size * self._a.itemsize, doc="Bytes of all elements.")
    is_cuda = property(lambda self: self.device.type == "cuda")
    is_cpu = property(lambda self: self.device.type == "cpu")

    def size(self, dim=None):
        """The shape, or the size of dimension ``dim``."""
        return self.shape if dim is None else own_dim(self, dim, self._a.shape)

    def dim(self):
        """The number of dimensions."""
        return self._a.ndim

    ndimension = dim

    def numel(self):
        """The number of elements."""
        return self._a.size

    nelement = numel

    def element_size(self):
        """Bytes per element."""
        return self._a.itemsize

    def stride(self, dim=None):
        """How many elements apart neighbours along each dimension lie."""
        strides = shown_steps(self._a)
        return strides if dim is None else own_dim(self, dim, strides)

    def storage_offset(self):
        """How many elements into its memory the tensor starts."""
        return offset_of(self)

    def data_ptr(self):
        """The address of the first element."""
        return address(self._a)

    def is_contiguous(self, memory_format=None):
        """True if the elements lie in memory in row-major order without gaps."""
        return bool(self._a.flags.c_contiguous)

    def get_device(self):
        """The GPU's number, or -1 on the CPU."""
        return -1 if self.is_cpu else self.device.index

    def is_floating_point(self):
        """True for a float dtype."""
        return self._a.dtype.kind in "fV"  # NumPy files bfloat16 under "V"

    def is_complex(self):
        """True for a complex dtype."""
        return self._a.dtype.kind == "c"

    def is_signed(self):
        """True if the dtype has negative numbers."""
        return self._a.dtype.kind not in "bu"

    # --- gradients ---------------------------------------------------------------------------------------------

    @property
    def requires_grad(self):
        """True if operations on this tensor are recorded."""
        if self._base is None:
            return self._rg
        if self._from is not None and self._seen != self._ver[0]:
            return self._rg or self._base._rg  # it cannot be replayed, but asking is no error
        return edge_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value):
        if not self.is_leaf and not value:
            raise error("change_non_leaf")
        if value and self._a.dtype.kind not in dtypes.INEXACT:
            raise error("grad_dtype")
        self._rg = bool(value)

    def requires_grad_(self, requires_grad=True):
        """Start (or stop) recording operations on this leaf, in place."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self):
        """True if no recorded operation made this tensor."""
        return self.grad_fn is None

    @property
    def grad_fn(self):
        """The node that made this tensor, None for a leaf."""
        edge = refreshed_edge(self) if self._base is not None else self._edge
        return edge and edge[0]

    @property
    def output_nr(self):
        """Which output of ``grad_fn`` this tensor is."""
        edge = self._edge
        return edge[1] if edge else 0

    @property
    def grad(self):
        """The accumulated gradient of a leaf (or of a tensor that called ``retain_grad``), None before the first backward."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    grad_dtype = property(grad_dtype, set_grad_dtype)

    @property
    def _version(self):
        """The count of in-place writes to this tensor's memory."""
        return self._ver[0]

    def _is_view(self):
        return self._base is not None

    def detach(self):
        """The same memory and version without the history."""
        result = self.data
        result._ver = self._ver
        return result

    @property
    def data(self):
        """The same memory, without history and without version checks: writes to it go unnoticed by autograd."""
        result = wrap(self._a)
        if self._base is not None or self._memory is not None:
            result._memory = spanning(self)
        if self._foreign or (self._base is not None and self._base._foreign):
            result._foreign = True
        return result

    @data.setter
    def data(self, value):
        self._a, self._memory = value._a, value._memory if value._base is None else spanning(value)
        self._acc = None  # the new array may have another shape or dtype

    def retain_grad(self):
        """Keep ``.grad`` for this tensor although it is not a leaf."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or getattr(self, "_retains", False):
            return
        self._retains = True
        keeper = weakref.ref(self)  # the node must not keep its tensor alive

        def keep(grad):
            tensor = keeper()
            if tensor is not None:
                tensor._grad = grad

        self._add_pre_hook(keep)

    @property
    def retains_grad(self):
        """True after ``retain_grad()`` on a tensor that is not a leaf."""
        return getattr(self, "_retains", False)

    def register_hook(self, hook):
        """Call ``hook(grad)`` when this tensor's gradient is known; what it returns (if not None) replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return self._add_pre_hook(hook)

    def _add_pre_hook(self, hook):
        node, index = edge_of(self)
        if self.is_leaf:
            self._keep_acc = node  # the leaf's node lives only while a graph uses it; a hook must outlast that
        return Handle.append(hooks_of(node).tensor.setdefault(index, []), hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Call ``hook(self)`` each time ``.grad`` of this leaf was accumulated."""
        if not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._post_hooks is None:
            self._post_hooks = []
        return Handle.append(self._post_hooks, hook)

    # --- to Python and NumPy -----------------------------------------------------------------------------------

    def item(self):
        """The only element, as a Python number."""
        if self._a.size != 1:
            raise error("item", size=self._a.size)
        return self._a.item()

    def tolist(self):
        """Nested lists of Python numbers (one number for a 0-d tensor)."""
        return self._a.tolist()

    def numpy(self, *, force=False):
        """The NumPy array; it shares this tensor's memory."""
        if self.requires_grad and not force:
            raise error("numpy_grad")
        if self._a.dtype.kind == "V":
            raise error("numpy_scalar_type", title=self.dtype.title)
        if force:
            return to_host(self._a)
        if not isinstance(self._a, np.ndarray):
            raise error("numpy_device", device=self.device)
        return self._a

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __bool__(self):
        if self._a.size != 1:
            raise error("bool_many" if self._a.size else "bool_none")
        return bool(self._a.item())

    def __int__(self):
        return int(self.item())

    def __float__(self):
        return float(self.item())

    def __complex__(self):
        return complex(self.item())

    def __index__(self):
        if self._a.size != 1 or self._a.dtype.kind not in "iub":
            raise error("index_scalar")
        return int(self._a.item())

    def __len__(self):
        if self._a.ndim == 0:
            raise error("len_0d")
        return self._a.shape[0]

    def __iter__(self):
        if self._a.ndim == 0:
            raise error("iter_0d")
        return iter(self.unbind(0))

    def __contains__(self, element):
        return bool((self == element).any())

    def __format__(self, spec):
        return format(self.item(), spec) if self._a.ndim == 0 and (spec or type(self) is Tensor) else format(str(self), spec)

    def __hash__(self):
        return id(self)

    def __dir__(self):
        return [name for name in super().__dir__() if not name.startswith("_") or name.startswith("__")]

    # --- printing ----------------------------------------------------------------------------------------------

    def __repr__(self, *, tensor_contents=None):
        grad_fn = self.grad_fn
        return format_array(
            to_host(self._a), self.dtype.name, device=None if self.is_cpu else str(self.device), grad_fn_name=grad_fn and type(grad_fn).__name__,
            requires_grad=self.requires_grad, is_parameter=getattr(self, "_is_param", False), default_float=dtypes.get_default_dtype().name,
            type_name=vars(type(self)).get("_printed", type(self).__name__),
        )  # fmt: skip

    def _repr_html_(self):
        """What notebooks show: the values as a heat map."""
        return tensor_html(self)


def wrap(array, cls=Tensor):
    """A new leaf tensor around ``array``; no copy."""
    tensor = object.__new__(cls)
    tensor._a = array
    tensor._rg = False
    tensor._edge = tensor._base = tensor._acc = None
    tensor._ver = [0]
    return tensor


def wrap_dim(dim, ndim):
    """``dim`` as a number from 0 to ndim-1, or PyTorch's IndexError. A 0-d tensor accepts 0 and -1."""
    span = ndim or 1
    if not -span <= dim < span:
        raise error("dim_range", low=-span, high=span - 1, dim=dim, ndim=ndim)
    return dim + span if dim < 0 else dim


def own_dim(tensor, dim, values):
    """The entry of ``values`` for dimension ``dim``, which a 0-d tensor has not."""
    number = wrap_dim(dim, tensor._a.ndim)
    if tensor._a.ndim == 0:
        raise error("dim_of_0d", dim=dim)
    return values[number]


def edge_of(tensor):
    """Where ``tensor``'s gradient goes: to the node that made it, to its own AccumulateGrad, or (None) nowhere."""
    edge = tensor._edge if tensor._base is None else refreshed_edge(tensor)
    if edge is not None or not tensor._rg:
        return edge
    held = tensor._acc
    node = None if held is None else held()
    if node is None:
        # The tensor holds its node weakly and the node holds the tensor: no cycle.
        node = AccumulateGrad(tensor)
        tensor._acc = weakref.ref(node)
    return node, 0
