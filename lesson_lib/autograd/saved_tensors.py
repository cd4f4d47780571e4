"""Hooks on what the graph keeps: pack a saved tensor when a node stores it, unpack it when backward needs it.

A watcher sees every node just after it was written. It packs the node's saved values and gives the node a class of the
same name, whose ``saved`` unpacks. So the ordinary path knows nothing of hooks and pays nothing for them.
"""

import functools
import threading
from contextlib import contextmanager

from ..core.call import ALWAYS_HOLDS
from ..core.errors import error
from ..core.function import FunctionCtx
from ..core.grad_mode import no_grad
from ..core.node import Node
from ..core.state import watchers
from ..core.tensor import Tensor, edge_of, wrap


class _Stack(threading.local):
    """The hooks in force on this thread (the innermost counts), and why there may be none."""

    def __init__(self):
        self.hooks, self.disabled = [], None


_stack = _Stack()


class saved_tensors_hooks:
    """Inside, ``pack_hook(tensor)`` is called for every tensor that a node saves, and what it returns is kept instead;
    ``unpack_hook(packed)`` must give the tensor back when backward asks for it.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(force=True) * 10, lambda a: torch.from_numpy(a) / 10):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])

    An input arrives with its history, an output without one: a hook that keeps it must not make a cycle. In-place writes to
    a packed tensor go unnoticed, as in PyTorch.

    Errors: RuntimeError if ``pack_hook`` writes into its argument, TypeError if ``unpack_hook`` returns no Tensor.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        if _stack.disabled is not None:
            raise error("hooks_disabled", message=_stack.disabled)
        _stack.hooks.append(self)
        self._watcher = functools.partial(_pack_node, self)
        watchers.append(self._watcher)

    def __exit__(self, *exc):
        watchers.remove(self._watcher)
        _stack.hooks.remove(self)


class save_on_cpu(saved_tensors_hooks):
    """Inside, saved tensors wait on the CPU for backward: less GPU memory, more copying. On the CPU nothing changes.

    ``pin_memory`` and ``device_type`` are accepted; memory is not pinned.

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.save_on_cpu
    """

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))


@contextmanager
def disable_saved_tensors_hooks(error_message):
    """Inside, ``saved_tensors_hooks`` raises RuntimeError(``error_message``).

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.disable_saved_tensors_hooks
    """
    if _stack.hooks:
        raise error("hooks_disabled", message=error_message)
    before, _stack.disabled = _stack.disabled, error_message
    try:
        yield
    finally:
        _stack.disabled = before


class _Copies:
    """What ``allow_mutation_on_saved_tensors`` yields."""

    def __init__(self):
        self.count = 0

    def clear(self):
        """PyTorch drops its copies here; here they go with their nodes."""

    def copied(self, tensor):
        self.count += 1
        return tensor.detach().clone()


@contextmanager
def allow_mutation_on_saved_tensors():
    """Inside, tensors that were saved for backward may be written to.

    Each saved tensor is copied at once (PyTorch waits for the write), so this takes as much memory as the graph saves.

    >>> import lesson_lib as torch
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = torch.tensor([3.], requires_grad=True)
    ...     y = x * 1
    ...     z = (y * y).sum()
    ...     _ = y.zero_()
    ...     z.backward()
    >>> x.grad
    tensor([6.])

    Source: https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.allow_mutation_on_saved_tensors
    """
    copies = _Copies()
    with saved_tensors_hooks(copies.copied, lambda tensor: tensor):
        yield copies


# --- packing -----------------------------------------------------------------------------------------------------


class _Packed:
    """What stands in a node's ``saved`` for an array."""

    __slots__ = ("edge", "unpack_hook", "value")

    def __init__(self, hooks, tensor):
        version = tensor._ver[0]
        self.edge = tensor._edge
        self.unpack_hook = hooks.unpack_hook
        with no_grad():
            self.value = hooks.pack_hook(tensor)
        if tensor._ver[0] != version:
            raise error("pack_writes")

    def unpack(self):
        """The tensor's array."""
        tensor = self.unpack_hook(self.value)
        if not isinstance(tensor, Tensor):
            raise error("unpack_type", type=type(tensor).__name__)
        return tensor._a


def _pack_node(hooks, op, inputs, params, output):
    """The watcher."""
    if not _stack.hooks or _stack.hooks[-1] is not hooks:
        return
    outputs = output if isinstance(output, tuple | list) else (output,)
    edge = next((tensor._edge for tensor in outputs if isinstance(tensor, Tensor) and tensor._edge is not None), None)
    node = edge and edge[0]
    if node is None or node.saved is None or isinstance(node, _PackedSaved):
        return
    if isinstance(node, FunctionCtx):
        node.saved = tuple((_packed_of_function(hooks, value, number), number) for value, number in node.saved)
        node.__class__ = _packed_class(type(node), _PackedFunction)
    else:
        first = 1 if op.variadic else 0
        last = first + len(op.outputs) + (0 if op.variadic else len(op.inputs))
        sources = (None,) if op.variadic else inputs
        node.saved = tuple(
            _Packed(hooks, _tensor_of(node, value, position, sources)) if first <= position < last and hasattr(value, "dtype") else value
            for position, value in enumerate(node.saved)
        )
        node.__class__ = _packed_class(type(node), _PackedSaved)
    node.guards = ALWAYS_HOLDS  # through the hooks nobody can tell whether the tensor was written to


def _tensor_of(node, array, position, inputs):
    """A saved array as the Tensor that a hook is shown: an input has its own history and version."""
    if position < len(inputs) and isinstance(inputs[position], Tensor):
        return _shown(array, inputs[position]._ver, node.edges[position])
    return wrap(array)


def _packed_of_function(hooks, value, number):
    if value is None:
        return None
    return _Packed(hooks, _shown(value._a, value._ver, edge_of(value)) if isinstance(value, Tensor) else wrap(value))


def _shown(array, version, edge):
    tensor = wrap(array)
    tensor._ver = version
    if edge is not None:
        tensor._edge, tensor._rg = edge, True
    return tensor


class _PackedSaved:
    """Mixed into a node's class: ``saved`` unpacks on the way out."""

    __slots__ = ()

    @property
    def saved(self):
        """The node's saved values, unpacked; None once freed."""
        kept = Node.saved.__get__(self)
        return kept and tuple(item.unpack() if isinstance(item, _Packed) else item for item in kept)

    @saved.setter
    def saved(self, value):
        Node.saved.__set__(self, value)

    def check(self):
        """Only freed buffers are an error here."""
        if Node.saved.__get__(self) is None:
            raise error("freed")


class _PackedFunction(_PackedSaved):
    """The same for a user's Function, which unpacks when its ``backward`` asks for ``saved_tensors``."""

    __slots__ = ()
    saved = Node.saved

    def _unpack(self, item):
        packed, number = item
        if not isinstance(packed, _Packed):
            return super()._unpack(item)
        if number is not None:
            return super()._unpack((packed.unpack(), number))
        return _shown(packed.unpack(), [0], packed.edge)


@functools.cache
def _packed_class(cls, mixin):
    """The class of ``cls``'s nodes with packed values; PyTorch's name stays."""
    return type(cls.__name__, (mixin, cls), {"__slots__": ()})
